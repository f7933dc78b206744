#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Do drgn and crash open the core of `ktstr run --vmcore`, and read in it what the dump of the same
# moment says? Debian's packages of kernels have no DWARF: VMLINUX is that of the package
# linux-image-...-dbg of the same version, or of a tree that `ktstr kernel build` has built.
#
# crash has to know the kernel: 9.0.2 reads 7.3, 8.0.2 does not find where KASLR has put it. CRASH and
# DRGN say how they are called ("" as the name of a tool: leave it out).
#
# usage: vmcore.sh KERNEL VMLINUX	(KERNEL: what `ktstr kernel path` takes)
set -u
[ $# = 2 ] || { echo "usage: vmcore.sh KERNEL VMLINUX" >&2; exit 1; }
vmlinux=$(realpath "$2") || exit 1
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
drgn=${DRGN-drgn} crash=${CRASH-crash}

. tests/lib.sh

# found COMMAND: is its first word a program?
found()
{
	[ -n "$1" ] && command -v "${1%% *}" > /dev/null
}

echo "TAP version 13"
if ! found "$drgn" && ! found "$crash"; then
	echo "1..0 # SKIP neither drgn nor crash is here (packages python3-drgn, crash)"
	exit 4
fi
KTSTR_RUNS_ROOT=$tmp/runs KTSTR_RUN_ID=r "$out/ktstr" run --vmcore --seed 1 --kernel "$1" \
	-t scheduler_stalls > "$tmp/tap" 2>&1
result $? "a run leaves a core" "$tmp/tap"
core=$(echo "$tmp"/runs/r/*/*.vmcore)
dump=$(echo "$tmp"/runs/r/*/*.failure-dump.json)
echo "# $(($(stat -c %s "$core") >> 20)) MiB, $(($(stat -c %b "$core") >> 11)) of them in use"

if found "$drgn"; then
	$drgn -q -c "$core" -s "$vmlinux" tests/long/vmcore.py "$dump" > "$tmp/drgn" 2>&1
	rc=$?
	sed -n '/: equal/s/^/# drgn: /p' "$tmp/drgn"
	result $rc "drgn reads what the dump says" "$tmp/drgn"
fi
if found "$crash"; then
	printf '%s\n' "p jiffies_64" "p scx_root->ops.name" ps "bt -a" quit > "$tmp/commands"
	$crash -s -i "$tmp/commands" "$vmlinux" "$core" > "$tmp/crash" 2>&1 < /dev/null
	result $? "crash opens it" "$tmp/crash"
	python3 - "$dump" "$tmp/crash" > "$tmp/said" << 'END'
import json
import re
import sys

root, text = json.load(open(sys.argv[1])), open(sys.argv[2], errors="replace").read()
dump = root.get("late", root)
ours = {(t["pid"], "%x" % t["kva"], t["comm"]) for t in dump["task_enrichments"] if t["pid"]}
its = {(int(p), kva, comm) for p, kva, comm in re.findall(
    r"^>?\s+(\d+)\s+\d+\s+\d+\s+([0-9a-f]{16})\s+\w\w\s+[\d.]+\s+\d+\s+\d+\s+\[?(.*?)\]?$", text, re.M)
    if int(p)}
curr = {(r["cpu"], r["curr_pid"], r["curr_comm"]) for r in dump["vcpu_regs"]}
bt = {(int(c), int(p), comm) for p, c, comm in re.findall(
    r'^PID: (\d+)\s+TASK: [0-9a-f]+\s+CPU: (\d+)\s+COMMAND: "(.*)"', text, re.M)}
for name, good in (
        ("jiffies_64", "= %d\n" % dump["jiffies"] in text),
        ("ops.name", '= "%s\\000' % dump["scx_sched_state"]["ops"] in text),
        ("tasks", ours and ours == its), ("current tasks", curr and curr == bt)):
    print("%s: %s" % (name, "equal" if good else "wrong"))
    if not good:
        print("# %r\n# %r" % (sorted(ours ^ its), sorted(curr ^ bt)))
        failed = True
sys.exit("failed" in globals())
END
	rc=$?
	sed 's/^/# crash: /' "$tmp/said"
	result $rc "crash reads what the dump says" "$tmp/said"
fi
finish
