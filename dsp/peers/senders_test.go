package peers

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/fsk"
	"vaad/dsp/g711"
)

// conditions are what lies between an independent generator and our detectors.
var conditions = []struct {
	name      string
	dB, noise float64 // gain; dBm0
	law       g711.Law
}{
	{"as made, A-law", 0, -70, g711.ALaw},
	{"10 dB fainter, noise at −50 dBm0, µ-law", -10, -50, g711.MuLaw},
}

// missed says which signals are not among those heard, in their order, and
// which were heard besides.
func missed(sent []string, got []heard) string {
	var wrong []string
	k := 0
	for _, s := range sent {
		at := -1
		for i := k; i < len(got); i++ {
			if got[i].What == s {
				at = i
				break
			}
		}
		if at < 0 {
			wrong = append(wrong, "missed "+s)
			continue
		}
		for _, g := range got[k:at] {
			wrong = append(wrong, fmt.Sprintf("false %s at %.2f s", g.What, float64(g.At)/dsp.Rate))
		}
		k = at + 1
	}
	for _, g := range got[k:] {
		wrong = append(wrong, fmt.Sprintf("false %s at %.2f s", g.What, float64(g.At)/dsp.Rate))
	}
	return strings.Join(wrong, "; ")
}

// keep leaves what was not heard in the folder VAAD_KEEP, so that it can be
// looked at.
func keep(t *testing.T, x []int16) { keepAs(t, strings.ReplaceAll(t.Name(), "/", "_"), x) }

func keepAs(t *testing.T, name string, x []int16) {
	dir := os.Getenv("VAAD_KEEP")
	if dir == "" {
		return
	}
	path := fmt.Sprintf("%s/%s.raw", dir, name)
	save(t, path, x)
	t.Log("kept in", path)
}

// times is how often something is tried.
func times(few, many int) int {
	if *full {
		return many
	}
	return few
}

func TestKeysOfSpandspAreHeard(t *testing.T) {
	need(t)
	l := newTrack(1)
	for _, c := range conditions {
		sent, lost := 0, 0
		for range times(8, 400) {
			keys := ""
			for range 16 {
				keys += string("0123456789ABCD*#"[l.rnd.IntN(16)])
			}
			level, twist := -6-l.rnd.IntN(17), l.rnd.IntN(12)-8 // of the low tone, and by how much the high one is louder
			on, off := 40+l.rnd.IntN(61), 40+l.rnd.IntN(61)
			if c.dB < 0 && level < -16 {
				level += 10
			}
			x := changed(send(t, "dtmf", map[string]any{"keys": keys, "level": level, "twist": twist, "on": on, "off": off}), c.dB, c.noise, c.law)
			if m := missed(strings.Split(keys, ""), hearKeys(x)); m != "" {
				lost++
				t.Errorf("%s: keys %s at %d dBm0, twist %d dB, %d ms on, %d off: %s", c.name, keys, level, twist, on, off, m)
				keep(t, x)
			}
			sent += 16
		}
		t.Logf("dtmf_tx, %s: %d keys, all in %d of %d strings", c.name, sent, sent/16-lost, sent/16)
	}
	generators(t, "keys of spandsp's dtmf_tx", 2*16*times(8, 400))
}

// callers are n messages with a random date, number and name, without checksum,
// in hexadecimal digits.
func callers(l *track, n int) []string {
	digits := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = '0' + byte(l.rnd.IntN(10))
		}
		return string(b)
	}
	out := make([]string, n)
	for i := range out {
		field := func(t byte, v string) string { return string([]byte{t, byte(len(v))}) + v }
		m := field(1, fmt.Sprintf("%02d%02d%02d%02d", 1+l.rnd.IntN(12), 1+l.rnd.IntN(28), l.rnd.IntN(24), l.rnd.IntN(60)))
		m += field(2, digits(3+l.rnd.IntN(14)))
		if l.rnd.IntN(3) > 0 {
			name := make([]byte, 1+l.rnd.IntN(15))
			for k := range name {
				name[k] = ' ' + byte(l.rnd.IntN(95))
			}
			m += field(7, string(name))
		}
		out[i] = fmt.Sprintf("%X", string([]byte{0x80, byte(len(m))})+m)
	}
	return out
}

func TestCallerIDsOfSpandspAreHeard(t *testing.T) {
	need(t)
	for _, what := range []string{"class", "clip"} {
		for i, c := range conditions {
			l := newTrack(uint64(2 + i))
			messages := callers(l, times(12, 500))
			lost := 0
			for len(messages) > 0 {
				n := min(50, len(messages))
				x := changed(send(t, what, map[string]any{"messages": strings.Join(messages[:n], ",")}), c.dB, c.noise, c.law)
				if m := missed(messages[:n], hearMessages(x)); m != "" {
					lost++
					t.Errorf("adsi_tx %s, %s: %.300s", what, c.name, m)
					keep(t, x)
				}
				messages = messages[n:]
			}
			t.Logf("adsi_tx %s, %s: %d messages, %d batches with a loss", what, c.name, times(12, 500), lost)
		}
	}
	generators(t, "caller IDs of spandsp's adsi_tx in Bell 202 and V.23", 4*times(12, 500))
}

// TestKeyMessagesOfSpandspAreHeard has the framings that EN 300 659-1 annex C
// and its relatives know.
func TestKeyMessagesOfSpandspAreHeard(t *testing.T) {
	need(t)
	l := newTrack(4)
	for _, c := range conditions {
		var messages []string
		for range times(3, 60) {
			number := fmt.Sprint(100+l.rnd.IntN(900), l.rnd.IntN(1e7))
			number = strings.ReplaceAll(number, " ", "")
			for _, frame := range []string{"A%sC", "A%s#", "D%sC", "A%sD12345C", "B00C", "D1#"} {
				m := frame
				if strings.Contains(frame, "%") {
					m = fmt.Sprintf(frame, number)
				}
				messages = append(messages, m)
			}
		}
		x := send(t, "keys", map[string]any{"messages": strings.Join(messages, ",")})
		if m := missed(messages, hearKeyMessages(changed(x, c.dB, c.noise, c.law))); m != "" {
			t.Errorf("adsi_tx keys, %s: %.600s", c.name, m)
			keep(t, x)
		}
		t.Logf("adsi_tx keys, %s: %d messages", c.name, len(messages))
	}
	generators(t, "caller IDs of spandsp's adsi_tx in keys", 2*6*times(3, 60))
}

// modems are spandsp's numbers of tones, how long they are sent, and what each
// is to us.
var modems = []struct {
	number int
	ms     int
	want   string
	times  int // bursts within that time
}{
	{1, 14000, "cng", 4},
	{2, 2600, "ans", 1},
	{3, 3300, "ans-pr", 1},
	{4, 3300, "ansam", 1},
	{5, 3300, "ansam-pr", 1},
	{8, 2600, "bell103", 1},
	{9, 10000, "ct", 4},
}

func TestModemTonesOfSpandspAreHeard(t *testing.T) {
	need(t)
	for _, m := range modems {
		for _, c := range conditions {
			x := changed(send(t, fmt.Sprintf("modem-%d", m.number), map[string]any{"samples": m.ms * dsp.MS}), c.dB, c.noise, c.law)
			got := hearModems(x)
			want := strings.Split(strings.TrimSuffix(strings.Repeat(m.want+" ", m.times), " "), " ")
			if wrong := missed(want, got); wrong != "" {
				t.Errorf("modem_connect_tones_tx %d (%s), %s: %s; heard %v", m.number, m.want, c.name, wrong, got)
				keep(t, x)
			}
		}
	}
	for _, c := range conditions { // 0.0.6 has no generator of the preamble
		x := changed(send(t, "fsk-1", map[string]any{"bits": scratch("bits"), "count": 300, "flags": 1}), c.dB, c.noise, c.law)
		if got := hearModems(x); missed([]string{"v21-preamble"}, got) != "" {
			t.Errorf("fsk_tx with flags of HDLC in channel 2 of V.21, %s: heard %v", c.name, got)
			keep(t, x)
		}
	}
	generators(t, "tones of spandsp's modem_connect_tones_tx, and flags of fsk_tx", 2*len(modems)+2)
}

// tones are tones of exchanges: as super_tone_tx takes them, and what they are.
var tones = []struct {
	country, parts, want string
	seconds              int
}{
	{"CN", "450,0,1000,0", "dial", 8},
	{"CN", "450,0,350,350", "busy", 8},
	{"CN", "450,0,700,700", "congestion", 10},
	{"CN", "450,0,1000,4000", "ringback", 20},
	{"CN", "450,0,100,100;450,0,100,100;450,0,100,100;450,0,400,400", "vacant", 10},
	{"US", "350,440,1000,0", "dial", 8},
	{"US", "480,620,500,500", "busy", 8},
	{"US", "480,620,250,250", "congestion", 8},
	{"US", "440,480,2000,4000", "ringback", 24},
	{"GB", "400,450,400,200;400,450,400,2000", "ringback", 16},
	{"GB", "400,0,375,375", "busy", 8},
	{"DE", "425,0,480,480", "busy", 8},
	{"DE", "425,0,240,240", "congestion", 8},
	{"DE", "425,0,1000,4000", "ringback", 20},
	{"FR", "440,0,1500,3500", "ringback", 20},
	{"FR", "440,0,500,500", "busy", 8},
	{"JP", "400,0,500,500", "busy", 8},
	{"RU", "425,0,350,350", "busy", 8},
	{"BR", "425,0,250,250", "busy", 8},
	{"AU", "413,438,400,200;413,438,400,2000", "ringback", 16},
}

func TestTonesOfSpandspAreHeard(t *testing.T) {
	need(t)
	for _, k := range tones {
		for _, c := range conditions {
			x := changed(send(t, "tones", map[string]any{"parts": k.parts, "level": -13, "samples": k.seconds * dsp.Rate}), c.dB, c.noise, c.law)
			if got := hearTones(x, k.country); missed([]string{k.want}, got) != "" {
				t.Errorf("super_tone_tx %s of %s (%s), %s: heard %v", k.want, k.country, k.parts, c.name, got)
				keep(t, x)
			}
		}
	}
	generators(t, "tones of exchanges of spandsp's super_tone_tx", 2*len(tones))
}

// TestBitsOfSpandspArrive compares the bits of a stream that fsk_tx sends.
func TestBitsOfSpandspArrive(t *testing.T) {
	need(t)
	n := times(3000, 60000)
	for preset, spec := range map[int]fsk.Spec{0: fsk.V21Channel1(), 1: fsk.V21Channel2()} {
		for _, c := range conditions {
			file := scratch("bits")
			x := send(t, fmt.Sprintf("fsk-%d", preset), map[string]any{"bits": file, "count": n, "seed": *seed % 1e9, "before": 800})
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := fsk.New(spec, fsk.Bits)
			var events []fsk.Event
			blocks(changed(x, c.dB, c.noise, c.law), func(b []int16) { events = r.Process(events, b) })
			bits, wrong := 0, n
			for late := -4; late <= 4; late++ { // by how many bits its first is away from where it begins
				count, bad := 0, 0
				for _, e := range events {
					if k := int(float64(e.At-800)/(dsp.Rate/spec.Baud)+0.5) + late; e.Kind == fsk.Bit && k > 50 && k < len(b) {
						if count++; b[k] != '0'+e.Value {
							bad++
						}
					}
				}
				if bad < wrong {
					bits, wrong = count, bad
				}
			}
			if wrong > 0 || bits < n*95/100 {
				t.Errorf("fsk_tx %d, %s: %d of %d bits compared, %d wrong", preset, c.name, bits, n, wrong)
				keep(t, x)
			}
			t.Logf("fsk_tx %d, %s: %d bits, %d wrong", preset, c.name, bits, wrong)
		}
	}
	generators(t, "bits of spandsp's fsk_tx in both channels of V.21", 4*n)
}
