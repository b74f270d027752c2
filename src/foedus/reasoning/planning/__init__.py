"""Rules compiled to plans: join plans over relations, their subsumption and their strata."""
