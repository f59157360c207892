package calls

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"vaad/channels"
	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
)

// Feed is what the journal reads; *channels.Reader is one.
type Feed interface {
	Wake() <-chan struct{}
	Drain(dst []channels.Event) (events []channels.Event, lost bool)
	Close()
}

// Config of a Journal. DB is required.
type Config struct {
	DB         *store.DB
	Lines      func() []channels.LineStatus // asked after events were lost; channels.System.Lines
	Registerer prometheus.Registerer        // nil: metrics are not registered
	Logger     *slog.Logger                 // default slog.Default
	OnWrite    func(error)                  // told when rows cannot be written, and nil when they can again; may be nil
	Flush      time.Duration                // longest time a change waits for the disk; default 200 ms
	Now        func() time.Time             // default time.Now
}

// A Journal holds the rows. All methods may be called from any goroutine; Attach
// and Continues do not wait for the disk.
type Journal struct {
	cfg     Config
	metrics *metrics
	poked   chan struct{} // something to do for Run
	writing sync.Mutex    // held over the disk, before mu

	mu     sync.Mutex
	rows   map[string]*Row    // open rows, and those that the disk does not have yet
	byLine map[int]string     // the open row of a line
	dirty  map[string]bool    // rows to write
	waits  map[string]*attach // what was said of calls that are not in rows
	sick   bool               // the last write failed
	alive  time.Time          // when the last write said that this run lives

	forgot     uint64 // changes when a number is forgotten: what was read before may still have it
	forgetting int    // numbers that are being forgotten: rows stay in rows, or one would pass them by
}

// attach is what the recorder said of a call.
type attach struct {
	recordings, why []string
	thrown          []string // recordings that are not kept
	continues       string   // ID of the row before the restart
	continuedBy     string
	note            Note
	at              time.Time
	looked          bool // it is not on disk
}

const (
	maxRows    = 50_000           // in memory while the disk cannot be written
	maxWaits   = 10_000           //
	waitFor    = 5 * time.Minute  // for the begin of a call that the recorder spoke of
	beat       = 10 * time.Second // between two signs of life while calls are up
	retry      = time.Second      // after a write failed
	sameWait   = 30 * time.Second // between the tone of a call that waits and its number
	maxWaiting = 16               // calls that wait during one call, kept
	maxTones   = 16               // of fax and modems, kept of one call
	maxKeys    = 256              // digits kept of one call: a line that clicks for days must not fill memory
)

// New opens the journal and ends the rows that the last run left open.
func New(cfg Config) (*Journal, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Flush <= 0 {
		cfg.Flush = 200 * time.Millisecond
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	j := &Journal{cfg: cfg, metrics: newMetrics(cfg.Registerer), poked: make(chan struct{}, 1),
		rows: map[string]*Row{}, byLine: map[int]string{}, dirty: map[string]bool{}, waits: map[string]*attach{}}
	if err := j.endOld(); err != nil {
		return nil, fmt.Errorf("open the call journal: %w", err)
	}
	return j, nil
}

// Run reads the feed until ctx ends, then writes what is left and closes the feed.
func (j *Journal) Run(ctx context.Context, f Feed) error {
	defer f.Close()
	flush := time.NewTimer(time.Hour)
	flush.Stop()
	set := false // flush runs
	arm := func(d time.Duration) {
		if !set {
			flush.Reset(d)
			set = true
		}
	}
	life := time.NewTicker(beat)
	defer life.Stop()
	var events []channels.Event
	for {
		select {
		case <-f.Wake():
		case <-j.poked:
		case <-life.C:
			arm(0)
		case <-flush.C:
			set = false
			if !j.write() {
				arm(retry)
			}
		case <-ctx.Done():
			j.read(f, events)
			if !j.write() {
				return fmt.Errorf("calls: %d rows could not be written", j.unwritten())
			}
			return nil
		}
		events = j.read(f, events)
		if j.unwritten() > 0 {
			arm(j.cfg.Flush)
		}
	}
}

// read takes all that the feed has.
func (j *Journal) read(f Feed, buf []channels.Event) []channels.Event {
	events, lost := f.Drain(buf[:0])
	j.mu.Lock()
	for i := range events {
		j.event(&events[i])
	}
	j.mu.Unlock()
	if lost {
		j.cfg.Logger.Error("the call journal lost events; calls that were up are looked up anew")
		j.resync()
	}
	j.settle()
	return events
}

// Attach notes that a recording belongs to a call, and why it was made; or, with
// no recording, why the call has none. Either may be empty. Calls of which no
// event has been read yet are remembered for a while.
func (j *Journal) Attach(call, recording, why string) {
	j.say(call, func(a *attach) {
		a.recordings = add(a.recordings, recording)
		a.why = add(a.why, why)
	})
}

// Detach notes that a recording of a call was thrown away, and why; "" where the
// journal knows by itself.
func (j *Journal) Detach(call, recording, why string) {
	j.say(call, func(a *attach) {
		a.thrown = add(a.thrown, recording)
		a.why = add(a.why, why)
	})
}

// Continues notes that a call is the one that ran when vaad stopped, under the ID before.
func (j *Journal) Continues(call, before string) {
	j.say(call, func(a *attach) { a.continues = before })
}

func (j *Journal) say(call string, f func(*attach)) {
	if call == "" {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	a := j.waits[call]
	if a == nil {
		if len(j.waits) >= maxWaits {
			return
		}
		a = &attach{at: j.cfg.Now()}
		j.waits[call] = a
	}
	f(a)
	select {
	case j.poked <- struct{}{}:
	default:
	}
}
