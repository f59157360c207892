package dahdi

import (
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/drivertest"
)

// The promises of every board, above the fake kernel in real time. What the real
// one does is proven in the kernel lab.
func TestBoardKeepsItsPromises(t *testing.T) {
	if testing.Short() {
		t.Skip("it ticks in real time")
	}
	var k *fakeKernel
	drivertest.TestBoard(t, func(t *testing.T) driver.Board {
		k = newFake()
		k.live, k.quiet = time.Now(), true
		k.addSpan("card", "FXO", lawMu, sigFXSKS, sigFXSKS, sigFXOKS)
		k.addSpan("card", "E1", lawA, sigClear, sigCAS, sigHDLCFCS, sigClear)
		b, err := openOn(k, `{"lines": [{"ports": "1", "use": "trunk"}]}`)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}, drivertest.Options{Allocates: true /* the fake kernel's waiting does */, Say: func(_ *testing.T, b driver.Board, line int, code []byte) {
		k.mu.Lock()
		defer k.mu.Unlock()
		c := k.chans[b.(*Board).channels[line].number]
		from := k.chunks * chunk
		c.rx = func(n int64) byte {
			if i := n - from; i >= 0 && i < int64(len(code)) {
				return code[i]
			}
			return c.silence()
		}
	}})
}

func TestExchangeAllocatesNothing(t *testing.T) {
	k := newFake()
	k.quiet = true
	k.addSpan("card", "E1", lawA, sigs(30, sigClear)...)
	d := sit(t, k, `{}`)
	exchange := func() {
		if err := d.b.Exchange(d.tx, d.rx); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		exchange()
	}
	if n := testing.AllocsPerRun(200, exchange); n != 0 {
		t.Errorf("%v allocations in an exchange", n)
	}
}
