package export

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"vaad/dsp/g711"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
)

func TestCompactIsG711OfWhateverWasRecorded(t *testing.T) {
	for _, c := range []struct {
		codec archive.Codec
		want  wav.Format
	}{{archive.G711A, wav.ALaw}, {archive.G711U, wav.MuLaw}, {archive.PCM16, wav.MuLaw}, {archive.IMA, wav.MuLaw}, {archive.GSM, wav.MuLaw}} {
		block, samples := c.codec.Block()
		sides := map[string][]byte{"network": noise(int(40*block*(505/samples+1)), 1), "local": noise(int(30*block*(505/samples+1)), 2)}
		if c.codec == archive.IMA {
			sides = map[string][]byte{"network": imaBlocks(40, 1), "local": imaBlocks(30, 2)}
		}
		open := record(t, c.codec, sides, "network", "local")
		f, err := New(Compact, open("network", "local")...)
		if err != nil {
			t.Fatal(err)
		}
		in, all := whole(t, f)
		if in.Format != c.want || in.Channels != 2 {
			t.Fatalf("%s: %v in %d channels", c.codec, in.Format, in.Channels)
		}
		plain, err := New(PCM16, open("network", "local")...)
		if err != nil {
			t.Fatal(err)
		}
		pin, linear := whole(t, plain)
		law := map[wav.Format]g711.Law{wav.ALaw: g711.ALaw, wav.MuLaw: g711.MuLaw}[c.want]
		for i := range in.DataBytes {
			at := pin.DataOffset + 2*i
			if want := g711.EncodeSample(int16(uint16(linear[at])|uint16(linear[at+1])<<8), law); all[in.DataOffset+i] != want {
				t.Fatalf("%s: byte %d is %#x, want %#x", c.codec, i, all[in.DataOffset+i], want)
			}
		}
		r := rand.New(rand.NewPCG(7, 7))
		for range 50 { // any part is that of the whole
			from := r.Int64N(int64(len(all)))
			got := make([]byte, min(1+r.Int64N(9000), int64(len(all))-from))
			if _, err := f.Seek(from, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(f, got); err != nil || !bytes.Equal(got, all[from:from+int64(len(got))]) {
				t.Fatalf("%s: %d bytes at %d differ, %v", c.codec, len(got), from, err)
			}
		}
		_, _ = f.Close(), plain.Close()
	}
}
