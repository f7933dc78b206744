#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The documentation holds what it says: every C example that includes <ktstr.h> builds with the
# suite's own flags, the README's is also run, and every relative link leads to a file.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

. tests/lib.sh

echo "TAP version 13"
for doc in README.md docs/*.md; do
	awk -v base="$tmp/$(basename "$doc" .md)" '
		/^```c$/ { n++; file = base "." n ".c"; next }
		/^```/ { file = "" }
		file { print > file }' "$doc"
done
for f in "$tmp"/*.c; do
	grep -q '^#include <ktstr.h>' "$f" || continue
	name=$(basename "$f" .c)
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -Woverride-init -Wno-missing-field-initializers \
		-D_GNU_SOURCE -Iharness/include -Iscenarios/include -pthread "$f" \
		"$out/obj/libcatalogue.a" "$out/obj/libktstr.a" \
		-Wl,--as-needed -llz4 -lz -lzstd -lm -o "$tmp/$name" >"$tmp/log" 2>&1
	result $? "example $name builds" "$tmp/log"
done

# beside the schedulers and the plugin, as the README tells to put it
cp "$out/hostcall.so" "$out/scx_simple" "$tmp" &&
	KTSTR_ACCEL=tcg KTSTR_RUNS_ROOT=$tmp/runs "$tmp/README.1" >"$tmp/log" 2>&1 &&
	grep -q '^ok 1 ktstr\.' "$tmp/log"
result $? "the README's example passes" "$tmp/log"

# What docs/reading-a-failure.md quotes is what reports look like.
awk -v golden="$(cat tests/unit/report.golden)" '
	/^```text$/ { quote = ""; on = 1; next }
	/^```/ && on { on = 0; if (!index(golden, quote)) { print "no report says:\n" quote; bad = 1 } }
	on { quote = quote $0 "\n" }
	END { exit bad }' docs/reading-a-failure.md >"$tmp/log"
result $? "the reports in reading-a-failure.md are those of report_golden_test" "$tmp/log"

for doc in README.md docs/*.md; do
	grep -o '](\([^)#:]*\))' "$doc" | sed 's/^](//; s/)$//' | while read -r link; do
		[ -e "$(dirname "$doc")/$link" ] || echo "$doc: $link leads nowhere"
	done
done >"$tmp/log"
[ ! -s "$tmp/log" ]
result $? "every relative link leads to a file" "$tmp/log"

finish
