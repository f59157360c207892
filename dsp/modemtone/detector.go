package modemtone

// Detector finds the tones of modems on one line. It is not for use by two
// goroutines at a time.
type Detector struct {
	raw  [rawLen]int16
	n    int
	base int64 // position of raw[0]
	next int64 // where the next frame ends

	steady steady
	bits   [2]channel // of V.21
	text   text

	due  [maxDue]Event // found out by Skip
	dues int
}

const (
	rawLen = 2048
	maxDue = 8 // ends of all that can be heard at a time, and a start and a confirmation
)

// New returns a detector whose first sample has position 0.
func New() *Detector {
	return &Detector{next: hop, bits: [2]channel{newChannel(1), newChannel(2)}}
}

// Position is the number of samples taken so far.
func (d *Detector) Position() int64 { return d.base + int64(d.n) }

// Process takes the next samples of the line and appends what is found in them
// to dst.
func (d *Detector) Process(dst []Event, block []int16) []Event {
	dst = append(dst, d.due[:d.dues]...)
	d.dues = 0
	for len(block) > 0 {
		if d.n == rawLen {
			const keep = rawLen / 2
			copy(d.raw[:], d.raw[rawLen-keep:])
			d.base += rawLen - keep
			d.n = keep
		}
		m := copy(d.raw[d.n:], block)
		block = block[m:]
		d.n += m
		for d.next <= d.Position() {
			dst = d.look(dst)
			d.next += hop
		}
	}
	return dst
}

// look takes the frame that ends at d.next.
func (d *Detector) look(dst []Event) []Event {
	end := int(d.next - d.base)
	var f frame
	f.see((*[window]int16)(d.raw[end-window : end]))
	at := d.next - hop
	dst = d.steady.follow(dst, &f, at, d)
	for i := range d.bits {
		dst = d.bits[i].look(dst, d, &f)
	}
	return d.text.look(dst, &f, at)
}

// Skip says that n samples of the line are missing. What is heard ends where
// they begin, which the next Process tells.
func (d *Detector) Skip(n int) {
	if n <= 0 {
		return
	}
	d.dues = len(d.Flush(d.due[:d.dues]))
	d.base = d.Position() + int64(n)
	d.n = 0
	d.next = d.base + hop
	for i := range d.bits {
		d.bits[i].skip(d.base)
	}
}

// Flush ends what is heard, at the end of a recording.
func (d *Detector) Flush(dst []Event) []Event {
	dst = d.steady.flush(dst, d)
	for i := range d.bits {
		dst = d.bits[i].flush(dst)
	}
	return d.text.flush(dst)
}
