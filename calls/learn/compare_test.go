package learn

import (
	"slices"
	"testing"
)

func pure(hz, on, off float64) *Tone {
	t := &Tone{Sines: []Sine{{Hz: hz, DBm0: -9}}, DBm0: -9}
	if t.Steady = on == 0; !t.Steady {
		t.Parts = []Part{{OnMS: on, OffMS: off}}
	}
	return t
}

func TestAToneIsComparedWithTheCountrysPlan(t *testing.T) {
	two := &Tone{Sines: []Sine{{Hz: 350, DBm0: -13}, {Hz: 440, DBm0: -13}}, DBm0: -10, Steady: true}
	for _, c := range []struct {
		name    string
		tone    *Tone
		country string
		expect  []string
		is      string
		off     float64
		other   string // is among those that have it
	}{
		{"dial tone, 3 Hz high", pure(453, 0, 0), "CN", []string{"dial"}, "dial", 3, ""},
		{"China where no country is set", pure(450, 350, 350), "", []string{"busy"}, "busy", 0, ""},
		{"busy tone at the limits", pure(426, 310, 400), "CN", []string{"busy", "congestion"}, "busy", -24, ""},
		{"it is congestion, although busy was expected", pure(450, 700, 700), "CN", []string{"busy"}, "congestion", 0, ""},
		{"half a step beyond", pure(476, 350, 350), "CN", []string{"busy"}, "", 0, ""},
		{"of North America", two, "CN", []string{"dial"}, "", 0, "AE"},
		{"ringback", pure(450, 1000, 4000), "CN", []string{"ringback"}, "ringback", 0, ""},
		{"nobody's", pure(777, 123, 77), "CN", []string{"busy"}, "", 0, ""},
	} {
		f := Compare(c.tone, c.country, c.expect...)
		if f.Country != "CN" || f.Tone != c.is || f.HzOff != c.off || c.other != "" && !slices.Contains(f.Others, c.other) || c.is != "" && f.Others != nil {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
}
