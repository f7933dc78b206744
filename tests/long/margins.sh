#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Are the bounds of our tests bounds, or the figures of one run? A deterministic run meets a bound
# every time or never, so one seed cannot tell, and any change of the code draws another run. The
# base suite, the tests in C that boot guests and the shell tests with a seed, with other seeds than they
# have in make check: a test that fails with one of them has a bound without room, or has found a fault.
#
# usage: margins.sh [SEEDS [TEST...]]	("11 12 13", ktstr for the base suite and those of tests/e2e)
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
seeds=${1:-11 12 13}
shift $(($# > 0))
tmp=$(realpath "$(mktemp -d)") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
# shellcheck source=tests/lib.sh
. tests/lib.sh
forget_settings

KTSTR_TEST_KERNEL=$("$out/ktstr" kernel path 2> /dev/null) || exit
PATH=$out:$PATH
export PATH KTSTR_TEST_KERNEL KTSTR_LIBDIR=$out KTSTR_ACCEL=tcg KTSTR_AUTO_REPRO=off

# one SEED NAME COMMAND...: prints what did not pass
one()
{
	local seed=$1 name=$2 rc

	shift 2
	KTSTR_SEED=$seed KTSTR_RUNS_ROOT=$tmp/runs "$@" > "$tmp/tap" 2> "$tmp/err"
	rc=$?
	rm -rf "$tmp/runs"
	pass=$((pass + $(grep -c '^ok ' "$tmp/tap")))
	if [ $rc != 0 ] && ! grep -q '^not ok ' "$tmp/tap"; then
		echo "# seed $seed, $name: status $rc: $(tail -n 1 "$tmp/err")"
		fail=$((fail + 1))
	fi
	fail=$((fail + $(grep -c '^not ok ' "$tmp/tap")))
	# the head of each report, up to its statistics
	sed -n "/ failed:\$/,/^# ---/{/^# ---/d;s/^#/# seed $seed, ${name//\//\\/}:/p}" "$tmp/tap"
}

# one_script SEED NAME: likewise; it sets what its runs need itself
one_script()
{
	env -u KTSTR_LIBDIR -u KTSTR_ACCEL -u KTSTR_AUTO_REPRO TEST_SEED="$1" \
		bash "tests/e2e/$2.sh" > "$tmp/tap" 2>&1 || grep -q '^not ok ' "$tmp/tap" ||
		echo "not ok 0 ended early" >> "$tmp/tap"
	pass=$((pass + $(grep -c '^ok ' "$tmp/tap")))
	fail=$((fail + $(grep -c '^not ok ' "$tmp/tap")))
	grep -B 30 '^not ok ' "$tmp/tap" | sed "s/^/# seed $1, $2: /"
}

pass=0 fail=0
if [ $# = 0 ]; then
	set -- ktstr
	for f in tests/e2e/*_test.c; do
		set -- "$@" "$(basename "$f" .c)"
	done
	for f in $(grep -lE '\$seed|TEST_SEED' tests/e2e/*_test.sh); do
		set -- "$@" "$(basename "$f" .sh)"
	done
fi
for seed in $seeds; do
	for name; do
		if [ "$name" = ktstr ]; then
			one "$seed" "the base suite" "$out/ktstr" run
		elif [ -e "tests/e2e/$name.sh" ]; then
			one_script "$seed" "$name"
		else
			one "$seed" "$name" "$out/obj/tests/e2e/$name"
		fi
		echo "# seed $seed, $name: done, $pass passed and $fail failed so far"
	done
done
echo "$pass passed, $fail failed, 0 skipped"
[ $fail = 0 ]
