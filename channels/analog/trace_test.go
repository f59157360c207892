package analog

import (
	"bufio"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/dtmf"
	"vaad/dsp/progress"
)

// A trace is a script of what happens on a line, then what a tap must make of
// it. Times are ms, voltages V. Script lines:
//
//	T volts V | T ramp V MS | T flash MS | T pulses N | T pulses20 N
//	T ring | T ring-end | T quiet | T polarity 0|1 | T battery 0|1 | T state BITS | T gone
//	T voice | T voice-end | T digit K | T pulse K PERCENT | T modem | T damaged | T end
//	T tone NAME [HZ ON OFF [AT]] | T tone-end NAME [HZ ON OFF [AT]] | T caller CODING NUMBER [NAME]
//
// A burst puts 25 Hz on the line from 150 ms before its event, as cards need
// time to be sure; quiet ends that without the event. Wanted lines:
//
//	states S S … | call DIRECTION BEGIN BY[@ANSWER] BY@END [missed]
//	party HOW CALLER NAME HOW CALLED HOW OUTCOME (- where not known) | numbers HOW CALLER CALLED
//	waiting [CALLER [NAME]] | failed WHY BEGIN LENGTH
//	flashes N | digits KEYS | keys KEYS | battery lost@T back@T … | long N
type trace struct {
	name string
	ops  []op
	end  int
	want map[string][]string
}

type op struct {
	at   int
	verb string
	arg  []string
}

func (o op) num(i int) float64 {
	f, err := strconv.ParseFloat(o.arg[i], 64)
	if err != nil {
		panic(fmt.Sprintf("%d %s: %v", o.at, o.verb, err))
	}
	return f
}

func readTraces(t testing.TB) []trace {
	t.Helper()
	names, err := filepath.Glob("testdata/traces/*.trace")
	if err != nil || len(names) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	var all []trace
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tr := trace{name: strings.TrimSuffix(filepath.Base(name), ".trace"), want: map[string][]string{}}
		sc := bufio.NewScanner(strings.NewReader(string(b)))
		for sc.Scan() {
			f := strings.Fields(sc.Text())
			if len(f) == 0 || f[0] == "#" {
				continue
			}
			at, err := strconv.Atoi(f[0])
			switch {
			case err != nil:
				tr.want[f[0]] = append(tr.want[f[0]], strings.Join(f[1:], " "))
			case f[1] == "end":
				tr.end = at
			default:
				tr.ops = append(tr.ops, op{at, f[1], f[2:]})
			}
		}
		if tr.end == 0 || len(tr.want["states"]) == 0 {
			t.Fatalf("%s: no end or no states", name)
		}
		all = append(all, tr)
	}
	return all
}

// volts is the line's voltage at ms, without noise.
func (tr trace) volts(ms int) (v float64, known bool) {
	idle, ripple := 0.0, -1
	for _, o := range tr.ops {
		if o.verb == "ring" && ms >= o.at-150 {
			ripple = o.at - 150
		}
		if o.at > ms {
			break
		}
		switch o.verb {
		case "volts":
			v, known = o.num(0), true
			if math.Abs(v) > math.Abs(idle) {
				idle = v
			}
		case "ramp":
			if k := float64(ms-o.at) / o.num(1); k < 1 {
				v += (o.num(0) - v) * k
			} else {
				v = o.num(0)
			}
		case "ring-end", "quiet":
			ripple = -1
		case "flash":
			if ms < o.at+int(o.num(0)) {
				return math.Copysign(idle, v), known
			}
		case "pulses", "pulses20":
			period := 100.0 // ms; a break is 61.5 % of it
			if o.verb == "pulses20" {
				period = 50
			}
			if n := float64(ms-o.at) / period; n < o.num(0) && n-math.Floor(n) < 0.615 {
				return math.Copysign(idle, v), known
			}
		}
	}
	if ripple >= 0 {
		v += 110 * math.Sin(2*math.Pi*25*float64(ms-ripple)/1000)
	}
	return v, known
}

type watch struct {
	every, phase int // ms
	noise, sign  float64
	step         int // samples between ticks
}

func (w watch) String() string {
	return fmt.Sprintf("every=%dms/noise=%gV/sign=%+g/tick=%d", w.every, w.noise, w.sign, w.step)
}

// play runs a trace through a tap.
func (tr trace) play(tap *Tap, w watch) []Event {
	rnd := rand.New(rand.NewPCG(1, uint64(w.every)))
	type input struct {
		at int
		do func([]Event, int64) []Event
	}
	var ins []input
	ev := func(k driver.EventKind, v int32) func([]Event, int64) []Event {
		return func(out []Event, pos int64) []Event { return tap.Event(out, driver.Event{Kind: k, Value: v}, pos) }
	}
	for _, o := range tr.ops {
		var do func([]Event, int64) []Event
		switch o.verb {
		case "ring":
			do = ev(driver.RingBegin, 0)
		case "ring-end":
			do = ev(driver.RingEnd, 0)
		case "polarity":
			v := int32(o.num(0))
			if w.sign < 0 {
				v = 1 - v
			}
			do = ev(driver.Polarity, v)
		case "battery":
			do = ev(driver.Battery, int32(o.num(0)))
		case "state":
			do = ev(driver.State, int32(o.num(0)))
		case "gone":
			do = tap.Gone
		case "voice":
			do = func(out []Event, pos int64) []Event { return tap.Voice(out, true, pos, pos) }
		case "voice-end":
			do = func(out []Event, pos int64) []Event { return tap.Voice(out, false, pos, pos) }
		case "digit":
			do = func(out []Event, pos int64) []Event {
				return tap.Press(out, Press{Key: o.arg[0][0], At: pos, Length: 560, Sure: 100, By: InKeys}, pos)
			}
		case "pulse": // digit, per cent
			do = func(out []Event, pos int64) []Event {
				return tap.Press(out, Press{Key: o.arg[0][0], At: pos, Length: 3000, Sure: int(o.num(1)), By: InPulses}, pos)
			}
		case "tone", "tone-end":
			x := Tone{Name: toneNamed(o.arg[0])}
			if len(o.arg) > 1 { // Hz, ms on, ms off
				x.Hz, x.On, x.Off = int(o.num(1)), int(o.num(2)), int(o.num(3))
			}
			do = func(out []Event, pos int64) []Event {
				x.At, x.To = pos, pos
				if len(o.arg) > 4 { // where it began or ended
					x.At = int64(o.num(4)) * driver.MS
				}
				return tap.Tone(out, x, o.verb == "tone", pos)
			}
		case "modem":
			do = func(out []Event, pos int64) []Event { return tap.Modem(out, pos, pos) }
		case "caller": // coding, number, name
			coding := map[string]callerid.Coding{"bell202": callerid.Bell, "v23": callerid.V23, "dtmf": callerid.DTMF}[o.arg[0]]
			m := message(coding, o.arg[1:]...)
			do = func(out []Event, pos int64) []Event {
				m.At, m.End = pos, pos
				return tap.Message(out, m, pos)
			}
		case "damaged":
			do = tap.Damaged
		case "volts", "ramp", "flash", "pulses", "pulses20", "quiet":
			continue
		default:
			panic(tr.name + ": " + o.verb)
		}
		ins = append(ins, input{o.at, do})
	}
	gone := false
	for ms := w.phase; ms < tr.end; ms += w.every {
		for _, o := range tr.ops {
			if o.at <= ms && o.verb == "gone" {
				gone = true
			} else if o.at <= ms && o.verb == "state" {
				gone = false
			}
		}
		if v, known := tr.volts(ms); known && !gone {
			mv := int32(1000 * w.sign * (v + w.noise*(2*rnd.Float64()-1)))
			ins = append(ins, input{ms, ev(driver.Volts, mv)})
		}
	}
	slices.SortStableFunc(ins, func(a, b input) int { return cmp.Compare(a.at, b.at) })
	var out []Event
	if w.sign < 0 {
		out = tap.Event(out, driver.Event{Kind: driver.State, Value: driver.StateReversed}, 0)
	}
	pos, end := int64(0), int64(tr.end)*driver.MS
	for pos < end {
		pos += int64(w.step)
		for len(ins) > 0 && int64(ins[0].at)*driver.MS < pos {
			out = ins[0].do(out, int64(ins[0].at)*driver.MS)
			ins = ins[1:]
		}
		out = tap.Tick(out, pos)
	}
	return out
}

// tell writes events as the wanted lines do, times rounded down to ms.
func tell(evs []Event) map[string][]string {
	got := map[string][]string{}
	ss := []string{Unknown.String()}
	var digits, keys string
	var battery []string
	flashes, long := 0, 0
	ms := func(pos int64) string { return strconv.FormatInt(pos/driver.MS, 10) }
	for _, e := range evs {
		switch e.Kind {
		case LineState:
			ss = append(ss, e.To.String())
		case CallEnd:
			c := e.Call
			s := c.Direction + " " + ms(c.Begin) + " " + c.AnsweredBy
			if c.Answered > 0 {
				s += "@" + ms(c.Answered)
			}
			s += " " + c.EndedBy + "@" + ms(e.Pos)
			if c.Missed {
				s += " missed"
			}
			got["call"] = append(got["call"], s)
			got["party"] = append(got["party"], party(c))
		case Numbers:
			got["numbers"] = append(got["numbers"], e.By+" "+or(e.Call.Caller)+" "+or(e.Call.Called))
		case CallWaiting:
			got["waiting"] = append(got["waiting"], strings.TrimSpace(e.Caller+" "+e.Name))
		case CallerFailed:
			got["failed"] = append(got["failed"], e.Text+" "+ms(e.Pos)+" "+ms(e.Value))
		case Flash:
			flashes++
		case Digit:
			digits += string(rune(e.Value))
		case Key:
			keys += string(rune(e.Value))
		case BatteryLost:
			battery = append(battery, "lost@"+ms(e.Pos))
		case BatteryBack:
			battery = append(battery, "back@"+ms(e.Pos))
		case LongOffHook:
			long++
		}
	}
	got["states"] = []string{strings.Join(ss, " ")}
	got["digits"] = []string{digits}
	got["keys"] = []string{keys}
	got["battery"] = []string{strings.Join(battery, " ")}
	got["flashes"] = []string{strconv.Itoa(flashes)}
	got["long"] = []string{strconv.Itoa(long)}
	return got
}

func or(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// party is what is known of a call beside its times.
func party(c Call) string {
	return strings.Join([]string{or(c.DirectionBy), or(c.Caller), or(c.Name), or(c.CallerBy + c.Withheld), or(c.Called), or(c.CalledBy), c.Outcome}, " ")
}

func toneNamed(name string) progress.Tone {
	for t := progress.Dial; t <= progress.Regular; t++ {
		if t.String() == name {
			return t
		}
	}
	panic("no tone is called " + name)
}

// message makes a message with a number ("" is withheld) and a name.
func message(coding callerid.Coding, parts ...string) *callerid.Message {
	var found []callerid.Message
	if coding == callerid.DTMF {
		var keys callerid.Keys
		for i, k := range []byte(parts[0]) {
			keys.Key(nil, dtmf.Event{Kind: dtmf.Down, Key: k, At: int64(i) * 1120})
			found = keys.Key(found, dtmf.Event{Kind: dtmf.Up, Key: k, At: int64(i)*1120 + 560, Length: 560})
		}
		found = keys.Tick(found, 1<<20)
	} else {
		fields := []callerid.Field{{Type: callerid.Number, Raw: []byte(parts[0])}}
		if parts[0] == "P" {
			fields[0] = callerid.Field{Type: callerid.NumberAbsent, Raw: []byte("P")}
		}
		if len(parts) > 1 {
			fields = append(fields, callerid.Field{Type: callerid.Name, Raw: []byte(parts[1])})
		}
		b, err := callerid.Build(callerid.CallSetup, fields...)
		if err != nil {
			panic(err)
		}
		s := make([]int16, 8000*3)
		s = s[:callerid.NewSource(coding, b, callerid.OnHook(), -15).Fill(s)]
		found = callerid.New().Process(found, append(s, make([]int16, 800)...))
	}
	if len(found) != 1 {
		panic(fmt.Sprintf("%d messages of %q", len(found), parts))
	}
	return &found[0]
}

// sameStory compares two wanted lines; the times in got may be late by up to late ms.
func sameStory(want, got string, late int) bool {
	w := strings.FieldsFunc(want, func(r rune) bool { return r == ' ' || r == '@' })
	g := strings.FieldsFunc(got, func(r rune) bool { return r == ' ' || r == '@' })
	if len(w) != len(g) {
		return false
	}
	for i := range w {
		a, errA := strconv.Atoi(w[i])
		b, errB := strconv.Atoi(g[i])
		if errA != nil || errB != nil {
			if w[i] != g[i] {
				return false
			}
		} else if b < a || b > a+late {
			return false
		}
	}
	return true
}

func TestTapTellsTheStoryOfEveryTrace(t *testing.T) {
	for _, tr := range readTraces(t) {
		t.Run(tr.name, func(t *testing.T) {
			told := map[string]bool{}
			for _, w := range watches(tr) {
				got := tell(tr.play(New(Config{}, Learnt{}), w))
				for _, k := range []string{"states", "call", "party", "numbers", "waiting", "failed", "flashes", "digits", "keys", "battery", "long"} {
					want, have := tr.want[k], got[k]
					if len(want) == 0 && k != "call" && k != "waiting" && k != "failed" || k == "flashes" && w.every > 40 {
						continue
					}
					ok := len(want) == len(have)
					for i := 0; ok && i < len(want); i++ {
						ok = sameStory(want[i], have[i], w.every)
					}
					if !ok && !told[k] {
						told[k] = true // once is enough
						t.Errorf("%v: %s\nwant %s\ngot  %s", w, k, strings.Join(want, "\n     "), strings.Join(have, "\n     "))
					}
				}
			}
		})
	}
}

func watches(tr trace) []watch {
	var all []watch
	for _, every := range []int{20, 100, 250, 500} {
		if tr.end > 1e6 && every < 250 {
			continue // hours at 20 ms tell nothing new
		}
		for _, noise := range []float64{0, 2} {
			for _, sign := range []float64{1, -1} {
				all = append(all, watch{every, 7, noise, sign, driver.Block})
			}
		}
	}
	return all
}

// The position of an event must not depend on how time is cut into blocks.
func TestBlockLengthDoesNotMatter(t *testing.T) {
	for _, tr := range readTraces(t) {
		if tr.end > 1e6 {
			continue
		}
		w := watch{100, 3, 0, 1, driver.Block}
		want := tr.play(New(Config{}, Learnt{}), w)
		for _, w.step = range []int{8, 1000, 40000} {
			got := tr.play(New(Config{}, Learnt{}), w)
			if !slices.Equal(want, got) {
				t.Errorf("%s: other events with ticks of %d samples:\n%v\n%v", tr.name, w.step, tell(want), tell(got))
			}
		}
	}
}
