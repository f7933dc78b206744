#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whatever is wrong with the input or the machine: one clear line that says what, where and
# why, the right result (a SKIP only where the environment lacks something), and no hang.
# Only the last two cases boot a machine.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
prog=$out/equal_cgroups
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export KTSTR_ACCEL=tcg KTSTR_RUNS_ROOT=$tmp/runs
kernel=$("$out/ktstr" kernel path) || { echo "1..0 # SKIP no kernel: run ./run_tests.sh"; exit 4; }

. tests/lib.sh

# expect WHAT RESULT SENTENCE VAR=VALUE...: RESULT is "not ok 1", "ok 1", "Bail out"
expect() {
	local what=$1 line=$2 words=$3

	shift 3
	env "$@" timeout 120 "$prog" -t "${test:-equal_cgroups_scx_ktstr}" >"$tmp/tap" 2>&1
	grep -q "^$line" "$tmp/tap" && grep -qF -- "$words" "$tmp/tap"
	result $? "$what: $words" "$tmp/tap"
}

echo "TAP version 13"
expect "missing image" "not ok 1" "KTSTR_TEST_KERNEL=/nonexistent: there is no such file" \
	KTSTR_TEST_KERNEL=/nonexistent
expect "empty variable" "not ok 1" "KTSTR_TEST_KERNEL is set but empty" KTSTR_TEST_KERNEL=
expect "missing tree" "not ok 1" "KTSTR_KERNEL=/nonexistent: there is no such file or folder" \
	KTSTR_KERNEL=/nonexistent
expect "missing version" "not ok 1" "KTSTR_KERNEL=9.9: not in the kernel cache" KTSTR_KERNEL=9.9

head -c 100000 /dev/urandom >"$tmp/garbage"
expect "garbage image" "not ok 1" "garbage: is no bzImage" KTSTR_TEST_KERNEL="$tmp/garbage"
: >"$tmp/empty"
expect "empty image" "not ok 1" "$tmp/empty" KTSTR_TEST_KERNEL="$tmp/empty"
head -c 4000000 "$kernel" >"$tmp/short"
expect "truncated image" "not ok 1" "$tmp/short: is cut off" KTSTR_TEST_KERNEL="$tmp/short"
expect "a folder" "not ok 1" "$tmp" KTSTR_TEST_KERNEL="$tmp"

# The same image, with the configuration of a kernel that lacks what the test needs.
mkdir "$tmp/noscx" "$tmp/nobtf"
cp "$kernel" "$tmp/noscx/bzImage"
printf '%s\n' 'CONFIG_BPF_SYSCALL=y' '# CONFIG_SCHED_CLASS_EXT is not set' >"$tmp/noscx/config"
expect "no sched_ext" "ok 1 .*# SKIP" "CONFIG_SCHED_CLASS_EXT" KTSTR_TEST_KERNEL="$tmp/noscx/bzImage"
ln "$tmp/noscx/bzImage" "$tmp/nobtf/bzImage"
printf '%s\n' 'CONFIG_BPF_SYSCALL=y' 'CONFIG_SCHED_CLASS_EXT=y' \
	'# CONFIG_DEBUG_INFO_BTF is not set' >"$tmp/nobtf/config"
expect "no BTF" "ok 1 .*# SKIP" "CONFIG_DEBUG_INFO_BTF" KTSTR_TEST_KERNEL="$tmp/nobtf/bzImage"

expect "missing emulator" "ok 1 .*# SKIP" "no qemu-system-x86_64 found; run ./run_tests.sh" \
	XDG_CACHE_HOME="$tmp/nothing" KTSTR_TEST_KERNEL="$kernel" PATH=/usr/bin:/bin
expect "wrong emulator" "not ok 1" "KTSTR_QEMU=/nonexistent: no such program" \
	KTSTR_QEMU=/nonexistent
expect "emulator that is none" "not ok 1" "/bin/true --version: this is not QEMU" KTSTR_QEMU=/bin/true
prog=$out/examples test=smt_fairness
expect "topology outside a test's bounds" "ok 1 .*# SKIP" \
	"KTSTR_TOPOLOGY=1n1l2c1t: has no SMT, the test requires it" KTSTR_TOPOLOGY=1n1l2c1t
expect "the same without skips" "not ok 1" "has no SMT, the test requires it (no skip" \
	KTSTR_TOPOLOGY=1n1l2c1t KTSTR_NO_SKIP_MODE=1
prog=$out/equal_cgroups test=
expect "missing scheduler" "Bail out!" "KTSTR_SCHEDULER=/nonexistent: there is no such file" \
	KTSTR_SCHEDULER=/nonexistent
expect "bad seed" "Bail out!" "KTSTR_SEED=seven: must be a number" KTSTR_SEED=seven
expect "bad accelerator" "Bail out!" "KTSTR_ACCEL=xen" KTSTR_ACCEL=xen
expect "relative runs root" "Bail out!" "KTSTR_RUNS_ROOT" KTSTR_RUNS_ROOT=runs
expect "runs root in a file" "not ok 1" "$tmp/garbage" KTSTR_RUNS_ROOT="$tmp/garbage/runs"
expect "sidecar folder in a file" "Bail out!" "KTSTR_SIDECAR_DIR=$tmp/garbage/x: Not a directory" \
	KTSTR_SIDECAR_DIR="$tmp/garbage/x"
test=no_such_test expect "unknown test" "Bail out!" "no_such_test"

# What cannot be recorded is an error of the run, whatever its verdict, which stays.
if unshare -m true 2>/dev/null; then
	mkdir "$tmp/full"
	# shellcheck disable=SC2016 # for the inner shell
	env XDG_CACHE_HOME="$tmp/nothing" PATH=/usr/bin:/bin KTSTR_TEST_KERNEL="$kernel" \
		KTSTR_RUNS_ROOT="$tmp/full" unshare -m sh -c '
			mount -t tmpfs -o size=4k none "$1" && shift && exec "$@"' sh "$tmp/full" \
		timeout 120 "$prog" -t equal_cgroups_eevdf >"$tmp/tap" 2>&1
	[ $? = 5 ] && grep -q '^ok 1 .*# SKIP' "$tmp/tap" &&
		grep -qE '^# ERROR not recorded: .*No space left on device' "$tmp/tap"
	result $? "runs folder on a full file system: status 5 and why" "$tmp/tap"
fi

# A cache that cannot be written costs time and nothing else: the machine boots.
if unshare -m true 2>/dev/null; then
	export KTSTR_DURATION_S=1
	test=equal_cgroups_scx_simple
	for how in ro full; do
		mkdir "$tmp/cache.$how"
		opts=size=64k
		[ $how = full ] || opts=ro,$opts
		# shellcheck disable=SC2016 # for the inner shell
		unshare -m sh -c 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"' sh \
			"$opts" "$tmp/cache.$how" env KTSTR_CACHE_DIR="$tmp/cache.$how" \
			KTSTR_TEST_KERNEL="$kernel" timeout 120 "$prog" -t "$test" >"$tmp/tap" 2>&1
		grep -q '^ok 1 ' "$tmp/tap" && grep -q "cache" "$tmp/tap"
		result $? "cache on a file system that is $how: passes and says so" "$tmp/tap"
	done
fi

[ -z "$(find "$tmp/runs" -name '*.tmp*')" ]
result $? "no temporary file is left" "$tmp/tap"
finish
