#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The suite as a selftest of a kernel tree: TARGETS=ktstr and TARGETS=sched_ext/ktstr build,
# run and install with the tree's own machinery, the installed copy runs on its own, and
# kunit.py reads the output without complaint. The tree is a farm of symbolic links to KSRC,
# with real folders only where the suite goes: KSRC itself is never written to.
set -u
cd "$(dirname "$0")/../.." || exit 1
suite=$PWD
[ -n "${KSRC:-}" ] && [ -e "$KSRC/tools/testing/selftests/lib.mk" ] ||
	{ echo "SKIP: KSRC is not a kernel tree"; exit 4; }
command -v python3 > /dev/null || { echo "SKIP: no python3"; exit 4; }

tmp=$(realpath "$(mktemp -d)") || exit 1
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/linux
# One test is enough to see that results travel; which ones pass is not the question here.
for f in scenarios/*.c; do
	prog=$(basename "$f" .c)
	export "KSELFTEST_${prog^^}_ARGS=-l"
done
export KSELFTEST_EQUAL_CGROUPS_ARGS='-t equal_cgroups_eevdf' KTSTR_RUNS_ROOT=$tmp/runs
unset OUTPUT O KBUILD_OUTPUT MAKEFLAGS MAKELEVEL

. tests/lib.sh

# farm PATH: PATH becomes a real folder of links, so do all folders above it.
farm()
{
	local dir='' part e

	for part in '' ${1//\// }; do
		dir=${dir:+$dir/}$part
		[ ! -L "$tree/$dir" ] || rm "$tree/$dir"
		mkdir -p "$tree/$dir"
		for e in "$KSRC/${dir:-.}"/* "$KSRC/${dir:-.}"/.[a-z]*; do
			[ ! -e "$e" ] || [ -e "$tree/$dir/${e##*/}" ] ||
				ln -s "$e" "$tree/$dir/${e##*/}"
		done
	done
}
# lib.mk finds the tree from its own real path, so these are copies.
farm tools/testing/selftests/sched_ext
self=$tree/tools/testing/selftests
for f in lib.mk Makefile run_kselftest.sh; do
	cp --remove-destination "$KSRC/tools/testing/selftests/$f" "$self/$f"
done
rm "$self/kselftest" && cp -r "$KSRC/tools/testing/selftests/kselftest" "$self/kselftest"

# A suite that KSRC has already is a link now, and what is written to a link goes to KSRC.
for f in "$self/ktstr" "$self/sched_ext/ktstr"; do
	[ ! -L "$f" ] || rm "$f"
done
[ "$(realpath "$self/sched_ext")" = "$self/sched_ext" ] || { echo "farm is broken"; exit 1; }

before=$(cd "$KSRC" && ls -lR tools/testing/selftests tools/sched_ext tools/lib/bpf)

# On the farm, never on KSRC: if this promise were broken, it would be written to.
env KSRC="$tree" make install-tree > "$tmp/log" 2>&1
[ $? != 0 ] && [ ! -e "$self/sched_ext/ktstr" ] && [ ! -e "$self/ktstr" ]
result $? "install-tree refuses a KSRC that is only in the environment" "$tmp/log"
env -u KSRC XDG_CACHE_HOME="$tmp/nothing" make install-tree > "$tmp/log" 2>&1
[ $? != 0 ] && grep -q 'install-tree KSRC=TREE' "$tmp/log"
result $? "install-tree without KSRC says what to type" "$tmp/log"

env -u KSRC make -s install-tree KSRC="$tree" > "$tmp/log" 2>&1 &&
	[ -e "$self/sched_ext/ktstr/Makefile" ] && [ -e "$self/ktstr/settings" ]
result $? "install-tree puts the suite and its alias into the tree" "$tmp/log"

# parse FILE: kunit.py understands it and saw at least one result.
parse()
{
	# stdout of make run_tests has no version line; the wrapper script prints it.
	{ echo 'TAP version 13'; sed '/^TAP version 13$/d' "$1"; } > "$1.ktap"
	python3 "$KSRC/tools/testing/kunit/kunit.py" parse "$1.ktap" > "$1.parsed" 2>&1
	! grep -q -e 'crashed: [1-9]' -e 'errors: [1-9]' -e 'could not find any KTAP' \
		-e 'Traceback' "$1.parsed" &&
		grep -q 'Testing complete. Ran [1-9]' "$1.parsed"
}

make -s -j"$(nproc)" -C "$self" TARGETS=ktstr O="$tmp/o" run_tests \
	> "$tmp/run" 2> "$tmp/log" < /dev/null
grep -q '^ok [0-9]* selftests: sched_ext/ktstr: equal_cgroups' "$tmp/run" &&
	grep -q 'timeout set to 0' "$tmp/run"
result $? "make TARGETS=ktstr O=DIR run_tests: kselftest output, settings found" "$tmp/run"
[ -x "$tmp/o/kselftest/ktstr/scx_simple" ] && [ ! -e "$self/sched_ext/ktstr/obj" ]
result $? "O=DIR: everything is built there" "$tmp/log"
parse "$tmp/run"
result $? "kunit.py parse reads it" "$tmp/run.parsed"

# The tree's tools were built once, that is enough: they are found by what they are made of.
mkdir "$self/sched_ext/ktstr/obj" &&
	cp -a "$tmp/o/kselftest/ktstr/obj/tools" "$self/sched_ext/ktstr/obj/"
make -s -j"$(nproc)" -C "$self" TARGETS=sched_ext/ktstr install KSFT_INSTALL_PATH="$tmp/inst" \
	> "$tmp/log" 2>&1 < /dev/null &&
	[ -x "$tmp/inst/sched_ext/ktstr/scx_simple" ] &&
	[ -e "$tmp/inst/sched_ext/ktstr/settings" ] &&
	grep -q '^sched_ext/ktstr:equal_cgroups$' "$tmp/inst/kselftest-list.txt"
result $? "make TARGETS=sched_ext/ktstr install" "$tmp/log"

# On its own: the tree that it was built from is gone.
mv "$tree" "$tree.gone"
"$tmp/inst/run_kselftest.sh" -t sched_ext/ktstr:equal_cgroups > "$tmp/run" 2>&1 < /dev/null
[ $? = 0 ] && grep -q '^ok [0-9]* selftests: sched_ext/ktstr: equal_cgroups' "$tmp/run"
result $? "the installed suite runs by run_kselftest.sh" "$tmp/run"
parse "$tmp/run"
result $? "kunit.py parse reads that, too" "$tmp/run.parsed"

[ "$before" = "$(cd "$KSRC" && ls -lR tools/testing/selftests tools/sched_ext \
	tools/lib/bpf)" ]
result $? "the kernel source was not touched"
[ -z "$(git -C "$suite" status --porcelain --ignored 2> /dev/null | grep -E ' (obj|kselftest)/')" ]
result $? "nothing was built into the source folder"

finish
