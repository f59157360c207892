package main

import (
	"fmt"
	"image"
	"image/color"
	"strconv"
)

// Where things are in the picture, in pixels.
const (
	marginLeft   = 64
	marginRight  = 92
	marginTop    = 16
	marginBottom = 40
	paneGap      = 24
	lineHeight   = 2 // of a line of the spectrum
	paneHeight   = fftLines * lineHeight
	tick         = 5
	fontScale    = 2
	barWidth     = 16
)

// The first colours are for axes; the rest go from weak to strong.
const (
	paper = iota
	ink
	firstLevel
	levels = 256 - firstLevel
)

// cividis is a colour map that grows steadily lighter and looks the same to
// people who confuse red and green (Nuñez, Anderton and Renslow, PLoS ONE 13,
// 2018): ten of its colours, evenly spaced.
func cividis() []color.RGBA {
	var out []color.RGBA
	for _, v := range []uint32{0x00204D, 0x00336F, 0x39486B, 0x575C6D, 0x707173, 0x8A8779, 0xA69D75, 0xC4B56C, 0xE4CF5B, 0xFFEA46} {
		out = append(out, color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255})
	}
	return out
}

func colours() color.Palette {
	out := color.Palette{color.RGBA{255, 255, 255, 255}, color.RGBA{0, 0, 0, 255}}
	map10 := cividis()
	for i := range levels {
		at := float64(i) / float64(levels-1) * float64(len(map10)-1)
		n := min(int(at), len(map10)-2)
		mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*(at-float64(n)) + 0.5) }
		a, b := map10[n], map10[n+1]
		out = append(out, color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255})
	}
	return out
}

// shade is the colour of a level.
func shade(dBm0 int) uint8 {
	v := min(max(dBm0, floorDBm0), topDBm0) - floorDBm0
	return uint8(firstLevel + v*(levels-1)/(topDBm0-floorDBm0))
}

// picture draws panes below each other over one time axis: frequency upwards,
// and on the right what the colours mean.
func picture(panes []*spectrum, samples int64) *image.Paletted {
	width := panes[0].columns
	height := marginTop + len(panes)*(paneHeight+paneGap) - paneGap + marginBottom
	c := canvas{image.NewPaletted(image.Rect(0, 0, marginLeft+width+marginRight, height), colours())}
	for i, p := range panes {
		top := marginTop + i*(paneHeight+paneGap)
		for x := range width {
			for line := range fftLines {
				y := top + (fftLines-1-line)*lineHeight
				c.fill(marginLeft+x, y, 1, lineHeight, shade(p.at(x, line)))
			}
		}
		c.frequencies(top)
		c.legend(marginLeft+width+tick+6, top)
	}
	c.times(marginLeft, height-marginBottom, width, samples)
	return c.Paletted
}

// frequencies is the axis on the left.
func (c canvas) frequencies(top int) {
	for hz := 0; hz <= rate/2; hz += 500 {
		y := top + paneHeight - 1 - hz*(paneHeight-1)/(rate/2)
		c.fill(marginLeft-tick, y, tick, 1, ink)
		if hz%1000 == 0 {
			c.text(marginLeft-tick-3, y-7*fontScale/2, right, strconv.Itoa(hz/1000))
		}
	}
	c.text(marginLeft-tick-3, top+paneHeight/16-7*fontScale/2+8, right, "kHz")
}

// legend is the bar on the right.
func (c canvas) legend(x, top int) {
	for y := range paneHeight {
		c.fill(x, top+y, barWidth, 1, shade(topDBm0-y*(topDBm0-floorDBm0)/(paneHeight-1)))
	}
	for l := floorDBm0; l <= topDBm0; l += 20 {
		y := top + (topDBm0-l)*(paneHeight-1)/(topDBm0-floorDBm0)
		c.fill(x+barWidth, y, tick, 1, ink)
		c.text(x+barWidth+tick+3, y-7*fontScale/2, left, strconv.Itoa(l))
	}
	c.text(x+barWidth+tick+3, top+paneHeight/16-7*fontScale/2+8, left, "dBm0")
}

// times is the axis below: seconds, or h:mm:ss where it is long.
func (c canvas) times(x, y, width int, samples int64) {
	step := timeStep(samples, width/90)
	for ms := int64(0); ms*rate <= samples*1000; ms += step {
		at := x + int(float64(ms)*rate/1000/float64(samples)*float64(width-1))
		c.fill(at, y, 1, tick, ink)
		c.text(at, y+tick+4, middle, clock(ms, step, samples >= 60*rate))
	}
	c.text(x+width+12, y+tick+4, left, "s")
}

// timeStep is the distance of ticks in milliseconds, so that there are no more
// than most.
func timeStep(samples int64, most int) int64 {
	length := samples * 1000 / rate
	step := int64(1)
	for _, s := range []int64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000,
		120000, 300000, 600000, 1200000, 1800000, 3600000, 7200000, 14400000, 28800000} {
		if step = s; length/s <= int64(most) {
			return s
		}
	}
	for length/step > int64(most) {
		step *= 2
	}
	return step
}

func clock(ms, step int64, long bool) string {
	s := ms / 1000
	switch {
	case long && s >= 3600:
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	case long:
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	digits := 0
	for unit := int64(1000); digits < 3 && step%unit != 0; unit /= 10 {
		digits++
	}
	return strconv.FormatFloat(float64(ms)/1000, 'f', digits, 64)
}

type canvas struct{ *image.Paletted }

func (c canvas) fill(x, y, w, h int, index uint8) {
	for j := y; j < y+h; j++ {
		for i := x; i < x+w; i++ {
			if (image.Point{X: i, Y: j}).In(c.Rect) {
				c.SetColorIndex(i, j, index)
			}
		}
	}
}

// Where a text lies with respect to its point.
type align int

const (
	left align = iota
	middle
	right
)

// text writes glyphs of 5×7 dots; what there is no glyph for is left blank.
func (c canvas) text(x, y int, a align, s string) {
	const advance = 6 * fontScale
	x -= int(a) * (len(s)*advance - fontScale) / 2
	for i := range len(s) {
		for row, dots := range glyph(s[i]) {
			for col := range 5 {
				if dots>>(4-col)&1 != 0 {
					c.fill(x+i*advance+col*fontScale, y+row*fontScale, fontScale, fontScale, ink)
				}
			}
		}
	}
}

// glyph is a character, row by row; the highest of five bits is on the left.
func glyph(ch byte) [7]byte {
	switch ch {
	case '0':
		return [7]byte{0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E}
	case '1':
		return [7]byte{0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E}
	case '2':
		return [7]byte{0x0E, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1F}
	case '3':
		return [7]byte{0x1F, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0E}
	case '4':
		return [7]byte{0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02}
	case '5':
		return [7]byte{0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E}
	case '6':
		return [7]byte{0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E}
	case '7':
		return [7]byte{0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}
	case '8':
		return [7]byte{0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E}
	case '9':
		return [7]byte{0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C}
	case '.':
		return [7]byte{6: 0x04}
	case ':':
		return [7]byte{2: 0x04, 5: 0x04}
	case '-':
		return [7]byte{3: 0x1F}
	case 'k':
		return [7]byte{0x10, 0x10, 0x12, 0x14, 0x18, 0x14, 0x12}
	case 'H':
		return [7]byte{0x11, 0x11, 0x11, 0x1F, 0x11, 0x11, 0x11}
	case 'z':
		return [7]byte{2: 0x1F, 3: 0x02, 4: 0x04, 5: 0x08, 6: 0x1F}
	case 's':
		return [7]byte{2: 0x0F, 3: 0x10, 4: 0x0E, 5: 0x01, 6: 0x1E}
	case 'd':
		return [7]byte{0x01, 0x01, 0x0D, 0x13, 0x11, 0x11, 0x0F}
	case 'B':
		return [7]byte{0x1E, 0x11, 0x11, 0x1E, 0x11, 0x11, 0x1E}
	case 'm':
		return [7]byte{2: 0x1A, 3: 0x15, 4: 0x15, 5: 0x15, 6: 0x15}
	}
	return [7]byte{}
}
