package channels

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"vaad/driver"

	"github.com/oklog/ulid/v2"
)

// A System runs all boards.
type System struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	feed    *feed
	boards  []*board
	homes   homes // of mixes
	began   time.Time

	mu    sync.RWMutex
	lines map[int]*Line
	old   []*Line // lines whose number went to another board; their rings are given back at the end

	blanked map[int][blankKinds]*Blank // of lines that are not known yet

	start  sync.Once
	end    sync.Once
	cancel context.CancelFunc
	ended  chan struct{}
}

// New checks the configuration and makes a System that does nothing yet.
func New(c Config) (*System, error) {
	if c.Plan == nil {
		return nil, errors.New("make channels: Config.Plan is missing")
	}
	ids := map[string]bool{}
	for _, b := range c.Boards {
		switch {
		case b.ID == "":
			return nil, errors.New("make channels: a board has no ID")
		case ids[b.ID]:
			return nil, fmt.Errorf("make channels: two boards have the ID %q", b.ID)
		case b.Driver.Open == nil:
			return nil, fmt.Errorf("make channels: board %q has no driver", b.ID)
		}
		ids[b.ID] = true
	}
	if c.BootID == "" {
		c.BootID = ulid.Make().String()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.RingSeconds <= 0 {
		c.RingSeconds = 60
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &System{cfg: c, log: c.Logger, metrics: newMetrics(c.Registerer), lines: map[int]*Line{},
		began: time.Now(), ended: make(chan struct{})}
	s.feed = newFeed(s)
	for _, b := range c.Boards {
		s.boards = append(s.boards, newBoard(s, b))
	}
	return s, nil
}

// Start starts the feed and one supervisor per board and returns. Boards that
// cannot be opened are tried again for ever. The context ends it like Close.
func (s *System) Start(ctx context.Context) error {
	err := errors.New("start channels: it was started or closed before")
	s.start.Do(func() {
		err = nil
		ctx, s.cancel = context.WithCancel(ctx)
		go s.feed.run()
		var boards sync.WaitGroup
		for _, b := range s.boards {
			b.alive()
			boards.Go(func() { b.supervise(ctx) })
		}
		go func() {
			boards.Wait()
			close(s.feed.stop)
			<-s.feed.ended
			s.free()
			close(s.ended)
		}()
	})
	return err
}

// Close closes all boards and ends all goroutines but those that hang inside a
// driver. Afterwards Read returns ErrClosed.
func (s *System) Close() {
	s.start.Do(func() { close(s.ended) }) // never started, and never will be
	s.end.Do(func() {
		if s.cancel != nil {
			s.cancel()
		}
	})
	<-s.ended
}

// free gives back all memory that lies outside the Go heap.
func (s *System) free() {
	for _, b := range s.boards {
		if b.leaked.Load() {
			continue
		}
		for _, l := range s.linesOf(b) {
			l.free()
		}
		b.mu.Lock()
		if b.last != nil {
			b.last.trace.free()
			b.last = nil
		}
		b.mu.Unlock()
	}
}

// BootID marks the numbering of this feed.
func (s *System) BootID() string { return s.cfg.BootID }

// Line returns the line with that permanent number.
func (s *System) Line(number int) (*Line, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	l, ok := s.lines[number]
	return l, ok
}

// Lines returns a snapshot of every line ever seen since the start, by number.
func (s *System) Lines() []LineStatus {
	s.mu.RLock()
	all := make([]*Line, 0, len(s.lines))
	for _, l := range s.lines {
		all = append(all, l)
	}
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b *Line) int { return cmp.Compare(a.number, b.number) })
	sts := make([]LineStatus, len(all))
	for i, l := range all {
		sts[i] = l.Status()
	}
	return sts
}

// linesOf returns a board's lines, those whose number has moved away included.
func (s *System) linesOf(b *board) (of []*Line) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, l := range s.lines {
		if l.board == b {
			of = append(of, l)
		}
	}
	for _, l := range s.old {
		if l.board == b {
			of = append(of, l)
		}
	}
	return of
}

// adopt returns the line that a board's configuration names, making it if it
// is new; it then begins in the state given. A number may come from another
// board only when it is not used there.
func (s *System) adopt(b *board, c LineConfig, begin State) (*Line, error) {
	if c.Number < 1 {
		return nil, fmt.Errorf("its number is %d; numbers begin with 1", c.Number)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[c.Number]
	if l != nil && l.board == b {
		return l, nil
	}
	was := l
	if l != nil {
		if l.board.current() != nil && l.view.Load().use != driver.Unused {
			return nil, fmt.Errorf("its number is in use on board %s", l.board.cfg.ID)
		}
		s.old = append(s.old, l)
		s.metrics.feed.leave(l.Status().State)
	}
	if i := slices.IndexFunc(s.old, func(o *Line) bool { return o.board == b && o.number == c.Number }); i >= 0 {
		l = s.old[i] // it comes back: its rings are there
		s.old = slices.Delete(s.old, i, i+1)
		l.renew()
	} else {
		l = newLine(b, c)
		s.blank(l)
	}
	l.inherit(was)
	l.shown = begin
	l.fact.mu.Lock()
	l.fact.state = begin
	l.fact.mu.Unlock()
	s.lines[c.Number] = l
	s.metrics.feed.enter(begin)
	return l, nil
}

// Boards returns a snapshot of every configured board, in their order.
func (s *System) Boards() []BoardStatus {
	sts := make([]BoardStatus, len(s.boards))
	for i, b := range s.boards {
		sts[i] = b.snapshot()
	}
	return sts
}

func (b *board) snapshot() BoardStatus {
	b.mu.RLock()
	f, last, running := b.status, b.last, b.loop != nil
	b.mu.RUnlock()
	st := BoardStatus{ID: b.cfg.ID, Driver: b.cfg.Driver.Name, Model: f.info.Model, Serial: f.info.Serial,
		Location: f.info.Location, State: f.state, Reason: f.reason, Detail: f.detail, Since: f.since,
		Virtual: f.info.Virtual, Simulated: f.info.Simulated, Lines: len(f.info.Lines), Pos: b.marks.pos.Load(),
		Ticks: b.stats.ticks.n.Load(), Late: b.stats.late.n.Load(), Lost: b.stats.lost.n.Load(),
		Slips: b.stats.slips.n.Load(), Missed: b.stats.missed.n.Load(), Underrun: b.stats.underrun.n.Load(), DriftPPM: 0 - float64(b.drift.Load())/1e6}
	if last != nil {
		st.Spans = last.spanStatuses(running)
	}
	if p, ok := b.prio.Load().(string); ok {
		st.Priority = p
	}
	return st
}

// Healthy returns nil while every board's loop either ticks (within 2 s; a
// virtual board may wait) or has been declared gone. A loop that is stuck
// inside the driver becomes gone; one stuck outside it makes this an error.
func (s *System) Healthy() error {
	var errs []error
	for _, b := range s.boards {
		errs = append(errs, b.healthy())
	}
	return errors.Join(errs...)
}
