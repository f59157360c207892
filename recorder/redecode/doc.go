// Package redecode lets the detectors of this very program listen to audio that
// is stored, and says what they find otherwise than was told when it was made.
//
//	WAV per side ─▶ ears of the country ─▶ []Fact (now) ─┐
//	story ─▶ Told ─▶ []Fact (then) ──────────────────────┴▶ Compare ─▶ []Row (same, new, gone, unheard)
//
// In: the sides of a recording as WAV streams (16-bit PCM or G.711 at 8 kHz) and
// its story; or the kept audio of a caller ID that was not understood, without a
// story. Out: facts with positions in samples from the first one. Callers:
// console, for POST …/redecode.
//
// The same ears as on a live line listen ([ears.New]), and to no more than they
// were asked for then: where the story tells the hook, an idle line is listened to
// for caller IDs and keys only, a ringing one for caller IDs. What stands as
// silence (gaps, what was left out on purpose) is not heard, and what was told of
// it, or of the time before the first sample, is neither same nor gone but unheard.
//
// Nothing here locks, knows a clock or writes. An hour of one side takes well under a second.
package redecode
