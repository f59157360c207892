// Package pri understands the D-channel of a primary rate interface, and
// follows the calls of a link that is only listened to: a tap of two
// receive-only spans, one for each direction. It never sends.
//
//	frames of both directions ─▶ LAPD (Q.921) ─▶ messages (Q.931) ─▶ calls ─▶ events by timeslot
//
// In: LAPD frames without flags and without FCS, with the side that sent them
// and their position in samples. Out: [Event] values appended to the caller's
// slice. The caller is package channels, which owns one [Tap] per tapped link
// in its board loop, and whoever prints messages. Nothing here locks or knows a
// clock, time is samples; what allocates are the texts of numbers, a few per call.
//
// # What is believed
//
// Frames that the link repeats are taken once, by N(S). A call is known by the
// side that made its reference and the reference's value (Q.931 clause 4.3).
// It belongs to the timeslot of the last Channel identification that was
// exclusive, or that the other side accepted by saying nothing else (clause
// 5.1.2, 5.2.3). Digits of INFORMATION messages go on with the called number.
// CONNECT is a certain answer; DISCONNECT, RELEASE and RELEASE COMPLETE end a call
// with their first cause, and so does a STATUS that knows of no call. RESTART
// clears the timeslots that it names. Calls in progress survive the loss of the
// data link for T309 at its longest, 90 s: only frames that an established link
// has count as its life.
//
// A call that is held or loses a glare gives its timeslot to another and is
// kept: it comes back where a later message says. After frames were lost, a call
// whose timeslot is idle for long has ended ([Tap.Idle]).
//
// Which side is the network's is configured and checked: commands of the network
// have the C/R bit set, those of the user have it clear (Q.921 clause 3.3.2).
//
// # Limits
//
// One D-channel per link: no non-facility associated signalling, no backup
// D-channel. TEI 0, as primary rate has it. Calls of basic access are not
// followed. Layer 3 is Q.931 as in ETS 300 102, QSIG, NI-2 and the older American switches; numbers of
// national codesets are not read.
package pri
