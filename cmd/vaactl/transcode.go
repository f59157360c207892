package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"vaad/dsp/adpcm"
	"vaad/dsp/codec"
	"vaad/dsp/g726"
	"vaad/dsp/mix"
	"vaad/dsp/wav"
)

type transcodeCmd struct {
	In    string `arg:"" type:"path"`
	Out   string `arg:"" type:"path"`
	Codec string `required:"" enum:"alaw,ulaw,ima,vox,vox-sox,g726-32,gsm,pcm16" placeholder:"CODEC"`
	Side  string `placeholder:"SIDE"`
	source
}

func (c transcodeCmd) Run(s *session) error {
	bare, err := c.bare(s)
	if err != nil {
		return err
	}
	in, err := s.openSized(c.In, c.source, lawOf(c.Codec))
	if err != nil {
		return err
	}
	return errors.Join(c.transcode(s, in, bare), in.Close())
}

func (c transcodeCmd) transcode(s *session, in *audio, bare bool) error {
	if err := s.notItself(in, c.Out); err != nil {
		return err
	}
	pick, err := s.side(in, c.Side)
	if err != nil {
		return err
	}
	if in.samples == 0 {
		return s.refusal("audio-empty", "file", c.In)
	}
	enc, format, err := c.encoder(bare)
	if err != nil {
		return err
	}
	return s.save(c.Out, false, func(w io.Writer) error {
		bytes := codec.Bytes(format, bare, in.samples)
		if !bare {
			head := wav.Spec{Format: format, Rate: rate, Channels: 1}.HeaderOf(bytes, in.samples)
			if _, err := w.Write(head); err != nil {
				return notWritten(c.Out, err)
			}
		}
		var code []byte
		var written int64
		put := func() error {
			written += int64(len(code))
			_, err := w.Write(code)
			code = code[:0]
			if err != nil {
				return notWritten(c.Out, err)
			}
			return nil
		}
		if err := in.each(func(block [][]int16) error {
			code = enc.Encode(code, pick(block))
			return put()
		}); err != nil {
			return err
		}
		code = enc.Flush(code)
		if written+int64(len(code)) != bytes { // the head would not be true
			return fmt.Errorf("write %s: %d bytes of %s for %d samples, not %d", c.Out, written+int64(len(code)), c.Codec, in.samples, bytes)
		}
		if !bare && wav.Pad(bytes) > 0 {
			code = append(code, 0)
		}
		return put()
	})
}

// bare says whether OUT gets no head, and refuses names that would tell
// something else of it.
func (c transcodeCmd) bare(s *session) (bool, error) {
	ext := strings.ToLower(filepath.Ext(c.Out))
	vox := c.Codec == "vox" || c.Codec == "vox-sox"
	named := bareNames()[ext]
	switch {
	case vox && (ext == ".wav" || named != "" && named != "vox"):
		return false, usageError{s.refusal("transcode-vox", "file", c.Out)}
	case vox, named == "gsm" && c.Codec == "gsm":
		return true, nil
	case named != "":
		return false, usageError{s.refusal("transcode-name", "file", c.Out, "codec", c.Codec)}
	}
	return false, nil
}

// notItself refuses to write into the file that is read, under whatever name.
func (s *session) notItself(in *audio, out string) error {
	a, err := in.file.Stat()
	if err != nil {
		return err
	}
	if b, err := os.Stat(out); err == nil && os.SameFile(a, b) {
		return usageError{s.refusal("transcode-itself", "file", out)}
	}
	return nil
}

// side is what takes one channel out of a block.
func (s *session) side(in *audio, name string) (func([][]int16) []int16, error) {
	n := 1
	switch name {
	case "":
		if in.channels > 1 {
			return nil, usageError{s.refusal("audio-sides", "file", in.name, "count", strconv.Itoa(in.channels))}
		}
	case "left":
	case "right":
		n = 2
	case "mixed":
		if in.channels == 2 {
			return mixed(), nil
		}
		if in.channels > 2 {
			n = 0
		}
	default:
		n, _ = strconv.Atoi(name)
	}
	if n < 1 || n > in.channels {
		return nil, usageError{s.refusal("audio-no-side", "file", in.name, "side", printable(name), "count", strconv.Itoa(in.channels))}
	}
	return func(block [][]int16) []int16 { return block[n-1] }, nil
}

func mixed() func([][]int16) []int16 {
	var both []int16
	return func(block [][]int16) []int16 {
		both = append(both[:0], block[0]...)
		mix.Mix(both, both, block[1])
		return both
	}
}

// lawOf is the law of a codec, 0 where it has none.
func lawOf(codec string) g726.Law {
	switch codec {
	case "alaw":
		return g726.ALaw
	case "ulaw":
		return g726.MuLaw
	}
	return 0
}

// encoder makes what writes the codec, and says which format the head has.
func (c transcodeCmd) encoder(bare bool) (codec.Encoder, wav.Format, error) {
	f := wav.PCM16
	switch c.Codec {
	case "alaw":
		f = wav.ALaw
	case "ulaw":
		f = wav.MuLaw
	case "ima":
		f = wav.IMA
	case "vox":
		f = wav.VOX
	case "vox-sox":
		return adpcm.NewVOXEncoder(adpcm.SoX), wav.VOX, nil
	case "g726-32":
		f = wav.G726At32
	case "gsm":
		f = wav.GSM
	}
	e, err := codec.New(f, bare)
	return e, f, err
}
