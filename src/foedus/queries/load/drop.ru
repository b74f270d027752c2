# drop: Nothing is left of the graph $graph.
DROP SILENT $graph
