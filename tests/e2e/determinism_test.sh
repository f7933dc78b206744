#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Same seed, same run: consoles byte for byte, sidecars but for what belongs to the host; also
# while the host is busy with something else, and with KTSTR_VERBOSE=1, which only shows more. Another
# seed gives another run, so the equality above is no accident of an empty console. The same of
# the work types that have threads of their own (Schbench, Taobench), whose
# metrics have to be the same to the last digit. The monitor's samples are the same too, and a run
# without the monitor has the same console and the same figures.
# Images: one that is damaged is made anew, also where a maker before was killed.
#
# usage: determinism_test.sh [RUNS]	(default 1 quiet run, beside the loaded one)
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
seed=${TEST_SEED:-7} other=$((${TEST_SEED:-7} + 1))
runs=${1:-1}
prog=$out/equal_cgroups
test=equal_cgroups_scx_ktstr
tmp=$(mktemp -d) || exit 1
busy=()
cleanup() {
	[ ${#busy[@]} = 0 ] || kill "${busy[@]}" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

. tests/lib.sh

# run SEED NAME [PROGRAM TEST]: leaves $tmp/NAME/{console.log,sidecar,monitor}
run() {
	KTSTR_ACCEL=tcg KTSTR_SEED=$1 KTSTR_RUNS_ROOT=$tmp/$2.runs KTSTR_RUN_ID=r KTSTR_LIBDIR=$out \
		"${3:-$prog}" -t "${4:-$test}" >"$tmp/$2.tap" 2>&1 || { sed 's/^/# /' "$tmp/$2.tap"; return 1; }
	mkdir "$tmp/$2" &&
	cp "$tmp/$2.runs"/r/*/console.log "$tmp/$2/console.log" &&
	python3 - "$tmp/$2.runs"/r/*/*.ktstr.json "$tmp/$2" <<-'PY'
	import json, sys
	d = json.load(open(sys.argv[1]))
	print(d.pop("host")["image"], file=open(sys.argv[2] + "/image", "w"))
	for part, name in (d.pop("monitor"), "monitor"), (d, "sidecar"):
	    json.dump(part, open(sys.argv[2] + "/" + name, "w"), indent=1, sort_keys=True)
	PY
}

# samples NAME: how many the monitor took
samples() {
	sed -n 's/^ "total_samples": \([0-9]*\),*$/\1/p' "$tmp/$1/monitor"
}

same() {	# NAME [AS [FILES]]
	local as=${2:-1} file ret=0

	for file in ${3:-console.log sidecar monitor}; do
		cmp -s "$tmp/$as/$file" "$tmp/$1/$file" && continue
		ret=1
		diff "$tmp/$as/$file" "$tmp/$1/$file" | head -20 | sed "s/^/# $file: /"
	done
	return $ret
}

# equal workers have equal shares after one second under this scheduler
export KTSTR_DURATION_S=2
echo "TAP version 13"
run "$seed" 1
result $? "seed $seed passes"
[ "$(samples 1)" -ge 13 ]
result $? "the monitor took a sample every 100 ms"
for i in $(seq 2 "$runs"); do
	run "$seed" "$i" && same "$i"
	result $? "seed $seed again: run $i is identical"
done

starts() {	# NAME
	sed -n 's/^ "start": "\(.*\)",*$/\1/p' "$tmp/$1/sidecar"
}
[ "$(starts 1)" = image ]
result $? "it started from an image"

for _ in 1 2; do
	(while :; do :; done) &
	busy+=($!)
done
KTSTR_VERBOSE=1 run "$seed" loaded && same loaded && grep -q "^# ktstr_test '$test'" "$tmp/loaded.tap"
result $? "seed $seed on a host with two busy loops, with its report: identical"
kill "${busy[@]}" 2>/dev/null
busy=()

run "$other" other && ! cmp -s "$tmp/1/console.log" "$tmp/other/console.log"
result $? "seed $other differs"
[ "$(wc -l <"$tmp/1/console.log")" -gt 50 ]
result $? "the compared console is a real one"

# Another cache; the kernel stays where it is. What is in the image's folder besides the image goes with
# it.
kernel=$("$out/ktstr" kernel path 2> /dev/null)
image=$(cat "$tmp/1/image")
kept=${KTSTR_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ktstr/kernels}/.images/$image
mkdir "$tmp/cache"
export KTSTR_CACHE_DIR=$tmp/cache KTSTR_TEST_KERNEL=$kernel KTSTR_DURATION_S=1
images=$tmp/cache/.images
setsid "$prog" -t "$test" > /dev/null 2>&1 &
maker=$!
while kill -0 "$maker" 2> /dev/null && ! compgen -G "$images/draft-*/console" > /dev/null; do
	read -rt 0.1 <> <(:) || :
done
kill -KILL -- "-$maker"
wait "$maker" 2> /dev/null
compgen -G "$images/draft-*" > /dev/null
result $? "the maker of an image was killed in the middle"
cp -r --sparse=always "$kept" "$images" && : > "$images/$image/seen" &&
	dd if=/dev/urandom of="$images/$image/ram" bs=8 seek=2500000 count=1 conv=notrunc 2> /dev/null &&
	run "$seed" healed && [ "$(starts healed)" = image ] && [ "$(cat "$tmp/healed/image")" = "$image" ] &&
	[ -e "$images/$image/ram" ] && [ ! -e "$images/$image/seen" ]
result $? "the next run finds a damaged image, makes it anew and starts from it"
[ "$(find "$images" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ]
result $? "nothing is left of the first maker"
"$out/ktstr" cache list 2> /dev/null | grep -q "^$image .* 1n1l" &&
	"$out/ktstr" cache clean "$image" 2> /dev/null && [ ! -e "$images/$image" ]
result $? "ktstr cache lists and removes it"
unset KTSTR_CACHE_DIR KTSTR_TEST_KERNEL KTSTR_DURATION_S

programs=$out/obj/tests/e2e/work_types_c_test
run "$seed" server "$programs" programs_and_storms &&
	KTSTR_MONITOR=off run "$seed" server2 "$programs" programs_and_storms &&
	same server2 server "console.log sidecar"
result $? "programs with threads of their own: seed $seed again, without the monitor, is identical"
[ "$(samples server)" -ge 8 ] && [ "$(cat "$tmp/server2/monitor")" = null ]
result $? "and only one of the two was looked into"
[ "$(grep -c '"source": "\(Schbench\|Taobench\)"' "$tmp/server/sidecar")" -ge 15 ]
result $? "and their metrics were there to be compared"

finish
