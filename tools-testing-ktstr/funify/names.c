// SPDX-License-Identifier: GPL-2.0
/* Makes the names: see names.h. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/siphash.h"
#include "names.h"

#define ROUNDS		6		/* of the permutation; four are enough for a good one */

static const char * const adjectives[128] = {
	"able", "agile", "airy", "alert", "amber", "ample", "apt", "arctic", "azure", "bold",
	"brave", "breezy", "brief", "bright", "brisk", "calm", "candid", "clever", "cosy", "crisp",
	"cubic", "curly", "dapper", "daring", "deft", "dizzy", "dreamy", "dusty", "eager", "early",
	"earnest", "easy", "elder", "exact", "fair", "famous", "fancy", "fast", "fierce", "fine",
	"fluffy", "fond", "frank", "fresh", "frosty", "gentle", "giddy", "glad", "golden", "grand",
	"green", "handy", "happy", "hardy", "hasty", "hidden", "honest", "humble", "icy", "ideal",
	"jolly", "keen", "kind", "large", "late", "lean", "light", "lively", "lofty", "loud",
	"loyal", "lucky", "lunar", "mellow", "merry", "mild", "misty", "modest", "neat", "nimble",
	"noble", "odd", "open", "pale", "patient", "plain", "plucky", "polite", "prime", "proud",
	"prudent", "quick", "quiet", "rapid", "rare", "ready", "royal", "rustic", "sandy", "sharp",
	"shiny", "shy", "silent", "silver", "sleepy", "sly", "smart", "smooth", "snappy", "sober",
	"solar", "solid", "spry", "steady", "stout", "sunny", "super", "swift", "tame", "tidy",
	"tiny", "vivid", "warm", "wary", "wild", "wise", "witty", "zesty",
};

static const char * const animals[128] = {
	"adder", "alpaca", "ant", "antelope", "badger", "bat", "bear", "beaver", "bee", "beetle",
	"bison", "bittern", "boar", "bobcat", "buffalo", "bunting", "buzzard", "camel", "carp", "cat",
	"catfish", "cheetah", "chough", "cobra", "cod", "condor", "coot", "cougar", "cow", "coyote",
	"crab", "crane", "cricket", "crow", "cuckoo", "curlew", "deer", "dingo", "dog", "dolphin",
	"donkey", "dove", "duck", "eagle", "eel", "egret", "elk", "emu", "falcon", "ferret",
	"finch", "fox", "frog", "gazelle", "gecko", "gibbon", "giraffe", "goat", "goose", "gopher",
	"grebe", "grouse", "gull", "hamster", "hare", "hawk", "hedgehog", "heron", "herring", "horse",
	"hyena", "ibex", "ibis", "iguana", "jackal", "jackdaw", "jaguar", "jay", "kestrel", "kiwi",
	"koala", "lark", "lemur", "leopard", "linnet", "lion", "llama", "lobster", "lynx", "magpie",
	"marmot", "marten", "mink", "mole", "moose", "mouse", "mule", "newt", "ocelot", "octopus",
	"osprey", "otter", "owl", "ox", "panda", "parrot", "pelican", "penguin", "pigeon", "plover",
	"puffin", "puma", "quail", "rabbit", "raven", "robin", "salmon", "seal", "shark", "sheep",
	"snail", "stork", "swan", "tiger", "toad", "trout", "turtle", "wolf",
};

static uint64_t hash(const uint64_t key[2], const char *tag, const void *data, size_t len)
{
	struct siphash s;

	siphash_init_key(&s, key[0], key[1]);
	siphash_add_str(&s, tag);
	siphash_add(&s, data, len);
	return siphash_end(&s);
}

int funify_names__init(struct funify_names *n, const char *seed)
{
	static const uint64_t none[2];

	if (!seed)
		return getrandom(n->key, sizeof(n->key), 0) == sizeof(n->key) ? 0 : -EIO;
	n->key[0] = hash(none, "ktstr funify 1, low", seed, strlen(seed));
	n->key[1] = hash(none, "ktstr funify 1, high", seed, strlen(seed));
	return 0;
}

static void put_name(const struct funify_names *n, const char *text, size_t len, FILE *f)
{
	uint64_t h = hash(n->key, "name", text, len);

	fprintf(f, "%s-%s-%04x", adjectives[h % ARRAY_SIZE(adjectives)],
		animals[(h >> 16) % ARRAY_SIZE(animals)], (unsigned int)(h >> 32 & 0xffff));
}

/*
 * A number in a text; false: it is none. "b:1[17]" is the second worker of cgroup b: the pid is an
 * identity, its place among its siblings is not.
 */
static bool put_number(const struct funify_names *n, const char *text, size_t len, bool identity,
		       FILE *f)
{
	bool hex = len > 2 && text[0] == '0' && text[1] == 'x';
	char copy[24], *end;
	uint64_t v;

	if (!len || len >= sizeof(copy) || text[0] < '0' || text[0] > '9')
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	errno = 0;
	v = strtoull(copy, &end, hex ? 16 : 10);
	if (*end || errno)
		return false;
	if (hex)
		fprintf(f, "0x%" PRIx64, funify_names__number(n, v));
	else if (identity)
		fprintf(f, "%" PRIu64, funify_names__number(n, v));
	else
		fwrite(text, 1, len, f);
	return true;
}

void funify_names__text(const struct funify_names *n, const char *text, FILE *f)
{
	static const char between[] = "/:[](),";
	const char *begin = text;
	size_t len;
	bool alone;

	/* a sentence, or what cannot be read as parts */
	if (strpbrk(text, " \t\n")) {
		put_name(n, text, strlen(text), f);
		return;
	}
	for (; *text; text += len) {
		len = strcspn(text, between);
		alone = text == begin ? !text[len] : text[-1] == '[';
		if (len && !put_number(n, text, len, alone, f))
			put_name(n, text, len, f);
		for (; text[len] && strchr(between, text[len]); len++)
			fputc(text[len], f);
	}
}

static bool stands_for_itself(uint64_t v)
{
	return !v || v == INT32_MAX || v == UINT32_MAX || v == INT64_MAX || v == UINT64_MAX;
}

/* A Feistel network on two halves of @bits each. */
static uint64_t permute(const struct funify_names *n, uint64_t v, unsigned int bits)
{
	uint64_t mask = (UINT64_C(1) << bits) - 1, left = v >> bits, right = v & mask, in[2], next;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		in[0] = bits << 8 | i;
		in[1] = right;
		next = left ^ (hash(n->key, "number", in, sizeof(in)) & mask);
		left = right;
		right = next;
	}
	return left << bits | right;
}

uint64_t funify_names__number(const struct funify_names *n, uint64_t v)
{
	bool wide = v > UINT32_MAX;

	if (stands_for_itself(v))
		return v;
	/* what is permuted again and again comes back to @v at last, so this ends */
	do {
		v = permute(n, v, wide ? 32 : 16);
	} while (stands_for_itself(v) || (v > UINT32_MAX) != wide);
	return v;
}
