// Package dahdi runs telephony cards through the Linux kernel's DAHDI drivers:
// analog FXO and FXS ports, T1, E1 and BRI spans, and channels that another
// program owns.
//
//	/dev/dahdi/ctl, /sys/bus/dahdi_devices ─▶ inventory ─▶ Find, Open
//	/dev/dahdi/channel, one per line ─▶ read, GETEVENT ─▶ Board.Exchange ─▶ rx Frame
//	/dev/dahdi/channel, one per line ◀─ write, HOOK, … ◀─ Board.Exchange ◀─ tx Frame
//	WCTDM_GET_STATS, /proc/xpp, SPANSTAT, /proc/dahdi ─▶ pollers of their own ─▶ Volts, alarms, counters
//
// In: what the kernel says. Out: a [driver.Driver] whose boards obey the
// contract of package driver. Callers: cmd/vaad lists the driver; doctor reads
// the inventory. Everything that touches the operating system goes through one
// seam, the type kernel; the tests put a fake in its place, and the same board
// runs in the project's kernel lab against the real modules.
//
// # One board, one clock
//
// A Board is one DAHDI device (a card), or several that take their clock from
// one source and are named together. All its channels move 160 samples in one
// Exchange. They are flushed together, between two ticks of the kernel, so
// that they stand at the same sample; a timer of the kernel that expires each
// 8 samples (the ruler) proves that none came between, and tells how many
// samples were lost when the kernel's 32 buffers (640 ms) have run over: DAHDI
// says that audio was lost (READ_OVERRUN), never how much. Where another card
// gives the kernel its time, one channel is the pilot instead: while the board
// settles its buffers hold two chunks, so that it tells the board's own ticks,
// and the machine's clock says, by the drift that it has shown, which chunk it is.
//
// What is sent is held at two blocks by own accounting, as what the kernel
// plays and what it records move together. After a stall the backlog is
// delivered as late frames, to which no answer is sent; so the delay from tx
// to rx is back at once.
//
// # Channels of another program
//
// A monitor's channels are pseudo channels, two for each channel that is
// listened to. They give audio and, asked for four times a second, hook state:
// no events, no D channel, what the owner's gain and echo canceller have made of
// the sound, by the clock of DAHDI's master span. See monitor.go.
//
// # What is not DAHDI's
//
// Tones and keys are made and found in vaad: DAHDI's own tone zones and DTMF
// are not used, its gain stays one, and audio is the law's own bytes, bit for
// bit. DIAL is used for dial pulses only, which are hook states.
package dahdi
