package recorder

import (
	"testing"

	"vaad/channels"
	"vaad/recorder/archive"
)

func TestWhereNothingTellsTheHookSilenceEndsNoPause(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Voice, HangoverMS: 1000}, nil)
	r.to(10 * second)
	r.hear(1, channels.VoiceBegin, 250*ms)
	r.to(12 * second)
	r.hear(1, channels.VoiceEnd, 200*ms)
	r.pause(1, 0)
	r.seconds(30) // somebody looks for a card
	r.wantPaused("while nobody speaks", 1)
	r.hear(1, channels.VoiceBegin, 250*ms)
	r.seconds(5)
	r.hear(1, channels.VoiceEnd, 200*ms)
	r.seconds(5)
	r.wantPaused("after the number was said", 1)
	to := r.fed()
	r.resume(1)
	r.seconds(10)
	l := r.one()
	if got := r.alike(l); len(got) != 1 || got[0].to < to-l.Seal.BeginPos {
		t.Errorf("masked %v, want one stretch up to %d", got, to-l.Seal.BeginPos)
	}
	if l.Seal.EndedBy != EndSilence || l.Seal.BeginPos+l.Seal.Samples < to+second {
		t.Errorf("it ended by %q at %d, resumed at %d", l.Seal.EndedBy, l.Seal.BeginPos+l.Seal.Samples, to)
	}
}

func TestWhereNothingTellsTheHookAPauseOutlivesItsRecording(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Manual, PauseMaxS: 60}, nil)
	r.to(5 * second)
	r.start(1, "ann")
	r.to(7 * second)
	r.pause(1, 0)
	r.to(8 * second)
	r.end(1, "bob")
	r.seconds(2)
	r.wantPaused("after the recording was stopped", 1)
	r.start(1, "bob")
	r.seconds(2)
	r.end(1, "bob")
	r.seconds(60)
	r.wantPaused("after its time")
	all := r.settle()
	if len(all) != 2 {
		t.Fatalf("%d recordings", len(all))
	}
	if got := r.alike(all[1]); len(got) != 1 || got[0] != (span{0, all[1].Seal.Samples}) {
		t.Errorf("of a recording that began in the pause %v is masked", got)
	}
}

func TestACallThatOnlyStoppedRingingEndsNoPause(t *testing.T) {
	r := newRig(t, deafBoard(1), LineConfig{Trigger: Continuous}, nil)
	id := r.ringOnce(5 * second)
	r.pause(1, 0)
	r.hear(1, channels.CallEnd, 0, call(id), func(e *channels.Event) { e.EndedBy = ringStopped })
	r.seconds(2)
	r.wantPaused("after the ringing", 1)
	r.resume(1)
	r.end(1, "ann")
	r.seconds(2)
	l := r.one()
	if len(entriesOf(r.story(l), archive.EntryMasked)) != 1 {
		t.Error("the story does not say what is masked")
	}
	r.alike(l)
}
