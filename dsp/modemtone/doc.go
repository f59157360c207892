// Package modemtone finds the tones by which faxes, modems and text telephones
// show themselves on a line, so that a call is told from one between people.
//
//	block ─▶ frames: spectrum of 16 ms every 20 ms ─┬▶ one steady tone: track, rules ──┐
//	                                                ├▶ V.21, both channels: flags, V.8 ┼▶ Event ─▶ Verdict
//	                                                └▶ two tones of Baudot ────────────┘
//
//	Tone ─▶ Source ─▶ Fill(block) ─▶ samples
//
// In: blocks of 8 kHz linear samples of one line. Out: Start once a tone is
// there, Confirm once it is certain, End when it has ended; a Verdict makes of
// them what is at the ends of the line. Callers: channels, vaactl.
//
// # How
//
// A frame is a tone if one spectral line and its neighbours hold half of its
// power. The line of the second half of a frame, turned against that of the
// first, says how far the frequency lies from the line; the turn from frame to
// frame says it exactly, and shows reversals of phase. Frames of the same
// frequency are a track, whose swing at 15 Hz is measured. A track is the tone
// of a rule when it has its frequency, 70 % of the power, and the same level and
// frequency all the time. The bits of V.21 are received (package fsk) only
// while most of the power lies in one of its channels.
//
//	        Start                        Confirm
//	CNG     at the end of a burst of     another one after the pause of the standard
//	CT        0.41…0.6 s, 0.46…0.74 s
//	ANS…    after 0.5 s; its kind may    after 1 s; the kind is certain
//	          still change
//	V22     after 0.5 s                  after 0.7 s
//	others  after 0.6…1 s                after 1.2…2 s
//	V21     after 5 flags                by the address and control field of T.30
//	V.8     after a message              after another that says the same
//	Baudot  after 0.9 s of keys          after 3 s of them
//
// # Standards
//
// ITU-T T.30 (CNG, CED, preamble), V.25 (answer and calling tones), V.8 (ANSam,
// CI, CM, JM), V.21, V.22, V.23, V.32; Bell 103; V.18 annex A for Baudot's code.
//
// # Limits
//
// As measured by this package's tests, twice 500 each (-full takes 200), through
// µ-law, with all that the standards allow of frequency, length and rate: told
// for what they are, and nothing else told. S/N is the tone against noise in
// 0…4 kHz.
//
//	−43…−5 dBm0, S/N 25 dB                     100 % of all 16
//	S/N 10 dB; hum of 50 Hz as loud            100 %; 99.8…100 %
//	S/N 6 dB                                   100 %, Baudot 89 %
//	S/N 3 dB                                   96…100 %, Baudot 40 %
//	V.22 with a guard tone                     100 %
//	all of an independent sender               told, the functions of V.8 too
//	other tones, too short, too long, too weak,
//	  noise, keys, caller ID, special
//	  information tones, 1000 each             0 told
//	speech and music, 2.5 h                    0 told
//	the same at 11 other pitches, 27 h         3 single CNG, never confirmed
//	begin and end                              within 2 ms; of V.21 and Baudot 30 ms; of V.8, some messages late
//	level, frequency                           within 0.5 dB, 1 Hz
//	through GSM 06.10                          all found; which kind of ANS is uncertain
//	processor time to that of spandsp's CNG
//	  and CED, both at once                    1/25 in speech, 1/11 in a tone, 1/2.7 in V.21
//
// What it does not do: two tones at a time (one side's under the other's) are
// none. It does not hear V.22bis's S1 (100 ms), V.32's answer (600 + 3000 Hz),
// data, or the slower codes of text telephones but Baudot's. A tone of 1100 Hz
// that lasts half a second, such as an answering machine's, is a CNG until it
// fails to come again: trust Confirm.
package modemtone
