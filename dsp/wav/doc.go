// Package wav writes and reads the head of WAV files: what stands before the
// samples. The samples themselves are the caller's business.
//
//	Header(ALaw, bytes)  ─▶ 94 bytes ─┐
//	StreamHeader(PCM16)  ─▶ 80 bytes ─┴─▶ file or stream ─▶ samples follow
//	io.Reader, io.ReaderAt ─▶ Parse, ParseAt ─▶ Info: format, where the samples are, how many
//	                          ParseAny, ParseAnyAt ─▶ Any: the same, and what a block is
//
// Callers: recorder/archive (recordings), console and vaactl (listening,
// export, transcoding), driver/sim (scenes from audio files).
//
// # Two kinds of formats
//
// In a sample format (A-law, µ-law, linear) every sample stands for itself:
// files can be cut and joined at any sample. Parse and ParseAt read nothing
// else, so that their callers may count on it. Coded formats (IMA and Dialogic
// ADPCM, G.726, GSM 06.10) must be decoded from their beginning, by dsp/adpcm,
// dsp/g726 and dsp/gsm; ParseAny and ParseAnyAt read all. Their last block may
// be padded: HeaderOf and Any.Samples tell how many samples are real.
//
// # A header of fixed length
//
// The length of a header depends on the format alone, never on the amount of
// data. A file can therefore be opened with StreamHeader, grow for hours, and
// get its sizes later by writing Header over the first bytes: at its end, or
// after a crash, whatever the file's length then is. Files above 4 GiB become
// RF64 (EBU Tech 3306, ITU-R BS.2088): the room for its ds64 chunk is kept free
// by a JUNK chunk in every file. docs/formats/wav.md is the normative page.
//
// Reading is bounded: at most 1024 chunks and 16 MiB before the data.
package wav
