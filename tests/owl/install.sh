#!/usr/bin/env bash
# Installs the OWL tools into .cache/owl with Maven's ordinary client, and compiles our own.
#   install.sh            OWLAPI 4.5 and 5.5, HermiT, ROBOT
#   install.sh protege    Protégé with its HermiT and DL query plug-ins (for `make protege-pictures`)
# Safe to repeat: what is there stays. Needs a JDK 11 or newer and mvn.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache="$here/../../.cache/owl"
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

for tool in java javac mvn; do
  command -v "$tool" >/dev/null || { echo "$tool is missing; install a JDK (11 or newer) and Maven" >&2; exit 3; }
done

jars() { # PROFILE [MAVEN OPTION...]: the jars of one profile of pom.xml, into .cache/owl/PROFILE
  local profile=$1; shift
  [ -e "$cache/$profile/.ready" ] && return
  echo "Fetching $profile ..."
  mvn -q -B -f "$here/pom.xml" -P"$profile" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$cache/$profile" "$@"
  touch "$cache/$profile/.ready"
}

if [ "${1:-}" = protege ]; then
  jars owlapi4
  jars protege -Dmdep.stripVersion=true
  home="$cache/protege-home"
  if [ ! -e "$home/.ready" ]; then
    echo "Putting Protégé together ..."
    rm -rf "$home" "$cache/protege-zip"
    mvn -q -B -f "$here/pom.xml" dependency:copy -DoutputDirectory="$cache/protege-zip" \
      -Dartifact=edu.stanford.protege:protege-desktop:5.5.0:zip:platform-independent
    (cd "$cache/protege-zip" && jar xf ./*.zip)
    mv "$cache"/protege-zip/Protege-5.5.0 "$home"
    rm -rf "$cache/protege-zip"
    for part in commons-codec javax.activation javax.activation-api jaxb-api jaxb-core jaxb-impl \
                glassfish-corba-omgapi spotbugs-annotations; do
      cp "$cache/protege/$part.jar" "$home/bundles/"
    done
    for folder in bundles bin; do # the newer of each part
      for jar in "$home/$folder"/*.jar; do
        newer="$cache/protege/$(basename "$jar")"
        if [ -e "$newer" ]; then cp "$newer" "$jar"; fi
      done
    done
    mkdir -p "$home/plugins"
    cp "$cache"/owlapi4/org.semanticweb.hermit-*.jar "$cache/protege/org.coode.dlquery.jar" "$home/plugins/"
    touch "$home/.ready"
  fi
  rm -rf "$cache/classes/tour" && mkdir -p "$cache/classes/tour"
  javac -nowarn -d "$cache/classes/tour" "$here/ProtegeTour.java"
  printf 'Premain-Class: ProtegeTour\n' > "$cache/classes/manifest"
  jar cfm "$cache/tour.jar" "$cache/classes/manifest" -C "$cache/classes/tour" .
else
  for line in owlapi4 owlapi5; do
    jars "$line"
    mkdir -p "$cache/classes/$line"
    javac -nowarn -cp "$cache/$line/*" -d "$cache/classes/$line" "$here/OwlCheck.java"
  done
  jars robot
fi
echo "The OWL tools are in .cache/owl"
