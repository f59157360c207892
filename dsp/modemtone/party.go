package modemtone

// Party is what a line has at one of its ends, as far as the tones tell.
type Party byte

// The parties. Their names are stable.
const (
	Person         Party = iota // nothing speaks against one
	Data                        // a fax or a modem answers
	FaxCalling                  // a fax calls
	FaxAnswering                // a fax answers, or two faxes talk
	ModemCalling                // a modem calls
	ModemAnswering              // a modem answers, or two modems talk
	TextTelephone               // a text telephone
)

var parties = [TextTelephone + 1]string{Person: "person", Data: "data", FaxCalling: "fax-calling", FaxAnswering: "fax-answering", ModemCalling: "modem-calling", ModemAnswering: "modem-answering", TextTelephone: "text-telephone"}

func (p Party) String() string {
	if int(p) < len(parties) {
		return parties[p]
	}
	return ""
}

// Verdict makes of the events of a call what is at its ends. It begins empty.
// What says more than that which came before replaces it.
type Verdict struct {
	Party Party
	Sure  bool // by a Confirm
}

// Take takes an event and says whether the verdict has changed.
func (v *Verdict) Take(e *Event) bool {
	p := e.party()
	sure := e.Kind == Confirm
	if p == Person || p.weight() < v.Party.weight() || p == v.Party && (v.Sure || !sure) || v.Sure && !sure && p.weight() == v.Party.weight() {
		return false
	}
	v.Party, v.Sure = p, sure
	return true
}

// weight orders the parties by how much they say. Who calls is told by bursts
// that a person's answering machine may send, so that all else says more.
func (p Party) weight() int {
	switch p {
	case Person:
		return 0
	case FaxCalling, ModemCalling:
		return 1
	case Data:
		return 2
	case ModemAnswering:
		return 3
	}
	return 4
}

// party is what an event speaks for.
func (e *Event) party() Party {
	switch e.Tone {
	case CNG:
		return FaxCalling
	case CT, V32:
		return ModemCalling
	case ANS, ANSpr, ANSam, ANSampr:
		return Data
	case Bell103, V22, V23, V21Mark:
		return ModemAnswering
	case V21:
		return FaxAnswering
	case Baudot:
		return TextTelephone
	case CI, CM, JM:
		switch {
		case e.Function == TextPhone:
			return TextTelephone
		case e.Function == FaxSends || e.Function == FaxReceives:
			return FaxAnswering
		case e.Tone == CI:
			return ModemCalling
		}
		return ModemAnswering // CM is sent to who has answered
	}
	return Person
}
