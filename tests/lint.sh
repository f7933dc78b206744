#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# lint.sh list | NAME: one static check over the whole tree. OUTPUT and KSRC come from
# check.sh. Exit status 0 clean, 1 findings, 4 the tool is not there.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
OUTPUT=${OUTPUT:-$PWD/build}

# Of checkpatch's types, these do not fit code outside the kernel proper:
IGNORE=(
	FILE_PATH_CHANGES		# it wants MAINTAINERS changed with every new file
	SPDX_LICENSE_TAG		# it wants C++ comments in .c, we check that ourselves
	PREFER_KERNEL_TYPES		# uint32_t is the right type in user space
	NEW_TYPEDEFS			# test interfaces of compilers
	SPLIT_STRING			# long messages are split at the right margin
	CONST_STRUCT			# it knows kernel structures only
	SSCANF_TO_KSTRTO		# there is no kstrtoul in user space
	PREFER_FALLTHROUGH		# the macro is the kernel's
	ENOSYS				# a valid answer of system calls here
	MACRO_ARG_REUSE			# declaration macros evaluate nothing
	COMPLEX_MACRO			# initialisers and declarations cannot be in parentheses
	MULTISTATEMENT_MACRO_USE_DO_WHILE # the same
	TRAILING_SEMICOLON		# the same
	PREFER_DEFINED_ATTRIBUTE_MACRO	# __packed and friends are the kernel's
	USE_NEGATIVE_ERRNO
	AVOID_EXTERNS
	AVOID_BUG
	VOLATILE			# shared memory with a guest
	LEADING_SPACE
	MEMORY_BARRIER
	ARRAY_SIZE			# the macro is the kernel's
	CAMELCASE			# names of other interfaces (ELF)
	NAKED_SSCANF
	DEPRECATED_API
	UNNECESSARY_ELSE
)

c_files()
{
	find bpf harness scenarios tests tools-testing-ktstr vmm -name '*.[ch]' | sort
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

lint_checkpatch()
{
	local ignore

	need perl
	[ -n "${KSRC:-}" ] || { echo "SKIP: no KSRC"; exit 4; }
	ignore=$(IFS=,; echo "${IGNORE[*]}")
	# One process per core: it is slow.
	c_files | xargs -P "$(nproc)" -n 8 perl "$KSRC/scripts/checkpatch.pl" --no-tree \
		--no-summary --terse --show-types --max-line-length=100 --ignore "$ignore" -f
}

lint_shellcheck()
{
	need shellcheck
	sh_files | xargs shellcheck -S warning -x
}

lint_cppcheck()
{
	need cppcheck
	c_files | grep -v -e '^tests/compile/' -e '^bpf/' | grep '\.c$' |
		xargs cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,portability \
		--inline-suppr --suppress=missingInclude --suppress=unknownMacro \
		--suppress=syntaxError:scenarios/* --suppress=syntaxError:tests/* \
		--error-exitcode=1 -D_GNU_SOURCE -I. -Iharness/include
}

# Everything again with clang, without linking against anything of gcc's.
lint_clang()
{
	local c

	# shellcheck source=/dev/null
	c=$(. tools-testing-ktstr/setup/common.sh && . tools-testing-ktstr/setup/packages.sh &&
		find_clang) || { echo "SKIP: no clang 16 or newer"; exit 4; }
	make -s -k -j"$(nproc)" OUTPUT="$OUTPUT/obj/clang" KSRC="$KSRC" CC="$c" all
}

# Each file says its licence in the first line (second in scripts), in the notation that
# its kind has in the kernel.
lint_spdx()
{
	local bad=0 f

	while read -r f; do
		case $f in
		*.c)	head -n 1 "$f" | grep -q '^// SPDX-License-Identifier: GPL-2.0' ;;
		*.h)	head -n 1 "$f" | grep -q '^/\* SPDX-License-Identifier: GPL-2.0' ;;
		*)	head -n 2 "$f" | grep -q '^# SPDX-License-Identifier: GPL-2.0' ;;
		esac || { echo "$f: no SPDX line where it belongs"; bad=1; }
	done < <(c_files; sh_files; echo Makefile)
	return $bad
}

# Sizes that keep a file readable.
lint_size()
{
	c_files | xargs wc -l | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines"; bad = 1 }
		END { exit bad }'
}

case ${1:-} in
list)	declare -F | sed -n 's/^declare -f lint_//p' ;;
*)	declare -F "lint_${1:-}" > /dev/null || { echo "lint.sh list | NAME" >&2; exit 1; }
	"lint_$1" ;;
esac
