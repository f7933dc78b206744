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

# Of this name, as a compiler's cache has the paths of what it compiled; another when somebody has it.
tmp=$(realpath "${TMPDIR:-/tmp}")/ktstr-intree-$(id -u)
mkdir -m 700 "$tmp" 2> /dev/null || tmp=$(realpath "$(mktemp -d)") || exit 1
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/linux
. tests/lib.sh
forget_settings
unset KTSTR_TEST_KERNEL
# One test is enough to see that results travel; which ones pass is not the question here.
for f in scenarios/*.c; do
	prog=$(basename "$f" .c)
	export "KSELFTEST_${prog^^}_ARGS=-l"
done
export KSELFTEST_EQUAL_CGROUPS_ARGS='-t equal_cgroups_eevdf' KTSTR_RUNS_ROOT=$tmp/runs
# Where ccache stands in for the compiler, it finds what was built in another such folder. A kernel
# that nobody boots again needs no image.
export CCACHE_BASEDIR=$tmp CCACHE_NOHASHDIR=1 KTSTR_COLD=1
standalone=${OUTPUT:-$suite/build}/ktstr
unset OUTPUT O KBUILD_OUTPUT MAKEFLAGS MAKELEVEL

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

# A few of the test programs are enough, and one that will be deleted below.
programs=$self/sched_ext/ktstr/scenarios
find "$programs" -maxdepth 1 -name '*.c' ! -name equal_cgroups.c ! -name catalogue.c ! -name examples.c -delete
cat > "$programs/gone.c" << 'C'
#include <ktstr.h>
KTSTR_TEST(gone)
{
	ktstr_skip(ctx, "to be deleted");
	return 0;
}
C
export KSELFTEST_GONE_ARGS=-l

# How fast the programs are is not the question, how long they are built is.
export CFLAGS="-O0 -Wno-maybe-uninitialized"
make -s -j"$(nproc)" -C "$self" TARGETS=ktstr O="$tmp/o" run_tests \
	> "$tmp/run" 2> "$tmp/log" < /dev/null
grep -q '^ok [0-9]* selftests: sched_ext/ktstr: equal_cgroups' "$tmp/run" &&
	grep -q 'timeout set to 0' "$tmp/run"
result $? "make TARGETS=ktstr O=DIR run_tests: kselftest output, settings found" "$tmp/run"
grep -q "^# ok 1 ktstr.equal_cgroups_eevdf # SKIP build the kernel first: .* $tree," "$tmp/run" &&
	grep -q "^# # kernel under test: none: build the kernel first" "$tmp/run"
result $? "a tree without an image is a SKIP, whatever the cache has" "$tmp/run"
built=$tmp/o/kselftest/sched_ext/ktstr
[ -x "$built/scx_simple" ] && [ -x "$built/gone" ] && [ ! -e "$self/sched_ext/ktstr/obj" ]
result $? "O=DIR: everything is built there" "$tmp/log"
parse "$tmp/run"
result $? "kunit.py parse reads it" "$tmp/run.parsed"

# With an image, that one is booted: here it is a copy of the one that others would take. The test
# runs for its own 3 s: over 1 s, EEVDF lets shares of equal workers differ by up to 15 %.
if image=$("$standalone" kernel path 2> /dev/null); then
	farm arch/x86/boot
	cp --remove-destination "$image" "$tree/arch/x86/boot/bzImage"
	timeout 300 "$built/equal_cgroups" -t equal_cgroups_eevdf > "$tmp/run" 2> "$tmp/log"
	grep -q "^# kernel under test: .*, $tree/arch/x86/boot/bzImage (the kernel tree around" \
		"$tmp/run" && grep -q '^ok 1 ktstr.equal_cgroups_eevdf$' "$tmp/run"
	result $? "the image of the tree is the one that is booted" "$tmp/run"
	rm "$tree/arch/x86/boot/bzImage"
fi

# In place, without O=, the goal is the folder of the suite. (What is built there is not asked twice.)
make -n -C "$self" TARGETS=ktstr > "$tmp/run" 2> "$tmp/log" < /dev/null
grep -q -- "-c lib/err.c -o $self/sched_ext/ktstr/obj/lib/err.o" "$tmp/run"
result $? "without O=, both spellings build into sched_ext/ktstr" "$tmp/log"

# The other spelling: what is built is built.
rm "$programs/gone.c"
make -s -j"$(nproc)" -C "$self" TARGETS=sched_ext/ktstr O="$tmp/o" install \
	KSFT_INSTALL_PATH="$tmp/inst" > "$tmp/log" 2>&1 < /dev/null &&
	[ -x "$tmp/inst/sched_ext/ktstr/scx_simple" ] &&
	[ -e "$tmp/inst/sched_ext/ktstr/settings" ] &&
	grep -q '^sched_ext/ktstr:equal_cgroups$' "$tmp/inst/kselftest-list.txt" &&
	[ -s "$tmp/inst/sched_ext/ktstr/man/man1/ktstr-run.1" ] &&
	[ -s "$tmp/inst/sched_ext/ktstr/completions/_ktstr" ]
result $? "make TARGETS=sched_ext/ktstr install" "$tmp/log"
! grep -qE '^  (CC|LINK|BPF) ' "$tmp/log"
result $? "which compiles nothing that TARGETS=ktstr has built" "$tmp/log"
[ ! -e "$built/gone" ] && [ ! -e "$tmp/inst/sched_ext/ktstr/gone" ]
result $? "a program whose source is gone goes, too" "$tmp/log"

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
