#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr shell without a terminal: output, input, exit status and scheduler of one command in one
# guest, a script, and what goes wrong before a guest. Two machines are booted.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
"$out/ktstr" kernel path > /dev/null 2>&1 || { echo "1..0 # SKIP no kernel: run ./run_tests.sh"; exit 4; }
export KTSTR_RUNS_ROOT=$tmp/runs TMPDIR=$tmp

echo "TAP version 13"
printf 'first\nlast, without an end' > "$tmp/input"
# shellcheck disable=SC2016 # for the guest's shell
timeout 300 "$out/ktstr" shell --accel tcg --topology 1n1l2c1t --karg quiet -i nproc -i cat -i "$out/ktstr" \
	--stdin "$tmp/input" --scheduler "$out/scx_simple" --exec '
		echo "$(nproc) CPUs, $(cat /sys/kernel/sched_ext/state)"
		cat
		cat /proc/cmdline > /tmp/cmdline && case $(cat /tmp/cmdline) in *quiet*) echo; echo karg; esac
		ktstr ctprof capture -o /tmp/profile 2> /dev/null
		case $(ktstr ctprof show /tmp/profile --csv --metrics ext_enabled --limit 0) in
		*pcomm,ktstr,ktstr,primary,ext_enabled,,,1,,1,*) echo a profile ;;
		esac
		echo wrong >&2
		exit 3' -- -f > "$tmp/got" 2> "$tmp/err"
[ $? = 3 ]
result $? "the exit status is the command's" "$tmp/err"
cat > "$tmp/wanted" << 'W'
2 CPUs, enabled
first
last, without an end
karg
a profile
wrong
W
diff "$tmp/wanted" "$tmp/got" > "$tmp/diff"
result $? "input, output, topology, scheduler and kernel parameters arrive" "$tmp/diff"
[ ! -s "$tmp/err" ]
result $? "and nothing else is printed" "$tmp/err"
[ -z "$(find "$tmp" -maxdepth 1 -name 'ktstr-shell-*')" ]
result $? "no temporary folder is left" "$tmp/err"

# shellcheck disable=SC2016 # for the guest's shell
printf 'x=6\necho $((x * 7))\nexit 5\n' | KTSTR_RUNS_ROOT=$tmp/script \
	timeout 300 "$out/ktstr" shell --accel tcg --console > "$tmp/got" 2> "$tmp/err"
[ $? = 5 ] && [ "$(cat "$tmp/got")" = 42 ]
result $? "standard input that is no terminal is a script" "$tmp/got"
tr -d '\r' < "$(echo "$tmp"/script/*/ktstr.shell/console.log)" | sed 's/^/shell: /' > "$tmp/wanted"
[ -s "$tmp/wanted" ] && diff "$tmp/wanted" "$tmp/err" > "$tmp/diff"
result $? "--console shows the whole console" "$tmp/diff"

KTSTR_COLD=1 timeout -s INT --preserve-status 2 "$out/ktstr" shell --accel tcg \
	--exec 'while :; do :; done' > "$tmp/got" 2>&1
[ $? = 130 ] && [ -z "$(find "$tmp" -maxdepth 1 -name 'ktstr-shell-*')" ] &&
	! pgrep -f -- "qemu.*$tmp/" > /dev/null
result $? "^C while it boots: status 130, and nothing is left" "$tmp/got"

# fails STATUS WORDS OPTION...
fails()
{
	local status=$1 words=$2

	shift 2
	timeout 60 "$out/ktstr" shell "$@" > "$tmp/got" 2> "$tmp/err"
	[ $? = "$status" ] && grep -qF -- "$words" "$tmp/err"
	result $? "status $status: $words" "$tmp/err"
}
# fails_on_tty WORDS OPTION...: the same on a terminal, where the status is 129
fails_on_tty()
{
	local words=$1

	shift
	script -qec "'$out/ktstr' shell $*" /dev/null > "$tmp/got" < /dev/null
	[ $? = 129 ] && grep -qF -- "$words" "$tmp/got"
	result $? "on a terminal: $words" "$tmp/got"
}
fails_on_tty "--seed: a deterministic guest hears nobody" --seed 1
fails_on_tty "--stdin is the input of a command, which is missing" --stdin /dev/null
fails 129 "--exec: the command is empty" --exec ''
fails 129 "arguments of --scheduler, which is missing" --exec true -- -f
fails 125 "/nowhere: there is no such file or folder" --exec true --kernel /nowhere
fails 129 "--scheduler /nowhere: there is no such scheduler" --exec true --scheduler /nowhere
KTSTR_DEFAULT_SCHEDULER=/nowhere \
	fails 125 "KTSTR_DEFAULT_SCHEDULER=/nowhere: there is no such scheduler" --exec true
fails 125 "no-such-program" --exec true --accel tcg -i no-such-program
fails 125 "--stdin /nowhere: No such file or directory" --exec true --stdin /nowhere
finish
