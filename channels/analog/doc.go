// Package analog knows what analog telephone lines are doing, and does what ours
// must do: a [Tap] follows a line that a telephone or PBX owns and never acts, a
// [Trunk] is our end of an exchange's line (FXO), a [Station] feeds and rings a
// telephone of ours (FXS).
//
//	board events (volts, ring, hook, polarity) ─┐
//	detectors (voice, digits, tones) ───────────┼─▶ table ─▶ events (states, calls)
//	wishes (ring, answer, release) ─────────────┤        └─▶ acts (commands, sounds), of lines of ours
//	Tick (samples) ─▶ timers ───────────────────┘
//
// In: driver events and detector findings of one line with their positions in
// samples, and wishes. Out: [Event] and [Act] values appended to what the caller
// gives. The caller is package channels, which owns one table per line in its board
// loop and carries acts out; nothing here locks or knows a clock, time is samples,
// and nothing allocates but texts and messages, a few per call.
//
// Each behaviour is one table (table.go, trunktable.go, stationtable.go), drawn in
// docs/tap-states.md, docs/trunk-states.md and docs/station-states.md. hook.go
// turns voltage into hook states, ring.go bursts into ringings; both learn the
// line passively and [Learnt] keeps what they know over a restart.
//
// What follows is of taps; trunks and stations say theirs beside their types.
//
// # Hook states
//
// Cards report ringing and polarity to a passive line but not the hook of the
// telephone in parallel; only the voltage shows it. Below 3 V for 2 s is no
// battery, up to the threshold off-hook (after 200 ms), above it on-hook (after
// 1.2 s, longer than a flash or a dial's break). Events carry both the position
// where it happened and the one where it was known. During a burst and 300 ms
// after nothing is decided; an off-hook found right after counts from the
// burst's end, as exchanges stop ringing when the telephone is picked up.
//
// # Who calls
//
// Messages are believed by what the line is doing. On-hook they wait for a ring,
// 6 s at most; keys count nowhere else, and FSK before a ring counts although no
// reversal was seen, as not every card reports it. Between bursts FSK is the
// caller's. During a call FSK tells of another call that waits. The first valid
// one of a call is kept; where two come before a ring, the one in the line's usual
// coding, which is learnt. When an incoming call has told nothing although
// something was damaged, keys made no message, or the line always told before,
// [CallerFailed] says where the audio of the attempt lies.
//
// # What is dialled
//
// The number is what is dialled from off-hook to the first voice that lasts half a
// second, ringback, or a pause of 5 s; later keys are [Key]. Voice under a dial
// tone, or before one when nothing was dialled, ends nothing. Pulses count where no
// key was heard and one of them at least is 60 % sure. Keys pressed before the
// voltage has told of the off-hook are dialled late.
//
// # How calls out go
//
// Busy, congestion and howler end a call with the telephone off-hook; so do 4 s of
// dial tone, but not after a flash. After a flash and dial tone or keys, or a flash for a
// call that waits, another party is held until the next flash, and no tone ends the
// call. An answer is certain by reversal alone; it is told 5 s late, as a digit or a
// busy tone may still show that it was none. Voice after the ringback, or a modem,
// is a guess that a reversal corrects: where the ringback is music, or somebody
// speaks beside the telephone, it is wrong. It is told 6 s late, or when the call
// ends: what sounds like voice may turn out to be the first burst of a tone. Tones
// of nobody's that the line uses in the same way three times, right after off-hook
// or until on-hook, are its own dial and busy tone from then on.
//
// # Lines without voltage
//
// Where a card cannot measure voltage the hook is unknown and so is the state:
// such a line goes from unknown to ringing and back. Its calls end by
// "ring-stopped", answered by "unknown"; none is called missed, as nobody can
// tell. They are up while voice or keys are heard, and 10 s more. Calls going out
// are not seen.
//
// # Limits
//
// With voltages every 250 ms a flash is seen from 250–500 ms on, and none while
// a number is being dialled: the breaks of a dial look the same. With voltages
// every 20 ms it is seen from 100 ms on, always.
package analog
