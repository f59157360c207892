// SPDX-License-Identifier: GPL-2.0
/* Hook switches, rings, volts and signalling bits: what crosses a port besides audio. */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <dahdi/wctdm_user.h>
#include "fakecard.h"

static struct fake_port *port_of(struct dahdi_chan *chan)
{
	return chan->pvt;
}

/* DAHDI's hook: called with the channel's lock held, so it only stores. */
static int fake_hooksig(struct dahdi_chan *chan, enum dahdi_txsig tx)
{
	struct fake_port *p = port_of(chan);

	p->hooksigs++;
	if (p->span->kind == FAKE_FXO && tx != DAHDI_TXSIG_ONHOOK)
		p->seizures++;
	if (p->tx != tx)
		p->tx_ms = p->span->card->ms;
	WRITE_ONCE(p->tx, tx);
	return 0;
}

/* DAHDI's signalling bits: as above. The linked port's tick looks at them. */
static int fake_rbsbits(struct dahdi_chan *chan, int bits)
{
	struct fake_port *p = port_of(chan);

	p->hooksigs++;
	if (p->txbits != (bits & 0xf))
		p->tx_ms = p->span->card->ms;
	WRITE_ONCE(p->txbits, bits & 0xf);
	return 0;
}

static int fake_open(struct dahdi_chan *chan)
{
	struct fake_port *p = port_of(chan);

	p->tonedetect = 0;
	return READ_ONCE(p->span->card->going) ? -ENODEV : 0;
}

/* fake_port_mv is what the port measures between its wires, mV. */
int fake_port_mv(const struct fake_port *p)
{
	int mv;

	if (!p->battery)
		return 0;
	mv = READ_ONCE(p->tx) == DAHDI_TXSIG_OFFHOOK ? p->loop_mv : p->mv;
	return p->reversed ? -mv : mv;
}

static int stats(struct fake_port *p, unsigned long data)
{
	struct wctdm_stats st;
	int mv;

	if (p->novolts)
		return -ENOTTY;
	if (p->span->card->slow)
		msleep(p->span->card->slow);
	if (p->span->kind == FAKE_FXO) {
		/* the line-side chip counts whole volts in a signed octet */
		mv = fake_port_mv(p);
		mv = clamp((mv + (mv < 0 ? -500 : 500)) / 1000, -128, 127) * 1000;
		st.tipvolt = st.ringvolt = st.batvolt = mv;
	} else {
		/* the telephone-side chip counts steps of 376 mV */
		st.tipvolt = p->offhook ? 55 * -376 : 4 * -376;
		st.ringvolt = p->offhook ? 75 * -376 : 128 * -376;
		st.batvolt = 140 * -376;
		if (p->reversed_tx)
			swap(st.tipvolt, st.ringvolt);
	}
	return copy_to_user((void __user *)data, &st, sizeof(st)) ? -EFAULT : 0;
}

static int fake_ioctl(struct dahdi_chan *chan, unsigned int cmd, unsigned long data)
{
	struct fake_port *p = port_of(chan);
	int *to;

	switch (cmd) {
	case WCTDM_GET_STATS:
		return stats(p, data);
	case DAHDI_TONEDETECT:
		to = &p->tonedetect;
		break;
	case DAHDI_SETPOLARITY:
		if (p->span->kind != FAKE_FXS)
			return -EINVAL;
		to = &p->reversed_tx;
		break;
	case DAHDI_VMWI:
		if (p->span->kind != FAKE_FXS)
			return -EINVAL;
		to = &p->mwi_tx;
		break;
	case DAHDI_ONHOOKTRANSFER:
		return p->span->kind == FAKE_FXS ? 0 : -EINVAL;
	default:
		return -ENOTTY;
	}
	return get_user(*to, (int __user *)data) ? -EFAULT : 0;
}

static int fake_chanconfig(struct file *file, struct dahdi_chan *chan, int sigtype)
{
	return fake_hdlc_config(port_of(chan), sigtype);
}

static void fake_hdlc_xmit(struct dahdi_chan *chan)
{
	/* the next tick asks for the frame */
}

static int fake_spanconfig(struct file *file, struct dahdi_span *span, struct dahdi_lineconfig *lc)
{
	struct fake_span *s = container_of(span, struct fake_span, dahdi);
	struct fake_card *card = s->card;
	int i, best = 0, source = 0;

	s->sync = lc->sync;
	for (i = 0; i < card->nspans; i++) {
		s = card->spans[i];
		if (s->sync && (!best || s->sync < best)) {
			best = s->sync;
			source = s->dahdi.spanno;
		}
	}
	for (i = 0; i < card->nspans; i++)
		card->spans[i]->dahdi.syncsrc = source;
	return 0;
}

static int fake_startup(struct file *file, struct dahdi_span *span)
{
	return 0;
}

/* Unassigning set the span's alarm; the card knows the true one. */
static void fake_assigned(struct dahdi_span *span)
{
	unsigned long flags;

	spin_lock_irqsave(&fake_lock, flags);
	fake_alarms(container_of(span, struct fake_span, dahdi));
	spin_unlock_irqrestore(&fake_lock, flags);
}

const struct dahdi_span_ops fake_analog_ops = {
	.owner = THIS_MODULE,
	.hooksig = fake_hooksig,
	.open = fake_open,
	.ioctl = fake_ioctl,
	.assigned = fake_assigned,
};

const struct dahdi_span_ops fake_digital_ops = {
	.owner = THIS_MODULE,
	.rbsbits = fake_rbsbits,
	.open = fake_open,
	.ioctl = fake_ioctl,
	.spanconfig = fake_spanconfig,
	.startup = fake_startup,
	.chanconfig = fake_chanconfig,
	.hdlc_hard_xmit = fake_hdlc_xmit,
	.assigned = fake_assigned,
};

/* fake_pulses is how many times a dial breaks the loop for a digit; 0: no digit. */
int fake_pulses(char digit)
{
	switch (digit) {
	case '1' ... '9':
		return digit - '0';
	case '0':
		return 10;
	case '*':
		return 11;
	case '#':
		return 12;
	}
	return 0;
}

static void dial_edge(struct fake_port *p, u64 now)
{
	struct fake_dial *d = &p->dial;

	if (d->open) {			/* the break is over */
		d->open = false;
		p->offhook = true;
		d->next = now + (--d->pulses ? d->make : d->gap);
		if (!d->pulses && !d->digits[d->pos])
			d->active = false;
		return;
	}
	if (!d->pulses)
		d->pulses = fake_pulses(d->digits[d->pos++]);
	d->open = true;
	p->offhook = false;
	d->next = now + d->brk;
}

/* fake_dial_start begins p->dial's breaks at card ms now. */
void fake_dial_start(struct fake_port *p, u64 now)
{
	p->dial.pos = p->dial.pulses = 0;
	p->dial.active = true;
	p->dial.open = false;
	dial_edge(p, now);
}

/* fake_line_step moves what moves by itself on the line, once a tick. */
void fake_line_step(struct fake_port *p)
{
	u64 now = p->span->card->ms;

	if (p->dial.active && now >= p->dial.next)
		dial_edge(p, now);
}

/*
 * fake_line_report tells DAHDI the state of the line when it does not have
 * it: after a change, and after DAHDI forgot it (it does at configuration).
 */
void fake_line_report(struct fake_port *p)
{
	int sig;

	switch (p->span->kind) {
	case FAKE_FXO:
		sig = p->ring ? DAHDI_RXSIG_RING :
		      p->battery ? DAHDI_RXSIG_OFFHOOK : DAHDI_RXSIG_ONHOOK;
		break;
	case FAKE_FXS:
		sig = p->offhook ? DAHDI_RXSIG_OFFHOOK : DAHDI_RXSIG_ONHOOK;
		break;
	default:
		if (p->from && p->from->span->kind >= FAKE_E1)
			p->rxbits = READ_ONCE(p->from->txbits);
		if (p->chan->rxsig != p->rxbits && !(p->chan->sig & DAHDI_SIG_CLEAR))
			dahdi_rbsbits(p->chan, p->rxbits);
		return;
	}
	if (p->chan->sig && p->chan->rxhooksig != sig)
		dahdi_hooksig(p->chan, sig);
}
