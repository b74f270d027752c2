#!/usr/bin/env bash
# Starts the real Protégé on a screen of its own, plays docs/protege.md in it, and keeps the pictures.
#   pictures.sh FILE.owl FOLDER      pictures go to FOLDER, what was seen to standard output
# Needs install.sh protege, and Xvfb; openbox too if the windows are to have a frame, and a font with
# Chinese and Korean (such as fonts-noto-cjk) if the names are to be seen.
set -euo pipefail
file=$(realpath "$1"); out=$(realpath "$2")
cache=$(cd "$(dirname "$0")/../../.cache/owl" && pwd)
command -v Xvfb >/dev/null || { echo "Xvfb is missing; install the package xvfb" >&2; exit 3; }

work=$(mktemp -d)
mkdir -p /tmp/foedus # the window's title names the file, so let it be a short name
cp "$file" "$(dirname "$file")/catalog-v001.xml" /tmp/foedus/
file=/tmp/foedus/$(basename "$file")
screen=${FOEDUS_SCREEN:-:97}
Xvfb "$screen" -screen 0 1180x760x24 -nolisten tcp >"$work/xvfb.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$work" /tmp/foedus' EXIT
sleep 2
if command -v openbox >/dev/null; then DISPLAY=$screen openbox >/dev/null 2>&1 & fi # windows get a frame

cd "$cache/protege-home"
status=0
# The same start as Protégé's own run.sh, but for the agent, a home that nobody else uses, and a limit in time.
DISPLAY=$screen timeout 500 java -javaagent:"$cache/tour.jar=$out" \
  -Dfoedus.query="${FOEDUS_DL_QUERY:-leader and leads some (state and ('owes defence to' value 'North Korea'))}" \
  -Duser.home="$work" -Djava.util.prefs.userRoot="$work" \
  -Xmx2G -Xss16M -Dlogback.configurationFile=conf/logback.xml -DentityExpansionLimit=100000000 \
  -Dfile.encoding=UTF-8 -Dswing.aatext=true -Dawt.useSystemAAFontSettings=on \
  -classpath "bundles/guava.jar:bundles/logback-classic.jar:bundles/logback-core.jar:bundles/slf4j-api.jar:bin/org.apache.felix.main.jar:bin/maven-artifact.jar:bin/protege-launcher.jar" \
  org.protege.osgi.framework.Launcher "$file" >"$work/log" 2>&1 || status=$?
if [ $status -ne 0 ]; then cp "$work/log" "$cache/protege.log"; echo "Protégé's own log: .cache/owl/protege.log" >&2; fi
sed 's/\x1b\[[0-9;]*m//g' "$work/log" | grep -E "^(tour: |Version |OWL API Version|.*(reasoner|HermiT).*ms)" | sed -e 's/^tour: //' -e 's/, Build *$//' -e 's/^Version/Protégé/' -e 's/, *$//' -e 's/ *$//'
exit $status
