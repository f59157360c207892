package analog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/progress"
	"vaad/dsp/tone"
)

// code is the code of a refusal.
func code(err error) string {
	if r := (*Refusal)(nil); errors.As(err, &r) && r.Text != "" {
		return r.Code
	}
	return fmt.Sprint(err)
}

func TestWishesThatCannotBeAreRefusedWithTheReason(t *testing.T) {
	dial := func(number string) func(b *bench) error {
		return func(b *bench) error { return b.trunk.Dial(&b.out, Order{Number: number}) }
	}
	answer := func(b *bench) error { return b.trunk.Answer(&b.out) }
	release := func(b *bench) error { return b.trunk.Release(&b.out) }
	keys := func(k string) func(b *bench) error {
		return func(b *bench) error { return b.trunk.Keys(&b.out, k) }
	}
	flash := func(ms int) func(b *bench) error {
		return func(b *bench) error { return b.trunk.Flash(&b.out, ms) }
	}
	nothing := func(*bench) {}
	talks := func(b *bench) { b.ring(1000, 500); b.wish(b.trunk.Answer(&b.out)) }
	for _, c := range []struct {
		name string
		conf TrunkConfig
		do   func(*bench)
		wish func(*bench) error
		want string
	}{
		{"no number", TrunkConfig{}, nothing, dial(""), RefusedNumber},
		{"only pauses", TrunkConfig{Prefix: "0"}, nothing, dial(",,"), RefusedNumber},
		{"a plus within", TrunkConfig{}, nothing, dial("47+11"), RefusedNumber},
		{"letters", TrunkConfig{}, nothing, dial("47w11"), RefusedNumber},
		{"too long", TrunkConfig{}, nothing, dial(strings.Repeat("1", 65)), RefusedNumber},
		{"a star in pulses", TrunkConfig{Pulse: true}, nothing, dial("*21"), RefusedNumber},
		{"a bad prefix", TrunkConfig{Prefix: "x"}, nothing, dial("4711"), RefusedNumber},
		{"it rings", TrunkConfig{}, func(b *bench) { b.ring(1000, 500) }, dial("4711"), RefusedRinging},
		{"the polarity was just reversed", TrunkConfig{}, func(b *bench) { b.event(driver.Polarity, 1) }, dial("4711"), RefusedRinging},
		{"it has just rung", TrunkConfig{RingGapMS: 9000}, func(b *bench) {
			b.ring(1000, 500)
			b.trunk.Configure(TrunkConfig{})
			b.event(driver.Battery, 0)
			b.wait(2100)
			b.event(driver.Battery, 1)
		},
			dial("4711"), RefusedBusy},
		{"a bell that only tinkled", TrunkConfig{}, func(b *bench) { b.ring(60, 500) }, dial("4711"), RefusedRinging},
		{"in a call", TrunkConfig{}, talks, dial("4711"), RefusedBusy},
		{"just released", TrunkConfig{}, func(b *bench) { talks(b); b.wish(b.trunk.Release(&b.out)); b.wait(2000) }, dial("4711"), RefusedBusy},
		{"a telephone in parallel", TrunkConfig{Volts: true}, func(b *bench) { b.volts(48000, 3000); b.volts(8000, 2000) }, dial("4711"), RefusedBusy},
		{"… just picked up", TrunkConfig{Volts: true}, func(b *bench) { b.volts(48000, 3000); b.volts(8000, 100) }, dial("4711"), RefusedBusy},
		{"volts not known yet", TrunkConfig{Volts: true}, nothing, dial("4711"), RefusedBusy},
		{"no battery", TrunkConfig{}, func(b *bench) { b.event(driver.Battery, 0); b.wait(2100) }, dial("4711"), RefusedNoBattery},
		{"gone", TrunkConfig{}, func(b *bench) { b.trunk.Gone(&b.out, b.pos); b.settle() }, dial("4711"), RefusedGone},
		{"answer: nothing rings", TrunkConfig{}, nothing, answer, RefusedNotRinging},
		{"answer: no battery", TrunkConfig{}, func(b *bench) { b.event(driver.Battery, 0); b.wait(2100) }, answer, RefusedNoBattery},
		{"answer: gone", TrunkConfig{}, func(b *bench) { b.trunk.Gone(&b.out, b.pos); b.settle() }, answer, RefusedGone},
		{"release: no call", TrunkConfig{}, nothing, release, RefusedNoCall},
		{"release: it rings", TrunkConfig{}, func(b *bench) { b.ring(1000, 500) }, release, RefusedCannot},
		{"release: gone", TrunkConfig{}, func(b *bench) { b.trunk.Gone(&b.out, b.pos); b.settle() }, release, RefusedGone},
		{"keys: no call", TrunkConfig{}, nothing, keys("1"), RefusedNoCall},
		{"keys: none", TrunkConfig{}, talks, keys(""), RefusedNumber},
		{"keys: such as no telephone has", TrunkConfig{}, talks, keys("1x"), RefusedNumber},
		{"keys: while others are sent", TrunkConfig{}, func(b *bench) { talks(b); b.wish(b.trunk.Keys(&b.out, "123")) }, keys("1"), RefusedBusy},
		{"keys: while it is seized", TrunkConfig{}, func(b *bench) { b.wish(b.trunk.Dial(&b.out, Order{Number: "1"})) }, keys("1"), RefusedBusy},
		{"keys: gone", TrunkConfig{}, func(b *bench) { b.trunk.Gone(&b.out, b.pos); b.settle() }, keys("1"), RefusedGone},
		{"flash: no call", TrunkConfig{}, nothing, flash(0), RefusedNoCall},
		{"flash: too long", TrunkConfig{}, talks, flash(5000), RefusedCannot},
		{"flash: too short", TrunkConfig{FlashMS: 1}, talks, flash(0), RefusedCannot},
		{"flash: one is under way", TrunkConfig{}, func(b *bench) { talks(b); b.wish(b.trunk.Flash(&b.out, 0)) }, flash(0), RefusedBusy},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.conf, Learnt{})
			b.wait(2500)
			c.do(b)
			acts := len(b.acts)
			if got := code(c.wish(b)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if b.settle(); len(b.acts) != acts {
				t.Errorf("refused, and yet %+v", b.acts[acts:])
			}
		})
	}
}

// Seizing as the exchange is about to ring would answer a call that nobody has heard.
func TestTrunkIsNotSeizedForOneRingGapAfterARing(t *testing.T) {
	b := newBench(t, TrunkConfig{}, Learnt{RingGapMS: 4000})
	b.wait(2500)
	b.event(driver.Polarity, 1)
	b.wait(6100) // it is idle again, a reversal ago
	if err := b.trunk.Dial(&b.out, Order{Number: "4711"}); err != nil {
		t.Error(err)
	}
	b = newBench(t, TrunkConfig{}, Learnt{RingGapMS: 10000})
	b.wait(2500)
	b.event(driver.Polarity, 1)
	b.wait(6100)
	if got := code(b.trunk.Dial(&b.out, Order{Number: "4711"})); got != RefusedRinging {
		t.Errorf("6 s after a reversal, where it rings every 10 s: %s", got)
	}
	b.wait(4000)
	if err := b.trunk.Dial(&b.out, Order{Number: "4711"}); err != nil {
		t.Error(err)
	}
}

// messageOf is a message about who calls as it sounds.
func messageOf(tb testing.TB, coding callerid.Coding, number string) []int16 {
	if coding == callerid.DTMF {
		return pressing(tb, number, 70, 70)
	}
	m, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte(number)})
	if err != nil {
		tb.Fatal(err)
	}
	pcm := make([]int16, 3*driver.Rate)
	return pcm[:callerid.NewSource(coding, m, callerid.OnHook(), -15).Fill(pcm)]
}

// Every coding, at every place where exchanges send it, on a line of which nothing is
// known and that nobody has set up.
func TestCallersAreKnownInEveryCodingWithoutASetting(t *testing.T) {
	quiet := func(ms int) []int16 { return make([]int16, ms*driver.MS) }
	for _, c := range []struct {
		name   string
		coding callerid.Coding
		do     func(b *bench, message []int16)
		format Format
	}{
		{"YDN 069: FSK after the first burst", callerid.Bell, func(b *bench, m []int16) {
			b.ring(1000, 0)
			b.hear(b.line(slices.Concat(quiet(800), m, quiet(2000))))
			b.ring(1000, 500)
		}, BellAfter},
		{"V.23 after the first burst", callerid.V23, func(b *bench, m []int16) {
			b.ring(1000, 0)
			b.hear(b.line(slices.Concat(quiet(800), m, quiet(2000))))
			b.ring(1000, 500)
		}, V23After},
		{"V.23 after a reversal", callerid.V23, func(b *bench, m []int16) {
			b.event(driver.Polarity, 1)
			b.hear(b.line(slices.Concat(quiet(300), m, quiet(500))))
			b.ring(1000, 500)
		}, V23Before},
		{"FSK before the first burst, and no reversal is told", callerid.Bell, func(b *bench, m []int16) {
			b.hear(b.line(slices.Concat(quiet(300), m, quiet(500))))
			b.ring(1000, 500)
		}, BellBefore},
		{"YDN 069: keys before the first burst", callerid.DTMF, func(b *bench, m []int16) {
			b.hear(b.line(slices.Concat(quiet(300), m, quiet(1000))))
			b.ring(1000, 500)
		}, KeysBefore},
		{"keys after a reversal", callerid.DTMF, func(b *bench, m []int16) {
			b.event(driver.Polarity, 1)
			b.hear(b.line(slices.Concat(quiet(300), m, quiet(1000))))
			b.ring(1000, 500)
		}, KeysBefore},
		{"keys between bursts", callerid.DTMF, func(b *bench, m []int16) {
			b.ring(1000, 0)
			b.hear(b.line(slices.Concat(quiet(800), m, quiet(1000))))
			b.ring(1000, 500)
		}, KeysAfter},
	} {
		t.Run(c.name, func(t *testing.T) {
			number := "2156430144"
			sound := number
			if c.coding == callerid.DTMF {
				sound = "D" + number + "C"
			}
			b := newBench(t, TrunkConfig{Own: "555"}, Learnt{})
			b.wait(2500)
			c.do(b, messageOf(t, c.coding, sound))
			call, up := b.trunk.Call()
			if !up || call.Caller != number || call.CallerBy != c.coding.String() || call.Called != "555" {
				t.Errorf("%v %+v", up, call)
			}
			if f := b.trunk.Learnt().CallerID; f != c.format {
				t.Errorf("learnt %q, want %q", f, c.format)
			}
			b.wait(10000)
			if n := len(b.told(CallerFailed)); n != 0 {
				t.Errorf("%d failures told", n)
			}
		})
	}
}

func TestWhereAFailedCallerIDLiesIsTold(t *testing.T) {
	b := newBench(t, TrunkConfig{}, Learnt{})
	b.wait(2500)
	b.ring(1000, 500)
	b.trunk.Damaged(&b.out, b.pos)
	b.settle()
	b.wait(500)
	b.wish(b.trunk.Answer(&b.out))
	f := b.told(CallerFailed)
	if len(f) != 1 || f[0].Text != "damaged" || f[0].Pos+f[0].Value != b.pos || f[0].Value < 2*driver.Rate {
		t.Errorf("%+v", f)
	}
}

func TestCadenceOfTheBellIsKnown(t *testing.T) {
	for _, c := range []struct {
		bursts []int64 // ms on, off, …
		want   string
	}{
		{[]int64{1000, 4000}, "1000/4000"},
		{[]int64{400, 200, 400, 2000}, "400/200/400/2000"},
		{[]int64{380, 230, 820, 4010}, "400/250/800/4000"},
		{[]int64{2000, 4000}, "2000/4000"},
	} {
		b := newBench(t, TrunkConfig{}, Learnt{})
		b.wait(2500)
		for range 3 {
			for i := 0; i < len(c.bursts); i += 2 {
				b.ring(c.bursts[i], c.bursts[i+1])
			}
		}
		if call, _ := b.trunk.Call(); call.Cadence != c.want {
			t.Errorf("%v: %q", c.bursts, call.Cadence)
		}
	}
}

// What a line's own tones are is learnt from calls, and known after a restart.
func TestTonesOfNobodysAreLearnt(t *testing.T) {
	odd := Tone{Name: progress.Regular, Hz: 600, On: 250, Off: 250}
	b := newBench(t, TrunkConfig{}, Learnt{})
	b.wait(2500)
	for range believeIt {
		b.ring(1000, 500)
		b.wish(b.trunk.Answer(&b.out))
		b.wait(5000)
		odd.At, odd.To = b.pos, b.pos+1500*driver.MS
		b.wait(1600)
		b.trunk.Tone(&b.out, odd, true, b.pos)
		b.settle()
		b.wait(1000)
		b.releases()
	}
	l := b.trunk.Learnt()
	if l.BusyHz != 600 || l.BusyOnMS != 250 || l.BusyOffMS != 250 {
		t.Fatalf("learnt %+v", l)
	}
	b = newBench(t, TrunkConfig{}, l)
	b.wait(2500)
	b.ring(1000, 500)
	b.wish(b.trunk.Answer(&b.out))
	b.wait(5000)
	odd.At, odd.To = b.pos, b.pos+1500*driver.MS
	b.wait(1600)
	b.trunk.Tone(&b.out, odd, true, b.pos)
	b.settle()
	if e, _ := b.end(); e.Call.EndedBy != EndBusyTone {
		t.Errorf("ended by %q", e.Call.EndedBy)
	}
	if p := newBench(t, TrunkConfig{}, Learnt{}).trunk; p.Learnt().BusyHz == 0 {
		if p.Suppose(l); p.Learnt() != l {
			t.Errorf("supposed %+v, want %+v", p.Learnt(), l)
		}
	}
}

func TestBlockLengthDoesNotMatterToATrunk(t *testing.T) {
	play := func(step int64) (all []Event) {
		tr := NewTrunk(TrunkConfig{}, Learnt{})
		var o Output
		var pos int64
		until := func(ms int64) {
			for end := ms * driver.MS; pos < end; {
				pos = min(pos+step, end)
				tr.Tick(&o, pos)
			}
		}
		tr.Event(&o, driver.Event{Kind: driver.State}, 0)
		until(3000)
		if err := tr.Dial(&o, Order{Number: "0,4711"}); err != nil {
			t.Fatal(err)
		}
		until(30000)
		tr.Voice(&o, true, pos, pos)
		until(40000)
		tr.Event(&o, driver.Event{Kind: driver.Polarity, Value: 1}, pos)
		until(60000)
		tr.Event(&o, driver.Event{Kind: driver.Battery}, pos)
		until(70000)
		return o.Events
	}
	want := play(160)
	for _, step := range []int64{8, 1000, 40000} {
		if got := play(step); !slices.Equal(got, want) {
			t.Errorf("ticks of %d samples:\n%+v\n%+v", step, got, want)
		}
	}
}

func TestATickOfATrunkAllocatesNothing(t *testing.T) {
	b := answered(t, TrunkConfig{SilenceMS: 200000})
	o := &b.out
	if n := testing.AllocsPerRun(1000, func() {
		b.pos += driver.Block
		b.trunk.Event(o, driver.Event{Kind: driver.Volts, Value: 8000}, b.pos)
		b.trunk.Tick(o, b.pos)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// chance draws what happens on a line: of a property's draws, or of a fuzzer's bytes.
type chance interface{ n(most int) int }

// anything lets something happen on a trunk. released says that the call ended by
// something that neither voice nor keys can be.
func anything(b *bench, c chance) {
	t, o := b.trunk, &b.out
	before, up := t.Call()
	ends := len(b.told(CallEnd))
	harmless := false
	switch c.n(16) {
	case 0:
		if code(t.Dial(o, Order{Number: []string{"4711", "+49,1", "*", "", "x"}[c.n(5)], Prefix: []string{"", "0", "0,"}[c.n(3)]})) == "<nil>" && up {
			b.tb.Fatal("a second call was begun")
		}
	case 1, 2:
		_ = t.Answer(o)
	case 3:
		if t.Release(o) == nil && t.OffHook() {
			b.tb.Fatal("released and off-hook")
		}
	case 4:
		_ = t.Keys(o, []string{"1", "1,2", "", "#*"}[c.n(4)])
	case 5:
		_ = t.Flash(o, c.n(3)*400)
	case 6:
		harmless = true
		t.Voice(o, c.n(2) == 0, max(b.pos-int64(c.n(8000)), 0), b.pos)
	case 7:
		harmless = true
		t.Press(o, Press{Key: tone.Keys[c.n(16)], At: max(b.pos-int64(c.n(2000)), 0), Length: 560, Sure: 100, By: InKeys}, b.pos)
	case 8, 9:
		x := Tone{Name: progress.Tone(c.n(int(progress.Regular) + 2)), At: max(b.pos-int64(c.n(60000)), 0), To: b.pos, Hz: 440, On: c.n(3) * 300, Off: 300}
		if c.n(3) == 0 {
			t.Again(o, x, b.pos)
		} else {
			t.Tone(o, x, c.n(3) > 0, b.pos)
		}
	case 10:
		m := message(callerid.Coding(1+c.n(2)), "5551234")
		m.At, m.End = b.pos, b.pos
		t.Message(o, m, b.pos)
	case 11:
		t.Damaged(o, b.pos)
	case 12:
		t.Modem(o, b.pos, b.pos)
	case 13:
		if c.n(10) == 0 {
			t.Gone(o, b.pos)
			b.settle()
			b.hook = false
		}
	case 14:
		mv := []int32{0, 1000, -5000, -8000, 12000, -24000, 48000, -48000, 130000}[c.n(9)]
		for range 1 + c.n(30) {
			b.event(driver.Volts, mv)
			b.pos += []int64{160, 2000, 4000}[c.n(3)]
		}
	default:
		kinds := []driver.EventKind{driver.RingBegin, driver.RingBegin, driver.RingEnd, driver.Polarity, driver.Battery, driver.State, driver.LoopBreak,
			driver.LoopCurrent, driver.DialDone, driver.Refused, driver.Volts, driver.OnHook}
		k := kinds[c.n(len(kinds))]
		v := int32(c.n(700)) - 1
		if k == driver.State {
			v &^= driver.StateOffHook // the line is as it was told
		}
		if k == driver.Refused {
			v = int32(c.n(12))
		}
		t.Event(o, driver.Event{Kind: k, Value: v}, b.pos)
	}
	b.settle()
	if harmless && len(b.told(CallEnd)) != ends {
		b.tb.Fatalf("voice or a key ended %+v", before)
	}
	b.pos = max(b.pos+[]int64{-160, 0, 0, 80, 160, 1600, 8000, 80000, 8_000_000}[c.n(9)], 0)
	if c.n(2) == 0 && b.sentAt != never {
		b.sentAt = never
		t.Sent(o, b.pos)
		b.settle()
	}
	t.Tick(o, b.pos)
	b.settle()
}

type drawn struct{ rt *rapid.T }

func (d drawn) n(most int) int { return rapid.IntRange(0, most-1).Draw(d.rt, "n") }

func anyConfig(c chance) TrunkConfig {
	return TrunkConfig{Pulse: c.n(4) == 0, Report: c.n(4) == 0, Volts: c.n(2) == 0, SilenceMS: c.n(2) * 120000, MaxMS: c.n(2) * 600000, ThresholdMV: []int{0, 0, 20000, -5}[c.n(4)], RingGapMS: c.n(2) * 3000}
}

func TestWhateverTheLineDoesATrunkHasOneCallAndTheHookOfItsState(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawn{rt}
		b := newBench(rt, anyConfig(c), Learnt{})
		for range rapid.IntRange(1, 150).Draw(rt, "inputs") {
			anything(b, c)
		}
		b.trunk.Gone(&b.out, b.pos)
		b.settle()
		if b.story.up {
			rt.Fatal("a call outlives the board")
		}
	})
}

// bytes are a fuzzer's draws.
type bytesOf struct{ b []byte }

func (d *bytesOf) n(most int) int {
	if len(d.b) == 0 {
		return 0
	}
	v := int(d.b[0])
	d.b = d.b[1:]
	if most > 256 && len(d.b) > 0 {
		v |= int(d.b[0]) << 8
		d.b = d.b[1:]
	}
	return v % most
}

func FuzzTrunk(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x08\x07 what a line says"))
	f.Add([]byte{15, 0, 0, 0, 4, 1, 15, 2, 0, 0, 4, 1, 1, 4, 0, 6, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &bytesOf{data}
		b := newBench(t, anyConfig(c), Learnt{})
		for range 300 {
			if len(c.b) == 0 {
				return
			}
			anything(b, c)
		}
	})
}
