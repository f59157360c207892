package export

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"vaad/dsp/g711"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
)

// record seals a recording and returns a way to open its sides.
func record(t *testing.T, codec archive.Codec, sides map[string][]byte, order ...string) func(...string) []*archive.Audio {
	t.Helper()
	a, err := archive.Open(archive.Config{Root: filepath.Join(t.TempDir(), "recordings")})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	w, err := a.Begin(archive.Start{Line: 1, Codec: codec, Sides: order, Begin: begin})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range order {
		if err := w.Append(i, sides[s]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Finish(archive.End{Time: begin.Add(time.Second), EndedBy: "manual"}), a.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(names ...string) []*archive.Audio {
		var out []*archive.Audio
		for _, s := range names {
			x, err := a.Audio("", w.ID(), s)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, x)
		}
		return out
	}
}

func noise(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// whole reads a File and checks that it is what it says it is.
func whole(t *testing.T, f *File) (wav.Info, []byte) {
	t.Helper()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != f.Size() {
		t.Fatalf("%d bytes, Size says %d", len(b), f.Size())
	}
	in, err := wav.ParseAt(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if in.DataBytes+in.DataOffset+int64(wav.Pad(in.DataBytes)) != int64(len(b)) {
		t.Fatalf("the header says %d bytes at %d, the file has %d", in.DataBytes, in.DataOffset, len(b))
	}
	return in, b
}

func TestOneSideAsRecordedIsTheFileItself(t *testing.T) {
	data := noise(12345, 1)
	open := record(t, archive.G711A, map[string][]byte{"mixed": data}, "mixed")
	a := open("mixed")
	want, err := io.ReadAll(a[0])
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(Native, a...)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, want) || f.Size() != int64(len(want)) {
		t.Errorf("%d bytes, %v; want the %d of the file", len(got), err, len(want))
	}
}

func TestDecodedSideHasEverySample(t *testing.T) {
	for _, c := range []struct {
		codec archive.Codec
		law   g711.Law
	}{{archive.G711A, g711.ALaw}, {archive.G711U, g711.MuLaw}} {
		for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 3*chunk + 77} {
			data := noise(n, uint64(n))
			f, err := New(PCM16, record(t, c.codec, map[string][]byte{"mixed": data}, "mixed")("mixed")...)
			if err != nil {
				t.Fatal(err)
			}
			in, b := whole(t, f)
			if in.Format != wav.PCM16 || in.Channels != 1 || in.DataBytes != int64(2*n) {
				t.Fatalf("%s, %d samples: %+v", c.codec, n, in)
			}
			for i, code := range data {
				at := int(in.DataOffset) + 2*i
				if got, want := int16(b[at])|int16(b[at+1])<<8, g711.DecodeTable(c.law)[code]; got != want {
					t.Fatalf("%s sample %d: %d, want %d", c.codec, i, got, want)
				}
			}
			_ = f.Close()
		}
	}
}

func TestTwoSidesAreLeftAndRight(t *testing.T) {
	left, right := noise(5000, 1), noise(5000, 2)
	open := record(t, archive.G711A, map[string][]byte{"network": left, "local": right}, "network", "local")
	f, err := New(Native, open("network", "local")...)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, b := whole(t, f)
	if in.Format != wav.ALaw || in.Channels != 2 {
		t.Fatalf("%+v", in)
	}
	for i := range left {
		if b[int(in.DataOffset)+2*i] != left[i] || b[int(in.DataOffset)+2*i+1] != right[i] {
			t.Fatalf("frame %d differs", i)
		}
	}
}

func TestAnyPartIsTheSameAsInTheWhole(t *testing.T) {
	open := record(t, archive.G711U, map[string][]byte{"network": noise(10001, 1), "local": noise(9000, 2)}, "network", "local")
	for _, format := range []Format{Native, PCM16} {
		f, err := New(format, open("network", "local")...)
		if err != nil {
			t.Fatal(err)
		}
		_, want := whole(t, f)
		r := rand.New(rand.NewPCG(7, 7))
		for range 300 {
			from := r.Int64N(int64(len(want)))
			n := min(1+r.Int64N(9000), int64(len(want))-from)
			if _, err := f.Seek(from, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, n)
			if _, err := io.ReadFull(f, got); err != nil {
				t.Fatalf("%d bytes at %d of %d: %v", n, from, len(want), err)
			}
			if !bytes.Equal(got, want[from:from+n]) {
				t.Fatalf("%s: %d bytes at %d differ", format, n, from)
			}
		}
		if n, err := f.Seek(0, io.SeekEnd); err != nil || n != f.Size() {
			t.Errorf("the end is at %d, %v", n, err)
		}
		if _, err := f.Seek(-1, io.SeekStart); err == nil {
			t.Error("a seek before the start is taken")
		}
		_ = f.Close()
	}
}

func TestOneByteReadsGiveTheSameFile(t *testing.T) {
	open := record(t, archive.G711A, map[string][]byte{"mixed": noise(999, 1)}, "mixed")
	f, err := New(PCM16, open("mixed")...)
	if err != nil {
		t.Fatal(err)
	}
	_, want := whole(t, f)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(iotest.OneByteReader(f)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	_ = f.Close()
}

func TestOtherThanOneOrTwoSidesAreRefused(t *testing.T) {
	if _, err := New(Native); err == nil {
		t.Error("no side makes a file")
	}
}

func TestLiveAudioPassesOrIsDecoded(t *testing.T) {
	data := noise(20000, 3)
	source := func() io.Reader {
		return io.MultiReader(bytes.NewReader(wav.StreamHeader(wav.ALaw)), bytes.NewReader(data))
	}
	for _, c := range []struct {
		format  Format
		seconds int
		want    wav.Format
		bytes   int
	}{{Native, 0, wav.ALaw, 20000}, {Native, 1, wav.ALaw, 8000}, {PCM16, 0, wav.PCM16, 40000}, {PCM16, 2, wav.PCM16, 32000}} {
		r, err := Live(iotest.HalfReader(source()), c.format, c.seconds)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		in, err := wav.Parse(bytes.NewReader(got))
		if err != nil || in.Format != c.want || in.DataBytes != wav.ToEnd {
			t.Fatalf("%+v: %+v, %v", c, in, err)
		}
		body := got[wav.HeaderLen(c.want):]
		if len(body) != c.bytes {
			t.Fatalf("%+v: %d bytes", c, len(body))
		}
		for i := 0; c.want == wav.PCM16 && i < c.bytes/2; i++ {
			if v := int16(body[2*i]) | int16(body[2*i+1])<<8; v != g711.DecodeTable(g711.ALaw)[data[i]] {
				t.Fatalf("sample %d differs", i)
			}
		}
		if c.want == wav.ALaw && !bytes.Equal(body, data[:c.bytes]) {
			t.Fatal("the audio is not what was heard")
		}
	}
	if _, err := Live(bytes.NewReader([]byte("no wav")), Native, 0); err == nil {
		t.Error("what is no WAV is taken")
	}
	if _, err := Live(iotest.ErrReader(io.ErrUnexpectedEOF), PCM16, 0); err == nil {
		t.Error("what ends at once is taken")
	}
}
