#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The verifier sweep of the tree's example schedulers on every kernel of the cache, or on those that
# are named (what `ktstr verifier --kernel` takes): the tables of docs/verifier.md. About a minute a
# cell on a busy machine, a few seconds on an idle one. KTSTR_VERIFIER_JOBS guests at a time (1).
#
# usage: verifier.sh [KERNEL...]
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}

if [ $# = 0 ]; then
	mapfile -t kernels < <("$out/ktstr" kernel list --json |
		python3 -c 'import json, sys
for e in json.load(sys.stdin):
    if not e["corrupt"] and not e["extra_kconfig"]:
        print(e["version"], e["key"])' | sort -V | sed 's/.* //')
	set -- "${kernels[@]}"
fi
[ $# -gt 0 ] || { echo "no kernel in the cache: ktstr kernel fetch 7.3 7.0 ..." >&2; exit 1; }

args=()
for k; do
	args+=(--kernel "$k")
done
for s in "$out"/scx_*; do
	case ${s##*/} in
	scx_ktstr|scx_mutant|*selftests)	;;	# ours, and no scheduler
	*)	[ ! -x "$s" ] || args+=(--scheduler "${s##*/}") ;;
	esac
done
exec "$out/ktstr" verifier -j "${KTSTR_VERIFIER_JOBS:-1}" "${args[@]}"
