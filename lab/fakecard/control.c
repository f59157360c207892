// SPDX-License-Identifier: GPL-2.0
/* /dev/fakecard: lines written to it act, reading it gives the state. */
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "fakecard.h"

struct control {
	struct mutex mutex;
	char line[FAKE_LINE];
	int len;
	/* audio that follows a load line */
	struct fake_port *port;
	u8 *audio;
	size_t audio_len, audio_got;
};

/* deferred does what may sleep. */
static int deferred(struct control *c, struct fake_args *a)
{
	int ret = 0;

	switch (a->defer) {
	case FAKE_REMOVE:
		mutex_lock(&fake_mutex);
		fake_card_remove(a->card);
		mutex_unlock(&fake_mutex);
		break;
	case FAKE_RETURN:
		mutex_lock(&fake_mutex);
		ret = fake_card_return(a->card);
		mutex_unlock(&fake_mutex);
		break;
	case FAKE_WAIT:
		ret = wait_event_interruptible(a->card->waitq, READ_ONCE(a->card->ms) >= a->number);
		break;
	case FAKE_LOAD:
		vfree(c->audio);
		c->audio = vmalloc(a->number);
		if (!c->audio)
			return -ENOMEM;
		c->port = a->port;
		c->audio_len = a->number;
		c->audio_got = 0;
		break;
	}
	return ret;
}

/* loaded gives the port its audio when all of it is there. */
static void loaded(struct control *c)
{
	struct fake_port *p = c->port;
	unsigned long flags;

	spin_lock_irqsave(&fake_lock, flags);
	swap(p->audio, c->audio);
	p->audio_len = c->audio_len;
	p->audio_pos = 0;
	spin_unlock_irqrestore(&fake_lock, flags);
	vfree(c->audio);
	c->audio = NULL;
	c->port = NULL;
}

/* take consumes octets of one write: audio, or lines up to one that sleeps. */
static ssize_t take(struct control *c, const char *text, size_t size, int *ret)
{
	struct fake_args a;
	unsigned long flags;
	size_t n, used = 0, start = 0;

	*ret = 0;
	if (c->port) {
		n = min(size, c->audio_len - c->audio_got);
		memcpy(c->audio + c->audio_got, text, n);
		c->audio_got += n;
		if (c->audio_got == c->audio_len)
			loaded(c);
		return n;
	}
	/* lines of one write share one millisecond: no tick comes between */
	spin_lock_irqsave(&fake_lock, flags);
	while (used < size && !*ret) {
		char ch = text[used++];

		if (ch != '\n') {
			if (c->len < FAKE_LINE - 1)
				c->line[c->len++] = ch;
			else
				*ret = -EINVAL;
			continue;
		}
		c->line[c->len] = 0;
		c->len = 0;
		*ret = fake_exec(c->line, &a, false);
		if (!*ret)
			start = used;
	}
	spin_unlock_irqrestore(&fake_lock, flags);
	if (*ret == FAKE_DEFER)
		*ret = deferred(c, &a);
	if (*ret < 0) {
		c->len = 0;
		return start;	/* what was done before the bad line */
	}
	return used;
}

static ssize_t control_write(struct file *file, const char __user *from, size_t size, loff_t *off)
{
	struct control *c = ((struct seq_file *)file->private_data)->private;
	size_t n, done = 0;
	ssize_t used;
	char *text;
	int ret;

	size = min_t(size_t, size, 64 << 10);
	text = memdup_user(from, size);
	if (IS_ERR(text))
		return PTR_ERR(text);
	mutex_lock(&c->mutex);
	for (ret = 0; !ret && done < size; done += used) {
		n = size - done;
		used = take(c, text + done, n, &ret);
	}
	mutex_unlock(&c->mutex);
	kfree(text);
	/* a write that fails after good lines says how far it came; the
	 * caller's next write begins with the bad line and fails at once */
	return done ? done : ret;
}

static int control_open(struct inode *inode, struct file *file)
{
	struct control *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int ret;

	if (!c)
		return -ENOMEM;
	mutex_init(&c->mutex);
	file->private_data = NULL;	/* misc_open left its own; seq_open wants none */
	ret = single_open_size(file, fake_show, c, 128 << 10);
	if (ret)
		kfree(c);
	return ret;
}

static int control_release(struct inode *inode, struct file *file)
{
	struct control *c = ((struct seq_file *)file->private_data)->private;

	vfree(c->audio);
	kfree(c);
	return single_release(inode, file);
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.write = control_write,
	.release = control_release,
};

static struct miscdevice control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fakecard",
	.mode = 0600,
	.fops = &control_fops,
};

int fake_control_register(void)
{
	return misc_register(&control);
}

void fake_control_unregister(void)
{
	misc_deregister(&control);
}
