#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr export and ktstr funify, what can be checked on any host: tests that are refused, files of a
# test and their options, what a machine lacks, damage; and made-up names. Nothing is booted;
# tests/long/export.sh runs exported tests.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
export KTSTR_RUNS_ROOT=$tmp/runs TMPDIR=$tmp
ktstr=$out/ktstr
run=$tmp/x.run

# says STATUS WORDS COMMAND...: its status, and WORDS are in what it prints, which is in $tmp/log.
says()
{
	local status=$1 words=$2

	shift 2
	timeout 120 "$@" > "$tmp/log" 2>&1 < /dev/null
	[ $? = "$status" ] && grep -qF -- "$words" "$tmp/log"
}
lines() { [ "$(wc -l < "$tmp/log")" = "$1" ]; }

echo "TAP version 13"
says 1 "test schedulers_are_exchanged_under_load: staged_schedulers: are exchanged" \
	"$ktstr" export -t schedulers_are_exchanged_under_load -o "$run" && lines 1 &&
	says 1 "expect_kind: is about a guest that breaks" "$ktstr" export -t guest_panics -o "$run" && lines 1 &&
	says 1 "test throughput_gate: expect_err:" "$ktstr" export -t throughput_gate -o "$run" && lines 1 &&
	[ ! -e "$run" ]
result $? "a test that makes no sense without a guest is refused in one line" "$tmp/log"
says 129 "no test is named 'equal_cgroups_scx_simpel', did you mean 'equal_cgroups_scx_simple'" \
	"$ktstr" export -t equal_cgroups_scx_simpel && says 129 "-t TEST is missing" "$ktstr" export &&
	says 1 "--output $tmp/no/x.run: No such file" "$ktstr" export -t equal_cgroups_scx_simple -o "$tmp/no/x.run"
result $? "so is what cannot be meant" "$tmp/log"

says 0 "of ktstr/equal_cgroups_scx_simple" "$ktstr" export -t equal_cgroups_scx_simple -o "$run" &&
	says 0 "" "$ktstr" export -t ktstr/equal_cgroups_scx_simple -o "$tmp/y.run" &&
	cmp "$run" "$tmp/y.run" > "$tmp/log" 2>&1
result $? "two exports are the same bytes" "$tmp/log"
( cd "$tmp" && says 0 "payloads_move_with_all_tasks.run" "$ktstr" export -t payloads_move_with_all_tasks &&
	says 0 ./include-files/printf ./payloads_move_with_all_tasks.run --list )
result $? "payloads come along" "$tmp/log"
says 0 "usage: x.run" "$run" --help && says 0 "topology: 1n1l2c1t, 2 CPUs" "$run" --info &&
	says 0 "sched_ext: the test declares scx_simple, which is not loaded" "$run" --info
result $? "it tells what it is" "$tmp/log"
says 0 "" "$run" --extract "$tmp/files" && [ -x "$tmp/files/init" ] &&
	says 1 "must be a folder that is not there yet" "$run" --extract "$tmp/files"
result $? "its files can be unpacked" "$tmp/log"
says 129 "unknown option '--fast'" "$run" --fast && says 129 "--duration needs a value" "$run" --duration &&
	says 129 "--duration 1m: is no number of seconds" "$run" --duration 1m &&
	says 129 "must be below /sys/fs/cgroup" "$run" --cgroup /tmp/x
result $? "wrong usage is status 129" "$tmp/log"

size=$(stat -c %s "$run")
head -c $((size - 1)) "$run" > "$tmp/cut.run"
cp "$run" "$tmp/bit.run"
printf x | dd of="$tmp/bit.run" bs=1 seek=$((size - 1000)) conv=notrunc status=none
for f in cut bit; do
	for option in --list --check "--extract $tmp/damaged" --verbose; do
		# shellcheck disable=SC2086 # an option and its value
		says 1 "$f.run: its files are damaged: cksum says \"" sh "$tmp/$f.run" $option && lines 1 || break 2
	done
done && [ ! -e "$tmp/damaged" ]
result $? "damaged files are one line, whatever is asked for" "$tmp/log"
says 1 "start it as a file" sh -c "sh < '$run'"
result $? "a script from a pipe has no files" "$tmp/log"

if [ "$(id -u)" = 0 ]; then
	chmod 755 "$tmp"
	says 4 "# SKIP it has to be run by root" setpriv --reuid 65534 --clear-groups sh "$run" &&
		says 1 "not ok 1 ktstr/equal_cgroups_scx_simple" \
			env KTSTR_NO_SKIP_MODE=1 setpriv --reuid 65534 --clear-groups sh "$run"
	result $? "without root it is skipped, unless no skip is accepted" "$tmp/log"
else
	says 4 "# SKIP it has to be run by root" "$run"
	result $? "without root it is skipped" "$tmp/log"
fi
# Whether this machine can run it, nobody knows; a machine with 64 LLCs is none of ours.
cat > "$tmp/large.c" << 'C'
#include <ktstr.h>
KTSTR_TEST(large, .llcs = 64, .cores = 1, .duration_s = 1)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg")), HOLD_FULL));
}
C
if unshare -m true 2> /dev/null && [ "$(id -u)" = 0 ]; then
	gcc -std=gnu11 -O2 -D_GNU_SOURCE -Iharness/include -Iscenarios/include -pthread "$tmp/large.c" \
		"$out/obj/libcatalogue.a" "$out/obj/libktstr.a" \
		-Wl,--as-needed -llz4 -lz -lzstd -ljansson -lm -o "$tmp/large" > "$tmp/log" 2>&1 &&
		says 0 "" "$ktstr" export -t large -o "$tmp/large.run" "$tmp/large" &&
		says 4 "this machine lacks 64 CPUs (it has " "$tmp/large.run" --check && lines 1 &&
		says 4 "ok 1 ktstr/large # SKIP this machine lacks 64 CPUs" "$tmp/large.run"
	result $? "what a machine lacks is one line, and a skip" "$tmp/log"
else
	result 0 "what a machine lacks # SKIP no root, or no mount namespaces"
fi
find "$tmp" -maxdepth 1 -name 'ktstr-export*' > "$tmp/log"
[ ! -s "$tmp/log" ]
result $? "no temporary folder is left" "$tmp/log"

cat > "$tmp/in.json" << 'J'
{ "schema": "single", "comm": "cg_a:1", "tasks": ["cg_a:1[110]"], "pid": 110,
  "nr_running": 2, "share": 0.10, "kernel": "Linux version 7.3 of mine" }
J
fun() { "$ktstr" funify --seed s "$@" 2> "$tmp/log"; }
fun "$tmp/in.json" > "$tmp/1" && fun < "$tmp/in.json" > "$tmp/2" && fun - < "$tmp/in.json" > "$tmp/3" &&
	cmp "$tmp/1" "$tmp/2" && cmp "$tmp/1" "$tmp/3" && ! grep -qE 'cg_a|110|mine' "$tmp/1" &&
	python3 - "$tmp/1" > "$tmp/log" 2>&1 << 'P'
import json, sys
text = open(sys.argv[1]).read()
d = json.loads(text)
assert d["tasks"] == ["%s[%d]" % (d["comm"], d["pid"])], d
assert d["schema"] == "single" and d["nr_running"] == 2 and '"share": 0.10,' in text, d
P
result $? "funify: names become others, and what was the same is" "$tmp/log"
"$ktstr" funify --seed t "$tmp/in.json" > "$tmp/2" && ! cmp -s "$tmp/1" "$tmp/2" &&
	"$ktstr" funify "$tmp/in.json" > "$tmp/2" && "$ktstr" funify "$tmp/in.json" > "$tmp/3" && ! cmp -s "$tmp/2" "$tmp/3" &&
	fun --keep kernel --keep comm "$tmp/in.json" > "$tmp/2" && grep -q '"comm": "cg_a:1"' "$tmp/2" &&
	grep -q 'of mine' "$tmp/2" && ! grep -q 110 "$tmp/2"
result $? "funify: names are the seed's, and --keep keeps" "$tmp/2"
printf '{"a": [1,}' > "$tmp/bad.json"
says 1 "bad.json: line 1: no JSON value begins so (byte 9)" "$ktstr" funify "$tmp/bad.json" && lines 1 &&
	says 1 "none.json: No such file" "$ktstr" funify "$tmp/none.json" && lines 1 &&
	says 129 "takes one file" "$ktstr" funify a b
result $? "funify: what is no JSON is one line, with its place" "$tmp/log"
finish
