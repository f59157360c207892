// SPDX-License-Identifier: GPL-2.0
/* The words of the control file and what each does. Called with fake_lock held. */
#include <linux/kernel.h>
#include <linux/string.h>
#include "fakecard.h"

static int on_off(const char *text, const char *on, const char *off, bool *value)
{
	if (strcmp(text, on) && strcmp(text, off))
		return -EINVAL;
	*value = !strcmp(text, on);
	return 0;
}

/* address reads CARD, CARD:PORT, CARD:SPAN or CARD:SPAN:PORT; a * is every one (-1). */
static int address(const char *text, int *n)
{
	char copy[32], *part, *rest = copy;
	int i = 0;

	if (strscpy(copy, text, sizeof(copy)) < 0)
		return -EINVAL;
	while ((part = strsep(&rest, ":"))) {
		if (i == 3)
			return -EINVAL;
		n[i] = -1;
		if (strcmp(part, "*") && (kstrtoint(part, 10, &n[i]) || n[i] < 1))
			return -EINVAL;
		i++;
	}
	return i;
}

static int within(const char *text, int min, int max, int *value)
{
	int n;

	if (kstrtoint(text, 10, &n) || n < min || n > max)
		return -EINVAL;
	*value = n;
	return 0;
}

/* the cards' words: ppm N, stall MS, slow MS, slip N, remove, return, wait [+]MS */

static int word_ppm(struct fake_args *a)
{
	return within(a->argv[0], -500000, 500000, &a->card->ppm);
}

static int word_stall(struct fake_args *a)
{
	return kstrtouint(a->argv[0], 10, &a->card->stall);
}

static int word_slow(struct fake_args *a)
{
	return within(a->argv[0], 0, 10000, &a->card->slow);
}

static int word_slip(struct fake_args *a)
{
	int chunks;

	if (within(a->argv[0], -1000000, 1000000, &chunks))
		return -EINVAL;
	fake_slip(a->span, chunks);
	return 0;
}

static int word_remove(struct fake_args *a)
{
	a->defer = FAKE_REMOVE;
	return FAKE_DEFER;
}

static int word_return(struct fake_args *a)
{
	a->defer = FAKE_RETURN;
	return FAKE_DEFER;
}

static int word_wait(struct fake_args *a)
{
	a->defer = FAKE_WAIT;
	return fake_when(a->argv[0], a->card, false, &a->number) ?: FAKE_DEFER;
}

/*
 * FXO ports: ring on|off, volts MV [MV]|none, polarity [normal|reversed],
 * battery lost|back, mwi on|off; any port: dtmf down|up KEY, event NUMBER
 */

static int word_ring(struct fake_args *a)
{
	return on_off(a->argv[0], "on", "off", &a->port->ring);
}

static int word_volts(struct fake_args *a)
{
	struct fake_port *p = a->port;

	p->novolts = !strcmp(a->argv[0], "none");
	if (p->novolts)
		return 0;
	if (a->argc > 1 && within(a->argv[1], -1000000, 1000000, &p->loop_mv))
		return -EINVAL;
	return within(a->argv[0], -1000000, 1000000, &p->mv);
}

static int word_polarity(struct fake_args *a)
{
	bool reversed = !a->port->reversed;

	if (a->argc && on_off(a->argv[0], "reversed", "normal", &reversed))
		return -EINVAL;
	if (reversed == a->port->reversed)
		return 0;
	a->port->reversed = reversed;
	if (fake_live(a->port))
		dahdi_qevent_lock(a->port->chan, DAHDI_EVENT_POLARITY);
	return 0;
}

static int word_battery(struct fake_args *a)
{
	if (on_off(a->argv[0], "back", "lost", &a->port->battery))
		return -EINVAL;
	if (fake_live(a->port)) {
		fake_line_report(a->port);
		dahdi_alarm_channel(a->port->chan, a->port->battery ? DAHDI_ALARM_NONE : DAHDI_ALARM_RED);
	}
	return 0;
}

static int word_mwi(struct fake_args *a)
{
	bool on;

	if (on_off(a->argv[0], "on", "off", &on))
		return -EINVAL;
	if (on != a->port->mwi && fake_live(a->port))
		dahdi_qevent_lock(a->port->chan, on ? DAHDI_EVENT_NEONMWI_ACTIVE :
				  DAHDI_EVENT_NEONMWI_INACTIVE);
	a->port->mwi = on;
	return 0;
}

static int word_dtmf(struct fake_args *a)
{
	bool down;

	if (on_off(a->argv[0], "down", "up", &down) || strlen(a->argv[1]) != 1 ||
	    !strchr("0123456789*#ABCD", *a->argv[1]))
		return -EINVAL;
	/* a detector that nobody switched on says nothing */
	if (fake_live(a->port) && a->port->tonedetect & 1)
		dahdi_qevent_lock(a->port->chan, *a->argv[1] |
				  (down ? DAHDI_EVENT_DTMFDOWN : DAHDI_EVENT_DTMFUP));
	return 0;
}

static int word_event(struct fake_args *a)
{
	int event;

	if (kstrtoint(a->argv[0], 0, &event))
		return -EINVAL;
	if (fake_live(a->port))
		dahdi_qevent_lock(a->port->chan, event);
	return 0;
}

/* FXS ports: hook off|on, flash [MS], pulse DIGITS [BREAK MAKE GAP] */

static int word_hook(struct fake_args *a)
{
	a->port->dial.active = false;
	return on_off(a->argv[0], "off", "on", &a->port->offhook);
}

static int word_flash(struct fake_args *a)
{
	struct fake_dial *d = &a->port->dial;

	d->brk = 500;
	if (a->argc && within(a->argv[0], 1, 100000, &d->brk))
		return -EINVAL;
	d->make = d->gap = 0;
	strscpy(d->digits, "1", sizeof(d->digits));
	fake_dial_start(a->port, a->now);
	return 0;
}

static int word_pulse(struct fake_args *a)
{
	struct fake_dial *d = &a->port->dial;
	int *times[] = { NULL, &d->brk, &d->make, &d->gap };
	const char *c;
	int i;

	d->brk = 60;
	d->make = 40;
	d->gap = 800;
	for (i = 1; i < a->argc; i++)
		if (within(a->argv[i], 1, 100000, times[i]))
			return -EINVAL;
	for (c = a->argv[0]; *c; c++)
		if (!fake_pulses(*c))
			return -EINVAL;
	if (strscpy(d->digits, a->argv[0], sizeof(d->digits)) < 0)
		return -EINVAL;
	fake_dial_start(a->port, a->now);
	return 0;
}

/* spans: alarm NAME[,NAME], count [NAME N]...; timeslots: bits ABCD, hdlc ... */

static int word_alarm(struct fake_args *a)
{
	static const struct { const char *name; int bit; } names[] = {
		{ "none", 0 }, { "red", DAHDI_ALARM_RED }, { "yellow", DAHDI_ALARM_YELLOW },
		{ "blue", DAHDI_ALARM_BLUE }, { "recovering", DAHDI_ALARM_RECOVER },
		{ "los", DAHDI_ALARM_LOS }, { "lfa", DAHDI_ALARM_LFA }, { "lmfa", DAHDI_ALARM_LMFA },
	};
	char *name, list[64], *rest = list;
	int i, alarms = 0;

	strscpy(list, a->argv[0], sizeof(list));
	while ((name = strsep(&rest, ","))) {
		for (i = 0; i < ARRAY_SIZE(names) && strcmp(names[i].name, name); i++)
			;
		if (i == ARRAY_SIZE(names))
			return -EINVAL;
		alarms |= names[i].bit;
	}
	a->span->alarms = alarms;
	if (a->card->present)
		fake_alarms(a->span);
	return 0;
}

static int word_count(struct fake_args *a)
{
	struct dahdi_count *c = &a->span->dahdi.count;
	const struct { const char *name; u32 *at; } names[] = {
		{ "fe", &c->fe }, { "cv", &c->cv }, { "bpv", &c->bpv }, { "crc4", &c->crc4 },
		{ "ebit", &c->ebit }, { "fas", &c->fas }, { "be", &c->be }, { "prbs", &c->prbs },
		{ "errsec", &c->errsec }, { "slips", &c->timingslips },
		{ "irqmisses", &a->card->irqmisses },
	};
	u32 n;
	int i, j;

	if (a->argc % 2)
		return -EINVAL;
	for (i = 0; i < a->argc; i += 2) {
		bool add = *a->argv[i + 1] == '+';

		for (j = 0; j < ARRAY_SIZE(names) && strcmp(names[j].name, a->argv[i]); j++)
			;
		if (j == ARRAY_SIZE(names) || kstrtou32(a->argv[i + 1] + add, 10, &n))
			return -EINVAL;
		*names[j].at = n + (add ? *names[j].at : 0);
	}
	if (a->card->present)
		a->card->ddev->irqmisses = a->card->irqmisses;
	return 0;
}

static int word_bits(struct fake_args *a)
{
	unsigned int bits;

	if (strlen(a->argv[0]) != 4 || kstrtouint(a->argv[0], 2, &bits))
		return -EINVAL;
	a->port->rxbits = bits;
	return 0;
}

static int word_hdlc(struct fake_args *a)
{
	static const struct { const char *name; int event; } events[] = {
		{ "abort", DAHDI_EVENT_ABORT }, { "badfcs", DAHDI_EVENT_BADFCS },
		{ "overrun", DAHDI_EVENT_OVERRUN },
	};
	struct fake_port *p = a->port;
	u8 frame[FAKE_LINE / 2 + 2];
	size_t len;
	int i;

	if (!p->frame)
		return -ENXIO;		/* not configured as hardhdlc */
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (strcmp(a->argv[0], events[i].name))
			continue;
		if (fake_live(p))
			dahdi_hdlc_abort(p->chan, events[i].event);
		return a->argc == 1 ? 0 : -EINVAL;
	}
	if (a->argc != 2)
		return -EINVAL;
	if (!strcmp(a->argv[0], "lose"))
		return kstrtouint(a->argv[1], 10, &p->lose);
	len = strlen(a->argv[1]) / 2;
	if (strcmp(a->argv[0], "frame") || !len || hex2bin(frame, a->argv[1], len))
		return -EINVAL;
	fake_hdlc_receive(p, frame, len);
	return 0;
}

/*
 * audio: silence, pattern seq, loop on|off, link PORT, tap PORT [both],
 * linkspan SPAN, tapspan SPAN, echo DB [SAMPLES]|off, load SAMPLES, play once|again
 */

static int word_silence(struct fake_args *a)
{
	fake_source_set(a->port, FAKE_SILENCE);
	return 0;
}

static int word_pattern(struct fake_args *a)
{
	if (strcmp(a->argv[0], "seq"))
		return -EINVAL;
	fake_source_set(a->port, FAKE_PATTERN);
	return 0;
}

static int word_loop(struct fake_args *a)
{
	bool on;

	if (on_off(a->argv[0], "on", "off", &on))
		return -EINVAL;
	fake_source_set(a->port, on ? FAKE_LOOP : FAKE_SILENCE);
	return 0;
}

static int word_link(struct fake_args *a)
{
	struct fake_port *b = fake_find_port(a->argv[0]);

	if (!b || b == a->port)
		return -EINVAL;
	fake_listen(a->port, b, false);
	fake_listen(b, a->port, false);
	return 0;
}

static int word_tap(struct fake_args *a)
{
	struct fake_port *b = fake_find_port(a->argv[0]);

	if (!b || b == a->port || (a->argc > 1 && strcmp(a->argv[1], "both")))
		return -EINVAL;
	fake_listen(a->port, b, a->argc > 1);
	return 0;
}

/* every timeslot of one span with the same timeslot of another */
static int both_spans(struct fake_args *a, bool both)
{
	struct fake_card *card = fake_find_card(a->argv[0]);
	struct fake_span *b = NULL;
	int n[3], i;

	if (card && address(a->argv[0], n) == 2 && n[1] >= 1 && n[1] <= card->nspans)
		b = card->spans[n[1] - 1];
	if (!b || b == a->span)
		return -EINVAL;
	for (i = 0; i < min(a->span->nports, b->nports); i++) {
		fake_listen(&a->span->ports[i], &b->ports[i], false);
		if (both)
			fake_listen(&b->ports[i], &a->span->ports[i], false);
	}
	return 0;
}

static int word_linkspan(struct fake_args *a)
{
	return both_spans(a, true);
}

static int word_tapspan(struct fake_args *a)
{
	return both_spans(a, false);
}

static int word_echo(struct fake_args *a)
{
	struct fake_port *p = a->port;
	unsigned int db = 0, delay = 64;

	p->echo = strcmp(a->argv[0], "off");
	if (p->echo && kstrtouint(a->argv[0], 10, &db))
		return -EINVAL;
	if (a->argc > 1 && kstrtouint(a->argv[1], 10, &delay))
		return -EINVAL;
	if (db > 90 || delay < DAHDI_CHUNKSIZE || delay > FAKE_ECHO - DAHDI_CHUNKSIZE)
		return -EINVAL;
	p->echo_shift = db / 6;
	p->echo_delay = delay;
	return 0;
}

static int word_load(struct fake_args *a)
{
	if (kstrtou64(a->argv[0], 10, &a->number) || !a->number || a->number > FAKE_AUDIO)
		return -EINVAL;
	a->defer = FAKE_LOAD;
	return FAKE_DEFER;
}

static int word_play(struct fake_args *a)
{
	if (on_off(a->argv[0], "again", "once", &a->port->audio_again) || !a->port->audio_len)
		return -EINVAL;
	fake_source_set(a->port, FAKE_PLAY);
	a->port->audio_pos = 0;
	return 0;
}

enum target { CARD, SPAN, PORT };

#define FXO BIT(FAKE_FXO)
#define FXS BIT(FAKE_FXS)
#define DIGITAL (BIT(FAKE_E1) | BIT(FAKE_T1))
#define ANY (FXO | FXS | DIGITAL)

static const struct word {
	const char *name;
	enum target target;
	int kinds, min, max;	/* of spans; of arguments */
	int (*act)(struct fake_args *a);
	bool later;		/* may stand in a script */
} words[] = {
	{ "ppm", CARD, ANY, 1, 1, word_ppm, true },
	{ "stall", CARD, ANY, 1, 1, word_stall, true },
	{ "slow", CARD, ANY, 1, 1, word_slow, true },
	{ "remove", CARD, ANY, 0, 0, word_remove, true },
	{ "return", CARD, ANY, 0, 0, word_return, true },
	{ "wait", CARD, ANY, 1, 1, word_wait, false },
	{ "slip", SPAN, ANY, 1, 1, word_slip, true },
	{ "alarm", SPAN, ANY, 1, 1, word_alarm, true },
	{ "count", SPAN, ANY, 2, 22, word_count, true },
	{ "linkspan", SPAN, ANY, 1, 1, word_linkspan, true },
	{ "tapspan", SPAN, ANY, 1, 1, word_tapspan, true },
	{ "ring", PORT, FXO, 1, 1, word_ring, true },
	{ "volts", PORT, FXO, 1, 2, word_volts, true },
	{ "polarity", PORT, FXO, 0, 1, word_polarity, true },
	{ "battery", PORT, FXO, 1, 1, word_battery, true },
	{ "mwi", PORT, FXO, 1, 1, word_mwi, true },
	{ "dtmf", PORT, ANY, 2, 2, word_dtmf, true },
	{ "event", PORT, ANY, 1, 1, word_event, true },
	{ "hook", PORT, FXS, 1, 1, word_hook, true },
	{ "flash", PORT, FXS, 0, 1, word_flash, true },
	{ "pulse", PORT, FXS, 1, 4, word_pulse, true },
	{ "bits", PORT, DIGITAL, 1, 1, word_bits, true },
	{ "hdlc", PORT, DIGITAL, 1, 2, word_hdlc, true },
	{ "silence", PORT, ANY, 0, 0, word_silence, true },
	{ "pattern", PORT, ANY, 1, 1, word_pattern, true },
	{ "loop", PORT, ANY, 1, 1, word_loop, true },
	{ "link", PORT, ANY, 1, 1, word_link, true },
	{ "tap", PORT, ANY, 1, 2, word_tap, true },
	{ "echo", PORT, ANY, 1, 2, word_echo, true },
	{ "load", PORT, ANY, 1, 1, word_load, false },
	{ "play", PORT, ANY, 1, 1, word_play, true },
};

/* fake_find_card is the card of an address; NULL: there is none. */
struct fake_card *fake_find_card(const char *target)
{
	int n[3];

	if (address(target, n) < 1 || n[0] < 1 || n[0] > fake_ncards)
		return NULL;
	return fake_cards[n[0] - 1];
}

/* matches: is the port, or its span if that is the target, addressed? */
static bool matches(const struct fake_port *p, enum target target, const int *n, int parts)
{
	if (parts == 1)
		return target == SPAN;
	if (target == SPAN)
		return parts == 2 && (n[1] < 0 || n[1] == p->span->number);
	if (parts == 2)
		return n[1] < 0 || n[1] == p->number;
	return (n[1] < 0 || n[1] == p->span->number) &&
	       (n[2] < 0 || n[2] == p->pos);
}

/* fake_find_port is the first port that an address names; NULL: none. */
struct fake_port *fake_find_port(const char *target)
{
	struct fake_card *card = fake_find_card(target);
	int n[3], parts = address(target, n), i, j;

	for (i = 0; card && i < card->nspans; i++)
		for (j = 0; j < card->spans[i]->nports; j++)
			if (matches(&card->spans[i]->ports[j], PORT, n, parts))
				return &card->spans[i]->ports[j];
	return NULL;
}

/* each acts on all that the address names. */
static int each(const struct word *w, struct fake_args *a, const int *n, int parts)
{
	int i, j, ret, done = 0;

	for (i = 0; i < a->card->nspans; i++) {
		a->span = a->card->spans[i];
		if (!(w->kinds & BIT(a->span->kind)))
			continue;
		for (j = 0; j < (w->target == SPAN ? 1 : a->span->nports); j++) {
			a->port = &a->span->ports[j];
			if (!matches(a->port, w->target, n, parts))
				continue;
			ret = w->act(a);
			if (ret)
				return ret;
			done++;
		}
	}
	return done ? 0 : -ENXIO;
}

/* fake_exec carries out one line, which it cuts up. FAKE_DEFER: the rest may sleep. */
int fake_exec(char *line, struct fake_args *a, bool in_tick)
{
	const struct word *w;
	char *name, *target, *arg;
	int n[3], parts, i;

	line = strim(line);
	if (!*line || *line == '#')
		return 0;
	if (!strncmp(line, "at ", 3))
		return in_tick ? -EINVAL : fake_at(line + 3, false);
	name = strsep(&line, " ");
	target = strsep(&line, " ");
	a->argc = 0;
	while ((arg = strsep(&line, " "))) {
		if (!*arg)
			continue;
		if (a->argc == ARRAY_SIZE(a->argv))
			return -EINVAL;
		a->argv[a->argc++] = arg;
	}
	for (i = 0; i < ARRAY_SIZE(words) && strcmp(words[i].name, name); i++)
		;
	if (i == ARRAY_SIZE(words) || !target)
		return -EINVAL;
	w = &words[i];
	parts = address(target, n);
	a->card = fake_find_card(target);
	if (!a->card)
		return -ENXIO;
	if (parts < 0 || a->argc < w->min || a->argc > w->max || (in_tick && !w->later) ||
	    (w->target == CARD) != (parts == 1 && w->target != SPAN))
		return -EINVAL;
	a->now = a->card->ms + !in_tick;
	return w->target == CARD ? w->act(a) : each(w, a, n, parts);
}
