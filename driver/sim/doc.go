// Package sim is a board made of software: its lines are Unix sockets, scenes
// of simulated callers, or the replay of a frame log.
//
//	outside programs ─ line-NNN.sock ──┐
//	outside programs ─ span-NN.dch.sock┼─▶ Board.Exchange ─▶ rx Frame
//	scene (data) ─▶ callers, voices ───┤
//	frame log ─▶ Replay ───────────────┘
//
// In: the keys of a [[board]] table (options.go) and what the peers send. Out:
// the frames of a driver.Board. Callers: cmd/vaad lists [Driver]; channels owns
// an open board. It serves training, demonstrations, the reproduction of faults
// from the field, and every test that needs a line.
//
// The protocol of the sockets is docs/line-socket.md, the format of scenes
// docs/formats/scene.md; both are normative. Package driver/sim/peer is a
// client of the sockets.
//
// # How a tick goes
//
// Exchange sends the commands and the audio of the tx frame to the peers, waits
// for the tick (real clock: an absolute deadline; peers clock: one block from
// every peer), and takes one block per line. All sockets are non-blocking and
// served by the goroutine that calls Exchange, with two system calls per
// connected line and tick. A second goroutine accepts connections and hands
// them over; a third writes the log, so that Exchange never does.
//
// # What it is like, and what not
//
// A line compands by its law, reports voltage every 250 ms, times pulses and
// flashes, and refuses what a card would refuse. It adds no noise, echo or
// hum: a peer that wants them sends them.
package sim
