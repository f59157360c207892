package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func anyGroup(string) bool { return true }

// setOf makes a set of rules with the calendar "office" and the list "vip".
func setOf(t testing.TB, list ...Rule) *Set {
	t.Helper()
	for i := range list {
		if list[i].Name == "" {
			list[i].Name = fmt.Sprintf("r%d", i)
		}
	}
	d := Doc{Internal: []string{"8???"}, List: list}
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	work := []string{"08:00-12:00", "13:00-17:00", "18:00-20:00"}
	s, err := New(d, map[string]Calendar{"office": {Zone: "Asia/Shanghai", Mon: work, Tue: work}}, map[string]List{"vip": {Numbers: []string{"13800000000", "0755*"}}}, anyGroup, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// monday is 09:00 of a Monday in China.
var monday = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

func TestARuleFitsIfAllOfItsConditionsDo(t *testing.T) {
	call := Facts{Call: "a", Line: 3, Groups: []string{"sales"}, Use: "tap", Direction: "in", Caller: "075512345", Called: "8001", Begin: monday, Modem: Fax, Final: true}
	for _, c := range []struct {
		rule Rule
		fits bool
		why  string
	}{
		{Rule{}, true, ""},
		{Rule{Off: true}, false, ""},
		{Rule{Lines: []int{3}}, true, "line=3"},
		{Rule{Lines: []int{4}}, false, ""},
		{Rule{Lines: []int{4}, Groups: []string{"sales"}}, true, "group=sales"},
		{Rule{Groups: []string{"office"}}, false, ""},
		{Rule{Uses: []string{"tap", "trunk"}}, true, "use=tap"},
		{Rule{Uses: []string{"trunk"}}, false, ""},
		{Rule{Direction: "in"}, true, "direction=in"},
		{Rule{Direction: "out"}, false, ""},
		{Rule{Caller: []string{"0755*"}}, true, "caller=0755*"},
		{Rule{Caller: []string{"@vip"}}, true, "caller=@vip"},
		{Rule{Caller: []string{"!@vip"}}, false, ""},
		{Rule{Caller: []string{"07*", "!0755123*"}}, false, ""},
		{Rule{Called: []string{"@vip"}}, false, ""},
		{Rule{Called: []string{"!@vip"}}, true, "called=!@vip"},
		{Rule{Party: []string{"@vip"}}, true, "party=@vip"},
		{Rule{Party: []string{"8001"}}, true, "party=8001"},
		{Rule{Party: []string{"8001", "!@vip"}}, false, ""},
		{Rule{Scope: "external"}, true, "scope=external"},
		{Rule{Scope: "internal"}, false, ""},
		{Rule{Calendar: "office"}, true, "calendar=office"},
		{Rule{Calendar: "office", Outside: true}, false, ""},
		{Rule{Heard: []string{Fax}}, true, "heard=fax"},
		{Rule{Heard: []string{Any}}, true, "heard=fax"},
		{Rule{Heard: []string{Modem}}, false, ""},
		{Rule{Direction: "in", Called: []string{"800?"}, Calendar: "office"}, true, "calendar=office;direction=in;called=800?"},
		{Rule{Direction: "in", Called: []string{"900?"}}, false, ""},
	} {
		d := setOf(t, c.rule).Decide(&call)
		want := ""
		if c.fits {
			want = "rule:r0:deny:" + c.why
		}
		if d.Code() != want || d.Record == c.fits || d.Undecided {
			t.Errorf("%+v: %q, record %v; want %q", c.rule, d.Code(), d.Record, want)
		}
	}
}

func TestTheFirstRuleThatFitsDecides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SampledFrom([]string{"1*", "2*", "12*", "?2", "@vip", "!1*"})
		list := make([]Rule, rapid.IntRange(0, 6).Draw(t, "rules"))
		for i := range list {
			list[i] = Rule{Name: fmt.Sprint("r", i), Record: rapid.Bool().Draw(t, "record"), Off: rapid.Bool().Draw(t, "off")}
			if rapid.Bool().Draw(t, "by caller") {
				list[i].Caller = rapid.SliceOfN(patterns, 1, 3).Draw(t, "caller")
			}
		}
		f := Facts{Call: "a", Direction: "in", Caller: rapid.SampledFrom([]string{"", "1", "12", "2", "32", "075599"}).Draw(t, "number"), Final: true, Trigger: "call"}
		make1 := func(l []Rule) *Set {
			s, err := New(Doc{List: l}, nil, map[string]List{"vip": {Numbers: []string{"0755*"}}}, anyGroup, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		got, want := make1(list).Decide(&f), Decision{Record: true}
		for i := range list { // alone, each says whether it fits
			if d := make1(list[i : i+1]).Decide(&f); d.Rule != "" {
				want = d
				break
			}
		}
		if got.Code() != want.Code() || got.Record != want.Record {
			t.Fatalf("%q, want %q", got.Code(), want.Code())
		}
		early := f
		early.Final, early.Caller = false, ""
		if d := make1(list).Decide(&early); got.Record && !d.Record {
			t.Fatalf("%q is recorded, but was not while its number was not known", got.Code())
		}
	})
}

func TestWhatIsNotKnownIsDecidedLaterAndRecordedMeanwhile(t *testing.T) {
	deny := Rule{Caller: []string{"@vip"}}
	record := Rule{Name: "all", Record: true, Trigger: "call"}
	for _, c := range []struct {
		rules     []Rule
		f         Facts
		undecided bool
		record    bool
		rule      string
	}{
		{[]Rule{deny}, Facts{}, true, true, ""},
		{[]Rule{deny}, Facts{Final: true}, false, true, ""},
		{[]Rule{deny}, Facts{Caller: "075599"}, false, false, "r0"},
		{[]Rule{deny, record}, Facts{}, true, true, "all"},
		{[]Rule{deny, {Name: "none"}}, Facts{}, true, false, "none"},
		{[]Rule{{Caller: []string{"1*"}, Record: true}, {Name: "none"}}, Facts{Trigger: "call"}, true, true, "r0"},
		{[]Rule{{Direction: "in"}}, Facts{}, true, true, ""},
		{[]Rule{{Direction: "in"}}, Facts{Final: true}, false, true, ""},
		{[]Rule{{Scope: "internal"}}, Facts{Direction: "in"}, true, true, ""},
		{[]Rule{{Scope: "internal"}}, Facts{Direction: "in", Caller: "8001"}, false, false, "r0"},
		{[]Rule{{Scope: "external"}}, Facts{Direction: "in", Final: true}, false, false, "r0"},
		{[]Rule{{Party: []string{"1*"}}}, Facts{Caller: "1"}, false, false, "r0"},
		{[]Rule{{Party: []string{"1*"}}}, Facts{Caller: "2"}, true, true, ""},
		{[]Rule{{Party: []string{"!1*"}}}, Facts{Caller: "2"}, true, true, ""},
		{[]Rule{{Party: []string{"!1*"}}}, Facts{Caller: "1"}, false, true, ""},
	} {
		d := setOf(t, c.rules...).Decide(&c.f)
		if d.Undecided != c.undecided || d.Record != c.record || d.Rule != c.rule {
			t.Errorf("%+v %+v: %+v", c.rules, c.f, d)
		}
	}
}

func TestASampleIsAsLargeAsItSaysAndAlwaysTheSame(t *testing.T) {
	const n = 20_000
	for _, percent := range []int{1, 10, 33, 50, 90, 99} {
		s := setOf(t, Rule{Record: true, Percent: percent})
		got := 0
		for i := range n {
			f := Facts{Call: fmt.Sprintf("01KCA%021d", i)}
			d := s.Decide(&f)
			if again := s.Decide(&f); again.Record != d.Record || d.Record != Sample(f.Call, percent) {
				t.Fatal("it is another the second time")
			}
			if d.Record {
				got++
			} else if d.Outcome() != SampledOut {
				t.Fatal(d.Outcome())
			}
		}
		if share := float64(got) * 100 / n; share < float64(percent)-1.5 || share > float64(percent)+1.5 {
			t.Errorf("%d %%: %.1f %%", percent, share)
		}
	}
	for _, percent := range []int{0, 100} {
		if d := setOf(t, Rule{Record: true, Percent: percent}).Decide(&Facts{Call: "x"}); !d.Record || d.Sampled != 0 {
			t.Errorf("%d: %+v", percent, d)
		}
	}
}

func TestEveryFaultIsNamedByItsKey(t *testing.T) {
	bad := Doc{Internal: []string{"8???", "x"}, List: []Rule{
		{Name: "a b", Lines: []int{0}, Uses: []string{"tapp"}, Heard: []string{"cng"}, Direction: "inn", Scope: "inside", Caller: []string{"@", "07 55"}, Percent: 101,
			Trigger: "call", Codec: "mp3", Class: "a,b", Outside: true},
		{Name: "ok"}, {Name: "ok", Record: true, Trigger: "voltage", Sides: "left", Proof: true, Party: make([]string, maxTerms+1)},
	}}
	err := bad.Validate()
	for _, key := range []string{"internal.1:", "list.0.name:", "list.0.lines.0:", "list.0.uses.0:", "list.0.heard.0:", "list.0.direction:", "list.0.scope:", "list.0.caller.0:", "list.0.caller.1:",
		"list.0.percent:", "list.0.trigger:", "list.0.codec:", "list.0.class:", "list.0.outside:", "list.2.name:", "list.2.trigger:", "list.2.sides:", "list.2.proof:", "list.2.party:"} {
		if !strings.Contains("\n"+err.Error(), "\n"+key) {
			t.Errorf("%s is not in\n%v", key, err)
		}
	}
	_, err = New(Doc{List: []Rule{{Name: "a", Calendar: "office", Called: []string{"1", "!@vip"}, Groups: []string{"sales"}}}}, nil, nil, func(string) bool { return false }, time.UTC)
	for _, key := range []string{"rules.list.0.calendar:", "rules.list.0.called.1:", "rules.list.0.groups.0:"} {
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+key) {
			t.Errorf("%s is not in\n%v", key, err)
		}
	}
	if err := (List{Numbers: []string{"1", "", "a"}}).Validate(); err == nil || !strings.Contains(err.Error(), "numbers.1:") || !strings.Contains(err.Error(), "numbers.2:") {
		t.Error(err)
	}
}

func TestWhatIsHeardBecomesClearer(t *testing.T) {
	for tones, want := range map[string]string{"": "", "ans": Any, "ansam-pr": Any, "cng": Fax, "cng ans": Fax, "ans v21-preamble": Fax, "ans v22": Modem, "v22 ans": Modem,
		"ansam-pr v8-cm": Any, "bell103": Modem, "baudot": Text, "v21-mark v21-preamble": Fax} {
		got := ""
		for _, tone := range strings.Fields(tones) {
			got = Heard(got, tone)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", tones, got, want)
		}
	}
}

func TestCodesHaveNoCommas(t *testing.T) {
	f := Facts{Groups: []string{"a,b;c", strings.Repeat("长", 500)}}
	for _, g := range f.Groups {
		c := setOf(t, Rule{Groups: []string{g}}).Decide(&f)
		if code := c.Code(); strings.Contains(code, ",") || strings.Count(code, ";") > 0 || len(code) > maxCode {
			t.Error(code)
		}
	}
}

func TestAnEmptySetLeavesAllToTheLines(t *testing.T) {
	var none *Set
	if d := none.Decide(&Facts{}); !d.Record || d.Rule != "" || d.Undecided || d.Code() != "" || !none.Empty() {
		t.Errorf("%+v", d)
	}
}

func TestAListOfThousandsIsAskedAtOnce(t *testing.T) {
	var all []string
	for i := range maxList {
		all = append(all, fmt.Sprintf("139%08d", i*7))
	}
	if err := (List{Numbers: all}).Validate(); err != nil {
		t.Fatal(err)
	}
	s := newNumbers(append(slices.Clone(all), "0755*"))
	for number, want := range map[string]bool{all[0]: true, all[maxList-1]: true, "13900000001": false, "07551": true, "0755": true, "075": false, "": false} {
		if s.has(number) != want {
			t.Errorf("%q: %v", number, !want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { s.has("13900000001") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestATapCannotBeWishedToSpeak(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		bad  string
	}{
		{Rule{Name: "a", Record: true, Beep: true}, "impossible on a tap"},
		{Rule{Name: "a", Record: true, Announce: "welcome", Uses: []string{"trunk", "tap"}}, "impossible on a tap"},
		{Rule{Name: "a", Record: true, Beep: true, Announce: "welcome", AnnounceTo: ToBoth, AnnounceElse: ElseDeny, Uses: []string{"trunk", "station"}}, ""},
		{Rule{Name: "a", Uses: []string{"trunk"}, Beep: true}, "without record"},
		{Rule{Name: "a", Record: true, Uses: []string{"trunk"}, AnnounceTo: ToBoth}, "without announce"},
		{Rule{Name: "a", Record: true, Uses: []string{"trunk"}, Announce: "../x"}, "name of a prompt"},
		{Rule{Name: "a", Record: true, Uses: []string{"trunk"}, Announce: "x", AnnounceElse: "maybe"}, "not known"},
		{Rule{Name: "a", Record: true, Blank: true}, "record false"},
		{Rule{Name: "a", Blank: true}, ""},
	} {
		err := Doc{List: []Rule{c.rule}}.Validate()
		if c.bad == "" && err != nil || c.bad != "" && (err == nil || !strings.Contains(err.Error(), c.bad)) {
			t.Errorf("%+v: %v, want %q", c.rule, err, c.bad)
		}
	}
}
