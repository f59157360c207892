package recorder

import (
	"errors"
	"slices"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp/g711"
	"vaad/dsp/mix"
	"vaad/recorder/archive"
)

const second = rate

func voltage() LineConfig { return LineConfig{Trigger: Voltage, PrerollMS: 2000} }

func TestVoltageRecordsFromBeforeOffHookUntilOnHookIsKnown(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), voltage(), nil)
	r.hook(10*second, 1, true)
	r.hook(50*second, 1, false)
	r.to(60 * second)
	evs := r.events()
	var off, on channels.Event
	for _, e := range evs {
		switch e.Kind {
		case channels.OffHook:
			off = e
		case channels.OnHook:
			on = e
		}
	}
	l := r.one()
	r.exact(l, off.Pos-2*second, on.Known)
	s := l.Seal
	if s.EndedBy != "on-hook" || s.Trigger != Voltage || s.Direction != "out" || s.Call == "" || s.Conversation != s.Call {
		t.Errorf("sealed as ended by %q, trigger %q, direction %q, call %q, conversation %q", s.EndedBy, s.Trigger, s.Direction, s.Call, s.Conversation)
	}
	if got := r.calls.recordings[s.Call]; !slices.Equal(got, []string{l.ID}) {
		t.Errorf("the call journal was told of %v, want %s", got, l.ID)
	}
	var kinds []string
	for _, e := range r.story(l).Entries {
		kinds = append(kinds, e.Kind)
		if e.Kind == "off-hook" && e.At != 2*second {
			t.Errorf("the story has off-hook at sample %d, want %d", e.At, 2*second)
		}
		if e.Kind == "on-hook" && e.At != on.Pos-s.BeginPos {
			t.Errorf("the story has on-hook at sample %d, want %d", e.At, on.Pos-s.BeginPos)
		}
	}
	for _, k := range []string{"off-hook", "call-begin", "on-hook", "call-end"} {
		if !slices.Contains(kinds, k) {
			t.Errorf("the story has no %s: %v", k, kinds)
		}
	}
}

func TestIncomingCallKnowsItsDirectionAndAMissedOneMakesNoRecording(t *testing.T) {
	r := newRig(t, newBoard(2, driver.MuLaw), voltage(), nil)
	for i := range int64(3) { // both ring; only the first is answered
		for line := 1; line <= 2; line++ {
			r.at((10+5*i)*second, line, driver.RingBegin, 0)
			r.at((11+5*i)*second, line, driver.RingEnd, 0)
		}
	}
	r.hook(22*second, 1, true)
	r.hook(40*second, 1, false)
	r.to(60 * second)
	l := r.one()
	if l.Seal.Line != 1 || l.Seal.Direction != "in" || l.Seal.Codec != archive.G711U {
		t.Errorf("line %d, direction %q, codec %s; want line 1, in, g711u", l.Seal.Line, l.Seal.Direction, l.Seal.Codec)
	}
	r.exact(l, l.Seal.BeginPos, l.Seal.BeginPos+l.Seal.Samples)
	rings := 0
	for _, e := range r.story(l).Entries {
		if e.Kind == "ring-begin" && e.At <= 0 {
			rings++
		}
	}
	if rings != 3 {
		t.Errorf("the story tells of %d bursts before the recording, want 3", rings)
	}
	if w := r.calls.whys(); len(w) != 0 {
		t.Errorf("the missed call was given the reason %v; being missed is one already", w)
	}
}

func TestContinuousGoesOnInLinkedSegmentsSampleForSample(t *testing.T) {
	r := newRig(t, newBoard(3, driver.ALaw), LineConfig{Trigger: Continuous, MaxMS: 7000}, nil)
	r.to(40 * second)
	r.settle()
	r.stop()
	all := r.settle()
	var next int64
	var prev archive.JournalLine
	n := 0
	for _, l := range all {
		if l.Seal.Line != lineOf(prev) {
			next, prev, n = 0, archive.JournalLine{}, 0
		}
		end := min(next+7*second, 40*second)
		r.exact(l, next, end)
		if prev.ID != l.Seal.Previous || n > 0 && l.Seal.Conversation != prev.Seal.Conversation {
			t.Errorf("segment %d of line %d does not link to the one before", n, l.Seal.Line)
		}
		if d := l.Seal.Begin.Sub(all[0].Seal.Begin); d != time.Duration(next)*time.Second/rate {
			t.Errorf("segment %d begins %v after the first, want %v", n, d, time.Duration(next)*time.Second/rate)
		}
		next, prev = end, l
		n++
		if n == 6 && (l.Seal.EndedBy != EndShutdown || end != 40*second) {
			t.Errorf("the last segment ended by %q at %d", l.Seal.EndedBy, end)
		}
	}
	if len(all) != 18 {
		t.Errorf("%d segments, want 6 of each of 3 lines", len(all))
	}
}

func TestManualRecordsFromStartToStop(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Manual, PrerollMS: 1000}, nil)
	r.to(10 * second)
	if err := r.rec.Stop(1, "ann"); !errors.Is(err, ErrIdle) {
		t.Errorf("stop of an idle line: %v", err)
	}
	if _, err := r.rec.Start(99, "ann"); !errors.Is(err, ErrNoLine) {
		t.Errorf("start of a line that is not there: %v", err)
	}
	id, err := r.rec.Start(1, "ann")
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.rec.Start(1, "bob")
	if err != nil || again != id {
		t.Errorf("a second start gives %q, %v; want the same recording", again, err)
	}
	if a := r.rec.Active(); len(a) != 1 || a[0].ID != id || a[0].Trigger != Manual || a[0].Line != 1 {
		t.Errorf("active: %+v", a)
	}
	r.to(20 * second)
	if err := r.rec.Stop(1, "ann"); err != nil {
		t.Fatal(err)
	}
	if a := r.rec.Active(); len(a) != 0 {
		t.Errorf("still active after the stop: %+v", a)
	}
	r.to(25 * second)
	l := r.one()
	r.exact(l, 9*second, 20*second)
	if l.ID != id || l.Seal.EndedBy != EndManual || l.Seal.Actor != "ann" {
		t.Errorf("sealed as %s, ended by %q, actor %q", l.ID, l.Seal.EndedBy, l.Seal.Actor)
	}
}

func TestManualRecordingOfACallEndsWithTheCall(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Manual}, nil)
	r.hook(5*second, 1, true)
	r.hook(20*second, 1, false)
	r.hook(30*second, 1, true)
	r.hook(35*second, 1, false)
	r.to(10 * second)
	if _, err := r.rec.Start(1, "ann"); err != nil {
		t.Fatal(err)
	}
	r.to(40 * second)
	l := r.one()
	if l.Seal.EndedBy != "on-hook" || l.Seal.Call == "" {
		t.Errorf("ended by %q, call %q", l.Seal.EndedBy, l.Seal.Call)
	}
	r.exact(l, 10*second, l.Seal.BeginPos+l.Seal.Samples)
	if w := r.calls.whys(); !slices.Equal(w, []string{WhyManual}) {
		t.Errorf("the second call has the reasons %v, want %s", w, WhyManual)
	}
}

func TestStopHoldsUntilTheNextCall(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), voltage(), nil)
	r.hook(5*second, 1, true)
	r.to(10 * second)
	if err := r.rec.Stop(1, "ann"); err != nil {
		t.Fatal(err)
	}
	r.hook(20*second, 1, false)
	r.hook(23*second, 1, true)
	r.hook(30*second, 1, false)
	r.to(40 * second)
	all := r.settle()
	if len(all) != 2 {
		t.Fatalf("%d recordings, want the stopped one and the next call", len(all))
	}
	if all[0].Seal.EndedBy != EndManual || all[0].Seal.BeginPos+all[0].Seal.Samples != 10*second {
		t.Errorf("the first ended by %q at %d", all[0].Seal.EndedBy, all[0].Seal.BeginPos+all[0].Seal.Samples)
	}
	if b := all[1].Seal.BeginPos; b < 20*second || b > 22*second {
		t.Errorf("the second begins at %d", b)
	}
}

func TestPrerollDoesNotReachBehindAStop(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Manual, PrerollMS: 20_000}, nil)
	r.to(30 * second)
	r.start(1, "ann")
	r.to(35 * second)
	r.end(1, "ann")
	r.to(40 * second)
	r.start(1, "bob")
	r.to(45 * second)
	r.end(1, "bob")
	all := r.settle()
	if len(all) != 2 {
		t.Fatalf("%d recordings, want 2", len(all))
	}
	r.exact(all[0], 10*second, 35*second)
	r.exact(all[1], 35*second, 45*second)
}

func TestShortRecordingsAreThrownAwayUnlessSomebodyWantedThem(t *testing.T) {
	c := voltage()
	c.MinMS = 10_000
	r := newRig(t, newBoard(1, driver.ALaw), c, nil)
	r.hook(5*second, 1, true)
	r.hook(9*second, 1, false)
	r.hook(20*second, 1, true)
	r.hook(24*second, 1, false)
	r.to(22 * second)
	if _, err := r.rec.Start(1, "ann"); err != nil {
		t.Fatal(err)
	}
	r.to(40 * second)
	l := r.one()
	if l.Seal.BeginPos < 15*second {
		t.Errorf("the recording kept begins at %d: it is the one nobody wanted", l.Seal.BeginPos)
	}
	if w := r.calls.whys(); !slices.Equal(w, []string{WhyTooShort}) {
		t.Errorf("the call journal was told %v, want %s", w, WhyTooShort)
	}
	if f := r.disk.(interface{ Files() []string }).Files(); slices.ContainsFunc(f, func(s string) bool { return len(s) > 5 && s[:5] == "open/" }) {
		t.Errorf("files are left in open/: %v", f)
	}
}

func TestSettingsTakeEffectAtOnce(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Continuous}, nil)
	r.to(10 * second)
	set := func(c LineConfig) {
		t.Helper()
		if err := r.rec.Configure(1, c); err != nil {
			t.Fatal(err)
		}
	}
	set(LineConfig{Trigger: Continuous, Codec: PCM})
	r.to(20 * second)
	set(LineConfig{Trigger: Voltage})
	r.hook(22*second, 1, true)
	r.to(30 * second)
	set(LineConfig{Trigger: Continuous})
	r.to(40 * second)
	set(LineConfig{Trigger: Off})
	if _, err := r.rec.Start(1, "ann"); !errors.Is(err, ErrOff) {
		t.Errorf("start on a line that is off: %v", err)
	}
	r.to(45 * second)
	all := r.settle()
	if len(all) != 4 {
		t.Fatalf("%d recordings, want 4", len(all))
	}
	r.exact(all[0], 0, 10*second)
	if s := all[1].Seal; s.Codec != archive.PCM16 || s.Previous != all[0].ID || s.BeginPos != 10*second || s.Samples != 10*second {
		t.Errorf("the second: codec %s, [%d +%d)", s.Codec, s.BeginPos, s.Samples)
	}
	want := make([]int16, 10*second)
	g711.Decode(want, wantAudio(0, 10*second, 10*second), g711.ALaw)
	if got := pcm(r.audio(all[1], "mixed")); !slices.Equal(got, want) {
		t.Error("16-bit linear is not what the law's table says")
	}
	r.exact(all[2], all[2].Seal.BeginPos, 30*second)
	r.exact(all[3], 30*second, 40*second)
	if all[3].Seal.Previous != all[2].ID || all[3].Seal.Trigger != Continuous || all[3].Seal.EndedBy != EndSettings {
		t.Errorf("the last: previous %s, trigger %s, ended by %s", all[3].Seal.Previous, all[3].Seal.Trigger, all[3].Seal.EndedBy)
	}
	if err := r.rec.Configure(1, LineConfig{Trigger: "sometimes", PrerollMS: 31_000}); err == nil {
		t.Error("settings that mean nothing were taken")
	}
}

func pcm(b []byte) (s []int16) {
	for i := 0; i+1 < len(b); i += 2 {
		s = append(s, int16(uint16(b[i])|uint16(b[i+1])<<8))
	}
	return s
}

func TestSidesAreSeparateOrMixed(t *testing.T) {
	for _, sides := range []string{Separate, Mixed} {
		for _, codec := range []string{G711, PCM} {
			t.Run(sides+" "+codec, func(t *testing.T) {
				board := newBoard(2, driver.ALaw)
				for i := range board.info.Lines {
					board.info.Lines[i].Kind, board.info.Lines[i].Caps = driver.BChan, 0
				}
				r := newRig(t, board, LineConfig{Trigger: Continuous, Sides: sides, Codec: codec}, nil,
					func(_ *rig, _ *Config, c *channels.Config) { c.Plan = digitalTap{} })
				r.to(10 * second)
				r.end(1, "ann")
				l := r.one()
				a, b := wantAudio(0, 0, 10*second), wantAudio(1, 0, 10*second)
				law := func(c []byte) []int16 { s := make([]int16, len(c)); g711.Decode(s, c, g711.ALaw); return s }
				both := make([]int16, len(a))
				mix.Mix(both, law(a), law(b))
				code := make([]byte, len(a))
				g711.Encode(code, both, g711.ALaw)
				switch {
				case sides == Separate && codec == G711:
					if string(r.audio(l, "network")) != string(a) || string(r.audio(l, "local")) != string(b) {
						t.Error("the sides are not bit for bit")
					}
				case sides == Separate:
					if !slices.Equal(pcm(r.audio(l, "network")), law(a)) || !slices.Equal(pcm(r.audio(l, "local")), law(b)) {
						t.Error("the sides are not as the table says")
					}
				case codec == G711:
					if string(r.audio(l, "mixed")) != string(code) {
						t.Error("the mix is not both sides, 6 dB lower")
					}
				default:
					if !slices.Equal(pcm(r.audio(l, "mixed")), both) {
						t.Error("the mix is not both sides, 6 dB lower")
					}
				}
			})
		}
	}
}

// digitalTap makes one line of two ports.
type digitalTap struct{}

func (digitalTap) Spans(string, driver.Info) []channels.SpanConfig { return nil }

func (digitalTap) Lines(_ string, info driver.Info) ([]channels.LineConfig, error) {
	return []channels.LineConfig{{Number: 1, Port: 1, LocalPort: 2, Use: driver.Tap}}, nil
}

func TestBoardThatGoesEndsItsRecordings(t *testing.T) {
	b := newBoard(2, driver.ALaw)
	r := newRig(t, b, LineConfig{Trigger: Continuous}, nil)
	r.to(10 * second)
	_ = b.Close()
	until(t, "the board to be gone", func() bool { r.decided(); return len(r.rec.Active()) == 0 })
	all := r.settle()
	if len(all) != 2 {
		t.Fatalf("%d recordings, want one of each line", len(all))
	}
	for _, l := range all {
		r.exact(l, 0, 10*second)
		if l.Seal.EndedBy != EndGone {
			t.Errorf("ended by %q", l.Seal.EndedBy)
		}
	}
	if _, err := r.rec.Start(1, "ann"); !errors.Is(err, ErrGone) {
		t.Errorf("start on a gone board: %v", err)
	}
}

func TestLostSamplesAreSilenceOfTheirLengthAndAGapInTheStory(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Continuous}, nil)
	r.at(5*second, 1, driver.Lost, 400)
	r.to(10 * second)
	r.end(1, "ann")
	l := r.one()
	if l.Seal.Gaps != 1 || l.Seal.LostSamples != 400 || l.Seal.Samples != 10*second {
		t.Errorf("%d gaps of %d samples in a recording of %d", l.Seal.Gaps, l.Seal.LostSamples, l.Seal.Samples)
	}
	if !r.alarm.raised(AlarmGap) {
		t.Error("no alarm was raised")
	}
}

func lineOf(l archive.JournalLine) int {
	if l.Seal == nil {
		return 0
	}
	return l.Seal.Line
}

func TestALineWithoutVoltageCannotBeTriggeredByIt(t *testing.T) {
	b := newBoard(1, driver.ALaw)
	b.info.Lines[0].Caps &^= driver.CapVolts
	r := newRig(t, b, LineConfig{Trigger: Manual}, nil)
	r.to(1 * second)
	var unfit *UnfitError
	if err := r.rec.Configure(1, voltage()); !errors.As(err, &unfit) || unfit.Code != "no-volts" {
		t.Errorf("the voltage trigger on a line without voltage: %v", err)
	}
}

func TestATriggerThatDoesNotFitIsTakenAndEndsWhatTheOldOneBegan(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Continuous}, nil)
	r.to(5 * second)
	var unfit *UnfitError
	if err := r.rec.Configure(1, voltage()); !errors.As(err, &unfit) {
		t.Errorf("the voltage trigger on a line without voltage: %v", err)
	}
	r.to(10 * second)
	l := r.one()
	r.exact(l, 0, 5*second)
	if l.Seal.EndedBy != EndSettings {
		t.Errorf("ended by %s", l.Seal.EndedBy)
	}
}

func TestPrerollIsLongEnoughForSlowVoltages(t *testing.T) {
	s := channels.LineStatus{Number: 1, Caps: driver.CapVolts, VoltsEvery: 500 * time.Millisecond}
	var unfit *UnfitError
	if err := Fits(LineConfig{Trigger: Voltage, PrerollMS: 1199}, s); !errors.As(err, &unfit) || unfit.Code != "preroll-short" {
		t.Errorf("1199 ms: %v", err)
	}
	if err := Fits(LineConfig{Trigger: Voltage, PrerollMS: 1200}, s); err != nil {
		t.Errorf("1200 ms: %v", err)
	}
}
