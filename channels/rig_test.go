package channels

import (
	"math"
	"slices"
	"testing"

	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
)

// A rig is a board of lines of ours at which the test is the far end: it hears what
// is sent, says what comes, and steps the loop by hand.
type rig struct {
	t      *testing.T
	s      *System
	l      *loop
	feed   *Reader
	info   driver.Info
	heard  [][]int16      // per line: all that was sent
	says   [][]int16      // per line: what comes yet; then silence
	echo   []float64      // per line: how much of what is sent comes back at once
	told   []told         // all commands
	events []driver.Event // that come with the next frame
	late   bool           // the next frame is
	all    []Event        // of the feed
	known  int64
	wire   func(frame []byte)
}

type told struct {
	driver.Command
	at int64 // position of the frame
}

func newRig(t *testing.T, info driver.Info, plan []LineConfig, spans ...SpanConfig) *rig {
	t.Helper()
	n := len(info.Lines)
	r := &rig{t: t, info: info, heard: make([][]int16, n), says: make([][]int16, n), echo: make([]float64, n)}
	r.s, r.l = stepper(t, newFake(info, r.exchange), Config{Plan: rigPlan{plan, spans}})
	r.feed = r.s.Subscribe("test", true)
	r.tick(1)
	return r
}

type rigPlan struct {
	lines []LineConfig
	spans []SpanConfig
}

func (p rigPlan) Lines(string, driver.Info) ([]LineConfig, error) { return p.lines, nil }
func (p rigPlan) Spans(string, driver.Info) []SpanConfig          { return p.spans }

func (r *rig) exchange(_ int, tx, rx *driver.Frame) error {
	for _, c := range tx.Commands {
		c.Data = slices.Clone(c.Data)
		r.told = append(r.told, told{c, rx.Pos})
		if c.Kind == driver.SendDChannel && r.wire != nil {
			r.wire(c.Data)
		}
	}
	rx.Late, r.late = r.late, false
	for i, l := range r.info.Lines {
		sent, pcm := tx.LinePCM(i), rx.LinePCM(i)
		r.heard[i] = append(r.heard[i], sent...)
		n := copy(pcm, r.says[i])
		r.says[i] = r.says[i][n:]
		clear(pcm[n:])
		for k := range pcm {
			pcm[k] += int16(r.echo[i] * float64(sent[k]))
		}
		g711.Encode(rx.LineCode(i), pcm, g711.Law(l.Law))
		g711.Decode(pcm, rx.LineCode(i), g711.Law(l.Law))
	}
	for _, e := range r.events {
		rx.Event(e.Kind, e.Line, e.At, e.Value, e.Data)
	}
	r.events = r.events[:0]
	return nil
}

func (r *rig) tick(n int) {
	r.t.Helper()
	for range n {
		if err := r.l.tick(); err != nil {
			r.t.Fatal(err)
		}
		r.s.feed.round()
		r.inOrder(len(r.all))
	}
}

// inOrder checks that events come in the order of knowing, behind what was said before.
func (r *rig) inOrder(n int) {
	r.t.Helper()
	r.all, _ = r.feed.Drain(r.all)
	for _, e := range r.all[n:] {
		if e.Known < r.known {
			r.t.Errorf("%s of line %d is known at %d, told after what was known at %d", e.Kind, e.Line, e.Known, r.known)
		}
		r.known = max(r.known, e.Known)
	}
	r.known = max(r.known, r.s.boards[0].marks.pos.Load()) // readers read audio up to it, and take all before it for known
}

func (r *rig) ms(n int) { r.t.Helper(); r.tick(n / 20) }

// board lets the board tell something with the next frame.
func (r *rig) board(line int, k driver.EventKind, value int32) {
	r.t.Helper()
	r.events = append(r.events, driver.Event{Kind: k, Line: line - 1, Value: value})
	r.tick(1)
}

// wish wishes what must be possible.
func (r *rig) wish(w Wish) {
	r.t.Helper()
	if err := r.ask(w.Line, item{id: w.ID, wish: &w}); err != nil {
		r.t.Fatalf("%v: %v", w.Kind, err)
	}
}

func (r *rig) ask(line int, it item) error {
	it.line = mustLine(r.t, r.s, line)
	return r.l.take(it)
}

// configure makes a line what c says.
func (r *rig) configure(c LineConfig) {
	r.t.Helper()
	line := mustLine(r.t, r.s, c.Number)
	run, err := prepare(r.info, line, c, nil)
	if err == nil {
		err = r.l.take(item{line: line, run: run})
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// await steps until an event of a line comes that was not awaited yet, and takes it
// and all before it away.
func (r *rig) await(line int, k EventKind, within int) Event {
	r.t.Helper()
	for range within/20 + 1 {
		for i, e := range r.all {
			if e.Line == line && e.Kind == k {
				r.all = r.all[i+1:]
				return e
			}
		}
		r.tick(1)
	}
	r.t.Fatalf("line %d: no %s within %d ms, but %v", line, k, within, kinds(r.all, line))
	return Event{}
}

// commands are the kinds of what the board was told about a line, and forgets them.
func (r *rig) commands(line int) (all []driver.CommandKind) {
	r.told = slices.DeleteFunc(r.told, func(c told) bool {
		mine := !c.Kind.OnSpan() && c.Line == line-1
		if mine {
			all = append(all, c.Kind)
		}
		return mine
	})
	return all
}

func (r *rig) isTold(line int, want ...driver.CommandKind) {
	r.t.Helper()
	if got := r.commands(line); !slices.Equal(got, want) {
		r.t.Errorf("line %d: the board was told %v, want %v", line, got, want)
	}
}

// last is what was sent to a line in the last ms.
func (r *rig) last(line, ms int) []int16 {
	all := r.heard[line-1]
	return all[max(0, len(all)-ms*driver.MS):]
}

// state is what the feed says that a line does.
func (r *rig) state(line int, want State) {
	r.t.Helper()
	if got := mustLine(r.t, r.s, line).Status().State; got != want {
		r.t.Errorf("line %d is %s, want %s", line, got, want)
	}
}

// level is how strong a frequency is, in dBm0 (the algorithm of Goertzel).
func level(pcm []int16, hz float64) float64 {
	w := 2 * math.Pi * hz / driver.Rate
	var s1, s2 float64
	for _, v := range pcm {
		s1, s2 = float64(v)+2*math.Cos(w)*s1-s2, s1
	}
	square := s1*s1 + s2*s2 - 2*math.Cos(w)*s1*s2
	n := float64(len(pcm))
	return dsp.DBm0(2 * square / (n * n))
}

// keysIn are the keys that are sent in pcm, found by their frequencies (ITU-T Q.23).
func keysIn(pcm []int16) (keys string) {
	rows, columns := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477, 1633}
	strongest := func(block []int16, all []float64) (best int) {
		for i := range all {
			if level(block, all[i]) > level(block, all[best]) {
				best = i
			}
		}
		if level(block, all[best]) < -20 {
			return -1
		}
		return best
	}
	was := byte(0)
	for ; len(pcm) >= 20*driver.MS; pcm = pcm[20*driver.MS:] {
		block := pcm[:20*driver.MS]
		row, column := strongest(block, rows), strongest(block, columns)
		now := byte(0)
		if row >= 0 && column >= 0 {
			now = "123A456B789C*0#D"[4*row+column]
		}
		if now != 0 && now != was {
			keys += string(now)
		}
		was = now
	}
	return keys
}

// sound is so many ms of a cadence.
func sound(c tone.Cadence, ms int) []int16 {
	pcm := make([]int16, ms*driver.MS)
	tone.New(c).Fill(pcm)
	return pcm
}

func presses(t *testing.T, keys string) []int16 {
	t.Helper()
	c, err := tone.DTMF(keys, tone.DTMFLevel, 100, 100)
	if err != nil {
		t.Fatal(err)
	}
	return sound(c, 200*len(keys))
}

const fxsCaps = driver.CapTx | driver.CapHook | driver.CapRing | driver.CapOnHookTx

// mixedInfo is a board of a telephone's port and an exchange's.
func mixedInfo() driver.Info {
	return driver.Info{Driver: "fake", Model: "Fake", Lines: []driver.Line{
		{Port: 1, Kind: driver.FXS, Law: driver.ALaw, Caps: fxsCaps},
		{Port: 2, Kind: driver.FXO, Law: driver.ALaw, Caps: driver.CapTx | driver.CapHook | driver.CapOnHookRx | driver.CapRingDetect | driver.CapPulseOut},
		{Port: 3, Kind: driver.FXO, Law: driver.MuLaw, Caps: driver.CapTx | driver.CapHook | driver.CapOnHookRx | driver.CapRingDetect | driver.CapEC},
	}}
}

func mixedPlan() []LineConfig {
	return []LineConfig{{Number: 1, Port: 1, Use: driver.Station, Country: "CN", Active: Active{Extension: "8001"}},
		{Number: 2, Port: 2, Use: driver.Trunk, Country: "CN"}, {Number: 3, Port: 3, Use: driver.Trunk, Country: "CN"}}
}
