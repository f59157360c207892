package recorder

import (
	"math"
	"slices"
	"strings"
	"testing"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp/dtmf"
	"vaad/dsp/g711"
	"vaad/recorder/archive"
)

// maskedLines is a plan whose lines mask keys.
type maskedLines struct{ how string }

func (maskedLines) Spans(string, driver.Info) []channels.SpanConfig { return nil }

func (p maskedLines) Lines(_ string, info driver.Info) ([]channels.LineConfig, error) {
	all, err := everyLine{driver.Tap}.Lines("", info)
	for i := range all {
		all[i].MaskKeys = p.how
	}
	return all, err
}

// pressing is a board on whose first line somebody presses keys, each 100 ms, from these
// positions on, and hums otherwise.
func pressing(at map[int64]int) *board {
	b := newBoard(1, driver.ALaw)
	b.heard = true
	row, column := [4]float64{697, 770, 852, 941}, [4]float64{1209, 1336, 1477, 1633}
	b.audio = func(_ int, pos int64) byte {
		v := 0.0
		for from, key := range at {
			if d := pos - from; d >= 0 && d < 100*ms {
				t := 2 * math.Pi * float64(d) / rate
				v += 4000*math.Sin(row[key/4]*t) + 4000*math.Sin(column[key%4]*t)
			}
		}
		if v == 0 {
			v = 40 * math.Sin(float64(pos)/7)
		}
		var c [1]byte
		g711.Encode(c[:], []int16{int16(v)}, g711.ALaw)
		return c[0]
	}
	return b
}

func decoded(b []byte) []int16 {
	pcm := make([]int16, len(b))
	g711.Decode(pcm, b, g711.ALaw)
	return pcm
}

func heardKeys(pcm []int16) (s string) {
	for _, e := range dtmf.New().Process(nil, pcm) {
		if e.Kind == dtmf.Down {
			s += string(e.Key)
		}
	}
	return s
}

func TestMaskedKeysAreNeitherHeardNorNamed(t *testing.T) {
	keys := map[int64]int{}
	for i, key := range []int{0, 5, 10, 3, 12, 14} {
		keys[15*second+int64(i)*700*ms+int64(i)*13] = key
	}
	for _, how := range []string{channels.MaskOff, channels.MaskTalking, channels.MaskAlways} {
		r := newRig(t, pressing(keys), LineConfig{Trigger: Voltage}, nil, func(_ *rig, _ *Config, c *channels.Config) { c.Plan = maskedLines{how} })
		r.at(second, 1, driver.RingBegin, 0)
		r.at(2*second, 1, driver.RingEnd, 0)
		r.hook(4*second, 1, true)
		for s := int64(1); s < 30; s++ { // a virtual board runs ahead of who decides
			r.to(s * second)
		}
		r.hook(30*second, 1, false)
		r.to(40 * second)
		l := r.one()
		heard := heardKeys(decoded(r.audio(l, "mixed")))
		var named string
		for _, e := range entriesOf(r.story(l), string(channels.Key)) {
			named += e.Text
		}
		masks := entriesOf(r.story(l), archive.EntryMasked)
		if how == channels.MaskOff {
			if len(heard) != len(keys) || named != heard || len(masks) != 0 {
				t.Errorf("unmasked %q are heard, %q told, %d masked", heard, named, len(masks))
			}
			continue
		}
		if heard != "" || strings.Trim(named, channels.Hidden) != "" || named == "" {
			t.Errorf("%s: %q are heard and %q told", how, heard, named)
		}
		if len(masks) != len(keys) || l.Seal.Masked == 0 || l.Seal.Masked > int64(len(keys))*200*ms {
			t.Errorf("%s: masked %+v, %d samples", how, masks, l.Seal.Masked)
		}
		for i, e := range slices.Backward(masks) {
			if e.Code != channels.ByKeys || e.Value < 100*ms {
				t.Errorf("%s: mask %d is %+v", how, i, e)
			}
		}
		r.close()
	}
}

func TestARecordingThatIsStoppedInAKeyHasNothingOfIt(t *testing.T) {
	for d := int64(0); d < 200*ms; d += driver.Block {
		r := newRig(t, pressing(map[int64]int{15 * second: 7}), LineConfig{Trigger: Voltage}, nil,
			func(_ *rig, _ *Config, c *channels.Config) { c.Plan = maskedLines{channels.MaskAlways} })
		r.hook(4*second, 1, true)
		for s := int64(1); s <= 15; s++ {
			r.to(s * second)
		}
		r.to(15*second + d)
		r.end(1, "ann")
		r.to(20 * second)
		pcm := decoded(r.audio(r.one(), "mixed"))
		loud := 0
		for _, s := range pcm[max(0, len(pcm)-300*8):] {
			if s > 1000 || s < -1000 {
				loud++
			}
		}
		if loud > 0 {
			t.Errorf("stopped %d ms after the key began: %d samples of it are kept", d/ms, loud)
		}
		r.close()
	}
}

func TestKeysPressedInAPauseAreNotNamed(t *testing.T) {
	keys := map[int64]int{15 * second: 0, 16 * second: 5, 20*second + 100*ms: 9, 25 * second: 2}
	r := newRig(t, pressing(keys), LineConfig{Trigger: Voltage}, nil, func(_ *rig, _ *Config, c *channels.Config) { c.Plan = maskedLines{""} })
	r.at(second, 1, driver.RingBegin, 0)
	r.at(2*second, 1, driver.RingEnd, 0)
	r.hook(4*second, 1, true)
	for s := int64(1); s <= 14; s++ {
		r.to(s * second)
	}
	r.pause(1, 0)
	for s := int64(15); s <= 20; s++ {
		r.to(s * second)
	}
	r.to(20*second + 180*ms) // a key sounds
	r.resume(1)
	for s := int64(21); s <= 30; s++ {
		r.to(s * second)
	}
	r.hook(31*second, 1, false)
	r.to(40 * second)
	l := r.one()
	var named []string
	for _, e := range entriesOf(r.story(l), string(channels.Key)) {
		named = append(named, e.Text)
	}
	if !slices.Equal(named, []string{channels.Hidden, channels.Hidden, channels.Hidden, "3"}) {
		t.Errorf("told %q", named)
	}
	if heard := heardKeys(decoded(r.audio(l, "mixed"))); strings.ContainsAny(heard, "15") || !strings.HasSuffix(heard, "3") {
		t.Errorf("heard %q", heard)
	}
}

func TestNothingIsLeftOfAKeyThatSoundsAsAPauseBegins(t *testing.T) {
	for d := int64(0); d <= 120*ms; d += driver.Block {
		r := newRig(t, pressing(map[int64]int{15 * second: 7}), LineConfig{Trigger: Voltage}, nil,
			func(_ *rig, _ *Config, c *channels.Config) { c.Plan = maskedLines{channels.MaskAlways} })
		r.hook(4*second, 1, true)
		for s := int64(1); s <= 15; s++ {
			r.to(s * second)
		}
		r.to(15*second + d)
		r.pause(1, 0)
		r.to(17 * second)
		r.resume(1)
		r.to(18 * second)
		r.hook(19*second, 1, false)
		r.to(25 * second)
		l := r.one()
		pcm, masked := decoded(r.audio(l, "mixed")), int64(0)
		loud := 0
		for _, s := range pcm[15*second-l.Seal.BeginPos-200:] {
			if s > 1000 || s < -1000 {
				loud++
			}
		}
		for _, e := range entriesOf(r.story(l), archive.EntryMasked) {
			masked += e.Value
		}
		if least := 17*second - (15*second + d); loud > 0 || masked < least || masked > least+d+100*ms {
			t.Errorf("paused %d ms into the key: %d samples of it are kept, %d ms masked", d/ms, loud, masked/ms)
		}
		r.close()
	}
}
