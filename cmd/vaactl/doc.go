// Command vaactl is the command line of technicians and reviewers: it lists and
// watches lines, finds, plays, exports and annotates recordings, lists calls,
// changes settings, and without the daemon checks recordings, and converts,
// draws, and listens to audio files.
//
//	arguments ─▶ api.Client ─▶ DIR/run/vaad.sock or http://127.0.0.1:PORT ─▶ text or --json
//	          ├▶ verify: recorder/archive, read only, no daemon needed
//	          ├▶ replay: frame log ─▶ driver/framelog ─▶ channels ─▶ what is told now, and was then
//	          ├▶ doctor: the machine's files ─▶ doctor ─▶ findings, support bundle
//	          └▶ analyse, transcode, spectrogram: audio files ─▶ dsp ─▶ text, WAV, PNG
//
// In: a command and the daemon's folder (--root), socket or address. Out: a
// table, or with --json one object per line; audio goes to files or to standard
// output. Exit codes: 0 done, 1 the daemon or a file said no, 2 wrong usage,
// 3 the daemon cannot be reached. Errors say what failed, where, and what to do.
package main
