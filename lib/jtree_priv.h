/* SPDX-License-Identifier: GPL-2.0 */
/* What jtree.c and jtree_text.c share. */
#ifndef KTSTR_LIB_JTREE_PRIV_H
#define KTSTR_LIB_JTREE_PRIV_H

#include "jtree.h"

/* Memory of the tree; NULL with its error set. @align is a power of two up to 16. */
void *jtree_alloc(struct ktstr_jtree *t, size_t size, size_t align);
/* A node below @parent, or one of its own. */
struct ktstr_jnode *jtree_add(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
			      enum ktstr_jtype type);

#endif
