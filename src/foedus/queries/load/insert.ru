# insert: These triples go into the default graph.
INSERT DATA { $triples }
