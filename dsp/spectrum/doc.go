// Package spectrum takes the spectra that detectors look at.
//
//	samples × Hann ─▶ Power64 ─▶ power of 31 lines     (every look of a detector)
//	samples × Hann ─▶ Transform ─▶ complex lines       (what is done rarely)
//
// In: samples as floating-point numbers. Out: powers, or the transform in place.
// Callers: vad, progress, modemtone. A spectrum of the lines that matter costs
// less than a filter for each of them, as soon as there are more than a few.
package spectrum
