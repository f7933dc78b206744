#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The scheduler that the user names: it takes the place of the test's own or is refused before
# anything runs, and report and sidecar name what ran. Three machines are booted.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
export KTSTR_ACCEL=tcg KTSTR_RUNS_ROOT=$tmp/runs KTSTR_DURATION_S=1
"$out/ktstr" kernel path > /dev/null 2>&1 || { echo "1..0 # SKIP no kernel: run ./run_tests.sh"; exit 4; }

cp "$out/scx_ktstr" "$tmp/scx_mine" || exit 1

# --- one error, before anything runs
# refused STATUS WORDS COMMAND...
refused()
{
	local status=$1 words=$2

	shift 2
	timeout 60 "$@" > "$tmp/tap" 2>&1
	[ $? = "$status" ] && [ "$(grep -cF -- "$words" "$tmp/tap")" = 1 ] &&
		! grep -q '^\(not \)\{0,1\}ok ' "$tmp/tap"
}
refused 129 "did you mean 'scx_simple'?" "$out/ktstr" run --scheduler scx_simpl
result $? "--scheduler with a name that is nowhere" "$tmp/tap"
refused 129 "did you mean '$tmp/scx_mine'?" "$out/ktstr" run --scheduler "$tmp/scx_min"
result $? "--scheduler with a path that does not exist" "$tmp/tap"
refused 129 "--scheduler: scheduler scx_nonsense: not found" \
	"$out/ktstr" run --scheduler scx_nonsense equal_cgroups
result $? "a name that is like no other has no near miss" "$tmp/tap"
refused 1 "did you mean 'scx_simple'?" env KTSTR_DEFAULT_SCHEDULER=scx_simpl "$out/equal_cgroups"
result $? "KTSTR_DEFAULT_SCHEDULER with a name that is nowhere" "$tmp/tap"
refused 1 "did you mean '$tmp/scx_mine'?" env KTSTR_SCHEDULER="$tmp/scx_min" "$out/equal_cgroups"
result $? "KTSTR_SCHEDULER with a path that does not exist" "$tmp/tap"
refused 129 "--work-type Nonsense: there is no such work type" \
	"$out/ktstr" run --work-type Nonsense equal_cgroups
result $? "--work-type with a name that is nowhere" "$tmp/tap"
refused 1 "KTSTR_WORK_TYPE=Nonsense: there is no such work type" \
	env KTSTR_WORK_TYPE=Nonsense "$out/equal_cgroups"
result $? "KTSTR_WORK_TYPE with a name that is nowhere" "$tmp/tap"

# sidecar EXPRESSION: of the newest one, as s
sidecar()
{
	python3 -c "
import json, pathlib, sys
f = max(pathlib.Path('$tmp/runs').rglob('*.ktstr.json'), key=lambda p: p.stat().st_mtime_ns)
s = json.load(open(f))
assert $1, json.dumps(s, indent=1)" 2>> "$tmp/tap"
}
id=$(readelf -n "$tmp/scx_mine" 2> /dev/null | sed -n 's/.*Build ID: //p')

# --- a binary in place of the one that the test names
cd "$tmp" && KTSTR_SCHEDULER=./scx_mine KTSTR_VERBOSE=1 \
	"$out/equal_cgroups" -t equal_cgroups_scx_simple > "$tmp/tap" 2>&1
grep -qF '[sched=scx_mine]' "$tmp/tap" &&
	grep -qF "scheduler: $tmp/scx_mine, in place of scx_simple" "$tmp/tap"
result $? "KTSTR_SCHEDULER: the report names what ran" "$tmp/tap"
sidecar "s['scheduler'] == 'scx_mine' and s['scheduler_declared'] == 'scx_simple'" &&
	sidecar "s['host']['scheduler_path'] == '$tmp/scx_mine'" &&
	sidecar "'$id' in ('', s['scheduler_build_id'])"
result $? "KTSTR_SCHEDULER: so does the sidecar" "$tmp/tap"

# --- and by the tool, for a test that names its own and for one that names none
KTSTR_SCHEDULER_BIN_SCX_SIMPLE=/bin/false timeout 300 "$out/ktstr" run --scheduler ./scx_mine \
	-t equal_cgroups_scx_simple -t equal_cgroups_eevdf -- --timeout-ms 5000 \
	> "$tmp/tap" 2>&1
grep -q '^ok 1 ' "$tmp/tap" && grep -q '^ok 2 ' "$tmp/tap" &&
	grep -qF "# scheduler: $tmp/scx_mine --timeout-ms 5000" "$tmp/tap"
result $? "--scheduler: both kinds of tests run under it" "$tmp/tap"
sidecar "s['scheduler'] == 'scx_mine' and s['scheduler_args'] == ['--timeout-ms', '5000']"
result $? "--scheduler: the sidecar has its name and arguments" "$tmp/tap"
[ "$(basename -a "$tmp"/runs/*/ktstr.equal_cgroups_scx_simple/*.json | sort -u | wc -l)" = 2 ]
result $? "other arguments are another variant" "$tmp/tap"

finish
