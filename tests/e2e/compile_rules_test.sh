#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What builds and what does not, by gcc and by clang. The second line of each file of
# tests/compile/ says which: "Fails to compile: WORDS" for a declaration that contradicts itself,
# with the words that the compiler must print, or "Compiles: WHY". The scenarios of the suite must
# build with the same flags.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ -e "${KSRC:-}/tools/include" ] || { echo "SKIP: no kernel tree, set KSRC"; exit 4; }

flags=(-std=gnu11 -O2 -Wall -Wextra -Werror -Wno-missing-field-initializers
       -D_GNU_SOURCE -Iharness/include -Iscenarios/include -isystem "$KSRC/tools/include")
. tests/lib.sh

compilers=(gcc)
for c in clang clang-19 clang-18 clang-17 clang-16; do
	v=$("$c" -dumpversion 2>/dev/null) || continue
	[ "${v%%.*}" -ge 16 ] && compilers+=("$c") && break
done

echo "TAP version 13"
for c in "${compilers[@]}"; do
	extra=(-Woverride-init)
	[ "$c" = gcc ] || extra=(-Winitializer-overrides)
	for f in tests/compile/*.c; do
		grep -q '^/\* Compiles:' "$f" && continue
		want=$(sed -n 's,^/\* Fails to compile: \(.*\) \*/$,\1,p' "$f")
		if ! out=$("$c" "${flags[@]}" "${extra[@]}" -c -o /dev/null "$f" 2>&1) &&
		   [ -n "$want" ] && grep -Eq "$want" <<<"$out"; then
			result 0 "$c rejects $f"
		else
			echo "# ${out//$'\n'/$'\n'# }"
			result 1 "$c rejects $f"
		fi
	done
	for f in scenarios/*.c $(grep -l '^/\* Compiles:' tests/compile/*.c); do
		out=$("$c" "${flags[@]}" "${extra[@]}" -c -o /dev/null "$f" 2>&1)
		result $? "$c accepts $f"
		[ -z "$out" ] || echo "# ${out//$'\n'/$'\n'# }"
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
