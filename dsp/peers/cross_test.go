package peers

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/callerid"
	"vaad/dsp/g711"
	"vaad/dsp/modemtone"
	"vaad/dsp/tone"
)

// filler is what generators have in common.
type filler interface {
	Fill(block []int16) int
}

// played is what a source makes, at most so many samples, between silence.
func played(s filler, most int) []int16 {
	x := make([]int16, 200*dsp.MS, most+700*dsp.MS)
	var block [160]int16
	for len(x) < cap(x)-500*dsp.MS {
		n := s.Fill(block[:])
		x = append(x, block[:n]...)
		if n < len(block) {
			break
		}
	}
	return append(x, make([]int16, 500*dsp.MS)...)
}

func TestSpandspHearsOurKeys(t *testing.T) {
	need(t)
	l := newTrack(11)
	n := times(20, 300)
	for range n {
		keys := ""
		for range 16 {
			keys += string(tone.Keys[l.rnd.IntN(16)])
		}
		c, err := tone.DTMF(keys, -6-float64(l.rnd.IntN(18)), 50+l.rnd.IntN(50), 50+l.rnd.IntN(50))
		if err != nil {
			t.Fatal(err)
		}
		x := changed(played(tone.New(c), 20*dsp.Rate), 0, -65, g711.ALaw)
		if m := missed(strings.Split(keys, ""), receive(t, "dtmf", x)); m != "" {
			t.Errorf("keys %s: %s", keys, m)
			keep(t, x)
		}
	}
	generators(t, "our keys to spandsp's dtmf_rx", 16*n)
}

func TestSpandspHearsOurCallerIDs(t *testing.T) {
	need(t)
	l := newTrack(12)
	for what, coding := range map[string]callerid.Coding{"class": callerid.Bell, "clip": callerid.V23} {
		messages := callers(l, times(20, 300))
		for _, m := range messages {
			b, err := hex.DecodeString(m)
			if err != nil {
				t.Fatal(err)
			}
			x := played(callerid.NewSource(coding, append(b, callerid.Checksum(b)), callerid.OnHook(), -14), 5*dsp.Rate)
			if wrong := missed([]string{m}, receive(t, what, changed(x, 0, -60, g711.ALaw))); wrong != "" {
				t.Errorf("%s: %s", what, wrong)
				keep(t, x)
			}
		}
	}
	var keys []string // in hexadecimal digits, as messages are told
	var x []int16
	for range times(3, 40) {
		m := fmt.Sprintf("A%dC", 1000000+l.rnd.IntN(9000000))
		keys = append(keys, fmt.Sprintf("%X", m))
		c, err := tone.DTMF(m, -10, 70, 70)
		if err != nil {
			t.Fatal(err)
		}
		x = append(x, played(tone.New(c), 20*dsp.Rate)...)
	}
	if wrong := missed(keys, receive(t, "keys", x)); wrong != "" {
		t.Errorf("messages in keys: %s", wrong)
	}
	generators(t, "our caller IDs in Bell 202, V.23 and keys to spandsp's adsi_rx", 2*times(20, 300)+len(keys))
}

// TestSpandspHearsOurModemTones: what each of our sources is to spandsp's
// detector of that number. Its detector of answer tones tells amplitude and
// phase only when it is asked for them.
func TestSpandspHearsOurModemTones(t *testing.T) {
	need(t)
	sent := []struct {
		tone     modemtone.Tone
		detector int
		want     string
		ms       int
	}{
		{modemtone.CNG, 1, "FAX CNG", 8000},
		{modemtone.ANS, 2, "ANS", 3000},
		{modemtone.ANS, 7, "ANS", 3000},
		{modemtone.ANSpr, 3, "ANS/", 4000},
		{modemtone.ANSam, 4, "ANSam", 4000},
		{modemtone.ANSampr, 5, "ANSam/", 4000},
		{modemtone.V21, 6, "FAX preamble", 1200},
		{modemtone.Bell103, 8, "Bell ANS", 3000},
		{modemtone.CT, 9, "Calling tone", 6000},
	}
	for _, k := range sent {
		x := changed(played(modemtone.NewSource(k.tone, -13), k.ms*dsp.MS), 0, -65, g711.ALaw)
		got := receive(t, fmt.Sprintf("modem-%d", k.detector), x)
		ok := false
		for _, g := range got {
			ok = ok || strings.HasPrefix(strings.ToLower(g.What), strings.ToLower(k.want))
		}
		if !ok {
			t.Errorf("%v: modem_connect_tones_rx %d hears %v, want %s", k.tone, k.detector, got, k.want)
			keep(t, x)
		}
	}
	generators(t, "our tones of modems to spandsp's modem_connect_tones_rx", len(sent))
}

func TestSpandspHearsOurTones(t *testing.T) {
	need(t)
	of := func(code string) tone.Tones {
		c, ok := tone.Country(code)
		if !ok {
			t.Fatal(code)
		}
		return c
	}
	sent := []struct {
		set     string
		cadence tone.Cadence
		want    string
	}{
		{"us", of("US").Dial, "dial"},
		{"us", of("US").Busy, "busy"},
		{"us", of("US").Congestion, "congestion"},
		{"us", of("US").Ringback, "ringback"},
		{"cn", of("CN").Dial, "dial"},
		{"cn", of("CN").Busy, "busy"},
		{"gb", of("GB").Ringback, "ringback"},
		{"eu", of("DE").Busy, "busy"},
		{"eu", of("DE").Ringback, "ringback"},
	}
	for _, k := range sent {
		x := changed(played(tone.New(k.cadence), 25*dsp.Rate), 0, -65, g711.ALaw)
		got := receive(t, "tones-"+k.set, x)
		ok := false
		for _, g := range got {
			ok = ok || g.What == k.want
		}
		if !ok {
			t.Errorf("%s: super_tone_rx hears %v, want %s", k.set, got, k.want)
			keep(t, x)
		}
	}
	generators(t, "our tones of exchanges to spandsp's super_tone_rx", len(sent))
}
