#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Both engines of probes see the same: one crash is repeated with the emulator's, and with BPF programs in the
# guest. The runs are different ones, so tasks and times are. What must be the same: the fields of each operation and
# function that both have seen, in their order, the kind of the exit, whether a task was forked, and which DSQ
# ops.enqueue has chosen at last. Masks of CPUs and weights, which nearly all tasks share, must have one in common.
#
# usage: probe_engines.sh [KIND...]	bad_cpu, error, ...: repro_* of scenarios/scheduler_faults.c
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings

# run KIND ENGINE
run()
{
	KTSTR_PROBE_ENGINE=$2 "$out/ktstr" run --seed 1 --verbose --runs "$tmp/$1.$2" -t "repro_$1" > "$tmp/tap" 2>&1
	grep -q "^ok 1 ktstr/repro_$1" "$tmp/tap"
	result $? "$1: $2 has shown the crash" "$tmp/tap"
}

# compare KIND
compare()
{
	python3 - "$tmp/$1".{emulator,bpf}/*/"ktstr.repro_$1/auto-repro.txt" <<-'PY'
	import re, sys

	# values that two runs of one test may not differ in, and those that most tasks share, by field
	same, shared = {"kind", "fork"}, {"cpus_ptr", "weight"}

	def calls(path):
	    found, name = {}, None
	    for line in open(path):
	        if line.startswith("--- the last"):
	            break
	        m = re.match(r"  (\S+) .* CPU \d+, [\d.]+ s, ", line)
	        if m:
	            name = m.group(1)
	            found.setdefault(name, []).append([])
	        elif name and re.match(r"      \S", line) and not line.startswith("      ("):
	            field, value = line.strip().split(None, 1)
	            found[name][-1].append((field, value))
	    return found

	a, b = calls(sys.argv[1]), calls(sys.argv[2])
	both = sorted(set(a) & set(b))
	bad = []

	# what is known at return only is missing in calls that have not returned
	def fields(call):
	    return [f for f, _ in call if f != "return"]

	def values(found, name, field):
	    return {v for call in found[name] for f, v in call if f == field}

	for name in both:
	    if fields(a[name][0]) != fields(b[name][0]):
	        bad.append(f"{name}: {fields(a[name][0])}, {fields(b[name][0])}")
	    for field in sorted(same | shared):
	        one, other = values(a, name, field), values(b, name, field)
	        if one != other and (field in same or not one & other):
	            bad.append(f"{name}: {field}: {one}, {other}")

	def last_dsq(found):
	    return [v for f, v in found.get("enqueue", [[]])[-1] if f == "ddsp_dsq_id"]

	if last_dsq(a) != last_dsq(b):
	    bad.append(f"enqueue: {last_dsq(a)}, {last_dsq(b)}")
	if not any("→" in v for n in both for call in b[n] for _, v in call):
	    bad.append("BPF has seen no value change")
	print("\n".join(bad) or f"{len(both)} operations and functions: {' '.join(both)}")
	sys.exit(bool(bad) or len(both) < 5)
	PY
}

echo "TAP version 13"
for kind in "${@:-bad_cpu}"; do
	run "$kind" emulator
	run "$kind" bpf
	compare "$kind" > "$tmp/compared"
	result $? "$kind: they agree" "$tmp/compared"
	sed 's/^/# /' "$tmp/compared"
done
finish
