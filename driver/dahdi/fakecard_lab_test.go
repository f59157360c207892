//go:build lab

package dahdi_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/dahdi/labtest"
)

// The proofs that need the lab's own test card: volts, polarity, a D channel
// with the card's HDLC controller, a second clock. It plays a numbered pattern,
// in which each sample says at which sample of the card's clock it was, so that
// the board's positions can be judged by what was heard alone.

// cards loads test cards for one test.
func cards(t *testing.T, kinds string) {
	t.Helper()
	must(t, labtest.LoadCards(kinds))
	t.Cleanup(func() { // after the boards are closed
		if err := labtest.Within(3*time.Second, labtest.UnloadCards); err != nil {
			t.Error(err)
		}
		labtest.Pause(2200 * time.Millisecond) // until DAHDI's own timer has taken over the clock
	})
}

// card configures span n of a card: all its channels, with one signalling.
func card(t *testing.T, number, n, sig, law int) labtest.Span {
	t.Helper()
	s, err := labtest.CardSpan(number, n)
	must(t, err)
	configure(t, s, 1, s.Channels, sig, law)
	return s
}

func tell(t *testing.T, lines ...string) {
	t.Helper()
	must(t, labtest.Tell(lines...))
}

func look(t *testing.T, what, key string) string {
	t.Helper()
	m, err := labtest.Look(what)
	must(t, err)
	return m[key]
}

func figure(t *testing.T, what, key string) int {
	t.Helper()
	n, err := labtest.Number(what, key)
	must(t, err)
	return n
}

// sleep lets so many ms of a card's clock go by while the board is not served.
func sleep(t *testing.T, card, ms int) {
	t.Helper()
	tell(t, fmt.Sprintf("wait %d +%d", card, ms))
}

// eventAt checks that an event stands where the card did it: at that ms of the
// card's clock. place is where its samples stand.
func (s *session) eventAt(e told, place int64, ms int, what string) {
	s.t.Helper()
	s.at(e, place+int64(ms)*driver.MS, what)
}

func TestLabTheTestCardsEventsArriveWithTheirSample(t *testing.T) {
	cards(t, "fxo4,fxs2")
	fxo := card(t, 1, 1, labtest.FXSKewl, labtest.ALaw)
	tell(t, "pattern 1:* seq")
	s := open(t, device(``, fxo))
	s.hear()
	s.run(2500 * time.Millisecond)
	place := s.one()
	now := figure(t, "card 1", "ms")
	type step struct {
		at    int
		line  string
		port  int
		kind  driver.EventKind
		value int32
		delay int
	}
	steps := []step{
		{0, "ring 1:1 on", 0, driver.RingBegin, 0, 0},
		{1003, "ring 1:1 off", 0, driver.RingEnd, 0, 50},
		{1507, "polarity 1:2 reversed", 1, driver.Polarity, 1, 0},
		{2011, "polarity 1:2 normal", 1, driver.Polarity, 0, 0},
		{2300, "battery 1:3 lost", 2, driver.Battery, 0, 0},
		{4609, "battery 1:3 back", 2, driver.Battery, 1, 0},
		{5001, "mwi 1:4 on", 3, driver.MWI, 1, 0},
		{5517, "mwi 1:4 off", 3, driver.MWI, 0, 0},
		{6001, "ring 1:4 on", 3, driver.RingBegin, 0, 0},
		{6999, "ring 1:4 off", 3, driver.RingEnd, 0, 50},
	}
	var lines []string
	for _, p := range steps {
		lines = append(lines, fmt.Sprintf("at %d %s", now+200+p.at, p.line))
	}
	tell(t, lines...)
	s.forget()
	for _, p := range steps {
		e := s.expect(p.kind, p.port, 4*time.Second)
		if p.value != e.Value && p.kind != driver.RingBegin && p.kind != driver.RingEnd {
			t.Errorf("%s: %v", p.line, e)
		}
		s.eventAt(e, place, now+200+p.at+p.delay, p.line)
	}
	s.none(driver.Lost, driver.Missed, driver.Underrun)
	if n := figure(t, "card 1", "refused"); n != 0 {
		t.Errorf("%d lines of the script were refused", n)
	}
}

func TestLabVoltsAreThoseOfTheLine(t *testing.T) {
	cards(t, "fxo8")
	fxo := card(t, 1, 1, labtest.FXSKewl, labtest.ALaw)
	tell(t, "pattern 1:* seq", "volts 1:1 -48000", "volts 1:2 7000", "volts 1:3 -5000")
	s := open(t, device(``, fxo))
	l := s.in.Lines[0]
	if !l.Caps.Has(driver.CapVolts) || l.VoltsEvery <= 0 || l.VoltsEvery > 2000 {
		t.Fatalf("line: %+v", l)
	}
	type reading struct {
		pos   int64
		value int32
	}
	readings := make([][]reading, len(s.in.Lines))
	watch := func(d time.Duration) {
		for end := s.pos + int64(d/(time.Second/driver.Rate)); s.pos < end; {
			s.step()
			for _, e := range s.rx.Events {
				if e.Kind == driver.Volts {
					readings[e.Line] = append(readings[e.Line], reading{s.rx.Pos + int64(e.At), e.Value})
				}
			}
		}
	}
	s.hear()
	watch(2 * time.Second)
	place := s.one()
	for line, want := range []int32{-48000, 7000, -5000, 48000} {
		r := readings[line]
		if len(r) < 8 {
			t.Errorf("line %d: %d readings in 2 s", line, len(r))
			continue
		}
		for k := 1; k < len(r); k++ {
			if gap := r[k].pos - r[k-1].pos; gap > 2400 {
				t.Errorf("line %d: %v between two readings", line, samples(gap))
			}
		}
		if got := r[len(r)-1].value; got != want {
			t.Errorf("line %d: %d mV, want %d", line, got, want)
		}
	}
	now := figure(t, "card 1", "ms") + 500
	tell(t, fmt.Sprintf("at %d volts 1:1 -8000", now), fmt.Sprintf("at %d volts 1:1 0", now+1000))
	readings[0] = nil
	watch(2200 * time.Millisecond)
	for _, c := range []struct {
		value int32
		at    int
	}{{-8000, now}, {0, now + 1000}} {
		i := slices.IndexFunc(readings[0], func(r reading) bool { return r.value == c.value })
		if i < 0 {
			t.Errorf("%d mV was not read: %v", c.value, readings[0])
			continue
		}
		late := readings[0][i].pos - place - int64(c.at)*driver.MS
		if late < -driver.Block || late > int64(l.VoltsEvery)+2*driver.Block {
			t.Errorf("%d mV read %v after the change", c.value, samples(late))
		}
		t.Logf("%6d mV read %v after the change; a reading each %v", c.value, samples(late), samples(int64(l.VoltsEvery)))
	}
}

// TestLabATapDoesNothingToItsLine: all commands and audio at lines that are
// taps by configuration; the card counts what reaches it.
func TestLabATapDoesNothingToItsLine(t *testing.T) {
	cards(t, "fxo2")
	fxo := card(t, 1, 1, labtest.FXSKewl, labtest.ALaw)
	before := figure(t, "port 1:1", "hooksigs")
	s := open(t, device(`, "use": "tap"`, fxo))
	opened := figure(t, "port 1:1", "hooksigs")
	refused := 0
	for range 25 {
		for line := range s.in.Lines {
			for k := range s.tx.LinePCM(line) {
				s.tx.LinePCM(line)[k] = int16(k * 100)
			}
			for _, k := range driver.Commands() {
				if !k.OnSpan() {
					s.tx.Command(k, line, 0, 1, []byte("1"))
				}
			}
		}
		s.step()
	}
	s.run(200 * time.Millisecond)
	for _, e := range s.said {
		if e.Kind == driver.Refused {
			refused++
		}
	}
	want := 25 * 2 * (len(driver.Commands()) - 1)
	if refused != want {
		t.Errorf("%d commands refused of %d", refused, want)
	}
	for _, p := range []string{"port 1:1", "port 1:2"} {
		if look(t, p, "seizures") != "0" || look(t, p, "talk") != "0" || look(t, p, "tx") != "onhook" {
			m, _ := labtest.Look(p)
			t.Errorf("%s was acted on: %v", p, m)
		}
	}
	if n := figure(t, "port 1:1", "hooksigs"); n != opened {
		t.Errorf("the hook was set %d times by commands", n-opened)
	}
	t.Logf("hook set by opening: %d times (to on-hook)", opened-before)
}

func TestLabFramesCrossByTheCardsOwnHDLC(t *testing.T) {
	cards(t, "e1+e1")
	a, b := card(t, 1, 1, labtest.Clear, labtest.ALaw), card(t, 1, 2, labtest.Clear, labtest.ALaw)
	configure(t, a, 16, 16, labtest.HardHDLC, 0)
	configure(t, b, 16, 16, labtest.HardHDLC, 0)
	tell(t, "linkspan 1:1 1:2")
	s := open(t, fmt.Sprintf(`{"device": %q, "use": "trunk"}`, a.ID))
	if len(s.in.Spans) != 2 || s.in.Spans[0].DChannel != 16 || len(s.in.Lines) != 60 || s.in.Lines[15].Timeslot != 17 {
		t.Fatalf("%+v", s.in.Spans)
	}
	frames := counts(uint32(200), 5000)
	var sent, got [2]uint32
	var out []byte
	var want [300]byte
	for end := s.pos + int64(frames)*2400 + 80000; got[0] < frames || got[1] < frames; {
		for d := range 2 {
			if sent[d] < frames && sent[d] < got[1-d]+3 {
				out = frame(out, sent[d]+uint32(d)*100000)
				s.do(driver.SendDChannel, d, 0, out)
				sent[d]++
			}
		}
		s.step()
		for _, e := range s.said {
			switch e.Kind {
			case driver.DChannel:
				f := frame(want[:], got[e.Line]+uint32(1-e.Line)*100000)
				if !slices.Equal(f, e.Data) {
					t.Fatalf("frame %d arrives as % x, sent was % x", got[e.Line], e.Data, f)
				}
				got[e.Line]++
			case driver.DChannelErr, driver.Refused:
				t.Fatalf("%v", e)
			}
		}
		s.said = s.said[:0]
		if s.pos > end {
			t.Fatalf("of %d frames %v arrived", frames, got)
		}
	}
	t.Logf("%d frames each way", frames)
	const bad = 7
	for range bad {
		tell(t, "hdlc 1:1:16 abort", "hdlc 1:1:16 badfcs", "hdlc 1:1:16 overrun")
		s.run(40 * time.Millisecond)
	}
	s.run(200 * time.Millisecond)
	told := map[int32]int{}
	for _, e := range s.said {
		if e.Kind == driver.DChannelErr && e.Line == 0 {
			told[e.Value]++
		}
	}
	c := s.spanCounters(0)
	if told[driver.DErrAbort] != bad || told[driver.DErrFCS] != bad || told[driver.DErrOverrun] != bad ||
		c.HDLCAborts != bad || c.HDLCBadFCS != bad || c.HDLCOverruns != bad {
		t.Errorf("%d each of abort, bad FCS and overrun: told %v, counted %+v", bad, told, c)
	}
}

func TestLabASpansAlarmsAndCountersAreTold(t *testing.T) {
	cards(t, "e1+e1")
	a := card(t, 1, 1, labtest.Clear, labtest.ALaw)
	card(t, 1, 2, labtest.Clear, labtest.ALaw)
	s := open(t, fmt.Sprintf(`{"device": %q}`, a.ID))
	s.run(500 * time.Millisecond)
	for _, c := range []struct {
		word string
		bit  int32
	}{{"red", driver.AlarmRed}, {"yellow", driver.AlarmYellow}, {"blue", driver.AlarmBlue}, {"none", 0}} {
		s.forget()
		from := s.now()
		tell(t, "alarm 1:2 "+c.word)
		e := s.expect(driver.SpanAlarm, 1, 2*time.Second)
		if e.Value != c.bit {
			t.Errorf("alarm %s is told as %d, want %d", c.word, e.Value, c.bit)
		}
		t.Logf("alarm %-6s told after %v", c.word, samples(e.pos-from))
		if e.pos-from > 4000 {
			t.Errorf("alarm %s told late", c.word)
		}
		s.run(300 * time.Millisecond)
	}
	for _, e := range s.said {
		if e.Kind == driver.SpanAlarm && e.Line == 0 {
			t.Errorf("span 1 had no alarm: %v", e)
		}
	}
	was := s.spanCounters(1)
	tell(t, "count 1:2 bpv +11 crc4 +12 ebit +13 fas +14 errsec +15", "slip 1:2 3", "slip 1:2 -1")
	s.run(2500 * time.Millisecond)
	is := s.spanCounters(1)
	got := []uint64{is.BPV - was.BPV, is.CRC - was.CRC, is.EBit - was.EBit, is.FAS - was.FAS, is.ErroredSeconds - was.ErroredSeconds, is.Slips - was.Slips}
	if want := []uint64{11, 12, 13, 14, 15, 4}; !slices.Equal(got, want) {
		t.Errorf("bpv, crc4, ebit, fas, errored seconds, slips: counted %v, want %v", got, want)
	}
	misses := s.counters().IRQMisses
	tell(t, "stall 1 40")
	s.run(2500 * time.Millisecond)
	if n := s.counters().IRQMisses - misses; n != 40 {
		t.Errorf("%d interrupts missed, want 40", n)
	}
}
