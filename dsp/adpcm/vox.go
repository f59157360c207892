package adpcm

// Dialect says how a VOX file makes a difference out of a code. Nothing in the
// file tells: it has no head.
type Dialect byte

const (
	// Dialogic cuts each of the terms ss, ss/2, ss/4 and ss/8 to an integer,
	// on a 12-bit scale, as Dialogic's note, its boards, the OKI chips and
	// spandsp do.
	Dialogic Dialect = iota + 1
	// SoX multiplies, cuts once, and keeps 16 bits of the sum, as SoX and
	// libsndfile do.
	SoX
)

var (
	dialogic = makeSteps(voxStep, perTerm, 16, ^15, 2047*16)
	sox      = makeSteps(voxStep, whole, 16, -1, 32767)
)

const voxFirst = 4 // the first sample of a byte is in its high nibble

func (d Dialect) steps() *steps {
	if d == SoX {
		return sox
	}
	return dialogic
}

// VOXEncoder makes the bytes of a VOX file.
type VOXEncoder struct {
	t     *steps
	c     coder
	held  int16
	holds bool
}

// NewVOXEncoder makes an encoder at the start of a file. Any dialect but SoX
// means Dialogic, here and below.
func NewVOXEncoder(d Dialect) *VOXEncoder { return &VOXEncoder{t: d.steps()} }

// Encode appends the code of src to dst, two samples to a byte. An odd one is
// held back.
func (e *VOXEncoder) Encode(dst []byte, src []int16) []byte {
	if e.holds && len(src) > 0 {
		dst = e.pairs(dst, []int16{e.held, src[0]})
		e.holds, src = false, src[1:]
	}
	dst = e.pairs(dst, src)
	if len(src)%2 == 1 {
		e.held, e.holds = src[len(src)-1], true
	}
	return dst
}

func (e *VOXEncoder) pairs(dst []byte, src []int16) []byte {
	old := len(dst)
	dst = grow(dst, len(src)/2)
	e.t.encodePairs(&e.c, dst[old:], src, voxFirst)
	return dst
}

// Flush codes a sample that is held back twice.
func (e *VOXEncoder) Flush(dst []byte) []byte {
	if !e.holds {
		return dst
	}
	return e.Encode(dst, []int16{e.held})
}

// VOXDecoder reads the bytes of a VOX file.
type VOXDecoder struct {
	t *steps
	c coder
}

// NewVOXDecoder makes a decoder at the start of a file.
func NewVOXDecoder(d Dialect) *VOXDecoder { return &VOXDecoder{t: d.steps()} }

// Decode appends two samples for each byte of src to dst.
func (d *VOXDecoder) Decode(dst []int16, src []byte) []int16 {
	old := len(dst)
	dst = grow(dst, 2*len(src))
	d.t.decodeBytes(&d.c, dst[old:], src, voxFirst)
	return dst
}
