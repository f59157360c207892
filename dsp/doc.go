// Package dsp measures audio: levels of blocks of 8 kHz linear samples.
//
//	block []int16 ─▶ Measure ─▶ Level ─▶ DBm0, Peak, Clipped
//
// In: blocks of 16-bit linear samples as driver frames hold them. Out: plain
// numbers. Callers: channels (line meters), recorder, and every package below.
// Its sub-packages each do one thing: g711 (companding), wav (the container),
// tone (sources of tones), mix (two sides into one).
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
