#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run.sh OUTPUT [SECONDS [TARGET...]]: all fuzz targets (or those named) side by side for so
# long (60). Prints a TAP line for each; an input that makes one fail is kept, and the line
# says how to try it again. What was found of the way in stays in OUTPUT/obj/fuzz/corpus and
# is where the next run begins.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
[ $# -ge 1 ] || { echo "usage: run.sh OUTPUT [SECONDS [TARGET...]]" >&2; exit 1; }
out=$(realpath "$1")
seconds=${2:-60}
[[ $seconds =~ ^[1-9][0-9]{0,4}$ ]] || { echo "run.sh: SECONDS is '$seconds'" >&2; exit 1; }
shift $(( $# > 1 ? 2 : 1 ))
if [ $# -gt 0 ]; then
	targets=("$@")
else
	mapfile -t targets < <(find tests/fuzz -name '*_fuzz.c' | sed 's,.*/\(.*\)_fuzz.c,\1,' | sort)
fi
dir=$out/obj/fuzz
nr=0 failed=0
declare -A pid
# Freed memory is held back for a while; megabytes of it would only cost time.
export ASAN_OPTIONS=quarantine_size_mb=8
trap 'kill "${pid[@]}" 2> /dev/null' EXIT

for t in "${targets[@]}"; do
	prog=$(find "$dir/tests/fuzz" -name "${t}_fuzz" -type f)
	[ -x "$prog" ] || { echo "run.sh: no target '$t' (make fuzzers)" >&2; exit 1; }
	mkdir -p "$dir/corpus/$t" "$dir/seeds/$t" "$dir/crashes"
	FUZZ_SEEDS=$dir/seeds/$t "$prog" > "$dir/$t.log" 2>&1 || {
		cat "$dir/$t.log"
		echo "run.sh: $t made no seeds" >&2
		exit 1
	}
	# -timeout and the time for one input are wall-clock: generous on a busy machine
	"$prog" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 -verbosity=1 \
		-artifact_prefix="$dir/crashes/$t-" "$dir/corpus/$t" "$dir/seeds/$t" \
		> "$dir/$t.log" 2>&1 < /dev/null &
	pid[$t]=$!
done
echo "TAP version 13"
for t in "${targets[@]}"; do
	nr=$((nr + 1))
	if wait "${pid[$t]}"; then
		runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$dir/$t.log")
		cov=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$dir/$t.log" | tail -n 1)
		echo "ok $nr fuzz/$t # ${runs:-0} runs, $cov edges"
	else
		failed=$((failed + 1))
		grep -m 1 -A 12 -E '^(==[0-9]+==ERROR|.*does not hold|.*runtime error)' \
			"$dir/$t.log" | sed 's/^/# /'
		file=$(sed -n "s/.*Test unit written to //p" "$dir/$t.log" | tail -n 1)
		prog=$(find "$dir/tests/fuzz" -name "${t}_fuzz" -type f)
		echo "not ok $nr fuzz/$t # again: $prog ${file:-}"
	fi
done
echo "1..$nr"
[ "$failed" = 0 ]
