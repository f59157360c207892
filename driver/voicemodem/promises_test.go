package voicemodem

import (
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/drivertest"
)

// The promises of every board, on-hook and within a call, above a fake modem in
// real time.
func TestBoardKeepsItsPromises(t *testing.T) {
	if testing.Short() {
		t.Skip("it ticks in real time")
	}
	for _, c := range []struct {
		name string
		call bool
	}{{"OnHook", false}, {"InACall", true}} {
		t.Run(c.name, func(t *testing.T) {
			var f *fake
			var say struct {
				code []byte
				from int64
			}
			o := drivertest.Options{}
			if c.call { // on-hook a modem hears nothing
				o.Say = func(_ *testing.T, _ driver.Board, _ int, code []byte) {
					f.with(func() { say.code, say.from = code, f.said+driver.Block })
				}
			}
			drivertest.TestBoard(t, func(t *testing.T) driver.Board {
				f = newFake(t)
				say.code = nil
				f.say = func(n int64) byte {
					if i := n - say.from; i >= 0 && i < int64(len(say.code)) {
						return say.code[i]
					}
					return 0xD5
				}
				b, err := f.open(nil)
				if err != nil {
					t.Fatal(err)
				}
				if c.call {
					b.lane.mu.Lock()
					b.lane.hook = true
					b.lane.mu.Unlock()
					b.lane.wake()
					for end := time.Now().Add(time.Minute); ; {
						b.lane.mu.Lock()
						up := b.lane.flow == flowBoth
						b.lane.mu.Unlock()
						if up {
							break
						}
						if time.Now().After(end) {
							t.Fatal("no audio")
						}
						<-b.lane.came
					}
				}
				return b
			}, o)
		})
	}
}
