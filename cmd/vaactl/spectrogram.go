package main

import (
	"errors"
	"image/png"
	"io"
	"math"
	"math/bits"
	"math/cmplx"

	"vaad/dsp"
)

type spectrogramCmd struct {
	File string `arg:"" type:"path"`
	Out  string `short:"o" required:"" type:"path" placeholder:"FILE.png"`
	source
}

// The picture shows levels from floorDBm0 to topDBm0. A window has fftSize
// samples: 64 ms, and 15.6 Hz from line to line.
const (
	fftBits   = 9
	fftSize   = 1 << fftBits
	fftLines  = fftSize/2 + 1
	floorDBm0 = -80
	topDBm0   = 0
	minWidth  = 400
	maxWidth  = 1600
	maxPanes  = 8 // channels
)

// Run draws one pane for each channel.
func (c spectrogramCmd) Run(s *session) error {
	in, err := s.openSized(c.File, c.source, 0)
	if err != nil {
		return err
	}
	return errors.Join(c.draw(s, in), in.Close())
}

func (c spectrogramCmd) draw(s *session, in *audio) error {
	if err := s.notItself(in, c.Out); err != nil {
		return err
	}
	if in.samples == 0 {
		return s.refusal("audio-empty", "file", c.File)
	}
	var panes []*spectrum
	for range min(in.channels, maxPanes) {
		panes = append(panes, newSpectrum(in.samples))
	}
	if err := in.each(func(block [][]int16) error {
		for i, p := range panes {
			p.add(block[i])
		}
		return nil
	}); err != nil {
		return err
	}
	for _, p := range panes {
		p.finish()
	}
	return s.save(c.Out, false, func(w io.Writer) error {
		if err := png.Encode(w, picture(panes, in.samples)); err != nil {
			return notWritten(c.Out, err)
		}
		return nil
	})
}

// A spectrum collects the columns of one pane. Windows lie evenly over the
// file, at most fftSize/2 apart; where several fall on one column, each line
// shows the strongest, so that a short tone is seen in a long recording.
type spectrum struct {
	length  int64 // samples of the file
	columns int
	each    int // windows of a column
	next    int // window
	base    int64
	buf     []int16 // samples from base on
	fft     *fft
	power   []float64 // of each line of the column
	level   []int8    // dBm0; columns × fftLines
}

func newSpectrum(length int64) *spectrum {
	columns := int(min(max(length/16, minWidth), maxWidth))
	step := length / int64(columns)
	return &spectrum{
		length: length, columns: columns, each: int(step/(fftSize/2)) + 1,
		base: -fftSize / 2, buf: make([]int16, fftSize/2, 4*fftSize), // silence before the first sample
		fft: newFFT(), power: make([]float64, fftLines), level: make([]int8, 0, columns*fftLines),
	}
}

// centre is the sample in the middle of a window.
func (p *spectrum) centre(window int) int64 {
	share := float64(2*window+1) / float64(2*p.columns*p.each)
	return min(p.length-1, int64(share*float64(p.length)))
}

// add takes the next samples.
func (p *spectrum) add(block []int16) {
	for len(block) > 0 {
		n := min(len(block), fftSize)
		p.buf = append(p.buf, block[:n]...)
		block = block[n:]
		p.work()
	}
}

// finish takes silence behind the last sample until all columns are there.
func (p *spectrum) finish() { p.add(make([]int16, fftSize)) }

func (p *spectrum) work() {
	for p.next < p.columns*p.each {
		from := p.centre(p.next) - fftSize/2
		if keep := from - p.base; keep > 0 { // what lies before is done with
			gone := int(min(keep, int64(len(p.buf))))
			p.buf = p.buf[:copy(p.buf, p.buf[gone:])]
			p.base += int64(gone)
		}
		if p.base != from || len(p.buf) < fftSize {
			return
		}
		for i, v := range p.fft.powers(p.buf[:fftSize]) {
			p.power[i] = max(p.power[i], v)
		}
		if p.next++; p.next%p.each == 0 {
			for i, v := range p.power {
				p.level = append(p.level, int8(math.Round(dsp.DBm0(v))))
				p.power[i] = 0
			}
		}
	}
	p.buf = p.buf[:0]
}

// at is the level of a line in a column, in dBm0.
func (p *spectrum) at(column, line int) int { return int(p.level[column*fftLines+line]) }

// An fft is a radix-2 Fourier transform of windows of fftSize samples under a
// Hann window (Harris, Proceedings of the IEEE 66, 1978).
type fft struct {
	hann  [fftSize]float64
	turn  [fftSize / 2]complex128
	data  [fftSize]complex128
	lines [fftLines]float64
}

func newFFT() *fft {
	f := &fft{}
	for i := range f.hann {
		f.hann[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/fftSize)
	}
	for i := range f.turn {
		f.turn[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/fftSize)
	}
	return f
}

// powers returns the mean square of a sine that would show as strong in each
// line. The slice is valid until the next call.
func (f *fft) powers(window []int16) []float64 {
	for i, v := range window {
		f.data[bits.Reverse16(uint16(i))>>(16-fftBits)] = complex(float64(v)*f.hann[i], 0)
	}
	for size := 2; size <= fftSize; size *= 2 {
		half, stride := size/2, fftSize/size
		for start := 0; start < fftSize; start += size {
			lower, upper := f.data[start:start+half], f.data[start+half:start+size]
			for i := range lower {
				t := upper[i] * f.turn[i*stride]
				lower[i], upper[i] = lower[i]+t, lower[i]-t
			}
		}
	}
	// A sine of peak A gives A·fftSize/4 in its line: half of it lies at the
	// negative frequency, and the mean of the window is one half. Its mean
	// square is A²/2.
	const scale = 0.5 * (4.0 / fftSize) * (4.0 / fftSize)
	for i := range f.lines {
		re, im := real(f.data[i]), imag(f.data[i])
		f.lines[i] = (re*re + im*im) * scale
	}
	return f.lines[:]
}
