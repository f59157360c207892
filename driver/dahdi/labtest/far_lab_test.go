//go:build lab

package labtest

import (
	"bytes"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// These are not about vaad: they show that the far end does what it says, so
// that a proof that fails is the driver's fault.

func pair(t *testing.T, key string, channels, sigA, sigB, law int) (a, b Span) {
	t.Helper()
	var spans [2]Span
	for i, sig := range []int{sigA, sigB} {
		s, err := Create(key+":"+string(rune('0'+i)), channels)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Destroy(); err != nil {
				t.Error(err)
			}
		})
		if err := s.Configure(1, channels, sig, law); err != nil {
			t.Fatal(err)
		}
		spans[i] = s
	}
	return spans[0], spans[1]
}

func open(t *testing.T, n int) *Channel {
	t.Helper()
	c, err := Open(n, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestWhatATalkerSaysCrossesThePair(t *testing.T) {
	a, b := pair(t, "a", 3, Clear, Clear, ALaw)
	var from []*Channel
	for n := 1; n <= 3; n++ {
		from = append(from, open(t, a.Channel(n)))
	}
	to := open(t, b.Channel(2))
	if err := to.Audio(); err != nil {
		t.Fatal(err)
	}
	if err := to.Buffers(32, BlockSize, false); err != nil {
		t.Fatal(err)
	}
	talk, err := Talk(from, 4, 5, 100, Patterns(7))
	if err != nil {
		t.Fatal(err)
	}
	var heard []byte
	buf := make([]byte, BlockSize)
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
		n, err := to.Read(buf, nil)
		if err == unix.EAGAIN {
			_, err = to.Ready(unix.POLLIN, time.Second)
		}
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, buf[:max(n, 0)]...)
	}
	if n, err := talk.Wait(); n != 100 || err != nil {
		t.Errorf("%d blocks were sent: %v", n, err)
	}
	runs := Runs(heard)
	if len(runs) != 1 || runs[0].Blocks() != 100 || runs[0].Line != 8 || talk.Underruns() != 0 {
		t.Errorf("heard %v, underruns %d", runs, talk.Underruns())
	}
	if rest := bytes.Trim(heard[runs[0].At+100*BlockSize:], "\xd5"); len(rest) > 0 {
		t.Errorf("what follows is not silence: %x", rest[:min(20, len(rest))])
	}
}

func TestAnExchangeRingsATelephoneThatAnswers(t *testing.T) {
	x, p := pair(t, "b", 1, FXOKewl, FXSKewl, MuLaw)
	exchange, phone := open(t, x.Channel(1)), open(t, p.Channel(1))
	_ = Within(2200*time.Millisecond, func() error { return unix.EAGAIN }) // rings are ignored for 2 s after an open
	for _, c := range []*Channel{exchange, phone} {
		if _, err := c.Events(); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	if err := exchange.Hook(Ring); err != nil {
		t.Fatal(err)
	}
	at, err := phone.Await(EvRingBegin, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ringing begins after %v", at.Sub(began))
	if err := phone.Hook(OffHook); err != nil {
		t.Fatal(err)
	}
	if _, err := exchange.Await(EvRingOffHook, 2*time.Second); err != nil {
		t.Fatal(err)
	}
	Pause(time.Second)
	if _, err := phone.Events(); err != nil {
		t.Fatal(err)
	}
	if err := exchange.Hook(OnHook); err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Await(EvOnHook, time.Second); err != nil {
		t.Error("the exchange hangs up: ", err)
	}
}

func TestTheTestCardPlaysItsPatternToTheSample(t *testing.T) {
	if err := LoadCards("fxo2,e1+e1"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Within(time.Second, UnloadCards); err != nil {
			t.Error(err)
		}
	})
	if err := Tell("pattern 1:* seq", "volts 1:2 -7000"); err != nil {
		t.Fatal(err)
	}
	s, err := CardSpan(1, 1)
	if err == nil {
		err = s.Configure(1, 2, FXSKewl, ALaw)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, s.Channel(2))
	if err := c.Buffers(32, BlockSize, false); err != nil {
		t.Fatal(err)
	}
	var heard []byte
	buf := make([]byte, BlockSize)
	for len(heard) < 100*BlockSize {
		n, err := c.Read(buf, nil)
		if err == unix.EAGAIN {
			_, err = c.Ready(unix.POLLIN, time.Second)
		}
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, buf[:max(n, 0)]...)
	}
	if all := Stretches(heard); len(all) != 1 || all[0].Len < 99*BlockSize {
		t.Errorf("heard %v", all)
	}
	if n, err := Number("port 1:2", "mv"); n != -7000 || err != nil {
		t.Errorf("%d mV, %v", n, err)
	}
	if err := Tell("nonsense 1"); err == nil {
		t.Error("nonsense is taken")
	}
	c.Close()
}
