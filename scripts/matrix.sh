#!/usr/bin/env bash
# Runs the compiled tests on each version of Node.js that is named: scripts/matrix.sh 22 24 26
# Ends with 77 where nothing failed and a version could not be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# == 0)) || [[ ! -d dist/test ]]; then
  echo 'Build first, then name the versions of Node.js: npm run build && scripts/matrix.sh 22 24 26' >&2
  exit 2
fi

log=$(mktemp)
running=
trap '[[ -z $running ]] || kill "$running" 2>/dev/null || true; rm -f "$log"' EXIT

# What it is and where it lies. Bounded: a registry that does not answer is one that does not have it.
node_of() { # version
  timeout --kill-after=10 180 npx --yes --package="node@$1" -- node -p 'process.version + " " + process.execPath' </dev/null
}

status=0
summary=()
for version in "$@"; do
  read -r found node <<<"$(node_of "$version" || true)"
  if [[ $found != "v$version."* ]]; then
    echo "SKIPPED: Node.js $version could not be had from the registry (${found:-nothing came})"
    summary+=("Node.js $version: skipped")
    ((status)) || status=77
    continue
  fi
  echo "Node.js $found"
  outcome=passed
  # Into a file: a process that outlives the tests could hold a pipe open. In PATH for what the tests start by name.
  PATH="$(dirname "$node"):$PATH" "$node" scripts/test.js >"$log" 2>&1 </dev/null &
  running=$!
  tail -n +1 -f -s 0.2 --pid="$running" "$log" || true
  wait "$running" || outcome=FAILED
  running=
  counts=$(grep -E '^ +[0-9]+ (passing|failing|pending)' "$log" | sed -E 's/^ +//; s/ \(.*//' | paste -sd, | sed 's/,/, /g') || counts=
  # A run in which nothing passed proves nothing.
  [[ $counts =~ ^[1-9][0-9]*\ passing ]] || outcome=FAILED
  [[ $outcome == passed ]] || status=1
  summary+=("Node.js $found: $outcome (${counts:-no test was counted})")
done

echo
printf '%s\n' "${summary[@]}"
exit "$status"
