// SPDX-License-Identifier: GPL-2.0
/*
 * STEER_IRQ: send an interrupt to one CPU.
 *
 * An interrupt is named by its actions, the last column of /proc/interrupts ("virtio0-req.0",
 * several of them separated by ", "), because numbers differ from boot to boot. Everything is
 * looked up before anything is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops.h"

static void check_steer_irq(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	if (!ktstr_cpumask__test(&ck->machine->online, op->cpu))
		ktstr_problem(ck, "CPU %u is not online", op->cpu);
	if (op->irq.label && !*op->irq.label)
		ktstr_problem(ck, "the interrupt's label is empty");
}

/* Is @label one of the ", "-separated names in @actions? */
static bool has_action(const char *actions, const char *label)
{
	size_t len = strlen(label);
	const char *p = actions;

	while ((p = strstr(p, label))) {
		if ((p == actions || p[-1] == ' ') && (!p[len] || p[len] == ','))
			return true;
		p++;
	}
	return false;
}

/*
 * The number and the actions of a line " 24: 0 17 PCI-MSI 65536-edge virtio0-config", with
 * @nr_cpus columns of counts. False: a line of another kind. The counts are followed by the chip
 * and the hardware number; the actions are the rest from the last double blank on.
 */
static bool parse_line(char *line, uint32_t nr_cpus, uint32_t *number, char **actions)
{
	char *p = line, *end, *at;
	uint32_t i;

	line[strcspn(line, "\n")] = '\0';
	*number = (uint32_t)strtoul(p, &end, 10);
	if (end == p || *end != ':')
		return false;
	p = end + 1;
	for (i = 0; i < nr_cpus; i++) {
		strtoull(p, &end, 10);
		if (end == p)
			return false;
		p = end;
	}
	*actions = NULL;
	while ((at = strstr(p, "  "))) {
		p = at + strspn(at, " ");
		if (*p)
			*actions = p;
	}
	return *actions != NULL;
}

static uint32_t count_cpus(const char *header)
{
	uint32_t nr = 0;

	while ((header = strstr(header, "CPU"))) {
		nr++;
		header += 3;
	}
	return nr;
}

/* The one interrupt with this action. 0 or -errno with a sentence that lists the labels. */
static int find_irq(FILE *f, const char *label, uint32_t *number, struct ktstr_err *err)
{
	char *line = NULL, *actions, known[256] = "";
	uint32_t nr_cpus, irq, found = 0;
	size_t size = 0, n;

	nr_cpus = getline(&line, &size, f) > 0 ? count_cpus(line) : 0;
	while (getline(&line, &size, f) > 0) {
		if (!parse_line(line, nr_cpus, &irq, &actions))
			continue;
		n = strlen(known);
		if (n + strlen(actions) + 3 < sizeof(known))
			snprintf(known + n, sizeof(known) - n, "%s%s", n ? ", " : "", actions);
		if (!has_action(actions, label))
			continue;
		*number = irq;
		found++;
	}
	free(line);
	if (found == 1)
		return 0;
	if (found)
		return ktstr_err(err, ENOTUNIQ, "%u interrupts have the label \"%s\"; use IRQ(n)",
				 found, label);
	return ktstr_err(err, ENOENT, "no interrupt has the label \"%s\"; there are: %s", label,
			 known);
}

static int resolve(const char *procfs, const struct ktstr_irq *irq, uint32_t *number,
		   struct ktstr_err *err)
{
	char path[PATH_MAX];
	FILE *f;
	int ret;

	*number = irq->number;
	if (!irq->label)
		return 0;
	snprintf(path, sizeof(path), "%s/interrupts", procfs);
	f = fopen(path, "re");
	if (!f)
		return ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	ret = find_irq(f, irq->label, number, err);
	fclose(f);
	return ret;
}

/* An interrupt may move only when it fires next time: a note, not a failure. */
static void note_effective(struct ktstr_scenario_state *st, uint32_t number, uint32_t cpu)
{
	char path[PATH_MAX], list[256] = "";
	struct ktstr_cpumask now;
	FILE *f;

	snprintf(path, sizeof(path), "%s/irq/%u/effective_affinity_list", st->env->procfs,
		 number);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(list, sizeof(list), f)) {
		list[strcspn(list, "\n")] = '\0';
		if (!ktstr_cpumask__parse(list, &now) && !ktstr_cpumask__test(&now, cpu))
			ktstr_result__add(st->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
					  "step %u: STEER_IRQ: interrupt %u still goes to CPU %s until it next fires",
					  st->step + 1, number, list);
	}
	fclose(f);
}

static int apply_steer_irq(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			   struct ktstr_err *err)
{
	char path[PATH_MAX], text[16];
	uint32_t number;
	ssize_t n;
	int fd, ret;

	ret = resolve(st->env->procfs, &op->irq, &number, err);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/irq/%u/smp_affinity_list", st->env->procfs, number);
	snprintf(text, sizeof(text), "%u\n", op->cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	n = write(fd, text, strlen(text));
	ret = n < 0 ? ktstr_err(err, errno, "write %u to %s: %s", op->cpu, path, strerror(errno)) : 0;
	close(fd);
	if (!ret)
		note_effective(st, number, op->cpu);
	return ret;
}

const struct ktstr_op_row ktstr_irq_ops[] = {
	{
		.kind = KTSTR_OP_STEER_IRQ,
		.name = "STEER_IRQ",
		.words = "an interrupt is steered to CPU {cpu}",
		.takes = "irq, cpu",
		.does = "routes an interrupt to one CPU: IRQ(n), or IRQ_LABEL(\"virtio0-req.0\"), which exactly one line of /proc/interrupts must have",
		.check = check_steer_irq,
		.apply = apply_steer_irq,
	},
	{ }
};
