// SPDX-License-Identifier: GPL-2.0
/* What the far end says, and where what DAHDI says goes. */
#include <linux/string.h>
#include "fakecard.h"

static u8 idle_octet(const struct fake_port *p)
{
	return p->span->alaw ? 0xd5 : 0xff;
}

static void fifo_put(struct fake_port *p, const u8 *chunk)
{
	struct fake_fifo *f = &p->fifo;

	if (f->count == FAKE_FIFO) {	/* the far clock is faster: a slip */
		f->first = (f->first + 1) % FAKE_FIFO;
		f->count--;
		p->over++;
		p->span->dahdi.count.timingslips++;
	}
	memcpy(f->chunk[(f->first + f->count++) % FAKE_FIFO], chunk, DAHDI_CHUNKSIZE);
}

static void fifo_take(struct fake_port *p, u8 *chunk)
{
	struct fake_fifo *f = &p->fifo;

	if (!f->primed) {
		memset(f->last, idle_octet(p), DAHDI_CHUNKSIZE);
		f->primed = f->count >= FAKE_PRIMED;
	}
	if (!f->primed || !p->from->span->card->present) {
		memset(chunk, idle_octet(p), DAHDI_CHUNKSIZE);
		return;
	}
	if (p->repeat) {
		p->repeat--;
	} else if (f->count) {
		memcpy(f->last, f->chunk[f->first], DAHDI_CHUNKSIZE);
		f->first = (f->first + 1) % FAKE_FIFO;
		f->count--;
	} else {			/* the far clock is slower: a slip */
		p->under++;
		p->span->dahdi.count.timingslips++;
	}
	memcpy(chunk, f->last, DAHDI_CHUNKSIZE);
}

/* Chunk n of the pattern: octet j is 1jjjnnnn with the j-th nibble of n, lowest first. */
static void pattern(u8 *chunk, u32 n)
{
	int j;

	for (j = 0; j < DAHDI_CHUNKSIZE; j++)
		chunk[j] = 0x80 | j << 4 | (n >> 4 * j & 0xf);
}

static void play(struct fake_port *p, u8 *chunk)
{
	int j;

	for (j = 0; j < DAHDI_CHUNKSIZE; j++) {
		if (p->audio_pos >= p->audio_len && p->audio_again)
			p->audio_pos = 0;
		chunk[j] = p->audio_pos < p->audio_len ? p->audio[p->audio_pos++] : idle_octet(p);
	}
}

/* sent_before is what the port sent so many samples before its next chunk. */
static u8 sent_before(const struct fake_port *p, unsigned int samples)
{
	return p->sent[(p->sent_at - samples) % FAKE_ECHO];
}

/* add_echo adds what comes back from the hybrid. */
static void add_echo(struct fake_port *p, u8 *chunk)
{
	int j, sample;

	for (j = 0; j < DAHDI_CHUNKSIZE; j++) {
		sample = DAHDI_XLAW(chunk[j], p->chan) +
			 DAHDI_XLAW(sent_before(p, p->echo_delay - j), p->chan) / (1 << p->echo_shift);
		chunk[j] = DAHDI_LIN2X(clamp(sample, -32767, 32767), p->chan);
	}
}

/* fake_audio_fill makes the chunk that the port receives in this tick. */
void fake_audio_fill(struct fake_port *p)
{
	u8 *chunk = p->chan->readchunk;
	int j;

	switch (p->source) {
	case FAKE_SILENCE:
		memset(chunk, idle_octet(p), DAHDI_CHUNKSIZE);
		break;
	case FAKE_PATTERN:
		pattern(chunk, p->span->card->ms + p->span->skip);
		break;
	case FAKE_LINK:
		fifo_take(p, chunk);
		break;
	case FAKE_LOOP:
		for (j = 0; j < DAHDI_CHUNKSIZE; j++)
			chunk[j] = sent_before(p, DAHDI_CHUNKSIZE - j);
		break;
	case FAKE_PLAY:
		play(p, chunk);
		break;
	}
	if (p->echo)
		add_echo(p, chunk);
	/* no signal or all ones: the framer hands up ones */
	if (p->span->alarms & (DAHDI_ALARM_RED | DAHDI_ALARM_BLUE))
		memset(chunk, 0xff, DAHDI_CHUNKSIZE);
}

/* silent: DAHDI's own idle code need not be ours: its µ-law table begins with 0x7f */
static bool silent(const struct fake_port *p, const u8 *chunk)
{
	return !memchr_inv(chunk, *chunk, DAHDI_CHUNKSIZE) &&
	       (*chunk == idle_octet(p) || !DAHDI_XLAW(*chunk, p->chan));
}

/* mix makes what is on the wires of a port: both directions. Next to silence
 * the codes stay as they are. */
static void mix(const struct fake_port *p, const u8 *sent, u8 *chunk)
{
	const u8 *heard = p->chan->readchunk;
	int j, sample;

	if (silent(p, heard) || silent(p, sent)) {
		memcpy(chunk, silent(p, heard) ? sent : heard, DAHDI_CHUNKSIZE);
		return;
	}
	for (j = 0; j < DAHDI_CHUNKSIZE; j++) {
		sample = DAHDI_XLAW(sent[j], p->chan) + DAHDI_XLAW(heard[j], p->chan);
		chunk[j] = DAHDI_LIN2X(clamp(sample, -32767, 32767), p->chan);
	}
}

/* fake_audio_sent takes the chunk that the port sent in this tick. */
void fake_audio_sent(struct fake_port *p)
{
	const u8 *chunk = p->chan->writechunk;
	struct fake_port *to;
	u8 mixed[DAHDI_CHUNKSIZE];
	int j;

	for (j = 0; j < DAHDI_CHUNKSIZE; j++)
		p->sent[p->sent_at++ % FAKE_ECHO] = chunk[j];
	if (memchr_inv(chunk, *chunk, DAHDI_CHUNKSIZE))
		p->talk++;
	list_for_each_entry(to, &p->listeners, node) {
		if (to->both)
			mix(p, chunk, mixed);
		fifo_put(to, to->both ? mixed : chunk);
	}
}

/* fake_source_set chooses what a port hears. Who hears the port keeps doing so. */
void fake_source_set(struct fake_port *p, enum fake_source source)
{
	list_del_init(&p->node);
	p->from = NULL;
	p->source = source;
}

/* fake_listen lets a port hear what another sends, and what that one hears if both is set. */
void fake_listen(struct fake_port *p, struct fake_port *from, bool both)
{
	fake_source_set(p, FAKE_LINK);
	p->both = both;
	p->from = from;
	list_add_tail(&p->node, &from->listeners);
	memset(&p->fifo, 0, sizeof(p->fifo));
	p->repeat = 0;
}

/* fake_slip drops chunks of what the span receives, or repeats -chunks of it. */
void fake_slip(struct fake_span *s, int chunks)
{
	int i, left;

	s->skip += chunks;
	s->dahdi.count.timingslips += abs(chunks);
	for (i = 0; i < s->nports; i++) {
		struct fake_port *p = &s->ports[i];
		s64 pos = (s64)p->audio_pos + (s64)chunks * DAHDI_CHUNKSIZE;

		p->audio_pos = clamp_t(s64, pos, 0, p->audio_len);
		if (chunks < 0) {
			p->repeat -= chunks;
			continue;
		}
		for (left = chunks; left && p->fifo.count; left--) {
			p->fifo.first = (p->fifo.first + 1) % FAKE_FIFO;
			p->fifo.count--;
		}
	}
}
