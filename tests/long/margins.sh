#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Are the bounds of our tests bounds, or the figures of one run? A deterministic run meets a bound
# every time or never, so one seed cannot tell, and any change of the code draws another run. The
# base suite and the tests in C that boot guests, with other seeds than they have in make check: a
# test that fails with one of them has a bound without room, or has found a fault.
#
# usage: margins.sh [SEEDS [PROGRAM...]]	("11 12 13", the base suite and tests/e2e/*_test.c)
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

pass=0 fail=0
if [ $# = 0 ]; then
	set -- ktstr
	for f in tests/e2e/*_test.c; do
		set -- "$@" "$(basename "$f" .c)"
	done
fi
for seed in $seeds; do
	for name; do
		case $name in
		ktstr) one "$seed" "the base suite" "$out/ktstr" run ;;
		*) one "$seed" "$name" "$out/obj/tests/e2e/$name" ;;
		esac
		echo "# seed $seed, $name: done, $pass passed and $fail failed so far"
	done
done
echo "$pass passed, $fail failed, 0 skipped"
[ $fail = 0 ]
