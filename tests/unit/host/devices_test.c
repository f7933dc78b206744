// SPDX-License-Identifier: GPL-2.0
/* Declared devices: what is refused and what the machine is given. */
#include <errno.h>
#include <linux/kernel.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include <ktstr.h>
#include <ktstr/inspect.h>

#include "harness/devices/devices.h"
#include "harness/model/guest_args.h"
#include "harness/model/seen.h"
#include "lib/json.h"
#include "harness/plan/plan.h"
#include "harness/plan/validate.h"
#include "kselftest_harness.h"

#define MIB	(UINT64_C(1) << 20)

KTSTR_DISK(plain);
KTSTR_DISK(full, .size_mib = 3, .throttle = { .iops = 7, .bytes_per_s = 5 });
static const struct ktstr_net card;
static const struct ktstr_net named = { .mac = { 2, 0xaa, 0, 0, 0, 9 } };
static const struct ktstr_net multicast = { .mac = { 1, 0, 0x5e, 0, 0, 1 } };

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

KTSTR_DEFAULTS_BEGIN
static const struct ktstr_disk empty = { KTSTR_DISK_UNSET, .size_mib = 0 };
static const struct ktstr_disk no_iops = { KTSTR_DISK_UNSET, .throttle.iops = -1 };
static const struct ktstr_disk of_tomorrow = { KTSTR_DISK_UNSET, .filesystem = 9 };
static const struct ktstr_disk no_bytes = { KTSTR_DISK_UNSET, .throttle.bytes_per_s = 0 };
static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "t", .body = body };
KTSTR_DEFAULTS_END

TEST(devices_that_cannot_be_are_refused_by_name)
{
	const struct {
		const struct ktstr_disk *disk;
		const struct ktstr_net * const *networks;
		enum ktstr_switch pci, host_only;
		const char *want;	/* NULL: fine */
	} row[] = {
		{ &plain, NULL, KTSTR_INHERIT, KTSTR_INHERIT, NULL },
		{ &full, KTSTR_NETS(&card, &named), KTSTR_ON, KTSTR_INHERIT, NULL },
		{ NULL, NULL, KTSTR_ON, KTSTR_INHERIT, NULL },
		{ NULL, NULL, KTSTR_OFF, KTSTR_INHERIT, NULL },
		{ &empty, NULL, KTSTR_INHERIT, KTSTR_INHERIT,
		  "test t: disk: size_mib: 0 does not lie in 1..16777216" },
		{ &no_iops, NULL, KTSTR_INHERIT, KTSTR_INHERIT,
		  "test t: disk: throttle.iops: -1 does not lie in 1..1000000000" },
		{ &no_bytes, NULL, KTSTR_INHERIT, KTSTR_INHERIT,
		  "test t: disk: throttle.bytes_per_s: 0 does not lie in 1..1000000000000" },
		{ NULL, KTSTR_NETS(&card, &multicast), KTSTR_INHERIT, KTSTR_INHERIT,
		  "test t: networks: mac: the address is a multicast one" },
		{ NULL, KTSTR_NETS(&card, &card, &card, &card, &card, &card, &card, &card, &card),
		  KTSTR_INHERIT, KTSTR_INHERIT, "test t: networks: there is room for 8" },
		{ &plain, NULL, KTSTR_OFF, KTSTR_INHERIT, "test t: pci: false excludes disk" },
		{ NULL, KTSTR_NETS(&card), KTSTR_OFF, KTSTR_INHERIT,
		  "test t: pci: false excludes networks" },
		{ &plain, NULL, KTSTR_INHERIT, KTSTR_ON, "test t: host_only: excludes disk" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct ktstr_test t = unset;
		struct ktstr_err err = { .msg = "" };

		t.disk = row[i].disk;
		t.networks = row[i].networks;
		t.pci = row[i].pci;
		t.host_only = row[i].host_only;
		EXPECT_EQ(!row[i].want, !ktstr_validate(&t, &err)) TH_LOG("row %zu", i);
		EXPECT_EQ(0, strncmp(err.msg, row[i].want ?: "", strlen(row[i].want ?: "")))
			TH_LOG("row %zu: %s", i, err.msg);
	}
}

/* What the machine is given for @t; @d is what @spec points into. */
static void describe(const struct ktstr_test *t, struct ktstr_devices *d, struct vm_spec *spec)
{
	struct ktstr_plan plan = { .test = t };
	struct ktstr_run run = { .plan = &plan };

	*d = (struct ktstr_devices){ 0 };
	*spec = (struct vm_spec){ .kernel = "" };
	ktstr_devices_part.spec(&run, d, spec);
}

TEST(a_disk_has_documented_defaults_and_no_limits)
{
	struct ktstr_test t = unset;
	struct vm_spec spec;
	const struct vm_disk *disk;
	struct ktstr_devices d;

	t.disk = &plain;
	describe(&t, &d, &spec);
	ASSERT_EQ(1, spec.nr_devices);
	EXPECT_EQ(&vm_disk_class, spec.devices[0].class);
	disk = spec.devices[0].config;
	EXPECT_EQ(256 * MIB, disk->bytes);
	EXPECT_STREQ("ktstr-scratch", disk->serial);
	EXPECT_EQ(0, disk->max_iops);
	EXPECT_EQ(0, disk->max_bytes_per_s);
	EXPECT_TRUE(vm_has_pci(&spec));
	EXPECT_FALSE(spec.pci);
	t.disk = &full;
	describe(&t, &d, &spec);
	disk = spec.devices[0].config;
	EXPECT_EQ(3 * MIB, disk->bytes);
	EXPECT_EQ(7, disk->max_iops);
	EXPECT_EQ(5, disk->max_bytes_per_s);
}

static const uint8_t *mac_of(const struct vm_spec *spec, unsigned int i)
{
	return ((const struct vm_nic *)spec->devices[i].config)->mac;
}

TEST(cards_follow_the_disk_and_get_addresses_of_their_own)
{
	static const uint8_t first[] = { 2, 0, 0, 0, 0, 1 }, third[] = { 2, 0, 0, 0, 0, 3 };
	struct ktstr_test t = unset;
	struct vm_spec spec;
	struct ktstr_devices d;

	describe(&t, &d, &spec);
	EXPECT_FALSE(vm_has_pci(&spec));
	t.disk = &plain;
	t.networks = KTSTR_NETS(&card, &named, &card);
	describe(&t, &d, &spec);
	ASSERT_EQ(4, spec.nr_devices);
	EXPECT_EQ(&vm_disk_class, spec.devices[0].class);
	for (unsigned int i = 1; i < 4; i++)
		EXPECT_EQ(&vm_nic_class, spec.devices[i].class);
	EXPECT_EQ(0, memcmp(mac_of(&spec, 1), first, 6));
	EXPECT_EQ(0, memcmp(mac_of(&spec, 2), named.mac, 6));
	EXPECT_EQ(0, memcmp(mac_of(&spec, 3), third, 6));
}

FIXTURE(counts)
{
	struct ktstr_test t;
	struct ktstr_plan plan;
	struct ktstr_run run;
	struct ktstr_devices devices;
	char *text;
	size_t len;
};

FIXTURE_SETUP(counts)
{
	self->t = unset;
	self->plan.test = &self->t;
	self->run.plan = &self->plan;
}

FIXTURE_TEARDOWN(counts)
{
	free(self->text);
}

static const char *report(FIXTURE_DATA(counts) *self)
{
	FILE *f = open_memstream(&self->text, &self->len);

	ktstr_devices_part.report(&self->run, &self->devices, false, f);
	fclose(f);
	return self->text;
}

static const char *json(FIXTURE_DATA(counts) *self)
{
	struct ktstr_json j;

	ktstr_json__init(&j);
	ktstr_json__object(&j, NULL);
	ktstr_devices_part.json(&self->run, &self->devices, "devices", &j);
	ktstr_json__end(&j);
	self->text = ktstr_json__finish(&j);
	for (char *p = self->text, *to = p; (*to = *p); p++)
		to += *p != ' ' && *p != '\n';
	return self->text;
}

static void count_two_cards(FIXTURE_DATA(counts) *self)
{
	static const struct ktstr_net * const cards[] = { &card, &card, NULL };

	self->t.networks = cards;
	self->devices.counts.nr = 2;
	self->devices.counts.value[1][0] = 5;
	self->devices.counts.value[1][4] = 6;
}

TEST_F(counts, each_device_that_counted_has_a_line_with_its_number)
{
	count_two_cards(self);
	EXPECT_STREQ("eth0: tx_frames=0 tx_bytes=0 rx_frames=0 rx_bytes=0 dropped=0\n"
		     "eth1: tx_frames=5 tx_bytes=0 rx_frames=0 rx_bytes=0 dropped=6\n",
		     report(self));
}

TEST_F(counts, the_sidecar_has_one_disk_and_a_list_of_cards)
{
	count_two_cards(self);
	self->devices.counts.nr = 1;
	EXPECT_STREQ("{\"devices\":{\"disk\":null,\"networks\":[{\"tx_frames\":0,\"tx_bytes\":0,"
		     "\"rx_frames\":0,\"rx_bytes\":0,\"dropped\":0}]}}", json(self));
}

TEST_F(counts, a_machine_that_does_not_count_leaves_null_and_no_line)
{
	self->t.disk = &plain;
	self->t.networks = KTSTR_NETS(&card);
	EXPECT_STREQ("{\"devices\":{\"disk\":null,\"networks\":[]}}", json(self));
	free(self->text);
	EXPECT_STREQ("", report(self));
}


/* Under emulation the guest counts: what it says is taken as far as it makes sense. */
TEST_F(counts, without_a_machine_that_counts_the_guest_does)
{
	struct ktstr_devices *d;

	self->t.disk = &plain;
	self->t.networks = KTSTR_NETS(&card);
	self->run.seen = ktstr_seen__new();
	self->run.result = ktstr_result__new();
	ASSERT_EQ(0, ktstr_parts__init(&self->run));
	d = ktstr_part__state(&self->run, &ktstr_devices_part);
	strcpy(self->run.seen->devices,
	       "0 reads 7\n0 written_bytes 1024\n0 nonsense 5\n1 tx_frames 3\n77 reads 1\n"
	       "1 reads 9\nx\n0 flushes\n");
	ktstr_devices_part.fold(&self->run, d);
	self->devices = *d;
	EXPECT_STREQ("disk0: reads=7 written_bytes=1024\neth0: tx_frames=3\n", report(self));
	free(self->text);
	EXPECT_STREQ("{\"devices\":{\"disk\":{\"reads\":7,\"writes\":null,\"flushes\":null,"
		     "\"read_bytes\":null,\"written_bytes\":1024,\"failed\":null,\"delayed\":null},"
		     "\"networks\":[{\"tx_frames\":3,\"tx_bytes\":null,\"rx_frames\":null,"
		     "\"rx_bytes\":null,\"dropped\":null}]}}", json(self));
	self->run.result->run = &self->run;
	EXPECT_EQ(7, ktstr_disk_counter(self->run.result, "reads"));
	EXPECT_TRUE(isnan(ktstr_disk_counter(self->run.result, "writes")));
	EXPECT_EQ(3, ktstr_net_counter(self->run.result, 0, "tx_frames"));
	EXPECT_TRUE(isnan(ktstr_net_counter(self->run.result, 1, "tx_frames")));
	/* a machine that counts is asked first */
	d->counts = (struct ktstr_device_counts){ .nr = 1, .value[0][0] = 5 };
	ktstr_devices_part.fold(&self->run, d);
	EXPECT_EQ(5, ktstr_disk_counter(self->run.result, "reads"));
	EXPECT_EQ(0, ktstr_disk_counter(self->run.result, "failed"));
	ktstr_parts__free(&self->run);
	ktstr_result__free(self->run.result);
	ktstr_seen__free(self->run.seen);
}

KTSTR_DISK(with_ext4, .size_mib = 8, .filesystem = KTSTR_EXT4);

/* The magic number of ext4, at 0x438 (Documentation/filesystems/ext4/super.rst), and its label. */
TEST(a_disk_has_the_file_system_that_is_declared)
{
	struct ktstr_guest_args args = { 0 };
	struct ktstr_test t = unset;
	struct ktstr_plan plan = { .test = &t };
	struct ktstr_run run = { .plan = &plan, .kernel.path = "/nowhere/bzImage" };
	char label[16], path[] = "/usr/bin:/bin";
	unsigned char magic[2];
	struct ktstr_devices d;
	struct ktstr_err err;
	struct vm_spec spec;
	int fd;

	t.disk = &of_tomorrow;
	EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err));
	EXPECT_STREQ("test t: disk: filesystem: there is no such one", err.msg);
	t.disk = &with_ext4;
	EXPECT_EQ(0, ktstr_validate(&t, &err)) TH_LOG("%s", err.msg);
	setenv("PATH", path, 1);	/* of a user */
	if (ktstr_devices_part.prepare(&run, NULL, &err))
		SKIP(return, "%s", err.msg);
	describe(&t, &d, &spec);
	fd = vm_disk_class.open(spec.devices[0].config, &err);
	ASSERT_LE(0, fd) TH_LOG("%s", err.msg);
	EXPECT_EQ(2, pread(fd, magic, 2, 0x438));
	EXPECT_EQ(0xef53, magic[0] | magic[1] << 8);
	EXPECT_EQ(16, pread(fd, label, 16, 0x478));
	EXPECT_STREQ("ktstr", label);
	close(fd);
	EXPECT_EQ(0, ktstr_devices_part.args(&run, NULL, &args));
	EXPECT_STREQ("ext4", args.disk_filesystem);
	ktstr_guest_args__free(&args);
	/* without: neither */
	t.disk = &plain;
	describe(&t, &d, &spec);
	EXPECT_TRUE(!((const struct vm_disk *)spec.devices[0].config)->format);
	EXPECT_EQ(0, ktstr_devices_part.args(&run, NULL, &args));
	EXPECT_EQ(NULL, args.disk_filesystem);
	ktstr_guest_args__free(&args);
}

/* What a machine cannot give is refused, too. */
TEST(devices_and_determinism_are_not_both_promised)
{
	struct ktstr_test t = unset;
	struct ktstr_plan plan = { .test = &t };
	struct ktstr_run run = { .plan = &plan, .opts.seeded = true, .accel = VM_ACCEL_TCG };
	struct ktstr_err err = { };

	t.disk = &plain;
	EXPECT_EQ(-EOPNOTSUPP, ktstr_devices_part.prepare(&run, NULL, &err));
	EXPECT_TRUE(err.missing);
	EXPECT_NE(NULL, strstr(err.msg, "disk:")) TH_LOG("%s", err.msg);
}

TEST_HARNESS_MAIN
