// Package ears listens to one side of one line: it holds the detectors of dsp
// and lets those work that the line's state asks for.
//
//	block of 20 ms, position, Senses ─▶ Ears ─▶ Finding (key, voice, tone, modem, message)
//	                                     ├ dtmf ─▶ callerid.Keys
//	                                     ├ callerid.Receiver (Bell 202 and V.23)
//	                                     ├ progress, modemtone, vad
//	                                     └ pulse
//
// In: blocks of 8 kHz linear samples with the board's position of each. Out:
// findings with true positions, appended to the caller's slice; they are known
// at the end of the block. The caller is package channels, which owns one Ears
// per received side in its board loop and decides by the state of the line what
// is listened for ([Senses]) and what a finding means. Positions that are left
// out were not heard: the detectors are told (Skip), as they are when a sense
// rests.
//
// Nothing here locks or knows a clock, and nothing allocates once [New] has
// returned. One Ears takes 48 KiB.
//
// # Cost
//
// 128 lines in noise, processor time of one core, measured by BenchmarkHear on a
// virtual machine: idle (messages and keys) 0.2 %, all talking (everything but
// pulses) 1.0 %, all just picked up (everything) 1.5 %.
//
// A [Masker] takes 8 µs of each block of 20 ms and side in speech, 10 µs in noise, 2 µs
// where nothing is heard (BenchmarkMasker): 5 % for 128 sides that all talk.
package ears
