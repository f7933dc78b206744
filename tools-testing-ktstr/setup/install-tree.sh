#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# install-tree.sh KSRC: put this suite where it belongs in a kernel tree,
# tools/testing/selftests/sched_ext/ktstr, and let TARGETS=ktstr find it too.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh" || exit

ksrc=${1:?usage: install-tree.sh KSRC}
suite=$(cd "$here/../.." && pwd)
self=$ksrc/tools/testing/selftests
dest=$self/sched_ext/ktstr
alias=$self/ktstr

[ -e "$self/lib.mk" ] || die "$ksrc is not a kernel tree: no tools/testing/selftests/lib.mk"
[ ! -e "$dest" ] || [ -e "$dest/harness/include/ktstr.h" ] ||
	die "$dest exists and is not ktstr: move it away"
[ ! -e "$alias" ] || [ -L "$alias" ] || die "$alias exists and is not ours: move it away"

# P: what a build in the tree has made stays; anything else that we do not have goes,
# because sources are found by looking.
mkdir -p "$dest" &&
	rsync -a --delete --filter='P /obj' --exclude=/.git --exclude=/build \
		--exclude=/obj --exclude=/ktstr-runs --exclude=/linux "$suite/" "$dest/" &&
	ln -sfn sched_ext/ktstr "$alias" ||
	die "cannot write to $self"
say "installed as $dest"
