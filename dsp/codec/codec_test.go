package codec

import (
	"errors"
	"testing"

	"vaad/dsp/wav"

	"pgregory.net/rapid"
)

// TestALengthIsToldBeforeAFileIsWritten writes any number of samples in pieces of
// any length.
func TestALengthIsToldBeforeAFileIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom([]wav.Format{wav.ALaw, wav.MuLaw, wav.PCM16, wav.IMA, wav.VOX, wav.G726At32, wav.GSM}).Draw(t, "format")
		bare := rapid.Bool().Draw(t, "bare")
		e, err := New(f, bare)
		if err != nil {
			t.Fatal(err)
		}
		var samples int64
		var code []byte
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 700), 0, 6).Draw(t, "pieces") {
			samples += int64(n)
			code = e.Encode(code, make([]int16, n))
		}
		if code = e.Flush(code); int64(len(code)) != Bytes(f, bare, samples) {
			t.Fatalf("%v, bare %v: %d bytes for %d samples, Bytes says %d", f, bare, len(code), samples, Bytes(f, bare, samples))
		}
	})
}

func TestWhatNothingEncodesIsSaid(t *testing.T) {
	if _, err := New(wav.G726At16, false); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}
