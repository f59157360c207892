package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"vaad/dsp/codec"
	"vaad/dsp/g726"
	"vaad/dsp/gsm"
	"vaad/dsp/resample"
	"vaad/dsp/wav"
)

// rate is all that the detectors and telephone codecs know, in samples per second.
const rate = wav.Rate

// source says what the commands that read audio files can be told about one.
type source struct {
	From string `enum:",alaw,ulaw,pcm16,vox,vox-sox,g726-16,g726-24,g726-32,g726-40,g726-32-rtp,gsm" default:"" placeholder:"CODEC"`
}

// endless is the length of what ends where it ends.
const endless = math.MaxInt64

// audio is a file or stream that is read from beginning to end in blocks.
type audio struct {
	s        *session
	name     string
	codec    string // as --codec and --from name it
	channels int
	samples  int64  // of each channel, at 8 kHz; endless where that is not known before
	file     opened // nil for standard input
	data     io.Reader
	dec      codec.Decoder
	law      g726.Law

	code  []byte
	block []int16
	sides [][]int16
	whole int64 // samples of each channel as the file has them; endless as samples
	taken int64 // of these
	read  int64 // samples of each channel so far, at 8 kHz

	rates []*resample.Converter // of each channel, where the file has another rate
	at8k  [][]int16
}

// opened is a file, or the content of an encrypted one.
type opened interface {
	io.Closer
	Stat() (os.FileInfo, error)
}

// openAudio opens a file of any format that dsp knows, or standard input, which
// is "-". G.726 is decoded to the nearest code of law, unless that is 0: then
// octets that once went from G.711 to G.726 come back as they were (ITU-T G.726
// clause 4.2.8).
func (s *session) openAudio(name string, src source, law g726.Law) (*audio, error) {
	a := &audio{s: s, name: name, channels: 1, law: law}
	in, err := s.open(name)
	if err != nil {
		return nil, err
	}
	size := int64(endless)
	switch f := in.(type) {
	case *loose:
		a.file, size = f, f.Size()
	case *os.File:
		a.file = f
		fi, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if fi.Mode().IsRegular() {
			size = fi.Size()
		}
	}
	if err := a.head(bufio.NewReaderSize(in, 1<<16), size, src.From); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// openSized opens audio whose length is known before it is read, which pipes
// have not.
func (s *session) openSized(name string, src source, law g726.Law) (*audio, error) {
	a, err := s.openAudio(name, src, law)
	if err == nil && a.samples == endless {
		err = errors.Join(s.refusal("audio-no-length", "file", name), a.Close())
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// head reads what stands before the samples of a file or stream of that size.
func (a *audio) head(r *bufio.Reader, size int64, from string) error {
	first, err := r.Peek(12)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read %s: %w", a.name, err)
	}
	if len(first) == 0 {
		return a.s.refusal("audio-empty", "file", a.name)
	}
	if len(first) < 12 || string(first[8:]) != "WAVE" {
		return a.bare(r, first, size, from)
	}
	in, err := wav.ParseAny(r)
	if errors.Is(err, wav.ErrNotWAV) {
		return a.s.refusal("audio-unknown", "file", a.name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", a.name, err, a.s.t("cli.audio-head.remedy"))
	}
	a.codec, a.channels = in.Format.String(), in.Channels
	if from != "" && from != a.codec {
		if a.codec != "vox" || from != "vox-sox" {
			return a.s.refusal("audio-from", "file", a.name, "codec", a.codec)
		}
		a.codec = from
	}
	bytes := in.DataBytes
	if size != endless {
		room := max(0, size-in.DataOffset)
		if bytes > room { // a copy that broke off: what is there is good
			tell(a.s.err, "vaactl:", a.s.t("cli.audio-cut", "file", a.name, "bytes", strconv.FormatInt(bytes-room, 10)))
		}
		if bytes < 0 || bytes > room {
			bytes = room
		}
	}
	a.samples, a.data = endless, r
	if bytes >= 0 {
		a.samples = in.Length(bytes)
		a.data = io.LimitReader(r, bytes)
	}
	if in.Format.Coded() && in.Samples > 0 { // the last block may be padded
		a.samples = min(a.samples, in.Samples)
	}
	if err := a.decoder(gsm.WAV49, in.Block); err != nil || in.Rate == rate {
		return err
	}
	for range a.channels {
		c, err := resample.New(in.Rate, rate)
		if err != nil {
			return a.s.refusal("audio-rate", "file", a.name, "rate", strconv.Itoa(in.Rate))
		}
		a.rates = append(a.rates, c)
	}
	a.at8k = make([][]int16, a.channels)
	if a.samples != endless {
		a.samples = (a.samples*rate + int64(in.Rate) - 1) / int64(in.Rate)
	}
	return nil
}

// bareNames are the codecs that the ends of file names stand for, where the
// file has no head.
func bareNames() map[string]string {
	return map[string]string{
		".vox": "vox", ".gsm": "gsm", ".g726": "g726-32",
		".al": "alaw", ".alaw": "alaw", ".ul": "ulaw", ".ulaw": "ulaw", ".sln": "pcm16",
	}
}

// bare is a file or stream that begins with its first sample.
func (a *audio) bare(r io.Reader, first []byte, size int64, from string) error {
	a.codec = from
	if a.codec == "" {
		a.codec = bareNames()[strings.ToLower(filepath.Ext(a.name))]
	}
	if a.codec == "" {
		return a.s.refusal("audio-unknown", "file", a.name)
	}
	if a.codec == "gsm" && first[0]>>4 != 0xD { // RFC 3551 clause 4.5.8.1
		return a.s.refusal("audio-gsm", "file", a.name)
	}
	a.data, a.samples = r, endless
	if size != endless {
		var rest int64
		if a.samples, rest = bareSamples(a.codec, size); rest > 0 {
			tell(a.s.err, "vaactl:", a.s.t("cli.audio-rest", "file", a.name, "bytes", strconv.FormatInt(rest, 10)))
		}
	}
	return a.decoder(gsm.Raw, 0)
}

func (a *audio) decoder(packing gsm.Packing, block int) (err error) {
	if a.dec, err = newDecoder(a.codec, packing, block, a.law); err != nil {
		return fmt.Errorf("%s: %w\n%s", a.name, err, a.s.t("cli.audio-head.remedy"))
	}
	a.code = make([]byte, 4096*a.channels) // whole samples of all channels
	a.sides = make([][]int16, a.channels)
	a.whole = a.samples
	return nil
}

// Close closes the file.
func (a *audio) Close() error {
	if a.file == nil {
		return nil
	}
	return a.file.Close()
}

// next returns the next block at 8 kHz, one slice per channel, all of one length
// and valid until the next call; io.EOF at the end. What pads the last block of
// a coded file is left out.
func (a *audio) next() ([][]int16, error) {
	for {
		block, err := a.raw()
		if err == nil && a.rates != nil {
			for c, r := range a.rates {
				a.at8k[c] = r.Process(a.at8k[c][:0], block[c])
			}
			block = a.at8k
		}
		if err == io.EOF && a.rates != nil {
			for c, r := range a.rates {
				a.at8k[c] = r.Flush(a.at8k[c][:0])
			}
			block, a.rates, err = a.at8k, nil, nil
		}
		if err != nil {
			return nil, err
		}
		if n := len(block[0]); n > 0 {
			a.read += int64(n)
			return block, nil
		}
	}
}

// raw is next at the rate of the file.
func (a *audio) raw() ([][]int16, error) {
	for a.taken < a.whole {
		if err := a.s.ctx.Err(); err != nil {
			return nil, err
		}
		n, err := io.ReadFull(a.data, a.code)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("read %s: %w", a.name, err)
		}
		if n == 0 {
			break
		}
		a.block = a.dec.Decode(a.block[:0], a.code[:n])
		all := int(min(a.whole-a.taken, int64(len(a.block)/a.channels)))
		a.taken += int64(all)
		if all > 0 {
			a.split(a.block[:all*a.channels])
			return a.sides, nil
		}
	}
	if a.taken < a.whole && a.whole != endless {
		return nil, a.s.refusal("audio-short", "file", a.name, "samples", strconv.FormatInt(a.whole-a.taken, 10))
	}
	if d, ok := a.dec.(*gsm.Decoder); ok && d.Bad > 0 {
		tell(a.s.err, "vaactl:", a.s.t("cli.audio-bad-frames", "file", a.name, "count", strconv.Itoa(d.Bad)))
		d.Bad = 0
	}
	return nil, io.EOF
}

// each calls fn with one block after the other.
func (a *audio) each(fn func(block [][]int16) error) error {
	for {
		block, err := a.next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = fn(block)
		}
		if err != nil {
			return err
		}
	}
}

// split takes interleaved samples apart.
func (a *audio) split(samples []int16) {
	if a.channels == 1 {
		a.sides[0] = samples
		return
	}
	for c := range a.sides {
		side := a.sides[c][:0]
		for i := c; i < len(samples); i += a.channels {
			side = append(side, samples[i])
		}
		a.sides[c] = side
	}
}
