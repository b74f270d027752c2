# What waits in $stage takes the place of what is in $graph. Where nothing waits, nothing happens: so
# the same update can be sent again when its answer was lost. (MOVE would empty the graph.)
DELETE { GRAPH $graph { ?s ?p ?o } } WHERE {
  GRAPH $graph { ?s ?p ?o }
  FILTER EXISTS { GRAPH $stage { ?a ?b ?c } }
} ;
ADD SILENT GRAPH $stage TO GRAPH $graph ;
DROP SILENT GRAPH $stage
