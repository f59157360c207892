package sim

import (
	"context"
	"log/slog"
	"time"

	"vaad/driver"
)

// Patience is how long a board with the peers clock waits for a block of a
// connected peer before it drops that peer.
const Patience = 5 * time.Second

// An Option changes how the boards of a Driver are made.
type Option func(*maker)

type maker struct {
	log      *slog.Logger
	complain func(board string, port int, reason error)
	clock    Clock
	patience time.Duration
}

// WithLogger makes boards log which peers came, went and were closed, and why.
// Without it nothing is logged.
func WithLogger(l *slog.Logger) Option { return func(m *maker) { m.log = l } }

// WithComplaint calls f when a peer of a line is closed for what it sent. It runs
// on a goroutine of the board that may wait; port is as printed on the card.
func WithComplaint(f func(board string, port int, reason error)) Option {
	return func(m *maker) { m.complain = f }
}

// WithClock gives boards another clock than the system's, for tests that run
// hours of line time without waiting.
func WithClock(c Clock) Option { return func(m *maker) { m.clock = c } }

// WithPatience replaces Patience.
func WithPatience(d time.Duration) Option { return func(m *maker) { m.patience = d } }

// Driver returns the driver of simulated boards.
func Driver(opts ...Option) driver.Driver {
	m := maker{log: slog.New(slog.DiscardHandler), complain: func(string, int, error) {}, clock: System(), patience: Patience}
	for _, o := range opts {
		o(&m)
	}
	return driver.Driver{Name: "sim", Find: find, Open: m.open, Check: check}
}

// find lists the one candidate that is always there.
func find(context.Context) ([]driver.Candidate, error) {
	return []driver.Candidate{{ID: "sim", Model: model, Location: "simulated"}}, nil
}

func check(cfg driver.Config) error {
	_, _, err := plan(cfg)
	return err
}

func (m maker) open(_ context.Context, _ driver.Candidate, cfg driver.Config) (driver.Board, error) {
	o, info, err := plan(cfg)
	if err != nil {
		return nil, err
	}
	if o.Replay != "" {
		return m.openReplay(cfg, o)
	}
	return m.openBoard(cfg, o, info)
}
