#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr verifier: one guest loads one scheduler. Its counts are read from guest memory, and compared
# with a baseline in which one is too small and one is of a program that is gone.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
forget_settings
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
ktstr=${OUTPUT:-$PWD/build}/ktstr
"$ktstr" kernel path > "$tmp/out" 2> "$tmp/err" || { sed 's/^/SKIP: /' "$tmp/err"; exit 4; }

# refused TEXT ARG...: wrong usage, and nothing is run.
refused()
{
	local text=$1

	shift
	"$ktstr" verifier "$@" > "$tmp/out" 2>&1
	[ $? = 129 ] && grep -q "$text" "$tmp/out" && ! grep -q KTAP "$tmp/out"
}

refused "no scheduler is declared as 'none'" --scheduler none
result $? "a scheduler that nobody declares is refused" "$tmp/out"
refused "did you mean 'tiny-1llc'" tiny-1lcc
result $? "a preset that does not exist is refused, with the nearest one" "$tmp/out"
for a in baseline save-baseline; do
	"$ktstr" verifier --$a "$tmp/none/x" > "$tmp/out" 2>&1
	[ $? = 1 ] && [ "$(cat "$tmp/out")" = "ktstr: verifier: --$a $tmp/none/x: No such file or directory" ]
	result $? "a --$a that cannot be is refused before the sweep" "$tmp/out"
done
refused 'needs --baseline' --max-growth 5
result $? "a limit without a baseline is refused" "$tmp/out"

cat > "$tmp/base" <<-'JSON'
{ "type": "ktstr verifier", "schema_version": 1, "cells": [
  { "scheduler": "scx_simple", "kernel": "kernel_default", "topology": "1n1l2c1t", "verdict": "PASS",
    "verified_insns": { "simple_enqueue": 4, "simple_gone": 5 } } ] }
JSON
"$ktstr" verifier -j1 --runs "$tmp/runs" --scheduler scx_simple --baseline "$tmp/base" --max-growth 20 \
	--save-baseline "$tmp/saved" > "$tmp/out" 2> "$tmp/err"
rc=$?
grep -q '^ok 1 verifier/scx_simple/1n1l2c1t/kernel_default$' "$tmp/out" &&
	grep -qE '^# scx_simple +1n1l2c1t +PASS$' "$tmp/out"
result $? "scx_simple loads and schedules" "$tmp/out"
python3 - "$tmp" > "$tmp/why" 2>&1 <<'PY'
import json, re, sys
(c,) = json.load(open(sys.argv[1] + "/saved"))["cells"]
n = c["verified_insns"]
# names of programs are cut by the kernel
assert {"simple_enqueue", "simple_select_c", "simple_init"} <= set(n), n
assert all(0 < v < 1000000 for v in n.values()), n
text = open(sys.argv[1] + "/out").read()
for name, v in n.items():
    assert re.search(r"^#   %s +%d$" % (name, v), text, re.M), (name, v)
assert re.search(r"^#   all programs +%d$" % sum(n.values()), text, re.M)
assert re.search(r"simple_enqueue: 4 -> %d, \+%d \(.*, too much$" %
                 (n["simple_enqueue"], n["simple_enqueue"] - 4), text, re.M)
PY
result $? "the counts of all its programs are printed and saved" "$tmp/why"
[ $rc = 1 ] && grep -q 'simple_gone: gone$' "$tmp/out" && grep -q 'simple_init: new$' "$tmp/out"
result $? "a count that grew beyond the limit fails the sweep; programs come and go" "$tmp/out"

finish
