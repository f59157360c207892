package ears

import (
	"strings"

	"vaad/dsp/callerid"
	"vaad/dsp/modemtone"
	"vaad/dsp/progress"
)

// Senses is a set of what is listened for.
type Senses uint8

// The senses. What is not listened for costs nothing.
const (
	Messages Senses = 1 << iota // caller ID in FSK, both codings
	Keys                        // DTMF, and caller ID made of keys
	Tones                       // of the exchange
	Modems                      // tones of fax, modems and text telephones
	Voice                       //
	Pulses                      // clicks of a dial; begins anew each time it is asked for
	nSense   = iota

	// Everything is what a talking line is listened to for.
	Everything = Messages | Keys | Tones | Modems | Voice
)

// Has reports whether all of them are in s.
func (s Senses) Has(all Senses) bool { return s&all == all }

func (s Senses) String() string {
	names := [nSense]string{"messages", "keys", "tones", "modems", "voice", "pulses"}
	var have []string
	for i, n := range names {
		if s&(1<<i) != 0 {
			have = append(have, n)
		}
	}
	return strings.Join(have, "+")
}

// Kind says what was found.
type Kind uint8

// The kinds of finding.
const (
	Key        Kind = iota + 1 // a key was pressed and let go. Key, Length
	Pulse                      // a digit was dialled in pulses. Key, Length, Sure
	VoiceBegin                 //
	VoiceEnd                   //
	ToneBegin                  // Tone is certain; Shape says how it sounds
	ToneAgain                  // one more cycle of Tone was heard
	ToneEnd                    // Tone is over
	ModemBegin                 // Modem is certain
	ModemEnd                   // Modem is over
	Message                    // a caller ID message was received whole. Message, Length
	Damaged                    // something began like one and was not received
)

// A Finding is something that was heard. It is known at the end of the block in
// which it is told.
type Finding struct {
	Kind   Kind
	At     int64 // position at which it happened; of a beginning or an end the true one
	Length int64 // samples
	Key    byte  // '0'…'9', '*', '#', 'A'…'D'
	Sure   int   // confidence, percent
	Tone   progress.Tone
	Shape  Shape
	Modem  modemtone.Tone

	Message *callerid.Message // valid until the next Hear
}

// A Shape is how a tone sounds, as it was measured: what a line is remembered by.
type Shape struct {
	Hz      [2]int16 // sounding together, lowest first; 0 behind
	OnMS    int16    // of a cadence of one burst and one pause; 0: steady or of more parts
	OffMS   int16    //
	Country bool     // it follows the plan of a country
}
