// SPDX-License-Identifier: GPL-2.0
/* See state.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "state.h"

#define ALIGN		8u

struct header {
	char magic[8];
	uint64_t bytes;		/* of the whole file */
	uint32_t nr_vcpus;
	uint32_t nr_sections;
};

struct section {
	uint32_t type, index;
	uint32_t bytes;		/* behind it; the next one begins at a multiple of ALIGN */
	uint32_t zero;
};

static const char magic[8] = "ktstkvm1";

static uint32_t padded(uint32_t bytes)
{
	return (bytes + ALIGN - 1) & ~(ALIGN - 1);
}

static int add(struct kvm_state *s, const void *data, uint32_t bytes)
{
	uint32_t need = padded(bytes);
	uint8_t *p;

	if (need > KVM_STATE_MAX - s->len)
		return -ENOSPC;
	if (s->len + need > s->room) {
		size_t room = 2 * s->room + need;

		p = realloc(s->data, room);
		if (!p)
			return -ENOMEM;
		s->data = p;
		s->room = room;
	}
	memcpy(s->data + s->len, data, bytes);
	memset(s->data + s->len + bytes, 0, need - bytes);
	s->len += need;
	return 0;
}

int kvm_state_begin(struct kvm_state *s, uint32_t nr_vcpus)
{
	struct header h = { .nr_vcpus = nr_vcpus };

	memset(s, 0, sizeof(*s));
	memcpy(h.magic, magic, sizeof(magic));
	return add(s, &h, sizeof(h));
}

int kvm_state_put(struct kvm_state *s, uint32_t type, uint32_t index, const void *data,
		  uint32_t bytes)
{
	struct section sec = { .type = type, .index = index, .bytes = bytes };
	struct header *h;
	int r;

	if (bytes > KVM_STATE_MAX)
		return -ENOSPC;
	r = add(s, &sec, sizeof(sec));
	if (!r)
		r = add(s, data, bytes);
	if (r)
		return r;
	h = (struct header *)s->data;
	h->nr_sections++;
	h->bytes = s->len;
	return 0;
}

int kvm_state_write(const struct kvm_state *s, int fd)
{
	return fd_write_at(fd, s->data, s->len, 0);
}

int kvm_state_check(const struct kvm_state *s, uint32_t nr_vcpus, struct ktstr_err *err)
{
	size_t at = sizeof(struct header);
	const struct section *sec;
	struct header h;

	if (s->len < sizeof(h))
		goto bad;
	memcpy(&h, s->data, sizeof(h));
	if (memcmp(h.magic, magic, sizeof(magic)) || h.bytes != s->len)
		goto bad;
	if (h.nr_vcpus != nr_vcpus)
		return ktstr_err(err, EBADMSG, "saved state: of a machine with %" PRIu32 " vCPUs, not %" PRIu32,
				 h.nr_vcpus, nr_vcpus);
	for (uint32_t i = 0; i < h.nr_sections; i++) {
		if (s->len - at < sizeof(*sec))
			goto bad;
		sec = (const struct section *)(s->data + at);
		at += sizeof(*sec);
		if (sec->zero || sec->bytes > s->len - at || padded(sec->bytes) > s->len - at)
			goto bad;
		at += padded(sec->bytes);
	}
	if (at == s->len)
		return 0;
bad:
	return ktstr_err(err, EBADMSG, "saved state: the file is damaged");
}

int kvm_state_read(struct kvm_state *s, int fd, uint32_t nr_vcpus, struct ktstr_err *err)
{
	struct stat st;
	int r;

	memset(s, 0, sizeof(*s));
	if (fstat(fd, &st))
		return ktstr_err(err, errno, "saved state: %s", strerror(errno));
	if (st.st_size < (off_t)sizeof(struct header) || st.st_size > KVM_STATE_MAX)
		return ktstr_err(err, EBADMSG, "saved state: a file of %jd bytes",
				 (intmax_t)st.st_size);
	s->data = malloc((size_t)st.st_size);
	if (!s->data)
		return ktstr_err(err, ENOMEM, "out of memory");
	s->len = s->room = (size_t)st.st_size;
	r = fd_read_at(fd, s->data, s->len, 0);
	if (r)
		return ktstr_err(err, -r, "saved state: %s", strerror(-r));
	return kvm_state_check(s, nr_vcpus, err);
}

const void *kvm_state_get(const struct kvm_state *s, uint32_t type, uint32_t index,
			  uint32_t *bytes)
{
	size_t at = sizeof(struct header);
	struct header h;

	memcpy(&h, s->data, sizeof(h));
	for (uint32_t i = 0; i < h.nr_sections; i++) {
		const struct section *sec = (const struct section *)(s->data + at);

		if (sec->type == type && sec->index == index) {
			*bytes = sec->bytes;
			return sec + 1;
		}
		at += sizeof(*sec) + padded(sec->bytes);
	}
	return NULL;
}

void kvm_state_free(struct kvm_state *s)
{
	free(s->data);
	memset(s, 0, sizeof(*s));
}
