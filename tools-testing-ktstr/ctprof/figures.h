/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files of a cgroup, and of the host's pressure: a row each says how a file is written and what its
 * figures are. A figure is called FILE/KEY ("cpu.stat/usage_usec"), or FILE if the file has one number.
 * The files are those of Documentation/admin-guide/cgroup-v2.rst and accounting/psi.rst.
 */
#ifndef KTSTR_TOOL_CTPROF_FIGURES_H
#define KTSTR_TOOL_CTPROF_FIGURES_H

#include "snapshot.h"

enum ctprof_file_form {
	CTPROF_FILE_NUMBER,	/* one number, or "max" */
	CTPROF_FILE_KEYED,	/* lines "KEY NUMBER" */
	CTPROF_FILE_NESTED,	/* lines "NAME KEY=NUMBER ...": summed over the names */
	CTPROF_FILE_CPU_MAX,	/* "QUOTA PERIOD": keys quota_usec, period_usec */
	CTPROF_FILE_PRESSURE,	/* lines "some avg10=0.12 ... total=34": keys some_avg10, ... */
};

struct ctprof_cgroup_file {
	const char *name;
	enum ctprof_file_form form;
	enum ctprof_section section;
	enum ctprof_unit unit;		/* of a key whose name does not say another one */
	enum ctprof_rule rule;		/* of several cgroups */
	const char *help;
};

extern const struct ctprof_cgroup_file ctprof_cgroup_files[];
extern const size_t ctprof_nr_cgroup_files;

/* Add the figures of @text, which is changed. What makes no sense counts in s->unknown. */
void ctprof_figures__parse(struct ctprof_snapshot *s, struct ctprof_figures *f, const char *file,
			   enum ctprof_file_form form, char *text);

/* What a figure of that name is. False: there is no such file; then it is a count whose largest counts. */
bool ctprof_figure__describe(const char *name, enum ctprof_section *section, enum ctprof_unit *unit,
			     enum ctprof_rule *rule);

#endif
