package e2e

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// far is the actor of the call's channel.
func (d *deed) far() *Actor { return d.l.bearer[d.call.state().channel] }

// converse checks that telephone and far end hear each other, and that keys of
// the far end reach the telephone and the journal.
func (d *deed) converse() error {
	if !d.listen {
		return nil
	}
	a, b := d.actor(), d.far()
	if b == nil {
		return fmt.Errorf("libpri has the call in channel %d, which is none", d.call.state().channel)
	}
	b.Forget()
	a.Speak(1000)
	b.Speak(1800)
	defer a.Speak(0)
	defer b.Speak(0)
	if err := a.Wait(d.ctx, "hears the far end", func() bool { return a.Hears(1800) }); err != nil {
		return err
	}
	if err := b.Wait(d.ctx, "hears the telephone", func() bool { return b.Hears(1000) }); err != nil {
		return err
	}
	a.Speak(0)
	b.Speak(0)
	a.Forget()
	d.keys = "159#"
	return d.again(func(ctx context.Context) error {
		a.Forget()
		b.Dial(d.keys)
		return a.Wait(ctx, "hears keys, and their end", func() bool { return heardKeys(a.Keys(), d.keys) && a.Hushed() })
	})
}

// press has vaad press keys in a call that it has answered, or made, itself.
func (d *deed) press() error {
	if !d.listen {
		return nil
	}
	b := d.far()
	if b == nil {
		return fmt.Errorf("libpri has the call in channel %d, which is none", d.call.state().channel)
	}
	b.Forget()
	if err := d.trunk("talking"); err != nil {
		return err
	}
	return d.again(func(ctx context.Context) error {
		if _, err := d.x.api.SendKeys(ctx, d.leg, "2580"); err != nil {
			return err
		}
		return b.Wait(ctx, "hears keys", func() bool { return heardKeys(b.Keys(), "2580") })
	})
}

// again does what sounds must come through for, five times at most: a machine that
// is too busy breaks them off.
func (d *deed) again(do func(context.Context) error) (err error) {
	for range 5 {
		ctx, cancel := context.WithTimeout(d.ctx, 8*time.Second)
		err = do(ctx)
		cancel()
		if err == nil || d.ctx.Err() != nil {
			return err
		}
	}
	return err
}

// heardKeys reports whether keys were heard. A key that was broken off by a busy
// machine may be heard twice; it is the signalling that is judged here.
func heardKeys(heard, want string) bool {
	var once []byte
	for i := range len(heard) {
		if i == 0 || heard[i] != heard[i-1] {
			once = append(once, heard[i])
		}
	}
	return strings.Contains(string(once), want)
}
