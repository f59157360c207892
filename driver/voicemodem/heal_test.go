package voicemodem

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"vaad/driver"
)

// TestModemThatDoesNotAnswerIsBroughtBack climbs the ladder as far as it needs to.
func TestModemThatDoesNotAnswerIsBroughtBack(t *testing.T) {
	t.Run("it did not hear", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			s := sit(t, f, nil)
			defer s.close()
			f.with(func() { f.replies["AT+VLS=1"] = "-" })
			s.command(driver.GoOffHook)
			s.run(20*time.Second, nil)
			s.want(driver.Refused, 1)
			if n := rungs(s.b); n[rungPing] != 1 || n[rungReset] != 0 {
				t.Errorf("rungs %v", n)
			}
			if got := s.want(driver.ChannelAlarm, 2); got[0].Value != 1 || got[1].Value != 0 {
				t.Errorf("%v", got)
			}
			if len(s.b.Faults(nil)) != 0 {
				t.Error("a fault is left")
			}
		})
	})
	t.Run("by a reset", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			s := talking(t, f, nil)
			defer s.close()
			f.with(func() {
				f.deaf, f.mute, f.mode = true, true, 0
				f.mended = func(c string) {
					if c == "ATZ" {
						f.deaf, f.mute = false, false
					}
				}
			})
			s.run(4*time.Second, nil)
			if len(s.b.Faults(nil)) != 1 {
				t.Error("no fault of the line is said")
			}
			s.run(16*time.Second, nil)
			s.want(driver.OnHook, 1)
			if n := rungs(s.b); n[rungPing] != pingTries || n[rungReset] != 1 || n[rungReopen] != 0 {
				t.Errorf("rungs %v", n)
			}
			f.with(func() {
				if f.dtrs < 2 {
					t.Error("DTR was not dropped")
				}
			})
			s.command(driver.GoOffHook) // it works again
			s.run(time.Second, nil)
			s.want(driver.OffHook, 1)
		})
	})
	t.Run("by opening the port anew", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			b, err := f.open(nil)
			if err != nil {
				t.Fatal(err)
			}
			s := &seat{t: t, f: f, b: b, tx: driver.NewFrame(b.Info()), rx: driver.NewFrame(b.Info())}
			defer s.close()
			f.with(func() {
				f.deaf = true
				asked := 0
				f.mended = func(c string) {
					if c == "ATZ" {
						asked++
					}
					if asked > 0 && f.dtrs >= 2 && c == "AT" { // after that, the first greeting of a new port
						f.deaf = false
					}
				}
			})
			s.run(2*time.Minute, nil)
			if n := rungs(s.b); n[rungReopen] != 1 || n[rungUSB] != 0 {
				t.Errorf("rungs %v", n)
			}
			if len(s.b.Faults(nil)) != 0 {
				t.Error("a fault is left")
			}
		})
	})
	t.Run("nothing helps", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			resets := 0
			m := f.maker()
			m.root = oneModem
			m.reset = func(_ context.Context, port string) error {
				if port != "1-2" {
					t.Errorf("port %q", port)
				}
				resets++
				return nil
			}
			opened, err := m.openBoard(t.Context(), driver.Candidate{}, driver.Config{ID: "m1"})
			if err != nil {
				t.Fatal(err)
			}
			b := opened.(*Board)
			s := &seat{t: t, f: f, b: b, tx: driver.NewFrame(b.Info()), rx: driver.NewFrame(b.Info())}
			s.run(time.Second, nil)
			f.with(func() { f.deaf = true })
			began := time.Now()
			for err = nil; err == nil; {
				err = s.b.Exchange(s.tx, s.rx)
			}
			var fault *driver.FaultError
			if !errors.Is(err, driver.ErrGone) || !errors.As(err, &fault) || fault.Code != CodeSilent {
				t.Errorf("%v", err)
			}
			if d := time.Since(began); d > 2*time.Minute || resets != 1 || rungs(b)[rungUSB] != 1 {
				t.Errorf("after %v, %d resets, rungs %v", d, resets, rungs(b))
			}
			s.close()
			if _, err := m.openBoard(t.Context(), driver.Candidate{}, driver.Config{ID: "m1"}); !errors.As(err, &fault) || fault.Code != CodeSilent {
				t.Errorf("%v", err)
			}
			if resets != 1 {
				t.Error("the port is reset at each attempt")
			}
			f.with(func() { f.deaf = false })
			if opened, err = m.openBoard(t.Context(), driver.Candidate{}, driver.Config{ID: "m1"}); err != nil {
				t.Fatal(err)
			}
			if n := silenced(t, f, opened.(*Board)); n[rungReopen] != 1 || n[rungUSB] != 0 || resets != 1 {
				t.Errorf("soon after a reset: rungs %v, %d resets", n, resets)
			}
		})
	})
	t.Run("nothing helps, and there is no USB port", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			b, err := f.open(nil)
			if err != nil {
				t.Fatal(err)
			}
			if n := silenced(t, f, b); n[rungReset] != 1 || n[rungReopen] != 1 || n[rungUSB] != 0 {
				t.Errorf("rungs %v", n)
			}
		})
	})
}

// silenced is how often each rung was tried until a modem that falls silent was given up.
func silenced(t *testing.T, f *fake, b *Board) (n [nRung]uint64) {
	t.Helper()
	s := &seat{t: t, f: f, b: b, tx: driver.NewFrame(b.Info()), rx: driver.NewFrame(b.Info())}
	s.run(time.Second, nil)
	f.with(func() { f.deaf = true })
	var err error
	for err == nil {
		err = b.Exchange(s.tx, s.rx)
	}
	if !errors.Is(err, driver.ErrGone) {
		t.Errorf("%v", err)
	}
	s.close()
	return rungs(b)
}

func rungs(b *Board) (n [nRung]uint64) {
	for i := range n {
		n[i] = b.counts.rungs[i].Load()
	}
	return n
}

func TestIdleModemIsAskedWhetherItIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := sit(t, f, nil)
		defer s.close()
		f.with(func() { f.asked = nil })
		s.run(3*time.Minute, nil)
		if asked := f.wasAsked(); len(asked) < 3 || len(asked) > 8 {
			t.Errorf("asked %d times in 3 minutes: %q", len(asked), asked)
		}
		s.want(driver.ChannelAlarm, 0)
	})
}

// oneModem is a machine with one modem, at USB port 1-2.
var oneModem = fstest.MapFS{
	"sys/bus/usb/devices/1-2/idVendor":               {Data: []byte("0572\n")},
	"sys/bus/usb/devices/1-2/idProduct":              {Data: []byte("1340\n")},
	"sys/bus/usb/devices/1-2/serial":                 {Data: []byte("24680246\n")},
	"sys/bus/usb/devices/1-2/manufacturer":           {Data: []byte("Conexant\n")},
	"sys/bus/usb/devices/1-2/product":                {Data: []byte("USB Modem\n")},
	"sys/bus/usb/devices/1-2:1.0/bInterfaceClass":    {Data: []byte("02\n")},
	"sys/bus/usb/devices/1-2:1.0/bInterfaceSubClass": {Data: []byte("02\n")},
	"sys/bus/usb/devices/1-2:1.0/bInterfaceProtocol": {Data: []byte("01\n")},
	"sys/bus/usb/devices/1-2:1.0/tty/ttyACM3/dev":    {Data: []byte("166:3\n")},
	"sys/bus/usb/devices/1-2:1.1/bInterfaceClass":    {Data: []byte("0a\n")},
	"sys/bus/usb/devices/usb1/idVendor":              {Data: []byte("1d6b\n")},
}
