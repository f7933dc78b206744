// SPDX-License-Identifier: GPL-2.0
/*
 * A second run with BPF programs as probes (harness/probe/bpf.h). All operations that a scheduler may have
 * are among the points, as it is loaded in the guest only; the guest says which of them it has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/guest_args.h"
#include "harness/model/seen.h"
#include "harness/monitor/monitor.h"
#include "internal.h"

/* Probes take time in the guest, and an emulated one is slow. */
#define CAUSE_NS	500000
#define ERROR_KIND	1024		/* SCX_EXIT_ERROR */

int ktstr_repro_bpf__pack(const struct ktstr_run *run, struct ktstr_repro_state *s,
			  struct initramfs *fs, struct ktstr_err *err)
{
	struct ktstr_repro_calls *c = &s->calls;
	struct ktstr_probe_target *t = calloc(VM_MAX_PROBES, sizeof(*t));
	struct ktstr_kimage *img = t ? ktstr_monitor__open_image(run, err) : NULL;
	int ret = -ENOENT;

	if (!t || !img || !img->btf) {
		if (!t)
			ret = ktstr_err(err, ENOMEM, "no memory for probes");
		else if (img)
			ktstr_err(err, ENOENT, "probes: the kernel has no BTF");
		goto out;
	}
	ktstr_repro__fill_points(run, s, img);
	if (!c->call) {
		ret = ktstr_err(err, ENOMEM, "%s", s->why_not);
		goto out;
	}
	c->cause_ns = CAUSE_NS;
	ktstr_repro_points__operations(c, img->btf);
	for (unsigned int i = 0; i < c->nr_points; i++)
		t[i] = (struct ktstr_probe_target){
			.name = c->point[i].name,
			.at = c->point[i].is_op ? KTSTR_AT_OP : KTSTR_AT_FUNCTION,
			.trigger = c->point[i].is_trigger ? c->point[i].kind : -1,
			.min = ERROR_KIND, .probe = &c->probe[i],
		};
	ret = ktstr_probe_bpf__pack(fs, img->btf, t, c->nr_points, 0, err);
out:
	ktstr_kimage__free(img);
	free(t);
	return ret;
}

void ktstr_repro_bpf__fold(struct ktstr_run *run, struct ktstr_repro_state *s)
{
	struct ktstr_repro_calls *c = &s->calls;
	unsigned int functions = 0;

	if (ktstr_probe_bpf__read(run->seen, c->probe, c->nr_points, ktstr_repro_calls__take, c,
				  &s->told)) {
		snprintf(s->why_not, sizeof(s->why_not), "%s", strerror(ENOMEM));
		return;
	}
	for (unsigned int i = 0; i < c->nr_points; i++) {
		if (c->point[i].is_op)
			s->nr_programs += s->told.how[i] != KTSTR_PROBE_NOT;
		else
			functions += s->told.how[i] != KTSTR_PROBE_NOT;
	}
	c->nr_kernel = functions;
	if (!functions && !s->nr_programs)
		snprintf(s->why_not, sizeof(s->why_not), "%.*s", s->told.text && *s->told.text ?
			 (int)strcspn(s->told.text, "\n") : 200, s->told.text && *s->told.text ?
			 s->told.text : "the guest did not say anything about them");
}
