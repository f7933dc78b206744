#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The documentation is true: its examples build, the README's and the scheduler's also run, quoted
# reports are real, tables are complete, and every file, page and section that it names exists.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh

# has NAME FILE TEXT...: every TEXT occurs in FILE.
has()
{
	local name=$1 file=$2 text

	shift 2
	: > "$tmp/log"
	[ $# -gt 0 ] || echo "nothing to look for" > "$tmp/log"
	for text; do
		grep -qF -- "$text" "$file" || echo "$file does not have $text" >> "$tmp/log"
	done
	[ ! -s "$tmp/log" ]
	result $? "$name" "$tmp/log"
}

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
		-Wl,--as-needed -llz4 -lz -lzstd -ljansson -lm -o "$tmp/$name" >"$tmp/log" 2>&1
	result $? "example $name builds" "$tmp/log"
done

# passes PROGRAM SCHEDULER...: with the schedulers, the plugin and the init of images beside it.
passes()
{
	local prog=$1

	shift
	cp "$out"/{hostcall.so,image_init} "$@" "$tmp" &&
		KTSTR_ACCEL=tcg KTSTR_RUNS_ROOT=$tmp/runs "$prog" >"$tmp/log" 2>&1 &&
		grep -q '^ok 1 ktstr\.' "$tmp/log"
}

passes "$tmp/README.1" "$out/scx_simple"
result $? "the README's example passes" "$tmp/log"

# The scheduler of adding-a-scheduler.md, in a copy of what it takes to build one.
mine="adding-a-scheduler.md: the scheduler builds and passes its test"
if [ -e "${KSRC:-}/tools/testing/selftests/lib.mk" ]; then
	mkdir "$tmp/suite" &&
		cp -r Makefile config bpf lib vmm harness scenarios tests tools-testing-ktstr \
			"$tmp/suite" &&
		cp "$tmp/adding-a-scheduler.1.c" "$tmp/suite/bpf/scx_mine.bpf.c" &&
		cp "$tmp/adding-a-scheduler.2.c" "$tmp/suite/bpf/scx_mine.c" &&
		make -s -C "$tmp/suite" KSRC="$KSRC" OUTPUT="$tmp/suite/build" \
			"$tmp/suite/build/scx_mine" >"$tmp/log" 2>&1 &&
		passes "$tmp/adding-a-scheduler.3" "$tmp/suite/build/scx_mine"
	result $? "$mine" "$tmp/log"
else
	result 0 "$mine # SKIP no kernel tree, set KSRC"
fi

# What docs/reading-a-failure.md quotes is what reports look like.
awk -v golden="$(cat tests/unit/report/report.golden)" '
	/^```text$/ { quote = ""; on = 1; next }
	/^```/ && on { on = 0; if (!index(golden, quote)) { print "no report says:\n" quote; bad = 1 } }
	on { quote = quote $0 "\n" }
	END { exit bad }' docs/reading-a-failure.md >"$tmp/log"
result $? "the reports in reading-a-failure.md are those of report_golden_test" "$tmp/log"

# Each row of hostile-cases.md ends with a file and what its test, scenario or check is called.
awk -F'`' '/^\| .*`: `/ { print $(NF - 3) "\t" $(NF - 1) }' docs/hostile-cases.md >"$tmp/cases"
[ "$(wc -l <"$tmp/cases")" -ge 80 ] && while IFS=$'\t' read -r file case; do
	grep -qwF -- "$case" "$file" || { echo "$file has no \"$case\""; false; } || break
done <"$tmp/cases" >"$tmp/log" 2>&1 && [ ! -s "$tmp/log" ]
result $? "hostile-cases.md names 80 tests or more, and each is there" "$tmp/log"

# The first word of each row of the table of kinds, and the names that reports print.
verdict=$(grep -rl 'kind_names\[KTSTR_NR_KINDS\]' harness)
sed -n '/kind_names\[KTSTR_NR_KINDS\]/,/^}/s/.*= "\(.*\)".*/\1/p' "$verdict" | sort >"$tmp/names"
awk '/^## / { on = $0 == "## Failure kinds" } on' docs/reading-a-failure.md |
	sed -n 's/^| `\([^`]*\)` .*/\1/p' | sort >"$tmp/rows"
[ -s "$tmp/names" ] && diff "$tmp/names" "$tmp/rows" >"$tmp/log"
result $? "reading-a-failure.md has every kind of failure" "$tmp/log"

# Tables of the code and the pages that explain their rows.
mapfile -t names < <(sed -n 's/^\tTEST\(_LATER\)\{0,1\}(\([a-z_]*\),.*/`\2`/p' harness/plan/attrs_table.c |
	grep -vxE '`(name|file|line|body)`')
has "writing-tests.md has every attribute of a test" docs/writing-tests.md "${names[@]}"
mapfile -t names < <(sed -n 's/^\tSCHED\(_LATER\)\{0,1\}(\([a-z_]*\),.*/`\2`/p' harness/plan/attrs_table.c)
has "writing-tests.md has every attribute of a scheduler" docs/writing-tests.md "${names[@]}"
mapfile -t names < <(sed -n 's/^\t\(WORKER\|MONITOR\)(\([a-z0-9_]*\),.*/`\2`/p' harness/checks/table.c)
has "checks.md has every check" docs/checks.md "${names[@]}"
mapfile -t names < <(sed -n 's/^\t{ "\(KTSTR_[A-Z_]*\)", .*/`\1/p' tools-testing-ktstr/builtin-env.c)
has "environment.md has every variable" docs/environment.md "${names[@]}"
mapfile -t names < <(sed -n 's/^\tOPT_[A-Z]*([^,]*, "\([a-z-]*\)",.*/`--\1/p' tools-testing-ktstr/builtin-run.c)
has "ktstr.md has every option of run" docs/ktstr.md "${names[@]}"
mapfile -t names < <(sed -n 's/^\tOPT_[A-Z]*([^,]*, "\([a-z-]*\)",.*/--\1/p' tools-testing-ktstr/builtin-{shell,runs}.c)
has "and every option of shell and runs" docs/ktstr.md "${names[@]}"
mapfile -t names < <(sed -n 's/^\tROW([a-z_]*, "\([a-z-]*\)",.*/`ktstr \1/p' tools-testing-ktstr/commands/commands.h)
has "ktstr.md has every command" docs/ktstr.md "${names[@]}"
mapfile -t names < <(find tests/fuzz -name "*_fuzz.c" -exec basename -s _fuzz.c {} + | sort | sed 's/.*/| `&` |/')
has "fuzzing.md has every target" docs/fuzzing.md "${names[@]}"
mapfile -t names < <(ls docs/*.md)
has "the README links every page" README.md "${names[@]/#/](}"

# What the original promises: whatever differs has its row, and what is named here exists.
"$out/ktstr" list features --markdown | cmp - docs/features.md >"$tmp/log"
result $? "features.md is what list features --markdown prints" "$tmp/log"
"$out/ktstr" list features --json >"$tmp/features"
rows()	# KEY [KIND]: the values of the features of a kind, one a line
{
	python3 -c 'import json, sys
key, kind = sys.argv[2], sys.argv[3]
print("\n".join(sorted({f[key] for f in json.load(open(sys.argv[1])) if f[key] and kind in ("", f["kind"])})))' \
		"$tmp/features" "$1" "${2:-}"
}
mapfile -t names < <(rows difference | sed 's/.*/| & |/')
has "differences.md has the row of everything that differs" docs/differences.md "${names[@]}"
rows here api | while IFS= read -r name; do
	grep -qrwF -- "$name" harness/include scenarios/include || echo "no public header has $name"
done >"$tmp/log"
[ "$(rows here api | wc -l)" -ge 100 ] && [ ! -s "$tmp/log" ]
result $? "what tests are written with is in the public headers" "$tmp/log"
rows here other | while IFS= read -r name; do
	[ -e "docs/$name" ] || echo "there is no docs/$name"
done >"$tmp/log"
[ ! -s "$tmp/log" ]
result $? "what has no table has a page" "$tmp/log"

# slugs PAGE: the anchors of its sections, as web front ends make them.
slugs()
{
	awk '/^```/ { code = !code } !code && /^#+ /' "$1" | sed 's/^#* //' |
		tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9_ -]//g; s/ /-/g'
}

for doc in README.md docs/*.md; do
	grep -o '](\([^):]*\))' "$doc" | sed 's/^](//; s/)$//' | while IFS='#' read -r page part; do
		page=${page:+$(dirname "$doc")/$page}
		page=${page:-$doc}
		[ -e "$page" ] || { echo "$doc: $page leads nowhere"; continue; }
		[ -z "$part" ] || slugs "$page" | grep -qxF -- "$part" ||
			echo "$doc: $page has no section $part"
	done
done >"$tmp/log"
[ ! -s "$tmp/log" ]
result $? "every relative link leads to a page and a section" "$tmp/log"

# paths FILE...: FILE:PATH for each path of this suite in code quotes, but for placeholders.
paths()
{
	grep -oE '`(lib|vmm|harness|scenarios|tools-testing-ktstr|bpf|tests|docs)/[^` ]*`' "$@" |
		tr -d '`' | grep -vE 'NAME|mine'
}

paths README.md docs/*.md | while IFS=: read -r doc path; do
	compgen -G "$path" >/dev/null || echo "$doc: there is no $path"
done >"$tmp/log"
[ ! -s "$tmp/log" ]
result $? "every file that the documentation names exists" "$tmp/log"

# The same for comments; a trailing part of a name may be left out.
grep -rnoE '\b(harness|vmm|scenarios|tools-testing-ktstr|docs)/[a-z0-9_/-]+(\.[a-z]+)?' \
	lib vmm harness scenarios tools-testing-ktstr bpf tests --include='*.[ch]' --include='*.sh' |
	grep -vE '^tests/(lint/selftest|e2e/install_tree_test).sh:' |
	while IFS=: read -r file line path; do
		compgen -G "$path*" >/dev/null || echo "$file:$line: there is no $path"
	done >"$tmp/log"
[ ! -s "$tmp/log" ]
result $? "every file that a comment names exists" "$tmp/log"

finish
