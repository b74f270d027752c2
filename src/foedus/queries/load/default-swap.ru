# default-swap: The same as swap, for the store's default graph.
INSERT { ?s ?p ?o } WHERE { GRAPH $stage { ?s ?p ?o } } ;
DELETE { ?s ?p ?o } WHERE {
  { SELECT ?waiting { GRAPH $stage { ?waiting ?b ?c } } LIMIT 1 }
  ?s ?p ?o
  FILTER NOT EXISTS { GRAPH $stage { ?s ?p ?o } }
} ;
DROP SILENT GRAPH $stage
