// SPDX-License-Identifier: GPL-2.0
/*
 * Keyboard controller at ports 0x60 and 0x64: one byte of output, one byte of configuration, a
 * table of commands. Both of its ports report that no device is connected. There are no
 * interrupts, since no data arrives without a command.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <pthread.h>
#include <stdlib.h>

#include "i8042.h"

#define STATUS_OUTPUT_FULL	0x01
#define STATUS_SYSTEM		0x04	/* the controller has passed its self test */
#define STATUS_UNLOCKED		0x10

#define CONFIG_SYSTEM		0x04
#define CONFIG_KEYBOARD_OFF	0x10
#define CONFIG_AUX_OFF		0x20

#define CMD_READ_CONFIG		0x20
#define CMD_WRITE_CONFIG	0x60
#define CMD_RESET		0xfe

#define SELF_TEST_PASSED	0x55
#define PORT_CLOCK_STUCK	0x01	/* answer of a port test: no device there */

/* Commands with a fixed answer. Those that are in no table here are ignored. */
static const struct {
	uint8_t cmd, answer;
} fixed_answer[] = {
	{ 0xa9, PORT_CLOCK_STUCK },	/* test auxiliary port */
	{ 0xaa, SELF_TEST_PASSED },	/* test controller */
	{ 0xab, PORT_CLOCK_STUCK },	/* test keyboard port */
};

struct i8042 {
	struct dev_env *env;
	pthread_mutex_t lock;	/* all below */
	uint8_t config;
	uint8_t out;
	bool out_full;
	bool want_config;	/* the next byte at the data port is the configuration */
};

static void answer(struct i8042 *k, uint8_t byte)
{
	k->out = byte;
	k->out_full = true;
}

static void command(struct i8042 *k, uint8_t cmd)
{
	k->want_config = cmd == CMD_WRITE_CONFIG;
	if (cmd == CMD_READ_CONFIG)
		answer(k, k->config);
	if (cmd == CMD_RESET)
		k->env->stop(k->env, DEV_STOP_RESET);
	for (size_t i = 0; i < ARRAY_SIZE(fixed_answer); i++)
		if (fixed_answer[i].cmd == cmd)
			answer(k, fixed_answer[i].answer);
}

static void data_read(void *dev, uint64_t offset, uint64_t *data, unsigned int len)
{
	struct i8042 *k = dev;

	(void)offset;
	(void)len;
	pthread_mutex_lock(&k->lock);
	*data = k->out_full ? k->out : 0;
	k->out_full = false;
	pthread_mutex_unlock(&k->lock);
}

static void data_write(void *dev, uint64_t offset, uint64_t data, unsigned int len)
{
	struct i8042 *k = dev;

	(void)offset;
	(void)len;
	pthread_mutex_lock(&k->lock);
	if (k->want_config)
		k->config = (uint8_t)data;
	k->want_config = false;
	pthread_mutex_unlock(&k->lock);
}

static void status_read(void *dev, uint64_t offset, uint64_t *data, unsigned int len)
{
	struct i8042 *k = dev;

	(void)offset;
	(void)len;
	pthread_mutex_lock(&k->lock);
	*data = STATUS_SYSTEM | STATUS_UNLOCKED | (k->out_full ? STATUS_OUTPUT_FULL : 0);
	pthread_mutex_unlock(&k->lock);
}

static void command_write(void *dev, uint64_t offset, uint64_t data, unsigned int len)
{
	struct i8042 *k = dev;

	(void)offset;
	(void)len;
	pthread_mutex_lock(&k->lock);
	command(k, (uint8_t)data);
	pthread_mutex_unlock(&k->lock);
}

static const struct bus_ops data_ops = { .read = data_read, .write = data_write };
static const struct bus_ops command_ops = { .read = status_read, .write = command_write };

int i8042_create(struct i8042 **kp, struct dev_env *env, struct ktstr_err *err)
{
	struct i8042 *k = calloc(1, sizeof(*k));
	int ret;

	*kp = NULL;
	if (!k)
		return ktstr_err(err, ENOMEM, "keyboard controller: out of memory");
	k->env = env;
	k->config = CONFIG_SYSTEM | CONFIG_KEYBOARD_OFF | CONFIG_AUX_OFF;
	pthread_mutex_init(&k->lock, NULL);
	ret = bus_add(env->bus, BUS_PIO, I8042_DATA_PORT, 1, &data_ops, k, err);
	if (!ret)
		ret = bus_add(env->bus, BUS_PIO, I8042_COMMAND_PORT, 1, &command_ops, k, err);
	if (ret) {
		i8042_destroy(k);
		return ret;
	}
	*kp = k;
	return 0;
}

void i8042_save(struct i8042 *k, struct i8042_state *st)
{
	pthread_mutex_lock(&k->lock);
	*st = (struct i8042_state){ k->config, k->out, k->out_full, k->want_config };
	pthread_mutex_unlock(&k->lock);
}

void i8042_load(struct i8042 *k, const struct i8042_state *st)
{
	pthread_mutex_lock(&k->lock);
	k->config = st->config;
	k->out = st->out;
	k->out_full = st->out_full;
	k->want_config = st->want_config;
	pthread_mutex_unlock(&k->lock);
}

void i8042_destroy(struct i8042 *k)
{
	if (!k)
		return;
	pthread_mutex_destroy(&k->lock);
	free(k);
}
