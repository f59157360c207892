// Package dsp measures audio: levels of blocks of 8 kHz linear samples, and mains
// hum.
//
//	block []int16 ─▶ Measure ─────▶ Level ─▶ DBm0, Peak, Clipped, DC
//	          └────▶ Hum.Process ─▶ HumLevel, once a second: Hz, DBm0, Lines
//
// In: blocks of 16-bit linear samples as driver frames hold them. Out: plain
// numbers. Callers: channels (line meters), recorder, vaactl, and every package
// below, each of which does one thing:
//
//	dtmf, pulse       keys and dialled pulses
//	progress          tones of exchanges
//	modemtone         tones of faxes, modems and text telephones
//	callerid, fsk     caller ID, and the FSK below it
//	vad               voice against all else
//	tone              sources of tones; the others have their own
//	g711, adpcm,      codecs: A-law and µ-law; IMA and VOX;
//	g726, gsm         G.726; GSM 06.10
//	wav               the container
//	gain, mix         louder and softer, by hand or by itself; two sides into one
//	notch             hum and dial tones out of a line
//	echo              echo out of a line, and how strong it is
//	resample          other sampling rates, other clocks
//	spectrum, simd    spectra for detectors; which vector instructions there are
//
// Everything under dsp is pure: no files, no clock, no goroutines, no logging,
// and no allocation once New has returned. Sources have the shape
// Fill(block []int16) (n int), where n < len(block) means finished.
//
// # Levels
//
// Levels are dBm0. ITU-T G.711 gives the largest sine wave that fits as
// +3.14 dBm0 for A-law and +3.17 dBm0 for µ-law. On the 16-bit scale of our
// tables the ends of the two laws lie at 32768 (4096 × 8) and 32636 (8159 × 4).
// One scale must do for lines of both laws, so A-law's is taken: a sine with a
// peak of 32768 is +3.14 dBm0. µ-law lines then read 0.06 dB low, which is far
// below what any meter or threshold here resolves.
package dsp
