package emulator

import (
	"context"
	"io"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// Options say what to emulate.
type Options struct {
	Chip      Chip
	Dir       string   // folder of the line socket
	PPM       float64  // how fast its clock is, in parts per million
	Countries []string // whose tones are meant where several fit; none: China's

	// Trace, where not nil, is given the dialogue: way is "asked", "said" or
	// "event". It is called from Run's goroutine.
	Trace func(way, text string)
	// Log, where not nil, is given what people should know.
	Log func(text string)
}

// Status is what a modem does now.
type Status struct {
	OffHook    bool
	Class      string
	Plugged    bool
	Samples    int64 // by its clock
	Heard      int64 // samples of voice data from the host
	Said       int64 // samples of voice data to the host
	Overruns   int64 // bytes of voice data that were lost
	Underruns  int64 // samples of silence that the line was sent for want of data
	Slips      int64 // blocks of the line that came too early
	MissedLine int64 // blocks of the line that did not come
}

// Modem is an emulated modem. Its methods may be called from any goroutine while
// Run runs.
type Modem struct {
	opts  Options
	core  *modem
	line  *socket
	dte   *dte
	calls chan func()
	ended chan struct{}
	once  sync.Once
}

// A tick waits for a block of a peer that answers each so long, counted in steps: in one of
// them the whole machine may have stood still, the peer too.
const (
	graceStep  = 20 * time.Millisecond
	graceSteps = 10
)

// New makes a modem and opens its line socket. It has no power until Run.
func New(o Options) (*Modem, error) {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	line, err := listen(o.Dir)
	if err != nil {
		return nil, err
	}
	m := &Modem{opts: o, line: line, calls: make(chan func()), ended: make(chan struct{})}
	m.power()
	return m, nil
}

// power makes a modem as after power-on.
func (m *Modem) power() {
	hook := m.core != nil && m.core.hook
	m.core = newModem(m.opts.Chip, m.opts.Countries...)
	if m.opts.Trace != nil {
		m.core.note = m.opts.Trace
	}
	if hook {
		m.core.wish = append(m.core.wish, "on-hook")
	}
}

// Run is the modem's clock. It ends with ctx.
func (m *Modem) Run(ctx context.Context) error {
	defer m.once.Do(func() { close(m.ended) })
	defer m.line.close()
	defer func() { m.dte.close() }()
	go m.line.serve(m.opts.Log)
	leave := hurry()
	defer leave()
	began, ticks := time.Now(), int64(0)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var step time.Time // when this step of the grace ends; zero: no block is waited for
	steps := 0         // that have ended since the peer's last block
	for {
		in, out, chunk := m.dte.ways(m.core)
		select {
		case <-ctx.Done():
			return nil
		case f := <-m.calls:
			f()
		case b := <-in:
			if len(b) == 0 {
				m.core.drop()
			}
			m.dte.rest = b
			m.feed()
		case out <- chunk:
			m.dte.fresh = nil
		case <-m.line.ready:
		case <-timer.C:
		}
		now := time.Now()
		at := began.Add(time.Duration(float64(ticks) * float64(driver.Tick) / (1 + m.opts.PPM/1e6)))
		late := now.Sub(at)
		if late < 0 {
			timer.Reset(-late)
			continue
		}
		has, awaited := m.line.due()
		if awaited && steps < graceSteps {
			if !step.IsZero() && !now.Before(step) {
				steps++
			}
			if step.IsZero() || !now.Before(step) {
				step = now.Add(graceStep)
			}
			timer.Reset(step.Sub(now))
			continue
		}
		if step = (time.Time{}); has {
			steps = 0
		}
		m.tick(int(late / driver.Tick))
		ticks++
		timer.Reset(0) // what is due too comes when the host has had its turn
	}
}

// hurry makes this goroutine's thread one that hardly waits, where that is
// allowed: what stands for hardware is to be late as seldom as hardware is. The
// thread must not end before: processes that it started would go with it.
func hurry() (leave func()) {
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), -15)
	return func() {
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 0)
		runtime.UnlockOSThread()
	}
}

// tick moves the core by a block.
func (m *Modem) tick(due int) {
	var tx [driver.Block]int16
	b := m.line.take(due)
	m.core.tick(b.pcm[:], tx[:], b.what)
	m.core.leak(float64(driver.Block) / driver.Rate)
	m.line.give(tx[:], m.core.wish)
	m.core.wish = m.core.wish[:0]
	m.feed()
}

// feed gives the core what of the host's bytes it can take.
func (m *Modem) feed() {
	if d := m.dte; d != nil && len(d.rest) > 0 {
		d.rest = d.rest[m.core.host(d.rest):]
	}
}

// do calls f on Run's goroutine.
func (m *Modem) do(f func()) {
	done := make(chan struct{})
	select {
	case m.calls <- func() { f(); close(done) }:
		<-done
	case <-m.ended:
	}
}

// Plug connects a host: the modem has power. lost is closed when the host's side
// fails or is unplugged.
func (m *Modem) Plug(rw io.ReadWriteCloser) (lost <-chan struct{}) {
	d := open(rw)
	m.do(func() {
		m.dte.close()
		m.dte = d
		m.power()
	})
	return d.gone
}

// Unplug takes the modem away from its host, which also takes its power.
func (m *Modem) Unplug() {
	m.do(func() {
		m.dte.close()
		m.dte = nil
		m.power()
	})
}

// Break sets what is wrong with the modem; Fault{} mends it.
func (m *Modem) Break(f Fault) { m.do(func() { m.core.fault = f }) }

// Status says what the modem does.
func (m *Modem) Status() (s Status) {
	m.do(func() {
		c := m.core
		s = Status{OffHook: c.hook, Class: c.set.class, Plugged: m.dte != nil, Samples: c.pos, Heard: c.Counters.Heard, Said: c.Counters.Said,
			Overruns: c.Counters.Overruns, Underruns: c.Counters.Underrun}
		m.line.mu.Lock()
		s.Slips, s.MissedLine = m.line.slips, m.line.missed
		m.line.mu.Unlock()
	})
	return s
}
