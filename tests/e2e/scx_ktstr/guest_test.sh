#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Does every promise of the fixture scheduler hold on this kernel? Runs inside a guest, as
# root, under any POSIX shell with the usual small tools (busybox is enough), and prints KTAP.
# Each test starts a scheduler of its own and leaves none behind.
#
# Usage: guest_test.sh [PATH-OF-scx_ktstr [NUMBER...]]	(without numbers: all tests)

SCX=${1:-scx_ktstr}
[ $# -eq 0 ] || shift
ONLY=" $* "
SYS=/sys/kernel/sched_ext
LOG=/tmp/scx_ktstr.log
TIMEOUT_MS=2000		# watchdog of the tests that stall
nr=0			# of the test
ran=0
failed=0
pid=
spinners=

say()
{
	echo "# $*"
}

# wait_for SECONDS COMMAND...: sysfs sends no event, so look twenty times a second.
wait_for()
{
	left=$(($1 * 20))
	shift
	while [ "$left" -gt 0 ]; do
		"$@" && return 0
		sleep 0.05
		left=$((left - 1))
	done
	return 1
}

is_state()
{
	[ "$(cat $SYS/state)" = "$1" ]
}

start()
{
	echo "ktstr-test-mark $nr" > /dev/kmsg
	$SCX "$@" > $LOG 2>&1 &
	pid=$!
}

enabled_or_gone()
{
	is_state enabled || ! kill -0 "$pid" 2>/dev/null
}

# Start and wait until it is the scheduler.
attach()
{
	start "$@"
	wait_for 20 enabled_or_gone
	is_state enabled || { say "not enabled"; return 1; }
}

# The exit status has to be $1.
ends_with()
{
	wait "$pid"
	status=$?
	pid=
	[ "$status" -eq "$1" ] || { say "exit status $status instead of $1"; return 1; }
	wait_for 20 is_state disabled || { say "still $(cat $SYS/state)"; return 1; }
}

logged()
{
	grep -q -- "$1" $LOG || { say "no '$1' in the output"; return 1; }
}

# In the kernel log since this test began.
kernel_logged()
{
	dmesg | sed "1,/ktstr-test-mark $nr\$/d" | grep -q -- "$1" ||
		{ say "no '$1' in the kernel log"; return 1; }
}

stop()
{
	kill "-${1:-TERM}" "$pid"
	ends_with 0
}

spin()
{
	i=0
	while [ "$i" -lt "$1" ]; do
		sh -c 'while :; do :; done' &
		spinners="$spinners $!"
		i=$((i + 1))
	done
}

# Nanoseconds that all the spinners have run, in total.
spin_time()
{
	for p in $spinners; do
		cat "/proc/$p/schedstat"
	done | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

quiet()
{
	for p in $spinners; do
		kill -9 "$p"
		wait "$p"
	done 2>/dev/null
	spinners=
	[ -z "$pid" ] || { kill -9 "$pid"; wait "$pid"; } 2>/dev/null
	pid=
	rm -f /tmp/ktstr_stall /tmp/ktstr_degrade
	wait_for 30 is_state disabled
}

# check NAME COMMAND...
check()
{
	nr=$((nr + 1))
	case $ONLY in
	"  " | *" $nr "*) ;;
	*) return ;;
	esac
	ran=$((ran + 1))
	name=$1
	shift
	if "$@"; then
		echo "ok $ran $name"
	else
		echo "not ok $ran $name"
		failed=$((failed + 1))
		[ ! -f $LOG ] || head -n 40 $LOG | sed 's/^/# | /'
	fi
	quiet
}

attaches_as_ktstr()
{
	attach || return 1
	[ "$(cat $SYS/root/ops)" = ktstr ] || { say "root/ops: $(cat $SYS/root/ops)"; return 1; }
	stop INT && logged 'EXIT: unregistered from user space'
}

leaves_on_sigterm()
{
	attach && stop TERM
}

lets_tasks_run()
{
	spin 6
	attach || return 1
	sleep 1
	before=$(spin_time)
	sleep 1
	after=$(spin_time)
	[ "$after" -gt "$before" ] || { say "spinners stood still"; return 1; }
	stop
}

survives_forks()
{
	attach || return 1
	i=0
	while [ "$i" -lt 300 ]; do
		/bin/true & /bin/true & /bin/true
		i=$((i + 1))
	done
	is_state enabled && stop
}

refuses_a_second_one()
{
	attach || return 1
	$SCX > $LOG.2 2>&1
	status=$?
	[ "$status" -eq 1 ] || { say "second one: exit status $status"; return 1; }
	is_state enabled && stop
}

stalled()
{
	logged "stall enabled $1" && ends_with 1 && kernel_logged 'runnable task stall' &&
		logged 'EXIT: runnable task stall' && logged 'failed to run for 2\.'
}

stalls_after_ms()
{
	spin 2
	attach --timeout-ms $TIMEOUT_MS --stall-after-ms 300 || return 1
	sleep 1
	stalled 'after 300ms'
}

stalls_after_s()
{
	attach --timeout-ms $TIMEOUT_MS --stall-after=1 || return 1
	sleep 2
	stalled 'after 1s'
}

# Nothing but the loader wakes up here: its own nudge has to make the stall visible.
stalls_when_idle()
{
	start --timeout-ms $TIMEOUT_MS --stall-after 0
	ends_with 1 && logged 'stall enabled after 0s' && kernel_logged 'runnable task stall'
}

stalls_by_file()
{
	attach --timeout-ms $TIMEOUT_MS || return 1
	touch /tmp/ktstr_stall
	sleep 1
	stalled 'via /tmp/ktstr_stall'
}

stalls_by_earlier_file()
{
	touch /tmp/ktstr_stall
	start --timeout-ms $TIMEOUT_MS
	ends_with 1 && logged 'stall enabled via /tmp/ktstr_stall'
}

stall_beats_scattershot()
{
	spin 6
	attach --timeout-ms $TIMEOUT_MS --scattershot --stall-after-ms 300 || return 1
	sleep 1
	stalled 'after 300ms'
}

crashes()
{
	attach --crash-after 300 || return 1
	ends_with 1 && logged 'crash enabled after 300ms' &&
		logged 'EXIT: scx_bpf_error (.*ktstr: host-triggered crash)' &&
		kernel_logged 'ktstr: host-triggered crash'
}

dumps_its_state()
{
	spin 6
	start --crash-after 300
	ends_with 1 && logged 'ktstr: stall=0 crash=1' && logged 'ktstr: cpu=' &&
		logged 'ktstr: ctx magic=deadbeefcafebabe counter=42'
}

# With this few CPUs a task in a random place now and then waits for another one, no more.
survives()
{
	spin 3
	i=0
	while [ "$i" -lt 2 ]; do	# two that may not move, on either CPU
		taskset -p $((1 << i)) $$ > /dev/null
		spin 1
		i=$((i + 1))
	done
	taskset -p ffffffff $$ > /dev/null
	attach --timeout-ms 5000 "$@" || return 1
	sleep 6
	is_state enabled || { say "gone after 6 s"; return 1; }
}

degrades()
{
	survives --degrade && logged 'scx-ktstr: degrade mode enabled' && stop
}

degrades_later()
{
	survives --degrade-after 1 && logged 'scx-ktstr: degrade enabled after 1s' && stop
}

degrades_by_file()
{
	attach || return 1
	touch /tmp/ktstr_degrade
	wait_for 5 logged 'scx-ktstr: degrade enabled via /tmp/ktstr_degrade' && stop
}

# All CPUs consume from the shared queue, and a random placement goes past it.
scatters()
{
	spin 4
	start --crash-after 1000
	ends_with 1 && logged 'ktstr: .*enqueued=[1-9].* dispatched=[1-9]' || return 1
	start --scattershot --crash-after 1000
	ends_with 1 && logged 'scx-ktstr: scattershot mode enabled' &&
		logged 'ktstr: .*enqueued=[1-9].* dispatched=0 '
}

survives_scattershot()
{
	survives --scattershot --slow && logged WARNING && stop
}

is_slow_but_alive()
{
	survives --slow && logged 'scx-ktstr: slow mode enabled' && stop
}

rejected()
{
	start "$@"
	ends_with 1 && logged 'BEGIN PROG LOAD LOG' && logged 'invalid mem access'
}

repeats_itself()
{
	rejected --verify-loop || return 1
	n=$(grep -c 'call bpf_ktime_get_ns' $LOG)
	[ "$n" -ge 8 ] || { say "ktime_get_ns $n times in the log"; return 1; }
}

leaves_by_itself()
{
	attach --exit-after-ms 500 --exit-status 7 && ends_with 7
}

leaves_with_0()
{
	attach --exit-after-ms 500 && ends_with 0
}

stays_unattached()
{
	start --no-attach --exit-after-ms 1500 --exit-status 3
	sleep 1
	is_state disabled || return 1
	kill -0 "$pid" || { say "not alive"; return 1; }
	ends_with 3
}

stays_unattached_until_told()
{
	start --no-attach
	sleep 1
	is_state disabled && stop INT
}

# usage_is STATUS ARGUMENT...
usage_is()
{
	want=$1
	shift
	start "$@"
	ends_with "$want" && logged 'Usage: scx_ktstr'
}

ignores_cell_parent()
{
	attach --cell-parent-cgroup /test.slice && stop
}

mount -t tracefs none /sys/kernel/tracing 2>/dev/null
if [ ! -f $SYS/state ]; then
	echo "1..0 # SKIP no sched_ext in $(uname -r)"
	exit 4
fi

echo "TAP version 13"
say "$(uname -r), $(nproc) CPUs"
check "attaches as ktstr and leaves on SIGINT"		attaches_as_ktstr
check "leaves on SIGTERM"				leaves_on_sigterm
check "lets tasks run"					lets_tasks_run
check "survives 900 forks"				survives_forks
check "a second scheduler is refused"			refuses_a_second_one
check "--stall-after-ms ends in a watchdog exit"	stalls_after_ms
check "--stall-after=S ends in a watchdog exit"		stalls_after_s
check "a stall shows on an idle machine"		stalls_when_idle
check "/tmp/ktstr_stall"				stalls_by_file
check "/tmp/ktstr_stall that is there already"		stalls_by_earlier_file
check "a stall holds against --scattershot"		stall_beats_scattershot
check "--crash-after ends in scx_bpf_error"		crashes
check "the debug dump shows CPUs and task contexts"	dumps_its_state
check "--degrade"					degrades
check "--degrade-after"					degrades_later
check "/tmp/ktstr_degrade"				degrades_by_file
check "--scattershot bypasses the queue"			scatters
check "--scattershot respects affinity"			survives_scattershot
check "--slow does not stall"				is_slow_but_alive
check "--fail-verify is rejected"			rejected --fail-verify
check "--verify-loop is rejected at length"		repeats_itself
check "--exit-after-ms with --exit-status"		leaves_by_itself
check "--exit-after-ms leaves with 0"			leaves_with_0
check "--no-attach with --exit-after-ms"		stays_unattached
check "--no-attach stays until told"			stays_unattached_until_told
check "--cell-parent-cgroup is ignored"			ignores_cell_parent
check "--help"						usage_is 0 --help
check "unknown flags are refused"			usage_is 2 --bogus
check "stray arguments are refused"			usage_is 2 bogus
check "a bad number is refused"				usage_is 2 --stall-after 1x
check "a timeout above the kernel's is refused"		usage_is 2 --timeout-ms 30001
echo "1..$ran"
say "Totals: pass:$((ran - failed)) fail:$failed xfail:0 xpass:0 skip:0 error:0"
[ "$failed" -eq 0 ]
