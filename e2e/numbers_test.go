package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/sim/voice"
	"vaad/dsp/callerid"
	"vaad/dsp/pulse"
	"vaad/dsp/tone"
)

// numbered is a row of `vaactl calls --json` with who called whom.
type numbered struct {
	Call
	Caller      string `json:"caller"`
	Called      string `json:"called"`
	Name        string `json:"name"`
	Keys        string `json:"keys"`
	Outcome     string `json:"outcome"`
	DirectionBy string `json:"direction_by"`
	CallerBy    string `json:"caller_by"`
	CalledBy    string `json:"called_by"`
	Withheld    string `json:"withheld"`
	CallerLost  string `json:"caller_lost"`
	Waiting     []struct {
		Caller string `json:"caller"`
	} `json:"waiting"`
}

// playing is a step that plays samples.
func playing(pcm []int16, events ...string) Step {
	at := 0
	blocks := (len(pcm) + driver.Block - 1) / driver.Block
	return Step{Events: events, For: time.Duration(blocks) * driver.Tick, Audio: func(_ uint32, dst []int16) {
		at += copy(dst, pcm[min(at, len(pcm)):])
	}}
}

func rendered(s interface{ Fill([]int16) int }, d time.Duration) []int16 {
	b := make([]int16, int(d/driver.Tick)*driver.Block)
	return b[:s.Fill(b)]
}

func pressing(t *testing.T, keys string) Step {
	t.Helper()
	c, err := tone.DTMF(keys, -12, 70, 70)
	if err != nil {
		t.Fatal(err)
	}
	return playing(rendered(tone.New(c), 30*time.Second))
}

func fskMessage(t *testing.T, c callerid.Coding, when callerid.Timing, fields ...callerid.Field) []int16 {
	t.Helper()
	m, err := callerid.Build(callerid.CallSetup, fields...)
	if err != nil {
		t.Fatal(err)
	}
	return rendered(callerid.NewSource(c, m, when, -15), 3*time.Second)
}

func numberField(s string) callerid.Field {
	return callerid.Field{Type: callerid.Number, Raw: []byte(s)}
}

func uttering(seed uint64) Step { return playing(voice.Usual().Phrase(seed, 12)) }

// A dialogue is one call on a line, and what must be known of it.
type dialogue struct {
	name  string
	steps []Step
	want  numbered
	wait  string // number of the call that waited
	set   string // settings of the line
}

func dialogues(t *testing.T) []dialogue {
	const s = time.Second
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	cn, _ := tone.Country("CN")
	ring := []Step{{Events: []string{"ring"}, For: s}, {Events: []string{"ring-end", "volts -48"}, For: ms(700)}}
	talk := seq(wait(s), volts("-8", s), uttering(1), wait(2*s), volts("-48", 3*s))
	incoming := func(between Step) []Step { return seq(ring, between, wait(2*s), ring, talk) }
	number1, number2 := numberField("02131234567"), numberField("13800138000")
	pulses, err := pulse.NewSource("4079", pulse.Usual())
	if err != nil {
		t.Fatal(err)
	}
	outgoing := func(dial Step, then ...any) []Step {
		return seq(volts("-8", ms(300)), playing(rendered(tone.New(cn.Dial), 2500*time.Millisecond)), wait(ms(500)), dial, seq(then...), volts("-48", 3*s))
	}
	broken := fskMessage(t, callerid.Bell, callerid.OnHook(), number1)
	clear(broken[len(broken)*7/8 : len(broken)*7/8+200])
	in := numbered{Call: Call{Direction: "in", AnsweredBy: "off-hook", EndedBy: "on-hook"}, DirectionBy: "ring", Outcome: "answered"}
	out := numbered{Call: Call{Direction: "out", AnsweredBy: "none", EndedBy: "on-hook"}, DirectionBy: "dialled", CalledBy: "keys", Outcome: "given-up"}
	with := func(n numbered, f func(*numbered)) numbered { f(&n); return n }
	return []dialogue{
		{"FSK of Bell 202 between rings", incoming(playing(fskMessage(t, callerid.Bell, callerid.OnHook(), number1, callerid.Field{Type: callerid.Name, Raw: []byte("\xd5\xc5\xc8\xfd")}))),
			with(in, func(n *numbered) { n.Caller, n.Name, n.CallerBy = "02131234567", "张三", "bell202" }), "", ""},
		{"FSK of V.23 after a reversal", seq(Step{Events: []string{"reversal"}, For: ms(400)}, playing(fskMessage(t, callerid.V23, callerid.OnHook(), number2)), wait(s), ring, wait(3*s), ring, talk),
			with(in, func(n *numbered) { n.Caller, n.CallerBy = "13800138000", "v23" }), "", ""},
		{"keys before the ring", seq(pressing(t, "D13800138000C"), wait(s), ring, wait(3*s), ring, talk),
			with(in, func(n *numbered) {
				n.Caller, n.CallerBy, n.Called, n.CalledBy = "13800138000", "dtmf", "64000001", "own"
			}), "", "own_number = \"64000001\""},
		{"withheld", incoming(playing(fskMessage(t, callerid.Bell, callerid.OnHook(), callerid.Field{Type: callerid.NumberAbsent, Raw: []byte("P")}))),
			with(in, func(n *numbered) { n.CallerBy, n.Withheld = "bell202", "private" }), "", ""},
		{"damaged", incoming(playing(broken)), with(in, func(n *numbered) { n.CallerLost = "damaged" }), "", ""},
		{"missed, caller known", seq(ring, playing(fskMessage(t, callerid.Bell, callerid.OnHook(), number1)), wait(2*s), ring, wait(8*s)),
			with(in, func(n *numbered) {
				n.Caller, n.CallerBy, n.AnsweredBy, n.EndedBy, n.Outcome, n.Missed = "02131234567", "bell202", "none", "ring-stopped", "missed", true
			}), "", ""},
		{"call waiting", seq(ring, wait(3*s), ring, volts("-8", s), uttering(2), wait(s), playing(fskMessage(t, callerid.Bell, callerid.OffHook(), number2)), uttering(3), wait(s), volts("-48", 3*s)), in, "13800138000", ""},
		{"dialled in keys, answered after ringback", outgoing(pressing(t, "913800138000"), wait(2*s), playing(rendered(tone.New(cn.Ringback), 11*s)), uttering(4), wait(s), pressing(t, "#2"), wait(s)),
			with(out, func(n *numbered) {
				n.Called, n.Keys, n.AnsweredBy, n.Outcome = "13800138000", "#2", "voice-guess", "answered"
				n.Caller, n.CallerBy = "64000002", "own"
			}), "", "own_number = \"64000002\"\nprofile = \"pbx\""},
		{"dialled in pulses", outgoing(playing(rendered(pulses, 20*s)), wait(7*s)),
			with(out, func(n *numbered) { n.Called, n.CalledBy = "4079", "pulses" }), "", ""},
		{"busy", outgoing(pressing(t, "114"), wait(s), playing(rendered(tone.New(cn.Busy), 6*s))),
			with(out, func(n *numbered) { n.Called, n.EndedBy, n.Outcome = "114", "busy-tone", "busy" }), "", ""},
		{"nothing dialled", seq(volts("-8", 3*s), volts("-48", 3*s)), with(out, func(n *numbered) { n.DirectionBy, n.CalledBy, n.Outcome = "no-ring", "", "not-dialled" }), "", ""},
	}
}

func TestTapsKnowWhoCalledWhom(t *testing.T) {
	all := dialogues(t)
	ctx := within(t, 3*time.Minute)
	config := quietly + board("b", "peers", len(all), "") + "[settings.profiles.pbx]\noutside_prefix = \"9\"\n"
	for i, one := range all {
		config += pin(i+1, i+1, fmt.Sprintf("name = %q\n%s", one.name, one.set)) // all, or those that are set would be the first
	}
	d := start(t, scratch(t), config)
	length := func(steps []Step) (sum time.Duration) {
		for _, s := range steps {
			sum += s.For
		}
		return sum
	}
	longest := time.Duration(0)
	for _, one := range all {
		longest = max(longest, length(one.steps))
	}
	var peers []*Peer
	for i, one := range all { // all end together, so that no line goes idle early
		steps := seq(volts("-48", 10*time.Second), one.steps, wait(longest-length(one.steps)+10*time.Second))
		peers = append(peers, &Peer{Line: i + 1, Next: Script(steps...)})
	}
	ps, err := Dial(sockets(d, "b"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	learntStays(ctx, t, d)
	var rows []numbered
	if err := Until(ctx, "calls in the journal", func() (bool, error) {
		rows, err = Rows[numbered](ctx, d, "calls", "--limit", "1000")
		return len(rows) >= len(all) && !slices.ContainsFunc(rows, func(r numbered) bool { return r.End == nil }), err
	}); err != nil {
		t.Fatalf("%v: %+v", err, rows)
	}
	kept, err := filepath.Glob(filepath.Join(d.Root, "caller-id", "*-damaged.wav"))
	if err != nil || len(kept) != 1 {
		t.Errorf("audio of the damaged caller ID: %q %v", kept, err)
	} else if out, err := d.Ctl(ctx, "analyse", kept[0]); err != nil {
		t.Errorf("it cannot be heard again: %v %s", err, out)
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Line < rows[j].Line })
	for i, one := range all {
		t.Run(one.name, func(t *testing.T) {
			var got []numbered
			for _, r := range rows {
				if r.Line == i+1 {
					got = append(got, r)
				}
			}
			if len(got) != 1 {
				t.Fatalf("%d calls: %+v", len(got), got)
			}
			r := got[0]
			waited := ""
			for _, w := range r.Waiting {
				waited += w.Caller
			}
			if !equalRows(r, one.want) || waited != one.wait {
				t.Errorf("got  %+v waiting %q\nwant %+v waiting %q", r, waited, one.want, one.wait)
			}
			tellsWhy(ctx, t, d, r.ID)
		})
	}
}

// equalRows compares what the test says of a call.
func equalRows(a, b numbered) bool {
	return a.Direction == b.Direction && a.AnsweredBy == b.AnsweredBy && a.EndedBy == b.EndedBy && a.Missed == b.Missed &&
		a.Caller == b.Caller && a.Called == b.Called && a.Name == b.Name && a.Keys == b.Keys && a.Outcome == b.Outcome && a.DirectionBy == b.DirectionBy &&
		a.CallerBy == b.CallerBy && a.CalledBy == b.CalledBy && a.Withheld == b.Withheld && a.CallerLost == b.CallerLost
}

// tellsWhy asks for the reasons in both languages.
func tellsWhy(ctx context.Context, t *testing.T, d *Daemon, id string) {
	t.Helper()
	for _, lang := range []string{"en", "zh"} {
		out, err := d.Ctl(ctx, "--lang", lang, "why", id)
		if err != nil || strings.Count(out, "\n") < 6 || strings.Contains(out, "because.") || strings.Contains(out, "{") {
			t.Errorf("why in %s: %v\n%s", lang, err, out)
		}
	}
}

// learntStays looks what the lines have learnt, starts the daemon anew, and looks
// again.
func learntStays(ctx context.Context, t *testing.T, d *Daemon) {
	t.Helper()
	type line struct {
		Line   int `json:"line"`
		Learnt *struct {
			Idle     float64 `json:"idle_volts"`
			OffHook  float64 `json:"off_hook_volts"`
			CallerID string  `json:"caller_id"`
		} `json:"learnt"`
	}
	look := func(d *Daemon) (all []line) {
		t.Helper()
		if err := Until(ctx, "what lines have learnt", func() (_ bool, err error) {
			all, err = Rows[line](ctx, d, "lines")
			return len(all) > 2 && !slices.ContainsFunc(all[:2], func(l line) bool { return l.Learnt == nil || l.Learnt.CallerID == "" }), err
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := look(d)
	if l := before[0].Learnt; l.CallerID != "bell202-after-ring" || l.Idle < 47 || l.Idle > 49 || l.OffHook < 7 || l.OffHook > 9 {
		t.Errorf("line 1 has learnt %+v", *l)
	}
	stop(t, d)
	again := start(t, d.Root, "")
	after := look(again)
	if *before[0].Learnt != *after[0].Learnt || *before[1].Learnt != *after[1].Learnt {
		t.Errorf("learnt %+v, after a restart %+v", *before[0].Learnt, *after[0].Learnt)
	}
	*d = *again
}
