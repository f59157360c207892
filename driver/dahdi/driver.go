package dahdi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"vaad/driver"
)

// An Option changes how the boards of a Driver are made.
type Option func(*maker)

type maker struct {
	k     kernel
	log   *slog.Logger
	retry time.Duration
}

// WithLogger makes boards log what their lines and pollers meet. Without it
// nothing is logged.
func WithLogger(l *slog.Logger) Option { return func(m *maker) { m.log = l } }

// Driver returns the driver of the cards that the kernel's DAHDI runs.
func Driver(opts ...Option) driver.Driver {
	m := &maker{k: linux{}, log: slog.New(slog.DiscardHandler), retry: retryEvery}
	for _, o := range opts {
		o(m)
	}
	return m.driver()
}

func (m *maker) driver() driver.Driver {
	return driver.Driver{Name: "dahdi", Find: m.find, Open: m.open, Check: check}
}

func check(cfg driver.Config) error {
	_, err := parseOptions(cfg)
	return err
}

// find lists the devices. Without DAHDI there are none, which is no error.
func (m *maker) find(ctx context.Context) ([]driver.Candidate, error) {
	in, err := inspect(ctx, m.k)
	var known *driver.FaultError
	if errors.As(err, &known) && known.Code == CodeNotLoaded && len(in.Devices) == 0 {
		return nil, nil
	}
	var out []driver.Candidate
	for _, d := range in.Devices {
		c := driver.Candidate{ID: d.ID, Model: d.model(), Serial: d.HardwareID, Location: d.Location}
		if len(d.Spans) == 0 {
			c.Broken = "its spans have no numbers: load dahdi with auto_assign_spans=1"
		} else if err != nil {
			c.Broken = err.Error()
		}
		out = append(out, c)
	}
	if len(out) > 0 {
		err = nil
	}
	return out, err
}

// open opens the board that cfg names; without a name, the only one there is.
func (m *maker) open(ctx context.Context, _ driver.Candidate, cfg driver.Config) (driver.Board, error) {
	o, err := parseOptions(cfg)
	if err != nil {
		return nil, err
	}
	in, err := inspect(ctx, m.k)
	if err != nil {
		return nil, fmt.Errorf("open board %q: %w", cfg.ID, err)
	}
	var p *plan
	if o.Monitor != "" {
		p, err = o.layMonitor(m.k, cfg.ID, &in)
	} else {
		var devices []*Device
		if devices, err = o.pick(cfg.ID, &in); err == nil {
			p, err = o.lay(m.k, cfg.ID, devices)
		}
	}
	if err != nil {
		return nil, err
	}
	b, err := m.openPlan(cfg, p, o.Monitor != "", in)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// openPlan opens the channels of a plan. A board needs one line that works; the
// others are tried again while it is open.
func (m *maker) openPlan(cfg driver.Config, p *plan, monitors bool, in Inventory) (_ *Board, err error) {
	b := &Board{k: m.k, id: cfg.ID, log: m.log, info: p.info, channels: p.lines, dchannels: p.dchan, spanOf: p.spans, monitors: monitors,
		ep: -1, bell: -1, wake: func() {}, nursery: newNursery(m.k)}
	defer func() {
		if err != nil {
			for _, w := range b.watch.list {
				w.finish()
			}
			b.release()
		}
	}()
	if b.ruler, err = newRuler(m.k); err != nil {
		return nil, fmt.Errorf("open board %q: %w", cfg.ID, openFault("/dev/dahdi/timer", err))
	}
	if b.ep, err = m.k.epoll(); err == nil {
		if b.bell, b.wake, err = m.k.bell(); err == nil {
			err = m.k.watch(b.ep, b.bell, pollIn, bellKey)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open board %q: %w; the process may have too many files open (see ulimit -n)", cfg.ID, err)
	}
	if err := b.openChannels(p.unused); err != nil {
		return nil, err
	}
	b.clockless = !slices.ContainsFunc(b.channels, func(c *channel) bool { return !strings.HasPrefix(c.name, dynamicName) })
	if err := b.hear(); err != nil {
		return nil, err
	}
	if err := b.findPollers(in); err != nil {
		return nil, fmt.Errorf("open board %q: %w", cfg.ID, err)
	}
	b.watch.start()
	go b.nursery.run(m.retry)
	return b, nil
}

// dynamicName begins the names of the channels of dynamic spans (dahdi_dynamic.c).
const dynamicName = "DYN/"

// openPatience is longer than the kernel's own timer needs to take over from a
// card that gave the time and has gone: two looks, a second apart.
const openPatience = 2500 * time.Millisecond

// hear waits until audio comes: a board whose card has no interrupts opens as
// well as any other.
func (b *Board) hear() error {
	share := openPatience
	for _, c := range b.channels { // one does; the others take what is left of the time
		if c.fd < 0 {
			continue
		}
		begun := b.k.now()
		if r, err := b.k.ready(c.fd, pollIn, share); err == nil && r&pollIn != 0 {
			return nil
		}
		share = max(share-(b.k.now()-begun), 0)
	}
	return fault(CodeStopped, "open board %q: no audio comes for %v: the card has no interrupts, or the other end of its dynamic span is not there; look at the kernel's log and at /proc/interrupts", b.id, openPatience)
}

func (b *Board) openChannels(unused []bool) error {
	var bad []*driver.FaultError
	open := 0
	try := func(c *channel, events uint32) {
		if c.fault = c.open(); c.fault == nil {
			if c.fault = b.k.watch(b.ep, c.fd, events, c.key); c.fault == nil {
				return
			}
			c.close()
		}
		f := channelFault(c.number, c.fault)
		c.fault = f
		bad = append(bad, f)
		b.nursery.lost(c)
		b.log.Warn("DAHDI channel could not be opened", "board", b.id, "channel", c.number, "code", f.Code, "error", f.Err)
	}
	for i, c := range b.channels {
		if unused[i] {
			c.fault = errUnused
			continue
		}
		if try(c, pollPri); c.fd >= 0 {
			open++
			b.info.Lines[i].Law = c.law
		}
	}
	if open == 0 && len(bad) == 0 {
		return fault(CodeUnconfigured, "open board %q: all its lines are set to unused; there is nothing to open", b.id)
	}
	if open == 0 {
		return worst(b.id, bad)
	}
	for _, d := range b.dchannels {
		try(&d.channel, pollIn|pollPri)
	}
	return nil
}

var errUnused = errors.New("the configuration says that the line is unused")
