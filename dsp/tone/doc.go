// Package tone makes tones: sums of sines that come and go in a cadence.
//
//	Country("CN").Busy ─┐
//	DTMF("4711", …)    ─┼─▶ Cadence ─▶ New ─▶ Source.Fill(block) ─▶ samples
//	your own bursts    ─┘
//
// In: what a standard or a country says, as data. Out: 8 kHz linear samples.
// Callers: driver/sim (what an exchange and a telephone sound like) and later
// every line on which vaad itself is the exchange; dsp/progress, which listens for
// the tones of the same table (Plans); settings, which take only these countries.
//
// Fill allocates nothing and does not care how long its blocks are: the phase
// runs on from block to block. Each burst rises and falls within RampMS, so
// that keying makes no click.
package tone
