// Package export makes one WAV file out of a recording's sides, while it is
// being read: nothing is written to disk and any part can be asked for.
//
//	archive.Audio (network) ─┐
//	archive.Audio (local)  ──┴▶ New ─▶ File: io.ReadSeeker of one WAV ─▶ download, player
//	live G.711 WAV stream ─────▶ Live ─▶ the same, or 16-bit PCM ─▶ browser, file
//
// In: the opened sides of one recording, as recorder/archive hands them out.
// Out: a file whose size is known at once. One side as recorded is the sealed
// file itself, byte for byte; two sides become left and right; "pcm16" decodes
// G.711, IMA ADPCM and GSM, for players that know nothing else (browsers). Any
// part of a decoded file is the same however it is asked for. What lies late in
// a GSM file is decoded from its beginning: two seconds of work for the last
// second of four hours. Callers: console, for
// playing and exporting.
package export
