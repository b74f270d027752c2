"""Entailment beyond the materialization, and what no rule can read."""
