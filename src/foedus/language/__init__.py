"""Names, phrases, dates and spelling: how things are called and said."""
