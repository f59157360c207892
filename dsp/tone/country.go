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
// Frequencies and cadences are those that administrations reported to the ITU
// ("Various tones used in national networks", the list kept under ITU-T E.180;
// European ones also in ETSI TR 101 041-2). Figures for China agree with the
// titles and summaries of GB/T 3380. Hong Kong and Korea were taken from what
// equipment for these countries is commonly set to. Levels: E.180 recommends
// −10 dBm0 where a tone enters the network; two frequencies get −13 each. For
// North America the precise audible tone plan gives levels of its own (ITU-T
// E.300 series, supplement 3). What real exchanges send differs by several dB
// and by age of the exchange: detectors must not rely on these levels.
func Country(code string) (Tones, bool) {
	switch code {
	case "CN":
		return china(), true
	case "US", "CA":
		return northAmerica(), true
	case "GB":
		return britain(), true
	case "DE":
		return Tones{
			Dial: steady(tone(425)), Ringback: cadence(tone(425), 1000, 4000),
			Busy: cadence(tone(425), 480, 480), Congestion: cadence(tone(425), 240, 240),
			CallWaiting: cadence(tone(425), 200, 200, 200, 5000), Vacant: sit(),
			Ring: []int{1000, 4000},
		}, true
	case "FR":
		return Tones{
			Dial: steady(tone(440)), Ringback: cadence(tone(440), 1500, 3500),
			Busy: cadence(tone(440), 500, 500), Congestion: cadence(tone(440), 250, 250),
			CallWaiting: cadence(tone(440), 300, 10000), Vacant: sit(),
			Ring: []int{1500, 3500},
		}, true
	case "JP":
		return Tones{
			Dial: steady(tone(400)), Ringback: cadence(modulated(400, 16), 1000, 2000),
			Busy: cadence(tone(400), 500, 500), Congestion: cadence(tone(400), 500, 500),
			CallWaiting: cadence(modulated(400, 16), 500, 8000),
			Ring:        []int{1000, 2000},
		}, true
	case "IN":
		return Tones{
			Dial: steady(modulated(400, 25)), Ringback: cadence(modulated(400, 25), 400, 200, 400, 2000),
			Busy: cadence(tone(400), 750, 750), Congestion: cadence(tone(400), 250, 250),
			CallWaiting: cadence(tone(400), 200, 100, 200, 7500), Vacant: sit(),
			Ring: []int{400, 200, 400, 2000},
		}, true
	case "AU":
		return Tones{
			Dial: steady(pair(413, 438)), Ringback: cadence(pair(413, 438), 400, 200, 400, 2000),
			Busy: cadence(tone(425), 375, 375), Congestion: australianCongestion(),
			CallWaiting: cadence(tone(425), 200, 200, 200, 4400), Vacant: cadence(tone(425), 2500, 500),
			Ring: []int{400, 200, 400, 2000},
		}, true
	case "HK":
		return Tones{
			Dial: steady(pair(350, 440)), Ringback: cadence(pair(440, 480), 400, 200, 400, 3000),
			Busy: cadence(pair(480, 620), 500, 500), Congestion: cadence(pair(480, 620), 250, 250),
			CallWaiting: cadence(tone(440), 500, 8000), Vacant: steady(pair(480, 620)),
			Ring: []int{400, 200, 400, 3000},
		}, true
	case "TW":
		return Tones{
			Dial: steady(pair(350, 440)), Ringback: cadence(pair(440, 480), 1000, 2000),
			Busy: cadence(pair(480, 620), 500, 500), Congestion: cadence(pair(480, 620), 250, 250),
			CallWaiting: cadence(pair(350, 440), 250, 250, 250, 3250), Vacant: sit(),
			Ring: []int{1000, 2000},
		}, true
	case "SG":
		return Tones{
			Dial: steady(tone(425)), Ringback: cadence(modulated(425, 24), 400, 200, 400, 2000),
			Busy: cadence(tone(425), 750, 750), Congestion: cadence(tone(425), 250, 250),
			CallWaiting: cadence(modulated(425, 24), 300, 200, 300, 3200), Vacant: cadence(tone(425), 2500, 500),
			Ring: []int{400, 200, 400, 2000},
		}, true
	case "KR":
		return Tones{
			Dial: steady(pair(350, 440)), Ringback: cadence(pair(440, 480), 1000, 2000),
			Busy: cadence(pair(480, 620), 500, 500), Congestion: cadence(pair(480, 620), 300, 200),
			CallWaiting: cadence(pair(350, 440), 250, 250, 250, 3250),
			Ring:        []int{1000, 2000},
		}, true
	}
	return Tones{}, false
}

// Countries lists the codes that Country knows.
func Countries() []string {
	return []string{"AU", "CA", "CN", "DE", "FR", "GB", "HK", "IN", "JP", "KR", "SG", "TW", "US"}
}

// china: 450 Hz at −10 ± 3 dBm0 throughout; the howler is 950 Hz and rises in
// five steps. Length and height of the steps are ours.
func china() Tones {
	t := Tones{
		Dial: steady(tone(450)), Ringback: cadence(tone(450), 1000, 4000),
		Busy: cadence(tone(450), 350, 350), Congestion: cadence(tone(450), 700, 700),
		CallWaiting: cadence(tone(450), 400, 4000),
		Vacant:      cadence(tone(450), 100, 100, 100, 100, 100, 100, 400, 400),
		Ring:        []int{1000, 4000},
	}
	for i := range 5 {
		level := []Sine{{950, -20 + 5*float64(i)}}
		t.Howler.Bursts = append(t.Howler.Bursts, Burst{Sines: level, On: 3000})
	}
	t.Howler.Times = 1
	return t
}

func northAmerica() Tones {
	low := []Sine{{480, -24}, {620, -24}}
	return Tones{
		Dial:        steady([]Sine{{350, -13}, {440, -13}}),
		Ringback:    cadence([]Sine{{440, -19}, {480, -19}}, 2000, 4000),
		Busy:        cadence(low, 500, 500),
		Congestion:  cadence(low, 250, 250),
		CallWaiting: cadence([]Sine{{440, -13}}, 300, 10000),
		Vacant:      sit(),
		Howler:      cadence([]Sine{{1400, -10}, {2060, -10}, {2450, -10}, {2600, -10}}, 100, 100),
		Ring:        []int{2000, 4000},
	}
}

// britain: as in BT SIN 350, whose congestion tone has two lengths.
func britain() Tones {
	return Tones{
		Dial: steady(pair(350, 440)), Ringback: cadence(pair(400, 450), 400, 200, 400, 2000),
		Busy: cadence(tone(400), 375, 375), Congestion: cadence(tone(400), 400, 350, 225, 525),
		CallWaiting: cadence(tone(400), 100, 4000), Vacant: steady(tone(400)),
		Ring: []int{400, 200, 400, 2000},
	}
}

// australianCongestion: every other burst is 10 dB lower.
func australianCongestion() Cadence {
	return Cadence{Bursts: []Burst{
		{Sines: []Sine{{425, -10}}, On: 375, Off: 375},
		{Sines: []Sine{{425, -20}}, On: 375, Off: 375},
	}}
}

// sit is the special information tone before an announcement (ITU-T E.180):
// 950, 1400 and 1800 Hz for a third of a second each, then a second of silence.
func sit() Cadence {
	return Cadence{Bursts: []Burst{
		{Sines: tone(950), On: 330}, {Sines: tone(1400), On: 330}, {Sines: tone(1800), On: 330, Off: 1000},
	}}
}

func tone(hz float64) []Sine   { return []Sine{{hz, -10}} }
func pair(a, b float64) []Sine { return []Sine{{a, -13}, {b, -13}} }
func steady(s []Sine) Cadence  { return Cadence{Bursts: []Burst{{Sines: s, On: Forever}}} }

// modulated is a carrier whose amplitude swings fully (100 %): in sines, the
// carrier and two side bands 6 dB below it.
func modulated(hz, by float64) []Sine {
	return []Sine{{hz, -12}, {hz - by, -18}, {hz + by, -18}}
}

// cadence repeats one tone for ms on, off, on, off, …
func cadence(s []Sine, ms ...int) Cadence {
	var c Cadence
	for i := 0; i+1 < len(ms); i += 2 {
		c.Bursts = append(c.Bursts, Burst{Sines: s, On: ms[i], Off: ms[i+1]})
	}
	return c
}
