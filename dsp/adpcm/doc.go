// Package adpcm codes and decodes the two 4-bit ADPCM formats of recorders and
// voice boards: IMA ADPCM in the blocks of WAV files, and Dialogic's VOX.
//
//	samples []int16 ──IMAEncoder──▶ blocks of 256 bytes ──IMADecoder──▶ samples
//	samples []int16 ──VOXEncoder──▶ bytes, no head      ──VOXDecoder──▶ samples
//
// In and out: pieces of any length at any place; what does not fill a byte or
// a block waits for the next call. Encoders append bytes, decoders samples, to
// a slice of the caller's, and allocate nothing when it has room. Callers:
// whatever reads or writes such files (export, transcoding); dsp/wav has the
// heads. An encoder or decoder serves one line.
//
// # Standards
//
// IMA: "Recommended Practices for Enhancing Digital Audio Compatibility in
// Multimedia Systems" 3.00 of the IMA Digital Audio Focus Group (1992), and
// RFC 3551 clause 4.5.1, whose DVI4 has the same arithmetic. A block begins
// with its first sample (16 bits), the step index and a zero; the first sample
// of each byte behind is in the low nibble. Mono only.
//
// VOX: Dialogic's application note "ADPCM Algorithm" (1988). A file is bare
// codes, the first sample in the high nibble, 12 bits of each sample, at 6000
// or 8000 samples per second; its reader must know which.
//
// # Traps
//
// VOX is written in two dialects and no file says in which: see Dialect.
// Reading one as the other drifts: by up to 29823 of 32768 on ten minutes of speech.
// Files from voice boards are Dialogic's; files from SoX and libsndfile are
// SoX's.
//
// SoX looks for the best step index at the head of each IMA block, which gains
// 0.4 dB on speech and costs it several passes; the encoder here goes on with
// the index it has, as the recommendation does. Every decoder reads both.
//
// # Measured
//
// Bit for bit equal to spandsp 0.0.6 (IMA as DVI4, VOX Dialogic), and to SoX
// 14.4.2 without dither (VOX SoX; IMA blocks decoded), in both directions, on
// ten minutes of speech, noise, clipping and random codes. Signal to noise on
// speech is 20 dB, on a 1004-Hz tone 22 dB. One core of a Xeon of 2023 carries
//
//	          encode   decode  lines of 8000 samples per second
//	IMA       16,600   49,700  spandsp  6,700  26,400
//	VOX       16,800   49,700  spandsp  7,400  26,300
package adpcm
