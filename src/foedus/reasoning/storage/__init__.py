"""Triples as sorted columns of numbers; what lies in them: lists, chains, things that are one."""
