"""What a row of a query rests on: the triples that it was found in, and what was absent."""
