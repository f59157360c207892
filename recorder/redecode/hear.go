package redecode

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"vaad/channels/ears"
	"vaad/dsp"
	"vaad/dsp/callerid"
	"vaad/dsp/g711"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
)

const (
	blockLen = 20 * dsp.MS  // as on a live line
	tail     = 600 * dsp.MS // of silence behind the end, so that what ends there is told
	// maxFacts bounds what one side may tell: keys for an hour, ten a second.
	maxFacts = 36_000
	// maxSamples is 24 hours, longer than any recording.
	maxSamples = 24 * 3600 * dsp.Rate
)

// ErrAudio is what Hear returns for audio that it cannot read.
var ErrAudio = errors.New("audio that cannot be decoded")

// A Side is one side of a recording.
type Side struct {
	Name string
	WAV  io.Reader // one channel of 16-bit PCM or G.711 at 8000 samples per second
}

// A Setting is what a side was listened to for, and what of it is no audio.
type Setting struct {
	Country string // ISO 3166, upper case; "": China
	hook    []span // where the line is off-hook; nil: not known
	known   bool   // … it is
	rings   []span // bursts
	silent  []silence
	pulses  bool // a dial may be heard
}

// A span is [from, to) in samples.
type span struct{ from, to int64 }

type silence struct {
	span
	side string // "": every side
}

// From makes of a story what was listened for. Without a story everything is
// listened for.
func From(country string, story []archive.Entry, samples int64) Setting {
	s := Setting{Country: country}
	off, ring := int64(-1), int64(-1)
	for i := range story {
		e := &story[i]
		switch e.Kind {
		case "off-hook":
			if off < 0 {
				off = e.At
			}
			s.known = true
		case "on-hook":
			if !s.known { // it was off-hook when the story began
				off = 0
			}
			s.known = true
			if off >= 0 {
				s.hook = append(s.hook, span{off, e.At})
			}
			off = -1
		case "ring-begin":
			ring = e.At
		case "ring-end":
			if ring >= 0 {
				s.rings = append(s.rings, span{ring, e.At})
			}
			ring = -1
		case "digit":
			s.pulses = s.pulses || e.Code == "pulses" || e.Code == "pulse"
		case archive.EntryGap, archive.EntryMasked, archive.EntryDamaged, "muted":
			s.silent = append(s.silent, silence{span{e.At, e.At + max(0, e.Value)}, e.Side})
		}
	}
	if off >= 0 {
		s.hook = append(s.hook, span{off, samples + tail})
	}
	return s
}

// offHook says whether the story tells that the line is.
func (s *Setting) offHook(at int64) bool { return in(s.hook, at) }

func in(all []span, at int64) bool {
	return slices.ContainsFunc(all, func(x span) bool { return x.from <= at && at < x.to })
}

// senses is what is listened for in the block that begins at a sample.
func (s *Setting) senses(at int64) ears.Senses {
	switch {
	case in(s.rings, at):
		return ears.Messages
	case s.known && !s.offHook(at):
		return ears.Messages | ears.Keys
	case s.pulses:
		return ears.Everything | ears.Pulses
	}
	return ears.Everything
}

// quiet is up to where nothing can be heard from a sample on; at where it can.
func (s *Setting) quiet(side string, at int64) (until int64) {
	until = at
	for again := true; again; {
		again = false
		for _, x := range s.silent {
			if (x.side == "" || side == "" || x.side == side) && x.from <= until && until < x.to {
				until, again = x.to, true
			}
		}
	}
	return until
}

// Heard is whether a stretch is in the audio at all.
func (s *Setting) Heard(f *Fact, samples int64) bool {
	if f.At < 0 || f.At >= samples {
		return false
	}
	return s.quiet(f.Side, f.At) <= f.At+f.Length/2
}

// A found is what one side's ears have told so far.
type found struct {
	set  *Setting
	side string
	all  []Fact
	open map[string]int
}

// Hear lets today's detectors listen to one side. It returns what they found, in
// the order of time, and how many samples there were. Errors: ErrAudio, those of
// the reader, and ctx's.
func (s *Setting) Hear(ctx context.Context, side Side) (facts []Fact, samples int64, err error) {
	in, err := wav.Parse(side.WAV)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrAudio, err)
	}
	if in.Channels != 1 || in.Rate != dsp.Rate || in.Format != wav.PCM16 && in.Format != wav.ALaw && in.Format != wav.MuLaw {
		return nil, 0, fmt.Errorf("%w: %v, %d channels at %d Hz", ErrAudio, in.Format, in.Channels, in.Rate)
	}
	r := io.Reader(side.WAV)
	if in.DataBytes >= 0 {
		r = io.LimitReader(r, in.DataBytes)
	}
	f := found{set: s, side: side.Name, open: map[string]int{}}
	e := ears.New(cmp.Or(s.Country, "CN"))
	raw := make([]byte, blockLen*in.Format.SampleBytes())
	pcm := make([]int16, blockLen)
	told := make([]ears.Finding, 0, 64)
	for samples < maxSamples && len(f.all) < maxFacts {
		if samples%(dsp.Rate*10) == 0 && ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		n, rerr := io.ReadFull(r, raw)
		n /= in.Format.SampleBytes()
		decode(pcm[:n], raw, in.Format)
		s.listen(e, &f, told, pcm[:n], samples)
		samples += int64(n)
		if rerr != nil {
			if rerr != io.EOF && rerr != io.ErrUnexpectedEOF {
				return nil, 0, rerr
			}
			break
		}
	}
	clear(pcm)
	for at := samples; at < samples+tail; at += blockLen {
		f.take(e.Hear(told[:0], s.senses(min(at, samples-1)), pcm, at))
	}
	f.take(e.Rest(told[:0]))
	return f.over(samples), samples, nil
}

// listen gives the ears a block that begins at a sample, without what is no audio.
func (s *Setting) listen(e *ears.Ears, f *found, told []ears.Finding, pcm []int16, at int64) {
	for end := at + int64(len(pcm)); at < end; {
		if until := s.quiet(f.side, at); until > at {
			n := min(until, end) - at
			pcm, at = pcm[n:], at+n
			continue
		}
		next := end
		for _, x := range s.silent {
			if (x.side == "" || f.side == "" || x.side == f.side) && x.from > at && x.from < next {
				next = x.from
			}
		}
		f.take(e.Hear(told[:0], s.senses(at), pcm[:next-at], at))
		pcm, at = pcm[next-at:], next
	}
}

func decode(dst []int16, raw []byte, format wav.Format) {
	switch format {
	case wav.ALaw:
		g711.Decode(dst, raw[:len(dst)], g711.ALaw)
	case wav.MuLaw:
		g711.Decode(dst, raw[:len(dst)], g711.MuLaw)
	default:
		for i := range dst {
			dst[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	}
}

func (f *found) take(all []ears.Finding) {
	for i := range all {
		x := &all[i]
		switch x.Kind {
		case ears.Key, ears.Pulse:
			kind := Key
			if x.Kind == ears.Pulse {
				kind = Pulse
			}
			f.add(Fact{Kind: kind, At: x.At, Length: x.Length, Text: string(rune(x.Key)), Sure: x.Sure})
		case ears.VoiceBegin:
			f.begin(Fact{Kind: Voice, At: x.At, Sure: x.Sure})
		case ears.VoiceEnd:
			f.end(Voice, "", x.At)
		case ears.ToneBegin:
			f.begin(Fact{Kind: Tone, At: x.At, Text: x.Tone.String()})
		case ears.ToneEnd:
			f.end(Tone, x.Tone.String(), x.At)
		case ears.ModemBegin:
			f.begin(Fact{Kind: Modem, At: x.At, Text: x.Modem.String()})
		case ears.ModemEnd:
			f.end(Modem, x.Modem.String(), x.At)
		case ears.Message:
			if f.believes(x.Message) {
				f.add(message(x.Message))
			}
		case ears.Damaged:
			f.add(Fact{Kind: Damaged, At: x.At})
		}
	}
}

// believes says whether a message is one: keys are on a line that is on-hook, or
// where A or D is before and a letter behind them, as no telephone sends.
func (f *found) believes(m *callerid.Message) bool {
	if m.Coding != callerid.DTMF {
		return true
	}
	if f.set.known {
		return !f.set.offHook(m.At)
	}
	d := m.Data()
	letter := func(k byte) bool { return k >= 'A' && k <= 'D' }
	return len(d) > 2 && (d[0] == 'A' || d[0] == 'D') && letter(d[len(d)-1])
}

// message is a caller ID message as a fact.
func message(m *callerid.Message) Fact {
	number, absent := m.Caller()
	name, _ := m.CallerName()
	f := Fact{Kind: CallerID, At: m.At, Length: m.End - m.At, Text: number, Name: name, By: m.Coding.String()}
	switch absent {
	case callerid.Private:
		f.Absent = "private"
	case callerid.OutOfArea:
		f.Absent = "out-of-area"
	}
	return f
}

func (f *found) add(x Fact) {
	x.Side = f.side
	f.all = append(f.all, x)
}

func (f *found) begin(x Fact) {
	f.open[x.Kind+" "+x.Text] = len(f.all)
	f.add(x)
}

func (f *found) end(kind, text string, at int64) {
	if i, ok := f.open[kind+" "+text]; ok {
		f.all[i].Length = max(0, at-f.all[i].At)
		delete(f.open, kind+" "+text)
	}
}

// over cuts what reaches behind the end, and takes out the keys that a caller ID is made of.
func (f *found) over(samples int64) []Fact {
	for _, i := range f.open {
		f.all[i].Length = max(0, samples-f.all[i].At)
	}
	var ids []span
	for i := range f.all {
		x := &f.all[i]
		x.At = min(x.At, samples)
		x.Length = min(x.Length, samples-x.At)
		if x.Kind == CallerID && x.By == callerid.DTMF.String() {
			ids = append(ids, span{x.At, x.end()})
		}
	}
	all := slices.DeleteFunc(f.all, func(x Fact) bool {
		return x.Kind == Key && slices.ContainsFunc(ids, func(s span) bool { return s.from <= x.At && x.At < s.to })
	})
	sortFacts(all)
	return all
}
