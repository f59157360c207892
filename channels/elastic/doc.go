// Package elastic carries audio from one board's loop to another's whose clock
// is not the same.
//
//	loop of board A ── Push, 20 ms by A ──▶ Buffer ── Pull, 20 ms by B ──▶ loop of board B
//
// In and out: blocks of 8 kHz linear samples. One goroutine pushes and one
// pulls; neither waits for the other, takes a lock or allocates. Callers:
// channels, for lines that are in a mix of another board, one Buffer each way.
//
// # Method
//
// Two oscillators of ± 50 ppm may drift apart by a block of 20 ms every 200 s.
// The buffer is kept at its target by resampling (resample.Clock): a slow
// regulator watches how much lies in the buffer and sets how many parts per
// million more or less are taken out. Nothing is cut or repeated, so there is
// nothing to hear: pitch changes by less than two cents, and modems and keys
// pass. By this package's tests an hour at ±100 ppm on either side, with arrivals
// up to 20 ms late, loses no sample and keeps to the bounds, and in no 64 ms does
// anything lie above −60 dB besides a sine or a babble of voices.
//
// What a regulator cannot make up for is done at once, below a fade; the target
// is reached again within 100 ms:
//
//	nothing is left        the end falls silent within 10 ms; then silence until the target is reached
//	more than 80 ms lie    a crossfade of 5 ms to the newest 40 ms
//	the buffer is full     nobody pulls: blocks are not taken; it begins anew when somebody does
//
// # Figures
//
// Target 40 ms before a Pull, and 5 ms that the resampler looks ahead by and a
// Pull may take beyond a block; bounds 20 and 80 ms. A Pull takes the processor
// some 6 µs, of a server of 2024.
package elastic
