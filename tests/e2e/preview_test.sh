#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A scenario that cannot be run is found before anything is booted: each mistake is one line with
# the file and line of its test. The kernel image is damaged, so whatever gets past the check fails
# at once, and no machine is booted here.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
export KTSTR_RUNS_ROOT=$tmp/runs KTSTR_TEST_KERNEL=$tmp/garbage KTSTR_ACCEL=tcg KTSTR_LIBDIR=$out
head -c 100000 /dev/urandom > "$tmp/garbage"

cat > "$tmp/wrong.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <ktstr.h>
#include <ktstr/machine.h>
KTSTR_PAYLOAD(sleeper, .binary = "/bin/sleep");
KTSTR_TEST(beyond, .cores = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .cpuset = CPUS("0-7"))), HOLD_FULL));
}
KTSTR_TEST(unknown, .cores = 2)
{
	return ktstr_run(ctx, STEP(OPS(FREEZE_CGROUP("cg_b")), CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
KTSTR_TEST(holdless, .cores = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a"))));
}
KTSTR_TEST(undeclared, .cores = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .payload = &sleeper)), HOLD_FULL));
}
KTSTR_TEST(endless, .cores = 2)
{
	/* the list ends with its page, and nothing follows */
	struct ktstr_cgroup *list = ktstr_test_list();

	return ktstr_run(ctx, STEP(.cgroups = list, HOLD_FULL));
}
KTSTR_TEST(too_much, .cores = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .workers = 2,
		.work = MUTEX_CONTENTION(.contenders = 2, .spin = 1u << 30))), HOLD_FULL));
}
KTSTR_TEST(computed, .llcs = 2, .cores = 2)
{
	struct ktstr_machine *m = ktstr_machine(ctx);
	char cpus[16];

	snprintf(cpus, sizeof(cpus), "0-%u", m->nr_llcs * 2);
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .cpuset = CPUS(cpus))), HOLD_FULL));
}
KTSTR_TEST(sound, .cores = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .cpuset = CPUS("0-1"))), HOLD_FULL));
}
KTSTR_TEST(reads_a_file, .cores = 2)
{
	FILE *f = fopen("/etc/hostname", "w");

	if (f)
		fclose(f);
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .cpuset = CPUS("0-7"))), HOLD_FULL));
}
KTSTR_TEST(runs_on, .cores = 2)
{
	for (;;)
		puts("on and on");
	return 0;
}
C
# A list without its end: in the last bytes before a page that cannot be read.
cat > "$tmp/list.h" <<'C'
#include <string.h>
#include <sys/mman.h>
static struct ktstr_cgroup *ktstr_test_list(void)
{
	const struct ktstr_cgroup one = KTSTR_CGROUP("cg_a");
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ktstr_cgroup *list = (void *)(map + 4096 - sizeof(one));

	memcpy(list, &one, sizeof(one));
	mprotect(map + 4096, 4096, PROT_NONE);
	return list;
}
C
sed -i 's,^KTSTR_PAYLOAD,#include "list.h"\n&,' "$tmp/wrong.c"
(cd "$tmp" && gcc -std=gnu11 -O1 -g -D_GNU_SOURCE -I"$OLDPWD/harness/include" -pthread wrong.c \
	"$out/obj/libktstr.a" -Wl,--as-needed -llz4 -lz -lzstd -ljansson -lm -o wrong) \
	> "$tmp/log" 2>&1
result $? "the program builds" "$tmp/log"

# says TEST WORDS: not ok, within seconds, with these words behind file and line; nothing else is wrong
says()
{
	local line

	line=$(grep -n "^KTSTR_TEST($1," "$tmp/wrong.c" | cut -d: -f1)
	timeout 20 "$tmp/wrong" -t "$1" > "$tmp/tap" 2>&1
	grep -q '^not ok 1 ' "$tmp/tap" && grep -qF "#   wrong.c:$line: $2" "$tmp/tap" &&
		! grep -q '^#   kernel image' "$tmp/tap"
	result $? "$1: $2" "$tmp/tap"
}
says beyond 'step 1 cgroup cg_a: '
says unknown 'step 1 FREEZE_CGROUP cg_b: there is no cgroup cg_b at this point'
says holdless 'step 1 hold validation: the step has no hold'
says undeclared 'step 1 cgroup cg_a: payload sleeper is neither'
says endless 'test endless: its scenario cannot be read (killed by SIGSEGV)'
says too_much 'step 1 cgroup cg_a: MutexContention: spin 1073741824 exceeds 1048576'
says computed 'step 1 cgroup cg_a: '

# What is sound, or cannot be judged here, goes on to the kernel.
for t in sound reads_a_file runs_on; do
	before=$(cat /etc/hostname 2> /dev/null)
	timeout 20 "$tmp/wrong" -t $t > "$tmp/tap" 2>&1
	grep -q '^not ok 1 ' "$tmp/tap" && grep -q '^#   kernel image' "$tmp/tap" &&
		[ "$before" = "$(cat /etc/hostname 2> /dev/null)" ]
	result $? "$t: is left to the guest, and has changed nothing here" "$tmp/tap"
done
finish
