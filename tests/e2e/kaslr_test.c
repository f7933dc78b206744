// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's kernel is moved (KASLR). Whether the host does that or the kernel itself, the seed of the
 * machine decides where to, and all images have the same one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <ktstr.h>

#define LINKED	0xffffffff81000000ull	/* _text of a kernel that was not moved */

static uint64_t text_of_kernel(void)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	uint64_t at, text = 0;
	char line[256], name[128];

	while (f && !text && fgets(line, sizeof(line), f))
		if (sscanf(line, "%" SCNx64 " %*c %127s", &at, name) == 2 && !strcmp(name, "_text"))
			text = at;
	if (f)
		fclose(f);
	return text;
}

KTSTR_TEST(the_kernel_is_moved, .duration_s = 1)
{
	uint64_t text = text_of_kernel();

	if (text && text != LINKED && !(text % (2 << 20)))
		ktstr_pass(ctx);
	else
		ktstr_fail(ctx, "_text is at %#" PRIx64, text);
	return 0;
}

KTSTR_TEST(the_kernel_stays, .duration_s = 1, .kaslr = false)
{
	uint64_t text = text_of_kernel();

	if (text == LINKED)
		ktstr_pass(ctx);
	else
		ktstr_fail(ctx, "_text is at %#" PRIx64, text);
	return 0;
}
