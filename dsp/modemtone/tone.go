package modemtone

// Tone says what was heard.
type Tone byte

// The tones. Their names are stable.
const (
	CNG     Tone = iota + 1 // a fax calls: 1100 ± 38 Hz for 0.5 s, every 3.5 s (ITU-T T.30)
	CT                      // a modem calls: 1300 Hz for 0.5…0.7 s, every 2…2.7 s (ITU-T V.25)
	ANS                     // a fax or modem answers: 2100 ± 15 Hz (T.30's CED, V.25's answer tone)
	ANSpr                   // a modem answers: the same with its phase reversed every 450 ms (V.25)
	ANSam                   // a fax or modem answers by ITU-T V.8: the same, swinging by 20 % at 15 Hz
	ANSampr                 // both: V.8, from modems and fax of 33.6 kbit/s, and all dial-up Internet
	Bell103                 // a modem answers by Bell 103: 2225 Hz
	V22                     // a modem answers by ITU-T V.22: unscrambled ones, which are 2250 Hz
	V32                     // a modem calls by ITU-T V.32: 1800 Hz
	V23                     // a terminal or text telephone answers by ITU-T V.23: 1300 Hz without end
	V21Mark                 // a modem or text telephone answers by ITU-T V.21: 1650 Hz without end
	V21                     // the flags before each message of a fax (T.30), in channel 2 of V.21
	CI                      // a modem calls by V.8 and says what for, in channel 1 of V.21
	CM                      // and says, once it was answered, what it can
	JM                      // and the answer to that, in channel 2
	Baudot                  // a text telephone types: 1400 and 1800 Hz, 45 or 50 bit/s (ITU-T V.18 annex A)
)

var names = [Baudot + 1]string{
	CNG: "cng", CT: "ct", ANS: "ans", ANSpr: "ans-pr", ANSam: "ansam", ANSampr: "ansam-pr", Bell103: "bell103",
	V22: "v22", V32: "v32", V23: "v23-mark", V21Mark: "v21-mark", V21: "v21-preamble", CI: "v8-ci", CM: "v8-cm", JM: "v8-jm", Baudot: "baudot",
}

func (t Tone) String() string {
	if int(t) < len(names) {
		return names[t]
	}
	return ""
}

// Function is the call function of ITU-T V.8, table 3: what a modem calls for.
type Function byte

// The call functions.
const (
	NoFunction   Function = iota // not of V.8
	Conference                   // a function of its own
	VideoPhone                   // ITU-T H.324
	TextPhone                    // ITU-T V.18
	VideoText                    // ITU-T T.101
	FaxSends                     // ITU-T T.30, the caller sends
	FaxReceives                  // T.30, the caller receives
	DataModem                    // the V series: dial-up Internet
	MoreFunction                 // in another octet
)

var functions = [MoreFunction + 1]string{
	Conference: "conference", VideoPhone: "h324", TextPhone: "v18", VideoText: "t101", FaxSends: "fax-sends", FaxReceives: "fax-receives", DataModem: "data", MoreFunction: "extended",
}

func (f Function) String() string {
	if int(f) < len(functions) {
		return functions[f]
	}
	return ""
}

// Kind says what an event tells.
type Kind byte

// The kinds of event.
const (
	Start   Kind = iota + 1 // a tone is there
	Confirm                 // it lasts or comes again as it must: Tone is now certain; see doc.go
	End                     // it has ended
)

func (k Kind) String() string {
	switch k {
	case Start:
		return "start"
	case Confirm:
		return "confirm"
	case End:
		return "end"
	}
	return ""
}

// Event tells of one tone. Each Start has its End, and a Confirm may lie
// between. Only a tone that is steady, one sent in bits and Baudot overlap.
type Event struct {
	Kind      Kind
	Tone      Tone
	Function  Function // of CI, CM and JM
	From      int64    // sample where it began, counted from New; skipped samples count
	To        int64    // where it ended; in Start and Confirm, until where it was heard
	Hz        float64  // 0 of what is sent in bits
	DBm0      float64
	Reversals int     // of phase
	Depth     float64 // of the swinging at 15 Hz, 0…1
}
