// Package progress finds the tones by which exchanges tell how a call goes:
// dial tone, ringback, busy, congestion and the special tones of the countries,
// and tones that nobody has planned but that sound pure and regular.
//
//	block ─▶ front: thinned, spectra of 32 ms every 16 ms ─▶ look
//	look ─▶ follower: tones from beginning to end ─▶ burst
//	burst, silence, burst, … ─▶ cadences of the countries ─▶ Event
//
// In: blocks of 8 kHz linear samples of one line. Out: Heard once a tone is
// certain, Again at each further cycle, Over when it has ended. Callers: channels
// (release of lines that do not tell when the other side hangs up, stage of a
// call) and the analysis of recordings.
//
// # Method
//
// A look is a tone if 82 % of the power above mains hum and below 1.9 kHz lies
// around one spectral line, or below 750 Hz around two. A burst is a tone from
// edge to edge; its edges are where it fills part of a look, exact to some 3 ms,
// and its frequencies come from 128 ms of it, exact to 1 Hz. A cadence is
// certain when a full cycle of it, twice or three times if it is short, was
// heard with the right frequencies, lengths within 15 %, the same period each
// time, hardly anything else while it was on, and no more of it while it was
// off. Melodies that callers wait by have such tones too: their notes fade, other
// notes fill what would be silence, and among many notes a short cadence must be
// heard twice. A steady tone is certain when it has lasted longer, by a sixth, than
// anything of the same country that sounds alike, 2 s at least. What is certain
// may vary half as much again before it is over; what was told once is not told again.
//
// The tones and their lengths are those that administrations gave to the ITU
// (ITU-T E.180 and the list kept under it), in China GB/T 3380: 450 ± 25 Hz. They
// stand in package tone, 159 countries with their sources. Those of 61 countries
// and the special information tone are found whatever New is asked for, those
// of the others where it is asked for them. Where several countries have the same
// tone, New is told which is meant.
//
// # What it does not do
//
// It does not hear tones above 1.85 kHz: modemtone has those. Interruptions
// below 62 ms are only counted, so that a swinging tone with such interruptions
// is a steady one. Below other people's speech that is as loud as the tone a
// cadence is found when they pause. Tones that come with no pause between parts
// of different frequency are found where the frequencies lie 40 Hz apart.
//
// Two tones of a country with the same figures are one: the congestion tone is
// told as the busy tone in Angola, Brunei, Central Africa, Costa Rica, the
// Dominican Republic, Ecuador, the Faroes, Greenland, Guyana, Hungary, Iceland,
// Japan, Kiribati, Kuwait, Kyrgyzstan, Malaysia, Mexico, Moldova, Niger, Oman,
// Panama and Poland, and in Australia and Papua New Guinea, where every other
// burst of it is weaker. Special dial tones that swing or beat and are interrupted
// for no longer than 40 ms (Australia, Romania) are not in the table.
//
// # Measured
//
// By TestAccuracy -full and TestAccuracyTalkOff -full: µ-law, own generator;
// 1000 lines each, of busy, congestion, ringback, dial, special dial, vacant
// number, notice, howler, waiting and recording tone of China; heard, and nothing
// else heard.
//
//	every tone of every country, −16 dBm0                    726 of 726
//	dial, ringback, busy and congestion tone of 159 countries
//	  at −10…−30 dBm0, cadence ± 10 %, and nothing else      5820 of 5820
//	China, 450 ± 25 Hz, cadence ± 15 %, −10…−38 dBm0           100 %
//	  with hum of 50 Hz as loud as the tone                    100 %
//	  in white noise, S/N 15 / 10 / 6 dB            100 / 99.8 / 98.8 %
//	  busy and congestion for 12 s below local speech
//	    that is 10 / 3 dB lower                       99.7 / 49 %
//	    for 40 s, 10 / 6 / 3 / 0 dB lower     100 / 96 / 89 / 46 %
//	regular cadences of nobody's                               100 %
//	heard in 32 h of speech and music, some re-pitched            0
//	heard in 200 min of melodies of single notes about 450 Hz
//	  busy, congestion or another end of a call                   0
//	  dial tone: a note of 2 s, mostly the first                  4
//	lines per core with AVX2, in speech and music           33,000…39,000
//	  (spandsp's super_tone_rx for fewer tones: 5,000)
//	  in plain Go 24,000; in silence, with AVX2, 170,000
package progress
