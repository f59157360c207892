package wav

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

var codedFormats = []Format{IMA, VOX, G726At16, G726At24, G726At32, G726At40, GSM}

func TestCodedHeaderLengthNeverDependsOnTheData(t *testing.T) {
	for _, f := range codedFormats {
		want := 94
		if f == IMA || f == GSM {
			want = 96
		}
		for _, n := range []int64{-1, 0, 1, 65, 1 << 31, 1<<32 - 200, 1 << 40} {
			if got := len(Header(f, n)); got != want || HeaderLen(f) != want {
				t.Errorf("%v with %d bytes: header of %d bytes, want %d", f, n, got, want)
			}
		}
	}
}

// The fmt and fact chunks as Microsoft's mmreg.h defines them and as SoX
// writes those of IMA and GSM.
func TestCodedFormatsAreDescribedAsRegistered(t *testing.T) {
	for f, want := range map[Format]string{
		IMA:      "14000000" + "1100" + "0100" + "401f0000" + "d70f0000" + "0001" + "0400" + "0200" + "f901",
		GSM:      "14000000" + "3100" + "0100" + "401f0000" + "59060000" + "4100" + "0000" + "0200" + "4001",
		VOX:      "12000000" + "1700" + "0100" + "401f0000" + "a00f0000" + "0100" + "0400" + "0000",
		G726At16: "12000000" + "6400" + "0100" + "401f0000" + "d0070000" + "0200" + "0200" + "0000",
		G726At24: "12000000" + "6400" + "0100" + "401f0000" + "b80b0000" + "0300" + "0300" + "0000",
		G726At32: "12000000" + "6400" + "0100" + "401f0000" + "a00f0000" + "0400" + "0400" + "0000",
		G726At40: "12000000" + "6400" + "0100" + "401f0000" + "88130000" + "0500" + "0500" + "0000",
	} {
		h := Spec{f, Rate, 1}.HeaderOf(65*256*15, 12345)
		i := bytes.Index(h, []byte("fmt ")) + 4
		want += hex.EncodeToString([]byte("fact")) + "04000000" + "39300000" + hex.EncodeToString([]byte("data")) + "00cf0300"
		if got := hex.EncodeToString(h[i:]); got != want {
			t.Errorf("%v: %s\n  want %s", f, got, want)
		}
	}
}

func TestCodedHeaderReadsBack(t *testing.T) {
	for _, c := range []struct {
		f              Format
		block, samples int
		bytes, holds   int64
	}{
		{IMA, 256, 505, 2560, 5050}, {IMA, 256, 505, 300, 505 + 81}, {IMA, 256, 505, 259, 505},
		{VOX, 1, 2, 999, 1998}, {GSM, 65, 320, 650, 3200}, {GSM, 65, 320, 651, 3200},
		{G726At16, 2, 8, 7, 28}, {G726At24, 3, 8, 7, 18}, {G726At32, 4, 8, 7, 14}, {G726At40, 5, 8, 7, 11},
		{ALaw, 1, 1, 7, 7}, {PCM16, 2, 1, 8, 4},
	} {
		file := append(Header(c.f, c.bytes), make([]byte, c.bytes)...)
		for _, parse := range []func() (Any, error){
			func() (Any, error) { return ParseAny(bytes.NewReader(file)) },
			func() (Any, error) { return ParseAnyAt(bytes.NewReader(file), int64(len(file))) },
		} {
			in, err := parse()
			want := Any{Info{Spec{c.f, 8000, 1}, int64(HeaderLen(c.f)), c.bytes, c.holds}, c.block, c.samples}
			if c.f == PCM16 {
				want.Samples = -1 // no fact chunk
			}
			if err != nil || in != want {
				t.Errorf("%v with %d bytes: %+v, %v; want %+v", c.f, c.bytes, in, err, want)
			}
			if n := in.Length(c.bytes); n != c.holds {
				t.Errorf("%v with %d bytes: %d samples, want %d", c.f, c.bytes, n, c.holds)
			}
		}
	}
}

func TestUnfinishedCodedFileReachesToItsEnd(t *testing.T) {
	for _, f := range codedFormats {
		file := append(StreamHeader(f), make([]byte, 1001)...)
		in, err := ParseAnyAt(bytes.NewReader(file), int64(len(file)))
		if err != nil || in.DataBytes != 1001 || in.Samples != -1 || in.Length(in.DataBytes) < 1000 {
			t.Errorf("%v: %+v, %v", f, in, err)
		}
		if in, err = ParseAny(bytes.NewReader(file)); err != nil || in.DataBytes != ToEnd || in.Length(ToEnd) != -1 {
			t.Errorf("%v as a stream: %+v, %v", f, in, err)
		}
	}
}

// Who takes every byte for a sample must not be given a coded file.
func TestParseRefusesCodedFiles(t *testing.T) {
	for _, f := range codedFormats {
		file := append(Header(f, 512), make([]byte, 512)...)
		if _, err := Parse(bytes.NewReader(file)); err == nil || !strings.Contains(err.Error(), f.String()) {
			t.Errorf("%v: %v", f, err)
		}
		if _, err := ParseAt(bytes.NewReader(file), int64(len(file))); err == nil {
			t.Errorf("%v is read", f)
		}
	}
}

func fmtOf(tag, channels, align, bits byte) string {
	return string([]byte{tag, 0, channels, 0, 0x40, 0x1F, 0, 0, 0, 0, 0, 0, align, 0, bits, 0, 2, 0, 0, 0})
}

func TestCodedFilesOfOtherProgramsAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		fmt    string
		format Format
		block  int
		says   string
	}{
		"short IMA blocks": {fmtOf(0x11, 1, 36, 4), IMA, 36, ""},
		"OKI":              {fmtOf(0x10, 1, 1, 4), VOX, 1, ""},
		"Sharp G.726":      {fmtOf(0x45, 1, 1, 3), G726At24, 3, ""},
		"GSM with bits":    {fmtOf(0x31, 1, 65, 16), GSM, 65, ""},
		"stereo IMA":       {fmtOf(0x11, 2, 36, 4), 0, 0, "one channel"},
		"no IMA block":     {fmtOf(0x11, 1, 4, 4), 0, 0, "blocks of 4 bytes"},
		"raw GSM":          {fmtOf(0x31, 1, 33, 0), 0, 0, "blocks of 33 bytes"},
		"MS ADPCM":         {fmtOf(0x02, 1, 36, 4), 0, 0, "format tag 2"},
		"3-bit IMA":        {fmtOf(0x11, 1, 36, 3), 0, 0, "format tag 17 with 3 bits"},
	} {
		in, err := ParseAny(bytes.NewReader(wavOf("RIFF", "fmt ", c.fmt, "data", strings.Repeat("x", 650))))
		switch {
		case c.says != "":
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: error %v, want one that says %q", name, err, c.says)
			}
		case err != nil || in.Format != c.format || in.Block != c.block || in.DataBytes != 650:
			t.Errorf("%s: %+v, %v", name, in, err)
		}
	}
}

func TestCodedFilesOverFourGiBBecomeRF64(t *testing.T) {
	h := Spec{GSM, Rate, 1}.HeaderOf(65<<27, 320<<27-7)
	in, err := ParseAny(bytes.NewReader(h))
	if string(h[:4]) != "RF64" || err != nil || in.DataBytes != 65<<27 || in.Samples != 320<<27-7 {
		t.Errorf("%q: %+v, %v", h[:4], in, err)
	}
}

func FuzzParseAny(f *testing.F) {
	for _, x := range codedFormats {
		f.Add(append(Header(x, 650), make([]byte, 650)...))
		f.Add(StreamHeader(x))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := ParseAnyAt(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			if in.DataOffset < 0 || in.DataBytes < 0 || in.DataOffset+in.DataBytes > int64(len(b)) {
				t.Errorf("data [%d, +%d) lie outside the file of %d bytes", in.DataOffset, in.DataBytes, len(b))
			}
			if in.Block < 1 || in.BlockSamples < 1 || in.Length(in.DataBytes) < 0 {
				t.Errorf("blocks of %+v", in)
			}
		}
		old, oerr := ParseAt(bytes.NewReader(b), int64(len(b)))
		if (oerr == nil) != (err == nil && !in.Format.Coded()) || oerr == nil && old != in.Info {
			t.Errorf("ParseAt %+v, %v; ParseAnyAt %+v, %v", old, oerr, in, err)
		}
	})
}
