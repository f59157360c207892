package wav

import (
	"encoding/binary"
	"errors"
	"io"
	"strconv"
)

// ToEnd is DataBytes where the file does not say how much data there is.
const ToEnd = -1

// A file of other chunks than ours may have covers, cue lists and the like
// before its data; beyond these bounds it is no recording of anything.
const (
	maxChunks = 1024
	maxHead   = 16 << 20
)

// ErrNotWAV is what Parse returns for something that is no WAV file at all.
var ErrNotWAV = errors.New("wav: not a WAV file: it does not begin with RIFF…WAVE or RF64…WAVE")

// Info says what a file holds and where.
type Info struct {
	Spec
	DataOffset int64 // of the first sample
	DataBytes  int64 // whole sample frames only; ToEnd where the file does not say
	Samples    int64 // sample frames the header claims (fact or ds64), or -1; may be wrong
}

// Any is Info of a file that may be in a coded format.
type Any struct {
	Info
	Block        int // bytes of a block, of all channels; the smallest piece that can be decoded
	BlockSamples int // of a block, of each channel
}

// Length is the number of samples of each channel in so many bytes of data.
// Where Samples is known and less, the last block is padded: what is beyond is
// not part of the recording.
func (a Any) Length(dataBytes int64) int64 {
	return samplesIn(a.Format, dataBytes, a.Block, a.BlockSamples)
}

// Parse reads from r up to the first sample, where it leaves r. Unknown chunks
// are skipped. A data size of 0 or 0xFFFFFFFF is a file that was never
// finished: DataBytes is then ToEnd. Files in coded formats are refused.
func Parse(r io.Reader) (Info, error) {
	a, err := stream(r, false)
	return a.Info, err
}

// ParseAny is Parse for files in any format.
func ParseAny(r io.Reader) (Any, error) { return stream(r, true) }

// ParseAt reads the head of a file of that size. DataBytes never goes beyond
// the file, whatever its header says, and is never ToEnd: an unfinished file's
// data reach to its end. Trailing bytes of half a sample frame are left out.
// Files in coded formats are refused.
func ParseAt(r io.ReaderAt, size int64) (Info, error) {
	a, err := file(r, size, false)
	return a.Info, err
}

// ParseAnyAt is ParseAt for files in any format.
func ParseAnyAt(r io.ReaderAt, size int64) (Any, error) { return file(r, size, true) }

func stream(r io.Reader, coded bool) (Any, error) {
	p := parser{coded: coded, next: func(b []byte) error { _, err := io.ReadFull(r, b); return err }}
	p.skip = func(n int64) error {
		_, err := io.CopyN(io.Discard, r, n)
		return err
	}
	return p.run()
}

func file(r io.ReaderAt, size int64, coded bool) (Any, error) {
	var at int64
	p := parser{
		coded: coded,
		next: func(b []byte) error {
			if at > size-int64(len(b)) {
				return io.ErrUnexpectedEOF
			}
			n, err := r.ReadAt(b, at)
			at += int64(n)
			if n == len(b) {
				return nil
			}
			return err
		},
		skip: func(n int64) error { at += n; return nil },
	}
	in, err := p.run()
	if err != nil {
		return in, err
	}
	room := max(0, size-in.DataOffset)
	if in.DataBytes == ToEnd || in.DataBytes > room {
		in.DataBytes = room
	}
	in.DataBytes -= in.DataBytes % int64(in.whole())
	return in, nil
}

// whole is the number of bytes that data are cut to a multiple of.
func (a Any) whole() int {
	if a.Format.Coded() { // their decoders know what to do with part of a block
		return 1
	}
	return a.FrameBytes()
}

type parser struct {
	coded bool // formats will do
	next  func([]byte) error
	skip  func(int64) error
	at    int64
	buf   [40]byte
}

func (p *parser) read(n int) ([]byte, error) {
	b := p.buf[:n]
	if err := p.next(b); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, errors.New("wav: the file ends inside its head, at byte " +
			strconv.FormatInt(p.at, 10) + ": " + err.Error())
	}
	p.at += int64(n)
	return b, nil
}

func (p *parser) run() (Any, error) {
	in := Any{Info: Info{Samples: -1}}
	b, err := p.read(riffLen)
	if err != nil {
		return in, err
	}
	rf64 := string(b[:4]) == "RF64" || string(b[:4]) == "BW64"
	if !rf64 && string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return in, ErrNotWAV
	}
	big := int64(ToEnd) // data size of ds64
	for range maxChunks {
		if b, err = p.read(8); err != nil {
			return in, err
		}
		id, size := string(b[:4]), binary.LittleEndian.Uint32(b[4:])
		if id == "data" {
			return p.data(in, size, big)
		}
		n := int64(size) + int64(size&1)
		if p.at+n > maxHead {
			return in, errors.New("wav: chunk " + strconv.Quote(id) + " of " + strconv.FormatInt(n, 10) +
				" bytes before the data: too large to be skipped")
		}
		used := 0
		switch {
		case id == "fmt ":
			used, err = p.format(&in, size)
		case id == "ds64" && rf64 && size >= 24:
			if b, err = p.read(24); err == nil {
				used = 24
				big = positive(binary.LittleEndian.Uint64(b[8:]))
				in.Samples = positive(binary.LittleEndian.Uint64(b[16:]))
			}
		case id == "fact" && size >= 4:
			if b, err = p.read(4); err == nil {
				used = 4
				if v := binary.LittleEndian.Uint32(b); v != Unknown {
					in.Samples = int64(v)
				}
			}
		}
		if err != nil {
			return in, err
		}
		if rest := n - int64(used); rest > 0 {
			if err := p.skip(rest); err != nil {
				return in, errors.New("wav: the file ends inside chunk " + strconv.Quote(id) + ": " + err.Error())
			}
			p.at += rest
		}
	}
	return in, errors.New("wav: no data within the first " + strconv.Itoa(maxChunks) + " chunks")
}

func positive(v uint64) int64 {
	if v > 1<<62 {
		return ToEnd
	}
	return int64(v)
}

func (p *parser) format(in *Any, size uint32) (used int, err error) {
	if size < 16 {
		return 0, errors.New("wav: fmt chunk of " + strconv.Itoa(int(size)) + " bytes: at least 16 are needed")
	}
	used = int(min(size, 40))
	b, err := p.read(used)
	if err != nil {
		return 0, err
	}
	le := binary.LittleEndian
	tag := le.Uint16(b)
	if tag == tagExtensible && used >= 26 {
		tag = le.Uint16(b[24:]) // the sub-format's GUID begins with the plain tag
	}
	bits := le.Uint16(b[14:])
	in.Channels = int(le.Uint16(b[2:]))
	in.Rate = int(le.Uint32(b[4:]))
	in.Format = formatOf(tag, bits)
	if in.Format.Coded() && !p.coded {
		return 0, errors.New("wav: the samples are coded in " + in.Format.String() +
			": here only 16-bit PCM (1), A-law (6) and µ-law (7) can be read")
	}
	if in.Format == 0 {
		also := ""
		if p.coded {
			also = ", and IMA (17), VOX (16, 23), GSM (49) and G.726 (69, 100),"
		}
		return 0, errors.New("wav: format tag " + strconv.Itoa(int(tag)) + " with " + strconv.Itoa(int(bits)) +
			" bits: only 16-bit PCM (1), A-law (6) and µ-law (7)" + also + " can be read")
	}
	if in.Channels < 1 || in.Channels > 64 || in.Rate < 1 || in.Rate > 1<<20 {
		return 0, errors.New("wav: " + strconv.Itoa(in.Channels) + " channels at " + strconv.Itoa(in.Rate) +
			" Hz: 1 to 64 channels at up to 1048576 Hz can be read")
	}
	in.Block, in.BlockSamples = in.blockBytes(), in.blockSamples()
	if !in.Format.Coded() {
		return used, nil
	}
	if in.Channels != 1 {
		return 0, errors.New("wav: " + strconv.Itoa(in.Channels) + " channels coded in " + in.Format.String() +
			": coded formats can be read with one channel")
	}
	switch align := int(le.Uint16(b[12:])); {
	case in.Format == IMA && align < 5, in.Format == GSM && align != 65:
		return 0, errors.New("wav: blocks of " + strconv.Itoa(align) + " bytes of " + in.Format.String() +
			": IMA has 5 or more, GSM has 65")
	case in.Format == IMA:
		in.Block, in.BlockSamples = align, 2*(align-4)+1
	}
	return used, nil
}

// formatOf is the format of a tag, 0 for none that can be read.
func formatOf(tag, bits uint16) Format {
	switch tag {
	case tagOKI:
		tag = tagDialogicOKI
	case tagSharpG726:
		tag = tagG726
	case tagGSM:
		bits = 0 // some write 8 or 16
	}
	for f := ALaw; f <= GSM; f++ {
		if t := traits(f); t.tag == tag && t.bits == int(bits) {
			return f
		}
	}
	return 0
}

func (p *parser) data(in Any, size uint32, big int64) (Any, error) {
	if in.Format == 0 {
		return in, errors.New("wav: the data come before any fmt chunk")
	}
	in.DataOffset = p.at
	switch {
	case size == Unknown && big > 0:
		in.DataBytes = big
	case size == Unknown || size == 0:
		in.DataBytes = ToEnd
	default:
		in.DataBytes = int64(size)
	}
	if in.DataBytes > 0 {
		in.DataBytes -= in.DataBytes % int64(in.whole())
	}
	return in, nil
}
