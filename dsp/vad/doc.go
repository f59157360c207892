// Package vad tells voice from all else that a line carries: steady noise, hum,
// tones, modems, music, the murmur of a room.
//
//	block ─▶ frame (spectrum) ─▶ observer (levels above floors, purity, change)
//	                                    │
//	         Event ◀─ Detector ◀─ classifier (scores, views, odds)
//
// In: blocks of 8 kHz linear samples of one line. Out: Start and End of voice,
// in places exact to 10 ms, with a probability, up to 253 ms late. Callers:
// channels (silence, voice instead of a tone, who speaks) and the analysis of
// recordings.
//
// # Method
//
// Every 20 ms the spectrum of 24 ms is taken in 12 bands, of the width of
// hearing. A small net of 16 units sees how far each band lies above the least
// it was in 3 s, how pure the sound is and how much it changed, and gives four
// scores. A second one, of 16 judges, sees the means of these scores in eight
// stretches from 400 ms before to 180 ms after the frame, and how the levels of
// the last seconds were. What it says of two frames is laid over 10 ms steps:
// 40 ms of voice are a Start, 150 ms without an End.
//
// The nets have learnt (TestFit) from speakers of nine collections in eight
// languages, none of them Chinese, and from noises, music, tones and modems made
// or mixed for it, at speech levels from −54 to −18 dBov. It knows no language:
// what it goes by is how voices swell, ring and pause.
//
// # What it does not do
//
// It does not tell singing from speech, or one voice from many that are as loud:
// an announcement below music is voice, and so is a talker in the room who is as
// loud as the one on the line. It does not find words in noise that is louder
// than they are. Pauses below 150 ms belong to speech.
//
// # Measured
//
// By TestAccuracy -full: speakers and music that were not learnt from (Italian,
// Russian; phrases and single words), −26 dBov, µ-law, each step of 10 ms
// against labels made of the clean speech; three seeds. F1 in percent, libfvad's
// best mode on its own set of that make in brackets:
//
//	S/N           20 dB    10 dB    5 dB    0 dB
//	white noise      96       95      95      94  (93 85 83 68)
//	babble of 8      96       93      90      76  (91 78 71 69)
//	hum of 50 Hz     97       96      96      96  (95 95 95 72)
//	music            96       94      89      76  (93 80 75 71)
//	clean            97                           (95)
//	mean of the 17: 92 (83); with speech 24 dB weaker: 92
//	on phrases alone, by generator and labels of others: mean of the 17: 95
//	dial, busy and ringback tone taken for voice: 0.0 % of the time (43)
//	noises that come and go, clicks, keys, modems, ringing: 1 %
//	lines per core: 80,000 with AVX2, 21,000 in plain Go (libfvad 11,300)
package vad
