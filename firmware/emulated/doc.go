// Package emulated makes USB boards of software, for tests: an Astribank that
// really keeps what is written to its memories, starts only what it was made to
// accept, leaves and joins the bus as the real one does, and then has lines that a
// real kernel takes calls on. In: the transfers of a host, a word about what is to go
// wrong, and words about what happens on the lines. Out: answers, audio, a record of
// the transfers that load it. It is plugged into the kernel's USB by USB/IP (Plug:
// vhci_hcd, root, without a network), or asked by tests directly. Callers: tests of
// firmware, lab/appliance. It shares no code with the loader that it judges, nor with
// the drivers and detectors of vaad.
//
// # The lines
//
//	xpp_usb ─▶ astribank.go ─▶ xpp.go (packets: xpp_packets.go) ─▶ fxo.go, a chip per line ─▶ line.go, its exchange
//	        ◀─ a clock, each ms: what changed, and audio (pcm.go) ◀─
//
// Real is what the kernel's xpp_usb, xpp and xpd_fxo can tell: the description of one
// module of eight FXO ports, registers by number, port and broadcast, the clock that
// the host lets tick and the packets of audio at one in a ms both ways, ringing and
// reversals as the board's own controllers report them, voltage and current of the
// loop, the hook, both laws. An exchange rings, tells a caller, talks in a tone, hangs
// up by a loop break and busy tone, and can be cut; a telephone can be in parallel.
//
// Left out are modules of other kinds, the echo canceller, metering, digits (a seized
// line has dial tone for ever), what a hybrid lets through, and drift: the clock is
// the machine's. Registers without a meaning here keep what is written. The line of a
// board without power stands still.
package emulated
