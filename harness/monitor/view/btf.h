/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a kernel keeps what: a reader of BTF for looking up fields by name.
 *
 * It is not libbpf's. btf__new() takes 27 ms for the 5.3 MB of a 7.3 kernel because it checks
 * and copies everything; the monitor wants a dozen structs in 3 ms. libbpf.a would also nearly
 * double the text of each test program, and test programs are copied into each guest.
 *
 * The data is not trusted: types, members, names and offsets are checked when they are used,
 * type chains and nesting are bounded.
 */
#ifndef KTSTR_MONITOR_BTF_H
#define KTSTR_MONITOR_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct ktstr_btf;

/*
 * Index @len bytes of raw BTF at @data, which is borrowed. 0, or -EBADMSG with @err (what is
 * wrong with it), -EOPNOTSUPP (an unknown kind of type, or foreign byte order), -ENOMEM.
 */
int ktstr_btf__open(struct ktstr_btf **btfp, const void *data, size_t len, struct ktstr_err *err);
void ktstr_btf__free(struct ktstr_btf *btf);	/* NULL is allowed */
uint32_t ktstr_btf__nr_types(const struct ktstr_btf *btf);

enum ktstr_btf_class {
	KTSTR_BTF_OTHER,	/* struct, union, array, function: nothing to load */
	KTSTR_BTF_UNSIGNED,	/* bool, char and enum too */
	KTSTR_BTF_SIGNED,
	KTSTR_BTF_POINTER,
};

struct ktstr_btf_field {
	uint32_t offset;	/* bytes from the start of the outermost struct */
	uint32_t size;		/* bytes of the whole; a bitfield: those that hold its base type */
	uint8_t bit_offset;	/* a bitfield: position in these bytes, from the lowest bit */
	uint8_t bits;		/* a bitfield: its width; 0: none */
	enum ktstr_btf_class class;
	uint32_t type;		/* id, modifiers and typedefs peeled */
};

/*
 * The field @path of struct or union @name, as "scx.local_dsq.nr" or "lb_count[1]". Members of
 * anonymous members are found by their own name. When several types have this name, the first one
 * with such a field counts. 0, -ENOENT (no such type or field), -EINVAL (malformed path),
 * -EBADMSG (malformed BTF).
 */
int ktstr_btf__field(const struct ktstr_btf *btf, const char *name, const char *path,
		     struct ktstr_btf_field *field);

/*
 * The same, starting from the type @id; an empty @path is all of it. If @id is a section, as ".bss"
 * of a BPF object, the path begins with a variable.
 */
int ktstr_btf__field_in(const struct ktstr_btf *btf, uint32_t id, const char *path,
			struct ktstr_btf_field *field);

/* The section @name, as ".bss" of a BPF object, and its @size in bytes. 0: there is none. */
uint32_t ktstr_btf__section(const struct ktstr_btf *btf, const char *name, uint64_t *size);

/* What the pointer @f points to, offset 0. 0, -ENOENT: @f is no pointer, or one to nothing known. */
int ktstr_btf__pointee(const struct ktstr_btf *btf, const struct ktstr_btf_field *f,
		       struct ktstr_btf_field *target);

/* The name of type @id; "": it has none, or there is no such type. */
const char *ktstr_btf__type_name(const struct ktstr_btf *btf, uint32_t id);

/* The size of struct or union @name, or -ENOENT. */
int64_t ktstr_btf__size(const struct ktstr_btf *btf, const char *name);

/*
 * Call @fn for each named direct member of struct @name, in order, until it returns non-zero.
 * Returns that, 0, -ENOENT or -EBADMSG.
 */
typedef int (*ktstr_btf_member_fn)(void *arg, const char *name,
				   const struct ktstr_btf_field *field);
int ktstr_btf__each_member(const struct ktstr_btf *btf, const char *name, ktstr_btf_member_fn fn,
			   void *arg);

/* What enum @name gives the enumerator @enumerator. 0 or -ENOENT. */
int ktstr_btf__enumerator(const struct ktstr_btf *btf, const char *name, const char *enumerator,
			  int64_t *value);
/* The name that enum @name has for @value, or NULL. */
const char *ktstr_btf__enum_name(const struct ktstr_btf *btf, const char *name, int64_t value);

/* Offset of variable @var in section @section, as ".data..percpu". -ENOENT: it is not there. */
int64_t ktstr_btf__var_offset(const struct ktstr_btf *btf, const char *section, const char *var);

#endif
