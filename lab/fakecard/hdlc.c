// SPDX-License-Identifier: GPL-2.0
/*
 * The HDLC controller of a D channel: frames of one port arrive at the ports
 * that hear it, after the time that their octets need at 64 kbit/s.
 */
#include <linux/crc-ccitt.h>
#include <linux/slab.h>
#include "fakecard.h"

/* fake_hdlc_config makes room for a frame. May sleep. */
int fake_hdlc_config(struct fake_port *p, int sigtype)
{
	if ((sigtype & DAHDI_SIG_HARDHDLC) != DAHDI_SIG_HARDHDLC || p->frame)
		return 0;
	p->frame = kzalloc(FAKE_FRAME + 2, GFP_KERNEL);
	return p->frame ? 0 : -ENOMEM;
}

static bool hard(const struct fake_port *p)
{
	return fake_live(p) && p->chan->flags & DAHDI_FLAG_NOSTDTXRX;
}

/* fake_hdlc_receive hands up a frame, which has room for two octets more. */
void fake_hdlc_receive(struct fake_port *p, u8 *frame, int len)
{
	u16 fcs;

	if (!hard(p) || p->span->alarms & (DAHDI_ALARM_RED | DAHDI_ALARM_BLUE) || p->lose) {
		p->lose -= !!p->lose;
		p->frames_lost++;
		return;
	}
	/* the controllers of real cards leave the check sequence in place */
	fcs = crc_ccitt(0xffff, frame, len) ^ 0xffff;
	frame[len] = fcs;
	frame[len + 1] = fcs >> 8;
	p->frames_rx++;
	dahdi_hdlc_putbuf(p->chan, frame, len + 2);
	dahdi_hdlc_finish(p->chan);
}

/* fetch takes one whole frame from DAHDI; false: there is none. */
static bool fetch(struct fake_port *p)
{
	struct dahdi_chan *chan = p->chan;
	unsigned int size;
	int end = 0;

	p->frame_len = 0;
	spin_lock(&chan->lock);
	/* a write of one octet has no room for the check sequence that
	 * dahdi_hdlc_getbuf cuts off: it would count below zero */
	if (chan->outwritebuf >= 0 && chan->writen[chan->outwritebuf] < 2)
		chan->writen[chan->outwritebuf] = 2;
	spin_unlock(&chan->lock);
	while (!end) {
		u8 octets[64];

		size = sizeof(octets);
		end = dahdi_hdlc_getbuf(chan, octets, &size);
		if (p->frame_len + size <= FAKE_FRAME)
			memcpy(p->frame + p->frame_len, octets, size);
		p->frame_len += size;
	}
	return p->frame_len > 0 && p->frame_len <= FAKE_FRAME;
}

/* fake_hdlc_step sends for one millisecond. */
void fake_hdlc_step(struct fake_port *p)
{
	struct fake_port *to;

	if (!p->frame)
		return;
	if (!p->frame_left) {
		if (!fetch(p))
			return;
		p->frames_tx++;
		p->frame_left = p->frame_len + 3;	/* check sequence and flag */
	}
	p->frame_left = max(p->frame_left - DAHDI_CHUNKSIZE, 0);
	if (p->frame_left)
		return;
	list_for_each_entry(to, &p->listeners, node)
		fake_hdlc_receive(to, p->frame, p->frame_len);
	if (p->source == FAKE_LOOP)
		fake_hdlc_receive(p, p->frame, p->frame_len);
}
