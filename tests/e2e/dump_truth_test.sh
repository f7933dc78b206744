#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A dump of a scheduler that stalls: it says what the kernel's own dump of the same moment says
# (dump_truth.py), taking it changes nothing in the guest, and `ktstr dump` shows it.
#
# usage: dump_truth_test.sh [once]
#	once: no second run without a dump; prints the figures that were compared
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh

[ -z "${KTSTR_TEST_KERNEL:-}" ] || export KTSTR_KERNEL=$KTSTR_TEST_KERNEL

# run NAME DUMP VMCORE: leaves $tmp/NAME.tap and the run's files in $tmp/NAME/r/.
run()
{
	KTSTR_ACCEL=tcg KTSTR_SEED=$seed KTSTR_DUMP=$2 KTSTR_VMCORE=$3 KTSTR_RUNS_ROOT=$tmp/$1 KTSTR_RUN_ID=r \
		"$out/scheduler_faults" -t scheduler_stalls > "$tmp/$1.tap" 2>&1
}

# shows WORDS ARGUMENT...: ktstr dump says that.
shows()
{
	"$out/ktstr" dump "${@:2}" > "$tmp/shown" 2>&1 && grep -qF -- "$1" "$tmp/shown"
}

echo "TAP version 13"
run with failure 1
# packages of 7.1 and 7.2 lack the type of a kfunc (docs/monitor.md)
if grep -q "func_proto .* incompatible with vmlinux" "$tmp/with.tap"; then
	echo "1..0 # SKIP this kernel does not load the fixture scheduler"
	exit 4
fi
result $? "a stalled scheduler is ejected, and dumped" "$tmp/with.tap"
dump=$(echo "$tmp"/with/r/*/*.failure-dump.json)
core=$(echo "$tmp"/with/r/*/*.vmcore)
python3 tests/e2e/dump_truth.py "$dump" "$tmp"/with/r/*/sched.log "$core" > "$tmp/truth" 2>&1
result $? "the dump says what the kernel says" "$tmp/truth"
if [ "${1:-}" = once ]; then
	sed 's/^/# /' "$tmp/truth"
	finish
	exit
fi

run without off 0
cmp "$tmp"/with/r/*/console.log "$tmp"/without/r/*/console.log > "$tmp/differs" 2>&1
result $? "the guest's console is the same without a dump" "$tmp/differs"
! compgen -G "$tmp/without/r/*/*.failure-dump.json" > /dev/null
result $? "KTSTR_DUMP=off leaves none"
readelf -lnW "$core" > "$tmp/elf" 2>&1 && ! grep -qi warning "$tmp/elf" &&
	[ "$(grep -c NT_PRSTATUS "$tmp/elf")" = 2 ] && grep -q VMCOREINFO "$tmp/elf"
result $? "the core of the machine is one that readelf understands" "$tmp/elf"
# blocks of 512 bytes: half of the guest's memory would be far more
[ "$(stat -c %b "$core")" -lt $((512 * 1024)) ] && [ "$(stat -c %a "$core")" = 600 ]
result $? "the core has holes for memory that was not used"

report=$(echo "$tmp"/with/r/*/report.txt)
grep -q '^waits longest: cg_[ab]:[01]\[[0-9]*\], runnable for 1[0-9]* ms' "$report" &&
	grep -q '^  suspect: DSQ 0x0: ' "$report"
result $? "the report names the task that waits, and its queue" "$report"
shows "SCX_EXIT_ERROR_STALL: runnable task stall" --brief "$dump"
result $? "ktstr dump --brief begins with why the scheduler ended" "$tmp/shown"
pid=$(sed -n 's/^waits longest: .*\[\([0-9]*\)\], runnable.*/\1/p' "$report" | head -n 1)
shows "counter=42" --task "$pid" "$dump"
result $? "ktstr dump --task has what the arena says of the task" "$tmp/shown"
shows "nr_enqueued=" --map .bss "$dump"
result $? "ktstr dump --map has the scheduler's variables" "$tmp/shown"
grep -qE 'last_enqueued=0x[0-9a-f]+ \(task_struct [^ ]+\[[0-9]+\]\) \(cast→kernel\)' "$tmp/shown"
result $? "a number that the scheduler uses as a pointer is shown as one" "$tmp/shown"
"$out/ktstr" dump --diff "$dump" "$dump" > "$tmp/shown" && [ ! -s "$tmp/shown" ]
result $? "a dump does not differ from itself" "$tmp/shown"
"$out/ktstr" dump --json "$dump" | python3 -c 'import json, sys
d, e = json.load(sys.stdin), json.load(open(sys.argv[1]))
sys.exit(d != e or d["schema"] != "dual")' "$dump"
result $? "ktstr dump --json is the file: two moments of one failure"
head -c 1000 "$dump" > "$tmp/cut.json"
! shows "" "$tmp/cut.json" && grep -q "cut.json: line [0-9]*: " "$tmp/shown"
result $? "a file that is cut is refused in one line" "$tmp/shown"
finish
