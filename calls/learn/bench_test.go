package learn

import (
	"math/rand/v2"
	"testing"

	"vaad/channels"
	"vaad/channels/analog"
	"vaad/channels/ears"
	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/callerid"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
)

// A bench plays an exchange, a technician and the loop of a board for one run on a trunk.
type bench struct {
	t     *testing.T
	run   *Run
	trunk *analog.Trunk
	ears  *ears.Ears
	out   analog.Output
	found []ears.Finding
	rng   *rand.Rand
	pos   int64
	x     exchange
	calls int

	offHook  bool
	offAt    int64
	keys     string
	sentAt   int64 // when Sent is due; 0: nothing is sent
	lastKey  int64
	src      *tone.Source
	playing  string
	stateAt  int64
	state    State
	reversed bool
	broken   bool
	rung     int
	message  interface{ Fill([]int16) int }
	states   []State
}

// An exchange is what it does.
type exchange struct {
	tones      tone.Tones
	noDial     bool
	delay      int64  // ms until dial tone
	busy       string // number
	rings      string // number
	answers    bool   // the technician answers
	reversal   bool   // it reverses at the answer and at its end
	loopBreak  bool   // it breaks the loop at the end
	noTone     bool   // at the end
	hum, noise float64
	incoming   bool // the technician calls
	callerID   bool
}

func china() exchange {
	c, _ := tone.Country("CN")
	return exchange{tones: c, delay: 400, busy: "88881111", rings: "13800138000", answers: true, hum: -55, noise: -62, incoming: true, callerID: true}
}

func newBench(t *testing.T, o Order, x exchange) *bench {
	b := &bench{t: t, rng: rand.New(rand.NewPCG(1, 2)), x: x}
	b.trunk = analog.NewTrunk(analog.TrunkConfig{Country: "CN", Volts: true, Polarity: true, Prefix: o.Prefix}, analog.Learnt{})
	b.ears = ears.New("CN")
	b.trunk.Event(&b.out, driver.Event{Kind: driver.State}, 0)
	b.take("")
	for range 5 * 50 {
		b.block() // the trunk opens
	}
	o.Line, o.Country, o.Volts, o.OnHook = 1, "CN", true, true
	b.run = NewRun(o, "learn-1", b.pos)
	return b
}

// until runs until the run is over and its call has ended, or for so many seconds.
func (b *bench) until(seconds int, stop func() bool) {
	for range seconds * 50 {
		if stop() {
			return
		}
		b.block()
	}
	b.t.Fatalf("after %d s it stands at %v: %v", seconds, b.run.State(), b.states)
}

func (b *bench) over() bool { return b.run.State().Over() && !b.run.Holds() }

// block is 20 ms of everything.
func (b *bench) block() {
	pcm := make([]int16, driver.Block)
	b.exchange(pcm)
	for i := range pcm {
		v := float64(pcm[i]) + dsp.SinePeak(b.x.noise)*b.rng.NormFloat64()*0.7
		pcm[i] = int16(max(-32768, min(32767, v)))
	}
	code := make([]byte, len(pcm))
	g711.Encode(code, pcm, g711.ALaw)
	g711.Decode(pcm, code, g711.ALaw)
	at := b.pos
	b.pos += driver.Block
	want := ears.Messages | ears.Keys
	if b.trunk.OffHook() {
		want = ears.Everything
	}
	b.found = b.ears.Hear(b.found[:0], want, pcm, at)
	for i := range b.found {
		b.find(&b.found[i])
	}
	if b.sentAt > 0 && b.sentAt <= b.pos {
		b.sentAt = 0
		b.trunk.Sent(&b.out, b.pos)
		b.take("")
	}
	if b.pos%800 == 0 {
		mv := int32(-48000)
		if b.offHook {
			mv = -8200
		}
		b.event(driver.Volts, mv)
		if b.run != nil {
			b.run.Volts(int(mv))
		}
	}
	b.trunk.Tick(&b.out, b.pos)
	b.take("")
	if b.run == nil {
		return
	}
	b.run.Audio(pcm, at)
	b.run.Tick(b.pos)
	b.wishes()
	if s := b.run.State(); s != b.state || len(b.states) == 0 {
		b.state, b.stateAt = s, b.pos
		b.states = append(b.states, s)
	}
}

func (b *bench) wishes() {
	for len(b.run.Wishes) > 0 {
		w := b.run.Wishes[0]
		b.run.Wishes = b.run.Wishes[1:]
		switch w.Kind {
		case channels.WishCall:
			err := b.trunk.Dial(&b.out, analog.Order{Number: w.Number, Prefix: w.Prefix, Report: w.Report})
			b.take(w.ID)
			if r, ok := err.(*analog.Refusal); ok {
				b.run.Refused(r.Code)
			}
		case channels.WishRelease:
			if err := b.trunk.Release(&b.out); err != nil {
				b.t.Error(err)
			}
			b.take("")
		default:
			b.t.Fatalf("wished %v", w.Kind)
		}
	}
}

func (b *bench) event(k driver.EventKind, v int32) {
	b.trunk.Event(&b.out, driver.Event{Kind: k, Value: v}, b.pos)
	b.take("")
}

func (b *bench) find(f *ears.Finding) {
	o := &b.out
	shaped := analog.Tone{Name: f.Tone, At: f.At, To: f.At + f.Length, Hz: int(f.Shape.Hz[0]), On: int(f.Shape.OnMS), Off: int(f.Shape.OffMS)}
	tell := func(value int64) {
		if b.run != nil {
			b.run.Event(&channels.Event{Line: 1, Kind: channels.Tone, Text: f.Tone.String(), Value: value, Pos: min(f.At, b.pos), Known: b.pos})
		}
	}
	switch f.Kind {
	case ears.VoiceBegin, ears.VoiceEnd:
		b.trunk.Voice(o, f.Kind == ears.VoiceBegin, f.At, b.pos)
	case ears.ToneBegin:
		tell(1)
		b.trunk.Tone(o, shaped, true, b.pos)
	case ears.ToneEnd:
		tell(0)
		b.trunk.Tone(o, shaped, false, b.pos)
	case ears.ToneAgain:
		shaped.At, shaped.To = f.At-f.Length, f.At
		b.trunk.Again(o, shaped, b.pos)
	case ears.Message:
		b.trunk.Message(o, f.Message, b.pos)
	}
	b.take("")
}

// take carries out what the trunk wants, and tells the run what it says.
func (b *bench) take(request string) {
	for _, a := range b.out.Acts {
		switch {
		case a.Kind == analog.Command && a.Do == driver.GoOffHook:
			b.offHook, b.offAt, b.keys, b.lastKey = true, b.pos, "", 0
		case a.Kind == analog.Command && a.Do == driver.GoOnHook:
			b.offHook = false
		case a.Kind == analog.PlayKeys:
			b.keys += a.Keys
			b.lastKey = b.pos
			b.sentAt = b.pos + int64(len(a.Keys))*200*driver.MS
		}
	}
	for _, e := range b.out.Events {
		if e.Kind == analog.CallBegin {
			b.calls++
		}
		c := channels.Event{Line: 1, Kind: channels.EventKind(e.Kind.String()), Pos: e.Pos, Known: e.Known, Value: e.Value, Text: e.Text,
			From: channels.State(e.From.String()), To: channels.State(e.To.String()), Direction: channels.Direction(e.Call.Direction),
			AnsweredBy: e.Call.AnsweredBy, EndedBy: e.Call.EndedBy, Facts: &channels.CallFacts{CallerBy: e.Call.CallerBy}}
		if _, up := b.trunk.Call(); up || e.Call.Direction != "" {
			c.Call = string(rune('a' + b.calls))
		}
		if e.Kind == analog.CallBegin {
			c.Request = request
		}
		if b.run != nil {
			b.run.Event(&c)
		}
	}
	b.out.Acts, b.out.Events = b.out.Acts[:0], b.out.Events[:0]
}

// play lets the exchange play a tone.
func (b *bench) play(name string, c tone.Cadence) {
	if b.playing != name {
		b.playing, b.src = name, tone.New(c)
	}
}

// exchange decides what the line does now, and sounds.
func (b *bench) exchange(pcm []int16) {
	since := func(at int64) int64 { return (b.pos - at) / driver.MS }
	dialled := b.lastKey > 0 && b.sentAt == 0 && since(b.lastKey) > 2500
	here := since(b.stateAt)
	set := func(reversed bool) {
		if b.x.reversal && b.reversed != reversed {
			b.reversed = reversed
			v := int32(0)
			if reversed {
				v = 1
			}
			b.event(driver.Polarity, v)
		}
	}
	silence := tone.Cadence{}
	switch {
	case !b.offHook:
		b.play("idle", silence)
		set(false)
		b.broken = false
		b.ring()
		if b.message != nil && b.rungFor() > 600 {
			b.message.Fill(pcm)
			return
		}
	case b.keys == "":
		if b.x.noDial || since(b.offAt) < b.x.delay {
			b.play("nothing", silence)
		} else {
			b.play("dial", b.x.tones.Dial)
		}
	case !dialled:
		b.play("silence", silence)
	case b.keys == b.x.busy:
		b.play("busy", b.x.tones.Busy)
	case b.keys == b.x.rings && (b.run.State() < Talking && !b.x.answers || b.run.State() < Answering || b.run.State() == Answering && here < 4000):
		b.play("ringback", b.x.tones.Ringback)
	case b.keys == b.x.rings && (b.run.State() == Answering || b.run.State() == Talking && here < 9000):
		set(true)
		b.play("speech", silence)
		for i := range pcm { // somebody hums
			pcm[i] = int16(3000 * b.rng.NormFloat64() * (1 + float64((b.pos/2000)%3)))
		}
		if since(b.stateAt)%900 < 300 {
			clear(pcm)
		}
		return
	case b.keys == b.x.rings:
		set(false)
		if b.x.loopBreak && !b.broken {
			b.broken = true
			b.event(driver.LoopBreak, 600)
		}
		if b.x.noTone {
			b.play("over", silence)
		} else {
			b.play("busy", b.x.tones.Busy)
		}
	default:
		b.play("wait", silence)
	}
	b.src.Fill(pcm)
}

// ring lets the technician call the line.
func (b *bench) ring() {
	if b.run == nil || !b.x.incoming {
		return
	}
	here := (b.pos - b.stateAt) / driver.MS
	switch s := b.run.State(); {
	case s == Awaiting && here > 2000 && b.rung == 0, s == RingingIn && b.rung%2 == 0 && b.rungFor() >= 4000:
		b.event(driver.RingBegin, 0)
		b.rung++
		b.ringAt()
	case b.rung%2 == 1 && b.rungFor() >= 1000:
		b.event(driver.RingEnd, 0)
		b.rung++
		b.ringAt()
		if b.rung == 2 && b.x.callerID {
			m, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte("13900139000")})
			if err != nil {
				b.t.Fatal(err)
			}
			b.message = callerid.NewSource(callerid.Bell, m, callerid.OnHook(), -15)
		}
	}
}

func (b *bench) ringAt() { b.lastKey = b.pos }

func (b *bench) rungFor() int64 { return (b.pos - b.lastKey) / driver.MS }

func analogOrder(number string) analog.Order { return analog.Order{Number: number} }
