#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What builds and what does not, by gcc and by clang. The second line of each file below
# tests/compile/ says which: "Fails to compile: WORDS" for a declaration that contradicts itself,
# with the words that the compiler must print, or "Compiles: WHY". The scenarios of the suite must
# build with the same flags. The header needs no warning of the author's: contradictions are found
# by gcc at any level of optimisation and by clang with optimisation, keys that stand there twice
# by both.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ -e "${KSRC:-}/tools/include" ] || { echo "SKIP: no kernel tree, set KSRC"; exit 4; }

flags=(-std=gnu11 -O2 -Wall -Wextra -Werror -Wno-missing-field-initializers
       -D_GNU_SOURCE -Iharness/include -Iscenarios/include -isystem "$KSRC/tools/include")
. tests/lib.sh
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

compilers=(gcc)
for c in clang clang-19 clang-18 clang-17 clang-16; do
	v=$("$c" -dumpversion 2>/dev/null) || continue
	[ "${v%%.*}" -ge 16 ] && compilers+=("$c") && break
done

echo "TAP version 13"
# rejects COMPILER FILE FLAGS
rejects()
{
	local c=$1 f=$2 want out status

	shift 2
	want=$(sed -n 's,^/\* Fails to compile: \(.*\) \*/$,\1,p' "$f")
	! out=$("$c" "$@" -c -o /dev/null "$f" 2>&1) && [ -n "$want" ] && grep -Eq "$want" <<<"$out"
	status=$?
	result $status "$c ${*: -1} rejects $f"
	[ $status = 0 ] || echo "# ${out//$'\n'/$'\n'# }"
}

unoptimised=("${flags[@]//-O2/-O0}")
for c in "${compilers[@]}"; do
	for f in tests/compile/*.c tests/compile/*/*.c; do
		grep -q '^/\* Compiles:' "$f" && continue
		rejects "$c" "$f" "${flags[@]}" -O2
		case $c-$f in clang*/duplicate_*|gcc-*)
			rejects "$c" "$f" -std=gnu11 -D_GNU_SOURCE -Iharness/include \
				-isystem "$KSRC/tools/include" -O0
		esac
	done
	for f in scenarios/*.c $(grep -rl '^/\* Compiles:' tests/compile); do
		# a file, which ccache may know, where it stands in for the compiler
		out=$("$c" "${flags[@]}" -c -o "$tmp/accepted.o" "$f" 2>&1)
		result $? "$c accepts $f"
		[ -z "$out" ] || echo "# ${out//$'\n'/$'\n'# }"
	done
	for f in $(grep -rl '^/\* Compiles:' tests/compile); do
		"$c" "${unoptimised[@]}" -c -o "$tmp/accepted.o" "$f"
		result $? "$c -O0 accepts $f"
	done
done

# The macros without prefix that our headers define.
unprefixed()
{
	find harness/include scenarios/include -name '*.h' -printf '#include <%P>\n' |
		gcc "${flags[@]}" "$@" -x c -E -dD - |
		awk '/^# [0-9]/ { ours = $3 ~ /^"(harness|scenarios)\/include\// }
		     ours && $1 == "#define" && $2 !~ /^(KTSTR_|ktstr_)/ { print $2 }'
}
[ "$(unprefixed | wc -l)" -gt 100 ]
result $? "the public headers define short names"
left=$(unprefixed -DKTSTR_NO_SHORT_NAMES)
[ -z "$left" ] || echo "# ${left//$'\n'/ }"
[ -z "$left" ]
result $? "with KTSTR_NO_SHORT_NAMES no macro is without prefix"
finish
