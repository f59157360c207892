// Package peaks makes the picture of a recording that players draw: how loud each
// side was at any time, where somebody speaks, and where nobody does.
//
//	archive.Audio ─▶ Make ─▶ Picture ─▶ Side.View: n points of a part ─▶ player's waveform
//	                             │       Side.Voice, Silence ─▶ regions, skipping of silence
//	journal lines ─▶ Cache ──────┴────▶ ROOT/peaks/ID.peaks, and the newest in memory
//
// In: the opened sides of recordings in any codec of ours, read once from the
// beginning to the end. Out: pictures, which a minute's thought shows to be personal
// data: they tell when somebody spoke. So they go when the recording is erased, and
// those of encrypted recordings never touch the disk. Callers: console; cmd/vaad opens
// the [Cache] and tells it what was sealed and erased.
//
// # How it is measured
//
// A bin is the least and the greatest sample of 10 ms, and their root mean square.
// Bins of 8 make one of the next level, so that an hour is drawn from some thousand
// bins. Nothing finer than 10 ms is kept: who may see a picture shall not be able to
// hear it. Values have one byte, the square root of the amplitude: 127 is full scale,
// 4 is −60 dB, and each is off by less than half a step.
//
// Voice is what dsp/vad finds on a side. Silence is where, for a second and more, no
// side has voice and none is louder than it usually is when nobody speaks.
package peaks
