package modemtone

import (
	"vaad/dsp"
	"vaad/dsp/fsk"
)

const (
	bitLen = dsp.Rate / 300 // samples, rounded down

	v21Share = 0.7          // share of the power that a channel has where there is one
	v21Looks = 2            // such frames that wake the receiver
	v21Gone  = 6            // frames without that let it sleep
	v21Back  = 100 * dsp.MS // samples from before that it is given
)

// channel listens to one channel of V.21 while there is something in it.
type channel struct {
	number   int // 1: of who calls; 2: of who answers
	receiver *fsk.Receiver
	events   []fsk.Event
	awake    bool
	seen     int // frames in a row that may show it
	gone     int
	fed      int64   // position up to which the receiver has samples
	level    float32 // mean square

	flags flags
	v8    v8
}

func newChannel(number int) channel {
	spec := fsk.V21Channel1()
	if number == 2 {
		spec = fsk.V21Channel2()
	}
	return channel{number: number, receiver: fsk.New(spec, fsk.Bits), events: make([]fsk.Event, 0, 64)}
}

// look takes the frame that ends at d.next.
func (c *channel) look(dst []Event, d *Detector, f *frame) []Event {
	if f.v21[c.number-1] > v21Share {
		c.seen++
		c.gone = 0
		c.level += (f.power - c.level) / float32(min(c.seen, 8))
	} else {
		c.seen = 0
		c.gone++
	}
	switch {
	case c.awake && c.gone > v21Gone:
		c.awake = false
		return c.flush(dst)
	case !c.awake && c.seen >= v21Looks:
		c.awake = true
		from := max(d.base, d.next-v21Back, c.fed)
		c.receiver.Skip(int(from - c.receiver.Position()))
		c.fed = from
		c.flags.reset()
		c.v8.reset()
	}
	if !c.awake {
		return dst
	}
	c.events = c.receiver.Process(c.events[:0], d.raw[c.fed-d.base:d.next-d.base])
	c.fed = d.next
	for i := range c.events {
		e := &c.events[i]
		switch e.Kind {
		case fsk.Bit:
			if c.number == 2 {
				dst = c.flags.bit(dst, e, c.level)
			}
			dst = c.v8.bit(dst, e, c)
		case fsk.Lost:
			dst = c.flush(dst)
		}
	}
	return dst
}

// flush ends what is heard.
func (c *channel) flush(dst []Event) []Event {
	dst = c.flags.flush(dst)
	return c.v8.flush(dst)
}

// skip goes on at another position.
func (c *channel) skip(at int64) {
	c.awake, c.seen, c.gone, c.fed = false, 0, 0, at
}

const (
	hdlcFlag  = 0x7E
	flagsMin  = 5  // flags in a row: 133 ms of at least 850
	flagsLast = 20 // bits without a flag, and not of a frame, that end the preamble
)

// flags looks for the preamble of the messages of a fax.
type flags struct {
	shift  byte
	since  int // bits since the last flag
	row    int // flags in a row
	from   int64
	told   bool
	sure   bool
	is     Event
	ones   int    // bits 1 in a row
	data   uint16 // of the frame, the first bit lowest
	filled int    // bits of it
}

func (v *flags) reset() { v.shift, v.since, v.row = 0, 0, 0 }

// bit takes a bit.
func (v *flags) bit(dst []Event, e *fsk.Event, level float32) []Event {
	v.shift = v.shift>>1 | e.Value<<7
	v.since++
	if v.shift == hdlcFlag {
		// Two flags may share the 0 between them.
		if v.since == 8 || v.since == 7 {
			v.row++
		} else {
			v.row = 1
			v.from = e.At - 7*bitLen
		}
		v.since, v.ones, v.data, v.filled = 0, 0, 0, 0
		v.is.To = e.At + bitLen
		if v.row == flagsMin && !v.told {
			v.told, v.sure = true, false
			v.is = Event{Kind: Start, Tone: V21, From: v.from, To: v.is.To, DBm0: dsp.DBm0(float64(level))}
			return append(dst, v.is)
		}
		return dst
	}
	if v.told && !v.sure && v.framed(e.Value) {
		v.sure = true
		v.is.Kind = Confirm
		return append(dst, v.is)
	}
	if v.since > flagsLast {
		return v.flush(dst)
	}
	return dst
}

// framed takes a bit after a flag and says whether the frame begins as those of
// T.30 do: with the address 1111 1111 and the control field 1100 x000.
func (v *flags) framed(bit byte) bool {
	const fields, ignored = 0x03FF, 0x1000
	stuffed := v.ones == 5 && bit == 0
	v.ones = (v.ones + 1) * int(bit)
	if stuffed || v.filled == 16 {
		return false
	}
	v.data |= uint16(bit) << v.filled
	v.filled++
	return v.filled == 16 && v.data&^ignored == fields
}

// flush ends a preamble.
func (v *flags) flush(dst []Event) []Event {
	v.row, v.since = 0, 0
	if v.told {
		v.told = false
		v.is.Kind = End
		dst = append(dst, v.is)
	}
	return dst
}

// v8 looks for the messages of ITU-T V.8: ten ones, ten bits that say which it
// is, and the call function.
type v8 struct {
	shift uint32
	told  bool
	sure  bool
	is    Event
}

const (
	v8Len  = 30
	v8Mask = 0x3FFFFFFF &^ (7 << 1)                       // all but the function
	v8Tail = 0<<9 | 0b10000<<4 | 1                        // start bit, category, stop bit
	v8CI   = 0b1111111111<<20 | 0b0000000001<<10 | v8Tail // V.8, 6.1
	v8CM   = 0b1111111111<<20 | 0b0000001111<<10 | v8Tail // of CM and JM
)

func (v *v8) reset() { v.shift = 0 }

// bit takes a bit.
func (v *v8) bit(dst []Event, e *fsk.Event, c *channel) []Event {
	v.shift = v.shift<<1 | uint32(e.Value)
	var t Tone
	switch m := v.shift & v8Mask; {
	case m == v8CI && c.number == 1:
		t = CI
	case m == v8CM && c.number == 1:
		t = CM
	case m == v8CM:
		t = JM
	default:
		return dst
	}
	f := Conference + Function(v.shift>>3&1|v.shift>>1&2|v.shift<<1&4)
	if v.told && (v.is.Tone != t || v.is.Function != f) {
		dst = v.flush(dst)
	}
	if v.told {
		v.is.To = e.At + bitLen
		if !v.sure {
			v.sure = true
			v.is.Kind = Confirm
			dst = append(dst, v.is)
		}
		return dst
	}
	v.told, v.sure = true, false
	v.is = Event{Kind: Start, Tone: t, Function: f, From: e.At - (v8Len-1)*dsp.Rate/300, To: e.At + bitLen, DBm0: dsp.DBm0(float64(c.level))}
	return append(dst, v.is)
}

// flush ends the messages.
func (v *v8) flush(dst []Event) []Event {
	if v.told {
		v.told = false
		v.is.Kind = End
		dst = append(dst, v.is)
	}
	return dst
}
