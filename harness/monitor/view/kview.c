// SPDX-License-Identifier: GPL-2.0
/*
 * Finding the kernel, and reading at its addresses. An address of the kernel image or of the
 * direct map is translated by one addition, anything else (vmalloc, dynamic per-CPU memory) by
 * walking the kernel's page tables for each page.
 */
#include <linux/kernel.h>
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "lib/control.h"
#include "kview.h"

#define IMAGE_MAX	(1ull << 30)	/* x86: KERNEL_IMAGE_SIZE */

int ktstr_kview__init(struct ktstr_kview *v, const struct ktstr_kimage *img,
		      const struct ktstr_gmem *mem, uint32_t nr_cpus, struct ktstr_err *err)
{
	static const struct ktstr_xlate * const archs[] = { &ktstr_xlate_x86, &ktstr_xlate_arm64 };
	static const char * const needed[] = { "linux_banner", "__per_cpu_offset", "runqueues" };
	uint64_t addr;

	memset(v, 0, sizeof(*v));
	v->img = img;
	v->mem = *mem;
	v->nr_cpus = nr_cpus;
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (archs[i]->machine == img->machine)
			v->xlate = archs[i];
	if (!v->xlate)
		return ktstr_err(err, EOPNOTSUPP, "a kernel for machine %u", img->machine);
	if (!nr_cpus || nr_cpus > KTSTR_KVIEW_MAX_CPUS)
		return ktstr_err(err, EINVAL, "%u CPUs", nr_cpus);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (ktstr_kimage__symbol(img, needed[i], &addr))
			return ktstr_err(err, ENOENT,
					 "the kernel image does not list %s (CONFIG_KALLSYMS_ALL is off, and no System.map is beside it)",
					 needed[i]);
	if (!img->banner[0])
		return ktstr_err(err, ENOENT, "the kernel image has no readable linux_banner");
	return 0;
}

static bool banner_at(struct ktstr_kview *v, uint64_t gpa)
{
	size_t len = strlen(v->img->banner) + 1;
	char buf[KTSTR_BANNER_MAX];

	return len <= sizeof(buf) && !ktstr_gmem__read(&v->mem, gpa, buf, len) &&
	       !memcmp(buf, v->img->banner, len);
}

static int find_kernel(struct ktstr_kview *v)
{
	uint64_t banner, faults = v->mem.faults;
	int ret = -EAGAIN;

	ktstr_kimage__symbol(v->img, "linux_banner", &banner);
	banner -= v->img->text;
	for (uint64_t at = 0; at < v->mem.end && ret; at += v->xlate->image_align) {
		if (banner >= IMAGE_MAX || !banner_at(v, at + banner))
			continue;
		v->text_gpa = at;
		ret = v->xlate->find(v);
	}
	v->mem.faults = faults;		/* looking into holes was no failure */
	return ret;
}

/*
 * Offsets are what they have to be when each CPU's runqueue says whose it is: before the per-CPU
 * areas are set up, all of them lead to the same place or nowhere.
 */
static int find_percpu(struct ktstr_kview *v)
{
	uint64_t table, rq, kva, value, faults = v->mem.faults;
	struct ktstr_btf_field cpu_field;
	uint32_t cpu;

	if (ktstr_kview__symbol(v, "__per_cpu_offset", &table) ||
	    ktstr_kview__symbol(v, "runqueues", &rq))
		return -ENOENT;
	for (cpu = 0; cpu < v->nr_cpus; cpu++) {
		if (ktstr_kview__load(v, table + cpu * 8ull, 8, &v->percpu[cpu]) || !v->percpu[cpu])
			break;
		if (!v->img->btf || ktstr_btf__field(v->img->btf, "rq", "cpu", &cpu_field))
			continue;
		if (ktstr_kview__per_cpu(v, rq, cpu, &kva) ||
		    ktstr_kview__load(v, kva + cpu_field.offset, 4, &value) || value != cpu)
			break;
	}
	v->mem.faults = faults;
	return cpu == v->nr_cpus ? 0 : -EAGAIN;
}

int ktstr_kview__attach(struct ktstr_kview *v)
{
	int ret;

	if (v->ready)
		return 0;
	ret = find_kernel(v);
	if (!ret)
		ret = find_percpu(v);
	v->ready = !ret;
	if (ret)
		v->have_text = v->have_direct = false;
	return ret;
}

int ktstr_kview__symbol(const struct ktstr_kview *v, const char *name, uint64_t *kva)
{
	int ret = ktstr_kimage__symbol(v->img, name, kva);

	/* until 6.14, per-CPU variables of x86 are linked at 0 and do not move */
	if (!ret && *kva >= v->img->text)
		*kva += v->slide;
	return ret;
}

const char *ktstr_kview__symbol_at(const struct ktstr_kview *v, uint64_t kva, uint64_t *off)
{
	uint64_t link = kva - v->slide, end;

	if (ktstr_kimage__symbol(v->img, "_end", &end) || link < v->img->text || link >= end)
		return NULL;
	return ktstr_kimage__symbol_at(v->img, link, off);
}

int ktstr_kview__per_cpu(const struct ktstr_kview *v, uint64_t ptr, uint32_t cpu, uint64_t *kva)
{
	if (cpu >= v->nr_cpus)
		return -EINVAL;
	*kva = ptr + v->percpu[cpu];
	return 0;
}

int ktstr_kview__gpa(struct ktstr_kview *v, uint64_t kva, uint64_t *gpa, uint64_t *room)
{
	uint64_t text = v->img->text + v->slide;

	/* the image is one piece in physical memory too */
	if (v->have_text && kva >= text && kva - text < v->text_len) {
		*gpa = kva - text + v->text_gpa;
		*room = v->text_len - (kva - text);
		return 0;
	}
	if (v->have_direct && kva >= v->direct_kva &&
	    kva - v->direct_kva < v->mem.end - v->direct_gpa) {
		*gpa = kva - v->direct_kva + v->direct_gpa;
		*room = v->mem.end - *gpa;
		return 0;
	}
	return v->xlate->walk(v, kva, gpa, room);
}

int ktstr_kview__read(struct ktstr_kview *v, uint64_t kva, void *buf, size_t len)
{
	uint64_t gpa, room;
	int ret = 0;

	while (len && !ret) {
		ret = ktstr_kview__gpa(v, kva, &gpa, &room);
		if (ret) {
			v->mem.faults++;
			break;
		}
		if (room > len)
			room = len;
		ret = ktstr_gmem__read(&v->mem, gpa, buf, room);
		buf = (char *)buf + room;
		kva += room;
		len -= room;
	}
	return ret;
}

int ktstr_kview__load(struct ktstr_kview *v, uint64_t kva, unsigned int size, uint64_t *value)
{
	uint64_t gpa, room;

	if (ktstr_kview__gpa(v, kva, &gpa, &room)) {
		v->mem.faults++;
		return -EFAULT;
	}
	if (room >= size)
		return ktstr_gmem__load(&v->mem, gpa, size, value);
	/* across two pages, so it is not aligned anyway */
	*value = 0;
	return ktstr_kview__read(v, kva, value, size);
}

int ktstr_kview__store(struct ktstr_kview *v, uint64_t kva, unsigned int size, uint64_t value)
{
	uint64_t gpa, room;

	if (ktstr_kview__gpa(v, kva, &gpa, &room) || room < size)
		return -EFAULT;
	return ktstr_gmem__store(&v->mem, gpa, size, value);
}

int ktstr_kview__string(struct ktstr_kview *v, uint64_t kva, char *buf, size_t size)
{
	uint64_t gpa, room;
	size_t n = 0;

	while (n < size - 1) {
		size_t part;
		char *nul;

		if (ktstr_kview__gpa(v, kva + n, &gpa, &room))
			return -EFAULT;
		/* no further than the page: the next one may not be there */
		part = (1ull << v->page_shift) - ((kva + n) & ((1ull << v->page_shift) - 1));
		if (part > size - 1 - n)
			part = size - 1 - n;
		if (part > room)
			part = room;
		if (ktstr_gmem__read(&v->mem, gpa, buf + n, part))
			return -EFAULT;
		nul = memchr(buf + n, 0, part);
		n += nul ? (size_t)(nul - buf) - n : part;
		if (nul)
			break;
	}
	buf[n] = '\0';
	ktstr_tame(buf, '?');
	return 0;
}

int ktstr_kview__pointer(struct ktstr_kview *v, const char *name, uint64_t *value)
{
	uint64_t kva;

	if (ktstr_kview__symbol(v, name, &kva))
		return -ENOENT;
	return ktstr_kview__load(v, kva, 8, value);
}
