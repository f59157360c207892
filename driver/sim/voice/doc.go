// Package voice makes sounds like speech: the voices of simulated callers.
//
//	Voice (pitch, length of the vocal tract, pace, level) ─┐
//	seed, syllables ───────────────────────────────────────┴─▶ Phrase ─▶ samples
//
// In: what sets one speaker apart from another. Out: 8 kHz linear samples of
// one phrase that begins and ends in silence. Caller: driver/sim, which renders
// some phrases per voice when a scene is loaded. The same seed gives the same
// phrase.
//
// It is a source-filter synthesiser after the plan of D. Klatt, "Software for a
// cascade/parallel formant synthesizer", J. Acoust. Soc. Am. 67 (1980): pulses
// of the glottis and noise, four resonances in a row for the vocal tract. It
// speaks syllables of no language. Pauses, melody, level and spectrum are those
// of speech, so meters, triggers and listeners take it for speech; what is said
// means nothing, and a recogniser of words finds none.
package voice
