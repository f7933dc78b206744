#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr perf-delta on two real builds of this tree: a clone in which each dispatch of scx_ktstr is three
# instructions longer than in its last commit, and one in which only a comment differs. Both sides are
# built, as perf-delta does; deterministic runs, several seeds. In the second, the assertion of a test in
# performance mode is judged, too.
#
# usage: perf_delta.sh [SEED...]	(1 2 3)
set -u
cd "$(dirname "$0")/../.." || exit 1
tree=$PWD
. tests/begin.sh
forget_settings
unset OUTPUT
seeds=("$@")
[ $# -gt 0 ] || seeds=(1 2 3)
PATH=/usr/lib/ccache:/usr/lib64/ccache:$PATH	# where it is installed
before='__sync_fetch_and_add(&nr_dispatched, 1);'
longer='asm volatile("r0 = 0; r0 += 1; r0 += 2" ::: "r0");'
comment='One instruction, 2 % of a dispatch'

# delta SEED: leaves $tmp/out and $tmp/err
delta()
{
	timeout 1800 build/ktstr perf-delta HEAD --exact -t equal_cgroups_scx_ktstr --duration 1 \
		--seed "$1" --csv build/equal_cgroups -- make -s > "$tmp/out" 2> "$tmp/err"
}

# grew METRIC: by three instructions
grew()
{
	python3 - "$tmp/out" "$1" <<-'PY'
	import csv, sys
	rows = [r for r in csv.reader(open(sys.argv[1])) if len(r) > 5 and r[3] == sys.argv[2]]
	sys.exit(0 if len(rows) == 1 and float(rows[0][5]) - float(rows[0][4]) == 3 else 1)
	PY
}

echo "TAP version 13"
git clone -q "$tree" "$tmp/tree" && cd "$tmp/tree" && make -s > "$tmp/out" 2> "$tmp/err"
result $? "a clone is built" "$tmp/err"
sed -i "s|$before|& $longer|" bpf/scx_ktstr.bpf.c && ! git diff --quiet
result $? "dispatch is three instructions longer there"
for s in "${seeds[@]}"; do
	delta "$s"
	[ $? = 1 ] && grew ops.dispatch.typical && grew ops.dispatch.shortest
	result $? "seed $s: that is found, to the instruction" "$tmp/out"
done
git checkout -q bpf && sed -i "s|$comment|${comment/,/:}|" bpf/scx_ktstr.bpf.c && ! git diff --quiet
result $? "only a comment differs"
for s in "${seeds[@]}"; do
	delta "$s"
	result $? "seed $s: nothing got worse" "$tmp/out"
done
timeout 1800 build/ktstr perf-delta HEAD --noise-adjust 3 --accel tcg -t a_rate_on_a_quiet_host \
	--duration 1 build/examples -- make -s > "$tmp/out" 2> "$tmp/err" &&
	grep -q '^gate: 1 assertions hold' "$tmp/out"
result $? "the assertion of a test in performance mode holds" "$tmp/out"
finish
