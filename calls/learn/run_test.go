package learn

import (
	"cmp"
	"flag"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"vaad/channels"
	"vaad/driver"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write docs/learning-states.md anew")

func itemsOf(r *Run, code string) (all []Item) {
	for _, i := range r.Report() {
		if i.Code == code {
			all = append(all, i)
		}
	}
	return all
}

func mustItem(t *testing.T, r *Run, code string) Item {
	t.Helper()
	all := itemsOf(r, code)
	if len(all) == 0 || all[0].Why != "" {
		t.Fatalf("%s was not measured: %+v", code, all)
	}
	return all[0]
}

func whyNot(t *testing.T, r *Run, code, why string) {
	t.Helper()
	if all := itemsOf(r, code); len(all) != 1 || all[0].Why != why {
		t.Errorf("%s: %+v, want that it is missing by %q", code, all, why)
	}
}

// alone is for tests that compute much in one goroutine: a race detector learns nothing of them.
func alone(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("in one goroutine: not under the race detector")
	}
}

func TestAGuidedRunMeasuresALineOfChina(t *testing.T) {
	alone(t)
	x := china()
	x.reversal = true
	b := newBench(t, Order{Busy: "88881111", Call: "13800138000", Incoming: true}, x)
	b.until(300, b.over)
	r := b.run
	if r.State() != Done {
		t.Fatalf("%v: %s; %v", r.State(), r.Why(), b.states)
	}
	want := []State{Listening, Seizing, Dialling, Calling, Toning, Releasing, Seizing, Dialling, Calling, Ringing, Answering, Talking, Toning, Releasing, Awaiting, RingingIn, Leaving, Done}
	if !slices.Equal(b.states, want) {
		t.Errorf("steps %v\nwant  %v", b.states, want)
	}
	tone := func(code string, hz, on, off float64, name string) {
		i := mustItem(t, r, code)
		if math.Abs(i.Tone.Sines[0].Hz-hz) > 1 || i.Fit == nil || i.Fit.Tone != name || i.Fit.Country != "CN" || i.Sure < 80 {
			t.Errorf("%s: %+v %+v %+v", code, i, i.Tone, i.Fit)
		}
		if on == 0 != i.Tone.Steady {
			t.Errorf("%s: steady %v", code, i.Tone.Steady)
		}
		if on > 0 && (len(i.Tone.Parts) != 1 || math.Abs(i.Tone.Parts[0].OnMS-on) > 6 || math.Abs(i.Tone.Parts[0].OffMS-off) > 6) {
			t.Errorf("%s: cadence %+v", code, i.Tone.Parts)
		}
	}
	tone("dial-tone", 450, 0, 0, "dial")
	tone("busy-tone", 450, 350, 350, "busy")
	tone("ringback", 450, 1000, 4000, "ringback")
	tone("release-tone", 450, 350, 350, "busy")
	if d := mustItem(t, r, "dial-delay").Value; math.Abs(d-0.4) > 0.1 {
		t.Errorf("dial tone after %g s", d)
	}
	if v := mustItem(t, r, "volts-idle").Value; v != 48 {
		t.Errorf("%g V on-hook", v)
	}
	if v := mustItem(t, r, "volts-off-hook").Value; v != 8.2 {
		t.Errorf("%g V off-hook", v)
	}
	for _, code := range []string{"noise-idle", "noise-off-hook"} {
		if n := mustItem(t, r, code).Noise; math.Abs(n.DBm0-(-62)) > 4 {
			t.Errorf("%s: %+v", code, n)
		}
	}
	if a := mustItem(t, r, "answer"); a.Text != "reversal" || a.Sure != 100 {
		t.Errorf("answered by %+v", a)
	}
	var signs []string
	for _, i := range itemsOf(r, "release-sign") {
		signs = append(signs, i.Text)
	}
	if !slices.Equal(signs, []string{"reversal", "busy-tone"}) {
		t.Errorf("signs of the release: %v", signs)
	}
	ring := mustItem(t, r, "ring")
	if ring.Value != 3 || len(ring.Parts) != 1 || math.Abs(ring.Parts[0].OnMS-1000) > 25 || math.Abs(ring.Parts[0].OffMS-4000) > 25 {
		t.Errorf("it rang %+v", ring)
	}
	if c := mustItem(t, r, "caller-id"); c.Text != "bell202-after-ring" {
		t.Errorf("caller ID %+v", c)
	}
	p := r.Profile()
	if p.DialHz != 450 || p.BusyHz != 450 || p.BusyOnMS < 340 || p.BusyOnMS > 355 || p.RingGapMS != 4000 || p.IdleMV != 48000 || p.OffHookMV != 8200 ||
		p.CallerID != "bell202-after-ring" || p.Answer != "reversal" || !slices.Equal(p.Releases, []string{"reversal", "busy-tone"}) {
		t.Errorf("proposed %+v", p)
	}
}

func TestARunWithoutNumbersMeasuresDialToneAndNoise(t *testing.T) {
	alone(t)
	b := newBench(t, Order{}, china())
	b.until(60, b.over)
	if b.run.State() != Done || b.keys != probeDigit {
		t.Fatalf("%v %s, dialled %q", b.run.State(), b.run.Why(), b.keys)
	}
	mustItem(t, b.run, "dial-tone")
	mustItem(t, b.run, "noise-off-hook")
	for _, code := range []string{"busy-tone", "ringback", "answer", "release-tone", "ring", "caller-id"} {
		whyNot(t, b.run, code, "not-asked")
	}
}

func TestALoopBreakIsASignOfTheRelease(t *testing.T) {
	alone(t)
	x := china()
	x.loopBreak, x.noTone = true, true
	b := newBench(t, Order{Call: x.rings}, x)
	b.until(200, b.over)
	if s := mustItem(t, b.run, "release-sign"); s.Text != "loop-break" {
		t.Errorf("%+v", s)
	}
	if a := mustItem(t, b.run, "answer"); a.Text == "reversal" || a.Sure > 60 {
		t.Errorf("the answer is %+v", a)
	}
	whyNot(t, b.run, "release-tone", "nothing-heard")
	if p := b.run.Profile(); p.Answer != "" || p.BusyHz != 0 || !slices.Equal(p.Releases, []string{"loop-break"}) {
		t.Errorf("%+v", p)
	}
}

// TestWhatGoesWrongIsToldAndNothingIsInvented has a row per failure.
func TestWhatGoesWrongIsToldAndNothingIsInvented(t *testing.T) {
	alone(t)
	for _, c := range []struct {
		name  string
		order Order
		x     func(*exchange)
		at    func(*bench) // once it stands in that state
		when  State
		want  State
		why   string
		miss  map[string]string
	}{
		{"somebody uses the line", Order{}, nil, func(b *bench) {
			_ = b.trunk.Dial(&b.out, analogOrder("5"))
			b.take("other")
		}, Listening, Failed, "line-busy", map[string]string{"dial-tone": "not-reached"}},
		{"the technician never answers", Order{Call: "13800138000"}, func(x *exchange) { x.answers = false }, nil, nState, Done, "",
			map[string]string{"answer": "nobody-answered", "release-tone": "nothing-heard"}},
		{"the number is busy", Order{Call: "88881111"}, nil, nil, nState, Done, "", map[string]string{"answer": "busy", "ringback": "nothing-heard", "release-tone": "nothing-heard"}},
		{"the own number rings", Order{Busy: "13800138000"}, nil, nil, nState, Done, "", map[string]string{"busy-tone": "it-rings"}},
		{"nothing is heard of a number", Order{Call: "999"}, nil, nil, nState, Done, "", map[string]string{"answer": "nothing-heard"}},
		{"nobody calls the line", Order{Incoming: true}, func(x *exchange) { x.incoming = false }, nil, nState, Done, "", map[string]string{"ring": "no-call", "caller-id": "no-call"}},
		{"the board is gone", Order{Call: "13800138000"}, nil, func(b *bench) { b.trunk.Gone(&b.out, b.pos); b.take("") }, Ringing, Failed, "line-gone", map[string]string{"answer": "not-reached"}},
		{"the feed is gone", Order{}, nil, func(b *bench) { b.event(driver.Battery, 0); b.run.Lost() }, Listening, Failed, "line-gone", nil},
		{"it is given up", Order{Call: "13800138000"}, nil, func(b *bench) { b.run.Cancel() }, Answering, Cancelled, "", map[string]string{"answer": "not-reached"}},
		{"the line rings", Order{}, nil, func(b *bench) { b.event(driver.RingBegin, 0) }, Listening, Failed, "line-ringing", nil},
	} {
		x := china()
		if c.x != nil {
			c.x(&x)
		}
		b := newBench(t, c.order, x)
		if c.at != nil {
			b.until(120, func() bool { return b.run.State() == c.when && b.pos-b.stateAt > 1000*driver.MS })
			c.at(b)
		}
		b.until(400, b.over)
		for range 200 {
			b.block()
		}
		r := b.run
		if r.State() != c.want || r.Why() != c.why || b.offHook && b.trunk.State().String() != "gone" && c.why != "line-busy" {
			t.Errorf("%s: %v %q, off-hook %v; %v", c.name, r.State(), r.Why(), b.offHook, b.states)
		}
		for code, why := range c.miss {
			whyNot(t, r, code, why)
		}
	}
}

func TestWithoutDialToneTheNumberIsDialledAndNoDialToneIsReported(t *testing.T) {
	alone(t)
	x := china()
	x.noDial = true
	b := newBench(t, Order{Call: x.rings}, x)
	b.until(300, b.over)
	whyNot(t, b.run, "dial-tone", "nothing-heard")
	whyNot(t, b.run, "dial-delay", "nothing-heard")
	mustItem(t, b.run, "ringback")
}

// Whatever events come, a run does not panic, names every state, and ends when it is ended.
func TestARunTakesAnyEvents(t *testing.T) {
	kinds := []channels.EventKind{channels.LineState, channels.CallBegin, channels.CallAnswered, channels.CallEnd, channels.Numbers, channels.Tone, channels.RingBegin,
		channels.RingEnd, channels.Polarity, channels.WouldRelease, channels.OffHook, channels.BoardLost}
	states := channels.States()
	texts := []string{"", "dial", "busy", "ringback", "reversal", "loop-break", "regular", "steady", "congestion"}
	rapid.Check(t, func(rt *rapid.T) {
		o := Order{Line: 1, Incoming: rapid.Bool().Draw(rt, "incoming"), Volts: true, OnHook: true}
		o.Busy = rapid.SampledFrom([]string{"", "1", "+86", "123"}).Draw(rt, "busy")
		o.Call = rapid.SampledFrom([]string{"", "1", "555"}).Draw(rt, "call")
		r, pos := NewRun(o, "x", 0), int64(0)
		for range rapid.IntRange(0, 80).Draw(rt, "n") {
			pos += rapid.Int64Range(0, 100000).Draw(rt, "dt")
			e := channels.Event{Line: 1, Kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), Pos: pos - rapid.Int64Range(0, 3000).Draw(rt, "late"), Known: pos,
				Text: rapid.SampledFrom(texts).Draw(rt, "text"), Value: int64(rapid.IntRange(0, 1).Draw(rt, "value")), Call: rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "id"),
				From: rapid.SampledFrom(states).Draw(rt, "from"), To: rapid.SampledFrom(states).Draw(rt, "to"), Request: rapid.SampledFrom([]string{"", "x"}).Draw(rt, "request"),
				Direction: rapid.SampledFrom([]channels.Direction{channels.Incoming, channels.Outgoing}).Draw(rt, "direction"), Facts: &channels.CallFacts{CallerBy: "bell202"}}
			r.Event(&e)
			r.Audio(make([]int16, 160), pos)
			r.Tick(pos)
			r.Wishes = r.Wishes[:0]
		}
		r.Cancel()
		if !r.State().Over() {
			rt.Fatalf("it stands at %v", r.State())
		}
		_, _, _ = r.Report(), r.Profile(), r.Steps()
	})
}

func diagram() string {
	var b strings.Builder
	b.WriteString("# How a line is learnt\n\nDrawn from the table in `calls/learn/table.go` by its test (`go test ./calls/learn -update`). Arrows to *failed* when the line is\ngone or rings, and to *cancelled*, are left out of the drawing.\n\n```mermaid\nstateDiagram-v2\n    [*] --> listen\n")
	id := func(s State) string { return strings.ReplaceAll(s.String(), "-", "_") }
	for _, s := range States() {
		if id(s) != s.String() {
			b.WriteString("    state \"" + s.String() + "\" as " + id(s) + "\n")
		}
	}
	type pair struct{ from, to State }
	labels, pairs := map[pair][]string{}, []pair(nil)
	for _, r := range rows() {
		for _, f := range r.from {
			p := pair{f, r.to}
			if r.on == inGone || r.on == inCancel || r.on == inCall && r.to == Failed {
				continue
			}
			if labels[p] == nil {
				pairs = append(pairs, p)
			}
			labels[p] = append(labels[p], r.on.String())
		}
	}
	for _, p := range pairs {
		b.WriteString("    " + id(p.from) + " --> " + id(p.to) + ": " + strings.Join(labels[p], ", ") + "\n")
	}
	b.WriteString("```\n\n| from | on | to |\n|---|---|---|\n")
	for _, r := range rows() {
		var from []string
		for _, s := range slices.SortedFunc(slices.Values(r.from), func(a, b State) int { return cmp.Compare(a, b) }) {
			from = append(from, s.String())
		}
		b.WriteString("| " + strings.Join(from, ", ") + " | " + r.on.String() + " | " + r.to.String() + " |\n")
	}
	return b.String()
}

func TestDiagramIsDrawnFromTheTable(t *testing.T) {
	const name = "../../docs/learning-states.md"
	if *update {
		if err := os.WriteFile(name, []byte(diagram()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != diagram() {
		t.Errorf("%s is not what the table says: run go test ./calls/learn -run Diagram -update", name)
	}
}

func TestEveryRowStandsOnce(t *testing.T) {
	seen := map[[2]int]bool{}
	for _, r := range rows() {
		for _, f := range r.from {
			k := [2]int{int(f), int(r.on)}
			if seen[k] {
				t.Errorf("%v on %v has two rows", f, r.on)
			}
			seen[k] = true
		}
	}
}
