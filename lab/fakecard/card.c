// SPDX-License-Identifier: GPL-2.0
/* A card: its spans and ports, coming to DAHDI and going from it. */
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "fakecard.h"

#define ANALOG_FXO (DAHDI_SIG_FXSKS | DAHDI_SIG_FXSLS | DAHDI_SIG_CLEAR)
#define ANALOG_FXS (DAHDI_SIG_FXOKS | DAHDI_SIG_FXOLS | DAHDI_SIG_FXOGS | DAHDI_SIG_CLEAR)
#define TIMESLOT (DAHDI_SIG_CLEAR | DAHDI_SIG_CAS | DAHDI_SIG_EM | DAHDI_SIG_EM_E1 | \
	DAHDI_SIG_FXSLS | DAHDI_SIG_FXSGS | DAHDI_SIG_FXSKS | \
	DAHDI_SIG_FXOLS | DAHDI_SIG_FXOGS | DAHDI_SIG_FXOKS)

/* kind_parse reads fxoN, fxsN (a trailing a: A-law), e1 or t1. */
static int kind_parse(const char *text, struct fake_span *s)
{
	char law = 0;

	if (!strcmp(text, "e1") || !strcmp(text, "t1")) {
		s->kind = *text == 'e' ? FAKE_E1 : FAKE_T1;
		s->nports = s->kind == FAKE_E1 ? 31 : 24;
		s->alaw = s->kind == FAKE_E1;
		return 0;
	}
	if (!strncmp(text, "fxo", 3))
		s->kind = FAKE_FXO;
	else if (!strncmp(text, "fxs", 3))
		s->kind = FAKE_FXS;
	else
		return -EINVAL;
	if (sscanf(text + 3, "%d%c", &s->nports, &law) < 1 || s->nports < 1 ||
	    s->nports > FAKE_PORTS || (law && law != 'a'))
		return -EINVAL;
	s->alaw = law == 'a';
	return 0;
}

static const char *kind_name(enum fake_kind kind)
{
	static const char * const names[] = { "FXO", "FXS", "E1", "T1" };

	return names[kind];
}

static void span_free(struct fake_span *s)
{
	int i;

	for (i = 0; s->ports && i < s->nports; i++) {
		/* A file that was open when the card went may still have its
		 * poll entry in the channel's wait queue: leave that memory. */
		if (!s->ports[i].abandoned)
			kfree(s->ports[i].chan);
		vfree(s->ports[i].audio);
		kfree(s->ports[i].frame);
	}
	kfree(s->ports);
	kfree(s->chans);
	kfree(s);
}

static struct fake_span *span_create(struct fake_card *card, const char *kind, int *ports)
{
	struct fake_span *s = kzalloc(sizeof(*s), GFP_KERNEL);
	int i;

	if (!s)
		return NULL;
	s->card = card;
	s->number = card->nspans + 1;
	if (kind_parse(kind, s))
		goto bad;
	s->ports = kcalloc(s->nports, sizeof(*s->ports), GFP_KERNEL);
	s->chans = kcalloc(s->nports, sizeof(*s->chans), GFP_KERNEL);
	if (!s->ports || !s->chans)
		goto bad;
	for (i = 0; i < s->nports; i++) {
		struct fake_port *p = &s->ports[i];

		p->span = s;
		p->number = ++*ports;
		p->pos = i + 1;
		INIT_LIST_HEAD(&p->listeners);
		INIT_LIST_HEAD(&p->node);
		p->battery = true;
		p->mv = 48000;
		p->loop_mv = 7000;
		p->rxbits = DAHDI_ABIT | DAHDI_BBIT | DAHDI_DBIT;	/* idle, 1101 */
		p->txbits = p->rxbits;
	}
	return s;
bad:
	span_free(s);
	return NULL;
}

/* card_work carries out "remove" and "return" lines of a script. */
static void card_work(struct work_struct *work)
{
	struct fake_card *card = container_of(work, struct fake_card, work);

	mutex_lock(&fake_mutex);
	if (READ_ONCE(card->wanted))
		fake_card_return(card);
	else
		fake_card_remove(card);
	mutex_unlock(&fake_mutex);
}

struct fake_card *fake_card_create(int number, char *kinds)
{
	struct fake_card *card = kzalloc(sizeof(*card), GFP_KERNEL);
	char *kind, *last = NULL;
	int ports = 0, more;

	if (!card)
		return ERR_PTR(-ENOMEM);
	card->number = number;
	INIT_LIST_HEAD(&card->script);
	INIT_WORK(&card->work, card_work);
	init_waitqueue_head(&card->waitq);
	strscpy(card->kinds, kinds, sizeof(card->kinds));
	snprintf(card->name, sizeof(card->name), "fakecard:%d", number);
	snprintf(card->place, sizeof(card->place), "fakecard/%d", number);
	snprintf(card->id, sizeof(card->id), "fakecard-%d", number);
	while ((kind = strsep(&kinds, "+"))) {
		/* e1+3: three more like the first */
		if (!last || kstrtoint(kind, 10, &more)) {
			last = kind;
			more = 1;
		}
		for (; more > 0; more--) {
			struct fake_span *s = NULL;

			if (card->nspans < FAKE_SPANS)
				s = span_create(card, last, &ports);
			if (!s) {
				pr_err("fakecard: cannot make span \"%s\" of card %d\n", last, number);
				fake_card_free(card);
				return ERR_PTR(-EINVAL);
			}
			card->spans[card->nspans++] = s;
		}
	}
	card->parent = platform_device_register_simple("fakecard", number, NULL, 0);
	if (IS_ERR(card->parent)) {
		card->parent = NULL;
		fake_card_free(card);
		return ERR_PTR(-ENODEV);
	}
	return card;
}

void fake_card_free(struct fake_card *card)
{
	int i;

	fake_script_drop(card);
	for (i = 0; i < card->nspans; i++)
		span_free(card->spans[i]);
	platform_device_unregister(card->parent);
	kfree(card);
}

static int chan_init(struct fake_span *s, int i)
{
	struct fake_port *p = &s->ports[i];
	struct dahdi_chan *chan = kzalloc(sizeof(*chan), GFP_KERNEL), *old;
	unsigned long flags;

	if (!chan)
		return -ENOMEM;
	spin_lock_irqsave(&fake_lock, flags);
	old = p->abandoned ? NULL : p->chan;
	p->abandoned = false;
	p->chan = s->chans[i] = chan;
	spin_unlock_irqrestore(&fake_lock, flags);
	kfree(old);
	chan->pvt = p;
	chan->chanpos = p->pos;
	snprintf(chan->name, sizeof(chan->name), "FAKE%s/%d/%d/%d", kind_name(s->kind),
		 s->card->number, s->number, chan->chanpos);
	switch (s->kind) {
	case FAKE_FXO:
		chan->sigcap = ANALOG_FXO;
		break;
	case FAKE_FXS:
		chan->sigcap = ANALOG_FXS;
		break;
	default:
		chan->sigcap = TIMESLOT;
		/* the framer has one HDLC controller, on the usual D channel */
		if (chan->chanpos == (s->kind == FAKE_E1 ? 16 : 24))
			chan->sigcap |= DAHDI_SIG_HARDHDLC;
	}
	return 0;
}

static int span_init(struct fake_span *s)
{
	struct dahdi_span *d = &s->dahdi;
	int i, ret;

	memset(d, 0, sizeof(*d));
	for (i = 0; i < s->nports; i++) {
		ret = chan_init(s, i);
		if (ret)
			return ret;
	}
	snprintf(d->name, sizeof(d->name), "FAKE%s/%d/%d", kind_name(s->kind),
		 s->card->number, s->number);
	snprintf(d->desc, sizeof(d->desc), "Fake %s card %d span %d", kind_name(s->kind),
		 s->card->number, s->number);
	d->chans = s->chans;
	d->channels = s->nports;
	d->offset = s->number - 1;
	d->deflaw = s->alaw ? DAHDI_LAW_ALAW : DAHDI_LAW_MULAW;
	d->flags = DAHDI_FLAG_RBS;
	d->alarms = s->alarms;
	d->ops = s->kind < FAKE_E1 ? &fake_analog_ops : &fake_digital_ops;
	switch (s->kind) {
	case FAKE_FXO:
		d->spantype = SPANTYPE_ANALOG_FXO;
		break;
	case FAKE_FXS:
		d->spantype = SPANTYPE_ANALOG_FXS;
		break;
	case FAKE_E1:
		d->spantype = SPANTYPE_DIGITAL_E1;
		d->linecompat = DAHDI_CONFIG_AMI | DAHDI_CONFIG_HDB3 | DAHDI_CONFIG_CCS | DAHDI_CONFIG_CRC4;
		d->lineconfig = DAHDI_CONFIG_HDB3 | DAHDI_CONFIG_CCS;
		break;
	case FAKE_T1:
		d->spantype = SPANTYPE_DIGITAL_T1;
		d->linecompat = DAHDI_CONFIG_AMI | DAHDI_CONFIG_B8ZS | DAHDI_CONFIG_D4 | DAHDI_CONFIG_ESF;
		d->lineconfig = DAHDI_CONFIG_B8ZS | DAHDI_CONFIG_ESF;
		break;
	}
	return 0;
}

/* fake_card_return plugs the card in. Called with fake_mutex held. */
int fake_card_return(struct fake_card *card)
{
	struct dahdi_device *ddev;
	unsigned long flags;
	int i, ret;

	if (card->present)
		return 0;
	ddev = dahdi_create_device();
	if (!ddev)
		return -ENOMEM;
	ddev->manufacturer = "fakecard";
	ddev->devicetype = card->kinds;
	ddev->location = card->place;
	ddev->hardware_id = card->id;
	dev_set_name(&ddev->dev, "%s", card->name);
	for (i = 0; i < card->nspans; i++) {
		ret = span_init(card->spans[i]);
		if (ret) {
			dahdi_free_device(ddev);
			return ret;
		}
		list_add_tail(&card->spans[i]->dahdi.device_node, &ddev->spans);
	}
	ret = dahdi_register_device(ddev, &card->parent->dev);
	if (ret) {
		pr_err("fakecard: cannot register card %d: %d\n", card->number, ret);
		dahdi_free_device(ddev);
		return ret;
	}
	spin_lock_irqsave(&fake_lock, flags);
	card->ddev = ddev;
	card->irqmisses = 0;
	card->present = card->wanted = true;
	card->going = false;
	for (i = 0; i < card->nspans; i++)
		fake_alarms(card->spans[i]);
	spin_unlock_irqrestore(&fake_lock, flags);
	return 0;
}

/* fake_card_remove pulls the card out. Called with fake_mutex held. */
void fake_card_remove(struct fake_card *card)
{
	unsigned long flags;
	int i, j;

	if (!card->present)
		return;
	spin_lock_irqsave(&fake_lock, flags);
	card->present = card->wanted = false;
	card->going = true;
	spin_unlock_irqrestore(&fake_lock, flags);
	for (i = 0; i < card->nspans; i++)
		for (j = 0; j < card->spans[i]->nports; j++)
			if (test_bit(DAHDI_FLAGBIT_OPEN, &card->spans[i]->chans[j]->flags))
				card->spans[i]->ports[j].abandoned = true;
	dahdi_unregister_device(card->ddev);
	dahdi_free_device(card->ddev);
	card->ddev = NULL;
}

/* fake_alarms tells DAHDI the span's and its lines' alarms, fake_lock held. */
void fake_alarms(struct fake_span *s)
{
	int i;

	s->dahdi.alarms = s->alarms;
	dahdi_alarm_notify(&s->dahdi);
	for (i = 0; s->kind == FAKE_FXO && i < s->nports; i++)
		dahdi_alarm_channel(s->chans[i], s->ports[i].battery ? DAHDI_ALARM_NONE : DAHDI_ALARM_RED);
}

/* fake_live: may DAHDI be told something about this port now? */
bool fake_live(const struct fake_port *p)
{
	return p->span->card->present && test_bit(DAHDI_FLAGBIT_REGISTERED, &p->span->dahdi.flags);
}
