// SPDX-License-Identifier: GPL-2.0
/*
 * Finds or makes the image of a machine. The key is a text with a line for everything that the
 * state of a booted machine depends on; the folder in the cache is named by its hash.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/kernel/kernel.h"
#include "lib/build_id.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/paths.h"
#include "store.h"
#include "vmm/initramfs/initramfs.h"
#include "lib/siphash.h"

/*
 * Of the format, of what hostcall.so does to a machine, and of the machine that vmm/kvm is. How an
 * emulated machine is made is in the key by itself.
 */
#define VERSION		3
#define SEED		1	/* of all deterministic images; that of a run comes with its archive */
#define POLL_MS		200	/* another process makes the image: is it done? */

/* A file by what changes when it is replaced. */
static void put_file(FILE *f, const char *name, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		memset(&st, 0, sizeof(st));
	fprintf(f, "%s %s %" PRIu64 " bytes, inode %" PRIu64 ", %" PRId64 ".%09ld\n", name, path,
		(uint64_t)st.st_size, (uint64_t)st.st_ino, (int64_t)st.st_mtim.tv_sec,
		st.st_mtim.tv_nsec);
}

/* By its content: the same kernel elsewhere is the same. Its release is for people. */
static int put_kernel(FILE *f, const char *path, struct ktstr_err *err)
{
	char *release = NULL;
	uint64_t hash;
	int ret = ktstr_kernel_image__release(path, &release, err);

	if (ret)
		return ret;
	ret = ktstr_file_hash(path, &hash);
	if (ret)
		ktstr_err(err, -ret, "kernel %s: %s", path, strerror(-ret));
	else
		fprintf(f, "kernel %s %016" PRIx64 "\n", release ?: "vmlinux", hash);
	free(release);
	return ret;
}

static int put_emulator(FILE *f, const struct vm_spec *s, struct ktstr_err *err)
{
	char path[PATH_MAX], *machine;
	int ret = vm_emulator_path(path, sizeof(path), err);

	if (ret)
		return ret;
	machine = vm_emulated_machine(s);
	if (!machine)
		return ktstr_err(err, ENOMEM, "no memory for the key of an image");
	put_file(f, "emulator", path);
	fprintf(f, "machine %s\n", machine);
	free(machine);
	return 0;
}

/*
 * With KVM the guest has the features of the host's CPU and the clocks of this KVM, as far as the VMM
 * passes them on.
 */
static int put_host(FILE *f, struct ktstr_err *err)
{
	static const char * const differ[] = { "processor", "core id", "apicid", "initial apicid",
					       "cpu MHz", "bogomips" };
	char *text = ktstr_paths__read("/proc/cpuinfo", 1 << 20, NULL), *line, *rest;
	struct utsname u;
	struct siphash h;
	size_t i;

	if (!text)
		return ktstr_err(err, errno, "/proc/cpuinfo: %s", strerror(errno));
	/* of the first CPU, what all CPUs and all moments have in common */
	siphash_init(&h);
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		for (i = 0; i < ARRAY_SIZE(differ); i++)
			if (!strncmp(line, differ[i], strlen(differ[i])))
				break;
		if (i == ARRAY_SIZE(differ))
			siphash_add_str(&h, line);
	}
	free(text);
	if (uname(&u))
		return ktstr_err(err, errno, "uname: %s", strerror(errno));
	fprintf(f, "kvm of %s %s, cpu %016" PRIx64 "\n", u.release, u.version, siphash_end(&h));
	return 0;
}

static int put_init(FILE *f, const char *path, struct ktstr_err *err)
{
	struct siphash h;
	size_t len;
	char *data = ktstr_paths__read(path, 64 << 20, &len);

	if (!data)
		return ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	siphash_init(&h);
	siphash_add(&h, data, len);
	fprintf(f, "init %016" PRIx64 "\n", siphash_end(&h));
	free(data);
	return 0;
}

/* The text of the key. NULL with @err. */
static char *key_text(const struct vm_spec *s, const char *init, struct ktstr_err *err)
{
	char topo[KTSTR_TOPOLOGY_STRLEN], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int ret;

	if (!f) {
		ktstr_err(err, ENOMEM, "no memory for the key of an image");
		return NULL;
	}
	ktstr_topology__format(&s->topo.count, topo, sizeof(topo));
	fprintf(f, "version %d\n", VERSION);
	fprintf(f, "unpacked %s\n", s->vmlinux ? "on the host" : "by itself");
	fprintf(f, "cmdline %s\n", s->cmdline);
	fprintf(f, "topology %s\nmemory %" PRIu64 " MiB\nshared %" PRIu64 "\nkaslr %d\nshift %d\n",
		topo, s->mem_bytes >> 20, s->shared_bytes, s->kaslr,
		s->icount_shift == VM_SHIFT_AUTO ?
		vm_auto_shift(ktstr_topology__cpus(&s->topo.count)) : s->icount_shift);
	fprintf(f, "timer %d\n", !!s->apic_timer.start && s->accel == VM_ACCEL_TCG);
	ret = put_kernel(f, s->kernel, err);
	if (!ret)
		ret = put_init(f, init, err);
	if (!ret)
		ret = s->accel == VM_ACCEL_KVM ? put_host(f, err) : put_emulator(f, s, err);
	if (fclose(f) && !ret)
		ret = ktstr_err(err, ENOMEM, "no memory for the key of an image");
	if (!ret)
		return text;
	free(text);
	return NULL;
}

static void hash_key(const char *text, char key[KTSTR_IMAGE_KEY_LEN])
{
	struct siphash h;

	siphash_init(&h);
	siphash_add_str(&h, text);
	snprintf(key, KTSTR_IMAGE_KEY_LEN, "%016" PRIx64, siphash_end(&h));
}

static int find_init(char *path, size_t size, struct ktstr_err *err)
{
	int ret = ktstr_paths__beside(path, size, "image_init");

	return ret ? ktstr_err(err, -ret, "%s: %s", path, strerror(-ret)) : 0;
}

/* The archive with which images boot. */
static int pack_init(struct ktstr_image *im, const char *init, struct ktstr_err *err)
{
	struct initramfs *fs = initramfs__new();
	char note[256];
	int ret;

	if (!fs)
		return ktstr_err(err, ENOMEM, "no memory for the initramfs");
	ret = initramfs__add_file(fs, init, "/init", false, err);
	if (!ret)
		ret = initramfs__finish_parts(fs, NULL, &im->initrd_base, note, sizeof(note), err);
	initramfs__free(fs);
	if (ret < 0)
		return ret;
	im->initrd_fd = ret;
	return 0;
}

/* Boot the machine and let it run to its save point. */
static int boot_to_save_point(struct vm *vm, int timeout_ms, int wake_fd, struct ktstr_err *err)
{
	int64_t deadline = ktstr_deadline_ms(timeout_ms);
	struct vm_event ev = { 0 };
	int ret = vm_start(vm, err);

	if (ret)
		return ret;
	vm_wait(vm, timeout_ms, wake_fd, &ev);
	switch (ev.type) {
	case VM_EVENT_SAVE:
		return 0;
	case VM_EVENT_TIMEOUT:
		if (ktstr_left_ms(deadline))
			return ktstr_err(err, EINTR, "interrupted");
		return ktstr_err(err, ETIMEDOUT, "it did not boot within %d s", timeout_ms / 1000);
	case VM_EVENT_SYNC:
		return ktstr_err(err, EOPNOTSUPP, "the kernel let no program write to a port");
	default:
		return ktstr_err(err, EIO, "it did not boot: %s",
				 ev.err.msg[0] ? ev.err.msg : "the machine is off");
	}
}

/*
 * What the init said before it gave up. That holds for every machine of this key, so no other run
 * tries again.
 */
static void note_refusal(struct ktstr_image *im, struct ktstr_image_store *store,
			 const char *console, struct ktstr_err *err)
{
	static const char mark[] = "ktstr: image: ";
	char *text = ktstr_paths__read(console, 1 << 20, NULL), *at;

	at = text ? strstr(text, mark) : NULL;
	if (at) {
		at += sizeof(mark) - 1;
		at[strcspn(at, "\r\n")] = '\0';
		ktstr_err(err, EOPNOTSUPP, "%.200s", at);
		fprintf(stderr, "ktstr: no image of this machine: %s; its runs boot (docs/images.md)\n",
			err->msg);
		ktstr_store__refuse(store, im->key, err->msg);
	}
	free(text);
}

static int make(struct ktstr_image *im, struct ktstr_image_store *store,
		const struct vm_spec *like, const char *text, int timeout_ms, int wake_fd,
		struct ktstr_err *err)
{
	struct vm_spec spec = *like;
	struct ktstr_image_draft d;
	struct vm *vm = NULL;
	int ret = ktstr_store__begin(store, &d, err);

	if (ret)
		return ret;
	spec.initrd_fd = im->initrd_fd;
	spec.initrd_base = im->initrd_base;
	spec.seed = SEED;
	memset(spec.mark_kva, 0, sizeof(spec.mark_kva));
	spec.probes = false;
	spec.nr_probe_links = 0;
	spec.probe_lens = NULL;
	spec.save_point = true;
	spec.from = NULL;
	spec.console_path = d.console;
	spec.output_path = d.output;
	spec.emulator_log_path = d.emulator;
	ret = vm_create(&vm, &spec, err);
	if (!ret)
		ret = boot_to_save_point(vm, timeout_ms, wake_fd, err);
	if (!ret)
		ret = vm_save(vm, &d.files, err);
	vm_destroy(vm);
	if (ret && ret != -EINTR)
		note_refusal(im, store, d.console, err);
	if (!ret)
		ret = ktstr_store__commit(store, &d, im->key, text, err);
	ktstr_store__end(store, &d);
	im->made = !ret;
	return ret;
}

/* 0: found. -EOPNOTSUPP with @err: the machine can have none. Else 1. */
static int look(struct ktstr_image *im, struct ktstr_image_store *store, struct ktstr_err *err)
{
	char why[256];

	if (!ktstr_store__find(store, im->key, &im->saved))
		return 0;
	if (ktstr_store__is_refused(store, im->key, why, sizeof(why)))
		return ktstr_err(err, EOPNOTSUPP, "%s", why);
	return 1;
}

/* Find the image, or take the lock for making it: then 1. */
static int find_or_lock(struct ktstr_image *im, struct ktstr_image_store *store,
			int64_t deadline, int wake_fd, int *lock, struct ktstr_err *err)
{
	struct pollfd p = { .fd = wake_fd, .events = POLLIN };
	int ret;

	for (;;) {
		ret = look(im, store, err);
		if (ret != 1)
			return ret;
		*lock = ktstr_store__lock(store, im->key);
		if (*lock >= 0)
			/* its maker may just have finished */
			return look(im, store, err);
		if (*lock != -EAGAIN)
			return ktstr_err(err, -*lock, "cache of images %s: %s", store->path,
					 strerror(-*lock));
		if (!ktstr_left_ms(deadline))
			return ktstr_err(err, ETIMEDOUT, "another process has been making it for too long");
		if (poll(&p, 1, POLL_MS) > 0)
			return ktstr_err(err, EINTR, "interrupted");
	}
}

static int get(struct ktstr_image *im, struct ktstr_image_store *store, const struct vm_spec *spec,
	       const char *text, int timeout_ms, int wake_fd, struct ktstr_err *err)
{
	int lock = -1, ret;

	hash_key(text, im->key);
	ret = find_or_lock(im, store, ktstr_deadline_ms(timeout_ms), wake_fd, &lock, err);
	if (ret == 1) {
		ret = make(im, store, spec, text, timeout_ms, wake_fd, err);
		if (!ret && ktstr_store__find(store, im->key, &im->saved))
			ret = ktstr_err(err, ENOENT, "image in %s: gone again", store->path);
	}
	ktstr_store__unlock(store, im->key, &lock);
	return ret;
}

int ktstr_image__get(struct ktstr_image *im, const struct vm_spec *spec, int timeout_ms,
		     int wake_fd, struct ktstr_err *err)
{
	struct ktstr_image_store store = { .dirfd = -1 };
	char init[PATH_MAX], *text = NULL;
	int ret;

	*im = (struct ktstr_image)KTSTR_IMAGE_NONE;
	ret = find_init(init, sizeof(init), err);
	if (!ret)
		ret = pack_init(im, init, err);
	if (ret)
		return ret;
	text = key_text(spec, init, err);
	ret = text ? ktstr_store__open(&store, err) : -EIO;
	if (!ret)
		ret = get(im, &store, spec, text, timeout_ms, wake_fd, err);
	ktstr_store__close(&store);
	free(text);
	return ret;
}

void ktstr_image__good(const struct ktstr_image *im)
{
	struct ktstr_image_store store;
	struct ktstr_err unused;

	if (im->saved.ram_checked || ktstr_store__open(&store, &unused))
		return;
	ktstr_store__set_checked(&store, im->key, im->saved.ram_fd);
	ktstr_store__close(&store);
}

void ktstr_image__put(struct ktstr_image *im)
{
	fd_close(&im->saved.state_fd);
	fd_close(&im->saved.ram_fd);
	fd_close(&im->saved.console_fd);
	fd_close(&im->saved.output_fd);
	fd_close(&im->initrd_fd);
	fd_close(&im->initrd_base.fd);
}
