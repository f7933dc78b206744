// SPDX-License-Identifier: GPL-2.0
/*
 * Reading and writing what a test names in the kernel's memory. A number that is aligned to its size
 * is moved by one instruction, anything else byte by byte. A field of a task has the size that the
 * kernel's BTF says; a bit field is read and written as a number of the size that is asked for.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <ktstr/scenario.h>

#include "harness/dump/dump.h"
#include "memory.h"

static int find_task(struct ktstr_monitor *m, const struct ktstr_msg_ask *ask, uint64_t *kva,
		     struct ktstr_btf_field *field, struct ktstr_err *err)
{
	const struct ktstr_btf *btf = m->view.img->btf;
	uint64_t task;
	int ret;

	if (!btf)
		return ktstr_err(err, ENOENT, "this kernel has no BTF, which says where fields are");
	ret = ktstr_btf__field(btf, "task_struct", ask->name, field);
	if (ret)
		return ktstr_err(err, -ret, "task_struct of this kernel has no field %s", ask->name);
	ret = ktstr_dump__find_task(m, ask->pid, &task);
	if (ret)
		return ktstr_err(err, -ret, "there is no task %d", ask->pid);
	*kva = task + field->offset;
	if (field->bits)
		return 0;
	if (ask->len > field->size)
		return ktstr_err(err, EINVAL, "%s has %u bytes, not %u", ask->name, field->size,
				 ask->len);
	return 0;
}

int ktstr_memory__find(struct ktstr_monitor *m, const struct ktstr_msg_ask *ask, uint64_t *kva,
		       struct ktstr_btf_field *field, struct ktstr_err *err)
{
	struct ktstr_kview *v = &m->view;

	memset(field, 0, sizeof(*field));
	if (ktstr_kview__attach(v))
		return ktstr_err(err, EAGAIN, "the kernel was not found in the guest's memory");
	switch ((enum ktstr_kernel_kind)ask->target) {
	case KTSTR_KERNEL_ADDRESS:
		*kva = ask->address;
		return 0;
	case KTSTR_KERNEL_SYMBOL:
	case KTSTR_KERNEL_PER_CPU:
		if (ktstr_kview__symbol(v, ask->name, kva))
			return ktstr_err(err, ENOENT, "this kernel has no symbol %s", ask->name);
		if (ask->target == KTSTR_KERNEL_PER_CPU &&
		    ktstr_kview__per_cpu(v, *kva, ask->cpu, kva))
			return ktstr_err(err, EINVAL, "there is no CPU %u", ask->cpu);
		return 0;
	case KTSTR_KERNEL_TASK:
		return find_task(m, ask, kva, field, err);
	case KTSTR_KERNEL_UNSET:
		break;
	}
	return ktstr_err(err, EINVAL, "%u is no kind of target", ask->target);
}

static bool is_number(uint64_t kva, uint32_t len)
{
	return len <= 8 && !(len & (len - 1)) && !(kva % len);
}

static int read_at(struct ktstr_kview *v, uint64_t kva, void *buf, uint32_t len)
{
	uint64_t value;
	int ret;

	if (!is_number(kva, len))
		return ktstr_kview__read(v, kva, buf, len);
	ret = ktstr_kview__load(v, kva, len, &value);
	if (!ret)
		memcpy(buf, &value, len);
	return ret;
}

static int unreadable(const struct ktstr_msg_ask *ask, uint64_t kva, struct ktstr_err *err)
{
	return ktstr_err(err, EFAULT, "%u bytes at %#" PRIx64 " are not all mapped in the kernel's address space, or no RAM",
			 ask->len, kva);
}

int ktstr_memory__read(struct ktstr_monitor *m, const struct ktstr_msg_ask *ask, void *buf,
		       struct ktstr_err *err)
{
	struct ktstr_btf_field field;
	uint64_t kva, value;
	int ret = ktstr_memory__find(m, ask, &kva, &field, err);

	if (ret)
		return ret;
	if (!ask->len || ask->len > KTSTR_ASK_MAX)
		return ktstr_err(err, EINVAL, "%u bytes cannot be read at once", ask->len);
	if (!field.bits)
		return read_at(&m->view, kva, buf, ask->len) ? unreadable(ask, kva, err) : 0;
	if (ask->len > sizeof(value))
		return ktstr_err(err, EINVAL, "%s is a number of %u bits", ask->name, field.bits);
	if (ktstr_field__load(&m->view, &field, kva - field.offset, &value))
		return unreadable(ask, kva, err);
	memcpy(buf, &value, ask->len);
	return 0;
}

static int write_at(struct ktstr_kview *v, uint64_t kva, const uint8_t *buf, uint32_t len)
{
	uint64_t value = 0;
	int ret = 0;

	if (is_number(kva, len)) {
		memcpy(&value, buf, len);
		return ktstr_kview__store(v, kva, len, value);
	}
	for (uint32_t i = 0; i < len && !ret; i++)
		ret = ktstr_kview__store(v, kva + i, 1, buf[i]);
	return ret;
}

int ktstr_memory__write(struct ktstr_monitor *m, const struct ktstr_msg_ask *ask, const void *buf,
			struct ktstr_err *err)
{
	uint8_t now[KTSTR_ASK_MAX];
	struct ktstr_btf_field field;
	uint64_t kva;
	int ret = ktstr_memory__find(m, ask, &kva, &field, err);

	if (ret)
		return ret;
	if (!ask->len || ask->len > KTSTR_ASK_MAX)
		return ktstr_err(err, EINVAL, "%u bytes cannot be written at once", ask->len);
	if (field.bits)
		return ktstr_err(err, EINVAL, "%s is %u bits of a number, whose other bits a write would change",
				 ask->name, field.bits);
	if (field.size && field.size != ask->len)
		return ktstr_err(err, EINVAL, "%s has %u bytes, not %u", ask->name, field.size,
				 ask->len);
	/* all of it or nothing */
	if (read_at(&m->view, kva, now, ask->len) || write_at(&m->view, kva, buf, ask->len))
		return unreadable(ask, kva, err);
	if (read_at(&m->view, kva, now, ask->len))
		return unreadable(ask, kva, err);
	/* of a guest that runs, another CPU may have been faster */
	if (ask->what == KTSTR_ASK_WRITE_COLD && memcmp(now, buf, ask->len))
		return ktstr_err(err, EIO, "what was written to %#" PRIx64 " is not there", kva);
	return 0;
}
