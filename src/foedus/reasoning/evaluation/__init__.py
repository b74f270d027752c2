"""Plans run until nothing is new: the engine, what it makes of a vocabulary, and what it keeps."""
