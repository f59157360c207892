// Package channels runs the boards: it moves their audio and events every
// 20 ms, knows what state every line is in, and tells the rest of vaad.
//
//	driver.Board ─▶ loop (one goroutine per board, every 20 ms) ─▶ ring (60 s per line side) ─▶ Line.Read
//	                  │   ▲                                    └─▶ queue ─▶ feed (numbers) ─▶ Reader.Drain
//	                  │   └── requests (bounded queue) ◀── System.Request, Configure, Wish, Play, Join
//	                  ├──▶ ears (what each line's state asks for) ─▶ state tables ─▶ queue
//	                  │                                                  └─▶ acts: commands, sounds ─▶ next frame
//	                  └──▶ trace of raw events (60 s) ─▶ System.SaveFlight
//
// In: boards opened through driver.Driver, the numbers and uses of their lines
// from a [Plan], requests and wishes. Out: numbered [Event]s, companded audio by
// absolute position, levels, statuses, metrics. Callers: recorder and calls
// read the feed and the rings, the switch in calls wishes, plays and joins,
// console shows statuses, cmd/vaad wires it.
//
// # Exact recording
//
// A reader that wants every sample and every event, and to know which came
// first, does this each time [Reader.Wake] fires:
//
//	p := line.Fed()            // 1. first
//	evs, lost := r.Drain(evs)  // 2. every event known before p is in here or came earlier
//	…act on events…            // 3.
//	line.Read(buf, side, pos)  // 4. audio up to p
//	r.Done(line.Number(), p)   // 5. only if the reader holds virtual boards
//
// An event carries Pos, where it happened, and Known, where the loop had
// enough evidence to say so (an on-hook is confirmed 1.2 s after the voltage
// rose). Known decides the order; Pos may lie before positions already read.
//
// # Lines of ours
//
// A trunk or station is told what to do by a [Wish]; its table decides which
// commands and sounds that takes, and the feed tells what comes of it, with the
// wish's ID where something begins or is done. A wish that cannot be is refused at
// once by a [WishError]. Timeslots of a span with a D-channel have one [pri.Stack]
// together; a span with a tap on it stays silent.
//
// What a line sends is the first that there is of
//
//	a sound of its signalling: tones, keys, who calls
//	what is played to it: System.Play
//	what its mix has for it: System.Join
//	silence
//
// and that is what its sent side records. Each member of a mix hears the sum of all
// talkers but itself, one block (20 ms) after they spoke; lines of other boards come and go
// through elastic rings, some 45 ms more. A mix lives on the board of its first line and
// ends with its last one, or with that board. When a call ends, what is played to its line
// stops and the line leaves its mix; a line in no call is given neither, but
// for one that has no signalling.
//
// Analog lines have an echo canceller each, their card's where there is one;
// mixes and ears hear the line behind it, rings hold it as it came.
//
// A line whose use or port changes is let go first: its call ends, and it is put on-hook or
// ceases to ring with the next frame. From then on the guard lets nothing pass. A
// frame in answer to a late one is dropped by the board: silence is recorded
// as sent, and what plays waits.
//
// # What never happens
//
// Nothing outside the loop holds it up: it has no lock, does no I/O and
// allocates nothing in steady state, only where calls begin and sounds change. Readers that are too slow lose events,
// never silently; see [Reader.Drain]. The one exception is a board with a
// virtual clock, whose loop waits for readers that asked for it with
// [Reader.Hold].
package channels
