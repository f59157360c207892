//go:build lab

package dahdi_test

import (
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/dahdi/labtest"
)

// What dahdi-base.c waits for before it tells, in ms: a ring burst is over when
// its voltage was gone for 50 ms (DAHDI_RINGTRAILER); a telephone is on-hook
// when it was longer so than the longest flash (rxflashtime); a dialled digit
// has ended when 200 ms went by without a pulse (DAHDI_PULSETIMEOUT). Its
// timers count blocks of 1 ms, the spans move 4 at a time.
const (
	ringTrailer  = 54
	longestFlash = 1250
	pulseTimeout = 200
	pulseBreak   = 50
	pulseMake    = 50
	pulseAfter   = 750
	kewl         = 500                     // how long an exchange takes its feed away (DAHDI_KEWLTIME)
	preFlash     = 50                      // before a flash (preflashtime)
	ringDeaf     = 2200 * time.Millisecond // rings are ignored for 2 s after open and on-hook
)

func TestLabAnExchangeIsHeardOnAnFXOPort(t *testing.T) {
	a, b := spans(t, "8", 2, labtest.FXSKewl, labtest.FXOKewl, labtest.ALaw)
	exchange := far(t, b, 1)
	s := open(t, device(`, "use": "trunk"`, a))
	if l := s.in.Lines; len(l) != 2 || l[0].Kind != driver.FXO || !l[0].Caps.Has(driver.CapRingDetect|driver.CapHook|driver.CapTx|driver.CapOnHookRx) || l[0].Law != driver.ALaw {
		t.Fatalf("lines: %+v", l)
	}
	s.run(ringDeaf)
	_, err := exchange.Events()
	must(t, err)

	for range 2 { // two bursts, one second apart
		must(t, exchange.Cadence(1000, 4000))
		from := s.now()
		must(t, exchange.Hook(labtest.Ring))
		s.at(s.expect(driver.RingBegin, 0, 200*time.Millisecond), from, "ring begins")
		s.run(700 * time.Millisecond)
		to := s.now()
		must(t, exchange.Hook(labtest.RingOff))
		s.at(s.expect(driver.RingEnd, 0, 300*time.Millisecond), to+ms(ringTrailer), "ring ends (told 50 ms later)")
		s.run(time.Second)
	}

	s.do(driver.GoOffHook, 0, 0, nil)
	from := s.now()
	s.step()
	answered, err := exchange.Await(labtest.EvRingOffHook, 500*time.Millisecond)
	must(t, err)
	if d := int64(answered.Sub(s.began)-s.lag)/int64(time.Second/driver.Rate) - from; d > 2*driver.Block {
		t.Errorf("off-hook took %d samples", d)
	}
	must(t, exchange.Hook(labtest.OffHook))
	s.run(time.Second) // a loop is stable after 600 ms

	from = s.now()
	must(t, exchange.Hook(labtest.OnHook)) // kewlstart: the feed is taken away for a moment
	e := s.expect(driver.LoopBreak, 0, 1500*time.Millisecond)
	s.at(e, from+ms(kewl), "the exchange hangs up: loop break, at its end")
	if e.Value < kewl-30 || e.Value > kewl+30 {
		t.Errorf("a break of %d ms is told as %d ms", kewl, e.Value)
	}
	s.run(time.Second)
	s.do(driver.SendFlash, 0, 300, nil)
	s.step()
	s.expect(driver.DialDone, 0, 2*time.Second)
	if _, err := exchange.Await(labtest.EvFlash, 2*time.Second); err != nil {
		t.Error(err)
	}
	_, err = exchange.Events()
	must(t, err)
	s.do(driver.PulseDial, 0, 40<<16|60, []byte("70"))
	s.step()
	s.expect(driver.DialDone, 0, 8*time.Second)
	for _, digit := range "70" {
		if _, err := exchange.Await(labtest.EvPulseDigit|int(digit), time.Second); err != nil {
			t.Error(err)
		}
	}
	s.do(driver.GoOnHook, 0, 0, nil)
	s.run(1400 * time.Millisecond)
	if _, err := exchange.Await(labtest.EvOnHook, time.Second); err != nil {
		t.Error(err)
	}
	if s.lost > driver.Block { // going on-hook, DAHDI throws away what it has of the block that comes
		t.Errorf("%d samples lost", s.lost)
	}
	s.none(driver.Underrun, driver.Refused, driver.Missed)
}

func TestLabATelephoneIsHeardOnAnFXSPort(t *testing.T) {
	a, b := spans(t, "8", 2, labtest.FXOKewl, labtest.FXSKewl, labtest.MuLaw)
	phone := far(t, b, 2)
	s := open(t, device(``, a))
	if l := s.in.Lines; len(l) != 2 || l[1].Kind != driver.FXS || !l[1].Caps.Has(driver.CapRing|driver.CapPulseIn|driver.CapTx) || l[1].Law != driver.MuLaw {
		t.Fatalf("lines: %+v", l)
	}
	s.run(ringDeaf)
	_, err := phone.Events()
	must(t, err)

	from := s.now()
	must(t, phone.Hook(labtest.OffHook))
	s.at(s.expect(driver.OffHook, 1, 300*time.Millisecond), from, "off-hook")
	s.run(time.Second)

	from = s.now()
	must(t, phone.Hook(labtest.Flash)) // 750 ms
	e := s.expect(driver.Flash, 1, 1500*time.Millisecond)
	s.at(e, from+ms(preFlash+750), "flash, at its end")
	if e.Value < 1 {
		t.Errorf("%v", e)
	}
	s.run(time.Second)

	const digits = "3509"
	from = s.now()
	must(t, phone.Pulse(digits))
	for _, digit := range digits {
		pulses := int(digit - '0')
		if pulses == 0 {
			pulses = 10
		}
		e := s.expect(driver.PulseDigit, 1, 4*time.Second)
		if e.Value != digit {
			t.Errorf("digit %c told as %c", digit, e.Value)
		}
		length := pulses * (pulseMake + pulseBreak) // a make before each break
		s.at(e, from+ms(length+pulseTimeout), "pulse digit "+string(digit))
		from += ms(length + pulseAfter)
	}
	s.run(time.Second)

	from = s.now()
	must(t, phone.Hook(labtest.OnHook))
	s.at(s.expect(driver.OnHook, 1, 2*time.Second), from+ms(longestFlash), "on-hook (told after the longest flash)")
	s.run(ringDeaf)

	_, err = phone.Events()
	must(t, err)
	s.do(driver.Ring, 1, 0, []byte{0xE8, 3, 0xD0, 7}) // 1 s on, 2 s off
	s.step()
	rang, err := phone.Await(labtest.EvRingBegin, 100*time.Millisecond)
	must(t, err)
	s.run(900 * time.Millisecond)
	ended, err := await(s, phone, labtest.EvRingOffHook, 500*time.Millisecond)
	must(t, err)
	if d := ended.Sub(rang); d < 1000*time.Millisecond || d > 1120*time.Millisecond {
		t.Errorf("a burst of 1 s was heard for %v", d)
	}
	if _, err := await(s, phone, labtest.EvRingBegin, 2200*time.Millisecond); err != nil {
		t.Error(err)
	}
	s.do(driver.RingStop, 1, 0, nil)
	s.run(300 * time.Millisecond)
	if _, err := phone.Await(labtest.EvRingOffHook, time.Second); err != nil {
		t.Error(err)
	}
	_, err = phone.Events()
	must(t, err)
	s.do(driver.RingBurst, 1, 400, nil)
	s.step()
	rang, err = phone.Await(labtest.EvRingBegin, 100*time.Millisecond)
	must(t, err)
	ended, err = await(s, phone, labtest.EvRingOffHook, time.Second)
	must(t, err)
	if d := ended.Sub(rang); d < 400*time.Millisecond || d > 520*time.Millisecond {
		t.Errorf("a burst of 400 ms was heard for %v", d)
	}
	s.none(driver.Lost, driver.Underrun, driver.Refused, driver.Missed)
}

// await waits for an event of the far end while the board goes on.
func await(s *session, c *labtest.Channel, want int, within time.Duration) (time.Time, error) {
	s.t.Helper()
	for end := s.pos + int64(within/(time.Second/driver.Rate)); s.pos < end; {
		s.step()
		if at, err := c.Await(want, 0); err == nil {
			return at, nil
		}
	}
	return c.Await(want, time.Millisecond)
}

func TestLabCASBitsCrossBothWays(t *testing.T) {
	a, b := spans(t, "8", 3, labtest.CAS, labtest.CAS, labtest.ALaw)
	peer := []*labtest.Channel{far(t, b, 1), far(t, b, 2), far(t, b, 3)}
	s := open(t, device(`, "use": "trunk"`, a))
	if l := s.in.Lines; len(l) != 3 || l[0].Kind != driver.BChan || !l[0].Caps.Has(driver.CapCAS) {
		t.Fatalf("lines: %+v", l)
	}
	s.run(300 * time.Millisecond)
	s.forget()
	for i, bits := range []int{0b0101, 0b1001, 0b0000, 0b1111, 0b1101} {
		line := i % 3
		s.run(60 * time.Millisecond)
		from := s.now()
		must(t, peer[line].Bits(bits))
		e := s.expect(driver.CASBits, line, 200*time.Millisecond)
		if int(e.Value) != bits {
			t.Errorf("bits %04b told as %04b", bits, e.Value)
		}
		s.at(e, from, "CAS bits")
	}
	s.run(200 * time.Millisecond)
	for _, e := range s.said[s.seen:] {
		if e.Kind == driver.CASBits {
			t.Errorf("bits that did not change are told: %v (a neighbour's?)", e)
		}
	}
	for _, bits := range []int32{0b0001, 0b1110} {
		s.do(driver.SetCAS, 1, bits, nil)
		s.run(60 * time.Millisecond)
		if got, err := peer[1].RxBits(); err != nil || got != int(bits) {
			t.Errorf("bits %04b were sent, %04b arrive: %v", bits, got, err)
		}
	}
	s.none(driver.Lost, driver.Underrun, driver.Refused, driver.Missed)
}
