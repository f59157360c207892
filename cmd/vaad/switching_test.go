package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"vaad/calls"
	"vaad/channels"
	"vaad/channels/numbering"
	"vaad/driver"
)

func TestSettingsOfCallsNameTheirKeysWhenWrong(t *testing.T) {
	for _, c := range []struct {
		key    string
		change func(*lineDoc)
	}{
		{"extension", func(l *lineDoc) { l.Extension = "80a" }},
		{"extension", func(l *lineDoc) { l.Extension = "1234567890123" }},
		{"dial", func(l *lineDoc) { l.Dial = "rotary" }},
		{"flash_ms", func(l *lineDoc) { l.FlashMS = 20 }},
		{"release", func(l *lineDoc) { l.Release = "" }},
		{"silence_ms", func(l *lineDoc) { l.SilenceMS = 119_999 }},
		{"longest_ms", func(l *lineDoc) { l.LongestMS = 1000 }},
		{"echo_ms", func(l *lineDoc) { l.EchoMS = 200 }},
		{"sends_caller", func(l *lineDoc) { l.SendsCaller = "morse" }},
		{"ring", func(l *lineDoc) { l.Ring = []string{"everybody"} }},
		{"ring", func(l *lineDoc) { l.Ring = []string{"801", "801"} }},
		{"ring", func(l *lineDoc) { l.Ring = []string{"line 0"} }},
		{"trunk_group", func(l *lineDoc) { l.TrunkGroup = "city lines" }},
	} {
		l := defaultLine()
		c.change(&l)
		if err := l.validate("1"); err == nil || !strings.HasPrefix(err.Error(), c.key+": ") {
			t.Errorf("%s: %v", c.key, err)
		}
	}
	for _, change := range []func(*lineDoc){
		func(l *lineDoc) { l.SilenceMS, l.LongestMS, l.EchoMS, l.FlashMS = 120_000, 60_000, -1, 600 },
		func(l *lineDoc) {
			l.Extension, l.SendsCaller, l.Ring, l.TrunkGroup = "801", "dtmf", []string{"802", "line 12"}, "city"
		},
	} {
		l := defaultLine()
		change(&l)
		if err := l.validate("1"); err != nil {
			t.Error(err)
		}
	}
}

func TestSettingsOfSpansNameTheirKeysWhenWrong(t *testing.T) {
	if err := defaultSpan().validate("card1/2"); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for key, change := range map[string]func(*spanDoc){
		"side": func(d *spanDoc) { d.Side = "far" }, "switch": func(d *spanDoc) { d.Switch = "5e" },
		"numbering": func(d *spanDoc) { d.Numbering = "" }, "order": func(d *spanDoc) { d.Order = "random" },
	} {
		d := defaultSpan()
		change(&d)
		if err := d.validate("card1/2"); err == nil || !strings.HasPrefix(err.Error(), key+": ") {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, key := range []string{"card1", "card1/", "card1/0", "card1/02", "/1", "card1/99", "1/2/3"} {
		if err := defaultSpan().validate(key); err == nil {
			t.Errorf("%q was taken for a span", key)
		}
	}
}

// setAll sets several values in one version.
func setAll(p *plan, values map[string]string) error {
	all := map[string]json.RawMessage{}
	for k, v := range values {
		all[k] = json.RawMessage(v)
	}
	_, err := p.doc.SetAll("ann", "", all)
	return err
}

func TestEveryNumberMeansOneThing(t *testing.T) {
	base := map[string]string{
		"lines.1": `{"board": "a", "port": 1, "trunk_group": "city", "ring": ["801"]}`,
		"lines.2": `{"board": "a", "port": 2, "extension": "801"}`,
		"lines.3": `{"board": "a", "port": 3, "extension": "802"}`,
	}
	for _, c := range []struct{ name, path, value, want string }{
		{"all is well", "dialplan.outside", `[{"prefix": "0", "groups": ["city"]}]`, ""},
		{"patterns keep an extension apart", "dialplan.outside", `[{"prefix": "8", "groups": ["city"], "numbers": ["5xx"]}]`, ""},
		{"an extension twice", "lines.3.extension", `"801"`, "lines.3.extension: 801 is line 2 already"},
		{"an extension that is a prefix", "dialplan.outside", `[{"prefix": "801", "groups": ["city"]}]`, "lines.2.extension: 801 is the prefix of dialplan.outside.0"},
		{"an extension that goes out", "dialplan.outside", `[{"prefix": "0", "groups": ["city"]}, {"prefix": "8", "groups": ["city"]}]`, "lines.2.extension: 801 is a number that goes out by dialplan.outside.1"},
		{"no such group", "dialplan.outside", `[{"prefix": "0", "groups": ["country"]}]`, `dialplan.outside.0.groups: there is no trunk group "country"`},
		{"no group", "dialplan.outside", `[{"prefix": "0"}]`, "dialplan.outside.0.groups: missing"},
		{"a prefix that is none", "dialplan.outside", `[{"prefix": "x", "groups": ["city"]}]`, "dialplan.outside.0.prefix:"},
		{"a pattern that is none", "dialplan.outside", `[{"prefix": "0", "groups": ["city"], "numbers": ["1x", "[2"]}]`, `dialplan.outside.0.numbers: pattern "[2"`},
		{"everything without a prefix", "dialplan.outside", `[{"groups": ["city"]}]`, "dialplan.outside.0.numbers: without a prefix"},
		{"a prefix twice", "dialplan.outside", `[{"prefix": "0", "groups": ["city"]}, {"prefix": "0", "groups": ["city"], "numbers": ["1x"]}]`, "dialplan.outside.1.prefix:"},
		{"an unknown extension rings", "lines.1.ring", `["803"]`, "lines.1.ring: no line has the extension 803"},
		{"an unknown extension rings for a number", "dialplan.incoming", `[{"called": "*55", "ring": ["803"]}]`, "dialplan.incoming.0.ring: no line has the extension 803"},
		{"an unknown line rings", "lines.1.ring", `["line 9"]`, "lines.1.ring: there is no line 9"},
		{"a trunk rings", "lines.1", `{"board": "a", "port": 1, "use": "trunk", "trunk_group": "city", "ring": ["line 1"]}`, "lines.1.ring: line 1 is a trunk"},
		{"a tap with an extension rings", "lines.2.use", `"tap"`, "lines.1.ring: line 2 is a tap"},
		{"a station that rings is not used for now", "lines.2.use", `"unused"`, ""},
		{"one prefix, several numbers", "dialplan.outside", `[{"prefix": "0", "groups": ["city"], "numbers": ["1x"]}, {"prefix": "0", "groups": ["city"]}]`, ""},
		{"nobody rings", "dialplan.incoming", `[{"called": "*55"}]`, "dialplan.incoming.0.ring: missing"},
		{"calls of no group", "dialplan.incoming", `[{"groups": ["x"], "direct": true}]`, `dialplan.incoming.0.groups: there is no trunk group "x"`},
		{"a called number that is none", "dialplan.incoming", `[{"called": "a", "direct": true}]`, "dialplan.incoming.0.called:"},
		{"a pause out of bounds", "dialplan.digit_pause_ms", `100`, "dialplan.digit_pause_ms: 100: must be 1000…20000"},
		{"no waiting for callers", "dialplan.caller_wait_ms", `-1`, ""},
		{"no waiting for digits", "dialplan.digit_pause_ms", `-1`, "dialplan.digit_pause_ms:"},
		{"an order that is none", "trunk_groups.city", `{"order": "random"}`, "trunk_groups.city.order:"},
		{"a group without lines yet", "trunk_groups.country", `{"order": "rotate"}`, ""},
		{"an extension that rings is taken away", "lines.2.extension", `""`, "lines.1.ring: no line has the extension 801"},
		{"an unknown key", "dialplan.outside", `[{"prefix": "0", "groups": ["city"], "strip": true}]`, "dialplan.outside.0.strip: no such key"},
	} {
		p := newTestPlan(t)
		if err := setAll(p, base); err != nil {
			t.Fatal(err)
		}
		err := setAll(p, map[string]string{c.path: c.value})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestStationsKnowWhichNumbersAreWhole(t *testing.T) {
	p := newTestPlan(t)
	err := setAll(p, map[string]string{
		"lines.1":  `{"board": "a", "port": 1, "use": "trunk", "trunk_group": "city"}`,
		"lines.2":  `{"board": "a", "port": 2, "use": "station", "extension": "801", "flash_ms": 700, "sends_caller": "v23"}`,
		"lines.3":  `{"board": "a", "port": 3, "use": "station", "extension": "8021"}`,
		"dialplan": `{"first_digit_ms": 9000, "digit_pause_ms": 3000, "outside": [{"prefix": "0", "groups": ["city"]}, {"prefix": "9", "groups": ["city"], "numbers": ["1[12]x", "zxxxxxx"], "keep_prefix": true}]}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := p.Lines("a", card(3))
	if err != nil {
		t.Fatal(err)
	}
	if all[0].Active.Numbers != nil {
		t.Error("a trunk has a dial plan")
	}
	if a := all[1].Active; a.Extension != "801" || a.FlashMS != 700 || a.Sends != "v23" || a.FirstMS != 9000 || a.DigitMS != 3000 || a.Numbers != all[2].Active.Numbers {
		t.Errorf("%+v", a)
	}
	for number, want := range map[string]numbering.Result{"8": numbering.Part, "801": numbering.Whole, "802": numbering.Part, "8021": numbering.Whole,
		"803": numbering.Wrong, "0": numbering.Part, "0138": numbering.Open, "9119": numbering.Open, "912": numbering.Part, "92345678": numbering.Whole, "90": numbering.Wrong, "7": numbering.Wrong} {
		if got := all[1].Active.Numbers.Match(number); got != want {
			t.Errorf("%s is %s, want %s", number, got, want)
		}
	}
	if err := setAll(p, map[string]string{"lines.3.extension": `"8029"`}); err != nil {
		t.Fatal(err)
	}
	if now := p.numbers(); now == all[1].Active.Numbers || now.Match("8029") != numbering.Whole {
		t.Error("the dial plan of the stations is not that of the settings any more")
	}
}

func TestTrunksAndSpansAreSetUpAsTheirSettingsSay(t *testing.T) {
	p := newTestPlan(t)
	err := setAll(p, map[string]string{
		"lines.1":    `{"board": "a", "port": 1, "use": "trunk", "dial": "pulses", "release": "report", "silence_ms": 180000, "longest_ms": 3600000, "echo_ms": -1}`,
		"lines.2":    `{"board": "a", "port": 2, "use": "station", "extension": "801"}`,
		"spans.a/1":  `{"side": "network", "switch": "qsig", "overlap": true, "numbering": "logical", "order": "down"}`,
		"spans.a/2":  `{"switch": "ni2"}`,
		"spans.b/1":  `{}`,
		"spans.a/10": `{"side": "network"}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := p.Lines("a", card(2))
	if err != nil {
		t.Fatal(err)
	}
	want := channels.Active{Pulse: true, Report: true, SilenceMS: 180_000, MaxMS: 3_600_000, EchoMS: -1}
	if all[0].Active != want {
		t.Errorf("%+v, want %+v", all[0].Active, want)
	}
	spans := p.Spans("a", driver.Info{Spans: []driver.Span{{Number: 1}, {Number: 2}, {Number: 3}, {Number: 10, Tap: true}}})
	if got := fmt.Sprint(len(spans)); got != "2" {
		t.Fatalf("%+v", spans)
	}
	if s := spans[0]; s.Side != "network" || s.Switch != "qsig" || !s.Overlap || !s.Logical || !s.Down || s.Numbers.Match("801") != numbering.Whole {
		t.Errorf("%+v", s)
	}
	if s := spans[1]; s != (channels.SpanConfig{Number: 2, Side: "user", Switch: "ni2"}) {
		t.Errorf("%+v", s)
	}
}

func TestCallsOfTrunksAndStationsAreRecordedAsCalls(t *testing.T) {
	p := newTestPlan(t)
	in := card(4)
	for i := range in.Lines {
		in.Lines[i].Caps = driver.CapVolts
	}
	in.Lines[2].Use = driver.Station
	err := setAll(p, map[string]string{"lines.1": `{"board": "a", "port": 1, "use": "trunk"}`, "lines.2": `{"board": "a", "port": 2}`,
		"lines.3": `{"board": "a", "port": 3}`, "lines.4": `{"board": "a", "port": 4, "use": "trunk", "trigger": "voltage"}`})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Lines("a", in); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[int]string{1: "call", 2: "voltage", 3: "call", 4: "voltage"} {
		if got := p.recordConfig(line).Trigger; got != want {
			t.Errorf("line %d is recorded by %s, want %s", line, got, want)
		}
	}
}

func TestSwitchDoesWhatTheSettingsSay(t *testing.T) {
	p := newTestPlan(t)
	if _, err := p.Lines("a", card(5)); err != nil {
		t.Fatal(err)
	}
	err := setAll(p, map[string]string{
		"lines.1.use": `"trunk"`, "lines.1.trunk_group": `"city"`, "lines.1.ring": `["801", "802"]`,
		"lines.2.use": `"trunk"`, "lines.2.trunk_group": `"city"`,
		"lines.3.use": `"station"`, "lines.3.extension": `"801"`, "lines.3.name": `"front"`, "lines.3.own_number": `"55501"`,
		"lines.4.use": `"station"`, "lines.4.extension": `"802"`,
		"lines.5.trunk_group": `"city"`, // a tap
		"trunk_groups.city":   `{"order": "rotate", "caller": "555000"}`,
		"trunk_groups.spare":  `{}`,
		"dialplan": `{"ring_ms": 30000, "caller_wait_ms": -1, "outside": [{"prefix": "0", "groups": ["city", "spare"], "add": "9,"},
			{"prefix": "1", "groups": ["city"], "keep_prefix": true}],
			"incoming": [{"groups": ["city"], "called": "*99", "direct": true, "strip": 5, "name": "Sales"}, {"groups": ["spare"], "direct": true}]}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := p.pbx()
	want := calls.PBX{
		Numbers:  p.numbers(),
		Stations: []calls.Extension{{Line: 3, Number: "801", Name: "front", Outside: "55501"}, {Line: 4, Number: "802"}},
		Outside:  []calls.Outside{{Prefix: "0", Strip: -1, Add: "9,", Groups: []string{"city", "spare"}}, {Prefix: "1", Groups: []string{"city"}}},
		Groups:   []calls.TrunkGroup{{Name: "city", Lines: []int{1, 2}, Order: "rotate", Caller: "555000"}},
		Incoming: []calls.Incoming{{Lines: []int{1, 2}, Called: "*99", Direct: true, Strip: 5, Name: "Sales"}, {Lines: []int{1}, Ring: []string{"801", "802"}}},
		RingFor:  30 * time.Second, CallerWait: -time.Millisecond,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if err := setAll(p, map[string]string{"lines.4.extension": `"803"`, "lines.1.ring": `["801"]`}); err != nil {
		t.Fatal(err)
	}
	if got := p.pbx(); got.Stations[1].Number != "803" {
		t.Errorf("a change is not seen: %+v", got.Stations)
	}
}

func TestNumbersThatPeopleAskForLeadWhereTheDialPlanSays(t *testing.T) {
	p := newTestPlan(t)
	if _, err := p.Lines("a", card(4)); err != nil {
		t.Fatal(err)
	}
	if got := p.route("801"); got != nil {
		t.Errorf("without a dial plan 801 leads to %+v", got)
	}
	err := setAll(p, map[string]string{
		"lines.1.use": `"trunk"`, "lines.1.trunk_group": `"city"`, "lines.2.use": `"trunk"`, "lines.2.trunk_group": `"country"`,
		"lines.3.use": `"station"`, "lines.3.extension": `"801"`, "trunk_groups.spare": `{}`})
	if err != nil {
		t.Fatal(err)
	}
	err = setAll(p, map[string]string{
		"dialplan.outside": `[{"prefix": "0", "groups": ["spare", "city", "country"]}, {"prefix": "00", "groups": ["country"], "add": "17909,"},
			{"prefix": "", "groups": ["city"], "numbers": ["110", "119"]}, {"prefix": "9", "groups": ["city"], "numbers": ["1xxxxx"], "keep_prefix": true},
			{"prefix": "0", "groups": ["country"], "numbers": ["99x"]}, {"prefix": "01", "groups": ["country"], "numbers": ["2"]}]`,
	})
	if err == nil {
		t.Fatal("the second 0 is never reached")
	}
	err = setAll(p, map[string]string{
		"dialplan.outside": `[{"prefix": "0", "groups": ["spare", "city", "country"]}, {"prefix": "00", "groups": ["country"], "add": "17909,"},
			{"prefix": "", "groups": ["city"], "numbers": ["110", "119"]}, {"prefix": "9", "groups": ["city"], "numbers": ["1xxxxx"], "keep_prefix": true},
			{"prefix": "01", "groups": ["country"], "numbers": ["2"]}]`,
	})
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[string]string{
		"801": "[{3  [3] }]", "802": "[]", "013800138000": "[{0 city [1] 13800138000} {0 country [2] 13800138000}]", "0044123": "[{0 country [2] 17909,44123}]",
		"110": "[{0 city [1] 110}]", "012": "[{0 country [2] 2}]", "911": "[]", "9112345": "[{0 city [1] 9112345}]", "0": "[]", "": "[]", "x": "[]",
	} {
		if got := fmt.Sprint(p.route(number)); got != want {
			t.Errorf("%q leads to %s, want %s", number, got, want)
		}
	}
	if lines, ok := p.trunkGroup("spare"); ok {
		t.Errorf("a group without trunks: %v", lines)
	}
}
