"""Columnar storage: vertically partitioned relations of deltas, union-find, lists, reachability."""
