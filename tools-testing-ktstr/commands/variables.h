/* SPDX-License-Identifier: GPL-2.0 */
/* The environment variables of the suite; builtin-env.c has the table. */
#ifndef KTSTR_TOOL_VARIABLES_H
#define KTSTR_TOOL_VARIABLES_H

/* In the order of `ktstr env`; NULL after the last one. */
const char *env_variable_name(unsigned int i);

#endif
