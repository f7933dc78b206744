#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who gets which CPUs of the host, and what is said about it. The kernel image is damaged, so a run that
# has its CPUs fails at the next step, and no machine is booted here.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
export KTSTR_RUNS_ROOT=$tmp/runs KTSTR_TEST_KERNEL=$tmp/garbage KTSTR_LIBDIR=$out KTSTR_LOCK_DIR=$tmp/locks
head -c 100000 /dev/urandom > "$tmp/garbage"
mkdir "$tmp/locks"
log=$tmp/log
quiet=a_rate_on_a_quiet_host
plain=a_cgroup_by_hand

# run TEST [VARIABLE=VALUE...]: the test alone.
run()
{
	local t=$1

	shift
	env KTSTR_ACCEL=tcg "$@" "$out/examples" -t "$t" > "$log" 2>&1
}

# says PATTERN: the log has such a line.
says()
{
	grep -q -- "$1" "$log"
}

# skipped REASON
skipped()
{
	says "^ok 1 .* # SKIP $1"
}

# got_cpus: the run went on to look at the kernel.
got_cpus()
{
	says "^not ok 1 " && ! says 'resource contention' && says garbage
}

# hold ex|sh: another process has the lock of each LLC that there may be here.
hold()
{
	coproc HOLDER { exec python3 -c '
import fcntl, glob, sys
numbers = {0}
for name in glob.glob("/sys/devices/system/cpu/cpu[0-9]*/cache/index*/id"):
	numbers.add(int(open(name).read()))
files = [open("%s/ktstr-llc-%d.lock" % (sys.argv[2], n), "w") for n in numbers]
for f in files:
	fcntl.flock(f, fcntl.LOCK_EX if sys.argv[1] == "ex" else fcntl.LOCK_SH)
print("ready", flush=True)
sys.stdin.read()
' "$1" "$tmp/locks"; }
	holder=$HOLDER_PID
	read -r -u "${HOLDER[0]}" _
}

let_go()
{
	local to=${HOLDER[1]}

	exec {to}>&-
	wait "$holder"
}

run $plain
got_cpus
result $? "a run that shares CPUs gets them" "$log"

hold ex
run $plain
skipped "resource contention: each LLC is reserved .*pid $holder (.*python3 "
result $? "a run is skipped while each LLC belongs to somebody" "$log"
run $plain KTSTR_NO_SKIP_MODE=
says '^not ok 1 ' && says 'resource contention: '
result $? "without skips it fails" "$log"
run $plain KTSTR_CPU_CAP=1
skipped 'resource contention: no 1 CPUs'
result $? "a budget is not to be had either" "$log"
run $plain KTSTR_BYPASS_LLC_LOCKS=1
got_cpus
result $? "who bypasses the locks does not see them" "$log"
"$out/ktstr" kernel build --cpu-cap 1 /nowhere > "$log" 2>&1
[ $? = 1 ] && says 'kernel build: --cpu-cap 1: resource contention: '
result $? "a build with a budget does not start" "$log"
"$out/ktstr" locks > "$log" 2>&1 && says "ktstr-llc-0.lock .*alone  pid $holder (.*python3 "
result $? "locks shows who holds an LLC" "$log"
"$out/ktstr" locks --json > "$log" 2>&1 && python3 - "$log" "$holder" <<'PY'
import json, sys
locks = json.load(open(sys.argv[1]))
holders = [h for l in locks["llcs"] if l["llc_idx"] == 0 for h in l["holders"]]
assert locks["cpus"] == [], locks
assert [h["pid"] for h in holders] == [int(sys.argv[2])], locks
assert "import fcntl" in holders[0]["cmdline"] and holders[0]["exclusive"], locks
PY
result $? "and so does its JSON" "$log"
let_go

hold sh
run $plain
got_cpus
result $? "LLCs that are shared can be shared by one more" "$log"
run $quiet KTSTR_TCG_THREADS=multi
skipped 'resource contention: '
result $? "performance mode has no LLC that others share" "$log"
run $quiet
got_cpus
result $? "a deterministic guest needs none" "$log"
let_go

run $quiet KTSTR_TCG_THREADS=multi KTSTR_TOPOLOGY=1n8l32c2t
skipped 'resource contention: performance mode needs '
result $? "a host that is too small is no place for performance mode" "$log"
run $quiet KTSTR_NO_PERF_MODE=
skipped 'performance_mode: KTSTR_NO_PERF_MODE'
result $? "KTSTR_NO_PERF_MODE skips tests in performance mode" "$log"
run $plain KTSTR_NO_PERF_MODE=
got_cpus
result $? "and no others" "$log"
run $plain KTSTR_PERF_ONLY=1
skipped 'KTSTR_PERF_ONLY: '
result $? "KTSTR_PERF_ONLY skips the others" "$log"
run $plain KTSTR_CPU_CAP=8192
says '^Bail out! KTSTR_CPU_CAP=8192: this process may use [0-9]* CPUs\?, so that a larger budget never fits$'
result $? "a budget that will never fit is an error" "$log"
for c in "run -t $plain" "shell --no-perf-mode --exec true" "kernel build /nowhere"; do
	# shellcheck disable=SC2086 # words
	"$out/ktstr" $c --cpu-cap 8192 > "$log" 2>&1
	[ $? = 129 ] && [ "$(wc -l < "$log")" = 1 ] &&
		says "^ktstr: ${c%% [-/]*}: --cpu-cap 8192: this process may use "
	result $? "the tool refuses it at once: ${c%% [-/]*}" "$log"
done
for c in run verifier "perf-delta HEAD"; do
	# shellcheck disable=SC2086
	KTSTR_CPU_CAP=8192 "$out/ktstr" $c > "$log" 2>&1
	[ $? = 1 ] && [ "$(wc -l < "$log")" = 1 ] && says '^ktstr: KTSTR_CPU_CAP=8192: this process may use '
	result $? "and in the environment: $c" "$log"
done
"$out/ktstr" run --cpu-cap 1 --bypass-llc-locks -t $plain > "$log" 2>&1
[ $? = 129 ] && says 'resource contract'
result $? "a budget and a bypass are a contradiction" "$log"
run $plain KTSTR_BYPASS_LLC_LOCKS=1 KTSTR_CPU_CAP=1
says '^Bail out!' && says 'resource contract'
result $? "in the environment too" "$log"
run $plain KTSTR_LOCK_DIR=/no/such/folder
says '^Bail out! KTSTR_LOCK_DIR=/no/such/folder: there is no such folder$'
result $? "a folder that is not there is an error" "$log"
"$out/ktstr" locks --watch 5 > "$log" 2>&1
[ $? = 129 ] && says 'locks: --watch 5: must be a time'
result $? "a time without a unit is wrong usage" "$log"
finish
