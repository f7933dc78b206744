#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Do our unit tests promise something of this machine's scheduler? Those of workers, of the engine and
# of helpers run on the host, in the host's time. Each one several times, several at once, while each CPU has
# busy processes: one that fails has a bound that a busy machine breaks, or has found a fault.
#
# usage: unit_under_load.sh [ROUNDS [TEST...]]	(3 rounds, all: build/obj/san/tests/unit/TEST)
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
dir=$out/obj/san/tests/unit
rounds=${1:-3}
shift $(($# > 0))
tmp=$(realpath "$(mktemp -d)") || exit 1
busy=()
trap 'kill "${busy[@]}" 2> /dev/null; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
# shellcheck source=tests/lib.sh
. tests/lib.sh
forget_settings

[ $# -gt 0 ] || mapfile -t tests < <(cd "$dir" && find . -name '*_test' -type f -printf '%P\n' | sort)
[ $# = 0 ] || tests=("$@")
[ ${#tests[@]} -gt 0 ] || { echo "unit_under_load.sh: no tests in $dir, run make unit-tests" >&2; exit 1; }

cpus=$(nproc)
for ((i = 0; i < 3 * cpus; i++)); do
	sh -c 'while :; do :; done' &
	busy+=($!)
done

# one ROUND TEST
one()
{
	local log=$tmp/$1-${2//\//_}

	timeout 240 "$dir/$2" > "$log" 2>&1 < /dev/null
	case $? in
	0|4)	rm -f "$log" ;;
	*)	mv "$log" "$log.failed" ;;
	esac
}

for ((round = 1; round <= rounds; round++)); do
	for t in "${tests[@]}"; do
		while [ "$(jobs -rp | wc -l)" -ge $((5 * cpus)) ]; do
			wait -n
		done
		one "$round" "$t" &
	done
	echo "# round $round of $rounds begun: all ${#tests[@]} tests"
done
while [ "$(jobs -rp | wc -l)" -gt ${#busy[@]} ]; do
	wait -n
done

failed=0
for log in "$tmp"/*.failed; do
	[ -e "$log" ] || continue
	failed=$((failed + 1))
	echo "# ${log##*/}"
	grep -aE 'Expected|^# not ok|^not ok|Assert|ERROR|timed out' "$log" | sed 's/^/#   /'
done
echo "$((rounds * ${#tests[@]} - failed)) passed, $failed failed, 0 skipped"
[ $failed = 0 ]
