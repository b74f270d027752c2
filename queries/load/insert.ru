INSERT DATA { $triples }
