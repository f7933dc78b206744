/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which values of our JSON files tell nothing about who wrote them: figures, and words of a fixed
 * vocabulary. What is not known here is renamed.
 */
#ifndef KTSTR_TOOL_FUNIFY_KEYS_H
#define KTSTR_TOOL_FUNIFY_KEYS_H

#include <stdbool.h>

/* Is a number under @key a figure: a count, a rate, a time, a size, a place in the topology? */
bool funify_keys__metric(const char *key);
/* Are all numbers below @key figures, but for identities? */
bool funify_keys__metrics_below(const char *key);
/* Does a number under @key name something: a task, an address, an object of the kernel? */
bool funify_keys__identity(const char *key);
/* Is a text under @key one of a few words of ours or the kernel's? */
bool funify_keys__word(const char *key);

#endif
