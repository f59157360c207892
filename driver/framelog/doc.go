// Package framelog records and plays what a board did.
//
//	rx, tx Frames ─▶ Writer ─▶ file ─▶ Reader ─▶ rx, tx Frames
//	                            └────▶ Play ───▶ driver.Board
//
// In: the frames of one board, as Exchange handles them. Out: a file that says
// everything a board delivered: audio as the line's law had it, events with
// their bytes, and what was sent in answer. Callers: channels (the flight
// recorder, "save what just happened"), driver/sim (replay of a log as a
// board), vaactl (replay without a daemon), tests.
//
// A log describes itself: it begins with the board's Info and the names of all
// kinds of events and commands, so that it can be read after kinds were added
// or renumbered. Each record carries a checksum; a log that was cut off by a
// crash can be read up to its last whole record. A silent line costs a quarter
// of a byte per frame, a speaking one 160 bytes. docs/formats/framelog.md is
// the normative page.
//
// Writing and reading allocate nothing in steady state.
package framelog
