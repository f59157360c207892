// Package g726 codes and decodes ADPCM of 16, 24, 32 and 40 kbit/s.
//
//	samples []int16 ──Encode────▶ bytes ──Decode────▶ samples
//	octets  []byte  ──EncodeLaw─▶ bytes ──DecodeLaw─▶ octets
//
// In and out: pieces of any length at any place; bits that do not fill a byte,
// or a code, wait for the next call. Encoders append bytes, decoders samples or
// octets, to a slice of the caller's, and allocate nothing when it has room.
// Callers: whatever writes or reads such files and streams. An encoder or
// decoder serves one line. Every sequence of bytes is a valid code.
//
// # Standard
//
// ITU-T G.726 (1990): the blocks of clause 4.2, under their names; Annex A
// (1994) for input and output of uniform samples, of which the upper 14 bits
// count; clause 4.2.8 for octets of G.711, with the adjustment that lets a
// connection pass through G.711 and G.726 again and again without further loss.
// G.726 at 32 kbit/s is the former G.721, at 24 and 40 the former G.723.
//
// # Traps
//
// The packing: RTP (RFC 3551) puts the first code into the low bits of a byte,
// I.366.2 and WAV files into the high bits. Read in the wrong one, a file is
// noise. Nothing in a bare file tells.
//
// Where a decoded signal clips, Annex A stops at the end of the range (block
// LIMO). spandsp turns over to the other end: there, and only there, its
// samples differ from those of this package. FFmpeg's codec is not exact.
//
// A decoder does not resynchronise at a lost byte; after a gap make both new.
//
// # Measured
//
// All 112 digital test sequences of Appendix II, from the reset state and from
// the homing sequences, in both laws and across them: no code and no octet
// differs. Against spandsp 0.0.6 on ten minutes of speech, noise and clipping,
// in all rates and packings: the same bytes; the same samples but for the
// clipping. Signal to noise of a 1004-Hz tone is 22, 27, 36 and 41 dB. One core
// of a Xeon of 2023 carries
//
//	             encode  decode  lines of 8000 samples per second
//	32 kbit/s     2,780   3,630  spandsp  1,240  1,390
package g726
