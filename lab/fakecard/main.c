// SPDX-License-Identifier: GPL-2.0
/*
 * fakecard: loading, unloading and the clocks.
 *
 * Each card has its own clock, but one hrtimer serves them all: it always
 * ticks the card whose next chunk is due first. However late the timer runs,
 * the cards' ticks so keep the order and the mean rate that separate exact
 * clocks would have, and two linked cards slip by their ppm and by nothing
 * else.
 */
#include <linux/hrtimer.h>
#include <linux/module.h>
#include "fakecard.h"

#define MAX_TICKS 256	/* in one timer interrupt; the rest come in the next */

static char *cards = "fxo8,fxs8,e1+e1";
module_param(cards, charp, 0444);
MODULE_PARM_DESC(cards, "cards to make: fxoN, fxsN, e1, t1, a+b for two spans on one card");

static uint burst = 1;
module_param(burst, uint, 0444);
MODULE_PARM_DESC(burst, "milliseconds served by one timer interrupt (1)");

DEFINE_SPINLOCK(fake_lock);
DEFINE_MUTEX(fake_mutex);
struct fake_card *fake_cards[FAKE_CARDS];
int fake_ncards;

static struct hrtimer clock;

static struct fake_card *earliest(void)
{
	struct fake_card *first = fake_cards[0];
	int i;

	for (i = 1; i < fake_ncards; i++)
		if (fake_cards[i]->next < first->next)
			first = fake_cards[i];
	return first;
}

static enum hrtimer_restart clock_due(struct hrtimer *timer)
{
	ktime_t now = ktime_get();
	struct fake_card *card;
	unsigned long flags;
	int n;

	spin_lock_irqsave(&fake_lock, flags);
	card = earliest();
	for (n = 0; n < MAX_TICKS && card->next <= now; n++) {
		fake_tick(card);
		/* one ppm of a millisecond is one nanosecond */
		card->next += NSEC_PER_MSEC + card->ppm;
		card = earliest();
	}
	hrtimer_set_expires(timer, card->next + (burst - 1) * NSEC_PER_MSEC);
	spin_unlock_irqrestore(&fake_lock, flags);
	return HRTIMER_RESTART;
}

/* fake_tick plays one millisecond of a card. Called with fake_lock held. */
void fake_tick(struct fake_card *card)
{
	struct fake_span *s;
	int i, j;

	card->ms++;
	for (i = 0; i < card->nspans; i++)
		for (j = 0; j < card->spans[i]->nports; j++)
			fake_line_step(&card->spans[i]->ports[j]);
	fake_script_run(card);
	if (waitqueue_active(&card->waitq))
		wake_up_interruptible(&card->waitq);
	if (!card->present)
		return;
	if (card->stall) {
		card->stall--;
		card->irqmisses++;
		card->ddev->irqmisses = card->irqmisses;
		return;
	}
	for (i = 0; i < card->nspans; i++) {
		s = card->spans[i];
		if (!test_bit(DAHDI_FLAGBIT_REGISTERED, &s->dahdi.flags))
			continue;
		_dahdi_transmit(&s->dahdi);
		for (j = 0; j < s->nports; j++) {
			fake_line_report(&s->ports[j]);
			if (s->ports[j].chan->flags & DAHDI_FLAG_NOSTDTXRX) {
				fake_hdlc_step(&s->ports[j]);
				continue;
			}
			fake_audio_fill(&s->ports[j]);
			fake_audio_sent(&s->ports[j]);
		}
		_dahdi_ec_span(&s->dahdi);
		_dahdi_receive(&s->dahdi);
	}
}

static void free_all(void)
{
	int i;

	mutex_lock(&fake_mutex);
	for (i = 0; i < fake_ncards; i++)
		fake_card_remove(fake_cards[i]);
	mutex_unlock(&fake_mutex);
	for (i = 0; i < fake_ncards; i++)
		fake_card_free(fake_cards[i]);
	fake_ncards = 0;
}

static int __init fake_init(void)
{
	char *list, *rest, *kinds;
	struct fake_card *card;
	int i, ret = 0;

	if (!burst || burst > 100)
		return -EINVAL;
	rest = list = kstrdup(cards, GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	while (!ret && (kinds = strsep(&rest, ","))) {
		if (fake_ncards == FAKE_CARDS) {
			ret = -E2BIG;
			break;
		}
		card = fake_card_create(fake_ncards + 1, kinds);
		if (IS_ERR(card))
			ret = PTR_ERR(card);
		else
			fake_cards[fake_ncards++] = card;
	}
	kfree(list);
	mutex_lock(&fake_mutex);
	for (i = 0; !ret && i < fake_ncards; i++)
		ret = fake_card_return(fake_cards[i]);
	mutex_unlock(&fake_mutex);
	if (!ret)
		ret = fake_control_register();
	if (ret) {
		free_all();
		return ret;
	}
	for (i = 0; i < fake_ncards; i++)
		fake_cards[i]->next = ktime_add_ms(ktime_get(), 1);
	hrtimer_init(&clock, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	clock.function = clock_due;
	hrtimer_start(&clock, fake_cards[0]->next, HRTIMER_MODE_ABS);
	return 0;
}

static void __exit fake_exit(void)
{
	int i;

	fake_control_unregister();
	hrtimer_cancel(&clock);
	/* no tick can start a card's work any more */
	for (i = 0; i < fake_ncards; i++)
		cancel_work_sync(&fake_cards[i]->work);
	free_all();
}

module_init(fake_init);
module_exit(fake_exit);
MODULE_DESCRIPTION("Test-only telephony cards for the DAHDI core");
MODULE_LICENSE("GPL");
