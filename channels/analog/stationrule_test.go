package analog

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"vaad/channels/numbering"
	"vaad/driver"
	"vaad/dsp/progress"
)

// A stationJudge watches what a station says and wants, and knows what must
// never be.
type stationJudge struct {
	t interface {
		Helper()
		Fatalf(string, ...any)
	}
	s     *Station
	out   Output
	pos   int64
	state State

	up       bool
	known    int64
	rings    bool    // a ring command that no stop has followed
	reversed bool    //
	sound    ActKind // what plays: PlayTone, PlayKeys, PlayMessage, 0
	long     bool
}

func (j *stationJudge) look(what string) {
	j.t.Helper()
	for i := range j.out.Events {
		e := &j.out.Events[i]
		if e.Known < j.known || e.Pos > e.Known || e.Pos < 0 {
			j.t.Fatalf("after %s: %v at %d known at %d, before that %d", what, e.Kind, e.Pos, e.Known, j.known)
		}
		j.known = e.Known
		switch e.Kind {
		case LineState:
			if e.From != j.state || e.To == e.From {
				j.t.Fatalf("after %s: from %v to %v, it was %v", what, e.From, e.To, j.state)
			}
			j.state = e.To
		case CallBegin:
			if j.up {
				j.t.Fatalf("after %s: a second call", what)
			}
			j.up = true
		case CallEnd:
			if !j.up || e.Call.EndedBy == "" || e.Call.Outcome == "" || e.Pos < e.Call.Begin {
				j.t.Fatalf("after %s: a call that is not up ends, or without a reason: %+v", what, e.Call)
			}
			if (e.Call.Outcome == Answered) != (e.Call.AnsweredBy != ByNone) || e.Call.Missed != (e.Call.Outcome == Missed) {
				j.t.Fatalf("after %s: contradiction in %+v", what, e.Call)
			}
			j.up = false
		case CallAnswered, Digit, Key, Numbers, NumberComplete, Alerting, KeysSent:
			if !j.up {
				j.t.Fatalf("after %s: %v without a call", what, e.Kind)
			}
		case LongOffHook, LongOffHookEnd:
			if j.long == (e.Kind == LongOffHook) {
				j.t.Fatalf("after %s: %v twice", what, e.Kind)
			}
			j.long = !j.long
		}
	}
	on := j.s.State()
	for _, a := range j.out.Acts {
		towards := false // an on-hook telephone
		switch a.Kind {
		case Command:
			switch a.Do {
			case driver.Ring, driver.RingBurst:
				towards, j.rings = true, true
				if a.Do == driver.RingBurst && a.Value < 200 || a.Do == driver.Ring && (len(a.Data) == 0 || len(a.Data)%4 != 0) {
					j.t.Fatalf("after %s: %+v", what, a)
				}
			case driver.RingStop:
				j.rings = false
			case driver.OnHookTransmit:
				towards = true
				if a.Value < 1 || a.Value > 10_000 {
					j.t.Fatalf("after %s: %+v", what, a)
				}
			case driver.SetPolarity:
				j.reversed = a.Value == 1
			case driver.SetMWI:
			default:
				j.t.Fatalf("after %s: command %v", what, a.Do)
			}
		case PlayMessage:
			towards, j.sound = true, a.Kind
			if (a.Keys == "") == (a.Data == nil) || a.AfterMS < 0 {
				j.t.Fatalf("after %s: %+v", what, a)
			}
		case PlayTone:
			j.sound = a.Kind
			if a.Tone == 0 || a.Tone == progress.Waiting {
				j.t.Fatalf("after %s: tone %v in %v", what, a.Tone, on)
			}
		case PlayKeys:
			j.sound = a.Kind
			if a.Keys == "" {
				j.t.Fatalf("after %s: keys %q in %v", what, a.Keys, on)
			}
		case Quiet:
			j.sound = 0
		}
		if towards && on != StationRinging {
			j.t.Fatalf("after %s: %+v in %v", what, a, on)
		}
	}
	j.out.Events, j.out.Acts = j.out.Events[:0], j.out.Acts[:0]
	if on == StationGone {
		j.rings, j.reversed, j.sound = false, false, 0
	}
	_, up := j.s.Call()
	calls := on == StationRinging || on.OffHook() && on != StationAbandoned && on != StationLocked
	switch {
	case on.String() != j.state.String():
		j.t.Fatalf("after %s: the state is %v, it was said to be %v", what, on, j.state)
	case up != j.up || up != calls:
		j.t.Fatalf("after %s: call %v, told %v, in %v", what, up, j.up, on)
	case on != StationRinging && (j.rings || j.reversed || j.sound == PlayMessage):
		j.t.Fatalf("after %s: in %v it rings %v, is reversed %v, is sent %v", what, on, j.rings, j.reversed, j.sound)
	case (on == StationIdle || on == StationLocked) && j.sound != 0, on == StationTalking && j.sound == PlayTone,
		on != StationTalking && j.sound == PlayKeys:
		j.t.Fatalf("after %s: sound %v in %v", what, j.sound, on)
	case j.long != (on == StationLocked):
		j.t.Fatalf("after %s: long off-hook %v in %v", what, j.long, on)
	}
}

// stationOps is how many things can happen to a station.
const stationOps = 24

// do lets the op-th thing happen; v makes it vary.
func (j *stationJudge) do(op, v int) {
	s, o := j.s, &j.out
	event := func(k driver.EventKind, value int32) { s.Event(o, driver.Event{Kind: k, Value: value}, j.pos) }
	const keys = "0123456789*#ABCD?"
	key := keys[v%len(keys)]
	var err error
	switch op {
	case 0:
		event(driver.OffHook, 0)
	case 1:
		event(driver.OnHook, 0)
	case 2:
		event(driver.Flash, int32(v%1500)-100)
	case 3:
		event(driver.PulseDigit, int32(key))
	case 4:
		event(driver.DigitBegin, int32(key))
	case 5:
		event(driver.DigitEnd, int32(key))
	case 6:
		event(driver.State, int32(v%2))
	case 7:
		event(driver.RingerOn, 0)
	case 8:
		event(driver.RingerOff, 0)
	case 9:
		event(driver.Refused, int32(driver.Commands()[v%len(driver.Commands())]))
	case 10:
		s.Press(o, Press{Key: key, At: j.pos - int64(v%2000), Length: int64(v % 2000), Sure: 100, By: InKeys}, j.pos)
	case 11:
		if j.sound == PlayKeys || j.sound == PlayMessage {
			j.sound = 0
		}
		s.Sent(o, j.pos)
	case 12:
		s.Gone(o, j.pos)
	case 13, 14:
		err = s.Ring(o, RingOrder{Caller: []string{"", "8002", "+49 30 1234567890123456789"}[v%3], Name: []string{"", "张三", "Zoë"}[v/3%3],
			Private: v%5 == 0, Cadence: []string{"", "inside", "outside", "recall", "x"}[v%5], Time: "12312359"})
	case 15:
		err = s.Answer(o)
	case 16:
		err = s.Alert(o)
	case 17:
		err = s.Proceed(o)
	case 18:
		err = s.Release(o, v%130-1)
	case 19:
		err = s.Keys(o, []string{"1", "12,3", ",,", "", "x", "9,"}[v%6])
	case 20:
		err = s.Lamp(o, v%2 == 0)
	case 21:
		j.pos += int64(v)
		s.Tick(o, j.pos)
	case 22:
		j.pos += int64(v) * 40
		s.Tick(o, j.pos)
	case 23:
		s.Configure(stationConfigs[v%len(stationConfigs)])
	}
	if j.look(opName(op)); err != nil {
		var r *Refusal
		if !errors.As(err, &r) || r.Code == "" || r.Text == "" {
			j.t.Fatalf("%s is refused by %v", opName(op), err)
		}
	}
}

func opName(op int) string {
	return [stationOps]string{"off-hook", "on-hook", "flash", "pulse", "key down", "key up", "state", "ringer on", "ringer off",
		"refused", "press", "sent", "gone", "ring", "ring", "answer", "alert", "proceed", "release", "keys", "lamp", "tick", "long tick", "configure"}[op]
}

var stationConfigs = func() []StationConfig {
	open, err := numbering.Parse("0.", "8xx", "1", "11")
	if err != nil {
		panic(err)
	}
	return []StationConfig{{}, {Plan: open, Lamp: true}, {Country: "GB"}, {Country: "SE", FirstMS: 100, DigitMS: 100, Plan: open},
		{Country: "US", Extension: "8001"}, {Country: "FR", Sends: "none"}, {Country: "AU"}, {Sends: "dtmf"}}
}()

func TestStationsKeepTheirRulesWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := &stationJudge{t: t, s: NewStation(rapid.SampledFrom(stationConfigs).Draw(t, "config"))}
		j.do(6, 0)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			j.do(rapid.IntRange(0, stationOps-1).Draw(t, "op"), rapid.IntRange(0, 20_000).Draw(t, "v"))
		}
	})
}

func FuzzStation(f *testing.F) {
	f.Add([]byte{6, 0, 0, 13, 1, 1, 7, 0, 0, 22, 9, 9, 8, 0, 0, 11, 0, 0, 0, 0, 0, 1, 0, 0})
	f.Add([]byte{6, 0, 0, 0, 0, 0, 10, 8, 0, 22, 200, 10, 18, 17, 0, 22, 255, 100, 1, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		j := &stationJudge{t: t, s: NewStation(StationConfig{})}
		for ; len(data) >= 3; data = data[3:] {
			j.do(int(data[0])%stationOps, int(data[1])|int(data[2])<<8)
		}
	})
}
