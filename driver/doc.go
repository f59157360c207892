// Package driver is the contract between line hardware and the rest of vaad.
//
//	lines ─▶ Board.Exchange ─▶ rx Frame (audio, events) ─▶ channels
//	lines ◀─ Board.Exchange ◀─ tx Frame (audio, commands) ◀─ channels
//
// In: a [Driver] finds and opens boards of one family; its sub-packages (sim,
// dahdi, voicemodem) each make one. Out: every 20 ms one [Frame] per board with
// 160 samples of every line and what happened on it, stamped with line and
// sample offset. Callers: channels owns each open board from one goroutine;
// framelog records and plays frames; drivertest says what every board must do.
//
// Events and commands are data, so a file of frames is a complete record of
// what a board did. The package decides nothing about calls and imports nothing
// of ours. How lines behave, and therefore what each kind carries, is written
// beside the kinds in event.go and command.go.
package driver
