// Package dtmf finds the keys that a telephone presses (ITU-T Q.23) on a line
// that may carry anything else: speech, music, noise, hum, a dial tone.
//
//	block []int16 ─▶ survey ─▶ fit ─▶ follow ─▶ Event Down, Event Up
//	                  every     every    while a key
//	                  24 ms     4 ms     sounds
//
// In: samples of one line, in blocks of any length. Out: for each key a Down
// as soon as it is certain and an Up when its tones have ended, with the sample
// at which they began and ended, and level and frequency of both tones as
// measured. Callers: channels, vaactl. The generator of keys is tone.DTMF.
//
// # How
//
// The survey looks at 12 ms in every 24, so that the shortest key (40 ms) holds
// one look as a whole. Power and correlation at a lag of one sample rule most
// of speech out; what is left is compared with the eight tones. Where the
// strongest row and column hold most of the power, the fit lays two sines of
// measured frequency over 32 ms by least squares and demands that
//
//   - both frequencies are right within 1.8 %,
//   - the levels agree within +8.9 dB (row stronger) and −4.9 dB,
//   - whatever is not the tones lies 4.5 dB and more below the weaker of them;
//     10.5 dB where a frequency is off by as much as 1.8 %.
//
// The last is what keeps speech out, and it is a statement about the line: keys
// are found down to a signal-to-noise ratio of about 6 dB. A key then sounds
// until both tones have been away for 20 ms.
//
// Hum and dial tone are steady, and speech is not. While surveys that hold
// little but low frequencies agree with each other, the detector listens behind
// a high-pass of 662 Hz, and a key must leave what lies below as it was.
//
// # Kernels
//
// Where the processor has AVX2, the sums of the survey and of the measurement
// of frequencies, and the high-pass, are kernels (kernels_amd64.s, generated).
// Sums of integers are exact in any order; those in floating point are added up
// in the same order in plain Go, and where one of the two rounds a product and
// a sum at once the other does. So both report the same keys with the same
// figures, and a test compares them. While there is hum the high-pass takes
// most of the time: each sample must wait for the one before.
//
// # Standards
//
// Frequencies: ITU-T Q.23. For receivers, ITU-T Q.24 leaves most figures to
// administrations; those tested here are the usual ones: accept ±1.5 %, refuse
// ±3.5 %; accept +8…−4 dB of twist, −25…−3 dBm0, keys and pauses of 40 ms, S/N
// of 15 dB; bridge 10 ms; refuse 20 ms and −55 dBm0.
//
// # Limits
//
// As measured by this package's tests with -full, through µ-law. S/N is one
// tone against the noise in 0…4 kHz. The same was found with files made by an
// independent program.
//
//	must be accepted, 4000 keys, clean / S/N 15…30 dB   missed 0 / 0, doubled 0 / 0
//	must be refused, 2000 each of: off by 3.5…4.5 %,
//	  5…20 ms, −70…−55 dBm0, one tone, two wrong tones  accepted 0 of 10000
//	1000 keys in white noise at S/N 7 / 6 / 5 dB        missed 0 / 0 / 97
//	hum of 50 or 60 Hz 12 dB below…12 dB above a tone   missed 0 of 3200
//	dial tone (350+440, 400, 425, 450) 12 dB above      missed 0 of 640
//	echo after 20 ms, 10 dB below                       missed 0 of 1000
//	1…10 ms missing within a key                        bridged, 0 of 5000 split
//	the same key again after 25…40 ms                   told apart, 4000 of 4000
//	always accepted from / never below                  30 ms / 26 ms
//	weakest tone                                        −40 dBm0
//	speech, 10.5 h in 20 languages                      0 keys
//	the same at 11 other pitches, 115 h                 0 keys
//	music, 0.7 h                                        1 key
//	begin and length                                    within 4 ms
//	Down after the tones began                          60 ms at the latest
//
// What it does not do: it does not tell keys from a recording of keys, nor does
// it say which side of a mixed line pressed one. Over a dial tone that is
// modulated (India) it does no better than without the high-pass. It needs about
// 100 ms of hum or dial tone alone before it listens below it.
package dtmf
