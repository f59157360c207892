// Package learn measures telephone lines: what a trunk's tones, noise, hum, voltages and
// caller ID are, by calls that a technician is guided through, and what follows from them
// for the line's settings.
//
//	feed of channels ─┐
//	audio of the line ─┼─▶ Run: a table of steps ─▶ wishes (call, release), what to do now
//	voltage ──────────┘            └─▶ Measure, MeasureNoise ─▶ Report ─▶ Profile
//
// In: a line of channels, the numbers to be called. Out: the state of the run as it goes,
// and a [Report] of what was measured, how sure it is, how it compares with what the
// country's exchanges do, and a [Profile]. Nothing is changed: whoever asked applies it.
// What was not heard is not in the report. Callers: cmd/vaad makes a [Learner], console
// offers it.
//
// A [Run] is pure: it has no clock and no goroutine, time is samples of the line's board.
// A [Learner] runs one per line.
//
// # Method
//
// A tone's frequencies are the peaks of the spectrum of its longest burst; its bursts are where
// the power in 16 ms around these frequencies has half of a burst's own amplitude. Noise is
// the quietest 2 s between the first digit and the rest of the number, when the exchange listens.
package learn
