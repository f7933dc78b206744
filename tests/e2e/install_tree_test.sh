#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make install-tree: what it copies, what it refuses, and that nothing of the user's is lost. The
# suite is a copy of this one under git, the kernel trees are folders with one file.
set -u
cd "$(dirname "$0")/../.." || exit 1
git ls-files --error-unmatch Makefile > /dev/null 2>&1 || { echo "SKIP: not a git checkout"; exit 4; }
tmp=$(realpath "$(mktemp -d)") || exit 1
trap 'rm -rf "$tmp"' EXIT
unset KSRC O OUTPUT MAKEFLAGS MAKELEVEL
export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t

. tests/lib.sh

suite=$tmp/suite
mkdir "$suite" && git ls-files -z | xargs -0 cp --parents -t "$suite" &&
	git -C "$suite" init -q && git -C "$suite" add -A && git -C "$suite" commit -qm all ||
	exit 1

# new_tree PATH: what install-tree takes for a kernel tree
new_tree()
{
	mkdir -p "$1/tools/testing/selftests/sched_ext" &&
		touch "$1/tools/testing/selftests/lib.mk"
}

# install TREE [SUITE]: the command that docs/in-tree.md has; $rc
install()
{
	timeout 60 make -C "${2:-$suite}" install-tree KSRC="$1" > "$tmp/log" 2>&1
	rc=$?
}

# refused WORDS TREE [SUITE]
refused()
{
	install "$2" "${3:-}"
	[ $rc != 0 ] && grep -q -- "$1" "$tmp/log"
}

new_tree "$tmp/linux"
dest=$tmp/linux/tools/testing/selftests/sched_ext/ktstr

# --- targets that are refused
new_tree "$suite/linux"
refused 'is inside this suite' "$suite/linux" && [ ! -e "$suite/linux/tools/testing/selftests/ktstr" ]
result $? "a tree inside the suite is refused" "$tmp/log"
new_tree "$tmp/linked"
ln -s "$suite/docs" "$tmp/linked/tools/testing/selftests/sched_ext/ktstr"
refused 'is inside this suite' "$tmp/linked" && [ -e "$suite/docs/in-tree.md" ]
result $? "a link that leads into the suite is, too" "$tmp/log"
new_tree "$tmp/around"
around=$tmp/around/tools/testing/selftests/sched_ext/ktstr
mkdir -p "$around" && cp -r "$suite" "$around/suite"
refused 'is inside the target' "$tmp/around" "$around/suite" && [ -e "$around/suite/Makefile" ]
result $? "a suite inside the target is refused" "$tmp/log"
new_tree "$tmp/taken"
mkdir "$tmp/taken/tools/testing/selftests/sched_ext/ktstr"
echo mine > "$tmp/taken/tools/testing/selftests/sched_ext/ktstr/file"
refused 'move it away' "$tmp/taken" &&
	[ "$(find "$tmp/taken" -type f | wc -l)" = 2 ]
result $? "a folder that it did not make is refused" "$tmp/log"
refused 'not a kernel tree' "$tmp"
result $? "a folder that is no kernel tree is refused" "$tmp/log"

# --- what is copied
mkdir -p "$suite/ktstr-runs/1" "$suite/build"
touch "$suite/ktstr-runs/1/report.txt" "$suite/build/program" "$suite/notes.txt"
echo 'int x;' > "$suite/scenarios/untracked.c"
install "$tmp/linux"
[ $rc = 0 ]
result $? "install-tree succeeds" "$tmp/log"
(cd "$suite" && git ls-files | grep -v '^\.ci/' | LC_ALL=C sort) > "$tmp/want"
(cd "$dest" && find . -type f ! -name .installed -printf '%P\n' | LC_ALL=C sort) > "$tmp/have"
diff "$tmp/want" "$tmp/have" > "$tmp/diff"
result $? "tracked files and nothing else are in the tree" "$tmp/diff"
sed -n 's/^  INSTALL  //p' "$tmp/log" | cmp - "$tmp/want"
result $? "each of them is named" "$tmp/log"
grep -q 'does not track it: scenarios/untracked.c' "$tmp/log"
result $? "so is an untracked file that is not copied" "$tmp/log"
[ -x "$dest/run_tests.sh" ] && [ -e "$tmp/linux/tools/testing/selftests/ktstr/settings" ]
result $? "modes are kept, and the alias is there"

# --- the second install
install "$tmp/linux"
[ $rc = 0 ] && ! grep -qE 'INSTALL|REMOVE' "$tmp/log"
result $? "a second install changes nothing" "$tmp/log"
mkdir -p "$dest/obj" && echo 'int mine;' > "$dest/scenarios/mine.c" &&
	echo 'int made;' > "$dest/obj/made.c"
echo '/* new */' >> "$suite/lib/fd.h"
git -C "$suite" rm -q scenarios/host_only.c
install "$tmp/linux"
grep -q '^  INSTALL  lib/fd.h$' "$tmp/log" && cmp "$suite/lib/fd.h" "$dest/lib/fd.h" &&
	grep -q '^  REMOVE   scenarios/host_only.c$' "$tmp/log" &&
	[ ! -e "$dest/scenarios/host_only.c" ] && [ "$(grep -cE 'INSTALL|REMOVE' "$tmp/log")" = 2 ]
result $? "an update replaces what changed and removes what is gone" "$tmp/log"
[ -e "$dest/scenarios/mine.c" ] && [ -e "$dest/obj/made.c" ] &&
	grep -q 'left alone.*scenarios/mine.c' "$tmp/log" && ! grep -q 'made.c' "$tmp/log"
result $? "a file of the user's in the tree is kept and named" "$tmp/log"
echo '/* mine */' >> "$dest/lib/err.h"
echo '/* newer */' >> "$suite/lib/fd.h"
refused 'changed in the tree: lib/err.h' "$tmp/linux" && grep -q mine "$dest/lib/err.h" &&
	! grep -q newer "$dest/lib/fd.h"
result $? "a file that was changed in the tree is not replaced, nor any other" "$tmp/log"

# --- without git
rm -rf "$suite/.git" "$suite/scenarios/untracked.c" "$suite/build" "$suite/linux"
new_tree "$tmp/second"
install "$tmp/second"
second=$tmp/second/tools/testing/selftests/sched_ext/ktstr
[ $rc = 0 ] && [ -e "$second/harness/include/ktstr.h" ] && [ ! -e "$second/ktstr-runs" ] &&
	[ ! -e "$second/.ci" ] && [ ! -e "$second/notes.txt" ]
result $? "an unpacked archive installs its source folders" "$tmp/log"

finish
