#!/usr/bin/env bash
# Has scim2-tester go through a SCIM server: tests/rig/scim2_tester.sh BASE TOKEN
# Prints its findings and, last, a summary. Exit status: 0 all succeeded, 1 some did not, 2 it could not run.
set -euo pipefail

if [ $# -ne 2 ]; then
    echo "usage: ${0##*/} BASE TOKEN" >&2
    exit 2
fi
if [ ! -x "${CASTGATE_TEST_VENV:-}/bin/scim2" ]; then
    echo "CASTGATE_TEST_VENV has no scim2: \`tests/run\` installs it and sets the variable" >&2
    exit 2
fi

output=$(mktemp)
trap 'rm -f "$output"' EXIT
# By the environment and not as an argument, which every process on the machine can read.
export SCIM_CLI_HEADERS="Authorization: Bearer $2"
status=0
NO_COLOR=1 "$CASTGATE_TEST_VENV/bin/scim2" -u "$1" test -v >"$output" 2>&1 || status=$?
cat "$output"

# A finding begins its line with its status, one word in capitals.
count() { grep -cE "^$1 " "$output" || true; }
succeeded=$(count SUCCESS)
others=$(grep -oE '^[A-Z]{5,} ' "$output" | grep -v '^SUCCESS ' | sort | uniq -c | awk '{ printf ", %d %s", $1, $2 }' || true)
echo "scim2-tester: $succeeded SUCCESS$others (exit status $status)"

if [ "$succeeded" -eq 0 ]; then exit 2; fi
if [ "$status" -ne 0 ]; then exit 1; fi
