// Package codec puts all codecs of files into one shape, so that whoever writes a
// file need not know which one it is.
//
//	samples []int16 ──New, Encode, Flush──▶ bytes of a file, whose number Bytes tells before
//	bytes ──Law, Linear──▶ samples []int16
//
// In and out: pieces of any length of one channel at one rate, with a head from
// dsp/wav or bare. Callers: recorder/export and vaactl transcode, which make files
// of recordings in what other machines play.
package codec
