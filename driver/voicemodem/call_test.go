package voicemodem

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/g711"
)

// talking is a board whose call is up.
func talking(t *testing.T, f *fake, keys map[string]any) *seat {
	s := sit(t, f, keys)
	s.run(200*time.Millisecond, nil)
	s.command(driver.GoOffHook)
	s.run(400*time.Millisecond, nil)
	s.want(driver.OffHook, 1)
	s.events, s.at = nil, nil
	return s
}

func TestRingAndCallerAreTold(t *testing.T) {
	for _, c := range []struct{ name, lines, number, who string }{
		{"formatted", "\r\nDATE = 1122\r\nTIME = 2014\r\nNMBR = 02131234567\r\nNAME = ANNA\r\n", "02131234567", "ANNA"},
		{"without spaces", "\r\nNMBR=5551212\r\n", "5551212", ""},
		{"as sent", "\r\nMESG=" + message(t) + "\r\n", "5551212", "B"},
		{"withheld", "\r\nDATE=1122\r\nTIME=2014\r\nNMBR=P\r\n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				s := sit(t, f, nil)
				defer s.close()
				s.run(time.Second, nil)
				f.bytes("\r\nRING\r\n")
				s.run(2*time.Second, nil)
				f.bytes(c.lines)
				s.run(2*time.Second, nil)
				f.bytes("\r\nRING\r\n")
				s.run(4*time.Second, nil)
				s.want(driver.RingBegin, 2)
				s.want(driver.RingEnd, 2)
				told := s.want(driver.Text, 1)
				m, ok := callerid.FromText(told[0].Data)
				if !ok {
					t.Fatalf("%q is no caller ID", told[0].Data)
				}
				if number, absent := m.Caller(); number != c.number || number == "" && absent != callerid.Private {
					t.Errorf("caller %q %q, want %q", number, absent, c.number)
				}
				if name, _ := m.CallerName(); name != c.who {
					t.Errorf("name %q, want %q", name, c.who)
				}
				if len(s.find(driver.Missed)) > 0 {
					t.Error("audio is missed on-hook, where there is none")
				}
			})
		})
	}
}

// TestTheLongestMessageAboutACallerIsTold: of 255 bytes, as digits, with blanks or without.
func TestTheLongestMessageAboutACallerIsTold(t *testing.T) {
	b, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte("5551212")}, callerid.Field{Type: callerid.Name, Raw: bytes.Repeat([]byte("N"), 244)})
	if err != nil {
		t.Fatal(err)
	}
	for _, digits := range []string{fmt.Sprintf("%X", b), fmt.Sprintf("% X", b)} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			s := sit(t, f, nil)
			defer s.close()
			f.bytes("\r\nRING\r\n\r\nMESG = " + digits + "\r\n")
			s.run(4*time.Second, nil)
			m, ok := callerid.FromText(s.want(driver.Text, 1)[0].Data)
			if number, _ := m.Caller(); !ok || number != "5551212" {
				t.Errorf("%v %q", ok, number)
			}
		})
	}
}

// TestTenMinutesBothWaysLoseNothing: whatever the modem's clock is, no sample is
// lost, doubled or late, in either direction.
func TestTenMinutesBothWaysLoseNothing(t *testing.T) {
	for _, ppm := range []float64{0, 150, -150} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.ppm, f.chunk = ppm, 128
			f.say = func(n int64) byte { return byte(n*7 + n>>8) }
			s := talking(t, f, nil)
			defer s.close()
			var got []byte
			s.run(10*time.Minute, func() { got = append(got, s.rx.LineCode(0)...) })
			all := make([]byte, len(got)+2*driver.Rate)
			for n := range all {
				all[n] = f.say(int64(n))
			}
			if !bytes.Contains(all, got) {
				t.Errorf("%v ppm: what was delivered is not a piece of what the modem sent", ppm)
			}
			for _, kind := range []driver.EventKind{driver.Missed, driver.Slip, driver.Lost, driver.Underrun} {
				s.want(kind, 0)
			}
			var sent, said int64
			f.with(func() { sent, said = int64(len(f.heard)), f.said })
			if d := sent - said; d < 0 || d > ahead+2*int64(f.chunk) {
				t.Errorf("%v ppm: %d samples to the modem for %d from it", ppm, sent, said)
			}
		})
	}
}

// TestAudioIsDeliveredAndSentBitForBit: the codes of a G.711 modem pass unchanged
// and in order, DLE and all.
func TestAudioIsDeliveredAndSentBitForBit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.say = func(n int64) byte { return byte(n) ^ byte(n>>8) }
		s := talking(t, f, nil)
		defer s.close()
		if law := s.b.Info().Lines[0].Law; law != driver.ALaw {
			t.Fatalf("law %v", law)
		}
		var got []byte
		s.run(5*time.Second, func() { got = append(got, s.rx.LineCode(0)...) })
		var all []byte
		for n := range int64(60000) {
			all = append(all, f.say(n))
		}
		if !bytes.Contains(all, got) {
			t.Error("what was delivered is not a piece of what the modem sent")
		}
		// The other way: a pattern that is found again.
		f.with(func() { f.heard = nil })
		var sent []byte
		s.run(2*time.Second, func() {
			var code [driver.Block]byte
			for i := range s.tx.PCM {
				n := len(sent) + i
				code[i] = byte(n*3) ^ byte(n>>8)
			}
			sent = append(sent, code[:]...)
			for i, v := range expanded(code[:]) {
				s.tx.PCM[i] = v
			}
		})
		s.run(200*time.Millisecond, nil)
		f.with(func() {
			if !bytes.Contains(f.heard, sent[:len(sent)-driver.Block]) {
				t.Error("what was sent did not come out in one piece")
			}
		})
	})
}

func TestReleasePutsTheModemOnHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		defer s.close()
		s.command(driver.GoOnHook)
		s.run(time.Second, nil)
		s.want(driver.OnHook, 1)
		if f.isHook() {
			t.Error("the modem is off-hook")
		}
		s.command(driver.GoOffHook) // and again
		s.run(time.Second, nil)
		s.want(driver.OffHook, 1)
		s.command(driver.GoOnHook)
		s.command(driver.GoOffHook) // in one frame: it is released and taken anew
		s.run(time.Second, nil)
		s.want(driver.OnHook, 2)
		s.want(driver.OffHook, 2)
		if !f.isHook() {
			t.Error("the modem is on-hook")
		}
	})
}

func TestClosingReleasesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		s.close()
		f.with(func() {
			if f.hook || !f.off {
				t.Errorf("hook %v, port closed %v", f.hook, f.off)
			}
		})
	})
}

func TestWhatTheModemSaysWithinAudioIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		defer s.close()
		f.bytes("\x10/\x105\x105\x10~\x10b\x10l\x10L\x10L\x10P\x10p\x10u")
		s.run(time.Second, nil)
		for k, want := range map[driver.EventKind][]int32{driver.DigitBegin: {'5'}, driver.DigitEnd: {'5'}, driver.LoopBreak: {breakLasts},
			driver.Polarity: {1, 0}, driver.HookEdge: {1, 0}, driver.Underrun: {driver.Block}} {
			var got []int32
			for _, e := range s.find(k) {
				got = append(got, e.Value)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v: %v, want %v", k, got, want)
			}
		}
		if e := s.want(driver.Text, 1); string(e[0].Data) != "busy tone" {
			t.Errorf("%q", e[0].Data)
		}
		f.bytes("\x107")
		s.run(time.Second, nil)
		s.want(driver.DigitEnd, 2)
	})
}

func TestALineThatRingsIsInNobodysUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		defer s.close()
		f.bytes("\x10P") // and nothing says that it ends: noise, or it was lost
		s.run(time.Second, nil)
		s.want(driver.HookEdge, 1)
		s.command(driver.GoOnHook)
		s.run(2*time.Second, nil)
		s.want(driver.HookEdge, 1)
		f.bytes("\r\nRING\r\n")
		s.run(time.Second, nil)
		if e := s.want(driver.HookEdge, 2); e[1].Value != 0 {
			t.Errorf("the line is in use although it rings: %+v", e)
		}
		f.bytes("\r\nRING\r\n")
		s.run(time.Second, nil)
		s.want(driver.HookEdge, 2)
	})
}

func TestLossInTheModemIsSaidWithItsLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		defer s.close()
		s.run(3*time.Second, nil)
		f.with(func() {
			f.started = f.started.Add(-100 * time.Millisecond) // its clock has gone on …
			f.said += 800                                      // … and what it heard meanwhile is lost
			f.toHost = append(f.toHost, "\x10o"...)
		})
		before := s.b.pos
		s.run(2*time.Second, nil)
		lost := s.want(driver.Lost, 1)
		_ = before
		if n := lost[0].Value; n < 1 || n > 1200 {
			t.Errorf("%d samples are said to be lost", n)
		}
	})
}

// TestDelayIsTheSameAfterStalls: whatever the machine was busy with, what waits
// in the modem to be played does not grow.
func TestDelayIsTheSameAfterStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		defer s.close()
		s.run(2*time.Second, nil)
		for range 20 {
			f.with(func() { f.held = true })
			s.run(240*time.Millisecond, nil)
			f.with(func() { f.held = false })
			s.run(time.Second, nil)
		}
		f.with(func() {
			if f.level > ahead+driver.Block+2*f.chunk {
				t.Errorf("%d samples wait to be played, %d at the beginning", f.level, ahead)
			}
			if f.under == 0 {
				t.Error("the stalls were none")
			}
		})
		told := 0
		for _, e := range s.find(driver.Underrun) {
			told += int(e.Value)
		}
		if told < f.under*8/10 || told > f.under*12/10 {
			t.Errorf("%d samples of silence are told, %d were sent", told, f.under)
		}
		s.events = nil
		s.run(10*time.Second, nil)
		for _, k := range []driver.EventKind{driver.Missed, driver.Slip, driver.Underrun, driver.Lost} {
			s.want(k, 0)
		}
		s.b.lane.mu.Lock()
		defer s.b.lane.mu.Unlock()
		if s.b.lane.rx.n > shelf+2*driver.Block || s.b.lane.tx.n > sendMost+driver.Block {
			t.Errorf("%d samples wait to be delivered, %d to be sent", s.b.lane.rx.n, s.b.lane.tx.n)
		}
	})
}

// TestNothingIsMissedWhenTheMachineStoodStill: Exchange and the engine go on at the same moment.
func TestNothingIsMissedWhenTheMachineStoodStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.say = func(n int64) byte { return byte(n*7 + n>>8) }
		s := talking(t, f, nil)
		defer s.close()
		var got []byte
		hear := func() { got = append(got, s.rx.LineCode(0)...) }
		for _, still := range []time.Duration{50, 100, 300, 600, 900} {
			s.run(3*time.Second, hear)
			f.with(func() { f.held = true })
			time.Sleep(still * time.Millisecond)
			f.with(func() { f.held = false })
		}
		s.run(3*time.Second, hear)
		for _, kind := range []driver.EventKind{driver.Missed, driver.Slip, driver.Lost} {
			s.want(kind, 0)
		}
		all := make([]byte, len(got)+2*driver.Rate)
		for n := range all {
			all[n] = f.say(int64(n))
		}
		if !bytes.Contains(all, got) {
			t.Error("what was delivered is not a piece of what the modem sent")
		}
	})
}

// TestACallOutlivesAMachineThatStandsStill: what the modem sent meanwhile comes after we looked.
func TestACallOutlivesAMachineThatStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		defer s.close()
		s.run(time.Second, nil)
		f.with(func() { f.still, f.mute = 6*time.Second, true })
		time.Sleep(6100 * time.Millisecond)
		f.with(func() { f.mute, f.started, f.said = false, time.Now(), 0 })
		s.run(5*time.Second, nil)
		s.want(driver.OnHook, 0)
		s.want(driver.Refused, 0)
		f.with(func() { f.still = 6 * time.Second })
		s.command(driver.GoOnHook) // the answer comes while it stands still
		s.run(10*time.Second, nil)
		s.want(driver.OnHook, 1)
		if n := rungs(s.b); n != [nRung]uint64{} {
			t.Errorf("rungs %v", n)
		}
	})
}

func TestModemWithoutFullDuplexListensAndIsTurnedToSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.noVTR = true
		s := talking(t, f, nil)
		defer s.close()
		quiet := func() { clear(s.tx.PCM) }
		s.run(2*time.Second, quiet)
		s.want(driver.Lost, 0)
		loud := func() {
			for i := range s.tx.PCM {
				s.tx.PCM[i] = int16(3000 - 6000*(i/4%2))
			}
		}
		s.run(2*time.Second, loud)
		s.run(2*time.Second, quiet)
		s.run(time.Second, func() {
			quiet()
			for _, e := range s.rx.Events {
				if e.Kind == driver.Lost || e.Kind == driver.Missed {
					t.Errorf("%v after what was said", e.Kind)
				}
			}
		})
		lost := 0
		for _, e := range s.find(driver.Lost) {
			lost += int(e.Value)
		}
		if lost < 2*driver.Rate || lost > 4*driver.Rate {
			t.Errorf("%d samples were lost while 2 s were sent", lost)
		}
		f.with(func() {
			if n := len(f.heard); n < 2*driver.Rate-driver.Rate/10 {
				t.Errorf("the line heard %d samples of 2 s", n)
			}
		})
	})
}

func TestRefusalsAreSaid(t *testing.T) {
	for _, reply := range []string{"ERROR", "NO DIALTONE", "LINE IN USE"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.replies["AT+VLS=1"] = reply
			s := sit(t, f, nil)
			defer s.close()
			s.command(driver.GoOffHook)
			s.run(time.Second, nil)
			e := s.want(driver.Refused, 1)
			if e[0].Value != int32(driver.GoOffHook) || !strings.Contains(string(e[0].Data), reply) {
				t.Errorf("%v %q", e[0].Value, e[0].Data)
			}
			if s.run(time.Second, nil); f.isHook() {
				t.Error("off-hook")
			}
		})
	}
}

func TestModemThatHangsUpEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		defer s.close()
		f.with(func() { f.mode = 0 })
		f.bytes("\x10\x03\r\nNO CARRIER\r\n")
		s.run(time.Second, nil)
		s.want(driver.LoopBreak, 1)
		s.want(driver.OnHook, 1)
		s.want(driver.Refused, 1)
	})
}

func TestAudioThatEndsBySomeMistakeBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		defer s.close()
		f.with(func() { f.mode = 0 })
		f.bytes("\x10\x03\r\nOK\r\n")
		s.run(time.Second, nil)
		s.want(driver.OnHook, 0)
		if f.isMode() != 'b' {
			t.Error("no audio")
		}
	})
}

func TestUnpluggedModemIsGoneAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		f.with(func() { f.err = io.EOF })
		began := time.Now()
		var err error
		for err == nil {
			err = s.b.Exchange(s.tx, s.rx)
		}
		var fault *driver.FaultError
		if !errors.Is(err, driver.ErrGone) || !errors.As(err, &fault) || fault.Code != CodeRemoved {
			t.Errorf("%v", err)
		}
		if d := time.Since(began); d > 200*time.Millisecond {
			t.Errorf("after %v", d)
		}
		s.close()
	})
}

func expanded(code []byte) []int16 {
	pcm := make([]int16, len(code))
	g711.Decode(pcm, code, g711.ALaw)
	return pcm
}

// message is a message as +VCID=2 gives it.
func message(t *testing.T) string {
	b, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte("5551212")}, callerid.Field{Type: callerid.Name, Raw: []byte("B")})
	if err != nil {
		t.Fatal(err)
	}
	return strings.ToUpper(hex.EncodeToString(b))
}
