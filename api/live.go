package api

// Live audio, GET /lines/{line}/live: a WebSocket. The first message is text, a
// LiveHead. All others are binary, numbers little-endian:
//
//	0   version, LiveVersion
//	1   number of sides
//	2…3 samples of each side, n
//	4…11 position of the first, in samples of the board's own clock; it leaps where audio was lost
//	12… n bytes of the first side, then n of the second: G.711 in the line's law, one byte a sample
const (
	LiveVersion = 1
	LiveHeader  = 12

	LiveNoRight = 4001 // status of a close: the caller may not listen any more, or is signed out
	LiveOther   = 4002 // … the line is not used any more, or has other sides: connect anew
)

// LiveHead says what frames of live audio hold.
type LiveHead struct {
	Line  int      `json:"line" doc:"Permanent number of the line"`
	Sides []string `json:"sides" nullable:"false" doc:"mixed, or network and local: the order in each frame"`
	Rate  int      `json:"rate" doc:"Samples a second"`
	Law   string   `json:"law" doc:"alaw or ulaw"`
	Pos   int64    `json:"pos" doc:"Where it begins"`
}
