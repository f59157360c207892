// Package notch takes single frequencies out of a line: mains hum with its
// multiples, or a dial tone.
//
//	block ─▶ Filter.Process ─▶ block without these frequencies
//
// In and out: blocks of 8 kHz linear samples, changed in place. Callers:
// whoever plays or passes on a line that hums, listens through a dial tone, or
// wants what lies between. The detectors of dsp need none of it: they know
// themselves what to do about hum and dial tone.
//
// A notch is a second-order section with its zeros on the unit circle and its
// poles a little within, at the same angle; its gain is 1 far away and 0.7 half
// its width beside the frequency. The narrower it is, the less speech it takes
// away, and the more exactly the frequency must be known and the longer it
// rings: 1/(π × width) until a tone is down to a third. dsp.Hum measures the
// frequency of the mains to 0.02 Hz.
//
// # Measured
//
// By this package's tests, filters settled:
//
//	Hum(50, 6), hum of −20 dBm0 on 50, 150, 250 Hz
//	  the frequency exact / off by 0.05 / 0.2 Hz    −80 / −31 / −19 dB
//	  settled to −20 dB within                      0.4 s
//	  level of white noise                          −0.11 dB
//	  325 Hz                                        −0.6 dB
//	DialTone(425): 425 / 415 Hz                     −80 / −10 dB
//	DialTone(350, 440): DTMF's lowest tone, 697 Hz  −0.14 dB
//
// A block of 160 samples takes the processor 0.6 µs for each frequency, on a
// server of 2024.
package notch
