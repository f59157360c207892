package channels

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vaad/driver"
	"vaad/driver/sim/voice"
	"vaad/dsp/callerid"
	"vaad/dsp/g711"
	"vaad/dsp/modemtone"
	"vaad/dsp/pulse"
	"vaad/dsp/tone"
)

// A scene is what happens on one line: events and sounds, by ms.
type scene struct {
	t      testing.TB
	events map[int]driver.Event // by block
	sound  []int16
	info   driver.Info
}

func newScene(t testing.TB, info driver.Info) *scene {
	return &scene{t: t, events: map[int]driver.Event{}, info: info}
}

func (s *scene) at(ms int, k driver.EventKind, v int32) {
	s.events[ms/20] = driver.Event{Kind: k, Value: v, At: ms % 20 * 8}
}

// play puts samples on the line and returns where they end, ms.
func (s *scene) play(ms int, samples []int16) int {
	end := ms*8 + len(samples)
	if missing := end - len(s.sound); missing > 0 {
		s.sound = append(s.sound, make([]int16, missing)...)
	}
	for i, v := range samples {
		s.sound[ms*8+i] = int16(min(max(int(s.sound[ms*8+i])+int(v), -32768), 32767))
	}
	return end/8 + 1
}

func (s *scene) source(src interface{ Fill([]int16) int }, ms int) []int16 {
	b := make([]int16, ms*8)
	return b[:src.Fill(b)]
}

func (s *scene) keys(digits string) []int16 {
	c, err := tone.DTMF(digits, -12, 70, 70)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.source(tone.New(c), 20000)
}

func (s *scene) tone(c tone.Cadence, ms int) []int16 { return s.source(tone.New(c), ms) }

func (s *scene) fsk(c callerid.Coding, t callerid.Timing, number, name string) []int16 {
	fields := []callerid.Field{{Type: callerid.Number, Raw: []byte(number)}}
	if name != "" {
		fields = append(fields, callerid.Field{Type: callerid.Name, Raw: []byte(name)})
	}
	m, err := callerid.Build(callerid.CallSetup, fields...)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.source(callerid.NewSource(c, m, t, -15), 3000)
}

func (s *scene) voice(seed uint64) []int16 { return voice.Usual().Phrase(seed, 12) }

// board plays the scene, through the line's law as a card would.
func (s *scene) board() *fakeBoard {
	volts := int32(-48000)
	hasVolts := s.info.Lines[0].Caps.Has(driver.CapVolts)
	return newFake(s.info, func(n int, _, rx *driver.Frame) error {
		if e, ok := s.events[n]; ok {
			if e.Kind == driver.Volts {
				volts = e.Value
			} else {
				rx.Event(e.Kind, 0, e.At, e.Value, nil)
			}
		}
		if n%5 == 0 && hasVolts {
			rx.Event(driver.Volts, 0, 0, volts, nil)
		}
		var pcm [driver.Block]int16
		if from := n * driver.Block; from < len(s.sound) {
			copy(pcm[:], s.sound[from:])
		}
		code := rx.LineCode(0)
		g711.Encode(code, pcm[:], g711.ALaw)
		g711.Decode(rx.LinePCM(0), code, g711.ALaw)
		return nil
	})
}

// run plays the scene for so long on a line of that use and returns what was told.
func (s *scene) run(ms int, c LineConfig) ([]Event, *System) {
	c.Number, c.Port = 1, 1
	sys, l := stepper(s.t, s.board(), Config{Plan: planFunc(func(string, driver.Info) ([]LineConfig, error) { return []LineConfig{c}, nil })})
	r := sys.Subscribe("test", true)
	ticks(s.t, sys, l, ms/20)
	evs, _ := r.Drain(nil)
	known := int64(0)
	for _, e := range evs {
		if e.Known < known || e.Pos > e.Known {
			s.t.Errorf("%+v is told after something that was known at %d", e, known)
		}
		known = e.Known
	}
	return evs, sys
}

// texts joins the texts of all events of a kind.
func texts(evs []Event, k EventKind) string {
	var b strings.Builder
	for _, e := range find(evs, k) {
		b.WriteString(e.Text)
	}
	return b.String()
}

func one(t testing.TB, evs []Event, k EventKind) Event {
	t.Helper()
	f := find(evs, k)
	if len(f) != 1 {
		t.Fatalf("%d events %s, want one: %+v", len(f), k, f)
	}
	return f[0]
}

// incoming rings twice from 4 s on, with a sound between, and is answered.
func incoming(t testing.TB, between func(*scene) []int16) *scene {
	s := newScene(t, fxoInfo(1))
	s.at(4000, driver.RingBegin, 0)
	s.at(5000, driver.RingEnd, 0)
	if between != nil {
		s.play(5700, between(s))
	}
	s.at(9000, driver.RingBegin, 0)
	s.at(10000, driver.RingEnd, 0)
	s.at(11000, driver.Volts, -8000)
	s.play(12000, s.voice(1))
	s.at(20000, driver.Volts, -48000)
	return s
}

func TestTapTellsWhoCallsInEveryCoding(t *testing.T) {
	for _, c := range []callerid.Coding{callerid.Bell, callerid.V23} {
		s := incoming(t, func(s *scene) []int16 { return s.fsk(c, callerid.OnHook(), "02131234567", "ZHANG SAN") })
		evs, sys := s.run(24000, LineConfig{Use: driver.Tap, Own: "64000001"})
		end := one(t, evs, CallEnd)
		if end.Caller != "02131234567" || end.Name != "ZHANG SAN" || end.Called != "64000001" || end.Facts.CallerBy != c.String() ||
			end.Facts.Outcome != "answered" || end.Facts.DirectionBy != "ring" || end.Facts.Rings != 2 {
			t.Errorf("%v: %+v %+v", c, end, end.Facts)
		}
		if n := find(evs, Numbers); len(n) != 2 || n[1].Call != end.Call || n[1].Known > 9000*8 {
			t.Errorf("%v: numbers %+v", c, n)
		}
		if k := append(find(evs, Key), find(evs, Digit)...); len(k) != 0 {
			t.Errorf("%v: keys %+v", c, k)
		}
		if l := mustLine(t, sys, 1).Status(); l.Learnt.CallerID.String() != c.String()+"-after-ring" || l.Call != "" || l.Caller != "" {
			t.Errorf("%v: %+v", c, l)
		}
	}
}

func TestTapTellsWhoCallsByKeysBeforeTheRing(t *testing.T) {
	s := incoming(t, nil)
	s.play(2000, s.keys("D13800138000C"))
	evs, _ := s.run(24000, LineConfig{Use: driver.Tap})
	if begin := one(t, evs, CallBegin); begin.Caller != "13800138000" || begin.Facts.CallerBy != "dtmf" {
		t.Errorf("%+v", begin)
	}
	if k := append(find(evs, Key), find(evs, Digit)...); len(k) != 0 {
		t.Errorf("keys of the exchange were told as a telephone's: %+v", k)
	}
}

// outgoing picks up at 4 s and dials at 7 s.
func outgoing(t testing.TB, dial func(*scene) []int16) (s *scene, dialled int) {
	s = newScene(t, fxoInfo(1))
	cn, _ := tone.Country("CN")
	s.at(4000, driver.Volts, -8000)
	s.play(4000, s.tone(cn.Dial, 2500))
	return s, s.play(7000, dial(s))
}

func TestTapTellsWhatIsDialledInKeys(t *testing.T) {
	cn, _ := tone.Country("CN")
	s, ms := outgoing(t, func(s *scene) []int16 { return s.keys("913800138000") })
	ms = s.play(ms+2000, s.tone(cn.Ringback, 11000))
	begin := ms + 300
	ms = s.play(begin, s.voice(3))
	ms = s.play(ms+1000, s.keys("#2"))
	s.at((ms+2000)/20*20, driver.Volts, -48000)
	evs, _ := s.run(ms+6000, LineConfig{Use: driver.Tap, Prefix: "9"})
	end := one(t, evs, CallEnd)
	if end.Called != "13800138000" || end.Facts.Dialled != "913800138000" || end.Facts.CalledBy != "keys" || end.Facts.Sure != 100 || end.Direction != Outgoing {
		t.Errorf("%+v %+v", end, end.Facts)
	}
	if d, k := texts(evs, Digit), texts(evs, Key); d != "913800138000" || k != "#2" {
		t.Errorf("digits %q, keys %q", d, k)
	}
	for _, e := range find(evs, Key) {
		if e.Value < 500 || e.Value > 620 || e.Side != "mixed" || e.Call != end.Call {
			t.Errorf("%+v", e)
		}
	}
	answer := one(t, evs, CallAnswered)
	if off := answer.Pos - int64(begin*8); answer.AnsweredBy != "voice-guess" || off < -800 || off > 2400 {
		t.Errorf("answered %d ms after the voice began: %+v", off/8, answer)
	}
	if got := fmt.Sprint(texts(evs, Tone)); got != "dialdialringbackringback" {
		t.Errorf("tones %q", got)
	}
}

func TestFaxThatAnswersIsToldAndTakenForTheAnswer(t *testing.T) {
	s, ms := outgoing(t, func(s *scene) []int16 { return s.keys("5551234") })
	began := ms + 1000
	ms = s.play(began, s.source(modemtone.NewSource(modemtone.ANS, -15), 3000))
	s.at((ms+3000)/20*20, driver.Volts, -48000)
	evs, _ := s.run(ms+7000, LineConfig{Use: driver.Tap})
	m, answer := find(evs, Modem), one(t, evs, CallAnswered)
	if len(m) != 2 || m[0].Text != "ans" || m[0].Value != 1 || m[1].Value != 0 || m[0].Side != "mixed" {
		t.Errorf("%+v", m)
	}
	if off := answer.Pos/8 - int64(began); answer.AnsweredBy != "modem" || off < -60 || off > 60 {
		t.Errorf("%+v", answer)
	}
	if end := one(t, evs, CallEnd); end.Called != "5551234" || end.Facts.Outcome != "answered" {
		t.Errorf("%+v", end)
	}
	if v := find(evs, VoiceBegin); len(v) != 0 {
		t.Errorf("voice: %+v", v)
	}
}

func TestTapTellsWhatIsDialledInPulses(t *testing.T) {
	s, ms := outgoing(t, func(s *scene) []int16 {
		src, err := pulse.NewSource("4079", pulse.Usual())
		if err != nil {
			t.Fatal(err)
		}
		return s.source(src, 20000)
	})
	s.at((ms+9000)/20*20, driver.Volts, -48000)
	evs, _ := s.run(ms+13000, LineConfig{Use: driver.Tap})
	end := one(t, evs, CallEnd)
	if end.Called != "4079" || end.Facts.CalledBy != "pulses" || end.Facts.Sure < 60 || end.Facts.Outcome != "given-up" {
		t.Errorf("%+v %+v", end, end.Facts)
	}
}

func TestBusyToneEndsACallWithTheTelephoneOffHook(t *testing.T) {
	cn, _ := tone.Country("CN")
	s := incoming(t, nil)
	delete(s.events, 20000/20)
	s.play(20000, s.tone(cn.Busy, 8000))
	s.at(40000, driver.Volts, -48000)
	evs, _ := s.run(44000, LineConfig{Use: driver.Tap})
	end := one(t, evs, CallEnd)
	if end.EndedBy != "busy-tone" || end.Known > 24000*8 || end.Facts.Outcome != "answered" {
		t.Errorf("%+v", end)
	}
	if states := find(evs, LineState); states[len(states)-2].To != Abandoned {
		t.Errorf("%+v", states)
	}
}

func TestCallWaitingIsToldAndSplitsNothing(t *testing.T) {
	s := incoming(t, nil)
	s.play(16000, s.fsk(callerid.Bell, callerid.OffHook(), "5550199", "LI"))
	evs, _ := s.run(24000, LineConfig{Use: driver.Tap})
	w := one(t, evs, CallWaiting)
	if end := one(t, evs, CallEnd); w.Caller != "5550199" || w.Name != "LI" || w.Call != end.Call || end.Caller != "" {
		t.Errorf("%+v %+v", w, end)
	}
}

func TestVoiceHasItsTruePlace(t *testing.T) {
	s := incoming(t, nil)
	evs, _ := s.run(24000, LineConfig{Use: driver.Tap})
	begin, end := find(evs, VoiceBegin), find(evs, VoiceEnd)
	if len(begin) == 0 || len(begin) != len(end) {
		t.Fatalf("%d begins, %d ends", len(begin), len(end))
	}
	if at := begin[0].Pos/8 - 12000; at < -50 || at > 250 || begin[0].Known-begin[0].Pos > 8*275 {
		t.Errorf("voice from 12000 ms on was found %d ms later: %+v", at, begin[0])
	}
}

func TestLineWithoutVoltageTellsVoiceAndKeys(t *testing.T) {
	info := fxoInfo(1)
	info.Lines[0].Caps &^= driver.CapVolts
	s := newScene(t, info)
	ms := s.play(3000, s.voice(5))
	ms = s.play(ms+500, s.keys("*1"))
	evs, _ := s.run(ms+2000, LineConfig{Use: driver.Tap})
	if got := texts(evs, Key); got != "*1" {
		t.Errorf("keys %q", got)
	}
	if len(find(evs, VoiceBegin)) == 0 || len(find(evs, VoiceBegin)) != len(find(evs, VoiceEnd)) {
		t.Errorf("voice %+v", find(evs, VoiceBegin))
	}
}

func TestIdleLineIsNotListenedToForVoice(t *testing.T) {
	s := newScene(t, fxoInfo(1))
	ms := s.play(3000, s.voice(5))
	s.play(ms, s.keys("123"))
	evs, _ := s.run(ms+4000, LineConfig{Use: driver.Tap})
	if got := kinds(evs, 1); slices.Contains(got, VoiceBegin) || slices.Contains(got, Key) || slices.Contains(got, Digit) {
		t.Errorf("told %v", got)
	}
}

func TestTrunkWithoutSignallingTellsWhatIsHeardBySide(t *testing.T) {
	s := newScene(t, bInfo(1))
	ms := s.play(1000, s.voice(5))
	s.play(ms+500, s.keys("7"))
	evs, _ := s.run(ms+2000, LineConfig{Use: driver.Trunk})
	if k := one(t, evs, Key); k.Text != "7" || k.Side != "network" || k.By != "keys" {
		t.Errorf("%+v", k)
	}
	if v := find(evs, VoiceBegin); len(v) == 0 || v[0].Side != "network" {
		t.Errorf("%+v", v)
	}
}

func TestGoneBoardEndsWhatWasHeard(t *testing.T) {
	s := incoming(t, nil)
	sys, l := stepper(t, s.board(), Config{})
	r := sys.Subscribe("test", true)
	ticks(t, sys, l, 12600/20)
	sys.boards[0].finish(l, driver.ErrGone)
	sys.feed.round()
	evs, _ := r.Drain(nil)
	if b, e := find(evs, VoiceBegin), find(evs, VoiceEnd); len(b) == 0 || len(b) != len(e) || e[0].Seq > one(t, evs, CallEnd).Seq {
		t.Errorf("begins %+v, ends %+v", b, e)
	}
}

func TestMissingBlocksMakeNoDigits(t *testing.T) {
	s, ms := outgoing(t, func(s *scene) []int16 { return s.keys("123456") })
	f := s.board()
	play := f.fill
	f.fill = func(n int, tx, rx *driver.Frame) error {
		if err := play(n, tx, rx); err != nil {
			return err
		}
		if n == 7420/20 { // within the fourth key
			rx.Event(driver.Missed, 0, 0, 1, nil)
			clear(rx.LinePCM(0))
		}
		if n == 7300/20 {
			rx.Event(driver.Lost, 0, 40, 80, nil)
		}
		return nil
	}
	sys, l := stepper(t, f, Config{})
	r := sys.Subscribe("test", true)
	ticks(t, sys, l, ms/20+100)
	evs, _ := r.Drain(nil)
	got := texts(evs, Digit)
	if !strings.HasPrefix(got, "123") || !strings.HasSuffix(got, "56") || len(got) > 6 {
		t.Errorf("dialled 123456 with two holes, found %q", got)
	}
}

func TestListeningLoopAllocatesNothing(t *testing.T) {
	s := newScene(t, fxoInfo(1))
	s.at(2000, driver.Volts, -8000)
	for ms := 4000; ms < 60000; {
		ms = s.play(ms, s.voice(uint64(ms)))
	}
	sys, l := stepper(t, s.board(), Config{})
	ticks(t, sys, l, 500)
	if n := testing.AllocsPerRun(1000, func() {
		if err := l.tick(); err != nil {
			t.Fatal(err)
		}
	}); n >= 0.2 { // events of the feed's side
		t.Errorf("%v allocations per tick", n)
	}
}

func TestCallerIDIsNoVoiceOnALineWithoutVoltage(t *testing.T) {
	info := fxoInfo(1)
	info.Lines[0].Caps &^= driver.CapVolts
	for _, c := range []callerid.Coding{callerid.Bell, callerid.V23} {
		s := newScene(t, info)
		s.at(4000, driver.RingBegin, 0)
		s.at(5000, driver.RingEnd, 0)
		s.play(5700, s.fsk(c, callerid.OnHook(), "02131234567", "ZHANG SAN"))
		s.at(9000, driver.RingBegin, 0)
		s.at(10000, driver.RingEnd, 0)
		evs, _ := s.run(24000, LineConfig{Use: driver.Tap})
		end := one(t, evs, CallEnd)
		if end.Caller != "02131234567" || end.AnsweredBy != "unknown" || end.Facts.Outcome != "unknown" {
			t.Errorf("%v: %+v %+v", c, end, end.Facts)
		}
		for _, k := range []EventKind{VoiceBegin, Key, Tone, Modem} {
			if f := find(evs, k); len(f) > 0 {
				t.Errorf("%v: told %+v", c, f)
			}
		}
	}
}
