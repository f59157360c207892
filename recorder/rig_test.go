package recorder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp/g711"
	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/index"
)

// A board is a virtual board whose time the test moves. Audio numbers itself;
// volts are what the test says.
type board struct {
	info driver.Info

	mu    sync.Mutex
	moved *sync.Cond
	pos   int64 // of the next frame
	to    int64 // how far it may go
	gone  bool
	n     uint64
	audio func(line int, pos int64) byte // nil: pattern
	mute  bool                           // audio stays as it is: for measuring others
	heard bool                           // audio is more than bytes to keep: it is listened to
	mv    []int32                        // voltage per line now
	plan  map[int64][]driver.Event       // what happens at a position (a multiple of a block)
}

func newBoard(lines int, law driver.Law) *board {
	b := &board{plan: map[int64][]driver.Event{}, info: driver.Info{Driver: "fake", Model: "Fake", Virtual: true, Simulated: true}}
	for i := range lines {
		b.info.Lines = append(b.info.Lines, driver.Line{Port: i + 1, Kind: driver.FXO, Law: law, VoltsEvery: 2000,
			Caps: driver.CapTx | driver.CapHook | driver.CapOnHookRx | driver.CapRingDetect | driver.CapVolts | driver.CapPolarity})
		b.mv = append(b.mv, -48000)
	}
	b.moved = sync.NewCond(&b.mu)
	return b
}

func (b *board) Info() driver.Info { return b.info }

func (b *board) Exchange(_, rx *driver.Frame) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.pos+driver.Block > b.to && !b.gone {
		b.moved.Wait()
	}
	if b.gone {
		return driver.ErrGone
	}
	rx.Reset()
	rx.Seq, rx.Pos = b.n, b.pos
	for i := range b.info.Lines {
		if b.n == 0 {
			rx.Event(driver.State, i, 0, 0, nil)
		}
		code := rx.LineCode(i)
		if b.mute {
			code = nil
		}
		for k := range code {
			if b.audio != nil {
				code[k] = b.audio(i, b.pos+int64(k))
			} else {
				code[k] = pattern(i, b.pos+int64(k))
			}
		}
		if b.heard {
			g711.Decode(rx.LinePCM(i), code, g711.Law(b.info.Lines[i].Law))
		}
		if b.pos%2000 < driver.Block && b.info.Lines[i].Caps.Has(driver.CapVolts) {
			rx.Event(driver.Volts, i, 0, b.mv[i], nil)
		}
	}
	for _, e := range b.plan[b.pos] {
		rx.Event(e.Kind, e.Line, e.At, e.Value, e.Data)
		if e.Kind == driver.Volts {
			b.mv[e.Line] = e.Value
		}
	}
	b.n++
	b.pos += driver.Block
	return nil
}

func (b *board) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
	b.moved.Broadcast()
	return nil
}

// pattern is the audio of a line: no two stretches of a few samples are equal.
func pattern(line int, p int64) byte {
	x := uint64(p)*0x9E3779B97F4A7C15 + uint64(line+1)*0xBF58476D1CE4E5B9
	x ^= x >> 29
	x *= 0x94D049BB133111EB
	return byte(x >> 56)
}

func wantAudio(line int, from, n int64) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = pattern(line, from+int64(i))
	}
	return b
}

// A rig is a recorder on a board.
type rig struct {
	t     testing.TB
	board *board
	sys   *channels.System
	disk  archive.Disk
	arch  *archive.Archive
	rec   *Recorder
	calls *journal
	alarm *alarms
	evs   *channels.Reader

	settings map[int]LineConfig
	reserve  Reserve

	mu    sync.Mutex
	seals []archive.JournalLine
	stop  func() // ends the recorder
	close func() // and all
}

type option func(*rig, *Config, *channels.Config)

// newRig starts a recorder on a board with one rule for all lines. disk nil:
// in memory.
func newRig(t testing.TB, b *board, c LineConfig, disk archive.Disk, opts ...option) *rig {
	t.Helper()
	r := &rig{t: t, board: b, disk: disk, calls: newJournal(), alarm: &alarms{up: map[string]int{}}, settings: map[int]LineConfig{}}
	if disk == nil {
		r.disk = memdisk.New()
	}
	for i := range b.info.Lines {
		r.settings[i+1] = c
	}
	var err error
	if r.arch, err = archive.Open(archive.Config{Disk: r.disk}); err != nil {
		t.Fatal(err)
	}
	opened := false
	cc := channels.Config{Plan: everyLine{driver.Tap}, Boards: []channels.BoardConfig{{ID: "b", Driver: driver.Driver{Name: "fake",
		Open: func(context.Context, driver.Candidate, driver.Config) (driver.Board, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			if opened && b.gone {
				return nil, fmt.Errorf("open fake: it is gone")
			}
			opened = true
			return b, nil
		}}}}}
	rc := Config{Archive: r.arch, Calls: r.calls, Alarms: r.alarm, ClockSynced: func() bool { return true },
		Settings: func(n int) LineConfig { r.mu.Lock(); defer r.mu.Unlock(); return r.settings[n] },
		Reserve:  func() Reserve { r.mu.Lock(); defer r.mu.Unlock(); return r.reserve }}
	for _, o := range opts {
		o(r, &rc, &cc)
	}
	if r.sys, err = channels.New(cc); err != nil {
		t.Fatal(err)
	}
	rc.System = r.sys
	if r.rec, err = New(rc); err != nil {
		t.Fatal(err)
	}
	unsub := r.arch.Subscribe(func(l archive.JournalLine) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if l.Seal != nil {
			r.seals = append(r.seals, l)
		}
	})
	r.evs = r.sys.Subscribe("test", true)
	r.rec.writer.patience = time.Minute // a machine may stand still for a while
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.rec.Run(ctx) }()
	r.stop = sync.OnceFunc(func() { cancel(); <-done })
	r.close = sync.OnceFunc(func() {
		r.stop()
		unsub()
		r.evs.Close()
		r.sys.Close()
		_ = r.arch.Close()
	})
	t.Cleanup(r.close)
	if err := r.sys.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-r.rec.running
	return r
}

// everyLine numbers lines as their ports.
type everyLine struct{ use driver.Use }

func (everyLine) Spans(string, driver.Info) []channels.SpanConfig { return nil }

func (p everyLine) Lines(_ string, info driver.Info) (all []channels.LineConfig, _ error) {
	for _, l := range info.Lines {
		all = append(all, channels.LineConfig{Number: l.Port, Port: l.Port, Use: p.use, Name: fmt.Sprintf("line %d", l.Port)})
	}
	return all, nil
}

// until waits for something that another goroutine brings about.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	give := time.After(2 * time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-give:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// to lets the board run to a position and waits until it is there.
func (r *rig) to(pos int64) {
	r.t.Helper()
	pos -= pos % driver.Block
	r.board.mu.Lock()
	r.board.to = max(r.board.to, pos)
	r.board.moved.Broadcast()
	r.board.mu.Unlock()
	until(r.t, fmt.Sprintf("position %d", pos), func() bool { return r.line(1) != nil && r.line(1).Fed() >= pos })
	r.decided()
}

// decided waits until the recorder has acted on all that is known now.
func (r *rig) decided() {
	r.t.Helper()
	if err := r.rec.ask("look", 1, func(*watch, int64) error { return nil }); err != nil && !errors.Is(err, ErrNotRunning) {
		r.t.Fatal(err)
	}
}

func (r *rig) run(d time.Duration) { r.t.Helper(); r.to(r.fed() + int64(d*rate/time.Second)) }

func (r *rig) fed() int64 {
	if l := r.line(1); l != nil {
		return l.Fed()
	}
	return 0
}

func (r *rig) line(n int) *channels.Line {
	l, _ := r.sys.Line(n)
	return l
}

// at plans something on a line at a position in the future.
func (r *rig) at(pos int64, line int, k driver.EventKind, value int32) {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	block := pos - pos%driver.Block
	r.board.plan[block] = append(r.board.plan[block], driver.Event{Kind: k, Line: line - 1, At: int(pos - block), Value: value})
}

const (
	restMV   = -48000
	liftedMV = -9000
)

// hook plans that the telephone of a line is taken up or put down.
func (r *rig) hook(pos int64, line int, off bool) {
	mv := int32(restMV)
	if off {
		mv = liftedMV
	}
	r.at(pos, line, driver.Volts, mv)
}

// settle lets some time pass until everything that is decided is sealed.
func (r *rig) settle() []archive.JournalLine {
	r.t.Helper()
	until(r.t, "the writer", func() bool {
		r.rec.mu.Lock()
		defer r.rec.mu.Unlock()
		for rec := range r.rec.cold {
			limit, last := rec.limit()
			if last || limit-rec.written.Load() >= portion {
				return false
			}
		}
		return true
	})
	if err := r.arch.Flush(context.Background()); err != nil {
		r.t.Fatal(err)
	}
	return r.sealed()
}

func (r *rig) sealed() []archive.JournalLine {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(r.seals)
	slices.SortFunc(all, func(a, b archive.JournalLine) int {
		if c := a.Seal.Line - b.Seal.Line; c != 0 {
			return c
		}
		return int(a.Seal.BeginPos - b.Seal.BeginPos)
	})
	return all
}

// one waits until exactly one recording is sealed and returns it.
func (r *rig) one() archive.JournalLine {
	r.t.Helper()
	all := r.settle()
	if len(all) != 1 {
		r.t.Fatalf("%d recordings were sealed, want 1", len(all))
	}
	return all[0]
}

// audio returns the samples of one side.
func (r *rig) audio(l archive.JournalLine, side string) []byte {
	r.t.Helper()
	a, err := r.arch.Audio(l.Day, l.ID, side)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	b, err := io.ReadAll(a.Data())
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *rig) story(l archive.JournalLine) archive.Story {
	r.t.Helper()
	s, err := r.arch.Story(l.Day, l.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// exact checks that a recording of a mono line is [from, to) sample for sample.
func (r *rig) exact(l archive.JournalLine, from, to int64) {
	r.t.Helper()
	s := l.Seal
	if s.BeginPos != from || s.BeginPos+s.Samples != to {
		r.t.Errorf("recording of line %d is [%d, %d), want [%d, %d)", s.Line, s.BeginPos, s.BeginPos+s.Samples, from, to)
	}
	if got := r.audio(l, "mixed"); string(got) != string(wantAudio(s.Line-1, s.BeginPos, s.Samples)) {
		r.t.Errorf("the audio of recording [%d, %d) of line %d is not what the line carried", s.BeginPos, s.BeginPos+s.Samples, s.Line)
	}
}

// events returns what the feed has told since last asked.
func (r *rig) events() []channels.Event {
	evs, lost := r.evs.Drain(nil)
	if lost {
		r.t.Fatal("the test lost events")
	}
	return evs
}

// start and end are what people do, when it must succeed.
func (r *rig) start(line int, actor string) {
	r.t.Helper()
	if _, err := r.rec.Start(line, actor); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) end(line int, actor string) {
	r.t.Helper()
	if err := r.rec.Stop(line, actor); err != nil {
		r.t.Fatal(err)
	}
}

// A journal notes what the call journal is told.
type journal struct {
	mu         sync.Mutex
	recordings map[string][]string
	why        map[string][]string
	continues  map[string]string
}

func newJournal() *journal {
	return &journal{recordings: map[string][]string{}, why: map[string][]string{}, continues: map[string]string{}}
}

func (j *journal) Attach(call, recording, why string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if recording != "" {
		j.recordings[call] = append(j.recordings[call], recording)
	} else {
		j.why[call] = append(j.why[call], why)
	}
}

func (j *journal) Detach(call, recording, why string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.recordings[call] = slices.DeleteFunc(j.recordings[call], func(id string) bool { return id == recording })
	if why != "" {
		j.why[call] = append(j.why[call], why)
	}
}

func (j *journal) Continues(call, before string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.continues[call] = before
}

func (j *journal) whys() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []string
	for _, w := range j.why {
		all = append(all, w...)
	}
	return all
}

// alarms notes what is raised.
type alarms struct {
	mu  sync.Mutex
	up  map[string]int
	all []string
}

func (a *alarms) Raise(code, _ string, _ map[string]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.up[code]++
	a.all = append(a.all, code)
}

func (a *alarms) Clear(code, _ string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.up, code)
}

func (a *alarms) standing() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.up))
}

// others are those that stand, but that of a slow disk: a machine that stands still
// for a second may raise it whenever something is written.
func (a *alarms) others() []string {
	return slices.DeleteFunc(a.standing(), func(code string) bool { return code == AlarmSlow })
}

func (a *alarms) raised(code string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.all, code)
}

// withIndex adds an index to the recorder.
func withIndex(ix *index.Index) option {
	return func(_ *rig, c *Config, _ *channels.Config) { c.Index = ix }
}
