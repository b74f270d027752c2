"""Other reasoners for the same rules, against which the tests compare the engine."""
