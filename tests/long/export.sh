#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Exported tests on a machine that has what they need: a guest of ktstr, with root, cgroup v2 and
# sched_ext. Under schedulers that the guest starts itself, and none; one that is ejected; SIGTERM, SIGHUP
# and SIGKILL; and what is left afterwards. One guest is booted; tests/e2e/export_test.sh needs none.
#
# usage: export.sh [KERNEL]	(what --kernel takes)
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
export KTSTR_RUNS_ROOT=$tmp/runs TMPDIR=$tmp
ktstr=$out/ktstr
[ $# = 0 ] || set -- --kernel "$1"
"$ktstr" kernel path > /dev/null 2>&1 || { echo "1..0 # SKIP no kernel: run ./run_tests.sh"; exit 4; }

include=()
for t in equal_cgroups_scx_simple payloads_run_beside_workers counters_over_time two_moments \
		flatcg_isolates_better_than_the_default two_cgroups_here; do
	"$ktstr" export -t $t -o "$tmp/$t.run" 2> "$tmp/log" || { sed 's/^/# /' "$tmp/log"; exit 1; }
	include+=(-i "$tmp/$t.run")
done
for p in cat cksum chmod chroot cut env find grep gzip id ls mkdir mktemp mount ps rm rmdir sleep sort \
		tail tar tr uname unshare; do
	include+=(-i "$p")
done

# What the guest does. Each case prints "case NAME", what the test prints, and "status N".
cat > "$tmp/script" << 'S'
cd /tmp
f=/include-files cg=/sys/fs/cgroup ext=/sys/kernel/sched_ext
rmdir $cg/ktstr
state() { until [ "$(cat $ext/state)" = "$1" ]; do sleep 0.1; done; }
case_() { name=$1; shift; echo "case $name"; "$@"; echo "status $?"; }
# busy CGROUP: there are workers in it
busy() { until grep -q . $1/cgroup.procs 2> /dev/null; do sleep 0.1; done; }
traces() { echo "case left-$1"; ls -d /tmp/ktstr-export* $cg/ktstr* 2> /dev/null; ps -e -o comm | grep -c '^cg_'; }
interrupt() {
	sh $f/equal_cgroups_scx_simple.run --duration 60 & p=$!
	busy $cg/ktstr/cg_a
	kill -$1 $p
	wait $p
}

cat $cg/cgroup.subtree_control > before
case_ none sh $f/equal_cgroups_scx_simple.run --results results
case_ host_only sh $f/two_cgroups_here.run
cat $cg/cgroup.subtree_control > after
echo "case controllers"; cat before after; cat /proc/sys/kernel/sched_schedstats
traces none
scx_simple > /dev/null 2>&1 & s=$!
state enabled
case_ simple sh $f/equal_cgroups_scx_simple.run --results results
case_ payloads sh $f/payloads_run_beside_workers.run
case_ snapshots sh $f/counters_over_time.run
case_ ops sh $f/two_moments.run
case_ large sh $f/flatcg_isolates_better_than_the_default.run
case_ fits sh $f/equal_cgroups_scx_simple.run --check
case_ term interrupt TERM
case_ hup interrupt HUP
traces interrupted
case_ kill interrupt KILL
until [ "$(ps -e -o comm | grep -c '^cg_')" = 0 ] && [ ! -d $cg/ktstr/cg_a ]; do sleep 0.1; done
traces killed
kill -INT $s; wait $s
state disabled
scx_ktstr --crash-after 6000 > /dev/null 2>&1 & s=$!
state enabled
case_ ejected sh $f/equal_cgroups_scx_simple.run --duration 12
wait $s
echo "case sidecars"; grep -h '"scheduler' results/*/*/*.json | sort | tr -d ' '
echo "case end"
S
timeout 900 "$ktstr" shell --accel tcg --seed 1 "$@" --duration 300 --topology 1n1l2c1t "${include[@]}" \
	-i "$out/scx_simple" -i "$out/scx_ktstr" --exec "$(cat "$tmp/script")" > "$tmp/all" 2> "$tmp/err"

# of NAME: what was printed in this case, in $tmp/log.
of() { awk -v name="$1" '/^case / { on = $2 == name; next } on' "$tmp/all" > "$tmp/log"; }
has() { grep -qE -- "$1" "$tmp/log"; }

echo "TAP version 13"
tail -n 1 "$tmp/all" | grep -q '^case end'
result $? "the guest came to its end" "$tmp/err"
of none
has '^status 2' && has '^not ok 1 .*# INCONCLUSIVE sched_ext.s event counters: none to read' &&
	has '^# scheduler: eevdf \(no sched_ext'
result $? "where no scheduler is active, a test that asks for its counters has no verdict" "$tmp/log"
of host_only
has '^status 0' && has '^ok 1 ktstr/two_cgroups_here$'
result $? "so does a host_only test" "$tmp/log"
of controllers
[ "$(sed -n 1p "$tmp/log")" = "$(sed -n 2p "$tmp/log")" ]
result $? "no controller is enabled that was not" "$tmp/log"
of simple
has '^status 0' && has '^ok 1 ' && has '^# scheduler: simple \(sched_ext'
result $? "it runs under the scheduler that is active" "$tmp/log"
of payloads
has '^status 0' && has '^ok 1 '
result $? "payloads run in the cgroups that they would have in a guest, and callbacks see them" "$tmp/log"
of snapshots
has '^status 0' && has '^# ok num_snapshots # SKIP' && has '^# ok post_vm # SKIP'
result $? "what needs a guest's memory is named as skipped" "$tmp/log"
of ops
has '^status 4' && has '# SKIP .*CAPTURE_SNAPSHOT'
result $? "a body whose ops need it is skipped" "$tmp/log"
of large
has '^status 4' && has '# SKIP this machine lacks 16 CPUs \(it has 2\); 4 last-level caches \(it has 1\)$'
result $? "all that a machine lacks is named" "$tmp/log"
of fits
has '^status 0' && has '^this machine has all that the test needs$'
result $? "--check" "$tmp/log"
of term
has '^status 143' && has 'interrupted by SIGTERM' && has '^not ok 1 '
result $? "SIGTERM ends it, with a verdict" "$tmp/log"
of hup
has '^status 129' && has '^not ok 1 '
result $? "so does SIGHUP" "$tmp/log"
of left-none
[ "$(cat "$tmp/log")" = 0 ]
result $? "nothing is left of tests that came to their end" "$tmp/log"
of left-interrupted
[ "$(cat "$tmp/log")" = 0 ]
result $? "nor of those that were interrupted" "$tmp/log"
of left-killed
! has '/cg_' && [ "$(tail -n 1 "$tmp/log")" = 0 ]
result $? "SIGKILL of the script takes the workers and their cgroups with it" "$tmp/log"
of ejected
has '^status 1' && has '^not ok 1 ' && has 'scheduler ktstr was active when the body began, and none when it ended' &&
	has 'ktstr, which ktstr did not start, was ejected: .*crash'
result $? "a scheduler that is ejected fails the test, with the kernel's reason" "$tmp/log"
of sidecars
printf '%s\n' '"scheduler":"eevdf",' '"scheduler":"simple",' > "$tmp/wanted"
grep '"scheduler":' "$tmp/log" | diff - "$tmp/wanted" > /dev/null &&
	[ "$(grep -c '"scheduler_declared":"scx_simple",' "$tmp/log")" = 2 ]
result $? "sidecars have the scheduler that was active, and the declared one" "$tmp/log"
finish
