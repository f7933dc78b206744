#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The "repeat: " line of a report: each variable and option that can change a run is in it, paths are
# absolute, and typed in another folder it leads to the same report, byte for byte. A damaged kernel
# image makes most of the runs here fail at once; four machines are booted.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
kernel=$("$out/ktstr" kernel path 2> /dev/null) ||
	{ echo "1..0 # SKIP no kernel: run ./run_tests.sh"; exit 4; }
unset KTSTR_TEST_KERNEL
export KTSTR_RUNS_ROOT=$tmp/runs

mkdir -p "$tmp/lib" "$tmp/alone" "$tmp/locks" "$tmp/tree/arch/x86/boot" && touch "$tmp/lib/hostcall.so" &&
	cp "$out/scx_simple" "$tmp/scx_mine" && cp "$out/equal_cgroups" "$tmp/alone" &&
	head -c 100000 /dev/urandom > "$tmp/garbage" &&
	head -c 4000000 "$kernel" > "$tmp/tree/arch/x86/boot/bzImage" && cd "$tmp" || exit 1

# line COMMAND...: its repeat line
line()
{
	timeout 300 "$@" > "$tmp/tap" 2>&1
	sed -n 's/^# repeat: //p' "$tmp/tap" | head -n 1
}

# --- variables: another value for each that `ktstr env` knows
declare -A values=(
	[KTSTR_ACCEL]=tcg [KTSTR_SEED]=77 [KTSTR_TCG_THREADS]=multi [KTSTR_ICOUNT_SHIFT]=3
	[KTSTR_SCHEDULER]=./scx_mine [KTSTR_SCHEDULER_BIN_SCX_SIMPLE]=./scx_mine
	[KTSTR_DEFAULT_SCHEDULER]=./scx_mine [KTSTR_TOPOLOGY]=1n1l3c1t [KTSTR_DURATION_S]=7 [KTSTR_SNAPSHOTS]=3
	[KTSTR_STALL_POLL_MS]=123 [KTSTR_COLD]=1 [KTSTR_MONITOR]=off [KTSTR_SCX_STATS]=off [KTSTR_DUMP]=off [KTSTR_VMCORE]=1 [KTSTR_WORK_TYPE]=PipeIo [KTSTR_NESTED]=''
	[KTSTR_HOST_CGROUP_PARENT]=/sys/fs/cgroup/x [KTSTR_CGROUP_WALK_ROOT]=/sys/fs/cgroup
	[KTSTR_NO_SKIP_MODE]='' [KTSTR_LOG_PASSES]=1
	[KTSTR_KARGS]=ignore_loglevel [KTSTR_NO_PERF_MODE]='' [KTSTR_CPU_CAP]=1
	[KTSTR_BYPASS_LLC_LOCKS]=1 [KTSTR_LOCK_DIR]=$tmp/locks
	[KTSTR_QEMU]=../qemu [KTSTR_LIBDIR]=lib [KTSTR_CACHE_DIR]=$tmp/cache
	[KTSTR_TEST_KERNEL]=$tmp/garbage [KTSTR_KERNEL]=9.9
)
# those that say where things go, are recorded, or are not for users; those of arguments come below
declare -A apart=(
	[KTSTR_RUNS_ROOT]='' [KTSTR_RUN_ID]='' [KTSTR_SIDECAR_DIR]='' [KTSTR_PROJECT_COMMIT]='' [KTSTR_KERNEL_COMMIT]=''
	[KTSTR_BUDGET_SECS]='' [KTSTR_REMOTE_CACHE]='' [KTSTR_ATTEMPT]='' [KTSTR_CI]='' [KTSTR_MONITOR_CSV]='' [KTSTR_TRACE]='' [KTSTR_LEDGER]='' [KTSTR_COVERAGE]='' [KTSTR_AUTO_REPRO]='' [KTSTR_PROBE_ENGINE]=''
	[KTSTR_REPLAY]='' [KTSTR_PAGER]='' [KTSTR_GUEST_INIT]=''
	[KTSTR_TEST_KERNEL_SOURCE]='' [KTSTR_VERBOSE]='' [KTSTR_SHELL_FILES]='' [KTSTR_CONSOLE]='' [KTSTR_TERMINAL]=''
	[KTSTR_PERF_ONLY]=''
	[KTSTR_SCHEDULER_ARGS]='' [KTSTR_DEFAULT_SCHEDULER_ARGS]=''
)

# wanted NAME VALUE: as it has to stand in the line
wanted()
{
	case $2 in
	./*)		echo "$1=$tmp/${2#./}" ;;
	../*|lib)	echo "$1=$tmp/$2" ;;
	'')		echo "$1=''" ;;
	*)		echo "$1=$2" ;;
	esac
}

for v in $("$out/ktstr" env | sed -n 's/^\(KTSTR_[A-Z_]*\)[* ].*/\1/p'); do
	[ "$v" != KTSTR_SCHEDULER_BIN_ ] || v=${v}SCX_SIMPLE
	[ -z "${apart[$v]+there}" ] || continue
	if [ -z "${values[$v]+there}" ]; then
		result 1 "$v: can it change a run? Then it belongs into harness/plan/repeat.c"
		continue
	fi
	image=(KTSTR_TEST_KERNEL="$tmp/garbage")
	[ "$v" != KTSTR_KERNEL ] || image=()
	got=$(line env "${image[@]}" "$v=${values[$v]}" "$out/equal_cgroups" \
		-t equal_cgroups_scx_simple)
	grep -qF -- " $(wanted "$v" "${values[$v]}") " <<< " $got "
	result $? "$v" "$tmp/tap"
done
got=$(line env KTSTR_TEST_KERNEL="$tmp/garbage" KTSTR_SCHEDULER=./scx_mine \
	KTSTR_SCHEDULER_ARGS=$'-v\nit\'s' "$out/equal_cgroups" -t equal_cgroups_scx_simple)
grep -qF " KTSTR_SCHEDULER_ARGS=\$'-v\\nit\\'s' " <<< "$got"
result $? "KTSTR_SCHEDULER_ARGS" "$tmp/tap"
got=$(line env KTSTR_TEST_KERNEL="$tmp/garbage" KTSTR_DEFAULT_SCHEDULER=scx_simple \
	KTSTR_DEFAULT_SCHEDULER_ARGS=-v "$out/equal_cgroups" -t equal_cgroups_eevdf)
grep -qF "KTSTR_DEFAULT_SCHEDULER=scx_simple KTSTR_DEFAULT_SCHEDULER_ARGS=-v " <<< "$got"
result $? "KTSTR_DEFAULT_SCHEDULER_ARGS" "$tmp/tap"

# --- options of the tool: each that is about the run changes the line
tool()
{
	line env KTSTR_KERNEL="$tmp/tree" "$out/ktstr" run --accel tcg -t equal_cgroups_scx_simple "$@"
}
base=$(tool)
[ -n "$base" ]
result $? "a run that fails at once has a repeat line" "$tmp/tap"
# differs WORDS OPTION...: the line has WORDS, and what it says besides is that of the base
differs()
{
	local words=$1 got

	shift
	got=$(tool "$@")
	[ "$got" != "$base" ] && grep -qF -- "$words" <<< "$got"
	result $? "ktstr run $*" "$tmp/tap"
}
differs "KTSTR_SCHEDULER=$tmp/scx_mine" --scheduler ./scx_mine
differs "KTSTR_SCHEDULER_ARGS=$'-v\\n'" --scheduler ./scx_mine -- -v
differs KTSTR_TOPOLOGY=1n1l3c1t --topology 1n1l3c1t
differs KTSTR_WORK_TYPE=PipeIo --work-type PipeIo
differs KTSTR_DURATION_S=7 --duration 7
differs KTSTR_SEED=77 --seed 77
differs KTSTR_ICOUNT_SHIFT=3 --shift 3
differs KTSTR_COLD=1 --cold
differs KTSTR_MONITOR=off --no-monitor
differs KTSTR_DUMP=always --dump
differs KTSTR_VMCORE=1 --vmcore
differs "KTSTR_KARGS=ignore_loglevel" --karg ignore_loglevel
differs KTSTR_NO_SKIP_MODE=1 --no-skip-mode
differs KTSTR_NO_PERF_MODE=1 --no-perf-mode
differs KTSTR_CPU_CAP=1 --cpu-cap 1
differs KTSTR_BYPASS_LLC_LOCKS=1 --bypass-llc-locks
differs KTSTR_TCG_THREADS=multi --tcg-threads multi

# --- typed in another folder, with another environment
# report FILE: without what is a run's own, its folder
report()
{
	sed -n '/^# ktstr_test/,/^# repeat: /p' "$1" | sed -e '/^# report: /d' -e '/^# all of it: /d' -e 's, *$,,'
}
# repeats WHAT COMMAND...
repeats()
{
	local what=$1 got

	shift
	got=$(line "$@")
	report "$tmp/tap" > "$tmp/a"
	(cd / && timeout 300 env -i HOME="$HOME" PATH=/usr/bin:/bin KTSTR_RUNS_ROOT="$tmp/runs" \
		bash -c "$got") > "$tmp/tap" 2>&1
	report "$tmp/tap" > "$tmp/b"
	[ -s "$tmp/a" ] && diff "$tmp/a" "$tmp/b" > "$tmp/diff" 2>&1
	result $? "repeats exactly: $what" "$tmp/diff"
}
export KTSTR_ACCEL=tcg
repeats "a damaged image" env KTSTR_TEST_KERNEL=./garbage "$out/equal_cgroups" \
	-t equal_cgroups_eevdf
repeats "a kernel that does not exist" env KTSTR_KERNEL=./nowhere "$out/equal_cgroups" \
	-t equal_cgroups_eevdf
repeats "a scheduler that only PATH leads to" env PATH="$out:$PATH" KTSTR_LIBDIR="$out" \
	KTSTR_TEST_KERNEL=./garbage alone/equal_cgroups -t equal_cgroups_scx_ktstr
[ "$(grep -c "KTSTR_SCHEDULER_BIN_SCX_KTSTR=$out/scx_ktstr " "$tmp/a")" = 1 ]
result $? "which is named by its path" "$tmp/a"
repeats "a scheduler that refuses its arguments" env KTSTR_SCHEDULER=./scx_mine \
	KTSTR_SCHEDULER_ARGS=--nonsense "$out/equal_cgroups" -t equal_cgroups_scx_simple
repeats "a scheduler that fails, by the tool" "$out/ktstr" run --scheduler scx_ktstr \
	--duration 2 --topology 1n1l3c1t -t equal_cgroups_eevdf -- --crash-after 200

finish
