#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# `ktstr perf-delta` and `ktstr affected` in a made-up repository, whose one test reports figures from
# a file (fake/fake_perf.c). No virtual machine: what is measured here is the judgement.
set -u
cd "$(dirname "$0")/../.." || exit 1
src=$PWD
selftests=${KSRC:-}/tools/testing/selftests
[ -e "$selftests/kselftest_harness.h" ] || { echo "1..0 # SKIP no kernel tree, set KSRC"; exit 4; }
command -v git > /dev/null || { echo "1..0 # SKIP no git"; exit 4; }
. tests/begin.sh
forget_settings
export KTSTR_RUNS_ROOT=$tmp/runs KTSTR_CACHE_DIR=$tmp/cache KTSTR_ACCEL=tcg
export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=e
${CC:-gcc} -O1 -D_GNU_SOURCE -isystem "$selftests" -isystem "$KSRC/tools/include" \
	tests/e2e/fake/fake_perf.c -o "$tmp/fake_perf" || exit 1

mkdir "$tmp/repo" && cd "$tmp/repo" && git init -q && cat > Makefile <<EOF || exit 1
all:
	mkdir -p build
	cp $tmp/fake_perf speed build/
	test ! -e asserts || cp asserts build/
	test ! -e skips || cp skips build/
EOF
echo build > .gitignore
echo "20 0 100 aaaa" > speed && git add . && git commit -qm base && git branch base

# delta STATUS ARGS...: of a work tree whose file is $speed
delta()
{
	local want=$1

	shift
	echo "$speed" > speed
	timeout 300 "$out/ktstr" perf-delta base "$@" build/fake_perf -- make -s > "$tmp/out" 2> "$tmp/log"
	rc=$?
	cat "$tmp/out" >> "$tmp/log"
	echo "# status $rc" >> "$tmp/log"
	[ $rc = "$want" ]
}

has()	{ grep -qE -- "$1" "$tmp/out"; }

speed="20 0 100 bbbb"
delta 0
result $? "nothing got worse: the gate passes" "$tmp/log"
speed="40 0 100 bbbb"
delta 0 && has 'worst_spread +20.00 +40.00 +20.00 +100.0 .*REGRESSION' && has '^gate: passed'
result $? "one regression is below the threshold of five" "$tmp/log"
delta 1 --fail-threshold 1 && has '^gate: 1 regressions, the limit is 1'
result $? "--fail-threshold" "$tmp/log"
delta 1 --must-fail worst_spread && has '^gate: worst_spread of speed got worse'
result $? "--must-fail" "$tmp/log"
speed="26 60 100 bbbb"
delta 0 --noise-adjust 5 --fail-threshold 1 && has '^within noise: 1'
result $? "--noise-adjust: a change within the noise is none" "$tmp/log"
speed="60 10 100 bbbb"
delta 1 --noise-adjust 5 --fail-threshold 1 --json && [ "$(python3 -c '
import json, sys
d = json.load(sys.stdin)["deltas"][0]
print(d["n_a"], d["n_b"], d["p"] < .01, d["verdict"])' < "$tmp/out")" = "5 5 True REGRESSION" ]
result $? "... and one beyond it is found, as JSON" "$tmp/log"
# asserted STATUS RULE LIMIT ARGS...: what the work tree asserts of worst_spread
asserted()
{
	local want=$1

	echo "[{ \"metric\": \"${metric:-worst_spread}\", \"rule\": \"$2\", \"limit\": $3 }]" > asserts
	shift 3
	delta "$want" "$@"
}
speed="22 0 100 bbbb"
asserted 1 max_worse_pct 9 --noise-adjust 3 &&
	has '^gate: an assertion of speed, 1n1l2c1t: worst_spread is 22, was 20 \(\+10.0 %\): must be at most 9 % worse$' &&
	has '^gate: FAILED'
result $? "an assertion below all gates fails the gate" "$tmp/log"
asserted 0 max_worse_pct 11 --noise-adjust 3 && has '^gate: 1 assertions hold'
result $? "... one with a wider limit holds" "$tmp/log"
asserted 0 max_worse_pct 9 && ! has assertion && asserted 0 max_worse_pct 9 --exact && ! has assertion
result $? "... and without --noise-adjust, or with --exact, none counts" "$tmp/log"
speed="21 60 100 bbbb"
asserted 0 max_worse_pct 0 --noise-adjust 3 && has '^gate: 1 assertions hold'
result $? "a change within the noise breaks no assertion" "$tmp/log"
metric=worst_gap_ms asserted 1 max_worse_pct 50 --noise-adjust 3 && has 'a side does not have the figure'
result $? "a figure that is not there breaks it" "$tmp/log"
asserted 1 nosuch 50 --noise-adjust 3 && has 'an assertion of speed, .*: cannot be read'
result $? "what is no assertion does, too" "$tmp/log"
speed="22 0 100 bbbb"
echo 2 > skips
asserted 1 max_worse_pct 9 --noise-adjust 4 && has '^gate: an assertion of speed, .*: worst_spread is 22, was 20' &&
	has '^pairs: 1' && has '^skipped runs of pairs, which do not count: 1'
result $? "a run that found no CPUs is left out, and the others decide" "$tmp/log"
asserted 0 max_worse_pct 11 --noise-adjust 4 && has '^gate: 1 assertions hold' && has '^gate: passed'
result $? "... either way" "$tmp/log"
asserted 2 max_worse_pct 9 --noise-adjust 3 && has 'too few to know the noise, nobody knows'
result $? "too few others break nothing" "$tmp/log"
echo 1 2 3 > skips
asserted 2 max_worse_pct 11 --noise-adjust 3 && has ': all 3 runs of side B were skipped, nobody knows$' &&
	has '^gate: undecided'
result $? "a side of which nothing ran leaves it undecided, with a status of its own" "$tmp/log"
rm asserts build/asserts
delta 0 --noise-adjust 3 && has '^gate: passed'
result $? "... and without an assertion it does not matter" "$tmp/log"
rm skips build/skips
speed="90 0 101 bbbb"
delta 1 --exact && has 'ops.dispatch.shortest +100.00 +101.00 +1.00 .*REGRESSION' && ! has worst_spread
result $? "--exact: one instruction more, and nothing but ledgers is judged" "$tmp/log"
speed="90 0 150 aaaa"
delta 0 --exact && has '^unchanged: 3'
result $? "--exact: the same code costs the same" "$tmp/log"

[ -z "$(ls "$tmp/cache/.perf-delta" 2> /dev/null)" ] && [ "$(git worktree list | wc -l)" = 1 ]
result $? "no work tree is left behind" <(git worktree list)
mkdir -p "$tmp/cache/.perf-delta/999999999" "$tmp/cache/.perf-delta/1"
speed="20 0 100 bbbb"
delta 0 && [ "$(ls "$tmp/cache/.perf-delta")" = 1 ]
result $? "one that a killed process left is removed, and none of a living one" "$tmp/log"
git checkout -q . && timeout 60 "$out/ktstr" perf-delta base > "$tmp/log" 2>&1
[ $? = 129 ] && grep -q 'both sides would be the same' "$tmp/log"
result $? "a work tree without changes is said to be one" "$tmp/log"
timeout 60 "$out/ktstr" perf-delta no-such-ref > "$tmp/log" 2>&1
[ $? = 129 ] && grep -q 'no-such-ref: no commit' "$tmp/log"
result $? "a commit that is none is named" "$tmp/log"
echo 'all:; @echo broken >&2; exit 7' > Makefile
delta 1 && grep -q 'make in .*/repo/ exited with status' "$tmp/log"
result $? "a side that does not build ends it" "$tmp/log"
git checkout -q .

# affected: two programs, with a source and a header each
mkdir "$tmp/two" && cd "$tmp/two" && git init -q && mkdir obj && echo obj > .gitignore
for p in speed haste; do
	echo "/* $p */" > $p.h
	{ echo "#include \"$p.h\""; cat "$src/tests/e2e/fake/fake_perf.c"; } > $p.c
	${CC:-gcc} -O1 -g -D_GNU_SOURCE -DTEST_NAME=$p -isystem "$selftests" -isystem "$KSRC/tools/include" \
		-MMD -MP -c $p.c -o obj/$p.o && ${CC:-gcc} obj/$p.o -o obj/$p || exit 1
done
echo hello > README.md && echo data > data.bin && git add . && git commit -qm base || exit 1

# affected WANTED FILE...: the tests that a change of the files touches, sorted
affected()
{
	local want=$1 f

	shift
	for f; do
		echo '/* changed */' >> "$f"
	done
	timeout 60 "$out/ktstr" affected -v --since HEAD obj/speed obj/haste > "$tmp/out" 2> "$tmp/log"
	[ $? = 0 ] && [ "$(sort "$tmp/out" | paste -sd' ')" = "$want" ]
	rc=$?
	cat "$tmp/out" >> "$tmp/log"
	git checkout -q .
	rm -f new.c
	return $rc
}

affected ""
result $? "affected: no change touches no test" "$tmp/log"
affected speed speed.c
result $? "... a source, the tests of its program" "$tmp/log"
affected haste haste.h
result $? "... a header, those of the programs that include it" "$tmp/log"
affected "haste speed" haste.h speed.h
result $? "... both, both" "$tmp/log"
affected "" README.md
result $? "... a text for people, none" "$tmp/log"
affected "haste speed" data.bin && grep -q 'all tests: nothing says what data.bin is for' "$tmp/log"
result $? "... a file of which nobody knows, all" "$tmp/log"
affected "haste speed" new.c
result $? "... a new file that was not built, all" "$tmp/log"
strip -o obj/bare obj/speed && mv obj/bare obj/speed && affected "haste speed" haste.c
result $? "... a program without debug information, always" "$tmp/log"
timeout 60 "$out/ktstr" affected --since no-such-ref obj/haste > "$tmp/log" 2>&1
[ $? = 129 ] && [ "$(cat "$tmp/log")" = \
	"ktstr: affected: --since no-such-ref: git knows no such commit or branch" ]
result $? "... a commit that is none is named" "$tmp/log"

finish
