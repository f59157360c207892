package driver

// arenaSize holds the bytes of one frame's events and commands: 16 spans with
// two LAPD frames of the largest size (Q.921 N201: 260 octets) each.
const arenaSize = 16 * 2 * 264

// A Frame is 20 ms of one board in one direction. It is made once and reused;
// filling it allocates nothing.
type Frame struct {
	Seq  uint64 // counts frames of this direction from 0; a step of more than 1 says frames were lost
	Pos  int64  // the board's sample counter at the first sample
	Late bool   // backlog after a stall: its time has passed, what is sent in answer is dropped

	// PCM holds 160 samples per line, line after line, 8 kHz linear 16 bit.
	PCM []int16
	// Code holds the same samples as the line's law delivered them, 160 bytes
	// per line; on Linear lines it is not used. In tx frames only PCM is used.
	Code []byte

	Events   []Event   // rx: what happened, in order of At per line
	Commands []Command // tx: what is to be done

	arena []byte
}

// NewFrame makes a frame for the lines of a board.
func NewFrame(in Info) *Frame {
	n := len(in.Lines)
	return &Frame{
		PCM:      make([]int16, n*Block),
		Code:     make([]byte, n*Block),
		Events:   make([]Event, 0, 4*n+64),
		Commands: make([]Command, 0, 4*n+64),
		arena:    make([]byte, 0, arenaSize),
	}
}

// LinePCM returns the samples of line i.
func (f *Frame) LinePCM(i int) []int16 { return f.PCM[i*Block : (i+1)*Block : (i+1)*Block] }

// LineCode returns the companded samples of line i.
func (f *Frame) LineCode(i int) []byte { return f.Code[i*Block : (i+1)*Block : (i+1)*Block] }

// Reset empties events, commands and arena. Audio stays: a board fills all of it.
func (f *Frame) Reset() {
	f.Late = false
	f.Events = f.Events[:0]
	f.Commands = f.Commands[:0]
	f.arena = f.arena[:0]
}

// Event appends an event; data is copied into the frame's arena.
func (f *Frame) Event(k EventKind, line, at int, value int32, data []byte) {
	f.Events = append(f.Events, Event{Kind: k, Line: line, At: at, Value: value, Data: f.keep(data)})
}

// Command appends a command; data is copied into the frame's arena.
func (f *Frame) Command(k CommandKind, line, at int, value int32, data []byte) {
	f.Commands = append(f.Commands, Command{Kind: k, Line: line, At: at, Value: value, Data: f.keep(data)})
}

// keep copies b into the arena. When the arena is full it moves to a larger
// one; slices handed out before stay valid, as the old one is left to them.
func (f *Frame) keep(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if len(f.arena)+len(b) > cap(f.arena) {
		f.arena = make([]byte, 0, 2*cap(f.arena)+len(b))
	}
	from := len(f.arena)
	f.arena = append(f.arena, b...)
	return f.arena[from:len(f.arena):len(f.arena)]
}
