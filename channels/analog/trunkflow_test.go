package analog

import (
	"fmt"
	"strings"
	"testing"

	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/progress"
)

// tale is what a bench has seen, in words: states, acts, and what was told of calls.
func (b *bench) tale() (states, acts, calls string) {
	var s, a, c []string
	ms := func(pos int64) int64 { return pos / driver.MS }
	for _, e := range b.events {
		switch e.Kind {
		case LineState:
			s = append(s, e.To.String())
		case CallBegin:
			c = append(c, "begin "+e.Call.Direction)
		case Alerting:
			c = append(c, "alerting")
		case CallAnswered:
			c = append(c, "answered "+e.Call.AnsweredBy)
		case CallEnd:
			end := "end " + e.Call.EndedBy + " " + e.Call.Outcome
			if e.Call.Missed {
				end += " missed"
			}
			c = append(c, end)
		case KeysSent:
			c = append(c, "keys-sent")
		case Flash:
			c = append(c, fmt.Sprintf("flash %d", e.Value))
		case CallWaiting:
			c = append(c, "waiting "+or(e.Caller))
		case CallerFailed:
			c = append(c, fmt.Sprintf("failed %s %d", e.Text, ms(e.Value)))
		case ParallelPickUp:
			c = append(c, fmt.Sprintf("parallel %d", e.Value))
		case BatteryLost, BatteryBack:
			c = append(c, e.Kind.String())
		case Key:
			c = append(c, "key "+string(rune(e.Value)))
		}
	}
	for _, x := range b.acts {
		switch x.Kind {
		case Command:
			w := x.Do.String()
			if x.Value != 0 {
				w += fmt.Sprintf(" %d", x.Value)
			}
			a = append(a, w+strings.Repeat(" ", min(1, len(x.Data)))+string(x.Data))
		case PlayKeys:
			a = append(a, "keys "+x.Keys)
		case Quiet:
			a = append(a, "quiet")
		}
	}
	return strings.Join(s, " "), strings.Join(a, ", "), strings.Join(c, ", ")
}

// tone tells a tone, from where it began to now.
func (b *bench) tone(n progress.Tone, lasts, on, off int64) {
	b.wait(lasts)
	b.trunk.Tone(&b.out, Tone{Name: n, At: b.pos - lasts*driver.MS, To: b.pos, Hz: 450, On: int(on), Off: int(off)}, true, b.pos)
	b.settle()
}

func (b *bench) toneEnds(n progress.Tone, ago int64) {
	b.trunk.Tone(&b.out, Tone{Name: n, At: b.pos - ago*driver.MS, Hz: 450}, false, b.pos)
	b.settle()
}

func (b *bench) dialTone() { b.tone(progress.Dial, 2300, 0, 0); b.toneEnds(progress.Dial, 0) }

func (b *bench) ringback() { b.tone(progress.Ringback, 6100, 1000, 4000) }

func (b *bench) busy() { b.tone(progress.Busy, 2500, 350, 350) }

// says lets somebody speak.
func (b *bench) says(ms int64) {
	b.wait(250)
	b.trunk.Voice(&b.out, true, b.pos-250*driver.MS, b.pos)
	b.settle()
	b.wait(ms - 250)
	b.trunk.Voice(&b.out, false, b.pos, b.pos)
	b.settle()
}

func (b *bench) tells(coding callerid.Coding, parts ...string) {
	m := message(coding, parts...)
	m.At, m.End = b.pos-200*driver.MS, b.pos
	b.trunk.Message(&b.out, m, b.pos)
	b.settle()
}

func (b *bench) calls(number, prefix string) {
	b.wish(b.trunk.Dial(&b.out, Order{Number: number, Prefix: prefix}))
}

func (b *bench) releases() { b.wish(b.trunk.Release(&b.out)); b.wait(3000) }

// outgoing is a call that has been dialled.
func (b *bench) outgoing() { b.calls("4711", ""); b.dialTone(); b.wait(1500) }

// A flow is what happens on a trunk, and what it makes of it.
type flow struct {
	name                string
	conf                TrunkConfig
	do                  func(b *bench)
	states, acts, calls string
}

func flows() []flow {
	const (
		away  = "idle seizing dialling proceeding"
		dials = "off-hook, keys 4711"
		hangs = ", quiet, on-hook"
	)
	return []flow{
		{"a call in", TrunkConfig{}, func(b *bench) {
			b.ring(1000, 4000)
			b.ring(1000, 1000)
			b.wish(b.trunk.Answer(&b.out))
			b.wait(5000)
			b.releases()
		}, "idle pre-ring ringing talking releasing idle", "off-hook, quiet, on-hook", "begin in, answered off-hook, end released answered"},
		{"answered within a burst", TrunkConfig{}, func(b *bench) {
			b.event(driver.RingBegin, 0)
			b.wait(500)
			b.wish(b.trunk.Answer(&b.out))
			b.says(2000)
			b.event(driver.RingEnd, 0)
			b.releases()
		}, "idle pre-ring ringing talking releasing idle", "off-hook, quiet, on-hook", "begin in, answered off-hook, end released answered"},
		{"a call in that is missed", TrunkConfig{}, func(b *bench) { b.ring(1000, 4000); b.ring(1000, 6000) },
			"idle pre-ring ringing idle", "", "begin in, end ring-stopped missed missed"},
		{"a bell that only tinkles", TrunkConfig{}, func(b *bench) { b.ring(60, 7000) }, "idle pre-ring idle", "", ""},
		{"the first burst is missed after a hang-up", TrunkConfig{}, func(b *bench) {
			b.ring(1000, 1000)
			b.wish(b.trunk.Answer(&b.out))
			b.wait(3000)
			b.wish(b.trunk.Release(&b.out))
			b.wait(500)
			b.ring(1000, 4000)
			b.ring(1000, 6000)
		}, "idle pre-ring ringing talking releasing idle pre-ring ringing idle", "off-hook, quiet, on-hook",
			"begin in, answered off-hook, end released answered, begin in, end ring-stopped missed missed"},
		{"a call out, answered by a reversal", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.ringback()
			b.event(driver.Polarity, 1)
			b.wait(30000)
			b.event(driver.Polarity, 0)
			b.wait(3000)
		}, away + " alerting talking releasing idle", dials + hangs, "begin out, alerting, answered reversal, end reversal answered"},
		{"a reversal that nothing explains is an answer after 5 s", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.wait(3000)
			b.event(driver.Polarity, 1)
			b.wait(4000)
			if b.trunk.State() != Proceeding {
				b.tb.Errorf("%v", b.trunk.State())
			}
			b.wait(2000)
			b.releases()
		}, away + " talking releasing idle", dials + hangs, "begin out, answered reversal, end released answered"},
		{"a reversal before busy tone is no answer", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.wait(3000)
			b.event(driver.Polarity, 1)
			b.wait(300)
			b.busy()
			b.wait(3000)
		}, away + " releasing idle", dials + hangs, "begin out, end busy-tone busy"},
		{"somebody speaks after the ringback: a guess", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.ringback()
			b.wait(3000)
			b.toneEnds(progress.Ringback, 2000)
			b.says(8000)
			b.busy()
			b.wait(3000)
		}, away + " alerting talking releasing idle", dials + hangs, "begin out, alerting, answered voice-guess, end busy-tone answered"},
		{"music before the answer, on a line that tells answers", TrunkConfig{Polarity: true}, func(b *bench) {
			b.outgoing()
			b.ringback()
			b.event(driver.Polarity, 1)
			b.wait(5000)
			b.event(driver.Polarity, 0)
			b.wait(3000)
			b.outgoing()
			b.says(20000)
			b.releases()
		}, away + " alerting talking releasing " + away + " releasing idle", dials + hangs + ", " + dials + hangs,
			"begin out, alerting, answered reversal, end reversal answered, begin out, end released given-up"},
		{"… and a call in which it told none", TrunkConfig{Polarity: true}, func(b *bench) {
			b.outgoing()
			b.ringback()
			b.event(driver.Polarity, 1)
			b.wait(5000)
			b.event(driver.Polarity, 0)
			b.wait(3000)
			b.outgoing()
			b.says(70000)
			b.releases()
		}, away + " alerting talking releasing " + away + " talking releasing idle", dials + hangs + ", " + dials + hangs,
			"begin out, alerting, answered reversal, end reversal answered, begin out, answered voice-guess, end released answered"},
		{"a guess becomes certain", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.says(8000)
			b.event(driver.Polarity, 1)
			b.wait(1000)
			b.releases()
		}, away + " talking releasing idle", dials + hangs, "begin out, answered voice-guess, answered reversal, end released answered"},
		{"a fax answers", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.trunk.Modem(&b.out, b.pos, b.pos)
			b.settle()
			b.releases()
		}, away + " talking releasing idle", dials + hangs, "begin out, answered modem, end released answered"},
		{"busy", TrunkConfig{}, func(b *bench) { b.outgoing(); b.busy(); b.wait(3000) }, away + " releasing idle", dials + hangs, "begin out, end busy-tone busy"},
		{"no way through", TrunkConfig{}, func(b *bench) { b.outgoing(); b.tone(progress.Congestion, 4900, 700, 700); b.wait(3000) },
			away + " releasing idle", dials + hangs, "begin out, end congestion-tone congestion"},
		{"no such number", TrunkConfig{}, func(b *bench) { b.outgoing(); b.tone(progress.SIT, 1200, 0, 0); b.wait(3000) },
			away + " releasing idle", dials + hangs, "begin out, end vacant-tone vacant"},
		{"nobody answers", TrunkConfig{}, func(b *bench) { b.outgoing(); b.ringback(); b.wait(20000); b.releases() },
			away + " alerting releasing idle", dials + hangs, "begin out, alerting, end released no-answer"},
		{"given up in dialling", TrunkConfig{}, func(b *bench) { b.calls("4711", ""); b.dialTone(); b.releases() },
			"idle seizing dialling releasing idle", dials + hangs, "begin out, end released given-up"},
		{"no dial tone on a line of which none is known: it dials after 5 s", TrunkConfig{}, func(b *bench) { b.calls("4711", ""); b.wait(6500); b.releases() },
			away + " releasing idle", dials + hangs, "begin out, end released given-up"},
		{"no dial tone on a line that always had it", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.releases()
			b.calls("4711", "")
			b.wait(15000)
		}, away + " releasing idle seizing releasing idle", dials + hangs + ", off-hook, quiet, on-hook", "begin out, end released given-up, begin out, end no-dial-tone not-dialled"},
		{"a steady tone of nobody's is dial tone too", TrunkConfig{}, func(b *bench) { b.calls("4711", ""); b.tone(progress.Steady, 2300, 0, 0); b.wait(1500); b.releases() },
			away + " releasing idle", dials + hangs, "begin out, end released given-up"},
		{"busy tone instead of dial tone", TrunkConfig{}, func(b *bench) { b.calls("4711", ""); b.busy(); b.wait(3000) },
			"idle seizing releasing idle", "off-hook" + hangs, "begin out, end busy-tone not-dialled"},
		{"a prefix, and dial tone behind it", TrunkConfig{Prefix: "0"}, func(b *bench) {
			b.calls("4711", "")
			b.dialTone()
			b.wait(500)
			b.dialTone()
			b.wait(1500)
			b.releases()
		}, away + " releasing idle", "off-hook, keys 0, keys 4711" + hangs, "begin out, end released given-up"},
		{"a prefix without dial tone behind it", TrunkConfig{}, func(b *bench) {
			b.calls("4711", "0")
			b.dialTone()
			b.wait(200 + 2900)
			if n := len(b.acts); n != 2 {
				b.tb.Errorf("%d acts", n)
			}
			b.wait(1500)
			b.releases()
		}, away + " releasing idle", "off-hook, keys 0, keys 4711" + hangs, "begin out, end released given-up"},
		{"pauses in the number", TrunkConfig{}, func(b *bench) {
			b.calls("+47,,1a", "")
			b.dialTone()
			b.wait(400 + 1900)
			if n := len(b.acts); n != 2 {
				b.tb.Errorf("%d acts", n)
			}
			b.wait(700)
			b.releases()
		}, away + " releasing idle", "off-hook, keys 47, keys 1A" + hangs, "begin out, end released given-up"},
		{"answered in a pause before an extension", TrunkConfig{}, func(b *bench) {
			b.calls("47,,,,,,,,,,11", "")
			b.dialTone()
			b.wait(500)
			b.event(driver.Polarity, 1)
			b.wait(15000)
			b.releases()
		}, "idle seizing dialling talking releasing idle", "off-hook, keys 47, keys 11" + hangs, "begin out, answered reversal, end released answered"},
		{"pulses", TrunkConfig{Pulse: true}, func(b *bench) {
			b.calls("4711", "")
			b.dialTone()
			b.wait(3000)
			b.event(driver.DialDone, 0)
			b.wait(100)
			b.releases()
		}, away + " releasing idle", "off-hook, pulse 4711" + hangs, "begin out, end released given-up"},
		{"a card that cannot pulse", TrunkConfig{Pulse: true}, func(b *bench) {
			b.calls("4711", "")
			b.dialTone()
			b.event(driver.Refused, int32(driver.PulseDial))
			b.wait(1500)
			b.releases()
		}, away + " releasing idle", "off-hook, pulse 4711, keys 4711" + hangs, "begin out, end released given-up"},
		{"a card that does not go off-hook", TrunkConfig{}, func(b *bench) { b.calls("4711", ""); b.event(driver.Refused, int32(driver.GoOffHook)); b.wait(3000) },
			"idle seizing releasing idle", "off-hook" + hangs, "begin out, end refused not-dialled"},
		{"a card that does not go on-hook is told again", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.wish(b.trunk.Release(&b.out))
			b.event(driver.Refused, int32(driver.GoOnHook))
			b.wait(5000)
		}, away + " releasing idle", dials + hangs + ", on-hook", "begin out, end released given-up"},
		{"glare: somebody speaks in place of the dial tone", TrunkConfig{}, func(b *bench) { b.calls("4711", ""); b.says(2500); b.says(2500); b.releases() },
			"idle seizing talking releasing idle", "off-hook" + hangs, "begin out, end glare not-dialled, begin in, answered off-hook, end released answered"},
		{"glare: it rang as we went off-hook", TrunkConfig{}, func(b *bench) { b.calls("4711", ""); b.ring(300, 5000); b.releases() },
			"idle seizing talking releasing idle", "off-hook" + hangs, "begin out, end glare not-dialled, begin in, answered off-hook, end released answered"},
		{"a burst as we went off-hook, and dial tone", TrunkConfig{}, func(b *bench) { b.calls("4711", ""); b.ring(300, 0); b.dialTone(); b.wait(1500); b.releases() },
			away + " releasing idle", dials + hangs, "begin out, end released given-up"},
		{"what sounds like voice before the dial tone", TrunkConfig{}, func(b *bench) { b.calls("4711", ""); b.says(900); b.dialTone(); b.wait(1500); b.releases() },
			away + " releasing idle", dials + hangs, "begin out, end released given-up"},
		{"keys in the call; their echo is none", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.event(driver.Polarity, 1)
			b.wait(6000)
			b.wish(b.trunk.Keys(&b.out, "1,#"))
			b.trunk.Press(&b.out, Press{Key: '1', At: b.pos, Length: 800, Sure: 100, By: InKeys}, b.pos+900)
			b.settle()
			b.wait(2000)
			b.trunk.Press(&b.out, Press{Key: '7', At: b.pos, Length: 800, Sure: 100, By: InKeys}, b.pos+900)
			b.settle()
			b.releases()
		}, away + " talking releasing idle", dials + ", keys 1, keys #" + hangs, "begin out, answered reversal, keys-sent, key 7, end released answered"},
		{"a flash, a second call that is busy, and back", TrunkConfig{FlashMS: 300}, func(b *bench) {
			b.ring(1000, 1000)
			b.wish(b.trunk.Answer(&b.out))
			b.says(5000)
			b.wish(b.trunk.Flash(&b.out, 0))
			b.wait(300)
			b.event(driver.DialDone, 0)
			b.tone(progress.Dial, 3000, 0, 0)
			b.wait(3000)
			b.toneEnds(progress.Dial, 0)
			b.wish(b.trunk.Keys(&b.out, "4712"))
			b.wait(2000)
			b.busy()
			b.wish(b.trunk.Flash(&b.out, 0))
			b.wait(300)
			b.event(driver.DialDone, 0)
			b.says(15000)
			b.tone(progress.Busy, 2500, 350, 350)
			b.wait(3000)
		}, "idle pre-ring ringing talking releasing idle", "off-hook, flash 300, keys 4712, flash 300" + hangs,
			"begin in, answered off-hook, flash 300, keys-sent, flash 300, end busy-tone answered"},
		{"another call waits", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.event(driver.Polarity, 1)
			b.wait(6000)
			b.tone(progress.Waiting, 500, 0, 0)
			b.tells(callerid.Bell, "5551234")
			b.wait(10000)
			b.releases()
		}, away + " talking releasing idle", dials + hangs, "begin out, answered reversal, waiting -, waiting 5551234, end released answered"},
		{"a telephone in parallel is picked up and put down", TrunkConfig{Volts: true}, func(b *bench) {
			b.volts(48000, 4000)
			b.volts(7000, 3000)
			b.volts(48000, 3000)
		}, "idle off-hook-out idle", "", "parallel 1, parallel 0"},
		{"a telephone in parallel answers", TrunkConfig{Volts: true}, func(b *bench) {
			b.volts(48000, 4000)
			b.ring(1000, 400)
			b.volts(7000, 3000)
			b.volts(48000, 3000)
		}, "idle pre-ring ringing off-hook-out idle", "", "begin in, parallel 1, end parallel unknown, parallel 0"},
		{"a telephone in parallel keeps the call that we release", TrunkConfig{Volts: true}, func(b *bench) {
			b.volts(48000, 4000)
			b.ring(1000, 400)
			b.wish(b.trunk.Answer(&b.out))
			b.volts(8000, 4000)
			b.volts(5500, 3000)
			b.wish(b.trunk.Release(&b.out))
			b.volts(7500, 5000)
			b.volts(48000, 3000)
		}, "idle pre-ring ringing talking releasing off-hook-out idle", "off-hook" + hangs,
			"begin in, answered off-hook, parallel 1, end parallel answered, parallel 0"},
		{"… and puts down before us", TrunkConfig{Volts: true}, func(b *bench) {
			b.volts(48000, 4000)
			b.ring(1000, 400)
			b.wish(b.trunk.Answer(&b.out))
			b.volts(8000, 4000)
			b.volts(5500, 3000)
			b.volts(8000, 3000)
			b.wish(b.trunk.Release(&b.out))
			b.volts(48000, 4000)
		}, "idle pre-ring ringing talking releasing idle", "off-hook" + hangs,
			"begin in, answered off-hook, parallel 1, parallel 0, end released answered"},
		{"the current halves", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			for range 20 {
				b.event(driver.LoopCurrent, 30000)
				b.wait(200)
			}
			for range 20 {
				b.event(driver.LoopCurrent, -16000)
				b.wait(200)
			}
			b.releases()
		}, away + " releasing idle", dials + hangs, "begin out, parallel 1, end parallel given-up, parallel 0"},
		{"the line is cut in a call, and mended", TrunkConfig{Volts: true}, func(b *bench) {
			b.volts(48000, 4000)
			b.calls("4711", "")
			b.volts(8000, 2000)
			b.volts(0, 3000)
			b.volts(48000, 3000)
		}, "idle seizing no-battery idle", "off-hook" + hangs, "begin out, no-battery, end no-battery not-dialled, battery"},
		{"the card says that the feed is lost while it rings", TrunkConfig{}, func(b *bench) {
			b.ring(1000, 500)
			b.event(driver.Battery, 0)
			b.wait(3000)
			b.event(driver.Battery, 1)
			b.wait(3000)
		}, "idle pre-ring ringing no-battery unknown idle", "", "begin in, no-battery, end no-battery unknown, battery"},
		{"the board goes and comes back, the line still off-hook", TrunkConfig{}, func(b *bench) {
			b.outgoing()
			b.trunk.Gone(&b.out, b.pos)
			b.settle()
			b.hook = true // as the card left it
			b.wait(5000)
			b.event(driver.State, driver.StateOffHook)
			b.wait(3000)
		}, away + " gone unknown idle", dials + ", quiet, on-hook", "begin out, end board-gone given-up"},
		{"a reversal and nothing more", TrunkConfig{}, func(b *bench) { b.event(driver.Polarity, 1); b.wait(7000) }, "idle pre-ring idle", "", ""},
		{"a burst whose end is lost", TrunkConfig{}, func(b *bench) { b.event(driver.RingBegin, 0); b.wait(20000) },
			"idle pre-ring ringing idle", "", "begin in, end ring-stopped missed missed"},
		{"the end of the keys is lost", TrunkConfig{}, func(b *bench) {
			b.calls("4711", "")
			b.dialTone()
			b.sentAt = never
			b.wait(7000)
			b.releases()
		}, away + " releasing idle", dials + hangs, "begin out, end released given-up"},
		{"the idle voltage is quite another", TrunkConfig{Volts: true}, func(b *bench) {
			b.volts(48000, 4000)
			b.volts(20000, 3000) // another PBX, or a telephone in parallel
			b.ring(1000, 4000)
			b.ring(1000, 400)
			b.volts(20000, 7000)
		}, "idle off-hook-out pre-ring ringing idle", "", "parallel 1, parallel 0, begin in, end ring-stopped missed missed"},
	}
}

func TestTrunksDoWhatTheirExchangesExpect(t *testing.T) {
	for _, c := range flows() {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.conf, Learnt{})
			b.wait(2500)
			c.do(b)
			states, acts, calls := b.tale()
			if states != c.states {
				t.Errorf("states\nwant %s\ngot  %s", c.states, states)
			}
			if acts != c.acts {
				t.Errorf("acts\nwant %s\ngot  %s", c.acts, acts)
			}
			if calls != c.calls {
				t.Errorf("calls\nwant %s\ngot  %s", c.calls, calls)
			}
		})
	}
}

// The flows together take every row, so no row is only on paper.
func TestFlowsTakeEveryRowOfATrunk(t *testing.T) {
	var counts [nTrunk][nTrunkInput]uint64
	for _, c := range flows() {
		b := newBench(t, c.conf, Learnt{})
		b.wait(2500)
		c.do(b)
		for s := range counts {
			for in := range counts[s] {
				counts[s][in] += b.trunk.counts[s][in]
			}
		}
	}
	for _, r := range trunkRows() {
		n := uint64(0)
		for _, s := range TrunkStates() {
			if r.from.has(s) {
				n += counts[s][r.on]
			}
		}
		if n == 0 {
			t.Errorf("no flow takes the row from %s on %v", r.from.names(), r.on)
		}
	}
}
