package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

func (f *farEnd) send(c *farCall, words string) {
	_, _ = fmt.Fprintf(f.in, "@%d %s\n", c.id, words)
}

// hangUp ends a call as libpri wants it. For some causes it sends RELEASE COMPLETE
// and has nothing more to say; with any other it needs a call that proceeds.
func (f *farEnd) hangUp(c *farCall, cause int) {
	silent := slices.Contains([]int{1, 34, 44, 82, 88}, cause)
	if !silent && !c.ours && len(c.seen) == 1 && !c.spoken {
		f.send(c, "proceeding")
	}
	f.send(c, fmt.Sprintf("hangup %d", cause))
	if silent {
		f.free(c)
		c.over = true
	}
}

// do has libpri do something for a call.
func (c *farCall) do(words string) {
	c.far.mu.Lock()
	defer c.far.mu.Unlock()
	c.spoken = true
	c.far.send(c, words)
}

// clear ends a call at libpri's side.
func (c *farCall) clear(cause int) {
	c.far.mu.Lock()
	defer c.far.mu.Unlock()
	c.far.hangUp(c, cause)
}

// expect prepares for a call to a number. The channel gets it when it has come.
func (f *farEnd) expect(called string) <-chan *farCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	ch := make(chan *farCall, 1)
	f.wanted[called] = ch
	return ch
}

// forget expects a number no longer.
func (f *farEnd) forget(called string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.wanted, called)
}

var errNoneFree = errors.New("no channel is free")

// call calls vaad in a channel, 0: the highest of slots that is free.
func (f *farEnd) call(slots []int, channel int, called, caller, name string) (*farCall, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if channel == 0 {
		for _, s := range slices.Backward(slots) {
			if f.taken[s] == nil {
				channel = s
				break
			}
		}
	}
	if channel == 0 {
		return nil, errNoneFree
	}
	c := &farCall{far: f, channel: channel, ours: true, called: called, caller: caller}
	f.taken[channel] = c
	f.placed = append(f.placed, c)
	_, err := fmt.Fprintf(f.in, "call %s %s %d %s\n", called, caller, channel, name)
	return c, err
}

// saw reports whether an event has come for a call.
func (c *farCall) saw(events ...string) bool {
	c.far.mu.Lock()
	defer c.far.mu.Unlock()
	return slices.ContainsFunc(events, func(e string) bool { return slices.Contains(c.seen, e) })
}

// state is a copy of the call.
func (c *farCall) state() farCall {
	c.far.mu.Lock()
	defer c.far.mu.Unlock()
	return *c
}

// await waits for one of some events.
func (c *farCall) await(ctx context.Context, events ...string) error {
	err := Until(ctx, strings.Join(events, " or "), func() (bool, error) {
		if c.saw(events...) {
			return true, nil
		}
		if s := c.state(); s.over {
			return false, fmt.Errorf("the call has ended: cause %d, %q", s.cause, s.seen)
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("libpri's call %d (%s → %s, channel %d) after %q: %w", c.id, c.caller, c.called, c.channel, c.state().seen, err)
	}
	return nil
}

// gone waits until a call is over at libpri's side.
func (c *farCall) gone(ctx context.Context) error {
	err := Until(ctx, "its end", func() (bool, error) { return c.state().over, nil })
	if err != nil {
		return fmt.Errorf("libpri's call %d (%s → %s, channel %d) after %q: %w", c.id, c.caller, c.called, c.channel, c.state().seen, err)
	}
	return nil
}

// up is how many channels libpri believes to be in use.
func (f *farEnd) up() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.taken {
		if c != nil {
			n++
		}
	}
	return n
}

// last are the last things libpri has said.
func (f *farEnd) last(n int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.rows[max(0, len(f.rows)-n):], "\n") + "\n" + f.said.String()
}
