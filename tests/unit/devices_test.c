// SPDX-License-Identifier: GPL-2.0
/* Declared devices: what is refused and what the machine is given. */
/* Links: libktstr.a */
#include <ktstr.h>

#include "../../harness/core/devices.h"
#include "../../harness/core/plan.h"
#include "kselftest_harness.h"

#define MIB	(UINT64_C(1) << 20)

KTSTR_DISK(plain);
KTSTR_DISK(empty, .size_mib = 0);
KTSTR_DISK(no_iops, .throttle.iops = 0);
KTSTR_DISK(no_bytes, .throttle.kib_per_s = 0);
KTSTR_DISK(full, .size_mib = 3, .throttle = { .iops = 7, .kib_per_s = 5 });
static const struct ktstr_net card;
static const struct ktstr_net named = { .mac = { 2, 0xaa, 0, 0, 0, 9 } };
static const struct ktstr_net multicast = { .mac = { 1, 0, 0x5e, 0, 0, 1 } };

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

KTSTR_DEFAULTS_BEGIN
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
		  "test t: disk: size_mib must not be 0" },
		{ &no_iops, NULL, KTSTR_INHERIT, KTSTR_INHERIT,
		  "test t: disk: throttle.iops must not be 0" },
		{ &no_bytes, NULL, KTSTR_INHERIT, KTSTR_INHERIT,
		  "test t: disk: throttle.kib_per_s must not be 0" },
		{ NULL, KTSTR_NETS(&card, &multicast), KTSTR_INHERIT, KTSTR_INHERIT,
		  "test t: networks: mac: the address is a multicast one" },
		{ NULL, KTSTR_NETS(&card, &card, &card, &card, &card, &card, &card, &card, &card),
		  KTSTR_INHERIT, KTSTR_INHERIT, "test t: networks: there is room for 8" },
		{ &plain, NULL, KTSTR_OFF, KTSTR_INHERIT, "test t: pci: false excludes disk" },
		{ NULL, KTSTR_NETS(&card), KTSTR_OFF, KTSTR_INHERIT,
		  "test t: pci: false excludes networks" },
		{ &plain, NULL, KTSTR_INHERIT, KTSTR_ON, "test t: host_only: excludes disk" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct ktstr_test t = unset;
		struct vm_err err = { .msg = "" };

		t.disk = row[i].disk;
		t.networks = row[i].networks;
		t.pci = row[i].pci;
		t.host_only = row[i].host_only;
		EXPECT_EQ(!row[i].want, !ktstr_validate(&t, &err)) TH_LOG("row %zu", i);
		EXPECT_EQ(0, strncmp(err.msg, row[i].want ?: "", strlen(row[i].want ?: "")))
			TH_LOG("row %zu: %s", i, err.msg);
	}
}

TEST(a_disk_has_documented_defaults_and_no_limits)
{
	struct ktstr_test t = unset;
	struct vm_spec spec = { .kernel = "" };
	struct ktstr_devices d;

	t.disk = &plain;
	ktstr_devices__spec(&d, &t, &spec);
	ASSERT_EQ(1, spec.nr_disks);
	EXPECT_EQ(256 * MIB, spec.disks[0].bytes);
	EXPECT_STREQ("ktstr-scratch", spec.disks[0].serial);
	EXPECT_EQ(0, spec.disks[0].max_iops);
	EXPECT_EQ(0, spec.disks[0].max_bytes_per_s);
	EXPECT_TRUE(vm_has_pci(&spec));
	EXPECT_FALSE(spec.pci);
	t.disk = &full;
	ktstr_devices__spec(&d, &t, &spec);
	EXPECT_EQ(3 * MIB, spec.disks[0].bytes);
	EXPECT_EQ(7, spec.disks[0].max_iops);
	EXPECT_EQ(5 * 1024, spec.disks[0].max_bytes_per_s);
}

TEST(cards_get_addresses_of_their_own)
{
	static const uint8_t first[] = { 2, 0, 0, 0, 0, 1 }, third[] = { 2, 0, 0, 0, 0, 3 };
	struct ktstr_test t = unset;
	struct vm_spec spec = { .kernel = "" };
	struct ktstr_devices d;

	ktstr_devices__spec(&d, &t, &spec);
	EXPECT_FALSE(vm_has_pci(&spec));
	t.networks = KTSTR_NETS(&card, &named, &card);
	ktstr_devices__spec(&d, &t, &spec);
	ASSERT_EQ(3, spec.nr_nics);
	EXPECT_EQ(0, memcmp(spec.nics[0].mac, first, 6));
	EXPECT_EQ(0, memcmp(spec.nics[1].mac, named.mac, 6));
	EXPECT_EQ(0, memcmp(spec.nics[2].mac, third, 6));
}

TEST_HARNESS_MAIN
