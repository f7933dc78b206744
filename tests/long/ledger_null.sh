#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Exact comparisons of a scheduler with itself raise no alarm, and one instruction more in its
# dispatch raises one, whatever the seed. Arguments: how many comparisons of each (20 and 5).
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
nulls=${1:-20} planted=${2:-5}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export KTSTR_RUNS_ROOT=$tmp/runs KTSTR_AUTO_REPRO=off
alarms=0 found=0

# guest RUN SEED [ARGS OF THE SCHEDULER]
guest()
{
	KTSTR_RUN_ID=$1 timeout 600 "$out/ktstr" run --ledger -t equal_cgroups_scx_ktstr --duration 1 \
		--seed "$2" --scheduler "$out/scx_ktstr" -- "${@:3}" > "$tmp/log" 2>&1 || {
		tail -n 20 "$tmp/log"
		exit 1
	}
}

# same: all of two sidecars but what says that there was a ledger, and the host
same()
{
	python3 - "$tmp/runs/$1"/*/*.ktstr.json "$tmp/runs/$2"/*/*.ktstr.json <<-'EOF'
	import json, sys
	a, b = ({k: v for k, v in json.load(open(f)).items() if k not in ("ledger", "host")}
		for f in sys.argv[1:])
	sys.exit(a != b)
	EOF
}

guest n0 1
KTSTR_RUN_ID=without timeout 600 "$out/ktstr" run -t equal_cgroups_scx_ktstr --duration 1 --seed 1 \
	--scheduler "$out/scx_ktstr" > "$tmp/log" 2>&1 && same n0 without || {
	echo "a run with a ledger differs from the one without"
	exit 1
}
echo "a run is the same with and without a ledger"
for ((i = 1; i <= nulls; i++)); do
	guest "n$i" $((i + 1))
	"$out/ktstr" stats compare --exact "n$((i - 1))" "n$i" > "$tmp/out" 2>&1 || {
		alarms=$((alarms + 1))
		grep REGRESSION "$tmp/out"
	}
	printf '\rnull %d of %d, %d alarms ' "$i" "$nulls" "$alarms"
done
for ((i = 1; i <= planted; i++)); do
	guest "p$i" $((i + 100)) --tax
	! "$out/ktstr" stats compare --exact "n$i" "p$i" > "$tmp/out" 2>&1 &&
		grep -q 'ops.dispatch.shortest .* 1.00 .*REGRESSION' "$tmp/out" &&
		! grep REGRESSION "$tmp/out" | grep -qv ops.dispatch && found=$((found + 1))
	printf '\rplanted %d of %d, found %d ' "$i" "$planted" "$found"
done
printf '\n%d null comparisons, %d alarms; one instruction planted %d times, found %d times\n' \
	"$nulls" "$alarms" "$planted" "$found"
[ "$alarms" = 0 ] && [ "$found" = "$planted" ]
