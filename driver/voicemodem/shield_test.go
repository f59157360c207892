package voicemodem

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vaad/driver"
)

// decoded is all that a decoder finds, told so that it can be compared.
func decoded(d *decoder, pieces [][]byte) (audio []byte, rest []string) {
	for _, p := range pieces {
		for len(p) > 0 {
			it, used := d.next(p)
			if used < 1 || used > len(p) {
				panic(fmt.Sprintf("used %d of %d", used, len(p)))
			}
			p = p[used:]
			switch it.kind {
			case itemAudio:
				audio = append(audio, it.text...)
			case itemEvent:
				rest = append(rest, fmt.Sprintf("event %d at %d", it.code, len(audio)))
			case itemLine, itemLong:
				rest = append(rest, fmt.Sprintf("line %d %q at %d", it.kind, it.text, len(audio)))
			}
		}
	}
	return audio, rest
}

// pieces cuts b anywhere.
func pieces(t *rapid.T, b []byte) (all [][]byte) {
	for len(b) > 0 {
		n := rapid.IntRange(1, len(b)).Draw(t, "piece")
		all = append(all, b[:n])
		b = b[n:]
	}
	return all
}

var anyBytes = rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte{dle, dle, sub, etx, '\n', '\r', '5', 'X', '.'})), 0, 300)

func TestShieldedAudioComesBackHoweverItIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		audio := anyBytes.Draw(t, "audio")
		sent := shield(nil, audio)
		if rapid.Bool().Draw(t, "substitute") { // as modems may say two DLEs
			sent = bytes.ReplaceAll(sent, []byte{dle, dle, dle, dle}, []byte{dle, sub})
		}
		d := newDecoder()
		d.setVoice(true)
		d.first = false
		got, rest := decoded(&d, pieces(t, sent))
		if !bytes.Equal(got, audio) || len(rest) > 0 {
			t.Fatalf("%x came back as %x and %q", audio, got, rest)
		}
	})
}

func TestDecoderFindsTheSameHoweverItIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBytes.Draw(t, "bytes")
		voice := rapid.Bool().Draw(t, "voice")
		whole, cut := newDecoder(), newDecoder()
		whole.setVoice(voice)
		cut.setVoice(voice)
		audio, rest := decoded(&whole, [][]byte{b})
		audioCut, restCut := decoded(&cut, pieces(t, b))
		if !bytes.Equal(audio, audioCut) || !slices.Equal(rest, restCut) {
			t.Fatalf("%x: %x %q, in pieces %x %q", b, audio, rest, audioCut, restCut)
		}
	})
}

// As after a byte that was lost between the two of a pair.
func TestAReportThatDoesNotEndTakesLittleAudio(t *testing.T) {
	for _, silence := range []byte{0xD5, 0} {
		d := newDecoder()
		d.setVoice(true)
		said := append([]byte("\x10X"), bytes.Repeat([]byte{silence}, 8000)...)
		if audio, _ := decoded(&d, slices.Collect(slices.Chunk(said, 100))); len(audio) < len(said)-2-maxLine {
			t.Errorf("of %d samples behind it %d were heard", len(said)-2, len(audio))
		}
	}
}

func FuzzDecoder(f *testing.F) {
	for _, s := range []string{"\r\nRING\r\n", "\x10\x10\x10\x1a\x105\x10~\x10\x03\r\nOK\r\n", "\x10X1\rNMBR=5\r\x10.", "AT\r\r\nERROR\r\n"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, voice bool) {
		d := newDecoder()
		d.setVoice(voice)
		audio, _ := decoded(&d, [][]byte{b})
		if len(audio) > 2*len(b) || len(d.line) > maxLine {
			t.Errorf("%d bytes gave %d of audio, and a line of %d", len(b), len(audio), len(d.line))
		}
	})
}

func FuzzFormats(f *testing.F) {
	f.Add("0,\"SIGNED PCM\",8,0,(7200,8000,11025),(0,128,255),(0)\n128,\"8-BIT LINEAR\",(7200-11025)\n+VSM: 5,\"G.711A\",8,0,8000,0,0")
	f.Add("1,\"A,B(\",,((((,8000")
	f.Fuzz(func(t *testing.T, text string) {
		all := parseFormats(strings.Split(text, "\n"))
		if len(all) > maxFormats {
			t.Errorf("%d formats", len(all))
		}
		for _, m := range all {
			if m.id < 0 || m.id > 255 || m.coding == codingNone || m.coding >= nCoding {
				t.Errorf("%+v", m)
			}
		}
		if best, ok := choose(all, ""); ok != (len(all) > 0) || ok && !slices.Contains(all, best) {
			t.Errorf("the best of %v is %v", all, best)
		}
	})
}

// TestFormatsOfKnownModems holds what +VSM=? says, by modem.
func TestFormatsOfKnownModems(t *testing.T) {
	for line, want := range map[string]coding{
		`1,"UNSIGNED PCM",8,0,8000,0,0`:                        codingUnsigned8, // CX93001
		`129,"IMA ADPCM",4,0,8000,0,0`:                         codingNone,
		`128,"8-BIT LINEAR",(7200,8000,11025)`:                 codingUnsigned8, // USR5637
		`129,"16-BIT LINEAR",(7200,8000,11025)`:                codingLinear16,
		`130,"8-BIT ALAW",(8000)`:                              codingALaw,
		`131,"8-BIT ULAW",(8000)`:                              codingMuLaw,
		`133,"LINEAR 16",(8000)`:                               codingLinear16, // a soft modem
		`0,"SIGNED PCM",8,0,(7200,8000,11025),(0,128,255),(0)`: codingSigned8,  // V.253
		`4,"G.711U",8,0,(8000),(0,128,255),(0)`:                codingMuLaw,
		`5,"G.711A",8,0,(8000),(0,128,255),(0)`:                codingALaw,
		`1,"UNSIGNED PCM",8,0,(7200,11025),0,0`:                codingNone, // not at 8000
		`x,"UNSIGNED PCM",8,0,8000`:                            codingNone,
		`OK`:                                                   codingNone,
	} {
		got := codingNone
		if all := parseFormats([]string{line}); len(all) == 1 {
			got = all[0].coding
		}
		if got != want {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
}

func TestEachCodingIsUndone(t *testing.T) {
	for c := codingALaw; c < nCoding; c++ {
		rapid.Check(t, func(t *rapid.T) {
			pcm := rapid.SliceOfN(rapid.Int16(), 1, 50).Draw(t, "pcm")
			rest := -1
			var back []int16
			for _, p := range pieces(t, c.compress(nil, pcm)) {
				back = c.expand(back, p, &rest)
			}
			if len(back) != len(pcm) || rest >= 0 {
				t.Fatalf("%v: %d samples of %d", c, len(back), len(pcm))
			}
			for i, s := range pcm {
				if d := int(s) - int(back[i]); c.law() == driver.Linear && (d < -256 || d > 256 || c == codingLinear16 && d != 0) {
					t.Fatalf("%v: %d became %d", c, s, back[i])
				}
			}
		})
	}
}
