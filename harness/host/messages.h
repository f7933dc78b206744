/* SPDX-License-Identifier: GPL-2.0 */
/* Reads the guest's messages into struct ktstr_seen. */
#ifndef KTSTR_HOST_MESSAGES_H
#define KTSTR_HOST_MESSAGES_H

#include "harness/chan/chan.h"
#include "harness/model/seen.h"

/* Read and handle all that is in the channel. */
void ktstr_messages__read(struct ktstr_seen *s, struct ktstr_chan *c);
/* The same, without the guest's knowledge. */
void ktstr_messages__peek(struct ktstr_seen *s, struct ktstr_chan *c);
/* Handle one message; the tests call it, too. */
void ktstr_messages__handle(struct ktstr_seen *s, const struct ktstr_msg *m);
/*
 * Give the guest, which stands at a sync point, the answer to its question, if it has asked one;
 * @shared is the shared stretch.
 */
void ktstr_messages__answer(struct ktstr_seen *s, void *shared);

#endif
