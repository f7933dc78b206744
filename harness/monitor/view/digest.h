/* SPDX-License-Identifier: GPL-2.0 */
/* The file that kimage.c keeps of a kernel, and the ELF image it is made from. */
#ifndef KTSTR_MONITOR_DIGEST_H
#define KTSTR_MONITOR_DIGEST_H

#include "kimage.h"
#include "ksyms.h"

#define KTSTR_DIGEST_VERSION	1

struct ktstr_digest_part {
	uint64_t off, len;		/* bytes of the file; offsets are multiples of 8 */
};

struct ktstr_digest {
	char magic[8];
	uint32_t version;
	uint16_t machine, build_id_len;
	uint8_t build_id[24];
	uint64_t text;
	struct ktstr_digest_part syms;	/* struct ktstr_ksym by address */
	struct ktstr_digest_part order;	/* u32: indices of syms, by name */
	struct ktstr_digest_part names;
	struct ktstr_digest_part btf;
	struct ktstr_digest_part banner;
};

#define KTSTR_DIGEST_MAGIC	"ktstrkdg"

/* What a digest is made of. Pointers into the image are borrowed. */
struct ktstr_digest_in {
	struct ktstr_digest head;	/* but for the parts */
	struct ktstr_ksyms syms;	/* sorted */
	const void *btf;
	size_t btf_len;
	char banner[KTSTR_BANNER_MAX];
};

/*
 * Read the uncompressed kernel @data, an ELF file. @system_map is the text of a System.map for
 * kernels without usable kallsyms, or NULL. 0 or -errno with @err; ktstr_ksyms__free(&in->syms)
 * in either case. in->btf points into @data.
 */
int ktstr_digest__read_elf(struct ktstr_digest_in *in, const void *data, size_t len,
			   const char *system_map, struct ktstr_err *err);

/* The file as one malloc()ed block, NULL: no memory. */
void *ktstr_digest__make(struct ktstr_digest_in *in, size_t *len);

/* Is the block a digest of this version whose parts lie within it? */
bool ktstr_digest__check(const void *data, size_t len);

#endif
