#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What `ktstr stats compare` of two runs costs, with an index and without, and whether it finds what
# sidecars.py has planted. Arguments: tests per run (10000), how often (3). Exit status 1 if a
# comparison with an index takes 2 s of CPU time or 200 MB, or finds something else.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
nr=${1:-10000} times=${2:-3}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

# compare NAME: wall clock, CPU time and peak memory
compare()
{
	python3 - "$1" "$out/ktstr" stats --dir "$dir" --json compare a b <<-'EOF'
	import json, resource, subprocess, sys, time
	begin = time.monotonic()
	p = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
	wall = time.monotonic() - begin
	used = resource.getrusage(resource.RUSAGE_CHILDREN)
	cpu, mib = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
	found = json.loads(p.stdout)
	print(f"{sys.argv[1]:24} {wall:6.2f} s, {cpu:.2f} s of CPU time, {mib:.0f} MiB  {found['pairs']:.0f} pairs, "
	      f"{found['regressions']:.0f} regressions, status {p.returncode}")
	planted = {d["test"] for d in found["deltas"] if d["verdict"] == "REGRESSION"}
	right = all(int(t.rpartition("_")[2]) % 100 == 0 for t in planted) and planted
	slow = sys.argv[1] == "with an index" and (cpu >= 2 or mib >= 200)
	sys.exit(not right or slow or len(planted) != found["regressions"])
	EOF
}

tests/bench/sidecars.py "$dir" "$nr" || exit 1
du -sh --apparent-size "$dir" | sed 's/\t.*/ of sidecars/'
compare "without an index" || bad=1
for ((i = 0; i < times; i++)); do
	compare "with an index" || bad=1
done
exit $bad
