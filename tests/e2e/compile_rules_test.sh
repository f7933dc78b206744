#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A declaration that contradicts itself does not build: every file of tests/compile/ must be
# rejected, by gcc and by clang, with the words that its second line promises; the scenarios
# of the suite are the counter-test: they must build with the same flags.
set -u
cd "$(dirname "$0")/../.." || exit 1

flags=(-std=gnu11 -O2 -Wall -Wextra -Werror -Wno-missing-field-initializers
       -D_GNU_SOURCE -Iharness/include -Iscenarios/include -c -o /dev/null)
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
		want=$(sed -n 's,^/\* Fails to compile: \(.*\) \*/$,\1,p' "$f")
		if ! out=$("$c" "${flags[@]}" "${extra[@]}" "$f" 2>&1) &&
		   [ -n "$want" ] && grep -Eq "$want" <<<"$out"; then
			result 0 "$c rejects $f"
		else
			echo "# ${out//$'\n'/$'\n'# }"
			result 1 "$c rejects $f"
		fi
	done
	for f in scenarios/*.c; do
		out=$("$c" "${flags[@]}" "${extra[@]}" "$f" 2>&1)
		result $? "$c accepts $f"
		[ -z "$out" ] || echo "# ${out//$'\n'/$'\n'# }"
	done
done
finish
