"""Second opinions: other ways to the same closure, which the tests hold against ours."""
