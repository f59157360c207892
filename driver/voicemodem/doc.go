// Package voicemodem runs voice modems as boards of one FXO line: USB modems
// that the kernel shows as a serial port (CDC-ACM) and that take the AT commands
// of ITU-T V.253, or of TIA/EIA IS-101 and 695 before it.
//
//	/sys/bus/usb/devices ─▶ inventory ─▶ Find, Open
//	serial port ─▶ decoder ─▶ lines, events ─▶ engine (state table) ─▶ lane ─▶ Board.Exchange ─▶ rx Frame
//	                  └─────▶ audio ───────────────────────────────────┘
//	serial port ◀─ commands, shielded audio ◀─ engine ◀─ lane ◀─ Board.Exchange ◀─ tx Frame
//
// In: what a modem says. Out: a [driver.Driver] whose boards obey the contract
// of package driver. Caller: cmd/vaad lists the driver. One goroutine, the engine,
// owns the port; Exchange only takes from the lane and gives to it, and waits for
// nothing but its tick.
//
// # One clock
//
// On-hook a modem gives no audio and the machine's clock ticks. While voice
// flows the modem's clock does: Exchange's period is trimmed so that what lies
// received and not delivered stays at the same level, and for each sample
// received one is sent. So a call of any length neither gains nor loses a sample,
// and the delay from tx to rx is constant. What comes too late is Missed and then
// a Slip; what the modem says it lost is Lost, as much as its clock has gone on.
//
// # Full and half duplex
//
// Audio flows both ways by +VTR. A modem that refuses it listens (+VRX) and is
// switched to sending (+VTX) while there is something to send; what the line
// brings meanwhile is Lost.
//
// # What a modem cannot do
//
// It hears nothing while on-hook: no taps, no caller ID of our own (what the
// modem has decoded comes as a Text event), and no voltage. It dials by the
// audio that it is given.
//
// # Healing
//
// A modem that does not answer is asked again, reset, opened anew, and its USB
// port reset (see ladder.go); what then does not answer is gone, and channels
// opens it again.
package voicemodem
