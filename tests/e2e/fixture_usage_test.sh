#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The fixture scheduler's options, as far as they need no kernel: help on stdout with status 0,
# wrong usage on stderr with status 2 and the reason. A misspelt fault must not become a
# passing test.
set -u
cd "$(dirname "$0")/../.." || exit 1
scx=${OUTPUT:-$PWD/build}/scx_ktstr
nr=0
failed=0

# usage NAME STATUS STREAM TEXT ARGUMENT...: TEXT and the usage are said on STREAM (1 or 2).
usage()
{
	local name=$1 want=$2 stream=$3 text=$4 out status

	shift 4
	if [ "$stream" = 1 ]; then
		out=$("$scx" "$@" 2>/dev/null)
	else
		out=$("$scx" "$@" 2>&1 >/dev/null)
	fi
	status=$?
	nr=$((nr + 1))
	if [ $status = "$want" ] && [[ $out == *"$text"* && $out == *"Usage: scx_ktstr"* ]]; then
		echo "ok $nr $name"
	else
		echo "# status $status, said: $out" | head -n 20
		echo "not ok $nr $name"
		failed=$((failed + 1))
	fi
}

echo "TAP version 13"
usage "--help"				0 1 "--stall-after S" --help
usage "an unknown flag"			2 2 "--bogus" --bogus
usage "a stray argument"		2 2 "unexpected argument bogus" bogus
usage "a bad number"			2 2 "--stall-after 1x: need a number" --stall-after 1x
usage "a timeout above the kernel's"	2 2 "--timeout-ms 30001: need a number from 1 to 30000" \
	--timeout-ms 30001
usage "a status without a time"		2 2 "--exit-status needs --exit-after-ms" --exit-status 1
echo "1..$nr"
[ $failed = 0 ]
