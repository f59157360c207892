package anchor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/evidence"

	"github.com/prometheus/client_golang/prometheus"
)

// A Note is one checkpoint.
type Note struct {
	evidence.Checkpoint
	Text []byte // as it was signed
}

// A Way is one kind of outside.
type Way interface {
	Name() string         // a word: "mail", "tsa"
	Every() time.Duration // between two times; 0: the way is not open
	// Keep gives the notes away, oldest first. It returns when they have arrived.
	Keep(ctx context.Context, notes []Note) error
}

// Alarms is told of ways that fail.
type Alarms interface {
	Raise(code, subject string, args map[string]string)
	Clear(code, subject string)
}

// Config is what Run works on.
type Config struct {
	Recordings string // folder
	State      string // file
	Ways       []Way
	Alarms     Alarms
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time // nil = time.Now
	Wake       <-chan struct{}  // rings when the settings of a way have changed; nil: never
}

const (
	lookEvery  = 30 * time.Second
	firstRetry = time.Minute
	lastRetry  = time.Hour
	keepTime   = 5 * time.Minute // for one mail or stamp
	maxNotes   = 4000            // at once; 1 MB
	maxRead    = 16 << 20        // of the file of checkpoints, at once
)

// done is how far a way has come.
type done struct {
	Number int64     `json:"number"` // of the newest checkpoint that arrived
	At     int64     `json:"at"`     // behind it in the file of checkpoints
	Time   time.Time `json:"time"`   // when it did
}

// state is the file.
type state struct {
	V    int             `json:"v"` // 1
	Ways map[string]done `json:"ways"`
}

// runner is the one goroutine.
type runner struct {
	c     Config
	state state
	again map[string]retry
	last  *prometheus.GaugeVec
	fails *prometheus.CounterVec
}

// retry is when a way that failed is tried again.
type retry struct {
	at   time.Time
	wait time.Duration
}

// Run gives checkpoints away until the context ends.
func Run(ctx context.Context, c Config) error {
	r := newRunner(c)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		r.look(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-r.c.Wake:
			clear(r.again) // what was wrong may be right now
		}
	}
}

func newRunner(c Config) *runner {
	if c.Now == nil {
		c.Now = time.Now
	}
	r := &runner{c: c, again: map[string]retry{}, state: state{V: 1, Ways: map[string]done{}}}
	r.last = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_evidence_anchored_timestamp_seconds",
		Help: "Time of signing of the newest checkpoint that arrived outside the box."}, []string{"way"})
	r.fails = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_evidence_anchor_failures_total",
		Help: "Tries to give checkpoints away that failed."}, []string{"way"})
	if c.Registerer != nil {
		c.Registerer.MustRegister(r.last, r.fails)
	}
	if b, err := os.ReadFile(c.State); err == nil {
		var s state
		if json.Unmarshal(b, &s) == nil && s.V == 1 && s.Ways != nil {
			r.state = s
		} else {
			c.Logger.Warn("it is not known which checkpoints were given away; the newest is given again", "file", c.State)
		}
	}
	return r
}

// look gives away what is due.
func (r *runner) look(ctx context.Context) {
	for _, w := range r.c.Ways {
		name := w.Name()
		every := w.Every()
		if every <= 0 {
			r.c.Alarms.Clear(evidence.AlarmFailed, name)
			delete(r.again, name)
			continue
		}
		now := r.c.Now()
		d, known := r.state.Ways[name]
		if wait := now.Sub(d.Time); known && wait >= 0 && wait < every {
			continue
		}
		if a, failed := r.again[name]; failed && now.Before(a.at) && a.at.Sub(now) <= a.wait {
			continue // a clock that was set back does not make it wait longer
		}
		if err := r.give(ctx, w, d); ctx.Err() == nil {
			r.result(name, now, err)
		}
	}
}

// give gives away what a way does not have yet.
func (r *runner) give(ctx context.Context, w Way, d done) error {
	notes, end, err := r.read(d)
	if err != nil || len(notes) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, keepTime)
	defer cancel()
	if err := w.Keep(ctx, notes); err != nil {
		return err
	}
	newest := notes[len(notes)-1]
	r.last.WithLabelValues(w.Name()).Set(float64(newest.Time.Unix()))
	r.state.Ways[w.Name()] = done{Number: newest.Number, At: end, Time: r.c.Now().UTC()}
	return r.save()
}

func (r *runner) result(name string, now time.Time, err error) {
	if err == nil {
		delete(r.again, name)
		r.c.Alarms.Clear(evidence.AlarmFailed, name)
		return
	}
	wait := min(max(2*r.again[name].wait, firstRetry), lastRetry)
	r.again[name] = retry{now.Add(wait), wait}
	r.fails.WithLabelValues(name).Inc()
	r.c.Logger.Error("checkpoints cannot be given away; it is tried again", "way", name, "error", err, "wait", wait)
	r.c.Alarms.Raise(evidence.AlarmFailed, name, map[string]string{"reason": err.Error()})
}

// read returns the notes behind what was given away, at most maxNotes, and where
// they end in the file. Of a file that is shorter than it was, or another one,
// all notes with higher numbers are new.
func (r *runner) read(d done) (notes []Note, end int64, err error) {
	f, err := os.Open(filepath.Join(r.c.Recordings, evidence.NotesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil // nothing has been signed yet
	}
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }() // only read
	fi, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if d.At > fi.Size() {
		d.At = 0
	}
	for end = d.At; end < fi.Size() && (len(notes) == 0 || d.Number == 0); {
		b := make([]byte, min(fi.Size()-end, maxRead))
		if _, err := f.ReadAt(b, end); err != nil && err != io.EOF {
			return nil, 0, err
		}
		from := end
		for _, text := range evidence.ReadNotes(b) {
			if end+int64(len(text))+1 > fi.Size() {
				break // its end is being written
			}
			end += int64(len(text)) + 1
			cp, err := evidence.ParseCheckpoint(text, nil)
			if err != nil || cp.Number <= d.Number {
				continue // damaged, or known
			}
			if d.Number == 0 {
				notes = notes[:0] // a way that is new wants the newest only
			}
			if notes = append(notes, Note{cp, text}); len(notes) == maxNotes {
				return notes, end, nil
			}
		}
		if end == from {
			break
		}
	}
	return notes, end, nil
}

// save writes the state, whole or not at all.
func (r *runner) save() error {
	b, err := json.Marshal(r.state)
	if err != nil {
		return err
	}
	return archive.ReplaceFile(r.c.State, append(b, '\n'), 0o600)
}
