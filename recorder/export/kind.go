package export

import (
	"fmt"

	"vaad/dsp/wav"
	"vaad/recorder/archive"
)

// A Kind is a format that recordings can be had in.
type Kind struct {
	Name      string // as the API names it
	Ext       string // of its files, with the dot
	MediaType string
	Stereo    bool // it can have two channels
	Lossless  bool // what comes out of it is what the recording has
	Rate      int  // samples per second
	Part      bool // a part of a recording can be had

	wav     wav.Format // 0: of another shape
	bare    bool       // without a head
	program string     // that encodes it; "" = none is needed
}

// Names of kinds that need more than a codec.
const (
	Original = "original" // the stored file, byte for byte; one per side
	FLAC     = "flac"
	MP3      = "mp3"
	Opus     = "opus"
)

// Kinds lists all formats, whether they can be had here or not.
func Kinds() []Kind {
	wave := func(name string, f wav.Format, stereo, lossless bool) Kind {
		return Kind{Name: name, Ext: ".wav", MediaType: "audio/wav", Stereo: stereo, Lossless: lossless, Rate: wav.Rate, Part: true, wav: f}
	}
	raw := func(name, ext string, f wav.Format, rate int) Kind {
		return Kind{Name: name, Ext: ext, MediaType: "application/octet-stream", Rate: rate, Part: true, wav: f, bare: true}
	}
	return []Kind{
		wave(string(Native), 0, true, true),
		wave(string(PCM16), wav.PCM16, true, true),
		{Name: Original, Ext: ".wav", MediaType: "audio/wav", Lossless: true, Rate: wav.Rate},
		wave("alaw", wav.ALaw, true, false),
		wave("ulaw", wav.MuLaw, true, false),
		wave("ima", wav.IMA, false, false),
		wave("gsm", wav.GSM, false, false),
		raw("gsm-raw", ".gsm", wav.GSM, wav.Rate),
		raw("vox", ".vox", wav.VOX, wav.Rate),
		raw("vox-6k", ".vox", wav.VOX, 6000),
		{Name: FLAC, Ext: ".flac", MediaType: "audio/flac", Stereo: true, Lossless: true, Rate: wav.Rate, Part: true},
		{Name: MP3, Ext: ".mp3", MediaType: "audio/mpeg", Stereo: true, Rate: mp3Rate, Part: true, program: MP3},
		{Name: Opus, Ext: ".opus", MediaType: "audio/ogg", Stereo: true, Rate: wav.Rate, Part: true, program: Opus},
	}
}

// KindOf is the kind of that name.
func KindOf(name string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// A Layout says what becomes of the sides of a recording.
type Layout string

const (
	Auto   Layout = ""       // stereo where the kind has two channels, else mixed; original: each
	Stereo Layout = "stereo" // the first side left, the second right
	Mixed  Layout = "mixed"  // added up, in one channel
	Each   Layout = "each"   // one file per side
	Left   Layout = "network"
	Right  Layout = "local"
)

// An Output is one file of a recording: which sides it is made of.
type Output struct {
	Sides []string
	Side  string // what to call it: a side, stereo or mixed
	Mix   bool
}

// A RefusedError says why a layout cannot be had.
type RefusedError struct {
	Code   string // no-side, mono-only, original-sides or whole-only
	Detail string
}

func (e *RefusedError) Error() string { return "export: " + e.Code + ": " + e.Detail }

// Outputs is which files a recording with these sides becomes.
func (k Kind) Outputs(l Layout, sides []string) ([]Output, error) {
	if len(sides) == 0 {
		return nil, &RefusedError{"no-side", "the recording has no audio"}
	}
	if l == Auto {
		switch {
		case k.Name == Original:
			l = Each
		case k.Stereo:
			l = Stereo
		default:
			l = Mixed
		}
	}
	if k.Name == Original && (l == Stereo || l == Mixed) && len(sides) > 1 {
		return nil, &RefusedError{"original-sides", fmt.Sprintf("%s is one file per side", k.Name)}
	}
	if len(sides) == 1 && (l == Stereo || l == Mixed) {
		return []Output{{Sides: sides, Side: sides[0]}}, nil
	}
	var out []Output
	switch l {
	case Stereo:
		if !k.Stereo {
			return nil, &RefusedError{"mono-only", fmt.Sprintf("%s has one channel", k.Name)}
		}
		return []Output{{Sides: sides, Side: string(Stereo)}}, nil
	case Mixed:
		return []Output{{Sides: sides, Side: string(Mixed), Mix: true}}, nil
	default:
		for _, s := range sides {
			if l == Each || string(l) == s {
				out = append(out, Output{Sides: []string{s}, Side: s})
			}
		}
	}
	if len(out) == 0 {
		return nil, &RefusedError{"no-side", fmt.Sprintf("there is no side %q among %q", l, sides)}
	}
	return out, nil
}

// exact says whether audio in the kind can be the recording's own bytes, so that
// not even what decoding leaves out is lost.
func (k Kind) exact(audio []*archive.Audio) bool {
	for _, a := range audio {
		if a.Codec.Coded() || native(a.Codec) != k.wav {
			return false
		}
	}
	return k.wav != 0 && !k.bare && k.Rate == wav.Rate
}

// Bytes is about what so many samples in so many channels take.
func (k Kind) Bytes(samples int64, channels int) int64 {
	per := func(bitsPerSecond int64) int64 { return samples * bitsPerSecond / wav.Rate / 8 }
	switch {
	case k.Name == FLAC || k.wav == wav.PCM16 || k.Name == string(Native):
		return per(128_000) * int64(channels)
	case k.Name == MP3 || k.Name == Opus:
		return per(32_000) * int64(channels)
	case k.wav == wav.GSM:
		return per(13_200) * int64(channels)
	case k.wav == wav.IMA || k.wav == wav.VOX:
		return per(33_000) * int64(channels)
	}
	return per(64_000) * int64(channels)
}
