package recorder

import (
	"testing"

	"vaad/channels"
	"vaad/driver"
)

func TestKeysThatAreHeldAreMutedOrItIsSaid(t *testing.T) {
	for _, c := range []struct {
		held  int64
		muted bool
	}{{1500 * ms, true}, {4 * second, true}, {8 * second, false}} {
		for _, keys := range []string{"*1", "#1"} {
			r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Key, KeyFrom: FromKey, KeyMute: true}, nil)
			r.hook(2*second, 1, true)
			r.to(10 * second)
			r.press(1, "*1")
			for at := r.fed(); at < 30*second; at += second {
				r.to(at)
			}
			first := r.hear(1, channels.Key, c.held+100*ms, text(keys[:1]), value(c.held)) // told when it is let go
			r.to(r.fed() + 500*ms)
			end := r.hear(1, channels.Key, 150*ms, text(keys[1:]), value(100*ms)) + 100*ms
			r.to(50 * second)
			r.hook(50*second, 1, false)
			r.to(60 * second)
			l := r.one()
			b, heard := r.audio(l, "mixed"), false
			for p := first - l.Seal.BeginPos; p < min(end-l.Seal.BeginPos, l.Seal.Samples); p++ {
				heard = heard || b[p] != 0xD5
			}
			told := len(entriesOf(r.story(l), entryNotMuted)) > 0
			if heard == c.muted || told == c.muted {
				t.Errorf("%s, held for %d ms: heard %v, told that it may be %v", keys, c.held/ms, heard, told)
			}
		}
	}
}
