#!/usr/bin/env bash
# Fetches the triple stores and parsers that the tests talk to, into .cache/stores.
# What cannot be had is named and left out: its tests skip with that reason.
set -uo pipefail
cd "$(dirname "$0")/../.."
here=tests/stores
to=.cache/stores
mkdir -p "$to"

have() { command -v "$1" >/dev/null 2>&1; }
missing() { echo "  $1: not installed ($2)"; }

# Oxigraph's server: a binary in a Python package.
if [ -x .venv/bin/oxigraph ] || .venv/bin/python -m pip install -q --disable-pip-version-check "oxigraph>=0.5,<0.6"; then
  echo "  oxigraph: ready"
else
  missing oxigraph "pip could not fetch it"
fi

if have mvn && have java; then
  # Fuseki and riot.
  if compgen -G "$to/jena/jena-fuseki-main-*.jar" >/dev/null ||
    timeout 300 mvn -q -B -f $here/pom.xml dependency:copy-dependencies \
      -DoutputDirectory="$PWD/$to/jena" >"$to/jena.log" 2>&1; then
    echo "  fuseki, riot: ready"
  else
    missing "fuseki, riot" "see $to/jena.log"
  fi
  # RDF4J server, in a servlet container of one jar (of the Jetty line that takes javax.servlet).
  for artifact in org.eclipse.rdf4j:rdf4j-http-server:4.1.3:war \
    org.eclipse.jetty:jetty-runner:10.0.26:jar; do
    IFS=: read -r _ name version kind <<<"$artifact"
    [ -e "$to/rdf4j/$name-$version.$kind" ] ||
      { rm -f "$to/rdf4j/$name"-*; timeout 200 mvn -q -B dependency:copy \
        -Dartifact="$artifact" -DoutputDirectory="$PWD/$to/rdf4j" >"$to/rdf4j.log" 2>&1; } ||
      missing "rdf4j ($name)" "see $to/rdf4j.log"
  done
  compgen -G "$to/rdf4j/rdf4j-http-server-*" >/dev/null && echo "  rdf4j: ready"
  # Blazegraph, in the same servlet container.
  if compgen -G "$to/blazegraph/bigdata-war-*.war" >/dev/null ||
    timeout 200 mvn -q -B dependency:copy -Dartifact=com.blazegraph:bigdata-war:2.1.4:war \
      -DoutputDirectory="$PWD/$to/blazegraph" >"$to/blazegraph.log" 2>&1; then
    echo "  blazegraph: ready"
  else
    missing blazegraph "see $to/blazegraph.log"
  fi
else
  missing "fuseki, riot, rdf4j, blazegraph" "mvn or java is missing"
fi

# Virtuoso and raptor: from the distribution.
if ! have virtuoso-t || ! have rapper; then
  if have apt-get && [ "$(id -u)" = 0 ]; then
    { timeout 120 apt-get update -q && DEBIAN_FRONTEND=noninteractive timeout 200 \
      apt-get install -q -y --no-install-recommends virtuoso-opensource-7-bin raptor2-utils; } \
      >"$to/apt.log" 2>&1
  fi
fi
have virtuoso-t && echo "  virtuoso: ready" || missing virtuoso "apt-get install virtuoso-opensource-7-bin"
have rapper && echo "  raptor: ready" || missing raptor "apt-get install raptor2-utils"

# Comunica: SPARQL over a file, in JavaScript. The newest line that Node 20 runs.
if have npm; then
  if [ -x "$to/comunica/node_modules/.bin/comunica-sparql-file" ] ||
    timeout 300 npm install --prefix "$to/comunica" --no-fund --no-audit --loglevel=error \
      @comunica/query-sparql-file@4.5.0 >"$to/comunica.log" 2>&1; then
    echo "  comunica: ready"
  else
    missing comunica "see $to/comunica.log"
  fi
else
  missing comunica "npm is missing"
fi
exit 0
