# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests of ktstr replay share. They set out and tmp, and source lib.sh.


# crash: a run whose scheduler is ejected; its folder is in $run.
# shellcheck disable=SC2154 # the tests set out and tmp
crash()
{
	KTSTR_AUTO_REPRO=off "$out/ktstr" run --seed 1 --runs "$tmp/r" -t equal_cgroups_scx_ktstr \
		--duration 1 --scheduler scx_ktstr -- --eject-with bad-dsq > "$tmp/tap" 2>&1
	grep -q 'non-existent DSQ 0xbad' "$tmp/tap"
	result $? "a scheduler is ejected" "$tmp/tap"
	run=$(echo "$tmp"/r/*/ktstr.equal_cgroups_scx_ktstr)
}

# field NAME N: of what the Nth replay found.
field()
{
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' \
		"$run/replay.$2/ktstr.equal_cgroups_scx_ktstr/replay.json" "$1" 2> /dev/null
}

# stop_for_gdb N: the Nth replay waits for gdb at the scheduler's exit, and gdb sees that it is there.
# shellcheck disable=SC2154
stop_for_gdb()
{
	local at='' pid

	timeout "${REPLAY_LIMIT_S:-300}" "$out/ktstr" replay "$run" --until exit --dump --gdb > "$tmp/out" 2> "$tmp/err" &
	pid=$!
	# the file comes when gdb may
	while kill -0 $pid 2> /dev/null && [ -z "$(field rip "$1")" ]; do
		sleep 0.2
	done
	at=$(python3 tests/e2e/gdbstub.py "$(field gdb_socket "$1")" $(($(field vcpu "$1") + 1)) 2>> "$tmp/err")
	wait $pid
	[ -n "$at" ] && [ "$at" = "$(field rip "$1")" ] && [ "$(field console "$1")" = same ]
	result $? "replay $1: gdb finds the machine where it stopped, in the same run" "$tmp/err"
}
