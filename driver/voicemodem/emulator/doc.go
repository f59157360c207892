// Package emulator is a voice modem made of software.
//
//	AT+V commands, voice data ◀─▶ DTE side: a pty, or /dev/ttyGS0 of a USB gadget
//	                              Modem, in 20 ms of its own clock
//	exchange, caller          ◀─▶ line side: line-001.sock, as docs/line-socket.md says
//
// In: an AT command line and shielded voice data as ITU-T V.250, V.253 and
// TIA-695 have them, and from the line what a telephone line carries: ringing,
// reversals, breaks of the feed, voltage, audio. Out: result codes, caller ID,
// shielded events and voice data. Callers: the program lab/modem, which people
// use who train without hardware, and tests of the driver of such modems, with
// which it shares no code.
//
// What makes one chip differ from another is a row of Chips. What the chip says
// about the line it has heard on the line: caller ID, keys and tones are decoded
// from audio, as a chip does.
//
// The core (the type modem) is pure: it is given bytes and blocks and leaves
// bytes and blocks; all its times are samples. Modem moves it by a clock that
// may go wrong by some parts per million, and by nothing else: neither side can
// make it faster or slower, and what they do not take in time is lost and told,
// as it is with hardware.
package emulator
