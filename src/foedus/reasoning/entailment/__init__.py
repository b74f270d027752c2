"""What follows beyond what is stored, and what no rule can read."""
