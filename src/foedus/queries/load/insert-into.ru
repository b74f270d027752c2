# insert-into: These triples go into the graph $graph.
INSERT DATA { GRAPH $graph { $triples } }
