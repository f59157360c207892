// Package channels runs the boards: it moves their audio and events every
// 20 ms, knows what state every line is in, and tells the rest of vaad.
//
//	driver.Board ─▶ loop (one goroutine per board, every 20 ms) ─▶ ring (60 s per line side) ─▶ Line.Read
//	                  │   ▲                                    └─▶ queue ─▶ feed (numbers) ─▶ Reader.Drain
//	                  │   └── requests (bounded queue) ◀── System.Request, System.Configure
//	                  ├──▶ ears (what each line's state asks for) ─▶ state tables ─▶ queue
//	                  └──▶ trace of raw events (60 s) ─▶ System.SaveFlight
//
// In: boards opened through driver.Driver, the numbers and uses of their lines
// from a [Plan], and requests. Out: numbered [Event]s, companded audio by
// absolute position, levels, statuses, metrics. Callers: recorder and calls
// read the feed and the rings, console shows statuses, cmd/vaad wires it.
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
// # What never happens
//
// Nothing outside the loop holds it up: it has no lock, does no I/O and
// allocates nothing in steady state. Readers that are too slow lose events,
// never silently; see [Reader.Drain]. The one exception is a board with a
// virtual clock, whose loop waits for readers that asked for it with
// [Reader.Hold].
package channels
