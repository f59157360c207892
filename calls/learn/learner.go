package learn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"vaad/channels"
	"vaad/driver"
)

// Lines is what a Learner needs of the lines: [channels.System].
type Lines interface {
	Line(number int) (*channels.Line, bool)
	Wish(context.Context, channels.Wish) (channels.Accepted, error)
	Subscribe(name string, lossless bool) *channels.Reader
}

// Why a run does not begin, or is none.
var (
	ErrTap        = errors.New("a tap only listens: it is learnt from the calls that others make")
	ErrNoTrunk    = errors.New("only analog trunks can be learnt by calls of our own")
	ErrRunning    = errors.New("the line is being learnt already")
	ErrNone       = errors.New("nothing was asked to be learnt of the line")
	ErrNumber     = errors.New("a number is of the keys 0-9 * # and \"+\" in front, 40 at most")
	ErrNotRunning = errors.New("no line can be learnt now")
	ErrInUse      = errors.New("the line is in use")
)

// Config is what a Learner is made of.
type Config struct {
	Lines  Lines
	Line   func(number int) (country, prefix string) // what the settings say of a line
	Now    func() time.Time                          // nil: time.Now
	Closes time.Duration                             // how long the end of a call is waited for when a run is over; 0: 5 s
}

// A Job is a run on a line as it is now, or as it ended.
type Job struct {
	ID      string
	Order   Order
	Actor   string
	Begun   time.Time
	Ended   time.Time // zero: it goes on
	State   State
	Why     string
	Steps   []TimedStep
	Items   []Item
	Profile Profile
}

// A TimedStep is a Step in the time of the wall.
type TimedStep struct {
	Code       string
	Begin, End time.Time // End zero: it goes on
	Limit      time.Duration
	Of         string
}

// A Learner runs one guided run per line. Its methods may be called from any goroutine.
type Learner struct {
	cfg Config

	mu   sync.Mutex
	jobs map[int]*job // the last of each line
	stop context.Context
	wg   sync.WaitGroup
}

type job struct {
	shown  Job // under Learner.mu
	cancel context.CancelFunc
}

// New makes a Learner. Run must run.
func New(c Config) *Learner {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Closes == 0 {
		c.Closes = 5 * time.Second
	}
	return &Learner{cfg: c, jobs: map[int]*job{}}
}

// Run lets runs begin until ctx ends; then it ends those that go on, and their calls.
func (l *Learner) Run(ctx context.Context) error {
	l.mu.Lock()
	l.stop = ctx
	l.mu.Unlock()
	<-ctx.Done()
	l.mu.Lock()
	l.stop = nil
	l.mu.Unlock()
	l.wg.Wait()
	return nil
}

// Start begins a run. o needs Line, Busy, Call and Incoming; the rest is known of the line.
// Errors: channels.ErrNoLine, channels.ErrNotUsed, and those of this package.
func (l *Learner) Start(o Order, actor string) (Job, error) {
	line, ok := l.cfg.Lines.Line(o.Line)
	if !ok {
		return Job{}, channels.ErrNoLine
	}
	st := line.Status()
	switch {
	case l.learning(o.Line):
		return Job{}, ErrRunning
	case st.Use == driver.Tap:
		return Job{}, ErrTap
	case st.Use == driver.Unused:
		return Job{}, channels.ErrNotUsed
	case st.Use != driver.Trunk || st.Kind != driver.FXO:
		return Job{}, ErrNoTrunk
	case st.State == channels.GoneState:
		return Job{}, channels.ErrGone
	case st.Call != "" || st.State != channels.Idle && st.State != channels.NoBattery:
		return Job{}, ErrInUse
	case !dialable(o.Busy) || !dialable(o.Call):
		return Job{}, ErrNumber
	}
	o.Country, o.Prefix = l.cfg.Line(o.Line)
	o.Volts, o.OnHook = st.Caps.Has(driver.CapVolts), st.Caps.Has(driver.CapOnHookRx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop == nil {
		return Job{}, ErrNotRunning
	}
	if was := l.jobs[o.Line]; was != nil && was.shown.Ended.IsZero() {
		return Job{}, ErrRunning
	}
	now := l.cfg.Now().UTC()
	ctx, cancel := context.WithCancel(l.stop)
	j := &job{cancel: cancel, shown: Job{ID: fmt.Sprintf("learn-%d-%x", o.Line, now.UnixNano()), Order: o, Actor: actor, Begun: now}}
	f := &following{l: l, job: j, line: line, reader: l.cfg.Lines.Subscribe("learn", true), replies: make(chan error, 4)}
	f.run = NewRun(o, j.shown.ID, line.Fed())
	f.pos = line.Fed()
	f.show(&j.shown)
	l.jobs[o.Line] = j
	l.wg.Go(func() { f.follow(ctx) })
	return j.shown, nil
}

func (l *Learner) learning(line int) bool {
	j, err := l.Job(line)
	return err == nil && j.Ended.IsZero()
}

func dialable(number string) bool {
	return len(number) <= 40 && strings.Trim(strings.TrimPrefix(number, "+"), "0123456789*#") == "" && number != "+"
}

// Job is the run that goes on on a line, or the last one.
func (l *Learner) Job(line int) (Job, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.jobs[line]
	if j == nil {
		return Job{}, ErrNone
	}
	return j.shown, nil
}

// Cancel ends the run that goes on on a line, and its call.
func (l *Learner) Cancel(line int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.jobs[line]
	if j == nil || !j.shown.Ended.IsZero() {
		return ErrNone
	}
	j.cancel()
	return nil
}
