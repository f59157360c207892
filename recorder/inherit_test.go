package recorder

import (
	"testing"

	"vaad/channels"
	"vaad/driver"
)

func TestLaterRecordingsOfACallKnowWhoCalledAndThatItWasAnswered(t *testing.T) {
	for _, c := range []LineConfig{{Trigger: Call, Codec: GSM}, {Trigger: Key, KeyFrom: FromKey}} {
		t.Run(c.Trigger, func(t *testing.T) {
			r := newRig(t, newBoard(1, driver.ALaw), c, nil)
			id := r.ringOnce(5 * second)
			r.hear(1, channels.Numbers, 0, call(id), caller("02161234567"), func(e *channels.Event) { e.Name = "李" })
			r.hook(8*second, 1, true)
			r.to(12 * second)
			if c.Trigger == Key {
				r.press(1, "*1")
				r.press(1, "#1")
				r.press(1, "*1")
			}
			r.hear(1, channels.Modem, 500*ms, text("cng"), value(1)) // a lossy codec ends here
			r.hook(20*second, 1, false)
			r.to(30 * second)
			all := r.settle()
			if len(all) != 2 {
				t.Fatalf("%d recordings, want 2", len(all))
			}
			for i, l := range all {
				if s := l.Seal; s.CallerName != "李" || s.Caller != "02161234567" || s.AnsweredBy != "off-hook" {
					t.Errorf("segment %d: caller %q, name %q, answered by %q", i, s.Caller, s.CallerName, s.AnsweredBy)
				}
				if n := entriesOf(r.story(l), string(channels.CallAnswered)); len(n) != 1 {
					t.Errorf("segment %d: answered %d times", i, len(n))
				}
			}
		})
	}
}
