package drivertest

import (
	"fmt"
	"slices"
	"testing"

	"vaad/driver"
)

// sample returns a command of that kind as a sane caller would make it.
func sample(f *driver.Frame, k driver.CommandKind, line int) {
	var value int32
	var data []byte
	switch k {
	case driver.SendFlash, driver.SendLoopBreak, driver.RingBurst, driver.OnHookTransmit:
		value = 300
	case driver.Ring:
		data = []byte{0xE8, 3, 0xA0, 0x0F} // 1 s on, 4 s off
	case driver.PulseDial:
		value, data = 39<<16|61, []byte("12")
	case driver.SendDChannel:
		data = []byte{0x02, 0x01, 0x7F} // SABME on SAPI 0, TEI 0
	case driver.SetPolarity, driver.SetMWI, driver.SetEC:
		value = 1
	}
	f.Command(k, line, 17, value, data)
}

// lacks reports whether a line (or span) cannot do what a command asks for, by
// what the board itself says of it.
func lacks(in *driver.Info, k driver.CommandKind, line int) bool {
	if k.OnSpan() {
		return in.Spans[line].DChannel == 0 || in.Spans[line].Tap
	}
	l := in.Lines[line]
	switch k {
	case driver.GoOffHook, driver.GoOnHook, driver.SendFlash:
		return !l.Caps.Has(driver.CapHook)
	case driver.Ring, driver.RingBurst, driver.RingStop:
		return !l.Caps.Has(driver.CapRing)
	case driver.PulseDial:
		return !l.Caps.Has(driver.CapPulseOut)
	case driver.OnHookTransmit:
		return !l.Caps.Has(driver.CapOnHookTx)
	case driver.SetCAS:
		return !l.Caps.Has(driver.CapCAS)
	case driver.SetEC:
		return !l.Caps.Has(driver.CapEC)
	case driver.SendLoopBreak, driver.SetPolarity, driver.SetMWI:
		return l.Kind != driver.FXS
	}
	return false
}

// targets is the number of lines or spans that a kind can be aimed at.
func targets(in *driver.Info, k driver.CommandKind) int {
	if k.OnSpan() {
		return len(in.Spans)
	}
	return len(in.Lines)
}

// noCommandBreaks: every command at every line, and nonsense, leaves the board
// working; what a line cannot do is refused.
func noCommandBreaks(s *bench) {
	type target struct {
		k    driver.CommandKind
		line int
	}
	open := map[target]bool{}
	note := func() {
		for _, e := range s.rx.Events {
			if e.Kind == driver.Refused {
				delete(open, target{driver.CommandKind(e.Value), e.Line})
			}
		}
	}
	for _, k := range driver.Commands() {
		for i := range targets(&s.in, k) {
			sample(s.tx, k, i)
			if lacks(&s.in, k, i) {
				open[target{k, i}] = true
			}
		}
		s.step(s.b)
		note()
	}
	for _, line := range []int{-1, 1 << 20} { // dropped, or refused by nobody's leave
		for _, k := range driver.Commands() {
			sample(s.tx, k, line)
		}
	}
	s.step(s.b)
	note()
	if len(s.in.Lines) > 0 {
		s.tx.Command(0, 0, 0, 0, nil)
		s.tx.Command(255, 0, 0, 0, nil)
		for _, k := range driver.Commands() { // known, with senseless values
			if !k.OnSpan() {
				s.tx.Command(k, 0, 159, -1<<31, []byte{0xFF})
				s.tx.Command(k, 0, 0, 1<<31-1, nil)
			}
		}
	}
	s.watch(func() bool { note(); return true })
	for at := range open {
		s.t.Errorf("%v on %d, which the board says it cannot do, was not refused", at.k, at.line)
	}
}

// tapIsNeverActedOn: behind a guard with all lines and spans as taps, nothing
// that is sent reaches the board.
func tapIsNeverActedOn(s *bench) {
	spy := &spy{Board: s.b}
	g := driver.Guard(spy, all(len(s.in.Lines)), all(len(s.in.Spans)))
	s.step(g)
	for _, k := range driver.Commands() {
		for i := range targets(&s.in, k) {
			sample(s.tx, k, i)
		}
		for i := range s.tx.PCM {
			s.tx.PCM[i] = 12345
		}
		n := len(s.tx.Commands)
		s.step(g)
		if refused := count(s.rx, k); refused != n {
			s.t.Errorf("%v: %d of %d were refused", k, refused, n)
		}
	}
	for _, wrong := range spy.wrong {
		s.t.Error(wrong)
	}
}

func all(n int) []bool { return slices.Repeat([]bool{true}, n) }

func count(rx *driver.Frame, k driver.CommandKind) (n int) {
	for _, e := range rx.Events {
		if e.Kind == driver.Refused && driver.CommandKind(e.Value) == k {
			n++
		}
	}
	return n
}

// spy is a board of which nothing may be wanted.
type spy struct {
	driver.Board
	wrong []string
}

func (s *spy) Exchange(tx, rx *driver.Frame) error {
	for _, c := range tx.Commands {
		s.wrong = append(s.wrong, fmt.Sprintf("%v reached line %d, which is a tap", c.Kind, c.Line))
	}
	for i, v := range tx.PCM {
		if v != 0 {
			s.wrong = append(s.wrong, fmt.Sprintf("audio reached line %d, which is a tap", i/driver.Block))
			break
		}
	}
	return s.Board.Exchange(tx, rx)
}

// TestGuard tests driver.Guard with a board that remembers what reaches it:
// every kind of command at taps and at lines that may be acted on, alone and
// together.
func TestGuard(t *testing.T) {
	in := driver.Info{Driver: "fake", Model: "three lines", Lines: []driver.Line{
		{Port: 1, Kind: driver.FXO, Law: driver.ALaw},
		{Port: 2, Kind: driver.FXS, Law: driver.MuLaw},
		{Port: 3, Kind: driver.BChan, Law: driver.ALaw, Span: 1, Timeslot: 1},
	}, Spans: []driver.Span{
		{Number: 1, Channels: 31, DChannel: 16, Tap: true},
		{Number: 2, Channels: 31, DChannel: 16},
	}}
	for mask := range 1 << 3 {
		tap := []bool{mask&1 != 0, mask&2 != 0, mask&4 != 0}
		tapSpan := []bool{true, mask&1 != 0}
		fake := NewFake(in, nil)
		g := driver.Guard(fake, tap, tapSpan)
		tx, rx := driver.NewFrame(in), driver.NewFrame(in)
		var pass, stop int
		for _, k := range driver.Commands() {
			set := tap
			if k.OnSpan() {
				set = tapSpan
			}
			for i := range targets(&in, k) {
				sample(tx, k, i)
				if set[i] {
					stop++
				} else {
					pass++
				}
			}
		}
		for i := range tx.PCM {
			tx.PCM[i] = 12345
		}
		if err := g.Exchange(tx, rx); err != nil {
			t.Fatal(err)
		}
		if len(fake.Commands) != pass {
			t.Errorf("taps %v: %d commands reached the board, want %d", tap, len(fake.Commands), pass)
		}
		for _, c := range fake.Commands {
			if set := map[bool][]bool{false: tap, true: tapSpan}[c.Kind.OnSpan()]; set[c.Line] {
				t.Errorf("taps %v: %v reached %d, which is a tap", tap, c.Kind, c.Line)
			}
		}
		for i, p := range fake.Peak {
			if (p != 0) == tap[i] {
				t.Errorf("taps %v: line %d was sent audio of peak %d", tap, i, p)
			}
		}
		var refused int
		for _, e := range rx.Events {
			if e.Kind == driver.Refused && string(e.Data) == driver.ErrTap.Error() {
				refused++
			}
		}
		if refused != stop {
			t.Errorf("taps %v: %d commands were refused, want %d", tap, refused, stop)
		}
	}
}
