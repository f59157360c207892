// Package echo takes the echo of what is sent to a line out of what the line
// brings, and measures that echo.
//
//	far (sent) ──┬─▶ spectra of the last 64…128 ms ─┬─▶ front ─▶ echo ─┐
//	             ▼                                  └─▶ back  ─▶ learns │
//	           line                                        ▲           ▼
//	near (brought) ────────────────────────────────────────┴────────▶ near − echo ─▶ suppressor ─▶ out
//
//	Probe ─▶ line ─▶ Canceller ─▶ Path: loss, delay, span
//
// In: blocks of 8 kHz linear samples of both directions, of one length. Out: the
// line without its echo, in place. Callers: channels, for lines whose card has
// no canceller. Recordings are of what the line brought, before this.
//
// # How
//
// Every 8 ms an adaptive filter in parts of 64 samples (block LMS with overlap-
// save in the frequency domain; Soo and Pang, IEEE Transactions on Acoustics,
// Speech and Signal Processing 38, 1990) takes a step towards what would have
// left nothing. Parts of the path that hold more of the echo take larger steps,
// as in proportionate NLMS; lines in which the line is noisy take smaller ones,
// by the noise that was there while the far side was silent, and what lies below
// 125 Hz, hum, is not learnt. There are two models of the path: back learns,
// front works, and takes over what back knows only where that left less over some
// time, much less while more than echo seems to be there. That, and back's
// shorter steps meanwhile, is the detector of double talk: when the near side
// speaks, back does not get better, and front stays as it is. When front adds to
// the line, the path is another and both begin anew. Suppress replaces what is
// left by noise as strong as that of the line, while 11 dB and more of the line
// were echo.
//
// A path behind a board that delays both ways: Config.Delay. With 64 samples and
// more of it the canceller adds no delay, else what is missing to 64. When the
// board's delay changes, SetDelay moves the path and nothing need be learnt.
// Whoever hears a fax or modem switches the canceller off by SetOn.
//
// # Standards
//
// In the manner of ITU-T G.168: convergence, double talk, changed and ended
// paths, narrow-band signals; its hybrids and its signals are not used, so no
// conformance is claimed. Loss by ITU-T G.122 annex B.
//
// # Limits
//
// As measured by this package's tests, means of 3 lines: hybrids of six
// resonances that fade within 3 ms, speech-like sounds, A-law, noise of −68 dBm0.
// Enhancement is by how much the echo alone is weaker than it was (ERLE).
//
//	tail, loss and place of path, far side    after 1 s, 5 s; with Suppress in all
//	 64 ms,  6 dB,  0…24 ms, −10 dBm0         22, 36 dB; 55 dB
//	 64 ms,  6 dB, 37…61 ms, −16 dBm0         16, 34 dB; 48 dB
//	 64 ms, 10 dB, 10…34 ms, −26 dBm0         16, 31 dB; 43 dB
//	128 ms, 10 dB, 87…111 ms, −16 dBm0        15, 27 dB; 42 dB
//	128 ms, 20 dB, 12…36 ms, −20 dBm0         12, 26 dB; 49 dB
//	white noise of −16 dBm0 as far side       24 dB after 0.5 s, 33 after 2 s
//	noise of −50 / −45 dBm0 on the line       24 / 18 dB after 5 s
//	hum of −40 / −30 dBm0 on the line         24 / 16 dB after 5 s
//	both speak for 4 s, near side −26…−10     31 dB before, 28 meanwhile, 29 after
//	both speak for 5 s, near side 14 dB above
//	  the far one: 300 lines (-full)          lost on none; 6 dB less at worst
//	another hybrid, or the delay jumps        25 dB after 2 s, 31 after 5 s
//	the path ends                             far side 37 dB down after 0.5 s
//	keys and dial tone for 6 s, then speech   29 dB before, 29 after
//	Path: loss 3…30 dB, by a Probe of 2 s     within 0.3 dB; delay within 1.5 ms
//
// The processor takes 30 µs for 20 ms of a line with 64 ms of tail and 43 µs with
// 128 ms: 650 and 470 lines of a core of a server of 2024, in plain Go.
//
// What it does not do: echo that is not linear (speakerphones, codecs between)
// is left to Suppress. Where both sides speak from the first moment it waits
// until one pauses. Of music made of a few pure tones it takes little. Clocks must be the same in both directions: echo from beyond
// a network with a clock of its own drifts.
package echo
