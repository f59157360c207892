// Package peer is a client of the line sockets of the simulated board: the
// other end of a line, as the exchange or as the telephone.
//
//	your samples, events ─▶ Peer ─▶ line-NNN.sock ─▶ board
//	what the line sends  ◀─ Peer ◀─ line-NNN.sock ◀─ board
//
// In: blocks of 160 samples and the words of docs/line-socket.md. Out: the
// blocks and commands of the board. Callers: tests and tools that want a line
// with another end. A Peer is used from one goroutine; Play answers each block
// of the board with one of its own, which both clocks of the board like best.
//
// Errors name the socket. io.EOF means that the board has closed it: because it
// closed, because another peer was there first, or because of what was sent,
// for which the board's log has the reason.
package peer
