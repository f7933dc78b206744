#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# install-tree.sh KSRC: put this suite where it belongs in a kernel tree,
# tools/testing/selftests/sched_ext/ktstr, and let TARGETS=ktstr find it too.
#
# Only files that git tracks are copied. The target keeps a list of what was installed, with
# checksums: a later install replaces and removes these files only, and refuses to replace one
# that was changed in the tree.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=common.sh
. "$here/common.sh" || exit

ksrc=${1:?usage: install-tree.sh KSRC}
suite=$(cd "$here/../.." && pwd -P)
self=$ksrc/tools/testing/selftests
dest=$self/sched_ext/ktstr
alias=$self/ktstr
list=$dest/.installed
tmp=$(mktemp -d) || exit
trap 'rm -rf "$tmp"' EXIT

# inside A B: is A the folder B or below it?
inside()
{
	case $1/ in
	"$2"/*)	return 0 ;;
	esac
	return 1
}

check_target()
{
	local real

	[ -e "$self/lib.mk" ] || die "$ksrc is not a kernel tree: no tools/testing/selftests/lib.mk"
	real=$(realpath -m -- "$dest")
	! inside "$real" "$suite" ||
		die "$real is inside this suite, $suite: give a kernel tree outside of it"
	! inside "$suite" "$real" ||
		die "this suite, $suite, is inside the target $real: install from another checkout"
	[ ! -e "$dest" ] || [ -e "$list" ] ||
		die "$dest exists and was not installed by this command: move it away"
	[ ! -e "$alias" ] || [ -L "$alias" ] || die "$alias exists and is not ours: move it away"
}

# The sources of a suite without git, as in an unpacked archive.
untracked_sources()
{
	(cd "$suite" && find Makefile README.md config settings run_tests.sh bpf docs harness lib \
		scenarios tests tools-testing-ktstr vmm -type f ! -name '*.[oad]')
}

# Those of the paths on stdin, one a line, that are files below FOLDER.
present()
{
	local f

	while IFS= read -r f; do
		[ ! -f "$1/$f" ] || printf '%s\n' "$f"
	done
}

# The checksums of these paths, sorted by line.
sums()
{
	(cd "$1" && tr '\n' '\0' | xargs -0r sha256sum) | LC_ALL=C sort
}

# Paths of a list of checksums, sorted.
paths()
{
	sed 's/^[^ ]* [ *]//' "$@" | LC_ALL=C sort -u
}

# What to copy, one path a line: into $tmp/files.
list_sources()
{
	if [ -e "$suite/.git" ] || git -C "$suite" ls-files --error-unmatch Makefile > /dev/null 2>&1
	then
		git -C "$suite" ls-files > "$tmp/tracked" || die "git cannot list the files of $suite"
		git -C "$suite" ls-files --others --exclude-standard |
			sed 's/^/ktstr: not copied, git does not track it: /' >&2
	else
		say "$suite is not under git: all files of its source folders are copied"
		untracked_sources > "$tmp/tracked" || die "cannot list the files of $suite"
	fi
	# the project's own automation means nothing in a kernel tree
	grep -v '^\.ci/' "$tmp/tracked" | LC_ALL=C sort | present "$suite" > "$tmp/files"
	[ -s "$tmp/files" ] || die "no source files in $suite"
	sums "$suite" < "$tmp/files" > "$tmp/sums" ||
		die "cannot read the files of $suite"
}

# The installed files that were changed since in the tree: on stdout. One that is gone, or that
# equals the new version, costs nobody anything.
changed_in_tree()
{
	paths "$list" | present "$dest" | sums "$dest" > "$tmp/have" || return
	LC_ALL=C sort "$list" "$tmp/sums" | LC_ALL=C comm -23 "$tmp/have" - | paths
}

# Replace what is new or different, and remove what an earlier install has left.
copy()
{
	local f

	present "$dest" < "$tmp/files" | sums "$dest" > "$tmp/have" || return
	LC_ALL=C comm -13 "$tmp/have" "$tmp/sums" | paths > "$tmp/new"
	(cd "$suite" && tr '\n' '\0' < "$tmp/new" |
		xargs -0r cp --parents --remove-destination --preserve=mode -t "$dest") || return
	sed 's/^/  INSTALL  /' "$tmp/new"
	paths "$list" | LC_ALL=C comm -23 - "$tmp/files" > "$tmp/gone"
	while IFS= read -r f; do
		rm -f "$dest/$f" || return
		echo "  REMOVE   $f"
	done < "$tmp/gone"
	say "$(wc -l < "$tmp/files") files, $(wc -l < "$tmp/new") of them new or changed," \
		"$(wc -l < "$tmp/gone") removed"
}

# Sources are found by looking, so a file of somebody else takes part in the build.
name_foreign()
{
	(cd "$dest" && find . -path ./obj -prune -o -name '*.[ch]' -printf '%P\n') |
		LC_ALL=C sort | LC_ALL=C comm -23 - "$tmp/files" |
		sed 's/^/ktstr: left alone, it is not of this suite: /' >&2
}

check_target
list_sources
if [ -e "$list" ]; then
	changed_in_tree > "$tmp/changed" || die "cannot read $dest"
	if [ -s "$tmp/changed" ]; then
		sed 's/^/ktstr: changed in the tree: /' "$tmp/changed" >&2
		die "these changes in $dest would be lost: move the files away and install again"
	fi
fi
# Both lists until all is copied, so that an install that was interrupted can be repeated.
mkdir -p "$dest" && cat "$tmp/sums" >> "$list" && copy && cp "$tmp/sums" "$list" &&
	ln -sfn sched_ext/ktstr "$alias" ||
	die "cannot write to $self"
name_foreign
say "installed as $dest"
