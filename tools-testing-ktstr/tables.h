/* SPDX-License-Identifier: GPL-2.0 */
/* The tables that tests are made from, printed; each returns the exit status of the tool. */
#ifndef KTSTR_TOOL_TABLES_H
#define KTSTR_TOOL_TABLES_H

enum table_format { TABLE_TEXT, TABLE_JSON, TABLE_MARKDOWN };

int print_work_types(enum table_format format);
int print_ops(enum table_format format);
int print_checks(enum table_format format);
int print_metrics(enum table_format format);
int print_presets(enum table_format format);

#endif
