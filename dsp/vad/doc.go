// Package vad tells voice from all else that a line carries: steady noise, hum,
// tones, modems, music, the murmur of a room.
//
//	block ─▶ frame (spectrum) ─▶ observer (levels above floors, purity, change)
//	                                    │
//	         Event ◀─ Detector ◀─ classifier (scores, views, odds)
//
// In: blocks of 8 kHz linear samples of one line. Out: Start and End of voice.
package vad
