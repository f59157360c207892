package voicemodem

// Codes that shield events and the end of audio within audio (ITU-T V.253,
// clause 9: a DLE is followed by a code).
const (
	dle = 0x10
	etx = 0x03
	esc = 0x1B
	sub = 0x1A // behind a DLE: two DLEs of audio
)

// shield appends audio to dst with each DLE doubled, which every dialect takes.
func shield(dst, audio []byte) []byte {
	for _, b := range audio {
		if b == dle {
			dst = append(dst, dle)
		}
		dst = append(dst, b)
	}
	return dst
}

// itemKind says what a decoder has found.
type itemKind uint8

const (
	itemNone  itemKind = iota
	itemAudio          // text: bytes of audio
	itemEvent          // code: what followed a DLE
	itemLine           // text: a line without its end
	itemLong           // text: a report of several fields, DLE X … DLE .
)

// An item is one thing that a modem sent. Its text is valid until the next call.
type item struct {
	kind itemKind
	code byte
	text []byte
}

const maxLine = 800 // a longer line is cut: the longest message about a caller is 258 bytes, each of two digits and a blank

// A decoder takes apart what a modem sends, in pieces of any length.
type decoder struct {
	voice bool // audio comes, not lines; set by whoever reads the items
	dle   bool // the last byte was a DLE
	first bool // no byte has come since voice was set: the rest of a line's end may
	long  bool // within a report
	size  int  // bytes of it so far
	line  []byte
	pair  [2]byte
}

func newDecoder() decoder {
	return decoder{line: make([]byte, 0, maxLine), pair: [2]byte{dle, dle}}
}

// setVoice says what comes from the next byte on.
func (d *decoder) setVoice(on bool) {
	d.voice, d.first, d.dle, d.long = on, on, false, false
	d.line = d.line[:0]
}

// next takes what p begins with; used is at least 1 where p is not empty.
func (d *decoder) next(p []byte) (it item, used int) {
	if d.first && len(p) > 0 {
		d.first = false
		if p[0] == '\n' { // the end of the line that began the audio
			return item{}, 1
		}
	}
	if d.voice && !d.dle && !d.long {
		n := 0
		for n < len(p) && p[n] != dle {
			n++
		}
		if n > 0 {
			return item{kind: itemAudio, text: p[:n]}, n
		}
	}
	for i, b := range p {
		switch {
		case d.dle:
			d.dle = false
			if it := d.shielded(b); it.kind != itemNone {
				return it, i + 1
			}
			if d.voice && !d.long {
				return item{}, i + 1
			}
		case b == dle:
			d.dle = true
		case d.long:
			d.keep(b)
			if d.size++; d.voice && d.size >= maxLine { // it was none
				d.long, d.line = false, d.line[:0]
				return item{}, i + 1
			}
		case b == '\r' || b == '\n':
			if len(d.line) > 0 {
				it := item{kind: itemLine, text: d.line}
				d.line = d.line[:0]
				return it, i + 1
			}
		default:
			d.keep(b)
		}
	}
	return item{}, len(p)
}

// shielded takes what followed a DLE.
func (d *decoder) shielded(b byte) item {
	switch {
	case d.long && (b == '.' || b == etx):
		d.long = false
		it := item{kind: itemLong, text: d.line}
		d.line = d.line[:0]
		if b == etx {
			it.code = etx // the end of the audio with it
		}
		return it
	case d.long:
		return item{}
	case b == 'X':
		d.long, d.size = true, 0
		d.line = d.line[:0]
		return item{}
	case b == dle && d.voice:
		return item{kind: itemAudio, text: d.pair[:1]}
	case b == sub && d.voice:
		return item{kind: itemAudio, text: d.pair[:2]}
	case b == dle || b == sub:
		return item{}
	}
	return item{kind: itemEvent, code: b}
}

func (d *decoder) keep(b byte) {
	if len(d.line) < cap(d.line) && (b >= ' ' || b == '\r' || b == '\n' || b == '\t') {
		d.line = append(d.line, b)
	}
}
