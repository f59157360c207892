package export

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"vaad/dsp/adpcm"
	"vaad/dsp/gsm"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
)

// decodedWhole is what one decoder makes of a whole file.
func decodedWhole(c archive.Codec, b []byte) []int16 {
	if c == archive.IMA {
		d, _ := adpcm.NewIMADecoder(adpcm.IMABlock)
		return d.Decode(nil, b)
	}
	return gsm.NewDecoder(gsm.WAV49).Decode(nil, b)
}

// imaBlocks is noise in blocks whose heads are valid.
func imaBlocks(n int, seed uint64) []byte {
	b := noise(n*adpcm.IMABlock, seed)
	for at := 0; at < len(b); at += adpcm.IMABlock {
		b[at+2], b[at+3] = b[at+2]%89, 0
	}
	return b
}

func TestCodedSidesAreDecodedTheSameFromAnywhere(t *testing.T) {
	for _, codec := range []archive.Codec{archive.IMA, archive.GSM} {
		left, right := noise(65*1500, 3), noise(65*1501, 4)
		if codec == archive.IMA {
			left, right = imaBlocks(900, 3), imaBlocks(901, 4)
		}
		open := record(t, codec, map[string][]byte{"network": left, "local": right}, "network", "local")
		f, err := New(Native, open("network", "local")...)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		in, b := whole(t, f)
		if in.Format != wav.PCM16 || in.Channels != 2 {
			t.Fatalf("%s: %+v", codec, in)
		}
		l, r := decodedWhole(codec, left), decodedWhole(codec, right)
		for i := range r {
			at := int(in.DataOffset) + 4*i
			want := int16(0)
			if i < len(l) {
				want = l[i]
			}
			if got := int16(b[at]) | int16(b[at+1])<<8; got != want {
				t.Fatalf("%s: left sample %d is %d, want %d", codec, i, got, want)
			}
			if got := int16(b[at+2]) | int16(b[at+3])<<8; got != r[i] {
				t.Fatalf("%s: right sample %d is %d, want %d", codec, i, got, r[i])
			}
		}
		rng := rand.New(rand.NewPCG(5, 6))
		for range 60 {
			at := rng.Int64N(f.Size())
			n := min(1+rng.Int64N(20_000), f.Size()-at)
			part := make([]byte, n)
			if _, err := f.Seek(at, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(f, part); err != nil || !bytes.Equal(part, b[at:at+n]) {
				t.Fatalf("%s: [%d +%d) is not that part of the file: %v", codec, at, n, err)
			}
		}
	}
}

func TestOneCodedSideAsRecordedIsTheFileItself(t *testing.T) {
	for _, codec := range []archive.Codec{archive.IMA, archive.GSM} {
		data := noise(65*7, 1)
		if codec == archive.IMA {
			data = imaBlocks(3, 1)
		}
		open := record(t, codec, map[string][]byte{"mixed": data}, "mixed")
		a := open("mixed")
		want, err := io.ReadAll(a[0])
		if err != nil {
			t.Fatal(err)
		}
		f, err := New(Native, a...)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want the %d of the file", codec, len(got), err, len(want))
		}
		_ = f.Close()
	}
}
