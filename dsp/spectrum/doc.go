// Package spectrum takes the spectra that detectors look at.
//
//	samples × Hann, laid over each other by Fold ─▶ Power64 ─▶ power of 32 lines
//	samples × Hann ─▶ Transform ─▶ complex lines (what is done rarely)
//
// In: samples as floating-point numbers. Out: powers, or the transform in place.
// Callers: vad, progress, modemtone. A spectrum of the lines that matter costs
// less than a filter for each of them, as soon as there are more than a few.
//
// A spectrum of 64 takes 32 ns on a server of 2024 by AVX2, 140 ns in plain Go.
package spectrum
