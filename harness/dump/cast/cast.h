/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cast analysis: which plain 64-bit members of a BPF object's structures hold pointers, and to what.
 * BTF cannot say that a map value keeps a struct task_struct * in a u64. The object's instructions
 * can: this is what follows typed values through them.
 *
 * A hit needs a proof, and all that the object does to the member has to agree with it. Proofs are:
 *
 *	- a pointer of a known type is stored in the member;
 *	- the member's value is the base of a CO-RE access to a structure, or the argument of
 *	  bpf_rdonly_cast();
 *	- the member's value is passed to a global function or kfunc as a parameter of a pointer type;
 *	- another member, for which there is a hit, is copied into it.
 *
 * Everything else that is stored in the member (a number, a pointer into the middle of something, a
 * value of unknown origin), a store of another size, an address of the member that goes where it
 * cannot be followed, and a union around it speak against it. A store through a pointer of unknown
 * type speaks against all members at its offset. So a member without a hit may hold a pointer, but
 * one with a hit does.
 *
 * The accesses that guess a type by the layout of what is read are not used: a structure that only
 * a function body knows is not in the BTF, and one that looks alike may be.
 */
#ifndef KTSTR_DUMP_CAST_H
#define KTSTR_DUMP_CAST_H

#include <stddef.h>
#include <stdint.h>

#include "harness/monitor/view/btf.h"
#include "lib/err.h"

enum ktstr_cast_space {
	KTSTR_CAST_ANY,		/* the code does not tell: the address does */
	KTSTR_CAST_KERNEL,
	KTSTR_CAST_ARENA,
};

struct ktstr_cast {
	uint32_t type;		/* innermost structure around the member, or a section */
	uint32_t offset;	/* of the member in it, in bytes; of a section: number of the variable */
	uint32_t target;	/* structure, union, or forward declaration of one */
	enum ktstr_cast_space space;
};

/* What was found in one BPF object. All ids are of @btf, which is the object's own. */
struct ktstr_casts {
	struct ktstr_btf *btf;
	struct ktstr_cast *cast;	/* sorted by type, then offset */
	uint32_t nr;
	uint32_t insns;			/* looked at */
};

/*
 * Analyse the BPF object (ELF, little endian) of @len bytes at @elf, which must outlive @casts. 0,
 * -ENOENT (no BTF or no instructions in it), -EBADMSG (damaged), -E2BIG (more than it is worth
 * analysing), -ENOMEM, all with @err.
 */
int ktstr_casts__analyse(struct ktstr_casts *casts, const void *elf, size_t len,
			 struct ktstr_err *err);
void ktstr_casts__free(struct ktstr_casts *casts);

/* The hit for the member of @type at @offset, or NULL. */
const struct ktstr_cast *ktstr_casts__find(const struct ktstr_casts *casts, uint32_t type,
					   uint32_t offset);

/*
 * The BPF objects that are embedded in a program, as skeletons do it: the first one at or behind
 * @from. Returns its offset and sets @size, or returns @len: there is no more.
 */
size_t ktstr_casts__embedded(const void *program, size_t len, size_t from, size_t *size);

#endif
