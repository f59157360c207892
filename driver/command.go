package driver

// CommandKind says what a board is told to do to a line or a span.
type CommandKind uint8

const (
	GoOffHook      CommandKind = iota + 1
	GoOnHook                   // release
	SendFlash                  // Value: ms
	SendLoopBreak              // FXS. Value: ms
	Ring                       // FXS: ring until RingStop. Data: cadence as ms on, ms off, … in little-endian uint16
	RingBurst                  // FXS: one burst. Value: ms
	RingStop                   //
	SetPolarity                // FXS. Value: 0 normal, 1 reversed
	PulseDial                  // FXO. Data: digits. Value: make ms << 16 | break ms
	OnHookTransmit             // FXS: open the audio path to an on-hook telephone. Value: ms
	SetCAS                     // Value: bits ABCD, A = 8
	SetMWI                     // Value: 1 on, 0 off
	SetEC                      // Value: 1 on, 0 off
	SendDChannel               // Line is the span's index. Data: one LAPD frame, no flags, no FCS
	nCommand
)

var commandNames = [nCommand]string{GoOffHook: "off-hook", GoOnHook: "on-hook", SendFlash: "flash",
	SendLoopBreak: "loop-break", Ring: "ring", RingBurst: "ring-burst", RingStop: "ring-end", SetPolarity: "polarity",
	PulseDial: "pulse", OnHookTransmit: "on-hook-transmit", SetCAS: "cas", SetMWI: "mwi", SetEC: "ec",
	SendDChannel: "d-channel"}

// OnSpan reports whether Command.Line is the index of a span.
func (k CommandKind) OnSpan() bool { return k == SendDChannel }

// Commands lists every kind, for tables and tests that must leave none out.
func Commands() []CommandKind {
	all := make([]CommandKind, 0, nCommand-1)
	for k := GoOffHook; k < nCommand; k++ {
		all = append(all, k)
	}
	return all
}

func (k CommandKind) String() string               { return name(commandNames[:], int(k), "command") }
func (k CommandKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
func (k *CommandKind) UnmarshalText(b []byte) error {
	return parse(k, commandNames[:], string(b), "command")
}

// A Command is something a board is told to do. Data lies in the frame's arena.
type Command struct {
	Kind  CommandKind
	Line  int // index into Info.Lines; into Info.Spans where Kind.OnSpan
	At    int // sample offset in the frame, 0…159
	Value int32
	Data  []byte
}
