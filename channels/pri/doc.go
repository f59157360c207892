// Package pri understands the D-channel of a primary rate interface. A [Tap]
// follows the calls of a link that is only listened to, by two receive-only
// spans, one for each direction, and never sends. A [Stack] is one side of a link,
// the network's or the user's.
//
//	frames of both directions ─▶ LAPD (Q.921) ─▶ messages (Q.931) ─▶ calls ─▶ events by timeslot
//	frames ◀─▶ DataLink (Q.921) ◀─▶ Stack (Q.931) ◀─ wishes by call, ─▶ events by timeslot
//
// In: LAPD frames without flags and without FCS, with the side that sent them
// and their position in samples. Out: [Event] values appended to the caller's
// slice. The caller is package channels, which owns one [Tap] per tapped link
// in its board loop, and whoever prints messages. Nothing here locks or knows a
// clock, time is samples; what allocates are the texts of numbers, a few per call.
//
// # One side of a link
//
// What a [Stack] does in which state of a call is one table for each side, with
// the states and timers of Q.931 (drawn in docs/q931-states.md); what other kinds of
// switches want otherwise is a row of a second table. It answers what it does not
// understand as clause 5.8 has it, and enquires after every disturbance of the
// data link what the far end believes of the calls, so that no timeslot is taken on
// one side only. Of two calls that want one timeslot at once the network's
// has it; ours goes on in another, unless it was ordered for that one. A timeslot
// that the far end does not release is restarted before it is used again.
//
// What is not done: announcements after DISCONNECT are not waited for, suspended
// calls, segmented messages (they are answered with STATUS), calls without B-channel.
//
// # What a tap believes
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
