// Package export gives recordings away: their audio in whatever format people ask
// for, one by one or many in a ZIP with a manifest and proofs.
//
//	archive.Audio (network) ─┐
//	archive.Audio (local)  ──┴▶ New ─▶ File: io.ReadSeeker of one WAV ─▶ download, player
//	                              └▶ Maker ─▶ Made: FLAC, VOX, GSM, ADPCM, MP3, Opus … ─▶ download
//	IDs ─▶ Jobs ─▶ ROOT/exports/ID.zip: files from Maker, manifest.csv, manifest.json, proofs
//	live G.711 WAV stream ─────▶ Live ─▶ the same, or 16-bit PCM ─▶ browser, file
//
// In: the opened sides of recordings, as recorder/archive hands them out; rows of
// the index. Out: audio whose size is known at once, and result files that are
// kept for a day. Callers: console, for playing and exporting; cmd/vaad wires
// [Jobs] and runs it.
//
// # Audio
//
// A File is made while it is being read, so that any part can be asked for and
// nothing is written to disk. One side as recorded is the sealed file itself, byte
// for byte; two sides become left and right; "pcm16" decodes G.711, IMA ADPCM and
// GSM, for players that know nothing else (browsers). Any part of a decoded file
// is the same however it is asked for. What lies late in a GSM file is decoded
// from its beginning: two seconds of work for the last second of four hours.
//
// What must be encoded anew is written once, to a file without a name. FLAC is
// decoded again and compared before it is handed out. MP3 and Opus are made by a
// program that the machine has (lame, opusenc, ffmpeg), which is run without a
// shell, sees nothing but audio, and is ended when it takes too long.
//
// # Jobs
//
// A job has the numbers of its recordings from the moment it was asked for, by
// somebody whose rights were looked at then, and are when it gets to each. What cannot be given (erased, in the
// trash, not readable) is left out, and the manifest says so. A restart of the
// daemon ends a job: it is asked for again. Formats: docs/formats/export.md.
package export
