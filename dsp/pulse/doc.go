// Package pulse finds digits dialled in pulses by the clicks that a tap hears
// when a telephone opens and closes its loop.
//
//	block []int16 ─▶ high-pass, 425-Hz zero ─▶ clicks ─▶ train ─▶ explain ─▶ Event
//
// In: samples of one line from when a telephone went off-hook, in blocks of any
// length. Out: digits with the time of their first and last click, rate, break
// and confidence. Callers: channels, for the first 15 s after off-hook and only
// while it lasts: a tap is not told of loop breaks, and what sounds like clicks
// is no dialling later in a call. Numbers found so are shown as uncertain.
//
// # How
//
// A click is a millisecond that stands 11.5 dB above the sound around it and is
// over within 10 ms. Clicks without a pause of 180 ms between them are one
// digit. All rates of 7.5…23 pulses per second, with and without a click for
// the closing of the loop, are tried on it; the one that leaves the clicks most
// regular tells how many pulses there were. Confidence falls with clicks that
// are missing, stray, irregular or unlike in strength, with unusual rates and
// faint clicks. One telephone keeps to one rate: the digits before decide when
// there is doubt. A 1 is two clicks and nothing else: a first one waits for the
// next digit (4 s at most), which tells rate and strength.
//
// # Standards
//
// None says what a tap hears. Telephones dial 10 or 20 pulses per second, the
// loop open for 50…67 % of each; 8…22 are found.
//
// # Limits
//
// As measured by this package's tests with -full, 4000 digits each, behind a
// model of the line and µ-law; right means right with a confidence of 0.5 or
// more.
//
//	                                                      right   wrong
//	10 or 20 pulses per second, quiet line                99.8 %  0
//	8…22 per second, loop open for 50…72 %                97.8 %  0
//	jitter of 1.5 ms and bouncing contacts                98.4 %  0
//	clicks of 500…15000 (of 32768), makes +3…−12 dB       86 %    0.1 %
//	only every break is heard                             80 %    0
//	after a dial tone of 450 Hz at −10 dBm0               98.8 %  0
//	over hum of 50 Hz at −20 dBm0                         99.8 %  0
//	speech, 2.2 h                                         0.9 per hour taken for digits
//
// Lines as they are have not been recorded for this: the figures are those of the
// model.
package pulse
