package tone

// Tones are what the exchanges of a country play, and how they ring. A tone
// that is not known, or not used there, is Empty.
type Tones struct {
	Dial        Cadence // dial
	Ringback    Cadence // the other telephone rings
	Busy        Cadence // the other telephone is busy
	Congestion  Cadence // no way through the network; "reorder" in North America
	CallWaiting Cadence // another call waits, heard during a call
	Vacant      Cadence // the number does not exist or is out of service
	Howler      Cadence // the telephone was left off-hook
	Ring        []int   // ringing current: ms on, ms off, …, repeated
}

// Country returns the tones of a country by its ISO 3166 code ("CN"), in upper
// case. Each call returns a copy that may be changed.
//
// The table of countries says where frequencies and cadences come from. Levels:
// ITU-T E.180 recommends −10 dBm0 where a tone enters the network; two
// frequencies get −13 each. For North America the precise audible tone plan gives
// levels of its own (ITU-T E.300 series, supplement 3). What real exchanges send
// differs by several dB and by age of the exchange: detectors must not rely on
// these levels.
func Country(code string) (Tones, bool) {
	row := rowOf(code)
	if row < 0 {
		return Tones{}, false
	}
	p := parseRow(countries[row])
	t := Tones{
		Dial: p.cadence("dial"), Ringback: p.cadence("ringback"), Busy: p.cadence("busy"), Congestion: p.cadence("congestion"),
		CallWaiting: p.cadence("waiting"), Vacant: p.cadence("vacant"), Howler: p.cadence("howler"), Ring: p.Ring,
	}
	if code == "CN" {
		t.Howler = rising(t.Howler)
	}
	return t, true
}

// Countries lists the codes that Country knows, in order.
func Countries() []string {
	var codes []string
	for _, row := range countries[1:] {
		if len(codes) > 0 && codes[len(codes)-1] < "CN" && row[:2] > "CN" {
			codes = append(codes, "CN") // which comes first in the table
		}
		codes = append(codes, row[:2])
	}
	return codes
}

// Known reports whether Country knows a code.
func Known(code string) bool { return rowOf(code) >= 0 }

func rowOf(code string) int {
	for i, row := range countries {
		if row[:2] == code {
			return i
		}
	}
	return -1
}

// rising makes a steady tone rise in five steps, as China's howler does. Length
// and height of the steps are ours.
func rising(c Cadence) Cadence {
	out := Cadence{Times: 1}
	for i := range 5 {
		level := []Sine{{c.Bursts[0].Sines[0].Hz, -20 + 5*float64(i)}}
		out.Bursts = append(out.Bursts, Burst{Sines: level, On: 3000})
	}
	return out
}
