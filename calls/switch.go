package calls

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"vaad/channels"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// Lines is what a Switch wishes things of; *channels.System is one. Its methods
// may wait for a tick of a board and fail with channels.ErrBusy, channels.ErrGone
// and what channels/wish.go lists.
type Lines interface {
	Lines() []channels.LineStatus
	Wish(ctx context.Context, w channels.Wish) (channels.Accepted, error)
	Play(ctx context.Context, p channels.Play) (channels.Accepted, error)
	Quiet(ctx context.Context, line int) error
	Join(ctx context.Context, j channels.Joining) (channels.Accepted, error)
	Leave(ctx context.Context, line int, id string) (channels.Accepted, error)
}

// Noter takes what a Switch knows of a call that its line does not; *Journal is one.
type Noter interface {
	Note(call string, n Note)
}

// SwitchConfig is what a Switch is made of. Lines is required. PBX and Music are
// asked at each use with a lock held: they must answer at once, and what they
// gave must not change afterwards.
type SwitchConfig struct {
	Lines      Lines
	PBX        func() PBX                      // nil: nothing is done by itself
	Music      func(line int) []channels.Audio // what a held party on that line hears; nil, or nothing: silence
	Notes      Noter                           // nil: nobody
	Registerer prometheus.Registerer           // nil: metrics are not registered
	Logger     *slog.Logger                    // default slog.Default
}

// A Switch owns the legs of calls and the bridges between them. Its methods may
// be called from any goroutine while Run runs; each takes who asks (actor: a user,
// or a program), which is kept with what it begins. Their errors are *Failure.
type Switch struct {
	cfg     SwitchConfig
	metrics *switchMetrics
	rows    []legRow
	prefix  string // of the IDs of our wishes

	mu       sync.Mutex
	running  bool
	ctx      context.Context // of Run; ends the work under way
	n        uint64          // of IDs
	legs     map[string]*leg
	bridges  map[string]*bridge
	attempts map[string]*attempt // by ID of the wish
	trying   map[int]*attempt    // by line
	dials    map[*dial]bool
	moving   map[string]*leg // to another timeslot, by board
	work     map[int]*work   // of lines that have any
	workers  sync.WaitGroup
	last     map[string]int // the line taken last, by trunk group
	lines    map[int]channels.LineStatus

	watchers map[*Watcher]bool
	touched  []*leg // changed since the last lock, in order
	shifted  []*bridge
	changes  []Change
}

// NewSwitch makes a Switch; nothing happens before Run.
func NewSwitch(cfg SwitchConfig) *Switch {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &Switch{cfg: cfg, metrics: newSwitchMetrics(cfg.Registerer), rows: legRows(), prefix: ulid.Make().String(), legs: map[string]*leg{},
		bridges: map[string]*bridge{}, attempts: map[string]*attempt{}, trying: map[int]*attempt{}, moving: map[string]*leg{}, dials: map[*dial]bool{}, work: map[int]*work{},
		last: map[string]int{}, watchers: map[*Watcher]bool{}}
}

// Run reads the feed, a lossless reader, until ctx ends, and closes it. Calls that
// are up stay up: the lines own them.
func (s *Switch) Run(ctx context.Context, f Feed) error {
	defer f.Close()
	s.lock()
	s.running, s.ctx = true, ctx
	s.reconcile(false)
	s.unlock()
	var events []channels.Event
	for {
		select {
		case <-f.Wake():
			events = s.read(f, events)
		case <-ctx.Done():
			s.stop()
			return nil
		}
	}
}

// stop ends what runs beside Run.
func (s *Switch) stop() {
	s.lock()
	s.running = false
	for w := range s.watchers {
		close(w.c)
		delete(s.watchers, w)
	}
	s.unlock()
	s.workers.Wait()
}

// read takes all that the feed has.
func (s *Switch) read(f Feed, buf []channels.Event) []channels.Event {
	events, lost := f.Drain(buf[:0])
	s.lock()
	defer s.unlock()
	for i := range events {
		s.event(&events[i])
	}
	if lost {
		s.cfg.Logger.Error("the switch lost events; calls that are up are looked up anew")
		s.reconcile(true)
	}
	return events
}

// pbx is what the switch is to do by itself, as it is set now.
func (s *Switch) pbx() PBX {
	if s.cfg.PBX == nil {
		return PBX{}
	}
	return s.cfg.PBX()
}

// id makes an ID of a wish.
func (s *Switch) id() string {
	s.n++
	return s.prefix + "-" + strconv.FormatUint(s.n, 36)
}

// ours says whether an ID was made by this switch.
func (s *Switch) ours(id string) bool { return strings.HasPrefix(id, s.prefix+"-") }

// after calls f, locked, in d, unless the timer is stopped or the switch has ended.
func (s *Switch) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		s.lock()
		defer s.unlock()
		if s.running {
			f()
		}
	})
}

// stopTimer stops a timer that may not be set.
func stopTimer(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

func (s *Switch) lock() { s.mu.Lock() }

// unlock tells of what has changed while the lock was held.
func (s *Switch) unlock() {
	s.tell()
	s.mu.Unlock()
}

// CallRequest is a call to be made.
type CallRequest struct {
	Line    int           // a trunk to dial on or a station to ring; 0: by Group
	Group   string        // a trunk group of PBX.Groups: the next free trunk of it; "" with Line 0: any free trunk
	Number  string        // whom to dial: 0-9 * # A-D, "+" in front, "," for a pause of 1 s; unused with a station
	Caller  string        // who calls, as the far end is to see it
	Name    string        // its name
	Private bool          // the caller's number is not to be shown
	Ring    string        // a station's cadence, as channels.Wish.Ring; "": "inside"
	Timeout time.Duration // not answered after this time, it is given up; 0: telephones ring as long as PBX.RingFor, the network decides elsewhere
	For     string        // ID of a leg that is connected when this one is answered, hears how it goes, and ends with it; "": nobody
}

// PlayRequest is what legs are to hear. Either Leg or Bridge is set.
type PlayRequest struct {
	Leg    string // ID of a leg: it hears this in place of all else, unless Over is set
	Bridge string // ID of a bridge: all in it hear this over each other
	Audio  []channels.Audio
	Loop   bool    // again from the beginning, until it is stopped
	Over   bool    // mixed with what the leg hears of others
	Queue  bool    // after what plays there
	StopOn string  // keys of the far party that stop it
	GainDB float64 //
}
