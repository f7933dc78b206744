/* SPDX-License-Identifier: GPL-2.0 */
/* Print one of the tables that tests use. Each returns the exit status of the tool. */
#ifndef KTSTR_TOOL_TABLES_H
#define KTSTR_TOOL_TABLES_H

enum table_format { TABLE_TEXT, TABLE_JSON, TABLE_MARKDOWN };

int print_work_types(enum table_format format);
int print_ops(enum table_format format);
int print_checks(enum table_format format);
int print_metrics(enum table_format format);
int print_scenarios(enum table_format format);
int print_presets(enum table_format format);

#endif
