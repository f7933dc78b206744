#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Several scenarios in one real guest (docs/catalogue.md): what a scheduler that ends, or that
# forgets tasks, costs, and what is told of the scenarios that failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh

# batch NAME CATEGORY SCHEDULER ARGS...: leaves $tmp/NAME.tap and the run's files in $tmp/NAME.
batch()
{
	local name=$1 category=$2 sched=$3

	shift 3
	"$out/ktstr" run --console --batch --scenario "$category" --scheduler "$sched" --seed "$seed" \
		--topology 1n1l2c1t --duration 1 --runs "$tmp/$name" -- "$@" \
		> "$tmp/$name.tap" 2> "$tmp/$name.console"
	rc=$?
}

# lines NAME: the verdicts of the scenarios and what happened to the scheduler in between.
lines()
{
	sed -n 's/^# \(ok\|not ok\|after\) /\1 /p' "$tmp/$1.tap" | sed 's/ #.*//'
}

# sidecar_is NAME PYTHON: true of the cgroups c of the sidecar d.
sidecar_is()
{
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
c = d["stats"]["cgroups"]
sys.exit(0 if eval(sys.argv[2]) else 1)' "$tmp/$1"/*/*/*.ktstr.json "$2"
}

echo "TAP version 13"
batch exits sched_class scx_ktstr --exit-after-ms 2000
[ "$(lines exits)" = "ok sched_batch
not ok sched_idle
after sched_idle the scheduler was started again
ok sched_fifo
not ok sched_rr
after sched_rr the scheduler was started again
ok nice_beside_normal" ]
result $? "a scheduler that ends costs the scenario in which it does" "$tmp/exits.tap"
[ $rc = 1 ] && grep -q '^not ok 1 ktstr/batch_sched_class$' "$tmp/exits.tap"
result $? "the batch fails"
grep -q '^# not ok sched_rr # scheduler process died .* with status 0' "$tmp/exits.tap"
result $? "the line of the scenario has the reason" "$tmp/exits.tap"
sidecar_is exits '[x["kind"] for x in d["details"] if x["severity"] == "fail"] == ["sched-exited"] * 2'
result $? "each end is a failure of its own kind, reported once"
sidecar_is exits '{x["part"] for x in c} == {"sched_idle", "sched_rr"}'
result $? "the sidecar has the figures of the scenarios that failed"
grep -q '^# --- stats of sched_idle ---$' "$tmp/exits.tap" &&
	! grep -q 'stats of sched_fifo' "$tmp/exits.tap"
result $? "and so has the report"
tr -d '\r' < "$(echo "$tmp"/exits/*/*/console.log)" > "$tmp/wanted"
sed -n 's/^batch_sched_class: //p' "$tmp/exits.console" | cmp -s - "$tmp/wanted" && [ -s "$tmp/wanted" ]
result $? "--console shows the whole console" "$tmp/exits.console"

batch error dynamic scx_ktstr --crash-after 500
# which scenario has the fatal dispatch depends on how many there are
ejected=$(grep -c '^# not ok .* # .*host-triggered crash' "$tmp/error.tap")
started=$(lines error | grep -c '^after .* was started again$')
[ "$ejected" -ge 2 ] && [ "$started" -le "$ejected" ] && [ "$started" -ge $((ejected - 1)) ]
result $? "so does one that the kernel ejects" "$tmp/error.tap"

batch drop dynamic scx_mutant --fault drop
lines drop | grep -q '^after cgroup_rapid_churn the scheduler is restarted: there are cgroups left'
result $? "tasks that a scheduler has forgotten are freed by a restart" "$tmp/drop.tap"
sidecar_is drop 'any(x["part"] == "cgroup_add_during_imbalance" and x["total_iterations"] for x in c)'
result $? "and the next scenario runs as if they had never been"

batch loads numa scx_ktstr --fail-verify
[ $rc = 1 ] && [ -z "$(lines loads)" ]
result $? "one that does not load at all runs nothing" "$tmp/loads.tap"

finish
