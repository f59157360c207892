package callerid

import (
	"vaad/dsp"
	"vaad/dsp/fsk"
)

// Receiver finds caller ID messages on one line. It listens for both FSK
// codings at once; keys are handed to a Keys by whoever has a DTMF detector on
// the line.
type Receiver struct {
	rx     [2]*fsk.Receiver
	asm    [2]assembler
	ntt    ntt
	events []fsk.Event
	held   Message // complete; the other coding may yet do better
	has    bool
	known  int64 // when it was complete
}

// twin is how long after one coding the other may be complete with the same
// message: the two may differ by part of a byte.
const twin = 20 * dsp.MS

// New returns a receiver whose first sample has position 0.
func New() *Receiver {
	r := &Receiver{events: make([]fsk.Event, 0, 64)}
	r.rx[0], r.asm[0].coding = fsk.New(fsk.Bell202(), fsk.Characters), Bell
	r.rx[1], r.asm[1].coding = fsk.New(fsk.V23(), fsk.Characters), V23
	return r
}

// Damaged is how many messages began as they should and were not received.
func (r *Receiver) Damaged() int { return r.asm[0].damaged + r.asm[1].damaged + r.ntt.damaged }

// Position is the number of samples taken so far.
func (r *Receiver) Position() int64 { return r.rx[0].Position() }

// Process takes the next samples of the line and appends the messages that
// became complete to dst, 20 ms later than they did.
func (r *Receiver) Process(dst []Message, block []int16) []Message {
	for len(block) > 0 {
		n := min(len(block), int(twin-r.Position()%twin))
		for i := range r.rx {
			r.events = r.rx[i].Process(r.events[:0], block[:n])
			for _, e := range r.events {
				m := &r.asm[i].m
				ok := r.asm[i].take(e)
				if i == 1 && r.ntt.take(e) {
					m, ok = &r.ntt.m, true
				}
				if ok {
					m.End = e.At + int64(10*dsp.Rate/1200)
					if !r.has || m.Quality > r.held.Quality {
						r.held = *m
					}
					if !r.has {
						r.has, r.known = true, r.Position()
					}
				}
			}
		}
		block = block[n:]
		if r.has && r.Position()%twin == 0 && r.Position() >= r.known+twin {
			r.has = false
			dst = append(dst, r.held)
		}
	}
	return dst
}

// Skip says that n samples of the line are missing.
func (r *Receiver) Skip(n int) {
	for i := range r.rx {
		r.rx[i].Skip(n)
		r.asm[i].stop()
	}
	r.ntt.stop()
}

// Flush returns a message that waits for the other coding, at the end of a
// recording.
func (r *Receiver) Flush(dst []Message) []Message {
	if r.has {
		r.has = false
		dst = append(dst, r.held)
	}
	return dst
}
