package fsk

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"testing"

	"vaad/dsp"
)

var (
	full = flag.Bool("full", false, "the full counts of the accuracy table")
	seed = flag.Uint64("seed", 1, "of the accuracy table")
)

// TestAccuracy prints what the receiver reaches and fails where it is less than
// the package comment promises.
func TestAccuracy(t *testing.T) {
	n := 40
	if *full {
		n = 1000
	}
	for _, m := range []struct {
		name string
		spec Spec
	}{{"Bell 202", Bell202()}, {"V.23", V23()}} {
		row := func(what string, ok, need float64) {
			mark := ""
			if ok < need {
				mark = "  <-- not reached"
				t.Fail()
			}
			t.Logf("%-9s %-52s %5.1f %%%s", m.name, what, 100*ok, mark)
		}
		for _, dB := range []float64{9, 8, 7, 6, 5, 4} {
			need := 0.0
			if dB >= 8 {
				need = 0.97
			}
			row(fmt.Sprintf("blocks of 40 characters whole at S/N %v dB", dB), blocks(m.spec, n, dB, conditions{level: -14}, 0), need)
		}
		for _, level := range []float64{-3, -36, -42} {
			row(fmt.Sprintf("at %v dBm0, S/N 20 dB", level), blocks(m.spec, n, 20, conditions{level: level}, 0), 0.99)
		}
		for _, c := range []conditions{
			{level: -14, twist: 10}, {level: -14, twist: -10}, {level: -14, hz: 0.03}, {level: -14, hz: -0.03},
			{level: -14, baud: 0.02}, {level: -14, baud: -0.02}, {level: -20, twist: 6, hz: 0.01, baud: 0.01}, {level: -20, twist: -6, hz: -0.01, baud: -0.01},
		} {
			row(fmt.Sprintf("twist %+v dB, tones %+v %%, rate %+v %%, S/N 25 dB", c.twist, 100*c.hz, 100*c.baud), blocks(m.spec, n, 25, c, 0), 0.99)
		}
		for _, dB := range []float64{0, -12} {
			row(fmt.Sprintf("hum of 50 Hz, %v dB below", dB), blocks(m.spec, n, 30, conditions{level: -14}, -14-dB), 0.99)
		}
	}
	for _, m := range []struct {
		name string
		spec Spec
	}{{"V.21 ch.1", V21Channel1()}, {"V.21 ch.2", V21Channel2()}} {
		for _, dB := range []float64{6, 3, 0, -3} {
			for _, c := range []conditions{{level: -14}, {level: -14, twist: 6, hz: 0.005, baud: 0.002}} {
				bits, wrong := stream(m.spec, 10*n, dB, c)
				mark := ""
				if dB >= 3 && wrong > bits/10000+1 {
					mark = "  <-- not reached"
					t.Fail()
				}
				t.Logf("%-9s S/N %2v dB, twist %v dB, tones %+.1f %%, rate %+.1f %%: %d of %d bits wrong%s", m.name, dB, c.twist, 100*c.hz, 100*c.baud, wrong, bits, mark)
			}
		}
	}
}

// blocks sends n blocks of 40 characters after 80 bits of mark and returns what
// part arrived whole.
func blocks(s Spec, n int, snr float64, c conditions, hum float64) float64 {
	l := newLine(*seed)
	var sent [][]byte
	l.silence(100)
	for range n {
		data := random(l.rnd, 40)
		sent = append(sent, data)
		l.send(s, characters(80, data), c)
		l.silence(100 + 50*l.rnd.Float64())
	}
	l.noise(c.level - math.Abs(c.twist) - snr)
	if hum != 0 {
		l.hum(50, hum)
	}
	var got [][]byte
	for _, e := range receive(New(s, Characters), l.samples()) {
		switch {
		case e.Kind == Carrier || e.Kind == Character && e.Idle > 30:
			got = append(got, nil)
		}
		if e.Kind == Character && len(got) > 0 {
			got[len(got)-1] = append(got[len(got)-1], e.Value)
		}
	}
	whole := 0
	for _, g := range got {
		for len(sent) > 0 {
			if bytes.Equal(g, sent[0]) {
				whole++
				sent = sent[1:]
				break
			}
			if i := find(sent, g); i < 0 {
				break
			} else {
				sent = sent[i:]
			}
		}
	}
	return float64(whole) / float64(n)
}

func find(sent [][]byte, g []byte) int {
	for i, s := range sent {
		if bytes.Equal(s, g) {
			return i
		}
	}
	return -1
}

// stream sends random bits after 100 flags and returns how many of those
// compared were wrong.
func stream(s Spec, n int, snr float64, c conditions) (bits, wrong int) {
	l := newLine(*seed + 1)
	var sent []byte
	for range 100 {
		sent = append(sent, 0, 1, 1, 1, 1, 1, 1, 0)
	}
	at := len(sent)
	for i := range n {
		sent = append(sent, byte(l.rnd.Uint32()&1))
		if i%100 == 99 { // as bit stuffing does, keep changes coming
			sent = append(sent, 0, 1, 0, 1)
		}
	}
	l.silence(50)
	begin := len(l.x)
	l.send(s, sent, c)
	l.silence(100)
	l.noise(c.level - math.Abs(c.twist) - snr)
	T := dsp.Rate / (s.Baud * (1 + c.baud))
	for _, e := range receive(New(s, Bits), l.samples()) {
		if e.Kind != Bit {
			continue
		}
		k := int(math.Round((float64(e.At) - float64(begin)) / T))
		if k >= at && k < len(sent) {
			bits++
			if sent[k] != e.Value {
				wrong++
			}
		}
	}
	return bits, wrong + max(0, len(sent)-at-bits)
}
