// Package fsk sends and receives binary frequency shift keying: the tones of
// Bell 202 and ITU-T V.23 that carry caller ID, and of ITU-T V.21 that carry
// the control messages of fax.
//
//	                        ┌─▶ start-stop characters ─▶ Event Character
//	block ─▶ survey ─▶ bank ┤
//	      12 ms in 24       └─▶ clocked bits ─────────▶ Event Bit
//
//	bytes, bits ─▶ Source ─▶ Fill(block) ─▶ samples
//
// In: samples of one line, in blocks of any length. Out: the characters or bits
// between a Carrier and a Lost, with the sample at which each began. Callers:
// callerid, and what decodes the HDLC of fax. A message's own frame and checksum
// are theirs.
//
// # How
//
// A survey looks at 12 ms in every 24 for the tone that precedes all data. Only
// from there on is the line demodulated: both tones are turned down to zero and
// summed up, so that the correlation of any stretch, to a fraction of a sample,
// is a difference. A bit is decided as the middle of the likeliest three (see
// word), which uses that phase runs on through a change of bit, without knowing
// the phase. Where a bit changes, the two tones must have the same phase: that
// tells to a few hundredths of a bit when characters begin, whatever the rate
// and the frequencies are off by. Levels of the two tones are learnt one by one.
// Hum is filtered away.
//
// # Standards
//
// Tones and rates: Bell 202, ITU-T V.23 (mode 2), ITU-T V.21. Continuity of
// phase is what V.23 and Bellcore GR-30 ask of senders.
//
// # Limits
//
// As measured by this package's tests with -full, through µ-law. S/N is the
// tone against noise in 0…4 kHz.
//
//	blocks of 40 characters arriving whole at S/N     9    8    7    6    5    4 dB
//	  Bell 202                                      100  100   99.8 99.0 93   78 %
//	  V.23                                          100   99.9 99.8 99.4 97   92 %
//	level                                           −3…−42 dBm0: 100 %
//	twist ±10 dB; tones ±3 %; rate ±2 %             100 % each, S/N 25 dB
//	both 6 dB, 1 % and 1 % at once                  100 %
//	hum of 50 Hz, 12 dB above                       100 %
//	V.21, 10400 bits at S/N 6, 3 / 0 dB             0 / at most 35 wrong or late, also with 6 dB of twist
//	processor time to that of spandsp's adsi_rx     1/30 in noise, 1/1.5 in data without pause
//	60000 bits of V.21 from an independent sender   0 wrong
//
// What it does not do: bits of a sender whose phase jumps at each change need
// more signal; parity, and other lengths of characters than eight, are not
// known; of a clocked stream it does not say where its bytes begin.
package fsk
