// Package gsm codes and decodes GSM 06.10 full rate: 13 kbit/s, 160 samples in
// 260 bits.
//
//	samples []int16 ──Encoder──▶ raw frames, 33 bytes ──Decoder──▶ samples
//	                        or ▶ WAV49 pairs, 65 bytes for two frames
//
// In and out: pieces of any length at any place; what does not fill a frame
// waits for the next call. Encode appends bytes, Decode samples, to a slice of
// the caller's, and allocates nothing when it has room. Callers: whatever
// writes or reads such files and streams; dsp/wav has the head of WAV49 files.
// An encoder or decoder serves one line.
//
// # Standard
//
// ETSI EN 300 961 (GSM 06.10): the procedures of clauses 5.2 and 5.3, with its
// arithmetic of 16 and 32 bits; where this package takes a short cut the
// result is the same, and a test says so. Raw frames are those of RFC 3551
// clause 4.5.8.1. Of samples in, the upper 13 bits count; samples out have
// zeros below. Homing frames (the encoder's and decoder's return to their home
// state on a pattern, for tests of network equipment) are coded as any others.
//
// # Traps
//
// WAV49 is not raw frames in a WAV file: the order of the bits is the other
// way round, and the second frame of a pair begins in the middle of a byte.
// WAV49 has no signature, so every 65 bytes are a valid pair; noise where
// speech should be means that the file is of the other packing, or was cut.
//
// libgsm as Debian builds it sums the long-term correlation in floating point.
// In loud artificial signals it takes another lag once in 60000 frames or so;
// spandsp and this package sum integers, as the standard does.
//
// # Kernels
//
// Where the processor has AVX2, all but the offset filter, the Schur recursion
// and the packing of bits is done by kernels (kernels_amd64.s, generated), which
// give the same bits as plain Go: their instructions are the saturating ones of
// 16 bits that the standard describes. Vectors of 512 bits make the search for
// the lag no faster, as its loads all cross cache lines; so there are none.
//
// # Measured
//
// All 2788 frames of the standard's sequences 1 to 5: no parameter and no
// sample differs. Ten minutes of speech and forty of noise, clipping,
// pulses and silence are coded as by spandsp 0.0.6, and those and random frames
// decoded as by libgsm 1.0.22 and spandsp. One core of a Xeon of 2023 carries,
// in one run with the libraries of Debian 12,
//
//	encode  decode  lines of 8000 samples per second
//	14,500  14,600  with AVX2
//	 2,740   6,960  in plain Go
//	 2,390   5,050  spandsp
//	 1,580   4,850  libgsm
package gsm
