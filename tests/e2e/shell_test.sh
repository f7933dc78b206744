#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr shell --exec: output, input, exit status and scheduler of one command in one guest, and what
# goes wrong before a guest. One machine is booted.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
. tests/lib.sh
forget_settings
"$out/ktstr" kernel path > /dev/null 2>&1 || { echo "1..0 # SKIP no kernel: run ./run_tests.sh"; exit 4; }
export KTSTR_RUNS_ROOT=$tmp/runs TMPDIR=$tmp

echo "TAP version 13"
printf 'first\nlast, without an end' > "$tmp/input"
# shellcheck disable=SC2016 # for the guest's shell
timeout 300 "$out/ktstr" shell --accel tcg --topology 1n1l2c1t --karg quiet -i nproc -i cat \
	--stdin "$tmp/input" --scheduler "$out/scx_simple" --exec '
		echo "$(nproc) CPUs, $(cat /sys/kernel/sched_ext/state)"
		cat
		cat /proc/cmdline > /tmp/cmdline && case $(cat /tmp/cmdline) in *quiet*) echo; echo karg; esac
		echo wrong >&2
		exit 3' -- -f > "$tmp/got" 2> "$tmp/err"
[ $? = 3 ]
result $? "the exit status is the command's" "$tmp/err"
cat > "$tmp/wanted" << 'W'
2 CPUs, enabled
first
last, without an end
karg
wrong
W
diff "$tmp/wanted" "$tmp/got" > "$tmp/diff"
result $? "input, output, topology, scheduler and kernel parameters arrive" "$tmp/diff"
[ ! -s "$tmp/err" ]
result $? "and nothing else is printed" "$tmp/err"
[ -z "$(find "$tmp" -maxdepth 1 -name 'ktstr-shell-*')" ]
result $? "no temporary folder is left" "$tmp/err"

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
fails 129 "there is no interactive shell, give a command: --exec COMMAND"
fails 129 "arguments of --scheduler, which is missing" --exec true -- -f
fails 125 "/nowhere: there is no such file or folder" --exec true --kernel /nowhere
fails 125 "KTSTR_DEFAULT_SCHEDULER=/nowhere" --exec true --scheduler /nowhere
fails 125 "no-such-program" --exec true --accel tcg -i no-such-program
fails 125 "--stdin /nowhere: No such file or directory" --exec true --stdin /nowhere
finish
