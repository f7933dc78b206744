/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Values by their BTF type, as nodes of a tree. The tree is what is kept: JSON is its text, and
 * value_text.c makes lines for people from it, whether it was rendered a moment ago or read from a
 * file. A value is an object whose "kind" says what else it has:
 *
 *	uint, int	value, bits
 *	bool, char	value
 *	float		value, bits; "hex" instead of a value of another size than 4 and 8
 *	enum		value, bits, variant (the name; null: the type has none for this value)
 *	string		value: an array of char with a text in it
 *	struct, union	type_name, members: [{name, value}]
 *	array		len, elements: [{index, count, value}], equal neighbours are one element
 *	cpu_list	cpus: "0-2,5"
 *	ptr		value, target (type name), note, deref (a value), deref_skipped_reason;
 *			cast_annotation if the type calls it a number: cast/cast.h
 *	bytes		hex
 *	truncated	needed, had: there are fewer bytes than the type has
 *	unsupported	reason
 *
 * Bytes and types are not trusted. Rendering never fails: what cannot be shown is one of the last
 * two kinds, nesting and elements are bounded, and the tree has a limit of its own.
 */
#ifndef KTSTR_DUMP_RENDER_H
#define KTSTR_DUMP_RENDER_H

#include "harness/monitor/view/btf_type.h"
#include "lib/jtree.h"

#define KTSTR_CAST_TO_KERNEL	"cast\u2192kernel"	/* cast_annotation */
#define KTSTR_CAST_TO_ARENA	"cast\u2192arena"
#define KTSTR_SDT_ALLOC		"sdt_alloc"	/* the same: the type is that of what was allocated there */
#define KTSTR_RENDER_DEPTH	32	/* structures, arrays and pointers in each other */
#define KTSTR_RENDER_ELEMENTS	4096	/* of an array, equal neighbours counted once */
#define KTSTR_RENDER_DEREFS	8	/* pointers that are followed one behind the other */
#define KTSTR_RENDER_DEREF_MAX	4096	/* bytes of what one points to */

/* What is known of a pointer. */
struct ktstr_render_target {
	const struct ktstr_btf *btf;	/* of @type; NULL: it is not followed */
	uint32_t type;
	uint64_t addr;			/* where read() has it */
	char note[64];			/* "worker[12]", "ktstr_enqueue+0x4"; "": nothing */
	bool by_allocator;		/* the type is that of what an allocator has handed out there */
	const char *skipped;		/* why it is not followed, static; NULL: nobody would */
};

/* A number that is known to be a pointer. */
struct ktstr_render_cast {
	const char *target;		/* name of the type that it points to */
	const char *annotation;		/* static */
	struct ktstr_render_target to;
};

struct ktstr_render {
	struct ktstr_jtree *tree;
	/* Fill @t, which is zeroed, for the pointer @p with the value @addr. NULL: none is followed. */
	void (*pointer)(void *arg, const struct ktstr_btf *btf, const struct ktstr_btf_type *p,
			uint64_t addr, struct ktstr_render_target *t);
	/*
	 * Is the plain 64-bit member at @offset of structure @type (of a section: its variable number
	 * @offset), which is @value, a pointer? Fill @c, which is zeroed. NULL: none is.
	 */
	bool (*cast)(void *arg, const struct ktstr_btf *btf, uint32_t type, uint32_t offset,
		     uint64_t value, struct ktstr_render_cast *c);
	int (*read)(void *arg, uint64_t addr, void *buf, size_t len);	/* 0 or -errno */
	void *arg;
	/* of the walk */
	unsigned int derefs;
	uint64_t seen[KTSTR_RENDER_DEREFS];	/* those that are being followed: a cycle ends */
};

/* Add the value of @type whose @len bytes are at @data to @parent. */
void ktstr_render__value(struct ktstr_render *r, struct ktstr_jnode *parent, const char *key,
			 const struct ktstr_btf *btf, uint32_t type, const void *data, size_t len);

/* Bytes of which no type is known. */
void ktstr_render__bytes(struct ktstr_jtree *tree, struct ktstr_jnode *parent, const char *key,
			 const void *data, size_t len);

/* "0-2,5" of a bitmap; cut with "..." if it does not fit. */
void ktstr_render__cpus(const void *bits, size_t bytes, char *buf, size_t size);

#endif
