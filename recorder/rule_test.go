package recorder

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/recorder/rules"
)

// withRules makes the recorder obey rules; the list "vip" has 02161234567 and 114.
func withRules(t *testing.T, list ...rules.Rule) option {
	for i := range list {
		list[i].Name = fmt.Sprintf("r%d", i)
	}
	d := rules.Doc{List: list}
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	set, err := rules.New(d, nil, map[string]rules.List{"vip": {Numbers: []string{"02161234567", "114"}}}, func(string) bool { return true }, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return func(_ *rig, c *Config, _ *channels.Config) {
		c.Rules = func() *rules.Set { return set }
		c.Groups = func(int) []string { return []string{"sales"} }
	}
}

func (r *rig) whysOf(id string) string {
	r.calls.mu.Lock()
	defer r.calls.mu.Unlock()
	return strings.Join(r.calls.why[id], ",")
}

// theCall is the ID of the call that has begun since last asked.
func (r *rig) theCall() string {
	r.t.Helper()
	for _, e := range r.events() {
		if e.Kind == channels.CallBegin {
			return e.Call
		}
	}
	r.t.Fatal("no call")
	return ""
}

func TestARuleThatNeedsNoNumberDeniesBeforeAnythingIsRecorded(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withRules(t, rules.Rule{Groups: []string{"sales"}, Direction: "in"}))
	id := r.ringOnce(5 * second)
	r.hook(8*second, 1, true)
	r.to(12 * second)
	r.nothing()
	r.hook(14*second, 1, false)
	r.to(20 * second)
	r.nothing()
	if w := r.whysOf(id); w != "rule:r0:deny:group=sales;direction=in" {
		t.Errorf("the call journal was told %q", w)
	}
	r.hook(30*second, 1, true) // a call out is one that no rule fits
	r.hook(34*second, 1, false)
	r.to(40 * second)
	r.one()
}

func TestARecordingIsThrownAwayWhenTheNumberThatDeniesItIsKnown(t *testing.T) {
	for _, atEnd := range []bool{false, true} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withRules(t, rules.Rule{Called: []string{"@vip"}}))
		r.hook(2*second, 1, true)
		r.to(6 * second)
		id := r.theCall()
		if len(r.rec.Active()) != 1 {
			t.Fatal("nothing is recorded while the number is not known")
		}
		if !atEnd {
			r.hear(1, channels.Numbers, 0, call(id), called("114"))
			r.to(8 * second)
			r.nothing()
		}
		r.to(10 * second)
		r.hear(1, channels.CallEnd, 0, call(id), called("114"), facts)
		r.hook(10*second+100*ms, 1, false)
		r.to(16 * second)
		r.nothing()
		if w := strings.TrimRight(r.whysOf(id), ","); w != "rule-dropped,rule:r0:deny:called=@vip" {
			t.Errorf("the call journal was told %q", w)
		}
		if got := r.calls.recordings[id]; len(got) > 0 {
			t.Errorf("the call journal has the recordings %q", got)
		}
	}
}

func TestACallWithoutANumberIsOnNoList(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withRules(t, rules.Rule{Party: []string{"@vip"}}))
	r.hook(2*second, 1, true)
	r.hook(10*second, 1, false)
	r.to(16 * second)
	r.one()
}

func TestARuleRecordsFromTheBeginningOfACallWhoseNumberIsKnownLate(t *testing.T) {
	for _, c := range []struct {
		list []rules.Rule
		want int
	}{
		{[]rules.Rule{{Caller: []string{"@vip"}, Record: true, Trigger: Call, Class: "long"}}, 1},
		{[]rules.Rule{{Caller: []string{"!@vip"}, Record: true, Trigger: Call}}, 0},
		{[]rules.Rule{{Caller: []string{"@vip"}}, {Record: true, Trigger: Call}}, 0},
	} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Manual, PrerollMS: 500}, nil, withRules(t, c.list...))
		id := r.ringOnce(5 * second)
		r.hook(8*second, 1, true)
		r.to(20 * second)
		r.hear(1, channels.Numbers, 0, call(id), caller("02161234567"))
		r.to(24 * second)
		r.hear(1, channels.CallEnd, 0, call(id), caller("02161234567"), facts, func(e *channels.Event) { e.EndedBy = "on-hook" })
		r.hook(24*second+100*ms, 1, false)
		r.to(30 * second)
		all := r.settle()
		if len(all) != c.want {
			t.Fatalf("%+v: %d recordings, want %d", c.list, len(all), c.want)
		}
		if c.want == 0 {
			continue
		}
		s := all[0].Seal
		if s.BeginPos > 5*second || s.Caller != "02161234567" || s.Trigger != Call {
			t.Errorf("%+v", s)
		}
		r.exact(all[0], s.BeginPos, s.BeginPos+s.Samples)
		story := r.story(all[0])
		if e := entriesOf(story, entryRule); len(e) != 1 || e[0].Text != "r0" || e[0].Code != "rule:r0:record:caller=@vip" {
			t.Errorf("the story has %+v", e)
		}
		if e := entriesOf(story, "retention-class"); len(e) != 1 || e[0].Text != "long" {
			t.Errorf("the story has %+v", e)
		}
	}
}

func TestARuleThatComesToFitLaterCatchesUp(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Call, PrerollMS: 500}, nil, withRules(t, rules.Rule{Called: []string{"114"}}))
	id := r.ringOnce(5 * second)
	r.hook(8*second, 1, true)
	r.to(10 * second)
	r.hear(1, channels.Numbers, 0, call(id), called("114")) // of digits that are not all
	r.to(12 * second)
	r.nothing()
	r.hear(1, channels.Numbers, 0, call(id), called("1145"))
	r.to(14 * second)
	r.hear(1, channels.CallEnd, 0, call(id), called("1145"), facts)
	r.hook(14*second+100*ms, 1, false)
	r.to(20 * second)
	l := r.one()
	if s := l.Seal; s.BeginPos > 5*second || s.Called != "1145" || s.Direction != "in" {
		t.Errorf("%+v", s)
	}
	if e := entriesOf(r.story(l), string(channels.CallBegin)); len(e) != 1 {
		t.Errorf("the story has %d begins of its call", len(e))
	}
}

func TestARuleMayWantAnotherCodecAndSides(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withRules(t, rules.Rule{Called: []string{"@vip"}, Record: true, Codec: PCM}))
	r.hook(2*second, 1, true)
	r.to(6 * second)
	id := r.theCall()
	r.hear(1, channels.Numbers, 0, call(id), called("10086"))
	r.to(7 * second)
	r.hear(1, channels.Numbers, 0, call(id), called("114"))
	r.to(9 * second)
	r.hear(1, channels.CallEnd, 0, call(id), called("114"), facts)
	r.hook(9*second+100*ms, 1, false)
	r.to(16 * second)
	s := r.one().Seal
	if string(s.Codec) != PCM || s.BeginPos > 2*second || s.Called != "114" {
		t.Errorf("%+v", s)
	}
	r.hook(20*second, 1, true)
	r.hook(24*second, 1, false)
	r.to(30 * second)
	if all := r.settle(); len(all) != 2 || string(all[1].Seal.Codec) != "g711a" {
		t.Errorf("the next call is not as the line's settings say: %+v", all)
	}
}

func TestAProofOfAModemIsThreeSecondsOfItAndAFaxIsKeptLossless(t *testing.T) {
	for tone, want := range map[string]string{"v22": "g711a 3000 modem", "cng": "gsm,g711a", "ans": "gsm,g711a"} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage, Codec: GSM}, nil,
			withRules(t, rules.Rule{Heard: []string{rules.Modem}, Record: true, Proof: true}))
		r.hook(2*second, 1, true)
		r.to(6 * second)
		at := r.hear(1, channels.Modem, 500*ms, text(tone), value(1))
		r.to(20 * second)
		r.hook(22*second, 1, false)
		r.to(30 * second)
		all := r.settle()
		if tone != "v22" {
			var got []string
			for _, l := range all {
				got = append(got, string(l.Seal.Codec))
			}
			if strings.Join(got, ",") != want {
				t.Errorf("%s: %v, want %s", tone, got, want)
			}
			continue
		}
		if len(all) != 1 {
			t.Fatalf("%s: %d recordings", tone, len(all))
		}
		if s := all[0].Seal; fmt.Sprint(s.Codec, " ", s.Samples/ms, " ", s.EndedBy) != want || s.BeginPos != at {
			t.Errorf("%s: %s %d ms from %d, %s; want %s", tone, s.Codec, s.Samples/ms, s.BeginPos-at, s.EndedBy, want)
		}
	}
}

func TestAProofEndsWithItsCall(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withRules(t, rules.Rule{Heard: []string{rules.Any}, Record: true, Proof: true}))
	r.hook(2*second, 1, true)
	r.to(6 * second)
	r.hear(1, channels.Modem, 0, text("ans"), value(1))
	r.hook(6*second+500*ms, 1, false)
	r.to(16 * second)
	if s := r.one().Seal; s.Samples >= 3*second || s.EndedBy == EndModem {
		t.Errorf("%d ms, %s", s.Samples/ms, s.EndedBy)
	}
}

func TestWhatAPersonWantsIsRecordedWhateverTheRulesSay(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withRules(t, rules.Rule{}))
	r.hook(2*second, 1, true)
	r.to(6 * second)
	r.nothing()
	r.start(1, "ann")
	r.hear(1, channels.Numbers, 0, called("114"))
	r.hook(10*second, 1, false)
	r.to(16 * second)
	r.one()
}

func TestALineThatIsAlwaysRecordedPausesForACallThatARuleDenies(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Continuous}, nil, withRules(t, rules.Rule{Direction: "in"}))
	id := r.ringOnce(5 * second)
	r.hook(8*second, 1, true)
	r.hook(12*second, 1, false)
	r.to(20 * second)
	r.stop()
	all := r.sealed()
	if len(all) != 2 || all[0].Seal.EndedBy != EndRule {
		t.Fatalf("%d recordings", len(all))
	}
	a, b := all[0].Seal, all[1].Seal
	if to := a.BeginPos + a.Samples; to > 6*second || b.BeginPos < 12*second || b.BeginPos > 14*second {
		t.Errorf("[%d, %d) and from %d ms", a.BeginPos/ms, to/ms, b.BeginPos/ms)
	}
	if w := r.whysOf(id); !strings.Contains(w, "rule:r0:deny:direction=in") {
		t.Errorf("the call journal was told %q", w)
	}
}

func TestALineThatIsOffStaysOff(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Off}, nil, withRules(t, rules.Rule{Record: true, Trigger: Call}))
	r.hook(2*second, 1, true)
	r.hook(6*second, 1, false)
	r.to(12 * second)
	r.nothing()
}

func TestARandomSampleIsDrawnFromTheCallsID(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withRules(t, rules.Rule{Record: true, Percent: 50}))
	var want []string
	n := 12
	for i := range n {
		at := int64(i+1) * 10 * second
		r.hook(at, 1, true)
		r.hook(at+4*second, 1, false)
		r.to(at + 8*second)
		if id := r.theCall(); rules.Sample(id, 50) {
			want = append(want, id)
		} else if w := r.whysOf(id); !strings.HasPrefix(w, "rule:r0:sample:") {
			t.Errorf("call %s: %q", id, w)
		}
	}
	var got []string
	for _, l := range r.settle() {
		got = append(got, l.Seal.Call)
	}
	if !slices.Equal(got, want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
}

func TestATriggerOfARuleCountsForItsCallsOnly(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withRules(t, rules.Rule{Direction: "in", Record: true, Trigger: Key}))
	r.ringOnce(5 * second)
	r.hook(8*second, 1, true)
	r.to(12 * second)
	r.nothing()
	r.press(1, "*1")
	r.hook(16*second, 1, false)
	r.to(24 * second)
	if s := r.one().Seal; s.Trigger != Key || s.BeginPos > 5*second {
		t.Errorf("%+v", s)
	}
	r.hook(30*second, 1, true)
	r.hook(34*second, 1, false)
	r.to(40 * second)
	if all := r.settle(); len(all) != 2 || all[1].Seal.Trigger != Voltage {
		t.Errorf("%d recordings", len(all))
	}
}

func TestAFaxIsKeptLosslessWhileItsNumberIsNotKnown(t *testing.T) {
	for number, want := range map[string]int{"114": 0, "115": 1, "": 1} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage, Codec: GSM}, nil, withRules(t, rules.Rule{Called: []string{"@vip"}}))
		r.hook(2*second, 1, true)
		r.to(6 * second)
		id := r.theCall()
		r.hear(1, channels.Modem, 500*ms, text("cng"), value(1))
		r.to(10 * second)
		r.hear(1, channels.CallEnd, 0, call(id), called(number), facts)
		r.hook(10*second+100*ms, 1, false)
		r.to(16 * second)
		all := r.settle()
		if len(all) != want || want == 1 && (string(all[0].Seal.Codec) != "g711a" || all[0].Seal.BeginPos > 2*second) {
			t.Errorf("%q: %d recordings, want %d", number, len(all), want)
		}
	}
}
