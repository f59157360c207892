package recorder

import (
	"testing"

	"vaad/channels"
	"vaad/driver"
)

// ringOnce makes a line ring for a second, and returns the call.
func (r *rig) ringOnce(at int64) string {
	r.t.Helper()
	r.at(at, 1, driver.RingBegin, 0)
	r.at(at+second, 1, driver.RingEnd, 0)
	r.to(at + 2*second)
	id := ""
	for _, e := range r.events() {
		if e.Kind == channels.CallBegin {
			id = e.Call
		}
	}
	if id == "" {
		r.t.Fatal("no call")
	}
	return id
}

func TestATalkOutlastsACallThatOnlyStoppedRinging(t *testing.T) {
	for _, trigger := range []string{Voice, Call, Key} {
		t.Run(trigger, func(t *testing.T) {
			r := newRig(t, deafBoard(1), LineConfig{Trigger: trigger, HangoverMS: 5000}, nil)
			id := r.ringOnce(5 * second)
			r.to(8 * second)
			r.hear(1, channels.VoiceBegin, 250*ms)
			if trigger == Key {
				r.press(1, "*1")
			}
			for at := r.fed(); at < 30*second; at += 100 * ms { // the board's own tells after 5 s that the call is over
				r.to(at)
			}
			r.hear(1, channels.CallEnd, 0, call(id), func(e *channels.Event) { e.EndedBy = ringStopped })
			r.hear(1, channels.VoiceEnd, 200*ms)
			r.to(31 * second)
			r.hear(1, channels.VoiceBegin, 250*ms)
			r.to(60 * second)
			over := r.hear(1, channels.VoiceEnd, 200*ms)
			r.to(80 * second)
			l := r.one()
			if s := l.Seal; s.Call != id || s.EndedBy != EndSilence || s.BeginPos > 8*second {
				t.Errorf("%+v", s)
			}
			r.exact(l, l.Seal.BeginPos, over+5*second)
		})
	}
}

func TestWithoutVoiceARecordingEndsWhereTheRingingDoes(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Call, HangoverMS: 1000}, nil)
	r.ringOnce(5 * second)
	r.to(30 * second)
	if s := r.one().Seal; s.EndedBy != ringStopped {
		t.Errorf("%+v", s)
	}
}

func TestAnotherRingEndsWhatOutlivedTheCallBefore(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Call, HangoverMS: 60_000}, nil)
	first := r.ringOnce(5 * second)
	r.to(8 * second)
	r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(15 * second)
	r.hear(1, channels.CallEnd, 0, call(first), func(e *channels.Event) { e.EndedBy = ringStopped })
	r.hear(1, channels.VoiceEnd, 200*ms)
	next := r.ringOnce(30 * second)
	r.to(60 * second)
	r.stop()
	all := r.settle()
	if len(all) != 2 || all[0].Seal.Call != first || all[1].Seal.Call != next {
		t.Fatalf("%d recordings: %+v", len(all), all)
	}
}

func TestSettingsThatChangeToVoiceAmidAWordRecordTheRestOfIt(t *testing.T) {
	for _, old := range []string{Continuous, Manual, Off} {
		r := newRig(t, deafBoard(1), LineConfig{Trigger: old, HangoverMS: 1000}, nil)
		r.to(5 * second)
		r.hear(1, channels.VoiceBegin, 250*ms)
		r.to(6 * second)
		if err := r.rec.Configure(1, LineConfig{Trigger: Voice, HangoverMS: 1000}); err != nil {
			t.Fatal(err)
		}
		r.to(16 * second)
		end := r.hear(1, channels.VoiceEnd, 200*ms)
		r.to(30 * second)
		all := r.settle()
		if len(all) == 0 || all[len(all)-1].Seal.BeginPos+all[len(all)-1].Seal.Samples != end+second {
			t.Errorf("%s: the word that went on to %d is not recorded: %d recordings", old, end, len(all))
		}
	}
}

func TestTheHangOverDoesNotMakeACoughLongEnough(t *testing.T) {
	for said, n := range map[int64]int{800 * ms: 0, 4 * second: 1} {
		r := newRig(t, deafBoard(1), LineConfig{Trigger: Voice, MinMS: 3000}, nil)
		r.to(5 * second)
		r.hear(1, channels.VoiceBegin, 250*ms)
		r.to(5*second + said)
		r.hear(1, channels.VoiceEnd, 200*ms)
		r.to(30 * second)
		if all := r.settle(); len(all) != n {
			t.Errorf("%d recordings of %d ms of voice, want %d", len(all), said/ms, n)
		}
	}
}
