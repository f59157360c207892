package peers

import (
	"encoding/hex"
	"math"
	"testing"

	"vaad/dsp"
)

// fskKind is how a caller ID is sent.
type fskKind struct {
	name        string // as the driver calls its receiver
	says        string
	mark, space float64 // Hz
}

var fskKinds = []fskKind{{"class", "Bell 202", 1200, 2200}, {"clip", "V.23", 1300, 2100}}

// bent is what a line or a sender does to a message.
type bent struct {
	level float64 // dBm0 of the stronger tone
	twist float64 // dB by which mark is stronger
	hz    float64 // error of the frequencies, as a part
	baud  float64 // error of the rate, as a part
}

// message lays a caller ID on the line: 300 bits of seizure, 180 of mark, the
// characters and their checksum. The modulator works at 16 times the rate.
func (l *track) message(k fskKind, digits string, b bent) {
	m, err := hex.DecodeString(digits)
	if err != nil {
		panic(err)
	}
	var sum byte
	bits := make([]byte, 0, 5000)
	for i := range 300 {
		bits = append(bits, byte(i&1))
	}
	mark := func(n int) {
		for range n {
			bits = append(bits, 1)
		}
	}
	mark(180)
	for _, c := range m {
		sum += c
	}
	for _, c := range append(m, -sum) {
		bits = append(bits, 0)
		for i := range 8 {
			bits = append(bits, c>>i&1)
		}
		bits = append(bits, 1)
	}
	mark(8)
	const over = 16
	space, markLevel := b.level-b.twist, b.level
	if b.twist < 0 {
		space, markLevel = b.level, b.level+b.twist
	}
	peak := [2]float64{dsp.SinePeak(space), dsp.SinePeak(markLevel)}
	hz := [2]float64{k.space * (1 + b.hz), k.mark * (1 + b.hz)}
	T := over * dsp.Rate / (1200 * (1 + b.baud))
	phase := l.between(0, 1)
	for i := range int(float64(len(bits)) * T) {
		bit := bits[min(len(bits)-1, int(float64(i)/T))]
		if i%over == 0 {
			l.x = append(l.x, peak[bit]*math.Sin(2*math.Pi*phase))
		}
		phase += hz[bit] / (over * dsp.Rate)
	}
}

// whole counts the messages that arrived, and those that nobody sent.
func whole(sent []string, got []heard) (ok, wrong int) {
	k := 0
	for _, g := range got {
		found := false
		for i := k; i < len(sent); i++ {
			if sent[i] == g.What {
				ok, k, found = ok+1, i+1, true
				break
			}
		}
		if !found {
			wrong++
		}
	}
	return ok, wrong
}

// arrived is what either side makes of n messages; after lays what lies over all.
func arrived(t *testing.T, stream uint64, k fskKind, n int, with func(l *track) bent, after func(l *track)) (ours, oursWrong, theirs, theirsWrong int) {
	l := newTrack(stream)
	l.silence(250)
	sent := callers(l, n)
	for _, m := range sent {
		l.message(k, m, with(l))
		l.silence(l.between(150, 400))
	}
	after(l)
	x := l.samples()
	ours, oursWrong = whole(sent, hearMessages(x))
	if there() {
		theirs, theirsWrong = whole(sent, receive(t, k.name, x))
	}
	return ours, oursWrong, theirs, theirsWrong
}
