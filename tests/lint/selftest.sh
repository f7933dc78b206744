#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each check of ../lint.sh that is our own accepts a small tree that is right, and finds the one
# mistake that is put into it. Exit status 0: they all do.
set -u
lint=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../lint.sh")
tree=$(mktemp -d) || exit
trap 'rm -rf "$tree"' EXIT
bad=0

# lines N: that many lines of C
lines()
{
	yes '	x++;' | head -n "$1"
}

# file PATH [LINE...]: a file of the tree; the rest of it comes from stdin
file()
{
	mkdir -p "$tree/$(dirname "$1")"
	{
		echo '// SPDX-License-Identifier: GPL-2.0'
		shift
		[ $# = 0 ] || printf '%s\n' "$@"
	} > "$tree/$1"
}

# A tree in which everything is right, to its limits.
plant()
{
	local i

	rm -rf "${tree:?}"/*
	mkdir -p "$tree"/{bpf,tests,.ci,vmm}
	file lib/a.c '#include <stdio.h>' '#include "b.h"' '#include "made.skel.h"' \
		'int f(void)' '{' "$(lines 78)" '}'
	file lib/long.c "$(lines 599)"
	file lib/sub/c.c '#include "lib/b.h"'
	file harness/include/ktstr.h '#include "lib/b.h"'
	file harness/host/d.c '#include <ktstr.h>' '#include "lib/sub/c.h"'
	file scenarios/e.c '#include <ktstr.h>' '#include "f.h"'
	file tools-testing-ktstr/g.c '#include "lib/b.h"'
	file tests/h.c '#include "harness/host/d.h"'
	for i in {1..20}; do
		file "vmm/full/$i.c"
	done
	for i in lib/b.h lib/sub/c.h harness/host/d.h harness/include/ktstr.h scenarios/f.h \
		vmm/full/k.h; do
		[ -e "$tree/$i" ] || file "$i"
		sed -i 's|// \(.*\)|/* \1 */|' "$tree/$i"
	done
	sed 's|^//|#|' "$tree/lib/a.c" | head -n 1 > "$tree/Makefile"
	printf '#!/bin/bash\n%s\n' "$(cat "$tree/Makefile")" > "$tree/run_tests.sh"
}

# accepts CHECK
accepts()
{
	local out

	out=$(LINT_ROOT=$tree "$lint" "$1" 2>&1) && return
	echo "$1: a finding where all is right: $out"
	bad=1
}

# finds CHECK TEXT: there is one finding, with this text in it
finds()
{
	local out rc

	out=$(LINT_ROOT=$tree "$lint" "$1" 2>&1)
	rc=$?
	if [ $rc = 0 ] || [ "$(wc -l <<< "$out")" != 1 ] || [[ $out != *"$2"* ]]; then
		echo "$1: status $rc, not one finding \"$2\": $out"
		bad=1
	fi
	plant
}

plant
for check in files functions folders arrows spdx; do
	accepts "$check"
done

echo 'int x;' >> "$tree/lib/long.c"
finds files lib/long.c

sed -i 's/^}/\tx++;\n}/' "$tree/lib/a.c"
finds functions 'lib/a.c:6: 81 lines: int f(void)'

file vmm/full/21.c
finds folders 'vmm/full: 21'

file lib/a.c '#include "vmm/full/k.h"'
finds arrows 'lib/a.c:2: lib must not include vmm/full/k.h'

file scenarios/e.c '#include "lib/b.h"'
finds arrows 'scenarios must not include lib/b.h'

file lib/b.h '#include "sub/c.h"'
finds arrows 'circle of folders: '

file lib/b.h '#include "sub/c.h"'
file lib/sub/c.c
file lib/sub/c.h '#include "lib/deep/i.h"'
file lib/deep/i.h '#  include "lib/b.h"'
finds arrows 'circle of folders: '

file harness/unheard/j.c
finds arrows 'harness/unheard/j.c: no row'

# The table itself: what is allowed stands in an earlier row.
if awk -f "$(dirname "$lint")/lint/arrows.awk" - <<< $'vmm: lib\nlib:' > /dev/null; then
	echo "arrows: vmm may include lib, for which there is no earlier row"
	bad=1
fi

file lib/sub/c.c
sed -i 1d "$tree/lib/sub/c.c"
finds spdx lib/sub/c.c

exit $bad
