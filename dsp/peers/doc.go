// Package peers holds this project's detectors and codecs against those of
// others: Debian's spandsp and libgsm, and tones made by SoX.
//
//	set of signals ─┬─▶ dsp/* ───────────────────────────▶ what was heard ─┐
//	                └─▶ file ─▶ C driver (c/) ─▶ spandsp ─▶ what was heard ─┴▶ tables
//	corpus of 600 s ─┬─▶ dsp/* ────▶ processor time ─┐
//	                 └─▶ C driver ─▶ processor time ─┴▶ docs/performance.md
//	spandsp's and SoX's generators ─▶ dsp/*       must be heard
//	generators of dsp/* ─▶ spandsp's receivers    must be heard
//
// Nothing calls it: it has tests only. The driver is our own program in C (c/),
// built by the tests, and speaks lines of JSON over its standard input and
// output; see c/peer.h. It needs gcc and Debian's libspandsp-dev and libgsm1-dev,
// which ".ci/need peers" installs. Without them the tests that need them are
// skipped, and say so.
//
// # Flags
//
// Behind -args: -full for the full counts, -seed N for the sets (a fresh one
// where it is 0), -sounds and -music for folders of recordings as WAV of 8 kHz,
// -every N to hear one in N of them (1 and -full: all, at other pitches too),
// -table FOLDER for the rows of the tables, -logs FOLDER with what the detectors'
// own tests said, -page FILE to write the page from both, -performance FILE to
// measure speed and write that page, -only JOBS to measure some. make accuracy,
// make bench and make prove-listening give them. VAAD_KEEP names a folder for
// signals that were not heard, and for what was heard where nothing was, as
// samples of 16 bits without a head.
//
// # Fairness
//
// Both sides get the same samples. C and Go take turns in each round and one
// core; what counts is processor time, and ratios are those of medians. The
// libraries are Debian's own builds, linked statically, so that no call goes
// through a table.
package peers
