// SPDX-License-Identifier: GPL-2.0
/* What reading /dev/fakecard gives: one line for each card, span and port. */
#include "fakecard.h"

static const char *flag(bool on, const char *yes, const char *no)
{
	return on ? yes : no;
}

static void show_analog(struct seq_file *m, const struct fake_port *p)
{
	static const char * const tx[] = { "onhook", "offhook", "start", "kewl" };

	seq_printf(m, " tx=%s tx_ms=%llu hooksigs=%u", p->tx < ARRAY_SIZE(tx) ? tx[p->tx] : "?",
		   p->tx_ms, p->hooksigs);
	if (p->span->kind == FAKE_FXO)
		seq_printf(m, " seizures=%u ring=%s mv=%d polarity=%s battery=%s mwi=%s", p->seizures,
			   flag(p->ring, "on", "off"), fake_port_mv(p),
			   flag(p->reversed, "reversed", "normal"),
			   flag(p->battery, "present", "lost"), flag(p->mwi, "on", "off"));
	else
		seq_printf(m, " hook=%s dialling=%s polarity=%s mwi=%s", flag(p->offhook, "off", "on"),
			   flag(p->dial.active, "yes", "no"),
			   flag(p->reversed_tx, "reversed", "normal"), flag(p->mwi_tx, "on", "off"));
}

static void show_bits(struct seq_file *m, const char *name, unsigned int bits)
{
	seq_printf(m, " %s=%u%u%u%u", name, bits >> 3 & 1, bits >> 2 & 1, bits >> 1 & 1, bits & 1);
}

static void show_port(struct seq_file *m, const struct fake_port *p)
{
	static const char * const source[] = { "silence", "pattern", "link", "loop", "play" };

	seq_printf(m, "port %d:%d span=%d pos=%d chan=%d sig=%#x open=%d", p->span->card->number,
		   p->number, p->span->number, p->pos, p->chan->channo, p->chan->sig,
		   test_bit(DAHDI_FLAGBIT_OPEN, &p->chan->flags));
	if (p->span->kind < FAKE_E1) {
		show_analog(m, p);
	} else {
		show_bits(m, "rxbits", p->rxbits);
		show_bits(m, "txbits", p->txbits);
		seq_printf(m, " tx_ms=%llu hooksigs=%u", p->tx_ms, p->hooksigs);
	}
	seq_printf(m, " tonedetect=%d source=%s", p->tonedetect, source[p->source]);
	if (p->from)
		seq_printf(m, " from=%d:%d fill=%u over=%u under=%u", p->from->span->card->number,
			   p->from->number, p->fifo.count, p->over, p->under);
	if (p->audio_len)
		seq_printf(m, " played=%zu of=%zu", p->audio_pos, p->audio_len);
	if (p->frame)
		seq_printf(m, " frames_tx=%u frames_rx=%u frames_lost=%u", p->frames_tx, p->frames_rx,
			   p->frames_lost);
	seq_printf(m, " talk=%llu\n", p->talk);
}

static void show_span(struct seq_file *m, const struct fake_span *s)
{
	static const char * const kind[] = { "fxo", "fxs", "e1", "t1" };
	const struct dahdi_count *c = &s->dahdi.count;

	seq_printf(m, "span %d:%d kind=%s law=%s ports=%d spanno=%d registered=%d alarms=%#x",
		   s->card->number, s->number, kind[s->kind], flag(s->alaw, "alaw", "mulaw"), s->nports,
		   s->dahdi.spanno, test_bit(DAHDI_FLAGBIT_REGISTERED, &s->dahdi.flags),
		   s->dahdi.alarms);
	seq_printf(m, " sync=%d slips=%u bpv=%u crc4=%u ebit=%u fas=%u errsec=%u skip=%lld\n", s->sync,
		   c->timingslips, c->bpv, c->crc4, c->ebit, c->fas, c->errsec, s->skip);
}

int fake_show(struct seq_file *m, void *v)
{
	unsigned long flags;
	int i, j, k;

	for (i = 0; i < fake_ncards; i++) {
		struct fake_card *card = fake_cards[i];

		spin_lock_irqsave(&fake_lock, flags);
		seq_printf(m, "card %d kinds=%s present=%d ms=%llu ppm=%d stall=%u irqmisses=%u waiting=%d refused=%u\n",
			   card->number, card->kinds, card->present, card->ms, card->ppm, card->stall,
			   card->irqmisses, !list_empty(&card->script), card->script_errors);
		for (j = 0; j < card->nspans; j++) {
			show_span(m, card->spans[j]);
			for (k = 0; k < card->spans[j]->nports; k++)
				show_port(m, &card->spans[j]->ports[k]);
		}
		spin_unlock_irqrestore(&fake_lock, flags);
	}
	return 0;
}
