# The same for the store's default graph.
DELETE { ?s ?p ?o } WHERE {
  ?s ?p ?o
  FILTER EXISTS { GRAPH $stage { ?a ?b ?c } }
} ;
ADD SILENT GRAPH $stage TO DEFAULT ;
DROP SILENT GRAPH $stage
