// SPDX-License-Identifier: GPL-2.0
/* The PC's own devices: serial port, keyboard controller, ACPI power management, the bus. */
#include <linux/serial_reg.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "vmm/dev/acpi_pm.h"
#include "vmm/dev/i8042.h"
#include "vmm/dev/serial.h"
#include "vmm/dev/serial_feed.h"
#include "vmm/dev/sink.h"
#include "dev_fixture.h"
#include "kselftest_harness.h"

#define COM1	0x3f8
#define IRQ	4

FIXTURE(uart)
{
	struct fake_machine m;
	struct serial *s;
	int fd;
	char text[4096];
};

static void uart_open(struct fake_machine *m, struct serial **s, int fd, uint64_t max)
{
	struct serial_config cfg = {
		.space = BUS_PIO, .base = COM1, .gsi = IRQ, .out_fd = fd, .out_max = max,
	};
	struct ktstr_err err;

	if (serial_create(s, &m->env, &cfg, &err))
		abort();
}

FIXTURE_SETUP(uart)
{
	fake_machine_init(&self->m);
	self->fd = memfd_create("console", MFD_CLOEXEC);
	ASSERT_GE(self->fd, 0);
	uart_open(&self->m, &self->s, self->fd, 1 << 20);
}

FIXTURE_TEARDOWN(uart)
{
	serial_destroy(self->s);
	fake_machine_free(&self->m);
	close(self->fd);
}

/* What is in the file now. */
static const char *text_of(int fd, char *buf, size_t size)
{
	ssize_t n = pread(fd, buf, size - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void say(struct fake_machine *m, const char *s)
{
	while (*s)
		out(m, COM1 + UART_TX, (uint8_t)*s++, 1);
}

#define TEXT() text_of(self->fd, self->text, sizeof(self->text))

TEST_F(uart, a_line_is_in_the_file_when_it_ends)
{
	say(&self->m, "half");
	EXPECT_STREQ("", TEXT());
	say(&self->m, " a line\nmore");
	EXPECT_STREQ("half a line\n", TEXT());
}

TEST_F(uart, an_unfinished_line_is_written_when_the_driver_pauses_at_flush_and_at_the_end)
{
	say(&self->m, "a");
	out(&self->m, COM1 + UART_IER, 0, 1);
	EXPECT_STREQ("a", TEXT());
	say(&self->m, "b");
	serial_flush(self->s);
	EXPECT_STREQ("ab", TEXT());
	say(&self->m, "c");
	serial_destroy(self->s);
	self->s = NULL;
	EXPECT_STREQ("abc", TEXT());
}

TEST_F(uart, the_transmitter_is_always_empty)
{
	out(&self->m, COM1 + UART_TX, 'x', 1);
	EXPECT_EQ(UART_LSR_THRE | UART_LSR_TEMT, in(&self->m, COM1 + UART_LSR, 1));
}

TEST_F(uart, the_transmitter_interrupt_is_one_edge_until_it_is_acknowledged)
{
	out(&self->m, COM1 + UART_IER, UART_IER_THRI, 1);
	EXPECT_EQ(1, edges(&self->m, IRQ));
	say(&self->m, "abc");
	EXPECT_EQ(0, edges(&self->m, IRQ));
	EXPECT_EQ(UART_IIR_THRI, in(&self->m, COM1 + UART_IIR, 1));
	EXPECT_EQ(UART_IIR_NO_INT, in(&self->m, COM1 + UART_IIR, 1));
	say(&self->m, "d");
	EXPECT_EQ(1, edges(&self->m, IRQ));
	/* the kernel's test for chips that tell only once */
	EXPECT_EQ(UART_IIR_THRI, in(&self->m, COM1 + UART_IIR, 1));
	out(&self->m, COM1 + UART_IER, 0, 1);
	out(&self->m, COM1 + UART_IER, UART_IER_THRI, 1);
	EXPECT_EQ(UART_IIR_THRI, in(&self->m, COM1 + UART_IIR, 1));
}

TEST_F(uart, received_bytes_interrupt_and_arrive_in_order)
{
	out(&self->m, COM1 + UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_R_TRIG_10, 1);
	out(&self->m, COM1 + UART_IER, UART_IER_RDI, 1);
	EXPECT_EQ(3, serial_receive(self->s, "abc", 3));
	EXPECT_EQ(1, edges(&self->m, IRQ));
	EXPECT_EQ(0xc0 | 0x0c, in(&self->m, COM1 + UART_IIR, 1));	/* below the trigger */
	EXPECT_EQ(5, serial_receive(self->s, "defgh", 5));
	EXPECT_EQ(0xc0 | UART_IIR_RDI, in(&self->m, COM1 + UART_IIR, 1));
	for (char c = 'a'; c <= 'h'; c++) {
		EXPECT_TRUE(in(&self->m, COM1 + UART_LSR, 1) & UART_LSR_DR);
		EXPECT_EQ((uint64_t)c, in(&self->m, COM1 + UART_RX, 1));
	}
	EXPECT_FALSE(in(&self->m, COM1 + UART_LSR, 1) & UART_LSR_DR);
	EXPECT_EQ(0xc0 | UART_IIR_NO_INT, in(&self->m, COM1 + UART_IIR, 1));
}

TEST_F(uart, the_receive_fifo_takes_what_fits)
{
	EXPECT_EQ(1, serial_receive(self->s, "0123456789abcdefgh", 18));
	out(&self->m, COM1 + UART_FCR, UART_FCR_ENABLE_FIFO, 1);
	EXPECT_EQ(16, serial_receive(self->s, "0123456789abcdefgh", 18));
	EXPECT_EQ(0, serial_receive(self->s, "x", 1));
	EXPECT_EQ('0', in(&self->m, COM1 + UART_RX, 1));
}

TEST_F(uart, a_peer_at_a_socket_loses_nothing_and_waits_for_the_guest)
{
	struct serial_feed *feed;
	struct ktstr_err err;
	char text[3000];
	int ends[2];
	size_t i;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	ASSERT_EQ(0, serial_feed_create(&feed, self->s, ends[0], &err));
	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)(i % 251);
	ASSERT_EQ((ssize_t)sizeof(text), write(ends[1], text, sizeof(text)));
	for (i = 0; i < sizeof(text); i++) {
		while (!(in(&self->m, COM1 + UART_LSR, 1) & UART_LSR_DR))
			sched_yield();
		ASSERT_EQ((uint8_t)text[i], in(&self->m, COM1 + UART_RX, 1) & 0xff);
	}
	/* with a guest that does not read it ends nevertheless */
	ASSERT_EQ((ssize_t)sizeof(text), write(ends[1], text, sizeof(text)));
	serial_feed_hang_up(feed);
	EXPECT_EQ(-1, send(ends[0], "x", 1, MSG_NOSIGNAL));
	serial_feed_destroy(feed);
	close(ends[0]);
	close(ends[1]);
}

TEST_F(uart, loopback_returns_bytes_and_modem_lines_and_prints_nothing)
{
	EXPECT_EQ(UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS, in(&self->m, COM1 + UART_MSR, 1));
	/* what the 8250 driver's autoconfig() does */
	out(&self->m, COM1 + UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_RTS, 1);
	EXPECT_EQ(UART_MSR_DCD | UART_MSR_CTS, in(&self->m, COM1 + UART_MSR, 1) & 0xf0);
	say(&self->m, "x\n");
	EXPECT_EQ('x', in(&self->m, COM1 + UART_RX, 1));
	EXPECT_TRUE(in(&self->m, COM1 + UART_LSR, 1) & UART_LSR_OE);
	EXPECT_FALSE(in(&self->m, COM1 + UART_LSR, 1) & UART_LSR_OE);
	EXPECT_STREQ("", TEXT());
}

TEST_F(uart, it_is_a_16550a_and_nothing_better)
{
	out(&self->m, COM1 + UART_SCR, 0xa5, 1);
	EXPECT_EQ(0xa5, in(&self->m, COM1 + UART_SCR, 1));
	out(&self->m, COM1 + UART_IER, 0xff, 1);
	EXPECT_EQ(0x0f, in(&self->m, COM1 + UART_IER, 1));
	out(&self->m, COM1 + UART_IER, 0, 1);
	out(&self->m, COM1 + UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR7_64BYTE, 1);
	EXPECT_EQ(0xc0, in(&self->m, COM1 + UART_IIR, 1) & 0xe0);
	out(&self->m, COM1 + UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8, 1);
	out(&self->m, COM1 + UART_DLL, 12, 1);
	EXPECT_EQ(12, in(&self->m, COM1 + UART_DLL, 1));
	out(&self->m, COM1 + UART_LCR, UART_LCR_WLEN8, 1);
	EXPECT_EQ(0, in(&self->m, COM1 + UART_IER, 1));
}

TEST(output_past_the_limit_is_counted_and_its_end_kept)
{
	static char all[3 * SINK_TAIL], got[SINK_TAIL + 4096];
	struct sink *s = malloc(sizeof(*s));
	int fd = memfd_create("out", MFD_CLOEXEC);
	char want[64];

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)('a' + i % 23);
	sink_init(s, fd, 1000);
	for (size_t i = 0; i < sizeof(all); i += 37)
		sink_put(s, all + i, sizeof(all) - i < 37 ? sizeof(all) - i : 37);
	sink_close(s);
	ssize_t n = pread(fd, got, sizeof(got), 0);
	int len = snprintf(want, sizeof(want), "\n[%zu bytes left out here]\n",
			   sizeof(all) - 1000 - SINK_TAIL);

	ASSERT_EQ(1000 + len + SINK_TAIL, n);
	EXPECT_EQ(0, memcmp(got, all, 1000));
	EXPECT_EQ(0, memcmp(got + 1000, want, (size_t)len));
	EXPECT_EQ(0, memcmp(got + 1000 + len, all + sizeof(all) - SINK_TAIL, SINK_TAIL));
	free(s);
	close(fd);
}

FIXTURE(pc)
{
	struct fake_machine m;
	struct i8042 *k;
	struct acpi_pm *p;
};

FIXTURE_SETUP(pc)
{
	struct ktstr_err err;

	fake_machine_init(&self->m);
	ASSERT_EQ(0, i8042_create(&self->k, &self->m.env, &err));
	ASSERT_EQ(0, acpi_pm_create(&self->p, &self->m.env, &err));
}

FIXTURE_TEARDOWN(pc)
{
	acpi_pm_destroy(self->p);
	i8042_destroy(self->k);
	fake_machine_free(&self->m);
}

TEST_F(pc, the_keyboard_controller_resets_the_machine)
{
	EXPECT_FALSE(in(&self->m, I8042_COMMAND_PORT, 1) & 0x02);	/* takes commands */
	out(&self->m, I8042_COMMAND_PORT, 0xf0, 1);
	EXPECT_EQ(0, self->m.resets);
	out(&self->m, I8042_COMMAND_PORT, 0xfe, 1);
	EXPECT_EQ(1, self->m.resets);
}

TEST_F(pc, the_keyboard_controller_answers_a_probe)
{
	EXPECT_FALSE(in(&self->m, I8042_COMMAND_PORT, 1) & 0x01);
	EXPECT_EQ(0, in(&self->m, I8042_DATA_PORT, 1));
	out(&self->m, I8042_COMMAND_PORT, 0xaa, 1);
	EXPECT_TRUE(in(&self->m, I8042_COMMAND_PORT, 1) & 0x01);
	EXPECT_EQ(0x55, in(&self->m, I8042_DATA_PORT, 1));
	EXPECT_FALSE(in(&self->m, I8042_COMMAND_PORT, 1) & 0x01);
	out(&self->m, I8042_COMMAND_PORT, 0x60, 1);
	out(&self->m, I8042_DATA_PORT, 0x74, 1);
	out(&self->m, I8042_DATA_PORT, 0xf2, 1);	/* for a keyboard that is not there */
	out(&self->m, I8042_COMMAND_PORT, 0x20, 1);
	EXPECT_EQ(0x74, in(&self->m, I8042_DATA_PORT, 1));
}

TEST_F(pc, acpi_powers_off_in_s5_only_and_resets)
{
	EXPECT_EQ(1, in(&self->m, ACPI_PM1_CONTROL, 2));	/* SCI_EN: ACPI mode */
	out(&self->m, ACPI_PM1_CONTROL, 3 << 10 | 0x2000, 2);
	out(&self->m, ACPI_PM1_CONTROL, ACPI_S5_SLEEP_TYPE << 10, 2);
	EXPECT_EQ(0, self->m.power_offs);
	out(&self->m, ACPI_PM1_CONTROL, ACPI_S5_SLEEP_TYPE << 10 | 0x2001, 2);
	EXPECT_EQ(1, self->m.power_offs);
	out(&self->m, ACPI_RESET, 0, 1);
	EXPECT_EQ(0, self->m.resets);
	out(&self->m, ACPI_RESET, ACPI_RESET_VALUE, 1);
	EXPECT_EQ(1, self->m.resets);
}

TEST_F(pc, acpi_events_never_happen)
{
	out(&self->m, ACPI_PM1_EVENT + 2, 0x0120, 2);
	EXPECT_EQ(0, in(&self->m, ACPI_PM1_EVENT, 2));
	EXPECT_EQ(0x0120, in(&self->m, ACPI_PM1_EVENT + 2, 2));
	EXPECT_EQ(0x01200000, in(&self->m, ACPI_PM1_EVENT, 4));
}

TEST_F(pc, nobody_home_reads_as_ones)
{
	EXPECT_EQ(0xff, in(&self->m, 0x80, 1));
	EXPECT_EQ(0xffff, in(&self->m, ACPI_RESET, 2));		/* leaves the range */
	EXPECT_EQ(0xffffffff, in(&self->m, 0xcf8, 4));
}

TEST(ranges_do_not_overlap)
{
	static const struct bus_ops none;
	struct bus *bus = calloc(1, sizeof(*bus));
	struct ktstr_err err;

	EXPECT_EQ(0, bus_add(bus, BUS_MMIO, 0x1000, 0x100, &none, NULL, &err));
	EXPECT_EQ(0, bus_add(bus, BUS_MMIO, 0x0f00, 0x100, &none, NULL, &err));
	EXPECT_EQ(-EEXIST, bus_add(bus, BUS_MMIO, 0x10ff, 1, &none, NULL, &err));
	EXPECT_EQ(-EEXIST, bus_add(bus, BUS_MMIO, 0x0e00, 0x101, &none, NULL, &err));
	EXPECT_EQ(-EINVAL, bus_add(bus, BUS_MMIO, UINT64_MAX, 2, &none, NULL, &err));
	EXPECT_EQ(-EINVAL, bus_add(bus, BUS_MMIO, 0, 0, &none, NULL, &err));
	EXPECT_EQ(0, bus_add(bus, BUS_PIO, 0x1000, 0x100, &none, NULL, &err));
	free(bus);
}

TEST_HARNESS_MAIN
