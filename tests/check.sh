#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Our own tests: check.sh OUTPUT [unit|lint|e2e]... Sets up what they need, builds them, runs
# them, prints one KTAP line per item and at the end "N passed, N failed, N skipped".
# A test that fails shows its output; all output stays in OUTPUT/obj/check/.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
[ $# -ge 2 ] || { echo "usage: check.sh OUTPUT unit|lint|e2e..." >&2; exit 1; }
OUTPUT=$1
shift
logs=$OUTPUT/obj/check
nr=0 pass=0 fail=0 skip=0

if [ -e ../../lib.mk ] && [ -e ../../kselftest_harness.h ]; then
	KSRC=$(cd ../../../../.. && pwd)
fi
export OUTPUT KSRC=${KSRC:-}
tools-testing-ktstr/setup/setup.sh --check
rc=$?
if [ $rc = 4 ]; then
	echo "ok 1 set-up # SKIP see above"
	echo "0 passed, 0 failed, 1 skipped"
	exit 4
fi
if [ $rc != 0 ]; then
	echo "not ok 1 set-up"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
if [ -z "$KSRC" ]; then
	base=${XDG_CACHE_HOME:-$HOME/.cache}
	KSRC=$(realpath "$base/ktstr/src/linux")
fi
mkdir -p "$logs" || exit

# item NAME COMMAND...: run it and report.
item()
{
	local name=$1 log=$logs/${1//\//_}.log rc start=$SECONDS why

	shift
	printf '# %s ...\n' "$name" >&2
	"$@" > "$log" 2>&1 < /dev/null
	rc=$?
	nr=$((nr + 1))
	case $rc in
	0)	pass=$((pass + 1))
		echo "ok $nr $name # $((SECONDS - start)) s" ;;
	4)	skip=$((skip + 1))
		why=$(grep -m 1 -i -o 'skip.*' "$log" | sed 's/^[Ss][Kk][Ii][Pp]:* *//')
		echo "ok $nr $name # SKIP ${why:-no reason given}" ;;
	*)	fail=$((fail + 1))
		tail -n 60 "$log" | sed 's/^/# /'
		[ $rc != 124 ] || echo "# timed out"
		echo "not ok $nr $name # status $rc, $log" ;;
	esac
}

build()
{
	make -s -k -j"$(nproc)" OUTPUT="$OUTPUT" KSRC="$KSRC" "$@"
}

# An ASan report has to fail the test, also from a forked child.
run_unit()
{
	ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
		timeout 120 "$1"
}

check_unit()
{
	local t name

	item build/unit-tests build unit-tests
	for t in tests/unit/*_test.c; do
		name=${t#tests/}
		name=${name%.c}
		item "$name" run_unit "$OUTPUT/obj/tests/$name"
		item "san/$name" run_unit "$OUTPUT/obj/san/tests/$name"
	done
}

check_lint()
{
	local what

	for what in $(tests/lint.sh list); do
		item "lint/$what" tests/lint.sh "$what"
	done
}

check_e2e()
{
	local t name

	item build/all build all e2e-tests
	for t in $(find tests/e2e -name '*_test.c' -o -name '*_test.sh' | sort); do
		name=${t#tests/}
		case $t in
		*.c)	item "${name%.c}" env KTSTR_LIBDIR="$OUTPUT" timeout 600 \
				"$OUTPUT/obj/tests/${name%.c}" ;;
		*.sh)	item "${name%.sh}" timeout 600 bash "$t" ;;
		esac
	done
}

echo "KTAP version 1"
for part; do
	case $part in
	unit|lint|e2e)	"check_$part" ;;
	*)		echo "no such part: $part" >&2; exit 1 ;;
	esac
done
echo "1..$nr"
echo "$pass passed, $fail failed, $skip skipped"
[ $fail = 0 ]
