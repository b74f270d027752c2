# What waits in $stage takes the place of what is in $graph. Where nothing waits, nothing happens: so
# the same update can be sent again when its answer was lost. (MOVE would empty the graph. ADD reads
# what it writes: Fuseki on TDB2 loses triples. FILTER EXISTS is tried anew for each triple by some.)
DELETE { GRAPH $graph { ?s ?p ?o } } WHERE {
  { SELECT ?waiting { GRAPH $stage { ?waiting ?b ?c } } LIMIT 1 }
  GRAPH $graph { ?s ?p ?o }
} ;
INSERT { GRAPH $graph { ?s ?p ?o } } WHERE { GRAPH $stage { ?s ?p ?o } } ;
DROP SILENT GRAPH $stage
