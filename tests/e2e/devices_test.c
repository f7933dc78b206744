// SPDX-License-Identifier: GPL-2.0
/*
 * The devices that a test declares are there in the guest and do what docs/devices.md says:
 * the disk has its size, its serial number and its limit, the work types that need a disk
 * wait for it, a network card receives what it sends, and its interrupt wakes a worker where
 * STEER_IRQ sends it. One boot for all.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <ktstr.h>
#include <ktstr/inspect.h>

#include "harness/model/ctx.h"

#define IOPS		300
#define BURST		(IOPS / 10 + 1)
#define HOLD_NS		NSEC_PER_SEC
#define ETHERTYPE	0x88b5		/* for local experiments (IEEE 802) */

KTSTR_DISK(slow, .size_mib = 64, .throttle.iops = IOPS);
static const struct ktstr_net plain;
static const struct ktstr_net named = { .mac = { 0x02, 0xab, 0, 0, 0, 0x7f } };

/* The first line of a sysfs file. */
static const char *line_of(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static void expect_line(struct ktstr_ctx *ctx, const char *path, const char *want)
{
	char buf[64];

	if (strcmp(line_of(path, buf, sizeof(buf)), want))
		ktstr_fail(ctx, "%s: \"%s\", not \"%s\"", path, buf, want);
}

/* A socket for raw frames on @name, up and running; -errno. */
static int open_card(const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE) };
	struct timeval limit = { .tv_sec = 1 };
	struct ifreq req = { .ifr_flags = IFF_UP };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	strncpy(req.ifr_name, name, sizeof(req.ifr_name) - 1);
	at.sll_ifindex = (int)if_nametoindex(name);
	if (ioctl(fd, SIOCSIFFLAGS, &req) || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit))) {
		close(fd);
		return -EIO;
	}
	return fd;
}

/*
 * Bytes that came back for @sent, or -1. A card that has just been switched on may lose what
 * is sent before the kernel has noticed its link: @tries times a second.
 */
static ssize_t send_and_receive(int fd, const uint8_t *sent, size_t len, uint8_t *got, size_t size,
				int tries)
{
	ssize_t n = -1;

	while (n < 0 && tries--) {
		if (send(fd, sent, len, 0) != (ssize_t)len)
			return -1;
		n = recv(fd, got, size, 0);
	}
	return n;
}

static void frames_return(struct ktstr_ctx *ctx, const char *name)
{
	uint8_t sent[ETH_ZLEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0x55,
		ETHERTYPE >> 8, ETHERTYPE & 0xff, };
	uint8_t got[ETH_FRAME_LEN];
	int fd = open_card(name);

	if (fd < 0) {
		ktstr_fail(ctx, "%s: %s", name, strerror(-fd));
		return;
	}
	for (uint8_t i = 1; i <= 3; i++) {
		ssize_t n;

		sent[ETH_ZLEN - 1] = i;
		n = send_and_receive(fd, sent, sizeof(sent), got, sizeof(got), i == 1 ? 10 : 5);
		if (n != sizeof(sent) || memcmp(sent, got, sizeof(sent)))
			ktstr_fail(ctx, "%s: frame %u came back as %zd bytes", name, i, n);
	}
	close(fd);
}

static void wait_for_disk(struct ktstr_ctx *ctx)
{
	const struct ktstr_cgroup cgroups[2][2] = {
		{ { .name = "sync", .workers = 1, .work.type = KTSTR_WORK_IO_SYNC_WRITE } },
		{ { .name = "read", .workers = 2, .work.type = KTSTR_WORK_IO_RAND_READ } },
	};
	const struct ktstr_step steps[] = {
		{ .cgroups = cgroups[0], .hold.fixed_ns = HOLD_NS },
		{ .cgroups = cgroups[1], .hold.fixed_ns = HOLD_NS },
	};

	if (ktstr_run_steps(ctx, steps, 2) || ctx->result->nr_cgroups != 2) {
		ktstr_fail(ctx, "the steps did not run");
		return;
	}
	for (uint32_t i = 0; i < 2; i++) {
		const struct ktstr_cgroup_stats *c = &ctx->result->cgroups[i];
		double s = 1.5 * HOLD_NS / NSEC_PER_SEC;	/* start and end of workers */

		if (!c->samples[KTSTR_SAMPLES_WAKE].total)
			ktstr_fail(ctx, "%s: no wake-up from the disk", c->name);
		if (c->min_off_cpu_pct < 20)
			ktstr_fail(ctx, "%s: waits %.0f %% of its time for a limited disk", c->name,
				   c->min_off_cpu_pct);
		if (c->work_units > IOPS * s + BURST)
			ktstr_fail(ctx, "%s: %llu requests, the limit is %d per second", c->name,
				   (unsigned long long)c->work_units, IOPS);
	}
}

/* How often the interrupt with this action came to @cpu; -1: there is no such line. */
static long long interrupts(const char *action, int cpu)
{
	FILE *f = fopen("/proc/interrupts", "re");
	long long count = -1;
	char line[512], *p;

	while (f && count < 0 && fgets(line, sizeof(line), f)) {
		p = strchr(line, ':');
		if (!p || !strstr(line, action))
			continue;
		for (p++; cpu >= 0; cpu--)
			count = strtoll(p, &p, 10);
	}
	if (f)
		fclose(f);
	return count;
}

/* The disk is the first virtio device, eth0 the second. */
static void interrupts_wake(struct ktstr_ctx *ctx)
{
	static const char action[] = "virtio1-input.0";
	long long before[2] = { interrupts(action, 0), interrupts(action, 1) }, came[2];
	int ret = ktstr_run(ctx, STEP(OPS(STEER_IRQ(IRQ_LABEL(action), 1)),
				      CGROUPS(CGROUP("wake", .workers = 1, .work = IRQ_WAKE()),
					      CGROUP("traffic", .workers = 1,
						     .work = NET_TRAFFIC(.burst = 4))),
				      HOLD_MS(500)));

	if (ret) {
		ktstr_fail(ctx, "%s: the step did not run", action);
		return;
	}
	for (int i = 0; i < 2; i++)
		came[i] = interrupts(action, i) - before[i];
	claim_at_least(ctx, came[1], 5);
	claim_at_most(ctx, came[0], 2, .because = "it was steered away");
	claim_at_least(ctx, cgroup_stats(ctx, "wake").wake_samples, 5);
	claim_at_least(ctx, cgroup_stats(ctx, "traffic").work_units, 20);
}

/* Under emulation too, where the guest's kernel counts. */
static int devices_have_counted(struct ktstr_result *r)
{
	claim_at_least(r, ktstr_disk_counter(r, "writes"), IOPS / 2);
	claim_at_least(r, ktstr_disk_counter(r, "read_bytes"), 4096.0 * IOPS / 2);
	claim_at_least(r, ktstr_net_counter(r, 1, "tx_frames"), 3);
	claim_at_least(r, ktstr_net_counter(r, 0, "rx_bytes"), 3 * ETH_ZLEN);
	return 0;
}

KTSTR_TEST(declared_devices_are_there, .duration_s = 3, .max_spread_pct = 100,
	   .disk = &slow, .networks = KTSTR_NETS(&plain, &named), .post_vm = devices_have_counted)
{
	expect_line(ctx, "/sys/block/vda/serial", "ktstr-scratch");
	expect_line(ctx, "/sys/block/vda/size", "131072");
	expect_line(ctx, "/sys/class/net/eth0/address", "02:00:00:00:00:01");
	expect_line(ctx, "/sys/class/net/eth1/address", "02:ab:00:00:00:7f");
	frames_return(ctx, "eth0");
	frames_return(ctx, "eth1");
	wait_for_disk(ctx);
	interrupts_wake(ctx);
	return 0;
}

KTSTR_DISK(formatted, .size_mib = 64, .filesystem = KTSTR_EXT4);

/* The disk is mounted, the I/O work is done on it, and it reached the device. */
static int the_disk_was_written(struct ktstr_result *r)
{
	claim_at_least(r, ktstr_disk_counter(r, "flushes"), 1);
	claim_at_least(r, ktstr_disk_counter(r, "written_bytes"),
		       4096 * cgroup_stats(r, "io").work_units);
	return 0;
}

KTSTR_TEST(a_disk_with_a_file_system_is_mounted, .duration_s = 1, .disk = &formatted,
	   .post_vm = the_disk_was_written)
{
	char line[64];
	FILE *f = fopen(KTSTR_DISK_DIR "/mine", "w");

	claim_true(ctx, f && fputs("here\n", f) > 0 && !fclose(f));
	expect_line(ctx, KTSTR_DISK_DIR "/mine", "here");
	claim_true(ctx, !strncmp(getenv("TMPDIR") ?: "", KTSTR_DISK_DIR, sizeof(KTSTR_DISK_DIR)));
	claim_true(ctx, *line_of("/sys/fs/ext4/vda/session_write_kbytes", line, sizeof(line)));
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("io", .workers = 1, .work = IO_SYNC_WRITE)),
				   HOLD_FULL));
}
