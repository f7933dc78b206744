#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the framework says when a real guest is not what it should be: one CPU never comes up, or
# the machine is reset in the middle of the body. These are no scenarios: a machine without all
# of its CPUs satisfies no expectation.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh

cat > "$tmp/lost.c" <<'END'
#include <ktstr.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

KTSTR_SCHEDULER(one_cpu, .kargs = KTSTR_STRS("maxcpus=1"));

KTSTR_TEST(lacks_a_cpu, .duration_s = 1, .scheduler = &one_cpu, .cores = 2, .threads = 1)
{
	(void)ctx;
	return 0;
}

/* reboot=t: the kernel resets itself by a triple fault, at once. */
KTSTR_TEST(is_reset, .duration_s = 1)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	(void)ctx;
	if (fd < 0 || write(fd, "b", 1) != 1)
		return -errno;
	return 0;
}
END

# lost TEST WORDS: it fails, with these words.
lost()
{
	KTSTR_ACCEL=tcg KTSTR_SEED=$seed KTSTR_RUNS_ROOT=$tmp/runs timeout 250 \
		"$tmp/lost" -t "$1" > "$tmp/log" 2>&1
	grep -q "^ *not ok 1 .*$1" "$tmp/log" && grep -qF "$2" "$tmp/log"
	result $? "$1" "$tmp/log"
}

# unpacked TEST JSON: who unpacked the kernel, how the machine started, whether there is a reason.
unpacked()
{
	python3 -c 'import glob, json, sys
d = json.load(open(glob.glob(sys.argv[1])[0]))
found = [d["kernel_unpacked"], d["start"], d["host"]["unpack_note"] is not None]
print(found)
sys.exit(found != eval(sys.argv[2]))' "$tmp/runs/*/ktstr.$1/*.ktstr.json" "$2" > "$tmp/found" 2>&1
	result $? "$1: the sidecar has it" "$tmp/found"
}

echo "TAP version 13"
if gcc -std=gnu11 -O2 -Wall -Wextra -Werror -Woverride-init -Wno-missing-field-initializers \
	-D_GNU_SOURCE -Iharness/include -pthread "$tmp/lost.c" "$out/obj/libktstr.a" \
	-Wl,--as-needed -llz4 -lz -lzstd -ljansson -lm -o "$tmp/lost" > "$tmp/log" 2>&1 &&
	cp "$out"/{hostcall.so,image_init} "$tmp"; then
	lost lacks_a_cpu "the guest has 1 CPUs online, the topology declares 2"
	# and in a cache with no room for an unpacked kernel, from which no image is made either
	KTSTR_TEST_KERNEL=$("$out/ktstr" kernel path 2> /dev/null)
	export KTSTR_TEST_KERNEL KTSTR_CACHE_DIR=$tmp/cache KTSTR_COLD=1
	mkdir "$tmp/cache" && : > "$tmp/cache/.vmlinux"
	lost is_reset "the machine went off without a word (reset or triple fault); the body started"
	grep -q "^# unpacked: by the kernel itself (docs/vm.md): $tmp/cache/.vmlinux: Not a directory\$" "$tmp/log"
	result $? "its report says that the kernel unpacked itself, and why" "$tmp/log"
	unpacked is_reset '["guest", "boot", True]'
	unpacked lacks_a_cpu '["host", "image", False]'
else
	result 1 "build" "$tmp/log"
fi
finish
