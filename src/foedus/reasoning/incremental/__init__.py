"""Triples withdrawn from a closure, without starting over."""
