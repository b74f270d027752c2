# swap: What waits in $stage takes the place of what is in $graph.
# Where nothing waits, nothing happens: so the same update can be sent again when its answer was
# lost. No triple is removed and put back: Virtuoso's log brings back a transaction that does so
# without the triple. (MOVE would empty the graph. ADD reads what it writes: Fuseki on TDB2 loses
# triples.)
INSERT { GRAPH $graph { ?s ?p ?o } } WHERE { GRAPH $stage { ?s ?p ?o } } ;
DELETE { GRAPH $graph { ?s ?p ?o } } WHERE {
  { SELECT ?waiting { GRAPH $stage { ?waiting ?b ?c } } LIMIT 1 }
  GRAPH $graph { ?s ?p ?o }
  FILTER NOT EXISTS { GRAPH $stage { ?s ?p ?o } }
} ;
DROP SILENT GRAPH $stage
