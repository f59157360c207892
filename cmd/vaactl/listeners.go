package main

import (
	"fmt"
	"math"

	"vaad/dsp"
	"vaad/dsp/callerid"
	"vaad/dsp/dtmf"
	"vaad/dsp/progress"
	"vaad/dsp/vad"
)

// A listener hears one channel of a recording and appends to dst what it finds:
// one of the detectors of dsp, with its events turned into findings.
type listener interface {
	Process(dst []finding, block []int16) []finding
	Skip(dst []finding, n int) []finding // n samples were lost on their way
	Flush(dst []finding) []finding       // the recording ends
	Since() int64                        // where what is still going on began; never, if nothing is
}

// never lies behind all samples.
const never = math.MaxInt64

// An ear is a listener made of one detector, whose events are of type E.
type ear[E any] struct {
	d interface {
		Process(dst []E, block []int16) []E
		Skip(n int)
		Flush(dst []E) []E
	}
	found func(dst []finding, e *E) []finding // appends what an event tells, which may be nothing yet
	buf   []E
}

func (a *ear[E]) Process(dst []finding, block []int16) []finding {
	a.buf = a.d.Process(a.buf[:0], block)
	return a.all(dst)
}

func (a *ear[E]) Skip(dst []finding, n int) []finding {
	a.d.Skip(n)
	return dst
}

func (a *ear[E]) Flush(dst []finding) []finding {
	a.buf = a.d.Flush(a.buf[:0])
	return a.all(dst)
}

// Since is never, where each event is a finding of its own.
func (a *ear[E]) Since() int64 { return never }

func (a *ear[E]) all(dst []finding) []finding {
	for i := range a.buf {
		dst = a.found(dst, &a.buf[i])
	}
	return dst
}

// keys are the keys of telephones, told when they are let go.
type keys struct {
	ear[dtmf.Event]
	down int64
}

func newKeys() *keys {
	k := &keys{down: never}
	k.ear = ear[dtmf.Event]{d: dtmf.New(), found: k.key}
	return k
}

func (k *keys) Since() int64 { return k.down }

func (k *keys) key(dst []finding, e *dtmf.Event) []finding {
	if e.Kind != dtmf.Up {
		k.down = e.At
		return dst
	}
	k.down = never
	both := dsp.DBm0(dsp.MeanSquare(e.Low.DBm0) + dsp.MeanSquare(e.High.DBm0))
	return append(dst, finding{at: e.At - int64(e.Length), kind: "dtmf", facts: []fact{
		{"digit", string(e.Key)}, {"duration", span(e.Length)}, {"level_dbm0", decimal(both)},
		{"low_dbm0", decimal(e.Low.DBm0)}, {"high_dbm0", decimal(e.High.DBm0)},
		{"low_hz", decimal(e.Low.Hz)}, {"high_hz", decimal(e.High.Hz)},
	}})
}

// toneMax is the highest tone in Hz that progress hears; where it tells of one
// above, that is what a modem's tone folds to.
const toneMax = 1850

// tones are those of exchanges, told when they are over.
type tones struct {
	ear[progress.Event]
	on int64
}

func newTones(countries []string) *tones {
	t := &tones{on: never}
	t.ear = ear[progress.Event]{d: progress.New(countries...), found: t.tone}
	return t
}

func (t *tones) Since() int64 { return t.on }

func (t *tones) tone(dst []finding, e *progress.Event) []finding {
	if e.Kind != progress.Over {
		t.on = e.From
		return dst
	}
	t.on = never
	if e.Country == "" && e.Hz[0] > toneMax {
		return dst
	}
	facts := []fact{{"tone", e.Tone.String()}}
	if e.Country != "" {
		facts = append(facts, fact{"country", e.Country})
	}
	var hz []decimal
	for _, v := range e.Hz {
		if v > 0 {
			hz = append(hz, decimal(v))
		}
	}
	var cadence []int
	for _, p := range e.Parts {
		if p[1] > 0 {
			cadence = append(cadence, p[0], p[1])
		}
	}
	facts = append(facts, fact{"duration", span(e.To - e.From)}, fact{"level_dbm0", decimal(e.DBm0)},
		fact{"hz", hz}, fact{"cycles", e.Cycles})
	if cadence != nil {
		facts = append(facts, fact{"cadence_ms", cadence})
	}
	return append(dst, finding{at: e.From, kind: "tone", facts: append(facts, fact{"purity", share(e.Purity)})})
}

// callers are caller IDs, sent as FSK or as keys. Keys count where codes stand
// around them, as a recording does not say whether the line was on-hook.
type callers struct {
	d    *callerid.Receiver
	keys *dtmf.Detector
	dial callerid.Keys
	buf  []callerid.Message
	each []dtmf.Event
}

func newCallers() *callers { return &callers{d: callerid.New(), keys: dtmf.New()} }

func (c *callers) Process(dst []finding, block []int16) []finding {
	c.buf = c.d.Process(c.buf[:0], block)
	c.each = c.keys.Process(c.each[:0], block)
	return c.found(dst)
}

func (c *callers) Skip(dst []finding, n int) []finding {
	c.d.Skip(n)
	c.keys.Skip(n)
	c.dial.Reset()
	return dst
}

func (c *callers) Flush(dst []finding) []finding {
	c.buf = c.d.Flush(c.buf[:0])
	c.each = c.keys.Flush(c.each[:0])
	dst = c.found(dst)
	c.buf = c.dial.Tick(c.buf[:0], never)
	c.each = c.each[:0]
	return c.found(dst)
}

// Since is never: no message lasts so long.
func (c *callers) Since() int64 { return never }

func (c *callers) found(dst []finding) []finding {
	for _, e := range c.each {
		c.buf = c.dial.Key(c.buf, e)
	}
	c.buf = c.dial.Tick(c.buf, c.keys.Position())
	for i := range c.buf {
		m := &c.buf[i]
		if k := m.Data(); m.Coding == callerid.DTMF && (k[0] < 'A' || k[0] > 'D') {
			continue // people press * and #, but no telephone has A to D
		}
		dst = append(dst, finding{at: m.At, kind: "callerid", facts: message(m)})
	}
	return dst
}

// A parameter is one of a caller ID message.
type parameter struct {
	Type string `json:"type"` // two hexadecimal digits, as it was sent
	Name string `json:"name,omitempty"`
	Text string `json:"text"`
}

func message(m *callerid.Message) []fact {
	facts := []fact{{"coding", m.Coding.String()}, {"duration", span(m.End - m.At)}}
	number, absent := m.Caller()
	if number != "" {
		facts = append(facts, fact{"number", number})
	}
	switch absent {
	case 0:
	case callerid.OutOfArea:
		facts = append(facts, fact{"absent", "out-of-area"})
	case callerid.Private:
		facts = append(facts, fact{"absent", "private"})
	default:
		facts = append(facts, fact{"absent", string(rune(absent))})
	}
	if name, charset := m.CallerName(); name != "" {
		facts = append(facts, fact{"name", name}, fact{"charset", string(charset)})
	}
	if month, day, hour, minute, ok := m.Date(); ok {
		facts = append(facts, fact{"date", fmt.Sprintf("%02d-%02d %02d:%02d", month, day, hour, minute)})
	}
	var list []parameter
	for _, f := range m.Fields(nil) {
		list = append(list, parameter{fmt.Sprintf("%02X", f.Type), f.Name, f.Text()})
	}
	return append(facts, fact{"parameters", list}, fact{"hex", m.Hex()})
}

// newVoices listens for the beginnings and ends of voice.
func newVoices() *ear[vad.Event] {
	return &ear[vad.Event]{d: vad.New(), found: func(dst []finding, e *vad.Event) []finding {
		return append(dst, finding{at: e.At, kind: "voice", facts: []fact{{"state", e.Kind.String()}, {"probability", share(e.Probability)}}})
	}}
}
