package analog

import (
	"fmt"
	"strings"
	"testing"

	"vaad/channels/numbering"
	"vaad/driver"
	"vaad/dsp/callerid"
)

// A phone is a station with a telephone and a board that does what it is told:
// it rings, tells bursts, and says when sounds have been sent.
type phone struct {
	t      testing.TB
	s      *Station
	out    Output
	pos    int64
	log    []string
	deaf   bool // the board tells no bursts
	refuse map[driver.CommandKind]bool

	ringer  []event0 // to come
	sent    int64    // when the present sound has been sent; 0: none plays
	message Act      // the last one
	msgAt   int64    // where it began to sound, alerting tone included
	msgEnd  int64
	acts    []timed
}

type timed struct {
	at int64
	Act
}

type event0 struct {
	at int64
	e  driver.Event
}

func newPhone(t testing.TB, c StationConfig) *phone {
	p := &phone{t: t, s: NewStation(c), refuse: map[driver.CommandKind]bool{}}
	p.event(driver.State, 0)
	p.log = nil
	return p
}

// after lets so many ms pass, block by block.
func (p *phone) after(ms int) {
	for end := p.pos + int64(ms)*driver.MS; p.pos < end; {
		next := min(p.pos+driver.Block, end)
		for len(p.ringer) > 0 && p.ringer[0].at < next {
			r := p.ringer[0]
			p.ringer = p.ringer[1:]
			p.s.Event(&p.out, r.e, r.at)
			p.take(r.at)
		}
		if p.sent > 0 && p.sent <= next {
			p.sent = 0
			p.s.Sent(&p.out, next)
			p.take(next)
		}
		p.pos = next
		p.s.Tick(&p.out, next)
		p.take(next)
	}
}

func (p *phone) event(k driver.EventKind, value int32) {
	p.s.Event(&p.out, driver.Event{Kind: k, Value: value}, p.pos)
	p.take(p.pos)
}

// dial presses keys, 100 ms each, with 100 ms between them.
func (p *phone) dial(keys string) {
	for i := range len(keys) {
		at := p.pos
		p.after(100)
		p.s.Press(&p.out, Press{Key: keys[i], At: at, Length: 100 * driver.MS, Sure: 100, By: InKeys}, p.pos)
		p.take(p.pos)
		p.after(100)
	}
}

func (p *phone) wish(err error) {
	p.take(p.pos)
	if err != nil {
		p.log = append(p.log, "refused: "+err.(*Refusal).Code)
	}
}

// take carries out what the station wants and notes it.
func (p *phone) take(pos int64) {
	for i := range p.out.Events {
		if text := eventText(&p.out.Events[i]); text != "" {
			p.log = append(p.log, text)
		}
	}
	acts := p.out.Acts
	p.out.Events, p.out.Acts = nil, nil
	for _, a := range acts {
		p.log = append(p.log, actText(&a))
		p.acts = append(p.acts, timed{pos, a})
		p.carryOut(a, pos)
	}
}

func (p *phone) carryOut(a Act, pos int64) {
	switch a.Kind {
	case Command:
		if p.refuse[a.Do] {
			p.ringer = append([]event0{{pos, driver.Event{Kind: driver.Refused, Value: int32(a.Do)}}}, p.ringer...)
			return
		}
		tell := func(k driver.EventKind, at int64) {
			if !p.deaf {
				p.ringer = append(p.ringer, event0{at, driver.Event{Kind: k}})
			}
		}
		switch a.Do {
		case driver.RingBurst:
			tell(driver.RingerOn, pos+80)
			tell(driver.RingerOff, pos+80+int64(a.Value)*driver.MS)
		case driver.Ring:
			tell(driver.RingerOn, pos+80)
		case driver.RingStop:
			p.ringer = nil
		}
	case Quiet, PlayTone:
		p.sent = 0
	case PlayKeys:
		p.sent = pos + int64(a.AfterMS+200*len(a.Keys))*driver.MS
	case PlayMessage:
		p.message, p.msgAt = a, pos+int64(a.AfterMS)*driver.MS
		length := int64(len(a.Keys)) * 140 * driver.MS
		if a.Keys == "" {
			length = int64(490+10*len(a.Data)) * driver.Rate / 1200
		}
		if a.AlertMS > 0 {
			length += int64(a.AlertMS+60) * driver.MS
		}
		p.sent = p.msgAt + length
		p.msgEnd = p.sent
	}
}

func eventText(e *Event) string {
	switch e.Kind {
	case LineState:
		return e.To.String()
	case CallBegin:
		return fmt.Sprintf("call %s %s>%s", e.Call.Direction, e.Call.Caller, e.Call.Called)
	case CallAnswered:
		return "answered " + e.Call.AnsweredBy
	case CallEnd:
		return fmt.Sprintf("end %s %s", e.Call.EndedBy, e.Call.Outcome)
	case Digit, Key:
		return fmt.Sprintf("%v %c", e.Kind, rune(e.Value))
	case Numbers:
		return "number " + e.Call.Called
	case NumberComplete:
		return fmt.Sprintf("%s %s", e.Text, e.Call.Called)
	case Flash:
		return fmt.Sprintf("flash %d", e.Value)
	case RingBegin, RingEnd, OffHook, OnHook:
		return ""
	}
	return e.Kind.String()
}

func actText(a *Act) string {
	switch a.Kind {
	case Command:
		if a.Do == driver.Ring {
			text := ">ring"
			for i := 0; i+1 < len(a.Data); i += 2 {
				text += fmt.Sprintf(" %d", int(a.Data[i])|int(a.Data[i+1])<<8)
			}
			return text
		}
		return fmt.Sprintf(">%v %d", a.Do, a.Value)
	case PlayTone:
		return ">" + a.Tone.String()
	case PlayKeys:
		return fmt.Sprintf(">keys %s +%d", a.Keys, a.AfterMS)
	case PlayMessage:
		if a.Keys != "" {
			return ">message " + a.Keys
		}
		return ">message " + a.Coding.String()
	case Quiet:
		return ">quiet"
	}
	return "?"
}

var testPlan = func() *numbering.Plan {
	p, err := numbering.Parse("8xxx", "0.", "9", "91x", "*8.")
	if err != nil {
		panic(err)
	}
	return p
}()

// stationCases are calls and what the station says and wants, in order.
var stationCases = []struct {
	name string
	cfg  StationConfig
	do   func(p *phone)
	want string
}{
	{"a rung telephone is told who calls between the bursts and is picked up", StationConfig{Extension: "8001"}, func(p *phone) {
		p.wish(p.s.Ring(&p.out, RingOrder{Caller: "13800138000"}))
		p.after(8000)
		p.event(driver.OffHook, 0)
		p.after(1000)
		p.event(driver.OnHook, 0)
	}, "ringing, call in 13800138000>8001, >ring-burst 1000, >on-hook-transmit 1541, >message bell202, >ring 1000 4000, talking, answered off-hook, >ring-end 0, >quiet, idle, end on-hook answered, >quiet"},
	{"it stops ringing when the caller gives up", StationConfig{Sends: "none"}, func(p *phone) {
		p.wish(p.s.Ring(&p.out, RingOrder{Caller: "8002", Cadence: "inside"}))
		p.after(8000)
		p.wish(p.s.Release(&p.out, 16))
		p.after(1000)
	}, "ringing, call in 8002>, >ring 400 200 400 4000, idle, end ring-stopped missed, >ring-end 0, >quiet"},
	{"picked up during the message, it hears no more of it", StationConfig{}, func(p *phone) {
		p.wish(p.s.Ring(&p.out, RingOrder{Private: true, Caller: "1", Name: "x"}))
		p.after(2000)
		p.event(driver.OffHook, 0)
		p.after(5000)
	}, "ringing, call in >, >ring-burst 1000, >on-hook-transmit 1483, >message bell202, talking, answered off-hook, >ring-end 0, >quiet"},
	{"picked up during the first burst, it is sent nothing", StationConfig{}, func(p *phone) {
		p.wish(p.s.Ring(&p.out, RingOrder{}))
		p.after(500)
		p.event(driver.OffHook, 0)
		p.after(5000)
	}, "ringing, call in >, >ring-burst 1000, talking, answered off-hook, >ring-end 0, >quiet"},
	{"a board that cannot ring once rings on at once", StationConfig{}, func(p *phone) {
		p.refuse[driver.RingBurst] = true
		p.wish(p.s.Ring(&p.out, RingOrder{Caller: "1"}))
		p.after(1000)
		p.event(driver.OffHook, 0)
	}, "ringing, call in 1>, >ring-burst 1000, >quiet, >ring 1000 4000, talking, answered off-hook, >ring-end 0, >quiet"},
	{"a board that cannot send to an on-hook telephone rings on after the pause", StationConfig{}, func(p *phone) {
		p.refuse[driver.OnHookTransmit] = true
		p.wish(p.s.Ring(&p.out, RingOrder{Caller: "1"}))
		p.after(4900)
		p.log = append(p.log, "4.9 s")
		p.after(300)
	}, "ringing, call in 1>, >ring-burst 1000, >on-hook-transmit 1458, >message bell202, >quiet, 4.9 s, >ring 1000 4000"},
	{"a board that cannot ring ends the call", StationConfig{Sends: "none"}, func(p *phone) {
		p.refuse[driver.Ring] = true
		p.wish(p.s.Ring(&p.out, RingOrder{Caller: "1"}))
		p.after(1000)
	}, "ringing, call in 1>, >ring 1000 4000, idle, end refused missed, >ring-end 0, >quiet"},
	{"Britain is told by reversal before the ring", StationConfig{Country: "GB"}, func(p *phone) {
		p.wish(p.s.Ring(&p.out, RingOrder{Caller: "2079460000", Name: "Zoë"}))
		p.after(3000)
	}, "ringing, call in 2079460000>, >polarity 1, >on-hook-transmit 1335, >message v23, >polarity 0, >ring 400 200 400 2000"},
	{"China's older telephones are told by keys before the ring", StationConfig{Sends: "dtmf"}, func(p *phone) {
		p.wish(p.s.Ring(&p.out, RingOrder{Caller: "8002"}))
		p.after(3000)
	}, "ringing, call in 8002>, >on-hook-transmit 1390, >message D8002C, >ring 1000 4000"},
	{"a number of the plan is complete at its last digit", StationConfig{Extension: "8001", Plan: testPlan}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.after(1000)
		p.dial("8002")
		p.wish(p.s.Alert(&p.out))
		p.after(1000)
		p.wish(p.s.Answer(&p.out))
		p.dial("1")
		p.event(driver.Flash, 500)
		p.event(driver.OnHook, 0)
	}, "off-hook-out, call out 8001>, >dial, dialling, digit 8, >quiet, digit 0, digit 0, proceeding, digit 2, number 8002, complete 8002, alerting, alerting, >ringback, talking, answered connect, >quiet, key 1, flash 500, idle, end on-hook answered, >quiet"},
	{"an open number is complete after a pause", StationConfig{Plan: testPlan}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.dial("013")
		p.after(3900)
		p.log = append(p.log, "3.9 s")
		p.after(500)
		p.wish(p.s.Release(&p.out, 17))
		p.event(driver.OnHook, 0)
	}, "off-hook-out, call out >, >dial, dialling, digit 0, >quiet, digit 1, digit 3, 3.9 s, proceeding, number 013, complete 013, abandoned, end released busy, >busy, idle, >quiet"},
	{"a # ends an open number and is no part of it", StationConfig{Plan: testPlan}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.dial("*80#")
		p.wish(p.s.Proceed(&p.out))
		p.dial("5")
		p.wish(p.s.Release(&p.out, 1))
	}, "off-hook-out, call out >, >dial, dialling, digit *, >quiet, digit 8, digit 0, proceeding, digit #, number *80, complete *80, >quiet, key 5, abandoned, end released vacant, >vacant"},
	{"a digit too few is told as such", StationConfig{Plan: testPlan, DigitMS: 2000}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.dial("80")
		p.after(3000)
	}, "off-hook-out, call out >, >dial, dialling, digit 8, >quiet, digit 0, proceeding, number 80, timeout 80"},
	{"a number that cannot be is told at once", StationConfig{Plan: testPlan}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.dial("7")
		p.wish(p.s.Release(&p.out, 28))
	}, "off-hook-out, call out >, >dial, proceeding, digit 7, number 7, wrong 7, >quiet, abandoned, end released vacant, >vacant"},
	{"whoever dials nothing hears congestion, howler and then nothing", StationConfig{}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.after(15_000)
		p.after(20_000)
		p.after(60_000)
		p.wish(p.s.Ring(&p.out, RingOrder{}))
		p.dial("1")
		p.event(driver.OnHook, 0)
	}, "off-hook-out, call out >, >dial, abandoned, end no-digit not-dialled, >congestion, >howler, locked, long-off-hook, >quiet, refused: busy, idle, long-off-hook-end, >quiet"},
	{"without a howler in the country it is locked after the first tone", StationConfig{Country: "DE"}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.after(36_000)
	}, "off-hook-out, call out >, >dial, abandoned, end no-digit not-dialled, >congestion, locked, long-off-hook, >quiet"},
	{"digits dialled in pulses count", StationConfig{Plan: testPlan}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.after(500)
		for _, d := range "8003" {
			p.event(driver.PulseDigit, d)
			p.after(1500)
		}
		p.wish(p.s.Release(&p.out, 34))
	}, "off-hook-out, call out >, >dial, dialling, digit 8, >quiet, digit 0, digit 0, proceeding, digit 3, number 8003, complete 8003, abandoned, end released congestion, >congestion"},
	{"keys that the board hears stop the dial tone at once and count once", StationConfig{Plan: testPlan}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.after(500)
		for _, d := range "91" {
			p.event(driver.DigitBegin, d)
			p.after(80)
			p.event(driver.DigitEnd, d)
			p.s.Press(&p.out, Press{Key: byte(d), At: p.pos - 640, Length: 640, Sure: 100, By: InKeys}, p.pos)
			p.after(300)
		}
		p.after(4000)
	}, "off-hook-out, call out >, >dial, >quiet, dialling, digit 9, >quiet, digit 1, proceeding, number 91, timeout 91"},
	{"keys are sent in a call, with their pauses", StationConfig{}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.wish(p.s.Keys(&p.out, "1"))
		p.wish(p.s.Answer(&p.out))
		p.wish(p.s.Keys(&p.out, "12,,3,"))
		p.wish(p.s.Keys(&p.out, "4"))
		p.after(5000)
		p.wish(p.s.Keys(&p.out, "4"))
		p.after(300)
		p.wish(p.s.Keys(&p.out, "x"))
		p.wish(p.s.Keys(&p.out, ""))
	}, "off-hook-out, call out >, >dial, refused: cannot, talking, answered connect, >quiet, >keys 12 +0, refused: busy, >keys 3 +2000, keys-sent, >keys 4 +0, keys-sent, refused: bad-number, refused: bad-number"},
	{"a waiting message lights the lamp and changes the dial tone", StationConfig{Lamp: true}, func(p *phone) {
		p.wish(p.s.Lamp(&p.out, true))
		p.wish(p.s.Lamp(&p.out, true))
		p.event(driver.OffHook, 0)
		p.event(driver.OnHook, 0)
		p.wish(p.s.Lamp(&p.out, false))
		p.event(driver.OffHook, 0)
	}, ">mwi 1, off-hook-out, call out >, >special-dial, idle, end on-hook not-dialled, >quiet, >mwi 0, off-hook-out, call out >, >dial"},
	{"without a lamp only the dial tone tells", StationConfig{}, func(p *phone) {
		p.wish(p.s.Lamp(&p.out, true))
		p.event(driver.OffHook, 0)
	}, "off-hook-out, call out >, >special-dial"},
	{"the lamp is lit again when the board is back", StationConfig{Lamp: true}, func(p *phone) {
		p.wish(p.s.Lamp(&p.out, true))
		p.s.Gone(&p.out, p.pos)
		p.take(p.pos)
		p.event(driver.State, 0)
	}, ">mwi 1, gone, idle, >mwi 1"},
	{"a break longer than a flash is a hang-up", StationConfig{FlashMS: 800}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.after(1000)
		p.wish(p.s.Answer(&p.out))
		p.after(1000)
		p.event(driver.Flash, 800)
		p.after(1000)
		p.event(driver.Flash, 801)
	}, "off-hook-out, call out >, >dial, talking, answered connect, >quiet, flash 800, idle, end on-hook answered, off-hook-out, call out >, >quiet, >dial"},
	{"after the other side has hung up it hears busy tone, and may flash", StationConfig{}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.wish(p.s.Answer(&p.out))
		p.wish(p.s.Release(&p.out, 16))
		p.event(driver.Flash, 300)
		p.wish(p.s.Release(&p.out, 16))
	}, "off-hook-out, call out >, >dial, talking, answered connect, >quiet, abandoned, end released answered, >busy, flash 300, refused: no-call"},
	{"a telephone that is off-hook, or rings, is busy", StationConfig{Sends: "none"}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.wish(p.s.Ring(&p.out, RingOrder{}))
		p.event(driver.OnHook, 0)
		p.wish(p.s.Ring(&p.out, RingOrder{Cadence: "recall"}))
		p.wish(p.s.Ring(&p.out, RingOrder{}))
		p.wish(p.s.Answer(&p.out))
	}, "off-hook-out, call out >, >dial, refused: busy, idle, end on-hook not-dialled, >quiet, ringing, call in >, >ring 300 200 300 200 300 4000, refused: busy, refused: cannot"},
	{"a call ends with its board", StationConfig{Sends: "none"}, func(p *phone) {
		p.wish(p.s.Ring(&p.out, RingOrder{Caller: "5"}))
		p.s.Gone(&p.out, p.pos)
		p.take(p.pos)
		p.wish(p.s.Ring(&p.out, RingOrder{}))
		p.event(driver.State, driver.StateOffHook)
		p.wish(p.s.Answer(&p.out))
		p.event(driver.OnHook, 0)
	}, "ringing, call in 5>, >ring 1000 4000, gone, end board-gone missed, refused: gone, abandoned, >congestion, refused: no-call, idle, >quiet"},
	{"what rings there and is given up was not answered", StationConfig{}, func(p *phone) {
		p.event(driver.OffHook, 0)
		p.dial("5")
		p.wish(p.s.Alert(&p.out))
		p.event(driver.OnHook, 0)
	}, "off-hook-out, call out >, >dial, dialling, digit 5, >quiet, alerting, number 5, alerting, >ringback, idle, end on-hook no-answer, >quiet"},
}

func TestStationsDoWhatTheirTelephonesExpect(t *testing.T) {
	for _, c := range stationCases {
		t.Run(c.name, func(t *testing.T) {
			p := newPhone(t, c.cfg)
			c.do(p)
			if got := strings.Join(p.log, ", "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// The same calls on boards that tell no bursts: the table's own timing serves.
func TestStationsRingOnBoardsThatTellNoBursts(t *testing.T) {
	for _, c := range stationCases {
		if strings.Contains(c.want, "refused, ") {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			p := newPhone(t, c.cfg)
			p.deaf = true
			c.do(p)
			if got := strings.Join(p.log, ", "); !sameButLate(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// sameButLate compares without the time for which the path is open, which is
// shorter when the end of the burst is taken for granted late.
func sameButLate(a, b string) bool {
	strip := func(s string) string {
		var out []string
		for _, w := range strings.Split(s, ", ") {
			if strings.HasPrefix(w, ">on-hook-transmit") {
				w = ">on-hook-transmit"
			}
			out = append(out, w)
		}
		return strings.Join(out, ", ")
	}
	return strip(a) == strip(b)
}

// fromUnknown is a station whose board has said nothing but the hook.
func fromUnknown(t *testing.T, lifted bool) *Station {
	s, o := NewStation(StationConfig{}), Output{}
	if err := s.Ring(&o, RingOrder{}); err == nil || err.(*Refusal).Code != RefusedGone {
		t.Errorf("rung before anything is known: %v", err)
	}
	k := driver.OnHook
	if lifted {
		k = driver.OffHook
	}
	s.Event(&o, driver.Event{Kind: k}, 0)
	return s
}

func TestAStationOfWhichNothingIsKnownBelievesItsHook(t *testing.T) {
	if s := fromUnknown(t, true).State(); s != StationOffHook {
		t.Errorf("picked up: %v", s)
	}
	if s := fromUnknown(t, false).State(); s != StationIdle {
		t.Errorf("put down: %v", s)
	}
}

func TestAnUnknownCountryIsTakenForChina(t *testing.T) {
	p := newPhone(t, StationConfig{Country: "XX"})
	p.wish(p.s.Ring(&p.out, RingOrder{Caller: "1"}))
	p.after(2500)
	if p.message.Coding != callerid.Bell {
		t.Errorf("message %+v", p.message)
	}
}

func TestATickInWhichNothingHappensAllocatesNothing(t *testing.T) {
	s, o := NewStation(StationConfig{}), Output{}
	s.Event(&o, driver.Event{Kind: driver.State}, 0)
	s.Event(&o, driver.Event{Kind: driver.OffHook}, 0)
	pos := int64(0)
	if n := testing.AllocsPerRun(100, func() {
		pos += driver.Block
		s.Tick(&o, pos)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
