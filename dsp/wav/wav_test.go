package wav

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
)

var formats = []Format{ALaw, MuLaw, PCM16}

func TestHeaderLengthNeverDependsOnTheData(t *testing.T) {
	for _, f := range formats {
		for _, n := range []int64{-1, 0, 1, 160, 1 << 31, 1<<32 - 200, 1 << 32, 1 << 40} {
			if got := len(Header(f, n)); got != HeaderLen(f) {
				t.Errorf("%v with %d bytes: header of %d bytes, want %d", f, n, got, HeaderLen(f))
			}
		}
		if got := len(StreamHeader(f)); got != HeaderLen(f) {
			t.Errorf("%v: stream header of %d bytes, want %d", f, got, HeaderLen(f))
		}
	}
	if HeaderLen(ALaw) != 94 || HeaderLen(MuLaw) != 94 || HeaderLen(PCM16) != 80 {
		t.Error("the lengths in docs/formats/wav.md are 94 and 80")
	}
}

func TestHeaderReadsBack(t *testing.T) {
	for _, f := range formats {
		for _, n := range []int64{2, 160, 1 << 31, 1<<32 - 200, 1 << 32, 1 << 40} {
			in, err := Parse(bytes.NewReader(Header(f, n)))
			want := Info{Spec{f, 8000, 1}, int64(HeaderLen(f)), n, n / int64(f.SampleBytes())}
			if f == PCM16 && n < 1<<32 {
				want.Samples = -1 // no fact chunk, no ds64
			}
			if err != nil || in != want {
				t.Errorf("%v with %d bytes: %+v, %v; want %+v", f, n, in, err, want)
			}
		}
		in, err := Parse(bytes.NewReader(StreamHeader(f)))
		if err != nil || in.DataBytes != ToEnd || in.Samples != -1 {
			t.Errorf("%v stream: %+v, %v", f, in, err)
		}
	}
}

func TestFilesOverFourGiBBecomeRF64(t *testing.T) {
	last := int64(maxRIFF - (g711Len - 8)) // even
	small, big := Header(ALaw, last-last%2), Header(ALaw, last+2)
	if string(small[:4]) != "RIFF" || string(small[12:16]) != "JUNK" {
		t.Errorf("%d bytes: %q with %q", last, small[:4], small[12:16])
	}
	if string(big[:4]) != "RF64" || string(big[12:16]) != "ds64" {
		t.Errorf("%d bytes: %q with %q", last+2, big[:4], big[12:16])
	}
	le := binary.LittleEndian
	if le.Uint32(big[4:]) != Unknown || le.Uint32(big[g711Len-4:]) != Unknown {
		t.Error("RF64 must say 0xFFFFFFFF in its 32-bit sizes (EBU Tech 3306)")
	}
	if got := le.Uint64(big[28:]); got != uint64(last+2) {
		t.Errorf("ds64 says %d bytes of data, want %d", got, last+2)
	}
}

func TestRIFFSizeIsTheFileWithItsPad(t *testing.T) {
	for _, n := range []int64{0, 1, 2, 161} {
		h := Header(MuLaw, n)
		want := uint32(len(h)) - 8 + uint32(n) + uint32(Pad(n))
		if got := binary.LittleEndian.Uint32(h[4:]); got != want || want%2 != 0 {
			t.Errorf("%d bytes: RIFF size %d, want %d and even", n, got, want)
		}
	}
}

// wavOf makes a file of chunks given as id, body, id, body, …
func wavOf(magic string, chunks ...string) []byte {
	b := []byte(magic + "\x00\x00\x00\x00WAVE")
	for i := 0; i < len(chunks); i += 2 {
		b = append(b, chunks[i]...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(chunks[i+1])))
		b = append(b, chunks[i+1]...)
		if len(chunks[i+1])%2 == 1 {
			b = append(b, 0)
		}
	}
	return b
}

const (
	fmtMono16   = "\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00"
	fmtStereo16 = "\x01\x00\x02\x00\x44\xac\x00\x00\x10\xb1\x02\x00\x04\x00\x10\x00"
	fmtExt      = "\xfe\xff\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00\x16\x00\x10\x00\x04\x00\x00\x00" +
		"\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
)

func TestFilesOfOtherProgramsAreRead(t *testing.T) {
	mono := Spec{PCM16, 8000, 1}
	for name, c := range map[string]struct {
		file []byte
		want Info
	}{
		"plain":         {wavOf("RIFF", "fmt ", fmtMono16, "data", "abcd"), Info{mono, 44, 4, -1}},
		"odd chunk":     {wavOf("RIFF", "LIST", "INFOx", "fmt ", fmtMono16, "data", "abcd"), Info{mono, 58, 4, -1}},
		"extensible":    {wavOf("RIFF", "fmt ", fmtExt, "data", "abcd"), Info{mono, 68, 4, -1}},
		"half a sample": {wavOf("RIFF", "fmt ", fmtMono16, "data", "abcde"), Info{mono, 44, 4, -1}},
		"stereo":        {wavOf("RIFF", "fmt ", fmtStereo16, "data", "abcdefghi"), Info{Spec{PCM16, 44100, 2}, 44, 8, -1}},
		"BW64":          {wavOf("BW64", "fmt ", fmtMono16, "data", "abcd"), Info{mono, 44, 4, -1}},
	} {
		in, err := Parse(bytes.NewReader(c.file))
		if err != nil || in != c.want {
			t.Errorf("%s: %+v, %v; want %+v", name, in, err, c.want)
		}
		at, err := ParseAt(bytes.NewReader(c.file), int64(len(c.file)))
		if err != nil || at != c.want {
			t.Errorf("%s, at: %+v, %v; want %+v", name, at, err, c.want)
		}
	}
}

func TestParseStopsAtTheFirstSample(t *testing.T) {
	r := io.MultiReader(bytes.NewReader(StreamHeader(ALaw)), strings.NewReader("samples"))
	if _, err := Parse(r); err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(r); string(rest) != "samples" {
		t.Errorf("the reader is left at %q", rest)
	}
}

func TestUnfinishedFileReachesToItsEnd(t *testing.T) {
	for _, size := range []uint32{0, Unknown, 1 << 20} {
		for _, f := range formats {
			file := append(StreamHeader(f), make([]byte, 1001)...)
			binary.LittleEndian.PutUint32(file[HeaderLen(f)-4:], size)
			in, err := ParseAt(bytes.NewReader(file), int64(len(file)))
			want := int64(1001)
			if f == PCM16 {
				want = 1000
			}
			if err != nil || in.DataBytes != want {
				t.Errorf("%v with size %#x: %d bytes, %v; want %d", f, size, in.DataBytes, err, want)
			}
		}
	}
}

func TestWhatIsNoRecordingIsRefusedWithItsReason(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"empty":          {nil, "ends inside its head"},
		"other":          {[]byte("OggS and so on, more than twelve"), "not a WAV file"},
		"cut":            {wavOf("RIFF", "fmt ", fmtMono16)[:30], "ends inside"},
		"no data":        {wavOf("RIFF", "fmt ", fmtMono16), "ends inside"},
		"no fmt":         {wavOf("RIFF", "data", "abcd"), "before any fmt"},
		"short fmt":      {wavOf("RIFF", "fmt ", "\x01\x00", "data", "ab"), "at least 16"},
		"float":          {wavOf("RIFF", "fmt ", "\x03"+fmtMono16[1:], "data", "ab"), "format tag 3"},
		"8-bit PCM":      {wavOf("RIFF", "fmt ", fmtMono16[:14]+"\x08\x00", "data", "ab"), "8 bits"},
		"no channels":    {wavOf("RIFF", "fmt ", fmtMono16[:2]+"\x00"+fmtMono16[3:], "data", "ab"), "0 channels"},
		"endless chunks": {wavOf("RIFF", append(strings.Split(strings.Repeat("abcd,,", 1100), ","), "")[:2200]...), "1024 chunks"},
		"huge chunk":     {append(wavOf("RIFF"), "LIST\xff\xff\xff\x7f"...), "too large"},
	} {
		for _, parse := range []func([]byte) error{
			func(b []byte) error { _, err := Parse(bytes.NewReader(b)); return err },
			func(b []byte) error { _, err := ParseAt(bytes.NewReader(b), int64(len(b))); return err },
		} {
			if err := parse(c.file); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: error %v, want one that says %q", name, err, c.says)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range formats {
		f.Add(append(Header(x, 320), make([]byte, 320)...))
		f.Add(Header(x, 1<<33))
		f.Add(StreamHeader(x))
	}
	f.Add(wavOf("RIFF", "LIST", "INFOx", "fmt ", fmtExt, "data", "abcd"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := ParseAt(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			if in.DataOffset < 0 || in.DataBytes < 0 || in.DataOffset+in.DataBytes > int64(len(b)) {
				t.Errorf("data [%d, +%d) lie outside the file of %d bytes", in.DataOffset, in.DataBytes, len(b))
			}
			if in.FrameBytes() < 1 || in.DataBytes%int64(in.FrameBytes()) != 0 {
				t.Errorf("%+v holds half a sample", in)
			}
		}
		s, serr := Parse(bytes.NewReader(b))
		if serr == nil && (err != nil || s.Spec != in.Spec || s.DataOffset != in.DataOffset) {
			t.Errorf("stream %+v, %v; file %+v, %v", s, serr, in, err)
		}
	})
}
