/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fakecard: telephony cards made of nothing, registered with the real DAHDI
 * core, for tests in a virtual machine. Never shipped. See README.md.
 *
 * Locks. fake_lock guards everything that changes after loading and is held
 * for a whole tick. DAHDI calls the span operations hooksig and rbsbits with
 * the channel's lock held, from inside our own tick too: these two may only
 * store into their port. Registering and unregistering sleep; fake_mutex
 * orders them, and "present" tells the tick to stay away.
 */
#ifndef FAKECARD_H
#define FAKECARD_H

#include <linux/list.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <dahdi/kernel.h>

#define FAKE_CARDS	16
#define FAKE_SPANS	8
#define FAKE_PORTS	64	/* on one analog span */
#define FAKE_FIFO	4	/* chunks between two linked channels */
#define FAKE_PRIMED	2	/* of them filled before the first is taken */
#define FAKE_FRAME	2048	/* longest frame of a D channel, octets */
#define FAKE_DIGITS	32
#define FAKE_ECHO	1024	/* longest echo, samples; a power of two */
#define FAKE_LINE	512	/* longest control line */
#define FAKE_AUDIO	(4 << 20)	/* longest loaded audio, samples */

enum fake_kind { FAKE_FXO, FAKE_FXS, FAKE_E1, FAKE_T1 };

enum fake_source { FAKE_SILENCE, FAKE_PATTERN, FAKE_LINK, FAKE_LOOP, FAKE_PLAY };

struct fake_fifo {
	u8 chunk[FAKE_FIFO][DAHDI_CHUNKSIZE];
	unsigned int first, count;
	bool primed;
	u8 last[DAHDI_CHUNKSIZE];	/* what is repeated when it runs dry */
};

/* A telephone's dial or hook switch in motion: breaks of the loop to come. */
struct fake_dial {
	char digits[FAKE_DIGITS + 1];
	int pos, pulses;
	bool active, open;
	u64 next;			/* card ms of the next edge */
	int brk, make, gap;		/* ms */
};

struct fake_port {
	struct dahdi_chan *chan;
	struct fake_span *span;
	int number, pos;		/* on the card and on the span, from 1 */
	bool abandoned;			/* was open when its card went */

	/* what DAHDI tells the port; stored by hooksig and rbsbits */
	enum dahdi_txsig tx;
	u64 tx_ms;
	unsigned int hooksigs, seizures, txbits;
	int tonedetect, reversed_tx, mwi_tx;

	/* the line at an FXO port */
	bool ring, reversed, battery, mwi, novolts;
	int mv, loop_mv;		/* on-hook, and while the port itself seizes */

	/* the telephone at an FXS port */
	bool offhook;
	struct fake_dial dial;

	/* a timeslot's signalling bits from the line, ABCD in bits 3..0 */
	unsigned int rxbits;

	/* audio */
	enum fake_source source;
	struct fake_port *from;		/* whom a linked port hears */
	struct list_head listeners;	/* who hears this one, by their node */
	struct list_head node;
	bool both;			/* hears what that one hears, too */
	struct fake_fifo fifo;
	unsigned int repeat, over, under;
	u64 talk;			/* sent chunks that were not constant */
	u8 sent[FAKE_ECHO];		/* the last samples sent, as a ring */
	unsigned int sent_at;
	bool echo;
	unsigned int echo_shift, echo_delay;	/* 6 dB steps, samples */
	u8 *audio;
	size_t audio_len, audio_pos;
	bool audio_again;

	/* a D channel with the card's own HDLC controller */
	u8 *frame;
	int frame_len, frame_left;	/* octets; left: still to go over the line */
	unsigned int frames_tx, frames_rx, frames_lost, lose;
};

struct fake_span {
	struct dahdi_span dahdi;
	struct fake_card *card;
	int number;			/* on the card, from 1 */
	enum fake_kind kind;
	bool alaw;
	int nports, alarms, sync;
	s64 skip;			/* chunks the line is ahead of the clock */
	struct fake_port *ports;
	struct dahdi_chan **chans;
};

struct fake_card {
	int number;			/* from 1 */
	char kinds[64], name[24], place[24], id[24];
	struct platform_device *parent;
	struct dahdi_device *ddev;
	int nspans;
	struct fake_span *spans[FAKE_SPANS];
	bool present, going, wanted;
	struct work_struct work;

	u64 ms;				/* ticks since loading, missed ones too */
	ktime_t next;
	int ppm, slow;			/* slow: ms that WCTDM_GET_STATS takes */
	unsigned int stall, irqmisses;
	struct list_head script;
	unsigned int script_errors;
	wait_queue_head_t waitq;
};

/* main.c */
extern spinlock_t fake_lock;
extern struct mutex fake_mutex;
extern struct fake_card *fake_cards[FAKE_CARDS];
extern int fake_ncards;
void fake_tick(struct fake_card *card);

/* card.c */
struct fake_card *fake_card_create(int number, char *kinds);
void fake_card_free(struct fake_card *card);
int fake_card_return(struct fake_card *card);
void fake_card_remove(struct fake_card *card);
void fake_alarms(struct fake_span *s);
bool fake_live(const struct fake_port *p);

/* line.c: hook switches, rings, volts */
extern const struct dahdi_span_ops fake_analog_ops, fake_digital_ops;
void fake_line_step(struct fake_port *p);
void fake_line_report(struct fake_port *p);
void fake_dial_start(struct fake_port *p, u64 now);
int fake_pulses(char digit);
int fake_port_mv(const struct fake_port *p);

/* audio.c */
void fake_audio_sent(struct fake_port *p);
void fake_audio_fill(struct fake_port *p);
void fake_listen(struct fake_port *p, struct fake_port *from, bool both);
void fake_source_set(struct fake_port *p, enum fake_source source);
void fake_slip(struct fake_span *s, int chunks);

/* hdlc.c */
int fake_hdlc_config(struct fake_port *p, int sigtype);
void fake_hdlc_step(struct fake_port *p);
void fake_hdlc_receive(struct fake_port *p, u8 *frame, int len);

/* words.c: what the control lines mean */
#define FAKE_DEFER 1	/* returned by fake_exec: go on with fake_deferred */

struct fake_args {
	struct fake_card *card;
	struct fake_span *span;
	struct fake_port *port;
	u64 now;		/* card ms at which the line takes effect */
	int argc;
	char *argv[32];
	enum { FAKE_REMOVE, FAKE_RETURN, FAKE_WAIT, FAKE_LOAD } defer;
	u64 number;		/* of what is deferred: card ms or samples */
};

int fake_exec(char *line, struct fake_args *a, bool in_tick);
int fake_word(struct fake_args *a, const char *name, const char *target);
struct fake_port *fake_find_port(const char *target);
struct fake_card *fake_find_card(const char *target);

/* script.c */
int fake_at(char *line, bool in_tick);
int fake_when(const char *text, struct fake_card *card, bool in_tick, u64 *ms);
void fake_script_run(struct fake_card *card);
void fake_script_drop(struct fake_card *card);

/* control.c, state.c */
int fake_control_register(void);
void fake_control_unregister(void);
int fake_show(struct seq_file *m, void *v);

#endif
