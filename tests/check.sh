#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Our own tests: check.sh OUTPUT [nested|e2e|lint|unit|fuzz]... Sets up what they need, builds them, runs
# them, prints one KTAP line per item and at the end "N passed, N failed, N skipped".
# A test that fails shows its output; all output stays in OUTPUT/obj/check/. What took longest the
# last time begins first, so that no CPU waits for the last one.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
[ $# -ge 2 ] || { echo "usage: check.sh OUTPUT nested|e2e|lint|unit|fuzz..." >&2; exit 1; }
OUTPUT=$1
shift
logs=$OUTPUT/obj/check
costs=${XDG_CACHE_HOME:-$HOME/.cache}/ktstr/check-costs	# lines "NAME SECONDS"
cpus=$(nproc)
nr=0 pass=0 fail=0 skip=0

if [ -e ../../lib.mk ] && [ -e ../../kselftest_harness.h ]; then
	KSRC=$(cd ../../../../.. && pwd)
fi
export OUTPUT KSRC=${KSRC:-}
tools-testing-ktstr/setup/setup.sh --check
rc=$?
if [ $rc = 4 ]; then
	echo "ok 1 set-up # SKIP see above"
	echo "0 passed, 0 failed, 1 skipped"
	exit 4
fi
if [ $rc != 0 ]; then
	echo "not ok 1 set-up"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
if [ -z "$KSRC" ]; then
	base=${XDG_CACHE_HOME:-$HOME/.cache}
	KSRC=$(realpath "$base/ktstr/src/linux")
fi
mkdir -p "$logs" || exit

# skips LOG: how many tests of a kselftest program were skipped, and whether that were all.
skips()
{
	sed -n 's/^# Totals: pass:\([0-9]*\) fail:\([0-9]*\) xfail:\([0-9]*\) xpass:\([0-9]*\) skip:\([0-9]*\).*/\5 \1\2\3\4/p' \
		"$1" | tail -n 1
}

# timed NAME COMMAND...: its output in the log, its CPU time beside it.
timed()
{
	local log=$logs/${1//\//_} TIMEFORMAT='%U %S'

	shift
	{ time "$@" > "$log.log" 2>&1 < /dev/null; } 2> "$log.cpu"
}

# cpu_seconds NAME
cpu_seconds()
{
	awk '{ printf "%d", $1 + $2 + 0.5 }' "$logs/${1//\//_}.cpu"
}

# report NAME STATUS SECONDS. A program that skipped all its tests was skipped.
report()
{
	local name=$1 log=$logs/${1//\//_}.log rc=$2 why skipped others

	nr=$((nr + 1))
	read -r skipped others <<< "$(skips "$log")"
	[ "$rc" != 0 ] || [ "${skipped:-0}" = 0 ] || [ "$others" != 0000 ] || rc=4
	case $rc in
	0)	pass=$((pass + 1))
		why=
		[ "${skipped:-0}" = 0 ] || why=", $skipped of its tests skipped"
		echo "ok $nr $name # $3 s, $(cpu_seconds "$name") s of CPU$why" ;;
	4)	skip=$((skip + 1))
		# "# SKIP why", "SKIP: why", and the harness's "#      SKIP      why"
		why=$(sed -n 's/.*\<SKIP\>:\{0,1\} *//p' "$log" | head -n 1)
		echo "ok $nr $name # SKIP ${why:-no reason given}" ;;
	*)	fail=$((fail + 1))
		tail -n 60 "$log" | sed 's/^/# /'
		[ "$rc" != 124 ] || echo "# timed out"
		echo "not ok $nr $name # status $rc, $log" ;;
	esac
}

# What there is to do, in order, and by name how; what is under way, by process id.
declare -a jobs=() taken=()
declare -A commands=() alone=() taps=() names=() starts=()

reap()
{
	local pid rc

	wait -n -p pid "${!names[@]}"
	rc=$?
	taken+=("${names[$pid]} $((SECONDS - starts[$pid]))")
	if [ -n "${taps[${names[$pid]}]:-}" ]; then
		tap_results "${names[$pid]}" $rc
	else
		report "${names[$pid]}" $rc $((SECONDS - starts[$pid]))
	fi
	unset "names[$pid]" "starts[$pid]"
}

# queue NAME COMMAND...: finish will run it, beside others, and report.
queue()
{
	local name=$1

	shift
	jobs+=("$name")
	commands[$name]=$(printf '%q ' "$@")
}

# queue_tap NAME COMMAND...: a command whose output is TAP, of which every result is an item.
queue_tap()
{
	taps[$1]=y
	queue "$@"
}

# item NAME COMMAND...: finish will run it when everything else is done.
item()
{
	alone[$1]=y
	queue "$@"
}

# in_order: the jobs, those that run alone last, of others the longest first. Nobody knows how long a new one
# takes: it could be the longest.
in_order()
{
	local name known=$costs

	[ -r "$known" ] || known=/dev/null
	for name in "${jobs[@]}"; do
		echo "$name ${alone[$name]:-n}"
	done | awk -v known="$known" 'FILENAME == known { cost[$1] = $2; next }
		{ print $2, $1 in cost ? cost[$1] : 1e6, FNR, $1 }' "$known" - |
		sort -k1,1 -k2,2nr -k3,3n | cut -d' ' -f4
}

# finish: run what was queued, one more than there are CPUs at a time: some only wait now and then.
finish()
{
	local name most

	for name in $(in_order); do
		most=$((cpus + 1))
		[ -z "${alone[$name]:-}" ] || most=1
		while [ ${#names[@]} -ge "$most" ]; do
			reap
		done
		printf '# %s ...\n' "$name" >&2
		eval "timed $name ${commands[$name]}" &
		names[$!]=$name starts[$!]=$SECONDS
	done
	while [ ${#names[@]} -gt 0 ]; do
		reap
	done
	jobs=()
}

# note_costs: for the next time. A cache that cannot be written knows nothing.
note_costs()
{
	[ ${#taken[@]} -gt 0 ] && mkdir -p "${costs%/*}" 2> /dev/null || return 0
	{ cat "$costs"; printf '%s\n' "${taken[@]}"; } 2> /dev/null |
		awk '{ cost[$1] = $2 } END { for (name in cost) print name, cost[name] }' \
		> "$costs.$$" 2> /dev/null && mv "$costs.$$" "$costs" || rm -f "$costs.$$"
}

# tap_results NAME STATUS: report each result; the command itself is one more when it failed
# without a failed result.
tap_results()
{
	local name=$1 rc=$2 log=$logs/${1//\//_}.log line bad=$fail

	while IFS= read -r line; do
		case $line in
		"ok "*|"not ok "*)
			nr=$((nr + 1))
			case $line in
			*"# SKIP"*)	skip=$((skip + 1)) ;;
			ok*)		pass=$((pass + 1)) ;;
			*)		fail=$((fail + 1)) ;;
			esac
			sed -E "s/ok [0-9]+/ok $nr/" <<< "$line" ;;
		"# "*)	echo "$line" ;;
		esac
	done < "$log"
	[ "$rc" = 0 ] || [ "$fail" -gt "$bad" ] || report "$name" "$rc" 0
}

# What the parts that were asked for need, at once: it is the longest item.
check_build()
{
	local part goals=()

	for part; do
		case $part in
		unit)	goals+=(unit-tests) ;;
		e2e)	goals+=(all e2e-tests) ;;
		fuzz)	goals+=(fuzzers) ;;
		nested)	goals+=(all e2e-tests nested-host) ;;
		esac
	done
	[ ${#goals[@]} = 0 ] ||
		item build make -s -k -j"$(nproc)" OUTPUT="$OUTPUT" KSRC="$KSRC" "${goals[@]}"
	finish
}

# An ASan report has to fail the test, also from a forked child.
run_unit()
{
	ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
		timeout 120 "$1"
}

check_unit()
{
	local t name

	for t in $(find tests/unit -name '*_test.c' | sort); do
		name=${t#tests/}
		name=${name%.c}
		queue "$name" run_unit "$OUTPUT/obj/san/tests/$name"
	done
}

check_lint()
{
	local what

	for what in $(tests/lint.sh list); do
		queue "lint/$what" tests/lint.sh "$what"
	done
}

# Which kernel tests boot; nothing when the tool finds out by itself.
test_kernel()
{
	echo "${KTSTR_TEST_KERNEL:-$("$OUTPUT/ktstr" kernel path)}"
}

# A C program's test that a comment calls "Long: NAME" is run by tests/long/work_types.sh.
# Crashes are not run a second time, which trace_test.sh asks for. A test that says so in a comment,
# "Own: /dev/shm", finds there only what is its own: in a mount
# namespace or, where that is refused, because nothing else runs.
check_e2e()
{
	local t name how what kernel own long

	# Programs in obj/ have to be told where the suite's programs are, and which kernel to boot.
	kernel=$(test_kernel)
	own=(unshare --mount sh -c 'mount -t tmpfs tmpfs /dev/shm && exec "$@"' sh)
	for t in $(find tests/e2e -name '*_test.c' -o -name '*_test.sh' | sort); do
		name=${t#tests/}
		name=${name%.*}
		case $t in
		*.c)	mapfile -t long < <(sed -n 's/^ \* Long: /-T\n/p' "$t")
			what=(env PATH="$OUTPUT:$PATH" KTSTR_LIBDIR="$OUTPUT" KTSTR_AUTO_REPRO=off
			      KTSTR_RUNS_ROOT="$logs/runs"
			      ${kernel:+KTSTR_TEST_KERNEL="$kernel"}
			      timeout 600 "$OUTPUT/obj/tests/$name" "${long[@]}") ;;
		*.sh)	what=(env KTSTR_AUTO_REPRO=off timeout 600 bash "$t") ;;
		esac
		how=queue
		if grep -qE '^(#|/\*| \*) Own: /dev/shm' "$t"; then
			if "${own[@]}" true 2> /dev/null; then
				what=("${own[@]}" "${what[@]}")
			else
				how=item
			fi
		fi
		$how "$name" "${what[@]}"
	done
}

# The bundled VMM with real KVM, on an emulated host. It has one CPU and takes long.
check_nested()
{
	local kernel

	kernel=$(test_kernel)
	mkdir -p "$logs/nested"
	queue_tap nested nested_twice -t 300 -o "$logs/nested" ${kernel:+-k "$kernel"} -- \
		env RUNS_ROOT="$logs/nested" tests/nested/check.sh short
}

# A host that died (125) or did not get ready in time (124, on a busy machine) says nothing about
# us and is tried again; twice is a skip. A wrong result is a failure.
nested_twice()
{
	local rc try tap=$logs/nested/tap

	for try in first second; do
		tests/nested/run.sh "$@" > "$tap"
		rc=$?
		case $rc in
		124|125)	sed "s/^/# $try attempt: /" "$tap" ;;
		*)		cat "$tap"
				return $rc ;;
		esac
	done
	echo "ok 1 nested # SKIP the emulated KVM host died or was too slow, twice ($rc)"
}

# It uses all CPUs and lasts as long however fast it is.
check_fuzz()
{
	alone[fuzz]=y
	queue_tap fuzz tests/fuzz/run.sh "$OUTPUT" "${FUZZ_SECONDS:-${KTSTR_CI:+10}}"
}

echo "KTAP version 1"
for part; do
	case $part in
	nested|e2e|lint|unit|fuzz) ;;
	*)		echo "no such part: $part" >&2; exit 1 ;;
	esac
done
check_build "$@"
for part; do
	"check_$part"
done
finish
note_costs
echo "1..$nr"
echo "$pass passed, $fail failed, $skip skipped"
[ $fail = 0 ]
