// SPDX-License-Identifier: GPL-2.0
/* Puts a run file together: see runfile.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "runfile.h"

#define VALUES		"# VALUES:"
#define END_OF_VALUES	"# END OF VALUES\n"
#define CHUNK		(256u << 10)
#define GZIP		16		/* of deflateInit2(): a gzip header, whose time is 0 */
#define NUMBER		12		/* digits, so that the script's length is known before */

/* The script, in this program. */
extern const char runfile_script[], runfile_script_end[];
asm(".pushsection .rodata\n"
    ".global runfile_script, runfile_script_end\n"
    "runfile_script: .incbin \"tools-testing-ktstr/export/runfile.sh\"\n"
    "runfile_script_end:\n"
    ".byte 0\n"
    ".popsection");

static int make_room(struct runfile *r, size_t *room)
{
	char *more;

	if (*room - r->files_size >= CHUNK)
		return 0;
	more = realloc(r->files, *room ? 2 * *room : 4 * CHUNK);
	if (!more)
		return -ENOMEM;
	*room = *room ? 2 * *room : 4 * CHUNK;
	r->files = more;
	return 0;
}

/* Pass on what @z has as its input; at the end, all of it. */
static int compress_some(struct runfile *r, z_stream *z, size_t *room, int flush)
{
	int ret;

	do {
		if (make_room(r, room))
			return -ENOMEM;
		z->next_out = (unsigned char *)r->files + r->files_size;
		z->avail_out = CHUNK;
		ret = deflate(z, flush);
		if (ret != Z_OK && ret != Z_STREAM_END && ret != Z_BUF_ERROR)
			return -EIO;
		r->files_size += CHUNK - z->avail_out;
	} while (!z->avail_out);
	return 0;
}

int runfile__read_files(struct runfile *r, int fd, struct ktstr_err *err)
{
	unsigned char *buf = malloc(CHUNK);
	z_stream z = { 0 };
	size_t room = 0;
	ssize_t n = 0;
	int ret = 0;

	r->files = NULL;
	r->files_size = 0;
	if (!buf || deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP, 8,
				 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(buf);
		return ktstr_err(err, ENOMEM, "%s", strerror(ENOMEM));
	}
	while (!ret && ((n = read(fd, buf, CHUNK)) > 0 || (n < 0 && errno == EINTR))) {
		if (n < 0)
			continue;
		z.next_in = buf;
		z.avail_in = (unsigned int)n;
		ret = compress_some(r, &z, &room, Z_NO_FLUSH);
	}
	if (!ret && n < 0)
		ret = -errno;
	if (!ret)
		ret = compress_some(r, &z, &room, Z_FINISH);
	deflateEnd(&z);
	free(buf);
	return ret ? ktstr_err(err, -ret, "compressing its files: %s", strerror(-ret)) : 0;
}

uint32_t runfile__cksum(const void *data, size_t size)
{
	const unsigned char *p = data, *end = p + size;
	uint32_t table[256], crc = 0, i, bit;

	for (i = 0; i < 256; i++) {
		table[i] = i << 24;
		for (bit = 0; bit < 8; bit++)
			table[i] = table[i] << 1 ^ (table[i] >> 31 ? 0x04c11db7 : 0);
	}
	for (; p < end; p++)
		crc = crc << 8 ^ table[crc >> 24 ^ *p];
	for (; size; size >>= 8)
		crc = crc << 8 ^ table[crc >> 24 ^ (size & 0xff)];
	return ~crc;
}

/* 'it'\''s' */
static void quote(FILE *f, const char *key, const char *value)
{
	fprintf(f, "%s='", key);
	for (; *value; value++)
		fputs(*value == '\'' ? "'\\''" : (char []){ *value, '\0' }, f);
	fputs("'\n", f);
}

static void put_values(FILE *f, const struct runfile *r, size_t at)
{
	const char *p = r->needs, *declared = strstr(r->needs, "\nduration: ");
	struct utsname u = { };
	char seconds[24];

	uname(&u);
	snprintf(seconds, sizeof(seconds), "%.*s",
		 declared ? (int)strcspn(declared + 11, "\n") : 1, declared ? declared + 11 : "?");
	quote(f, "name", r->name);
	quote(f, "test", r->test);
	quote(f, "program", r->program);
	quote(f, "machine", u.machine);
	quote(f, "declared", seconds);
	fprintf(f, "files_at=%0*zu\nfiles_size=%zu files_sum=%u\nneeds()\n{\n\tcat << 'NEEDS'\n",
		NUMBER, at, r->files_size, runfile__cksum(r->files, r->files_size));
	/* a line has two words at least, so none of them ends the text */
	fputs(p, f);
	fputs("NEEDS\n}\n", f);
}

static char *make_script(const struct runfile *r, size_t at, size_t *len)
{
	const char *values = strstr(runfile_script, VALUES);
	const char *rest = values ? strstr(values, END_OF_VALUES) : NULL;
	char *text = NULL;
	FILE *f = rest ? open_memstream(&text, len) : NULL;

	if (!f)
		return NULL;
	fwrite(runfile_script, 1, (size_t)(values - runfile_script), f);
	put_values(f, r, at);
	rest += strlen(END_OF_VALUES);
	fwrite(rest, 1, (size_t)(runfile_script_end - rest), f);
	fputs("exit 1\n", f);	/* nothing behind it is read as a script */
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

char *runfile__text(const struct runfile *r, size_t *size, struct ktstr_err *err)
{
	size_t len = 0, again = 0;
	char *script = make_script(r, 0, &len), *all;

	free(script);
	script = make_script(r, len + 1, &again);	/* tail(1) counts bytes from 1 */
	all = script ? realloc(script, again + r->files_size) : NULL;
	if (!all || again != len) {
		free(all ?: script);
		ktstr_err(err, ENOMEM, "%s", strerror(ENOMEM));
		return NULL;
	}
	memcpy(all + len, r->files, r->files_size);
	*size = len + r->files_size;
	return all;
}
