// Command make makes the set of prompts that vaad is installed with: it lets a
// speech engine speak the scripts and brings what it says to the level and form
// of a telephone line.
//
//	calls/prompt/script/LANG.txt ─▶ espeak-ng ─▶ trim, 8 kHz, −18 dBm0, A-law ─▶ prompts/LANG/NAME.wav
//
// In: the scripts, and the engine as a program. Out: WAV files, the same for the
// same script and engine, and beside them the file "made", which says from what
// each was made: what has not changed is not made again, and what the script no
// longer has is removed. Called by "make prompts".
//
// Beep, pause and the music on hold are computed. The music is ours: broken
// chords of plucked strings, no note of it at 450 Hz or steady, so that nothing
// that listens for tones of exchanges or keys takes it for one.
package main
