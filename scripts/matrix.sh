#!/usr/bin/env bash
# Runs the compiled tests on each version of Node.js that is named: scripts/matrix.sh 22 24 26
# Ends with 77 where nothing failed and a version could not be had.
set -euo pipefail

node_of() { # version, arguments of node
  local version=$1
  shift
  npx --yes --package="node@$version" -- node "$@"
}

status=0
summary=()
for version in "$@"; do
  found=$(node_of "$version" --version) || found=
  if [[ $found != "v$version."* ]]; then
    echo "SKIPPED: Node.js $version could not be had from the registry (${found:-nothing came})"
    summary+=("Node.js $version: skipped")
    ((status)) || status=77
    continue
  fi
  echo "Node.js $found"
  log=$(mktemp)
  outcome=passed
  node_of "$version" node_modules/mocha/bin/mocha.js 2>&1 | tee "$log" || outcome=FAILED
  [[ $outcome == passed ]] || status=1
  counts=$(grep -E '^ +[0-9]+ (passing|failing|pending)' "$log" | sed -E 's/^ +//; s/ \(.*//' | paste -sd, | sed 's/,/, /g') || true
  rm -f "$log"
  summary+=("Node.js $found: $outcome (${counts:-no test was counted})")
done

echo
printf '%s\n' "${summary[@]}"
exit "$status"
