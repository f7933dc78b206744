#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What test programs with counters have executed in guests is where coverage tools look for it: of
# gcc --coverage, merged when two guests end at once, and of clang, if it is there. Three guests.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ -e "${KSRC:-}/tools/include" ] || { echo "SKIP: no kernel tree, set KSRC"; exit 4; }
command -v gcov > /dev/null || { echo "SKIP: no gcov"; exit 4; }
. tests/begin.sh
forget_settings
unset GCOV GCOV_PREFIX GCOV_PREFIX_STRIP LLVM LLVM_COV_TARGET_DIR LLVM_PROFILE_FILE
export KTSTR_ACCEL=tcg KTSTR_SEED=1 KTSTR_LIBDIR=$out PATH=$out:$PATH KTSTR_RUNS_ROOT=$tmp/runs

src=$tmp/src/guest.c
mkdir "$tmp/src" "$tmp/obj" || exit 1
cp tests/e2e/guest/coverage_guest.c "$src" || exit 1

# build COMPILER PROGRAM FLAGS...: from the folder of the object, as a build system does
build()
{
	local compiler=$1 program=$2

	shift 2
	"$compiler" -std=gnu11 -O0 -g -D_GNU_SOURCE "$@" -Iharness/include -isystem "$KSRC/tools/include" \
		-pthread -c "$src" -o "$program.o" &&
		"$compiler" "$@" "$program.o" "$out/obj/libktstr.a" -pthread -Wl,--as-needed -lelf -llz4 -lz \
			-lzstd -ljansson -lsqlite3 -lm -o "$program"
}

echo 'int main(int argc, char **argv) { (void)argv; return argc > 9; } /* TOOL */' > "$tmp/src/tool.c"

# line MARK: its number in the source
line()
{
	grep -n "/\* $1 \*/" "$src" | cut -d: -f1
}

# counted FILE MARK N: the tracefile says that the marked line was executed N times
counted()
{
	sed -n "\|^SF:$src$|,/^end_of_record$/p" "$1" | grep -qx "DA:$(line "$2"),$3"
}

# missing STDOUT: the summary has the line that is never executed, and does not have that of the body
missing()
{
	local words

	words=$(sed -n "s|^# .*/guest\.c .*%\{0,1\}  \([0-9].*\)$|\1|p" "$1")
	[ -n "$words" ] && grep -qw "$(line NEVER)" <<< "$words" && ! grep -qw "$(line BODY)" <<< "$words"
}

echo "TAP version 13"
build gcc "$tmp/obj/plain" > "$tmp/log" 2>&1 && build gcc "$tmp/obj/guest" --coverage >> "$tmp/log" 2>&1
rc=$?
gcc --coverage -O0 -c "$tmp/src/tool.c" -o "$tmp/obj/tool.o" >> "$tmp/log" 2>&1 &&
	gcc --coverage "$tmp/obj/tool.o" -o "$tmp/obj/covered_tool" >> "$tmp/log" 2>&1 && [ $rc = 0 ]
result $? "a program with counters links with libktstr.a" "$tmp/log"
! nm "$tmp/obj/plain" "$out/ktstr" "$out/examples" | grep -Eq ' [TtDd] __?gcov'
result $? "one without has nothing of gcc's runtime in it"
ktstr coverage "$tmp/obj/plain" > "$tmp/log" 2>&1
[ $? = 1 ] && grep -q "plain has no counters; compile and link with gcc --coverage" "$tmp/log"
result $? "ktstr coverage says how to build a program that has no counters" "$tmp/log"
! find "$tmp/obj" -name '*.gcda' | grep -q .
result $? "asking a program for its tests leaves nothing behind"

ktstr coverage -o "$tmp/cov" -j 2 -t fails -t passes "$tmp/obj/guest" > "$tmp/log" 2> "$tmp/err"
[ $? = 1 ] && grep -q "^not ok . ktstr/fails" "$tmp/log" && grep -q "^ok . ktstr/passes" "$tmp/log"
result $? "the exit status is that of the run, whose document is whole" "$tmp/log"
info=$tmp/cov/coverage.info
counted "$info" BODY 8
result $? "bodies in two guests count, also that of a test that fails" "$info"
counted "$info" WORKER 1
result $? "a worker counts"
grep -A3 "^SF:$tmp/src/tool.c$" "$info" | grep -qx "DA:1,1"
result $? "a payload with counters counts, too"
counted "$info" HOST 1
result $? "a host callback counts once"
counted "$info" NEVER 0
result $? "what was not executed is there with 0"
missing "$tmp/log"
result $? "the summary names the lines that were not executed" "$tmp/log"
! find "$tmp/obj" -name '*.gcda' | grep -q .
result $? "ktstr coverage leaves the build's folder alone"

# Files that cannot be written.
mkdir "$tmp/closed" && : > "$tmp/closed/file"
GCOV_PREFIX=$tmp/closed/file "$tmp/obj/guest" -t dies > "$tmp/log" 2>&1
grep -q "ended by its own process" "$tmp/log" &&
	[ "$(grep -c '^ktstr: coverage: 1 of 1 files from the guest are missing: .*Not a directory' "$tmp/log")" = 1 ]
result $? "a file that cannot be written is one line" "$tmp/log"

if ! command -v clang > /dev/null || ! command -v llvm-profdata > /dev/null ||
	! build clang "$tmp/obj/profile" -fprofile-instr-generate -fcoverage-mapping > "$tmp/log" 2>&1; then
	echo "# no clang with llvm-profdata and a runtime for profiles: not tried"
	finish
	exit
fi
(cd "$tmp" && "$tmp/obj/profile" -l) > "$tmp/log" 2>&1
[ ! -e "$tmp/default.profraw" ] && ls "$tmp"/obj/llvm-cov-target/default-*.profraw > "$tmp/log" 2>&1
result $? "a program of clang's leaves the working directory alone" "$tmp/log"
ktstr coverage -o "$tmp/clang" -t passes "$tmp/obj/profile" > "$tmp/log" 2> "$tmp/err"
result $? "it runs under ktstr coverage" "$tmp/err"
ls "$tmp"/clang/ktstr-counters/llvm/ktstr-test-*-0.profraw > "$tmp/log" 2>&1
result $? "a guest's profile is in the folder of LLVM_PROFILE_FILE" "$tmp/log"
info=$tmp/clang/coverage.info
counted "$info" BODY 3 && counted "$info" NEVER 0 && counted "$info" HOST 0
result $? "what the guest has executed counts" "$info"
finish
