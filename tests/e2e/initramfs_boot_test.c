// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel unpacks what vmm/initramfs builds, and a dynamically linked /init runs there: its
 * library is found through RUNPATH $ORIGIN, before anything has mounted /proc. The files
 * arrive unharmed, across the 8 MiB chunks, and what was added last is there.
 *
 * KTSTR_TEST_KERNEL is the kernel image; the test is skipped without it, and where the
 * emulator is missing. The programs are compiled on the spot with $CC or cc.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest.h"

#include "vmm/initramfs/initramfs.h"
#include "vmm/vm.h"
#include "tests/e2e/apic_timer.h"

#define BIG_BYTES	(9 << 20)
#define BOOT_MS		110000

static const char deep_c[] = "const char *deep(void) { return \"deep library\"; }\n";

static const char near_c[] =
	"const char *deep(void);\n"
	"const char *near(void) { return deep(); }\n";

/* The guest: the checksum of /data/big, the other files, then off. */
static const char init_c[] =
	"#include <fcntl.h>\n#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n"
	"#include <sys/mount.h>\n#include <sys/reboot.h>\n#include <sys/stat.h>\n"
	"#include <unistd.h>\n"
	"const char *near(void);\n"
	"int main(void)\n{\n"
	"	static unsigned char buf[65536];\n"
	"	char args[64] = \"\", origin[64] = \"\";\n"
	"	uint64_t sum = 14695981039346656037ULL;\n"
	"	struct stat a, b;\n"
	"	FILE *out;\n"
	"	ssize_t n;\n"
	"	int fd;\n\n"
	"	readlink(\"/proc/self/exe\", origin, sizeof(origin) - 1);\n"
	"	mkdir(\"/dev\", 0755);\n"
	"	mount(\"dev\", \"/dev\", \"devtmpfs\", 0, 0);\n"
	"	if (mount(\"proc\", \"/proc\", \"proc\", 0, 0))\n"
	"		strcpy(origin, \"no proc\");\n"
	"	out = fopen(\"/dev/console\", \"w\");\n"
	"	fd = open(\"/data/big\", O_RDONLY);\n"
	"	while ((n = read(fd, buf, sizeof(buf))) > 0)\n"
	"		for (ssize_t i = 0; i < n; i++)\n"
	"			sum = (sum ^ buf[i]) * 1099511628211ULL;\n"
	"	fd = open(\"/args\", O_RDONLY);\n"
	"	read(fd, args, sizeof(args) - 1);\n"
	"	stat(\"/data/big\", &a);\n"
	"	stat(\"/data/again\", &b);\n"
	"	fprintf(out, \"\\nGUEST library: %s\\nGUEST origin: %s\\nGUEST args: %s\\n\"\n"
	"		\"GUEST sum: %016llx\\nGUEST same: %d\\nGUEST last: %d\\n\", near(), origin,\n"
	"		args, (unsigned long long)sum, a.st_ino == b.st_ino,\n"
	"		access(\"/.last\", F_OK));\n"
	"	fclose(out);\n"
	"	sync();\n"
	"	reboot(RB_AUTOBOOT);\n"
	"	for (;;)\n"
	"		pause();\n"
	"}\n";

static char dir[32] = "/tmp/ktstr-boot-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void clean_up(void)
{
	if (chdir("/") == 0)
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int put(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	if (fwrite(data, 1, len, f) != len) {
		fclose(f);
		return -1;
	}
	return fclose(f);
}

/* Programs and libraries as a build tree would hold them. */
static int compile(void)
{
	if (mkdir("build", 0755) || mkdir("build/sub", 0755) || put("deep.c", deep_c, strlen(deep_c)) ||
	    put("near.c", near_c, strlen(near_c)) || put("init.c", init_c, strlen(init_c)))
		return -1;
	return system("set -e; cc=${CC:-cc}\n"
		      "$cc -g -shared -fPIC -o build/sub/libdeep.so deep.c\n"
		      "$cc -g -shared -fPIC -o build/libnear.so near.c -Lbuild/sub -ldeep "
		      "-Wl,--enable-new-dtags -Wl,-rpath,'${ORIGIN}/sub'\n"
		      "$cc -g -w -o build/prog init.c -Lbuild -lnear -Wl,-rpath-link,build/sub "
		      "-Wl,--enable-new-dtags -Wl,-rpath,'$ORIGIN'\n");
}

/* Neither compressible nor the same in any two chunks. Returns its checksum (FNV-1a). */
static uint64_t make_big(const char *path)
{
	uint64_t sum = 14695981039346656037ULL, x = 88172645463325252ULL;
	unsigned char *p = malloc(BIG_BYTES);

	for (long i = 0; p && i < BIG_BYTES; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = x;
		sum = (sum ^ p[i]) * 1099511628211ULL;
	}
	if (!p || put(path, p, BIG_BYTES))
		sum = 0;
	free(p);
	return sum;
}

static int make_initrd(void)
{
	struct initramfs *fs = initramfs__new();
	char note[256] = "";
	struct ktstr_err err;
	int fd = -1;

	if (!fs)
		return -1;
	/* Twice: the second result comes from the cache. */
	for (int i = 0; i < 2; i++) {
		if (fd >= 0)
			close(fd);
		fd = -1;
		if (initramfs__add_file(fs, "build/prog", "/init", true, &err) ||
		    initramfs__add_file(fs, "big", "/data/big", false, &err) ||
		    initramfs__add_file(fs, "big", "/data/again", false, &err) ||
		    initramfs__add_data(fs, "from the host", 13, "/args", 0644, &err) ||
		    initramfs__add_data(fs, "", 0, "/.last", 0644, &err))
			break;
		fd = initramfs__finish(fs, "cache", note, sizeof(note), &err);
		if (fd < 0)
			break;
	}
	if (fd < 0)
		ksft_print_msg("%s\n", err.msg);
	if (note[0])
		ksft_print_msg("%s\n", note);
	initramfs__free(fs);
	return fd;
}

/* Boot with the initrd in @fd until the machine is off. Skips where the host lacks something. */
static void boot(const char *kernel, int fd)
{
	struct vm_spec spec = {
		.kernel = kernel, .initrd_fd = fd, .cmdline = "quiet", .topo = { { 1, 1, 1, 1 } },
		.mem_bytes = 512ULL << 20, .shared_bytes = 1 << 20, .deterministic = true,
		.icount_shift = VM_SHIFT_AUTO, .seed = 1,
		.console_path = "console", .output_path = "output",
	};
	struct vm *vm = NULL;
	struct vm_event ev;
	struct ktstr_err err;
	char why[512];
	int ret;

	know_apic_timer(&spec);
	ret = vm_pick_accel(VM_ACCEL_TCG, &spec.accel, why, sizeof(why), &err);
	if (!ret)
		ret = vm_create(&vm, &spec, &err);
	if (!ret)
		ret = vm_start(vm, &err);
	if (ret && err.missing)
		ksft_exit_skip("%s\n", err.msg);
	if (ret)
		ksft_exit_fail_msg("%s\n", err.msg);
	vm_wait(vm, BOOT_MS, -1, &ev);
	if (ev.type == VM_EVENT_TIMEOUT)
		ksft_print_msg("the guest did not end within %d s\n", BOOT_MS / 1000);
	else if (ev.type == VM_EVENT_ERROR)
		ksft_print_msg("%s\n", ev.err.msg);
	ksft_test_result(ev.type == VM_EVENT_EXIT, "the guest ends by itself\n");
	vm_destroy(vm);
}

static char *read_console(void)
{
	static char text[1 << 20];
	FILE *f = fopen("console", "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	return text;
}

static void expect(const char *console, const char *what, const char *line)
{
	ksft_test_result(strstr(console, line) != NULL, "%s\n", what);
}

int main(void)
{
	const char *kernel = getenv("KTSTR_TEST_KERNEL");
	char line[64], *console, *tail;
	uint64_t sum;
	int fd;

	ksft_print_header();
	if (!kernel || !*kernel)
		ksft_exit_skip("KTSTR_TEST_KERNEL is not set\n");
	kernel = realpath(kernel, NULL);
	if (!kernel)
		ksft_exit_fail_msg("KTSTR_TEST_KERNEL=%s: no such file\n",
				   getenv("KTSTR_TEST_KERNEL"));
	if (system("command -v ${CC:-cc} > /dev/null 2>&1"))
		ksft_exit_skip("no C compiler\n");
	if (!mkdtemp(dir) || chdir(dir))
		ksft_exit_fail_perror(dir);
	atexit(clean_up);
	ksft_set_plan(7);

	sum = make_big("big");
	if (!sum || compile())
		ksft_exit_fail_msg("the guest's programs cannot be made\n");
	fd = make_initrd();
	if (fd < 0)
		ksft_exit_fail_msg("the initramfs cannot be built\n");
	boot(kernel, fd);

	console = read_console();
	expect(console, "libraries found through RUNPATH $ORIGIN",
	       "GUEST library: deep library");
	expect(console, "origin known before proc is mounted", "GUEST origin: /init");
	expect(console, "tail unpacked", "GUEST args: from the host");
	snprintf(line, sizeof(line), "GUEST sum: %016llx", (unsigned long long)sum);
	expect(console, "file across chunks unharmed", line);
	expect(console, "second name of a file is the same file", "GUEST same: 1");
	expect(console, "last file present", "GUEST last: 0");
	if (ksft_get_fail_cnt()) {
		tail = strlen(console) > 3000 ? console + strlen(console) - 3000 : console;
		ksft_print_msg("console:\n%s\n", tail);
	}
	ksft_finished();
}
