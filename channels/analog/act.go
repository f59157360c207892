package analog

import (
	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/progress"
)

// An Output collects what the table of an active line says and what it wants
// done, each in order. Whoever calls the table empties it and gives it again.
type Output struct {
	Events []Event
	Acts   []Act
}

// ActKind says what is to be done.
type ActKind uint8

const (
	Command     ActKind = iota + 1 // to the board: Do, Value, Data
	PlayTone                       // a tone of the line's country until the next act of sound: Tone
	PlayKeys                       // Keys in DTMF, once; then Sent is called
	PlayMessage                    // who calls, once, in Coding (or, where Keys is not empty, in DTMF); then Sent is called
	Quiet                          // what is played stops
)

// An Act is something to be done by whoever owns the line: a command to its
// board, or a sound that the signalling needs. A sound replaces the one before.
type Act struct {
	Kind    ActKind
	Do      driver.CommandKind // Command
	Value   int32              // Command
	Data    []byte             // Command, PlayMessage; valid until the table is called again
	Tone    progress.Tone      // PlayTone
	Keys    string             // PlayKeys, PlayMessage
	OnMS    int                // PlayKeys: 0 means 100
	OffMS   int                // PlayKeys: 0 means 100
	Coding  callerid.Coding    // PlayMessage
	AfterMS int                // silence before a sound
	AlertMS int                // PlayMessage: the alerting tone of EN 300 659-1 that comes between that silence and 60 ms more; 0: none
}
