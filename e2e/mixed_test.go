package e2e

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"vaad/driver"
)

// wanted is what the call journal must say of one call.
type wanted struct {
	kind      string // for the list of failures
	begin     time.Duration
	direction string
	caller    string
	called    string
	name      string
	answered  bool
	missed    bool
	endedBy   string
	keys      string
	outcome   string
	withheld  string
	waiting   []string // numbers of the calls that waited; "": not told
}

// subscriber is one tapped line and what happens on it.
type subscriber struct {
	wire
	x      *exchange
	rng    *rand.Rand
	voice  []int16
	own    string // its number
	prefix string // outside line
	format string // caller ID
	swap   bool   // the exchange reverses the polarity when the other party answers
	pulse  bool   // an old telephone
	level  float64
	calls  []wanted
}

var names = []string{"", "张三", "王小明", "ACME LTD", "J SMITH"} // GB2312 in the message

// gbk are the names as the exchange sends them.
var gbk = map[string][]byte{"张三": {0xD5, 0xC5, 0xC8, 0xFD}, "王小明": {0xCD, 0xF5, 0xD0, 0xA1, 0xC3, 0xF7}}

func (s *subscriber) add(acts ...act) {
	s.acts = append(s.acts, acts...)
}

func (s *subscriber) between(from, to time.Duration) time.Duration {
	return (from + time.Duration(s.rng.Int64N(int64(to-from)))).Truncate(driver.Tick)
}

func (s *subscriber) take(name string) func() []int16 {
	return func() []int16 { return s.x.made[name] }
}

// tone asks for a second of a tone; a cadence takes what it needs.
func (s *subscriber) tone(f1, f2 int, d time.Duration, cadence ...int) act {
	return act{length: d, loop: cadence, gain: s.level, sound: s.take(s.x.ask("tone %d %d -10 20000", f1, f2))}
}

func (s *subscriber) speak(d time.Duration) act {
	from := s.rng.IntN(len(s.voice) - int(d/time.Millisecond)*driver.MS)
	return act{length: d, gain: s.rng.Float64()*12 - 6, sound: func() []int16 { return s.voice[from:] }}
}

func (s *subscriber) digits(n int) string {
	d := []byte{"123456789"[s.rng.IntN(9)]}
	for len(d) < n {
		d = append(d, "0123456789"[s.rng.IntN(10)])
	}
	return string(d)
}

// keys presses keys as telephones do: 60–120 ms each, up to 4 dB twist.
func (s *subscriber) keys(digits string) act {
	on, off := 60+s.rng.IntN(60), 60+s.rng.IntN(140)
	return act{gain: s.level, sound: s.take(s.x.ask("dtmf %s %d %d %d %d", digits, on, off, -9-s.rng.IntN(6), s.rng.IntN(5)-1))}
}

// dial dials a number with the line's kind of telephone.
func (s *subscriber) dial(number string) {
	if !s.pulse {
		s.add(s.keys(number), act{length: s.between(200*time.Millisecond, 500*time.Millisecond)})
		return
	}
	for _, d := range number {
		n := int(d - '0')
		if n == 0 {
			n = 10
		}
		for range n { // 10 pulses a second, 60 % break
			s.add(act{volts: s.idle, length: 60 * time.Millisecond, sound: func() []int16 { return click(1) }},
				act{volts: s.off, length: 40 * time.Millisecond, sound: func() []int16 { return click(-0.7) }})
		}
		s.add(act{length: s.between(600*time.Millisecond, 900*time.Millisecond)})
	}
}

// pause is what lies between dial tone and dialling. The exchange takes the
// tone away at the first pulse; keys may come later than it stops.
func (s *subscriber) pause() act {
	if s.pulse {
		return act{}
	}
	return act{length: s.between(0, 300*time.Millisecond)}
}

// click is what a loop that opens or closes puts on the wire: a damped swing.
func click(size float64) []int16 {
	pcm := make([]int16, 12*driver.MS)
	v, u := 0.0, size*9000
	for i := range pcm { // a resonator at about 700 Hz, decaying in 2 ms
		v += u * 0.55
		u -= v * 0.5
		v *= 0.93
		u *= 0.93
		pcm[i] = int16(v)
	}
	return pcm
}

// ring rings n times; before gives what comes before the first burst, after
// what comes in the first pause.
func (s *subscriber) ring(n int, after []act) {
	hum := act{length: time.Second, events: []string{"ring"}, gain: -6, sound: s.take(s.x.ask("tone 25 0 -10 2000"))}
	for i := range n {
		s.add(hum)
		pause := act{events: []string{"ring-end"}, length: 20 * time.Millisecond}
		gap := 4 * time.Second
		if i == n-1 {
			gap = s.between(time.Second, 3*time.Second)
		}
		used := 20 * time.Millisecond
		s.add(pause)
		if i == 0 && len(after) > 0 {
			s.add(after...)
			used += lasts(after)
			gap = max(gap, used+200*time.Millisecond)
		}
		s.add(act{length: gap - used})
	}
}

func (s *subscriber) message(request string, args ...any) act {
	return act{gain: s.level, sound: s.take(s.x.ask(request, args...))}
}

// announce makes the caller ID: what comes before the ring, what after its first burst.
func (s *subscriber) announce(number, name string) (before, after []act) {
	body := "-"
	if name != "" {
		b := gbk[name]
		if b == nil {
			b = []byte(name)
		}
		body = hex.EncodeToString(b)
	}
	date := fmt.Sprintf("%02d%02d%02d%02d", 1+s.rng.IntN(12), 1+s.rng.IntN(28), s.rng.IntN(24), s.rng.IntN(60))
	quiet := act{length: s.between(500*time.Millisecond, 900*time.Millisecond)}
	switch s.format {
	case "bell-mdmf", "v23-mdmf":
		return nil, []act{quiet, s.message("cid %s %s %s %s", s.format, date, number, body)}
	case "bell-sdmf":
		return nil, []act{quiet, s.message("cid %s %s %s -", s.format, date, number)}
	case "v23-reversal":
		return []act{{events: []string{"reversal"}, volts: -s.idle, length: 300 * time.Millisecond}, s.message("cid v23-mdmf %s %s %s", date, number, body),
			{events: []string{"reversal"}, volts: s.idle, length: 300 * time.Millisecond}}, nil
	case "dtmf-d-c": // as China's exchanges send it
		if number == "P" {
			return nil, nil
		}
		return []act{s.message("dtmf D%sC 70 70 -8 0", number), {length: s.between(300*time.Millisecond, 600*time.Millisecond)}}, nil
	case "dtmf-a-hash", "dtmf-a-c":
		return []act{s.message("cid %s - %s -", s.format, number), {length: s.between(300*time.Millisecond, 600*time.Millisecond)}}, nil
	}
	return nil, nil
}

// sees says what of number and name the line's format can carry.
func (s *subscriber) sees(number, name string) (string, string) {
	switch {
	case s.format == "none":
		return "", ""
	case s.format == "bell-sdmf" || strings.HasPrefix(s.format, "dtmf"):
		return number, ""
	}
	return number, name
}

// hangUp is on-hook and the quiet until the next call.
func (s *subscriber) hangUp() {
	s.add(act{volts: s.idle, length: s.between(6*time.Second, 12*time.Second)})
}

// call puts one call of a kind on the line.
func (s *subscriber) call(kind string) {
	w := wanted{kind: kind + "/" + s.format, begin: lasts(s.acts)}
	china := func(d time.Duration) act { return s.tone(450, 0, d, 350, 350) }
	switch {
	case strings.HasPrefix(kind, "in"):
		w.direction, w.called = "in", s.own
		number, name := s.digits(7+s.rng.IntN(5)), names[s.rng.IntN(len(names))]
		if kind == "in-withheld" {
			if s.format != "none" && s.format != "dtmf-d-c" {
				w.withheld = "private"
			}
			before, after := s.announce("P", "")
			s.add(before...)
			s.ring(2, after)
		} else {
			w.caller, w.name = s.sees(number, name)
			before, after := s.announce(number, name)
			s.add(before...)
			s.ring(2+s.rng.IntN(2), after)
		}
		if kind == "in-missed" {
			w.missed, w.endedBy, w.outcome = true, "ring-stopped", "missed"
			s.add(act{length: s.between(12*time.Second, 14*time.Second)})
			break
		}
		w.answered, w.endedBy, w.outcome = true, "on-hook", "answered"
		s.add(act{volts: s.off, length: s.between(300*time.Millisecond, 700*time.Millisecond)}, s.speak(s.between(4*time.Second, 9*time.Second)))
		switch kind {
		case "in-waiting":
			for range 4 {
				s.add(s.tone(450, 0, 4400*time.Millisecond, 400, 4000))
			}
			w.waiting = []string{""}
			s.add(s.speak(3 * time.Second))
		case "in-waiting-id": // type II: alerting signal, the telephone acknowledges, message
			second := s.digits(8)
			s.add(s.tone(450, 0, 400*time.Millisecond), s.message("waiting bell-mdmf 01020304 %s -", second), s.speak(3*time.Second))
			w.waiting = []string{second}
		case "in-two-telephones":
			s.add(act{volts: s.off * 0.7, length: 20 * time.Millisecond}, s.speak(3*time.Second), act{volts: s.off, length: 20 * time.Millisecond}, s.speak(2*time.Second))
		case "in-keys":
			w.keys = s.digits(3) + "#"
			s.add(act{length: time.Second}, s.keys(w.keys), act{length: time.Second})
		case "in-abandoned":
			w.endedBy = "busy-tone"
			s.add(act{length: 300 * time.Millisecond}, china(s.between(6*time.Second, 15*time.Second)))
		}
		s.hangUp()
	case strings.HasPrefix(kind, "out"):
		number := s.digits(5 + s.rng.IntN(7))
		w.direction, w.caller, w.called, w.endedBy = "out", s.own, number, "on-hook"
		s.add(act{volts: s.off, length: s.between(200*time.Millisecond, 400*time.Millisecond)}, s.tone(450, 0, s.between(time.Second, 2*time.Second)),
			s.pause())
		if s.prefix != "" {
			s.dial(s.prefix)
			s.add(s.tone(450, 0, s.between(700*time.Millisecond, 1500*time.Millisecond)), s.pause())
		}
		s.dial(number)
		s.add(act{length: s.between(500*time.Millisecond, 1500*time.Millisecond)})
		if kind == "out-busy" || kind == "out-redial" {
			w.endedBy, w.outcome = "busy-tone", "busy"
			s.add(china(s.between(6*time.Second, 9*time.Second)))
		}
		if kind == "out-redial" { // a fresh dial tone without hanging up
			s.calls = append(s.calls, w)
			w.begin = lasts(s.acts)
			number = s.digits(8)
			w.called, w.endedBy = number, "on-hook"
			s.add(act{length: time.Second}, s.tone(450, 0, s.between(3*time.Second, 5*time.Second)), s.pause())
			s.dial(s.prefix + number)
			s.add(act{length: time.Second})
		}
		if kind == "out-busy" {
			s.hangUp()
			break
		}
		s.add(s.tone(450, 0, time.Duration(1+s.rng.IntN(3))*5*time.Second, 1000, 4000))
		if kind == "out-no-answer" {
			w.outcome = "no-answer"
			s.add(s.tone(450, 0, 11*time.Second, 1000, 4000))
			s.hangUp()
			break
		}
		w.answered, w.outcome = true, "answered"
		if s.swap {
			s.idle, s.off = -s.idle, -s.off
			s.add(act{events: []string{"reversal"}, volts: s.off, length: 100 * time.Millisecond})
		}
		s.add(s.speak(s.between(4*time.Second, 9*time.Second)))
		switch kind {
		case "out-keys":
			w.keys = s.digits(4) + "#"
			s.add(act{length: time.Second}, s.keys(w.keys), act{length: time.Second}, s.speak(2*time.Second))
		case "out-howler":
			w.endedBy = "howler"
			s.add(act{length: time.Second}, s.tone(950, 0, 12*time.Second))
		case "out-remote-end":
			w.endedBy = "busy-tone"
			s.add(act{length: 300 * time.Millisecond}, china(s.between(6*time.Second, 15*time.Second)))
		}
		if s.swap {
			s.idle, s.off = -s.idle, -s.off
			s.add(act{events: []string{"reversal"}, volts: s.off, length: 100 * time.Millisecond})
		}
		s.hangUp()
	}
	s.calls = append(s.calls, w)
}

var mixed = []string{
	"in-answered", "in-answered", "in-missed", "in-waiting", "in-two-telephones", "in-keys", "in-abandoned", "in-withheld", "in-waiting-id",
	"out-answered", "out-answered", "out-busy", "out-no-answer", "out-keys", "out-howler", "out-remote-end", "out-redial",
}

var formats = []string{"bell-mdmf", "bell-sdmf", "v23-mdmf", "v23-reversal", "dtmf-d-c", "dtmf-a-hash", "dtmf-a-c", "none"}

// voices is speech in all languages that are installed.
func voices(t *testing.T) []int16 {
	voice, _ := speech(t)
	voice = voice[:min(len(voice), 120*driver.Rate)]
	files, _ := filepath.Glob("/usr/share/asterisk/sounds/[!e]*/vm-*.wav")
	for _, f := range files {
		if s, err := Decode(f); err == nil {
			voice = append(voice, s...)
		}
	}
	return voice
}

// plan puts calls on lines that differ in all that lines differ in.
func plan(x *exchange, voice []int16, lines, each int) (subs []*subscriber) {
	rng := rand.New(rand.NewPCG(*seed, 4))
	for i := range lines {
		s := &subscriber{x: x, voice: voice, rng: rand.New(rand.NewPCG(*seed, uint64(100+i)))}
		s.own = "010" + s.digits(8)
		s.format = formats[i%len(formats)]
		s.idle, s.off, s.hum, s.noise = -48, -7, -60, -65
		s.swap, s.pulse = rng.IntN(3) == 0, i%5 == 4
		s.level = -12 * rng.Float64()
		s.poll = []int{2000, 1000, 4000}[i%3] // samples: cards measure 2 to 8 times a second
		switch i % 4 {
		case 1:
			s.hum = -27 - 10*rng.Float64()
		case 2:
			s.idle, s.off = 48, 8 // reversed polarity
			s.noise = -45 - 10*rng.Float64()
		case 3:
			s.idle, s.off = -24, -5 // the feed of a PBX
		}
		if i%3 == 2 {
			s.prefix = "9"
		}
		s.volts, s.wire.rng = s.idle, rand.New(rand.NewPCG(*seed, uint64(200+i)))
		s.add(act{length: 10 * time.Second})
		for j := range each {
			s.call(mixed[(i*each+j)%len(mixed)])
		}
		s.add(act{length: 5 * time.Second})
		subs = append(subs, s)
	}
	return subs
}

func TestMixedCallsAreJournaledAsTheyWere(t *testing.T) {
	lines, each := counts(8, 16, 32), counts(3, 8, 32)
	ctx := within(t, 20*time.Minute)
	x := newExchange(t)
	voice := voices(t)
	t.Logf("seed %d", *seed)
	plan(x, voice, lines, each) // asks for the sounds, whose lengths say when calls begin
	x.make(t)
	subs := plan(x, voice, lines, each)
	config := quietly
	for i, s := range subs {
		config += pin(i+1, i+1, fmt.Sprintf("own_number = %q\noutside_prefix = %q\n", s.own, s.prefix))
	}
	longest := time.Duration(0)
	for _, s := range subs {
		longest = max(longest, lasts(s.acts))
	}
	root := scratch(t)
	d := start(t, root, config+board("b", "peers", lines, ""))
	var peers []*Peer
	for i, s := range subs {
		s.add(act{length: longest - lasts(s.acts) + time.Second}) // all end together
		peers = append(peers, &Peer{Line: i + 1, Next: s.play})
	}
	ps, err := Dial(sockets(d, "b"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	played := 0
	for _, s := range subs {
		played += len(s.calls)
	}
	_ = Until(within(t, time.Minute), "all calls are over and in the journal", func() (bool, error) { // fewer of them are judged below
		rows, err := d.Calls(ctx, 0)
		n := 0
		for _, c := range rows {
			if c.End != nil {
				n++
			}
		}
		return n >= played, err
	})
	judge := &judgement{wrong: map[string]int{}}
	for i, s := range subs {
		rows, err := d.Calls(ctx, i+1)
		if err != nil {
			t.Fatal(err)
		}
		recs, err := d.Recordings(ctx, i+1)
		if err != nil {
			t.Fatal(err)
		}
		judge.line(i+1, s.calls, rows, recs)
	}
	judge.report(t)
	for i, id := range judge.puzzling {
		if why, err := d.Ctl(ctx, "why", id); err == nil && i < 5 {
			t.Log(why)
		}
	}
	stop(t, d)
}

// slack is how long before its first ring or its off-hook a call may begin for
// the one who made it: caller ID comes first.
const slack = 3 * time.Second

// judgement compares rows of the call journal with what was played.
type judgement struct {
	calls, fields, right, falseNumbers int
	wrong                              map[string]int // field and kind of call → how often
	notes                              []string
	puzzling                           []string // IDs of calls that are wrong in something
}

// line judges one line's calls and the recordings made of them.
func (j *judgement) line(n int, want []wanted, got []Call, recs []Recording) {
	base := began(want, got)
	judged := map[string]bool{}
	for i, w := range want {
		j.calls++
		// A call is found by when it was: one that is missing says nothing of the others.
		var g Call
		for _, row := range got {
			at := row.Start.Sub(base) + slack
			if at >= w.begin && (i == len(want)-1 || at < want[i+1].begin) {
				g = row
				judged[g.ID] = true
				break
			}
		}
		where := fmt.Sprintf("line %d call %d (%s)", n, i+1, w.kind)
		j.field(where, w.kind, g, "direction", g.Direction, w.direction)
		j.field(where, w.kind, g, "caller", g.Caller, w.caller)
		j.field(where, w.kind, g, "called", g.Called, w.called)
		j.field(where, w.kind, g, "name", g.Name, w.name)
		j.field(where, w.kind, g, "withheld", g.Withheld, w.withheld)
		j.field(where, w.kind, g, "answered", fmt.Sprint(g.AnsweredBy != "" && g.AnsweredBy != "none"), fmt.Sprint(w.answered))
		j.field(where, w.kind, g, "missed", fmt.Sprint(g.Missed), fmt.Sprint(w.missed))
		j.field(where, w.kind, g, "ended_by", g.EndedBy, w.endedBy)
		j.field(where, w.kind, g, "outcome", g.Outcome, w.outcome)
		j.field(where, w.kind, g, "keys", g.Keys, w.keys)
		var waiting []string
		for _, c := range g.Waiting {
			waiting = append(waiting, c.Caller)
		}
		j.field(where, w.kind, g, "waiting", fmt.Sprintf("%q", waiting), fmt.Sprintf("%q", w.waiting))
		for _, r := range recs {
			if r.Call == g.ID && g.ID != "" {
				j.field(where, w.kind, g, "caller of the recording", r.Caller, w.caller)
				j.field(where, w.kind, g, "called of the recording", r.Called, w.called)
			}
		}
	}
	for _, g := range got {
		if !judged[g.ID] {
			where := fmt.Sprintf("line %d, %s: a call that was none", n, g.Start.Format(time.TimeOnly))
			j.field(where, "nothing", g, "caller", g.Caller, "no call")
			j.field(where, "nothing", g, "called", g.Called, "no call")
		}
	}
}

// began is when the line's story began: as most calls that may belong together say.
func began(want []wanted, got []Call) time.Time {
	votes := map[time.Time]int{}
	best := time.Time{}
	for _, g := range got {
		for _, w := range want {
			at := g.Start.Add(-w.begin).Truncate(2 * time.Second)
			if votes[at]++; votes[at] > votes[best] {
				best = at
			}
		}
	}
	return best
}

func (j *judgement) field(where, kind string, g Call, name, got, want string) {
	j.fields++
	if got == want {
		j.right++
		return
	}
	j.wrong[name+" of "+kind]++
	if g.ID != "" && !slices.Contains(j.puzzling, g.ID) {
		j.puzzling = append(j.puzzling, g.ID)
	}
	if strings.HasPrefix(name, "call") && got != "" { // caller, called
		j.falseNumbers++
	}
	j.notes = append(j.notes, fmt.Sprintf("%s: %s %q, want %q", where, name, got, want))
}

func (j *judgement) report(t *testing.T) {
	share := 100 * float64(j.right) / float64(max(1, j.fields))
	t.Logf("%d calls, %d fields, %.2f %% right, %d false numbers", j.calls, j.fields, share, j.falseNumbers)
	var kinds []string
	for k := range j.wrong {
		kinds = append(kinds, k)
	}
	sort.Slice(kinds, func(a, b int) bool { return j.wrong[kinds[a]] > j.wrong[kinds[b]] })
	for _, k := range kinds {
		t.Logf("%4d × wrong %s", j.wrong[k], k)
	}
	for i, n := range j.notes {
		if i == 40 {
			t.Logf("… and %d more", len(j.notes)-i)
			break
		}
		t.Log(n)
	}
	if share < 99.5 || j.falseNumbers > 0 {
		t.Errorf("%.2f %% of fields right, want at least 99.5; %d false numbers, want none", share, j.falseNumbers)
	}
}
