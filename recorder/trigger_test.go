package recorder

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/recorder/archive"
)

const ms = rate / 1000

// hear makes the recorder hear of something now that was ago samples earlier,
// and returns where that was.
func (r *rig) hear(line int, k channels.EventKind, ago int64, change ...func(*channels.Event)) int64 {
	r.t.Helper()
	at := int64(0)
	err := r.rec.ask("hear", line, func(w *watch, pos int64) error {
		at = pos - ago
		e := channels.Event{Board: "b", Line: line, Kind: k, Pos: at, Known: pos, Time: w.line.Time(at), Side: "mixed"}
		for _, f := range change {
			f(&e)
		}
		w.event(&e)
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return at
}

func value(v int64) func(*channels.Event)       { return func(e *channels.Event) { e.Value = v } }
func text(s string) func(*channels.Event)       { return func(e *channels.Event) { e.Text = s } }
func side(s string) func(*channels.Event)       { return func(e *channels.Event) { e.Side = s } }
func call(id string) func(*channels.Event)      { return func(e *channels.Event) { e.Call = id } }
func caller(nr string) func(*channels.Event)    { return func(e *channels.Event) { e.Caller = nr } }
func called(nr string) func(*channels.Event)    { return func(e *channels.Event) { e.Called = nr } }
func facts(e *channels.Event)                   { e.Facts = &channels.CallFacts{} }
func to(s channels.State) func(*channels.Event) { return func(e *channels.Event) { e.To = s } }

// deafBoard has analog lines without volts: nothing tells of the hook.
func deafBoard(lines int) *board {
	b := newBoard(lines, driver.ALaw)
	for i := range b.info.Lines {
		b.info.Lines[i].Caps &^= driver.CapVolts
	}
	return b
}

// press keys a sequence, 100 ms a key and 100 ms between two, and returns where
// the first key began.
func (r *rig) press(line int, keys string, with ...func(*channels.Event)) (first int64) {
	r.t.Helper()
	for i, k := range keys {
		r.to(r.fed() + 200*ms)
		at := r.hear(line, channels.Key, 150*ms, append(with, text(string(k)), value(100*ms))...)
		if i == 0 {
			first = at
		}
	}
	return first
}

func (r *rig) nothing() {
	r.t.Helper()
	if all := r.rec.Active(); len(all) > 0 {
		r.t.Fatalf("%+v is recorded", all)
	}
	if all := r.settle(); len(all) > 0 {
		r.t.Fatalf("%+v was recorded", all[0].Seal)
	}
}

func TestVoiceIsRecordedFromBeforeItsFirstSyllableToTheHangOver(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Voice, PrerollMS: 1000, HangoverMS: 5000}, nil)
	r.to(10 * second)
	begin := r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(13 * second)
	r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(16 * second)
	r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(18 * second)
	end := r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(40 * second)
	l := r.one()
	r.exact(l, begin-1000*ms, end+5*second)
	if s := l.Seal; s.Trigger != Voice || s.EndedBy != EndSilence {
		t.Errorf("trigger %s, ended by %s", s.Trigger, s.EndedBy)
	}
}

func TestNoPreRollIsShorterThanWhatVoiceNeeds(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Voice, HangoverMS: 1000}, nil)
	r.to(10 * second)
	begin := r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(11 * second)
	end := r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(20 * second)
	r.exact(r.one(), begin-leastVoice, end+second)
}

func TestVoiceAtTheEndOfTheHangOverIsNotLost(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Voice, PrerollMS: 2000, HangoverMS: 1000}, nil)
	r.to(10 * second)
	begin := r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(11 * second)
	end := r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(end + second + 240*ms) // the hang-over is over, but the next word began within it
	r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(15 * second)
	end = r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(end + 2*second)
	again := r.hear(1, channels.VoiceBegin, 250*ms) // its pre-roll reaches into the one before
	if again-2*second >= end+second {
		t.Fatal("the test is wrong")
	}
	r.to(end + 5*second)
	last := r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(last + 10*second)
	all := r.settle()
	if len(all) != 2 {
		t.Fatalf("%d recordings, want 2", len(all))
	}
	r.exact(all[0], begin-2*second, end+second)
	r.exact(all[1], end+second, last+second)
}

func TestVoiceOfOneOffHookPeriodIsOneRecording(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voice, PrerollMS: 1000, HangoverMS: 1000}, nil)
	r.to(3 * second)
	r.hear(1, channels.VoiceBegin, 250*ms) // on-hook: nobody can speak
	r.to(4 * second)
	r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(5 * second)
	r.nothing()
	r.hook(6*second, 1, true)
	r.to(10 * second)
	begin := r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(12 * second)
	r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(60 * second)
	r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(61 * second)
	r.hear(1, channels.VoiceEnd, 200*ms)
	r.hook(70*second, 1, false)
	r.to(80 * second)
	l := r.one()
	if s := l.Seal; s.BeginPos != begin-second || s.EndedBy != "on-hook" || s.Call == "" || s.Conversation != s.Call {
		t.Errorf("%+v", s)
	}
	r.exact(l, l.Seal.BeginPos, l.Seal.BeginPos+l.Seal.Samples)
}

func TestWhenACallIsOverNothingHeardBeginsARecording(t *testing.T) {
	for _, trigger := range []string{Voice, Key} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: trigger}, nil)
		r.hook(2*second, 1, true)
		r.to(5 * second)
		r.hear(1, channels.LineState, 0, to(channels.Abandoned))
		r.to(6 * second)
		r.hear(1, channels.VoiceBegin, 250*ms)
		r.press(1, "*1")
		r.to(20 * second)
		r.nothing()
	}
}

func TestACallWithoutVoiceOrKeySaysWhyItHasNoRecording(t *testing.T) {
	for trigger, why := range map[string]string{Voice: WhyNoVoice, Key: WhyNoKey} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: trigger}, nil)
		r.hook(2*second, 1, true)
		r.hook(8*second, 1, false)
		r.to(20 * second)
		r.nothing()
		if got := r.calls.whys(); !slices.Equal(got, []string{why}) {
			t.Errorf("%s: %q, want %q", trigger, got, why)
		}
	}
}

func entriesOf(s archive.Story, kind string) (all []archive.Entry) {
	for _, e := range s.Entries {
		if e.Kind == kind {
			all = append(all, e)
		}
	}
	return all
}

func TestKeysBeginAndEndARecording(t *testing.T) {
	for _, from := range []string{FromCall, FromKey} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Key, KeyStart: "*12", KeyStop: "##", KeyFrom: from, PrerollMS: 500}, nil)
		r.hook(2*second, 1, true)
		r.to(10 * second)
		var began int64
		for _, e := range r.events() {
			if e.Kind == channels.CallBegin {
				began = e.Pos
			}
		}
		r.press(1, "*1")
		r.to(r.fed() + 3*second)
		r.press(1, "2") // too late
		r.to(r.fed() + 3*second)
		r.press(1, "5*12") // the first key is neither * nor #
		r.to(r.fed() + 3*second)
		first := r.press(1, "*12")
		r.to(30 * second)
		stop := r.press(1, "##")
		r.to(40 * second)
		r.press(1, "*12") // once more in the same call
		r.hook(45*second, 1, false)
		r.to(50 * second)
		all := r.settle()
		if len(all) != 2 {
			t.Fatalf("%d recordings, want 2", len(all))
		}
		want := first - 500*ms
		if from == FromCall {
			want = began
		}
		if s := all[0].Seal; s.BeginPos != want || s.EndedBy != EndKey || s.Call == "" || s.Call != all[1].Seal.Call {
			t.Errorf("from %s: %+v, want it from %d on", from, s, want)
		}
		if end := all[0].Seal.BeginPos + all[0].Seal.Samples; end < stop || end > stop+500*ms {
			t.Errorf("from %s: it ends %d ms after the stop began", from, (end-stop)/ms)
		}
		r.exact(all[0], all[0].Seal.BeginPos, all[0].Seal.BeginPos+all[0].Seal.Samples)
		story := r.story(all[0])
		starts, stops := entriesOf(story, entryKeyStart), entriesOf(story, entryKeyStop)
		if len(starts) != 1 || starts[0].At != first-want || starts[0].Text != "*12" || starts[0].Value != 500*ms || len(stops) != 1 || stops[0].At != stop-want {
			t.Errorf("from %s: the story has %+v and %+v", from, starts, stops)
		}
		if all[1].Seal.EndedBy != "on-hook" {
			t.Errorf("the second ended by %s", all[1].Seal.EndedBy)
		}
	}
}

func TestALongCallIsKeptFromAsFarAsTheRingReaches(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Key}, nil)
	r.hook(2*second, 1, true)
	r.to(100 * second)
	first := r.press(1, "*1")
	r.to(102 * second)
	r.hook(103*second, 1, false)
	r.to(106 * second)
	l := r.one()
	if back := first - l.Seal.BeginPos; back < 38*second || back > 41*second || l.Seal.Gaps > 0 {
		t.Errorf("it begins %d ms before the keys, with %d gaps", back/ms, l.Seal.Gaps)
	}
	r.exact(l, l.Seal.BeginPos, l.Seal.BeginPos+l.Seal.Samples)
}

func TestMutedSequencesAreSilence(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Key, KeyMute: true}, nil)
	r.hook(2*second, 1, true)
	r.to(10 * second)
	start := r.press(1, "*1")
	r.to(20 * second)
	again := r.press(1, "*1") // a mark, and muted as well although it is being written
	r.to(30 * second)
	stop := r.press(1, "#1")
	r.to(40 * second)
	l := r.one()
	s := l.Seal
	if end := s.BeginPos + s.Samples; end != stop {
		t.Errorf("it ends %d ms after the first key of the stop", (end-stop)/ms)
	}
	want := wantAudio(0, s.BeginPos, s.Samples)
	for _, first := range []int64{start, again} {
		for i := first; i < first+300*ms; i++ {
			want[i-s.BeginPos] = 0xD5
		}
	}
	if string(r.audio(l, "mixed")) != string(want) {
		t.Error("it is not the line with its sequences silent")
	}
	if n := entriesOf(r.story(l), entryMuted); len(n) != 2 || n[0].At != start-s.BeginPos || n[0].Value != 300*ms {
		t.Errorf("the story has %+v", n)
	}
}

func TestOnlyTheLocalPartyMayTriggerWhereThereAreSides(t *testing.T) {
	r := newRig(t, digitalBoard(), LineConfig{Trigger: Key, KeyFrom: FromKey, HangoverMS: 60_000}, nil, twoPorts)
	r.to(5 * second)
	r.press(1, "*1", side("network"))
	r.to(10 * second)
	r.nothing()
	r.press(1, "*1", side("local"))
	r.to(20 * second)
	r.press(1, "#1", side("network"))
	r.to(25 * second)
	if len(r.rec.Active()) != 1 {
		t.Fatal("the far party could stop a recording, or the near one not begin it")
	}
	r.press(1, "#1", side("local"))
	r.to(30 * second)
	r.one()
}

func TestAWholeCallIsRecordedWithItsNumbers(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Call, PrerollMS: 500}, nil)
	r.at(5*second, 1, driver.RingBegin, 0)
	r.at(6*second, 1, driver.RingEnd, 0)
	r.to(7 * second)
	id := ""
	var began int64
	for _, e := range r.events() {
		if e.Kind == channels.CallBegin {
			id, began = e.Call, e.Pos
		}
	}
	if id == "" {
		t.Fatal("no call")
	}
	r.hear(1, channels.Numbers, 0, call(id), caller("02161234567"))
	r.hook(8*second, 1, true)
	r.to(12 * second)
	r.hear(1, channels.Numbers, 0, call(id), caller("02161234567"), called("8001"), func(e *channels.Event) { e.Name = "李" })
	r.to(20 * second)
	r.hear(1, channels.CallEnd, 0, call(id), caller("02161234567"), called("8001"), facts, func(e *channels.Event) { e.EndedBy = "on-hook" })
	r.hook(20*second+ms*100, 1, false)
	r.to(30 * second)
	l := r.one()
	s := l.Seal
	if s.Call != id || s.Caller != "02161234567" || s.Called != "8001" || s.Direction != "in" || s.Trigger != Call || s.EndedBy != "on-hook" || s.Conversation != id {
		t.Errorf("%+v", s)
	}
	if lead := began - s.BeginPos; lead < 500*ms || lead > 2*second {
		t.Errorf("it begins %d ms before the call", lead/ms)
	}
	r.exact(l, s.BeginPos, s.BeginPos+s.Samples)
	if n := entriesOf(r.story(l), entryName); len(n) != 1 || n[0].Text != "李" {
		t.Errorf("the story has %+v", n)
	}
	if got := r.calls.recordings[id]; !slices.Equal(got, []string{l.ID}) {
		t.Errorf("the call journal has %q", got)
	}
}

func TestNumbersOfACallThatIsUpAreInARecordingThatBeginsLater(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Manual}, nil)
	r.hook(2*second, 1, true)
	r.to(5 * second)
	r.hear(1, channels.Numbers, 0, called("10086"))
	r.to(8 * second)
	r.start(1, "ann")
	r.to(10 * second)
	r.hear(1, channels.Numbers, 0, called("10086"), caller("8001"))
	r.to(12 * second)
	r.hear(1, channels.CallEnd, 0, called("10086"), caller("8001"), facts)
	r.hook(12*second+ms*100, 1, false)
	r.to(20 * second)
	if s := r.one().Seal; s.Called != "10086" || s.Caller != "8001" {
		t.Errorf("caller %q, called %q", s.Caller, s.Called)
	}
}

// Digits told one by one may be clicks of the line: only what the call makes of
// them is a number, and its end has the last word.
func TestOnlyTheCallsOwnNumberIsTheRecordings(t *testing.T) {
	for _, numbers := range []bool{false, true} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil)
		r.hook(2*second, 1, true)
		r.to(5 * second)
		for range 3 {
			r.hear(1, channels.Digit, 0, text("1"))
		}
		r.hear(1, channels.LineState, 0, to(channels.Talking))
		if numbers {
			r.hear(1, channels.Numbers, 0, called("111"), facts)
		}
		r.to(12 * second)
		r.hear(1, channels.CallEnd, 0, facts)
		r.hook(12*second+ms*100, 1, false)
		r.to(20 * second)
		if s := r.one().Seal; s.Called != "" {
			t.Errorf("called %q, want none", s.Called)
		}
	}
}

func TestAMissedCallLeavesNoRecording(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Call}, nil)
	r.at(5*second, 1, driver.RingBegin, 0)
	r.at(6*second, 1, driver.RingEnd, 0)
	r.to(40 * second)
	r.nothing()
	for id, all := range r.calls.recordings {
		if len(all) > 0 {
			t.Errorf("the call journal says that call %s has the recordings %q", id, all)
		}
	}
	if f := r.disk.(interface{ Files() []string }).Files(); slices.ContainsFunc(f, func(s string) bool { return strings.HasPrefix(s, "open/") }) {
		t.Errorf("files are left: %v", f)
	}
}

func TestAModemIsKeptLosslessSkippedOrLeft(t *testing.T) {
	for _, c := range []struct {
		codec, rule string
		want        string // codec and reason of the end of each
	}{
		{GSM, ModemLossless, "gsm modem, g711a on-hook"},
		{IMA, ModemLossless, "ima modem, g711a on-hook"},
		{G711, ModemLossless, "g711a on-hook"},
		{PCM, ModemLossless, "pcm16 on-hook"},
		{GSM, ModemSkip, "gsm modem"},
		{GSM, ModemKeep, "gsm on-hook"},
	} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage, Codec: c.codec, OnModem: c.rule}, nil)
		r.hook(2*second, 1, true)
		r.to(6 * second)
		known := r.fed()
		r.hear(1, channels.Modem, 900*ms, text("cng"), value(1))
		r.to(7 * second)
		r.hear(1, channels.Modem, 0, text("cng"), value(0))
		r.hear(1, channels.Modem, 0, text("ans"), value(1))
		r.hook(10*second, 1, false)
		r.to(15 * second)
		var got []string
		all := r.settle()
		for i, l := range all {
			got = append(got, fmt.Sprint(l.Seal.Codec, " ", l.Seal.EndedBy))
			if i == 1 && (l.Seal.Previous != all[0].ID || l.Seal.BeginPos != known || string(r.audio(l, "mixed")) != string(wantAudio(0, known, l.Seal.Samples))) {
				t.Errorf("%s %s: the second is not the line from %d on, bit for bit: %+v", c.codec, c.rule, known, l.Seal)
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s %s: %s, want %s", c.codec, c.rule, s, c.want)
		}
		if c.rule != ModemKeep && c.codec == GSM {
			if n := entriesOf(r.story(all[0]), entryModem); len(n) != 1 || n[0].Text != "cng" || n[0].Code != c.rule {
				t.Errorf("the story has %+v", n)
			}
		}
		r.hook(20*second, 1, true) // the next call is one like any other
		r.hook(24*second, 1, false)
		r.to(30 * second)
		if more := r.settle(); len(more) != len(all)+1 || string(more[len(all)].Seal.Codec) != string(all[0].Seal.Codec) {
			t.Errorf("%s %s: the next call left %d recordings", c.codec, c.rule, len(more)-len(all))
		}
	}
}

func TestWhatAPersonWantsIsNotSkipped(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Manual, OnModem: ModemSkip}, nil)
	r.to(2 * second)
	r.start(1, "ann")
	r.to(4 * second)
	r.hear(1, channels.Modem, 0, text("ans"), value(1))
	r.to(8 * second)
	r.end(1, "ann")
	if l := r.one(); l.Seal.EndedBy != EndManual {
		t.Errorf("ended by %s", l.Seal.EndedBy)
	}
}

func TestALineWithoutCallsGoesBackToItsCodecAfterAModem(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Continuous, Codec: GSM}, nil)
	r.to(2 * second)
	r.hear(1, channels.Modem, 0, text("ans"), value(1))
	for at := int64(10 * second); at < 660*second; at += 20 * second {
		r.to(at)
	}
	r.end(1, "ann")
	var got []string
	for _, l := range r.settle() {
		got = append(got, fmt.Sprint(l.Seal.Codec, " ", l.Seal.EndedBy))
	}
	if s := strings.Join(got, ", "); s != "gsm modem, g711a modem-over, gsm manual" {
		t.Error(s)
	}
}

// TestAModemThatWasTakenForVoiceLeavesNothing: what begins within 300 ms of the
// sound of a modem is that sound.
func TestAModemThatWasTakenForVoiceLeavesNothing(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Voice, OnModem: ModemSkip}, nil)
	r.to(5 * second)
	at := r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(6 * second)
	r.hear(1, channels.Modem, r.fed()-at, text("ans"), value(1))
	r.to(20 * second)
	r.nothing()
}

func TestSettingsOfTriggersAreChecked(t *testing.T) {
	good := LineConfig{Trigger: Key, KeyStart: "*98", KeyStop: "#98", HangoverMS: 1000}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for key, c := range map[string]LineConfig{
		"key_start":   {KeyStart: "12"},
		"key_stop":    {KeyStop: "#"},
		"neither":     {KeyStart: "*1", KeyStop: "*12"},
		"on_modem":    {OnModem: "maybe"},
		"key_from":    {KeyFrom: "now"},
		"hangover_ms": {HangoverMS: 10},
		"trigger":     {Trigger: "loud"},
		"codec":       {Codec: "mp3"},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%+v: %v, want a fault that says %s", c, err, key)
		}
	}
}

func TestOnlyWhatIsLoudBesideTheHumBeginsARecording(t *testing.T) {
	tone := func(level float64, hz ...float64) func(int64) float64 {
		return func(p int64) (v float64) {
			for _, f := range hz {
				v += dsp.SinePeak(level) * math.Sin(2*math.Pi*f*float64(p)/rate)
			}
			return v
		}
	}
	for _, c := range []struct {
		what  string
		audio func(int64) float64
		begin bool
	}{
		{"silence", tone(-99, 1000), false},
		{"hum of 50 Hz", tone(-30, 50, 100, 150, 250, 350), false},
		{"hum of 60 Hz", tone(-30, 60, 120, 180, 300), false},
		{"crosstalk", tone(-58, 430, 1210, 2270), false},
		{"quiet speech", tone(-40, 433, 1210, 2277), true},
		{"speech in hum", func(p int64) float64 {
			return tone(-30, 50, 150, 250)(p) + tone(-38, 433, 1210, 2277)(p)
		}, true},
	} {
		b := deafBoard(1)
		b.audio = func(_ int, p int64) byte { return g711.EncodeSample(int16(c.audio(p)), g711.ALaw) }
		r := newRig(t, b, LineConfig{Trigger: Voice, HangoverMS: 1000}, nil)
		r.to(5 * second)
		r.hear(1, channels.VoiceBegin, 250*ms)
		r.to(8 * second)
		r.hear(1, channels.VoiceEnd, 200*ms)
		r.to(12 * second)
		if n := len(r.settle()); n > 0 != c.begin {
			t.Errorf("%s: %d recordings", c.what, n)
		}
	}
}

func TestVoiceThatBecomesLoudLaterIsRecordedFromBefore(t *testing.T) {
	b := deafBoard(1)
	b.audio = func(_ int, p int64) byte {
		level := -60.0
		if p > 7*second {
			level = -25
		}
		return g711.EncodeSample(int16(dsp.SinePeak(level)*math.Sin(float64(p)*0.7)), g711.ALaw)
	}
	r := newRig(t, b, LineConfig{Trigger: Voice, HangoverMS: 1000}, nil)
	r.to(5 * second)
	begin := r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(6 * second)
	if len(r.rec.Active()) > 0 {
		t.Fatal("a murmur began a recording")
	}
	r.to(9 * second)
	r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(12 * second)
	if s := r.one().Seal; s.BeginPos != begin-leastVoice {
		t.Errorf("it begins at %d, want %d", s.BeginPos, begin-leastVoice)
	}
}

func TestWhereBothPartiesAreOneSignalEitherMayKeyAndThatIsSaid(t *testing.T) {
	mixed := channels.LineStatus{Sides: []channels.Side{{Name: "mixed"}}}
	both := channels.LineStatus{Sides: []channels.Side{{Name: "network"}, {Name: "local"}}}
	if TriggerNote(LineConfig{Trigger: Key}, mixed) != NoteEitherParty || TriggerNote(LineConfig{Trigger: Key}, both) != "" ||
		TriggerNote(LineConfig{Trigger: Voice}, mixed) != "" {
		t.Error("the note is wrong")
	}
}

func TestAStopByHandLastsUntilTheTalkIsOverWhereNothingTellsOfCalls(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Voice, HangoverMS: 2000}, nil)
	r.to(5 * second)
	r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(8 * second)
	r.end(1, "ann")
	r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(9 * second)
	r.hear(1, channels.VoiceBegin, 250*ms) // they go on talking
	r.to(12 * second)
	r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(20 * second)
	if n := len(r.settle()); n != 1 {
		t.Fatalf("%d recordings, want the one that was stopped", n)
	}
	r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(25 * second)
	r.hear(1, channels.VoiceEnd, 200*ms)
	r.to(40 * second)
	if n := len(r.settle()); n != 2 {
		t.Errorf("%d recordings, want another one of the next talk", n)
	}
}

func TestAWholeCallThatIsStoppedWhileItRingsStaysStopped(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Call}, nil)
	r.at(5*second, 1, driver.RingBegin, 0)
	r.at(6*second, 1, driver.RingEnd, 0)
	r.to(7 * second)
	r.end(1, "ann")
	r.hook(8*second, 1, true)
	r.hook(12*second, 1, false)
	r.to(20 * second)
	if all := r.settle(); len(all) != 1 || all[0].Seal.EndedBy != EndManual {
		t.Errorf("%d recordings", len(all))
	}
	r.hook(25*second, 1, true)
	r.hook(30*second, 1, false)
	r.to(40 * second)
	if all := r.settle(); len(all) != 2 {
		t.Errorf("%d recordings, want one of the next call", len(all))
	}
}

func TestContinuousRecordingsComeBackAfterACallWithAModem(t *testing.T) {
	for rule, want := range map[string]string{ModemSkip: "gsm modem, gsm shutdown", ModemLossless: "gsm modem, g711a modem-over, gsm shutdown"} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Continuous, Codec: GSM, OnModem: rule}, nil)
		r.hook(2*second, 1, true)
		r.to(6 * second)
		r.hear(1, channels.Modem, 500*ms, text("ans"), value(1))
		r.hook(10*second, 1, false)
		r.to(20 * second)
		r.stop()
		var got []string
		for _, l := range r.settle() {
			got = append(got, fmt.Sprint(l.Seal.Codec, " ", l.Seal.EndedBy))
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s: %s, want %s", rule, s, want)
		}
	}
}

func TestAFaintVoiceOnOneSideDoesNotHideALoudOneOnTheOther(t *testing.T) {
	b := digitalBoard()
	b.audio = func(line int, p int64) byte {
		level := -60.0
		if line == 1 {
			level = -25
		}
		return g711.EncodeSample(int16(dsp.SinePeak(level)*math.Sin(float64(p)*0.7)), g711.ALaw)
	}
	r := newRig(t, b, LineConfig{Trigger: Voice, HangoverMS: 1000}, nil, twoPorts)
	r.to(5 * second)
	r.hear(1, channels.VoiceBegin, 250*ms, side("network"))
	r.to(6 * second)
	begin := r.hear(1, channels.VoiceBegin, 250*ms, side("local"))
	r.to(8 * second)
	r.hear(1, channels.VoiceEnd, 200*ms, side("network"))
	end := r.hear(1, channels.VoiceEnd, 200*ms, side("local"))
	r.to(12 * second)
	if s := r.one().Seal; s.BeginPos != begin-leastVoice || s.BeginPos+s.Samples != end+second {
		t.Errorf("[%d +%d), want it from %d to %d", s.BeginPos, s.Samples, begin-leastVoice, end+second)
	}
}

// TestAToneRightBehindAFaintVoiceBeginsNothing: the end of voice is told late, and
// what sets in meanwhile is not the voice.
func TestAToneRightBehindAFaintVoiceBeginsNothing(t *testing.T) {
	b := deafBoard(1)
	b.audio = func(_ int, p int64) byte {
		level := -60.0
		if p >= 6*second {
			level = -10
		}
		return g711.EncodeSample(int16(dsp.SinePeak(level)*math.Sin(2*math.Pi*455*float64(p)/rate)), g711.ALaw)
	}
	r := newRig(t, b, LineConfig{Trigger: Voice, HangoverMS: 1000}, nil)
	r.to(5 * second)
	r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(6*second + 240*ms)
	r.hear(1, channels.VoiceEnd, 240*ms)
	r.to(12 * second)
	r.nothing()
}
