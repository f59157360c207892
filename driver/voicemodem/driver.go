package voicemodem

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"vaad/driver"
)

// An Option changes how the boards of a Driver are made.
type Option func(*maker)

type maker struct {
	root  fs.FS
	log   *slog.Logger
	open  func(path string, baud int) (link, error)
	reset func(ctx context.Context, usbPort string) error

	mu    sync.Mutex
	resat map[string]time.Time // USB port → when it was last reset
}

// WithLogger makes boards log what their modems say and meet. Without it nothing
// is logged.
func WithLogger(l *slog.Logger) Option { return func(m *maker) { m.log = l } }

// WithReset says how a USB port, named as the kernel does ("1-2.4"), is reset: the
// last that is tried with a modem that does not answer.
func WithReset(reset func(ctx context.Context, usbPort string) error) Option {
	return func(m *maker) { m.reset = reset }
}

// Driver returns the driver of voice modems.
func Driver(opts ...Option) driver.Driver {
	m := &maker{root: os.DirFS("/"), log: slog.New(slog.DiscardHandler), resat: map[string]time.Time{},
		open: func(path string, baud int) (link, error) {
			t, err := openTTY(path, baud)
			if err != nil {
				return nil, err
			}
			return t, nil
		}}
	for _, o := range opts {
		o(m)
	}
	return m.driver()
}

func (m *maker) driver() driver.Driver {
	return driver.Driver{Name: "voicemodem", Find: m.find, Open: m.openBoard, Check: check}
}

func check(cfg driver.Config) error {
	_, err := parseOptions(cfg)
	return err
}

func (m *maker) find(ctx context.Context) ([]driver.Candidate, error) {
	all, err := inventory(ctx, m.root)
	var out []driver.Candidate
	for _, d := range all {
		out = append(out, d.candidate())
	}
	return out, err
}

// openBoard opens the modem that cfg names; without a name, the only one there is.
func (m *maker) openBoard(ctx context.Context, _ driver.Candidate, cfg driver.Config) (driver.Board, error) {
	o, err := parseOptions(cfg)
	if err != nil {
		return nil, err
	}
	var all []modem
	if all, err = inventory(ctx, m.root); err != nil {
		return nil, err
	}
	at, err := pick(cfg.ID, o.Device, all)
	if err != nil {
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	b := &Board{lane: newLane(), counts: &tally{}, cancel: cancel, dead: make(chan struct{}), shut: make(chan struct{}), timer: time.NewTimer(time.Hour)}
	b.timer.Stop()
	e := &engine{id: cfg.ID, log: m.log, opt: o, lane: b.lane, counts: b.counts, ctx: ctx, dec: newDecoder(), table: newTable(), out: make([]byte, 0, 2*outMost),
		quiet: time.Now()}
	e.voice.raw = make([]byte, 0, 2*len(e.voice.pcm))
	e.reopen = func() (link, error) { return m.again(cfg.ID, o) }
	if port := at.usbPort(); port != "" && m.reset != nil {
		e.reset = func(ctx context.Context) error { return m.reset(ctx, port) }
		e.mayReset = func() bool { return m.mayReset(port) }
	}
	if e.k, err = m.open(at.tty, o.Baud); err != nil {
		cancel()
		return nil, portFault(cfg.ID, at.tty, err)
	}
	if err := e.meetOrMend(); err != nil {
		e.k.close()
		cancel()
		return nil, err
	}
	e.half = e.oneWay()
	e.ctx = life
	b.coding = e.format.coding
	b.info = e.info(at)
	b.lane.use(e.k)
	go b.live(e)
	return b, nil
}

// live runs the engine until it ends, and closes the port.
func (b *Board) live(e *engine) {
	err := e.run()
	b.lane.mu.Lock()
	b.lane.link = nil
	if err != nil {
		b.lane.ended = goneFor(err)
	}
	b.lane.mu.Unlock()
	e.k.close()
	close(b.dead)
}

// again finds the modem and opens its port anew.
func (m *maker) again(id string, o options) (link, error) {
	all, err := inventory(context.Background(), m.root)
	if err != nil {
		return nil, err
	}
	at, err := pick(id, o.Device, all)
	if err != nil {
		return nil, err
	}
	return m.open(at.tty, o.Baud)
}

// resetEvery keeps a modem that is broken from being reset at each attempt to open it.
const resetEvery = 5 * time.Minute

// mayReset says whether a port may be reset now, and takes it as done.
func (m *maker) mayReset(port string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last, ok := m.resat[port]; ok && time.Since(last) < resetEvery {
		return false
	}
	m.resat[port] = time.Now()
	return true
}
