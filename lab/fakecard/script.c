// SPDX-License-Identifier: GPL-2.0
/* Lines that wait for their millisecond of a card's clock. Called with fake_lock held. */
#include <linux/slab.h>
#include "fakecard.h"

struct later {
	struct list_head list;
	u64 at;
	char line[];
};

/* fake_when reads a card's time: MS since loading, or +MS from the tick to come. */
int fake_when(const char *text, struct fake_card *card, bool in_tick, u64 *ms)
{
	if (kstrtou64(text + (*text == '+'), 10, ms))
		return -EINVAL;
	if (*text == '+')
		*ms += card->ms + !in_tick;
	return 0;
}

/* fake_at keeps "[+]MS LINE" for its time; the card is the one that LINE names. */
int fake_at(char *line, bool in_tick)
{
	char *when, *word, *target, *rest;
	struct fake_card *card;
	struct later *l, *other;
	struct list_head *before;
	char copy[64];
	u64 at;

	when = strsep(&line, " ");
	if (!line)
		return -EINVAL;
	line = skip_spaces(line);
	strscpy(copy, line, sizeof(copy));
	rest = copy;
	word = strsep(&rest, " ");
	target = strsep(&rest, " ");
	if (!target || !strcmp(word, "at"))
		return -EINVAL;
	card = fake_find_card(target);
	if (!card)
		return -ENXIO;
	if (fake_when(when, card, in_tick, &at))
		return -EINVAL;
	l = kmalloc(sizeof(*l) + strlen(line) + 1, GFP_ATOMIC);
	if (!l)
		return -ENOMEM;
	l->at = at;
	strcpy(l->line, line);
	/* lines of the same time keep their order */
	before = &card->script;
	list_for_each_entry(other, &card->script, list) {
		if (other->at > at) {
			before = &other->list;
			break;
		}
	}
	list_add_tail(&l->list, before);
	return 0;
}

/* fake_script_run carries out the lines whose time has come. */
void fake_script_run(struct fake_card *card)
{
	struct fake_args a;
	struct later *l;
	int ret;

	while (!list_empty(&card->script)) {
		l = list_first_entry(&card->script, struct later, list);
		if (l->at > card->ms)
			return;
		list_del(&l->list);
		ret = fake_exec(l->line, &a, true);
		if (ret == FAKE_DEFER) {
			card->wanted = a.defer == FAKE_RETURN;
			schedule_work(&card->work);
		} else if (ret) {
			card->script_errors++;
			pr_err("fakecard: card %d at %llu: line refused: %d\n", card->number, l->at, ret);
		}
		kfree(l);
	}
}

void fake_script_drop(struct fake_card *card)
{
	struct later *l, *next;

	list_for_each_entry_safe(l, next, &card->script, list)
		kfree(l);
}
