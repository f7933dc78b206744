// SPDX-License-Identifier: GPL-2.0
/* Checked loads from guest RAM. */
#include <errno.h>
#include <string.h>

#include "gmem.h"

static const void *at(struct ktstr_gmem *m, uint64_t gpa, size_t len)
{
	const void *p = NULL;

	if (gpa < m->end && len <= m->end - gpa)
		p = m->at(m->arg, gpa, len);
	if (!p)
		m->faults++;
	return p;
}

int ktstr_gmem__load(struct ktstr_gmem *m, uint64_t gpa, unsigned int size, uint64_t *value)
{
	const void *p = at(m, gpa, size);

	if (!p)
		return -EFAULT;
	*value = 0;
	if (gpa % size) {
		memcpy(value, p, size);		/* little endian, as every supported guest */
		return 0;
	}
	switch (size) {
	case 1:
		*value = __atomic_load_n((const uint8_t *)p, __ATOMIC_RELAXED);
		return 0;
	case 2:
		*value = __atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED);
		return 0;
	case 4:
		*value = __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
		return 0;
	case 8:
		*value = __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
		return 0;
	default:
		return -EFAULT;
	}
}

int ktstr_gmem__read(struct ktstr_gmem *m, uint64_t gpa, void *buf, size_t len)
{
	const void *p = at(m, gpa, len);

	if (!p)
		return -EFAULT;
	memcpy(buf, p, len);
	return 0;
}

int ktstr_gmem__store(struct ktstr_gmem *m, uint64_t gpa, unsigned int size, uint64_t value)
{
	void *p;

	if (!m->writable)
		return -EROFS;
	if (!size || gpa % size)
		return -EINVAL;
	p = gpa < m->end && size <= m->end - gpa ? m->writable(m->arg, gpa, size) : NULL;
	if (!p)
		return -EFAULT;
	switch (size) {
	case 1:
		__atomic_store_n((uint8_t *)p, (uint8_t)value, __ATOMIC_SEQ_CST);
		return 0;
	case 2:
		__atomic_store_n((uint16_t *)p, (uint16_t)value, __ATOMIC_SEQ_CST);
		return 0;
	case 4:
		__atomic_store_n((uint32_t *)p, (uint32_t)value, __ATOMIC_SEQ_CST);
		return 0;
	case 8:
		__atomic_store_n((uint64_t *)p, value, __ATOMIC_SEQ_CST);
		return 0;
	default:
		return -EINVAL;
	}
}
