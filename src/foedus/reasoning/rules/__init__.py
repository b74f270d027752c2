"""What a rule is: the table, its values, its matches in a graph; and when a proof of it holds."""
