#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# lint.sh list | NAME: one static check over the whole tree. OUTPUT and KSRC come from
# check.sh, LINT_ROOT from lint/selftest.sh. Exit status 0 clean, 1 findings, 4 the tool is not there.
set -u
scripts=$(realpath "$(dirname "${BASH_SOURCE[0]}")")/lint
cd "${LINT_ROOT:-$scripts/../..}" || exit
OUTPUT=${OUTPUT:-$PWD/build}

# Of checkpatch's types, these do not fit user space code, or are mistaken about ours. Each one
# is here because it fired; the rest of checkpatch counts.
IGNORE=(
	PREFER_DEFINED_ATTRIBUTE_MACRO STRCPY STRNCPY # wants helpers of the kernel
	ENOSYS USE_NEGATIVE_ERRNO	# valid answers of system calls and libraries here
	VOLATILE			# memory shared with a guest or between processes
	AVOID_EXTERNS			# __start_/__stop_ symbols of linker sections
	COMPLEX_MACRO			# initialisers and declarations cannot be in parentheses
	TRAILING_SEMICOLON MACRO_ARG_UNUSED	# rows of tables become members, each of some columns
	EMBEDDED_FUNCTION_NAME		# takes a test's or step's name for the function's
	STATIC_CONST_CHAR_ARRAY		# a table of strings that is not the object's to freeze
	SPLIT_STRING STRING_FRAGMENTS	# long messages are split at the right margin
	SPACING				# reads "type *" of BPF arguments as a product
)

c_files()
{
	find bpf harness lib scenarios tests tools-testing-ktstr vmm -name '*.[ch]' | sort
}

sh_files()
{
	grep -rlE -m 1 '^#!/bin/(ba)?sh|shellcheck shell=' run_tests.sh .ci tests \
		tools-testing-ktstr --include='*.sh' --include=run | sort
}

need()
{
	command -v "$1" > /dev/null || { echo "SKIP: $1 is not installed"; exit 4; }
}

# CI looks at what has changed of late, make check at everything.
recent_files()
{
	if [ -z "${KTSTR_CI:-}" ] || ! git log -n 40 --format= --name-only 2> /dev/null; then
		c_files
	fi
}

# What was found clean is not looked at again: an empty file in the cache for each, named by the
# contents of the file and of the tool. After a month it is looked at all the same.
found_clean=${XDG_CACHE_HOME:-$HOME/.cache}/ktstr/lint

# not_clean DIR: of the files on stdin, those that DIR does not know.
not_clean()
{
	local sum file

	xargs -r sha256sum | while read -r sum file; do
		[ -e "$1/$sum-${file//\//-}" ] || echo "$file"
	done
}

# marks_clean DIR COMMAND... FILE...: run it; when it has nothing to say, DIR knows the files from now
# on. $files is their number.
marks_clean()
{
	local dir=$1 sum file

	shift
	"$@" || return
	# a cache that cannot be written knows nothing
	sha256sum "${@: -$files}" | while read -r sum file; do
		: > "$dir/$sum-${file//\//-}"
	done 2> /dev/null || :
}

lint_checkpatch()
{
	local ignore dir files pid rc=0
	local -a tool batch pids=()

	need perl
	[ -n "${KSRC:-}" ] || { echo "SKIP: no KSRC"; exit 4; }
	ignore=$(IFS=,; echo "${IGNORE[*]}")
	tool=(perl "$KSRC/scripts/checkpatch.pl" --no-tree --no-summary --terse --show-types
		--max-line-length=100 --ignore "$ignore" -f)
	dir=$found_clean/checkpatch-$(cat "$KSRC"/scripts/{checkpatch.pl,spelling.txt} - <<< \
		"${tool[*]:2}" | sha256sum | cut -c1-16)
	mkdir -p "$dir" 2> /dev/null && find "$found_clean" -mtime +30 -type f -delete
	# It is slow.
	while mapfile -t -n 24 batch && [ ${#batch[@]} -gt 0 ]; do
		if [ ${#pids[@]} = "$(nproc)" ]; then
			wait "${pids[0]}" || rc=1
			pids=("${pids[@]:1}")
		fi
		files=${#batch[@]}
		marks_clean "$dir" "${tool[@]}" "${batch[@]}" &
		pids+=($!)
	done < <(c_files | grep -xFf <(recent_files) | not_clean "$dir")
	for pid in "${pids[@]}"; do
		wait "$pid" || rc=1
	done
	return $rc
}

# Those without an interpreter of their own are read by others, of which it says something then.
lint_shellcheck()
{
	local dir files
	local -a all

	need shellcheck
	mapfile -t all < <(sh_files)
	dir=$found_clean/shellcheck-$({ shellcheck --version; grep -L '^#!' "${all[@]}" | xargs cat; } |
		sha256sum | cut -c1-16)
	mkdir -p "$dir" 2> /dev/null
	mapfile -t all < <(printf '%s\n' "${all[@]}" | not_clean "$dir")
	files=${#all[@]}
	[ "$files" = 0 ] || marks_clean "$dir" shellcheck -S warning -x "${all[@]}"
}

lint_cppcheck()
{
	local dir=$found_clean/cppcheck

	need cppcheck
	# it compares contents and versions itself
	mkdir -p "$dir" 2> /dev/null || dir=
	c_files | grep -v -e '^tests/compile/' -e '^bpf/' | grep '\.c$' |
		xargs cppcheck -q -j "$(nproc)" ${dir:+--cppcheck-build-dir="$dir"} --std=c11 --enable=warning,portability \
		--inline-suppr --suppress=missingInclude --suppress=unknownMacro \
		--suppress=syntaxError:scenarios/* --suppress=syntaxError:tests/* \
		--suppress=preprocessorErrorDirective:tests/* \
		--error-exitcode=1 -D_GNU_SOURCE -D__x86_64__ -I. -Iharness/include
}

# Everything again through clang's front end, where its warnings come from.
lint_clang()
{
	local c

	# shellcheck source=/dev/null
	c=$(. tools-testing-ktstr/setup/common.sh && . tools-testing-ktstr/setup/packages.sh &&
		find_clang) || { echo "SKIP: no clang 16 or newer"; exit 4; }
	make -s -k -j"$(nproc)" OUTPUT="$OUTPUT/obj/clang" KSRC="$KSRC" CC="$c" check-syntax
}

# Each file says its licence in the first line (second in scripts), in the notation that
# its kind has in the kernel.
lint_spdx()
{
	local bad=0 f id="SPDX-License-Identifier: GPL-2.0" one two

	while read -r f; do
		one='' two=''
		{ read -r one; read -r two; } < "$f"
		case $f:$one in
		*.c:"// $id"*|*.h:"/* $id"*)	continue ;;
		*.c:*|*.h:*)			;;
		*:"# $id"*)			continue ;;
		*)				[[ $two != "# $id"* ]] || continue ;;
		esac
		echo "$f: no SPDX line where it belongs"
		bad=1
	done < <(c_files; sh_files; echo Makefile)
	return $bad
}

# A file, a function and a folder are small enough to be read at once.
lint_files()
{
	c_files | xargs wc -l | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines"; bad = 1 }
		END { exit bad }'
}

lint_functions()
{
	c_files | xargs awk -v max=80 -f "$scripts/functions.awk"
}

lint_folders()
{
	c_files | awk '/\.c$/ { sub("/[^/]*$", ""); nr[$0]++ }
		END {
			for (dir in nr)
				if (nr[dir] > 20) {
					print dir ": " nr[dir] " .c files, 20 are enough"
					bad = 1
				}
			exit bad
		}'
}

# Folders depend on lower ones only: lint/layers. Tests may include what they like.
lint_arrows()
{
	c_files | grep -v '^tests/' |
		xargs awk -v files=<(c_files) -f "$scripts/arrows.awk" "$scripts/layers"
}

# The checks that are ours notice what they are for.
lint_selftest()
{
	"$scripts/selftest.sh"
}

case ${1:-} in
list)	declare -F | sed -n 's/^declare -f lint_//p' ;;
*)	declare -F "lint_${1:-}" > /dev/null || { echo "lint.sh list | NAME" >&2; exit 1; }
	"lint_$1" ;;
esac
