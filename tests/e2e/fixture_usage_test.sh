#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The fixture scheduler's options, as far as they need no kernel: help on stdout with status 0,
# wrong usage on stderr with status 2 and the reason, a wrong file with one line. A misspelt fault
# must not become a passing test.
set -u
cd "$(dirname "$0")/../.." || exit 1
scx=${OUTPUT:-$PWD/build}/scx_ktstr
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
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

# refused NAME TEXT: the file is refused with TEXT, in one line.
refused()
{
	local out status

	out=$("$scx" --config "$tmp/config" 2>&1)
	status=$?
	nr=$((nr + 1))
	if [ $status = 2 ] && [ "$out" = "scx-ktstr: $2" ]; then
		echo "ok $nr $1"
	else
		echo "# status $status, said: $out" | head -n 20
		echo "not ok $nr $1"
		failed=$((failed + 1))
	fi
}

# config NAME TEXT CONTENT: so is one with CONTENT (printf), and the line begins with its name.
config()
{
	# shellcheck disable=SC2059	# the format is the content
	printf -- "$3" > "$tmp/config"
	refused "$1" "$tmp/config$2"
}

echo "TAP version 13"
usage "--help"				0 1 "--stall-after S" --help
usage "an unknown flag"			2 2 "--bogus" --bogus
usage "a stray argument"		2 2 "unexpected argument bogus" bogus
usage "a bad number"			2 2 "--stall-after 1x: need a number" --stall-after 1x
usage "a timeout above the kernel's"	2 2 "--timeout-ms 30001: need a number from 1 to 30000" \
	--timeout-ms 30001
usage "statistics in another way"	2 2 "--stats sing: must be serve, none, hang" --stats sing
usage "a status without a time"		2 2 "--exit-status needs --exit-after-ms" --exit-status 1
true > "$tmp/empty"
usage "a file has its options where --config stands" 2 2 "--exit-status needs --exit-after-ms" \
	--config "$tmp/empty" --exit-status 1
config "an unknown option in a file"	":3: there is no option slowly; a line is an option without its dashes" \
	'# two lines that are fine\n\n\tslowly\n'
config "an option with its dashes"	":1: there is no option --slow; a line is an option without its dashes" \
	'--slow\n'
config "a bad number in a file"		":2: timeout-ms 5s: need a number from 1 to 30000" \
	'slow\r\ntimeout-ms 5s\n'
config "an option that lacks its value"	":1: timeout-ms needs a value" 'timeout-ms'
config "a value that nobody reads"	":1: slow takes no value, not down" 'slow  down \n'
config "a file that names another"	":1: config is an argument only" 'config x\n'
config "a file that is no text"		":2: there is a NUL byte, so that this is no text" 'slow\n\0\n'
rm "$tmp/config"
refused "a file that is not there"	"--config $tmp/config: No such file or directory"
echo "1..$nr"
[ $failed = 0 ]
