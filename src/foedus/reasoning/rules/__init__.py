"""The rule table: rules, their matches in a graph, datatypes, and the check of a proof."""
