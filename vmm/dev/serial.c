// SPDX-License-Identifier: GPL-2.0
/*
 * 16550A UART: the registers of the PC16550D data sheet, by the names that the kernel gives
 * them in include/uapi/linux/serial_reg.h.
 *
 * Output is written to the file at the end of a line, when the buffer is full, and when the driver
 * writes IER: Linux does that after each console record and when its transmit queue is empty,
 * which is when a reader of the file expects to see all output.
 *
 * The interrupt is an edge: the line is raised when the first cause appears and lowered when the
 * last one is gone. The driver's handler reads IIR until it says "none".
 */
#include <errno.h>
#include <linux/serial_reg.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "serial.h"
#include "sink.h"

#define IER_WRITABLE	0x0f
#define MCR_WRITABLE	0x1f
#define IIR_FIFO_ON	0xc0
#define IIR_TIMEOUT	0x0c	/* receive data that is below the trigger level */
/* The modem status of a peer that is ready. */
#define MSR_ALL_UP	(UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS)

struct serial {
	struct dev_env *env;
	struct irq_line irq;
	pthread_mutex_t lock;	/* all below */
	uint8_t ier, fcr, lcr, mcr, scr;
	uint8_t dll, dlm;
	bool overrun;
	bool thr_pending;	/* "transmitter empty" not yet acknowledged by reading IIR */
	bool line_up;
	pthread_cond_t room;	/* in the receive FIFO, or @deaf */
	bool deaf;
	uint8_t rx[SERIAL_FIFO_SIZE];
	unsigned int rx_head, rx_len;
	struct sink out;
};

static unsigned int rx_capacity(const struct serial *s)
{
	return s->fcr & UART_FCR_ENABLE_FIFO ? SERIAL_FIFO_SIZE : 1;
}

static unsigned int rx_trigger(const struct serial *s)
{
	static const uint8_t level[] = { 1, 4, 8, 14 };

	return s->fcr & UART_FCR_ENABLE_FIFO ? level[s->fcr >> 6] : 1;
}

/* The cause of highest priority, as IIR names it. */
static uint8_t interrupt_id(const struct serial *s)
{
	if ((s->ier & UART_IER_RLSI) && s->overrun)
		return UART_IIR_RLSI;
	if ((s->ier & UART_IER_RDI) && s->rx_len)
		return s->rx_len >= rx_trigger(s) ? UART_IIR_RDI : IIR_TIMEOUT;
	if ((s->ier & UART_IER_THRI) && s->thr_pending)
		return UART_IIR_THRI;
	return UART_IIR_NO_INT;
}

static void update_line(struct serial *s)
{
	bool up = interrupt_id(s) != UART_IIR_NO_INT;

	if (up && !s->line_up)
		bus_raise_irq(&s->irq);
	s->line_up = up;
}

static bool rx_push(struct serial *s, uint8_t byte)
{
	if (s->rx_len >= rx_capacity(s))
		return false;
	s->rx[(s->rx_head + s->rx_len++) % SERIAL_FIFO_SIZE] = byte;
	return true;
}

static uint8_t rx_pop(struct serial *s)
{
	uint8_t byte = s->rx[s->rx_head];

	if (!s->rx_len)
		return 0;
	s->rx_head = (s->rx_head + 1) % SERIAL_FIFO_SIZE;
	s->rx_len--;
	pthread_cond_signal(&s->room);
	return byte;
}

static void transmit(struct serial *s, uint8_t byte)
{
	if (!(s->mcr & UART_MCR_LOOP))
		sink_put(&s->out, &byte, 1);
	else if (!rx_push(s, byte))
		s->overrun = true;
	s->thr_pending = true;
}

static uint8_t modem_status(const struct serial *s)
{
	uint8_t msr = 0;

	if (!(s->mcr & UART_MCR_LOOP))
		return MSR_ALL_UP;
	msr |= s->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0;
	msr |= s->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0;
	msr |= s->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0;
	msr |= s->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0;
	return msr;
}

static uint8_t line_status(struct serial *s)
{
	uint8_t lsr = UART_LSR_THRE | UART_LSR_TEMT;

	lsr |= s->rx_len ? UART_LSR_DR : 0;
	lsr |= s->overrun ? UART_LSR_OE : 0;
	s->overrun = false;
	return lsr;
}

static uint8_t read_iir(struct serial *s)
{
	uint8_t id = interrupt_id(s);

	if (id == UART_IIR_THRI)
		s->thr_pending = false;
	return id | (s->fcr & UART_FCR_ENABLE_FIFO ? IIR_FIFO_ON : 0);
}

static uint8_t read_register(struct serial *s, uint64_t reg)
{
	bool dlab = s->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_RX:
		return dlab ? s->dll : rx_pop(s);
	case UART_IER:
		return dlab ? s->dlm : s->ier;
	case UART_IIR:
		return read_iir(s);
	case UART_LCR:
		return s->lcr;
	case UART_MCR:
		return s->mcr;
	case UART_LSR:
		return line_status(s);
	case UART_MSR:
		return modem_status(s);
	default:
		return s->scr;
	}
}

static void write_ier(struct serial *s, uint8_t val)
{
	/* Enabling the interrupt reports a transmitter that is empty already. */
	if (val & ~s->ier & UART_IER_THRI)
		s->thr_pending = true;
	s->ier = val & IER_WRITABLE;
	sink_flush(&s->out);
}

static void write_fcr(struct serial *s, uint8_t val)
{
	/*
	 * Enabling or disabling the FIFO empties it; the other bits have an effect only while it
	 * is enabled.
	 */
	if ((val ^ s->fcr) & UART_FCR_ENABLE_FIFO || val & UART_FCR_CLEAR_RCVR)
		s->rx_len = 0;
	s->fcr = val & UART_FCR_ENABLE_FIFO ? val : 0;
	pthread_cond_signal(&s->room);
}

static void write_register(struct serial *s, uint64_t reg, uint8_t val)
{
	bool dlab = s->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_TX:
		if (dlab)
			s->dll = val;
		else
			transmit(s, val);
		break;
	case UART_IER:
		if (dlab)
			s->dlm = val;
		else
			write_ier(s, val);
		break;
	case UART_FCR:
		write_fcr(s, val);
		break;
	case UART_LCR:
		s->lcr = val;
		break;
	case UART_MCR:
		s->mcr = val & MCR_WRITABLE;
		break;
	case UART_SCR:
		s->scr = val;
		break;
	default:		/* LSR and MSR are read-only */
		break;
	}
}

/* Registers are bytes; of a wider access only the first byte counts. */
static void serial_read(void *dev, uint64_t reg, uint64_t *data, unsigned int len)
{
	struct serial *s = dev;

	(void)len;
	pthread_mutex_lock(&s->lock);
	*data = read_register(s, reg) | (*data & ~UINT64_C(0xff));
	update_line(s);
	pthread_mutex_unlock(&s->lock);
}

static void serial_write(void *dev, uint64_t reg, uint64_t data, unsigned int len)
{
	struct serial *s = dev;

	(void)len;
	pthread_mutex_lock(&s->lock);
	write_register(s, reg, (uint8_t)data);
	update_line(s);
	pthread_mutex_unlock(&s->lock);
}

static const struct bus_ops serial_ops = { .read = serial_read, .write = serial_write };

size_t serial_receive(struct serial *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	while (n < len && rx_push(s, p[n]))
		n++;
	update_line(s);
	pthread_mutex_unlock(&s->lock);
	return n;
}

bool serial_receive_all(struct serial *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t n = 0;
	bool deaf;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (n < len && rx_push(s, p[n]))
			n++;
		update_line(s);
		deaf = s->deaf;
		if (n == len || deaf)
			break;
		pthread_cond_wait(&s->room, &s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return !deaf;
}

void serial_deafen(struct serial *s)
{
	pthread_mutex_lock(&s->lock);
	s->deaf = true;
	pthread_cond_signal(&s->room);
	pthread_mutex_unlock(&s->lock);
}

void serial_flush(struct serial *s)
{
	pthread_mutex_lock(&s->lock);
	sink_flush(&s->out);
	pthread_mutex_unlock(&s->lock);
}

void serial_save(struct serial *s, struct serial_state *st)
{
	pthread_mutex_lock(&s->lock);
	*st = (struct serial_state){
		.ier = s->ier, .fcr = s->fcr, .lcr = s->lcr, .mcr = s->mcr, .scr = s->scr,
		.dll = s->dll, .dlm = s->dlm, .overrun = s->overrun,
		.thr_pending = s->thr_pending, .line_up = s->line_up,
		.rx_head = (uint8_t)s->rx_head, .rx_len = (uint8_t)s->rx_len,
	};
	memcpy(st->rx, s->rx, sizeof(st->rx));
	pthread_mutex_unlock(&s->lock);
}

int serial_load(struct serial *s, const struct serial_state *st)
{
	if (st->rx_head >= SERIAL_FIFO_SIZE || st->rx_len > SERIAL_FIFO_SIZE ||
	    st->ier & ~IER_WRITABLE || st->mcr & ~MCR_WRITABLE)
		return -EBADMSG;
	pthread_mutex_lock(&s->lock);
	s->ier = st->ier;
	s->fcr = st->fcr;
	s->lcr = st->lcr;
	s->mcr = st->mcr;
	s->scr = st->scr;
	s->dll = st->dll;
	s->dlm = st->dlm;
	s->overrun = st->overrun;
	s->thr_pending = st->thr_pending;
	/* the edge has been seen: what came of it is in the state of the interrupt controllers */
	s->line_up = st->line_up;
	s->rx_head = st->rx_head;
	s->rx_len = st->rx_len;
	memcpy(s->rx, st->rx, sizeof(s->rx));
	pthread_mutex_unlock(&s->lock);
	return 0;
}

int serial_create(struct serial **sp, struct dev_env *env, const struct serial_config *cfg,
		  struct ktstr_err *err)
{
	struct serial *s = calloc(1, sizeof(*s));
	int ret;

	*sp = NULL;
	if (!s)
		return ktstr_err(err, ENOMEM, "serial port: out of memory");
	s->env = env;
	s->dll = 1;		/* 115200 baud */
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->room, NULL);
	sink_init(&s->out, cfg->out_fd, cfg->out_max);
	ret = env->connect_irq(env, cfg->gsi, &s->irq, err);
	if (!ret)
		ret = bus_add(env->bus, cfg->space, cfg->base, SERIAL_NR_PORTS, &serial_ops, s, err);
	if (ret) {
		serial_destroy(s);
		return ret;
	}
	*sp = s;
	return 0;
}

void serial_destroy(struct serial *s)
{
	if (!s)
		return;
	sink_close(&s->out);
	pthread_cond_destroy(&s->room);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
