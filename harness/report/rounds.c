// SPDX-License-Identifier: GPL-2.0
/*
 * Loops in a sequence of lines: see rounds.h.
 *
 * The idea: a stack of items, each a line or a loop. Every new line is pushed; then the items on top are
 * compared with those before them. If they equal the last round of a loop below them, they are one more
 * of its rounds; if they are the third of three equal sequences, these become a loop, which is an item
 * like a line, and may complete a round of an outer loop in turn. Sequences are compared by a hash of
 * their items' hashes (a polynomial, so that the hash of any part follows from two prefixes) before they
 * are compared item by item.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rounds.h"

#define MAX_PERIOD	256	/* items of a round */
#define MAX_NAMED	8	/* inner loops whose rounds are told */
#define FACTOR		0x9e3779b97f4a7c15ULL

struct item {
	const char *text;	/* all of it, the rounds of a loop included */
	size_t len, lines;
	uint64_t hash;
	uint64_t prefix;	/* of all items of the stack up to this one */
	struct loop *loop;	/* NULL: a line */
};

/* Rounds that an inner loop had, in several rounds of the outer one. max 0: none yet. */
struct range {
	size_t min, max;
};

struct loop {
	size_t count, period;
	uint64_t body;			/* hash of a round */
	struct item *first, *last;	/* [period] */
	struct range *middle;		/* [inner], of the rounds between those */
	size_t inner;			/* loops in a round, those in them included */
};

struct rounds {
	struct item *item;
	size_t nr, allocated;
	uint64_t power[MAX_PERIOD + 1];
};

static void free_round(struct item *round, size_t nr);

static void free_loop(struct loop *l)
{
	if (!l)
		return;
	free_round(l->first, l->period);
	free_round(l->last, l->period);
	free(l->middle);
	free(l);
}

static void free_items(struct item *it, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		free_loop(it[i].loop);
}

static void free_round(struct item *round, size_t nr)
{
	if (round)
		free_items(round, nr);
	free(round);
}

struct rounds *rounds__create(void)
{
	struct rounds *r = calloc(1, sizeof(*r));
	size_t i;

	if (!r)
		return NULL;
	r->power[0] = 1;
	for (i = 1; i <= MAX_PERIOD; i++)
		r->power[i] = r->power[i - 1] * FACTOR;
	return r;
}

void rounds__destroy(struct rounds *r)
{
	if (!r)
		return;
	free_items(r->item, r->nr);
	free(r->item);
	free(r);
}

static void widen(struct range *r, const struct range *by)
{
	if (!by->max)
		return;
	if (!r->max || by->min < r->min)
		r->min = by->min;
	if (by->max > r->max)
		r->max = by->max;
}

/* Widen @range[] by the loops in @round, in their order, each before those in it. */
static void count_inner(const struct item *round, size_t nr, struct range *range)
{
	const struct loop *l;
	size_t i, k;

	for (i = 0; i < nr; i++) {
		l = round[i].loop;
		if (!l)
			continue;
		widen(range++, &(struct range){ l->count, l->count });
		count_inner(l->first, l->period, range);
		count_inner(l->last, l->period, range);
		for (k = 0; k < l->inner; k++)
			widen(&range[k], &l->middle[k]);
		range += l->inner;
	}
}

static size_t nr_inner(const struct item *round, size_t nr)
{
	size_t n = 0, i;

	for (i = 0; i < nr; i++)
		if (round[i].loop)
			n += 1 + round[i].loop->inner;
	return n;
}

static uint64_t prefix(const struct rounds *r, size_t nr)
{
	return nr ? r->item[nr - 1].prefix : 0;
}

/* Of the @nr items that begin with the one at @start. */
static uint64_t hash_of(const struct rounds *r, size_t start, size_t nr)
{
	return prefix(r, start + nr) - prefix(r, start) * r->power[nr];
}

static bool same(const struct item *a, const struct item *b, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (a[i].hash != b[i].hash || !a[i].loop != !b[i].loop)
			return false;
	return true;
}

/* There is room. */
static void push(struct rounds *r, const struct item *it)
{
	uint64_t before = prefix(r, r->nr);

	r->item[r->nr] = *it;
	r->item[r->nr++].prefix = before * FACTOR + it->hash;
}

static struct item *copy_round(const struct item *round, size_t nr)
{
	struct item *copy = malloc(nr * sizeof(*copy));

	if (copy)
		memcpy(copy, round, nr * sizeof(*copy));
	return copy;
}

/*
 * Make @round one more round of the loop @it, or of the loop with which the last round of it ends, or of
 * that one's, ... 1: done, the items belong to that loop. 0: it is none of theirs. -ENOMEM.
 */
static int absorb(struct item *it, const struct item *round, size_t nr, uint64_t hash)
{
	struct loop *l = it->loop;
	struct item *copy;
	size_t i;
	int ret;

	if (!l)
		return 0;
	if (l->period == nr && l->body == hash && same(round, l->last, nr)) {
		copy = copy_round(round, nr);
		if (!copy)
			return -ENOMEM;
		count_inner(l->last, nr, l->middle);
		free_round(l->last, nr);
		l->last = copy;
		l->count++;
	} else {
		ret = absorb(&l->last[l->period - 1], round, nr, hash);
		if (ret <= 0)
			return ret;
	}
	for (i = 0; i < nr; i++) {
		it->len += round[i].len;
		it->lines += round[i].lines;
	}
	return 1;
}

/* The last three times @nr items are equal: make them a loop. 0 or -ENOMEM. */
static int fold(struct rounds *r, size_t nr)
{
	struct item *round = r->item + r->nr - ROUNDS_MIN * nr, it = { .text = round->text };
	struct loop *l = calloc(1, sizeof(*l));
	size_t i;

	if (!l)
		return -ENOMEM;
	l->count = ROUNDS_MIN;
	l->period = nr;
	l->body = hash_of(r, r->nr - nr, nr);
	l->inner = nr_inner(round, nr);
	l->first = copy_round(round, nr);
	l->last = copy_round(round + 2 * nr, nr);
	l->middle = calloc(l->inner + 1, sizeof(*l->middle));
	if (!l->first || !l->last || !l->middle) {
		free(l->first);
		free(l->last);
		free(l->middle);
		free(l);
		return -ENOMEM;
	}
	count_inner(round + nr, nr, l->middle);
	free_items(round + nr, nr);
	for (i = 0; i < ROUNDS_MIN * nr; i++) {
		it.len += round[i].len;
		it.lines += round[i].lines;
	}
	it.loop = l;
	/* not that of a line, and the same whatever the count */
	it.hash = (l->body ^ nr) * FACTOR + 1;
	r->nr -= ROUNDS_MIN * nr;
	push(r, &it);
	return 0;
}

/* See what the last @nr items complete. 1: something, 0: nothing, or -ENOMEM. */
static int complete(struct rounds *r, size_t nr)
{
	struct item *last = r->item + r->nr - nr;
	uint64_t hash;
	int ret;

	if (last[-1].loop) {
		ret = absorb(&last[-1], last, nr, hash_of(r, r->nr - nr, nr));
		if (ret > 0)
			r->nr -= nr;
		if (ret)
			return ret;
	}
	if (last[nr - 1].hash != last[-1].hash || r->nr < ROUNDS_MIN * nr ||
	    last[-1].hash != (last - nr)[-1].hash)
		return 0;
	hash = hash_of(r, r->nr - nr, nr);
	if (hash != hash_of(r, r->nr - 2 * nr, nr) || hash != hash_of(r, r->nr - 3 * nr, nr) ||
	    !same(last, last - nr, nr) || !same(last, last - 2 * nr, nr))
		return 0;
	return fold(r, nr) ?: 1;
}

int rounds__add(struct rounds *r, const char *text, size_t len, uint64_t hash)
{
	struct item *larger;
	size_t nr;
	int ret;

	if (r->nr == r->allocated) {
		larger = reallocarray(r->item, 2 * r->allocated + 64, sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		r->item = larger;
		r->allocated = 2 * r->allocated + 64;
	}
	push(r, &(struct item){ .text = text, .len = len, .lines = 1, .hash = hash });
	do {
		for (nr = 1, ret = 0; !ret && nr < r->nr && nr <= MAX_PERIOD; nr++)
			ret = complete(r, nr);
	} while (ret > 0);
	return ret;
}

static size_t printed_lines(const struct item *it, size_t nr);

/* Lines of a loop of which two rounds are printed. */
static size_t short_lines(const struct loop *l)
{
	return printed_lines(l->first, l->period) + printed_lines(l->last, l->period) +
	       (l->inner ? 3 : 2);
}

static size_t printed_lines(const struct item *it, size_t nr)
{
	size_t n = 0, i, shorter;

	for (i = 0; i < nr; i++) {
		shorter = it[i].loop ? short_lines(it[i].loop) : 1;
		n += shorter < it[i].lines ? shorter : it[i].lines;
	}
	return n;
}

static void print_items(const struct item *it, size_t nr, FILE *f);

static void print_middle(const struct loop *l, FILE *f)
{
	const struct range *r;
	size_t i;

	fprintf(f, "--- %zu more like this", l->count - 2);
	for (i = 0; i < l->inner && i < MAX_NAMED; i++) {
		r = &l->middle[i];
		fprintf(f, "%s%zu", i ? ", " : ", inner loops: ", r->min);
		if (r->max != r->min)
			fprintf(f, "..%zu", r->max);
		fputs(" x", f);
	}
	if (i < l->inner)
		fprintf(f, " and %zu others", l->inner - i);
	fputs(" ---\n", f);
}

static void print_loop(const struct item *it, FILE *f)
{
	const struct loop *l = it->loop;

	if (short_lines(l) >= it->lines) {
		fwrite(it->text, 1, it->len, f);
		return;
	}
	if (l->inner)
		fprintf(f, "--- %zu x the following, with inner loops ---\n", l->count);
	else
		fprintf(f, "--- %zu x the following %zu line%s ---\n", l->count, l->period,
			l->period == 1 ? "" : "s");
	print_items(l->first, l->period, f);
	print_middle(l, f);
	print_items(l->last, l->period, f);
	if (!l->inner)
		return;
	if (it->text[it->len - 1] != '\n')
		fputc('\n', f);
	fprintf(f, "--- end of the %zu x ---\n", l->count);
}

static void print_items(const struct item *it, size_t nr, FILE *f)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (it[i].loop)
			print_loop(&it[i], f);
		else
			fwrite(it[i].text, 1, it[i].len, f);
	}
}

void rounds__print(const struct rounds *r, FILE *f)
{
	print_items(r->item, r->nr, f);
}
