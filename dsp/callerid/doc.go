// Package callerid finds and takes apart what an exchange says about a caller:
// FSK messages with the tones of Bell 202 or ITU-T V.23, and keys.
//
//	block ─▶ fsk Bell 202 ─┐
//	     └─▶ fsk V.23     ─┴▶ assembler, ntt ─▶ Receiver ─▶ Message ─▶ Fields, Caller, CallerName
//	dtmf.Event ───────────────────────────────▶ Keys ────▶ Message
//	block ─────────────────────────────────▶ Alerting ───▶ Alert
//
//	Field… ─▶ Build, BuildNTT ─▶ NewSource ─▶ Fill(block) ─▶ samples
//	AlertTone ─▶ tone.New
//
// In: samples of one line, in blocks of any length, or the events of a DTMF
// detector. Out: whole messages, with the samples at which they began and ended.
// Callers: channels, vaactl. Whoever calls decides by the state of the line
// what may be a caller at all: FSK only on-hook, after ringing or a reversal, or
// during a call after the alerting tone; keys only on-hook. That is why keys
// have a type of their own, and why damaged messages are counted, not told.
//
// # How
//
// Both FSK codings are listened for at once; where both understand a message,
// the better one tells it. A message begins with a known type after at least 8
// bits of mark, and is believed when its checksum is right and its parameters
// fill it exactly, one of them known: a checksum of 8 bits alone is right once
// in 256 times. Messages of NTT, in Japan, have V.23's tones, parity, a frame of
// their own and a checksum of 16 bits. Keys make a message when codes stand
// around digits.
//
// The alerting tone before messages during a call, and before ringing in
// Britain and elsewhere, is looked for in the second difference of the samples,
// where little is left of speech: 12 ms in every 24 until something resembles
// it, then 16 ms every 4 ms until it has ended. Both tones must have the right
// frequency, a steady phase, and begin and end together.
//
// # Standards
//
// Messages: Bellcore GR-30 (frame) and its types of parameters; ETSI EN 300
// 659-1 (on-hook), -2 (off-hook) and -3 (types of messages and parameters);
// China's YDN 069 is as Bellcore with the tones of Bell 202. Keys: EN 300 659-1
// annex C, and the variants of China, Taiwan, Kuwait, Denmark and the
// Netherlands as equipment for these countries knows them. Names: see
// DecodeText; GBK comes with its table.
//
// # Limits
//
// As measured by this package's tests with -full, 1000 messages each, through
// µ-law. S/N is the tone against noise in 0…4 kHz.
//
//	whole messages at S/N            9     8     7     6     5     4 dB
//	  Bell 202                     99.9  99.7  99.3  98.6  94.3  82.1 %
//	  V.23                         99.9  99.6  99.3  98.2  96.6  90.7 %
//	−3…−40 dBm0; hum of 50 Hz up to 12 dB above       100 %
//	must accept: 19 dB of levels above −38 dBm0, twist ±6 dB, ±1 % of
//	  frequency and rate, S/N 15…35 dB                100 %
//	during a call, after 55…105 bits of mark          100 %
//	frequencies ±3 %, rate ±2 %                       100 %
//	200 messages each of an independent sender        all
//	wrong messages in all of these                    0
//	NTT at S/N 9 / 8 / 6 dB                           100 / 100 / 99 %
//	speech and music as recorded, 2.5 h, and at 11
//	  other pitches, 27 h                             0 messages
//
//	alerting tones of 75…112 ms, −32…−8 dBm0, twist
//	  ±6 dB, ±1.1 %, at S/N 25, 12 and 6 dB           100 %
//	−42 dBm0; under hum 6 dB above                    100 %
//	under speech 20 and 10 dB below each tone / as
//	  strong as each                                  100 / 99.8 %
//	off by 2.5…4 %, 20…60 ms, 135…400 ms, one tone,
//	  keys, 1000 each                                 0 told
//	edges                                             within 3.5 ms
//	the same 30 h of speech and music                 0 told
//
//	processor time of both codings, to that of
//	  spandsp's adsi_rx for one                       1/15 in speech, 1/2.5 in messages
//	of alerting tones, to the same                    1/20
//
// What it does not do: it does not answer an alerting tone; whoever calls
// decides that a message may follow one. NTT's frame is as an independent sender
// makes it, not as NTT's own papers print it.
package callerid
