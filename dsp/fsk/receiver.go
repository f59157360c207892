package fsk

import (
	"math"

	"vaad/dsp"
)

// Framing says what a receiver makes of the bits.
type Framing byte

// The framings.
const (
	Characters Framing = iota + 1 // start-stop: a start bit, eight bits, a stop bit
	Bits                          // a stream of bits in step with a clock, as HDLC needs it
)

// Kind says what an event tells.
type Kind byte

// The kinds of event.
const (
	Carrier   Kind = iota + 1 // the modem's tones are there: At is where they were first seen
	Character                 // Value is a character: At is where its start bit begins
	Bit                       // Value is a bit: At is where it begins
	Lost                      // the tones have gone
)

// Event is what a receiver tells.
type Event struct {
	Kind    Kind
	At      int64   // sample, counted from New; skipped samples count
	Value   byte    // Character: the character; Bit: 0 or 1
	Framed  bool    // Character: its stop bit was there
	Quality float32 // part of the power that the tones explain, 0…1
	Idle    float32 // Character: bits of mark since the one before, or since the carrier
}

// Receiver finds FSK of one kind on one line and takes it apart.
type Receiver struct {
	spec    Spec
	framing Framing
	T       float64 // samples per bit, nominal

	raw  [rawLen]int16
	n    int
	base int64
	next int64 // the next survey

	survey survey
	on     bool
	cut    bool // a Skip took the carrier: Lost is due
	cutAt  int64
	bank   *bank
	keep   int
	fed    int64 // position up to which the bank has samples
	word   word
	framer framer // of Characters
	clock  clock  // of Bits
}

const rawLen = 2048

// New returns a receiver whose first sample has position 0.
func New(s Spec, f Framing) *Receiver {
	r := &Receiver{spec: s, framing: f, T: dsp.Rate / s.Baud, next: surveyHop, survey: newSurvey(s, f)}
	r.keep = int(math.Ceil(16*r.T)) + 16
	length := 4*r.keep + 256
	if f == Bits { // at 300 bit/s that would be much
		length = 2*r.keep + 256
	}
	r.bank = newBank(s, length)
	return r
}

// Position is the number of samples taken so far.
func (r *Receiver) Position() int64 { return r.base + int64(r.n) }

// Process takes the next samples of the line and appends what is found to dst.
func (r *Receiver) Process(dst []Event, block []int16) []Event {
	if r.cut {
		r.cut = false
		dst = append(dst, Event{Kind: Lost, At: r.cutAt})
	}
	for len(block) > 0 {
		if r.n == rawLen {
			keep := int(r.Position()-r.next) + surveyHop + history
			keep = max(0, min(keep, r.n))
			copy(r.raw[:], r.raw[r.n-keep:])
			r.base += int64(r.n - keep)
			r.n = keep
		}
		m := copy(r.raw[r.n:], block)
		block = block[m:]
		r.n += m
		dst = r.run(dst)
	}
	return dst
}

// run works through what is in the buffer.
func (r *Receiver) run(dst []Event) []Event {
	for {
		if !r.on {
			if r.next > r.Position() {
				return dst
			}
			at := r.next
			r.next += surveyHop
			if to := int(at - r.base); to >= surveyLen+surveyLag && r.survey.look(r.raw[to-surveyLen-surveyLag:to]) {
				r.on = true
				r.fed = max(r.base, at-surveyLen-history)
				r.bank.start(r.fed)
				if r.framing == Bits {
					r.clock.start(r)
				} else {
					r.framer.start(r, at)
				}
				dst = append(dst, Event{Kind: Carrier, At: at - surveyLen})
			}
			continue
		}
		to := r.Position()
		to -= to % step // always the same samples at a time
		for r.fed < to && r.on {
			m := step - r.fed%step
			from := r.fed - r.base
			r.bank.room(int(m), r.keep)
			r.bank.take(r.raw[from : from+m])
			r.fed += m
			if r.framing == Bits {
				dst = r.clock.step(r, dst)
			} else {
				dst = r.framer.step(r, dst)
			}
		}
		r.next = max(r.next, (r.fed/surveyHop+1)*surveyHop)
		if r.on {
			return dst
		}
	}
}

// Skip says that n samples of the line are missing. A carrier is lost by it,
// which the next Process tells.
func (r *Receiver) Skip(n int) {
	if n <= 0 {
		return
	}
	if r.on {
		r.on, r.cut, r.cutAt = false, true, r.Position()
	}
	r.base = r.Position() + int64(n)
	r.n = 0
	r.next = (r.base/surveyHop + 1) * surveyHop
}
