package recorder

import (
	"context"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/index"
)

// lifted makes a board whose telephones are off-hook when it opens.
func lifted(lines int) *board {
	b := newBoard(lines, driver.ALaw)
	for i := range b.mv {
		b.mv[i] = liftedMV
	}
	return b
}

// kill takes the disk away as kill -9 would and returns it as it is then.
func kill(r *rig) *memdisk.Disk {
	r.rec.writer.patience = time.Millisecond
	return r.disk.(*memdisk.Disk).Kill()
}

func TestACallThatSurvivesACrashGoesOnInALinkedSegment(t *testing.T) {
	first := memdisk.New()
	r := newRig(t, newBoard(2, driver.ALaw), voltage(), first)
	r.hook(5*second, 1, true)
	r.hook(5*second, 2, true)
	r.to(20 * second)
	r.settle()
	active := r.rec.Active()
	if len(active) != 2 {
		t.Fatalf("%d recordings before the crash", len(active))
	}
	killed := kill(r)
	b := newBoard(2, driver.ALaw)
	b.mv[0] = liftedMV // line 1's call is still up, line 2's is over
	n := newRig(t, b, voltage(), killed)
	n.to(5 * second)
	n.hook(10*second, 2, true)
	n.hook(15*second, 1, false)
	n.hook(15*second, 2, false)
	n.to(20 * second)
	all := n.settle()
	var recovered, fresh []archive.JournalLine
	for _, l := range all {
		if l.Seal.Recovered {
			recovered = append(recovered, l)
		} else {
			fresh = append(fresh, l)
		}
	}
	if len(recovered) != 2 || len(fresh) != 2 {
		t.Fatalf("%d recovered and %d fresh recordings, want 2 and 2", len(recovered), len(fresh))
	}
	if fresh[0].Seal.Previous != active[0].ID || fresh[0].Seal.Conversation != recovered[0].Seal.Conversation {
		t.Errorf("line 1 goes on from %q in conversation %q, want %q in %q", fresh[0].Seal.Previous, fresh[0].Seal.Conversation,
			active[0].ID, recovered[0].Seal.Conversation)
	}
	if fresh[1].Seal.Previous != "" {
		t.Error("line 2 had hung up, but its next call is taken for the same")
	}
	if n.calls.continues[fresh[0].Seal.Call] != recovered[0].Seal.Call {
		t.Errorf("the call journal was told that calls continue as %v", n.calls.continues)
	}
	n.exact(fresh[0], fresh[0].Seal.BeginPos, fresh[0].Seal.BeginPos+fresh[0].Seal.Samples)
	if !n.alarm.raised(AlarmRecovered) {
		t.Error("nobody was told of the recovered recordings")
	}
}

func TestContinuousAndManualRecordingsGoOnAfterACrash(t *testing.T) {
	first := memdisk.New()
	r := newRig(t, newBoard(2, driver.ALaw), LineConfig{Trigger: Continuous}, first)
	r.to(5 * second)
	if err := r.rec.Configure(2, LineConfig{Trigger: Manual}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.rec.Start(2, "ann"); err != nil {
		t.Fatal(err)
	}
	r.to(10 * second)
	r.settle()
	active := r.rec.Active()
	n := newRig(t, newBoard(2, driver.ALaw), LineConfig{Trigger: Manual}, kill(r), func(r *rig, _ *Config, _ *channels.Config) {
		r.settings[1] = LineConfig{Trigger: Continuous}
	})
	n.to(5 * second)
	now := n.rec.Active()
	if len(now) != 2 {
		t.Fatalf("%d recordings go on, want 2", len(now))
	}
	for i := range now {
		if now[i].Conversation != active[i].Conversation || now[i].Trigger != active[i].Trigger {
			t.Errorf("line %d: %+v does not continue %+v", i+1, now[i], active[i])
		}
	}
}

func TestACleanRestartLinksTheCallThatIsStillUp(t *testing.T) {
	first := memdisk.New()
	path := t.TempDir() + "/index.db"
	open := func(d archive.Disk) *index.Index {
		a, err := archive.OpenReadOnly("", d)
		if err != nil {
			t.Fatal(err)
		}
		ix, err := index.Open(index.Config{Path: path, Journals: a})
		if err != nil {
			t.Fatal(err)
		}
		if err := ix.Rebuild(context.Background()); err != nil {
			t.Fatal(err)
		}
		return ix
	}
	r := newRig(t, newBoard(1, driver.ALaw), voltage(), first)
	r.hook(5*second, 1, true)
	r.to(20 * second)
	r.stop()
	old := r.one()
	if old.Seal.EndedBy != EndShutdown {
		t.Fatalf("ended by %q", old.Seal.EndedBy)
	}
	r.close()
	ix := open(first)
	defer func() { _ = ix.Close() }()
	n := newRig(t, lifted(1), voltage(), first, withIndex(ix))
	n.to(10 * second)
	n.stop()
	l := n.one()
	if l.Seal.Previous != old.ID || l.Seal.Conversation != old.Seal.Conversation {
		t.Errorf("it continues %q, want %q", l.Seal.Previous, old.ID)
	}
}

func TestACallOfLongAgoIsNotContinued(t *testing.T) {
	w := &watch{resume: &resumed{end: time.Unix(1000, 0)}}
	for age, want := range map[time.Duration]bool{0: true, 59 * time.Second: true, 61 * time.Second: false, -time.Hour: false} {
		if got := w.resumable(time.Unix(1000, 0).Add(age)) != nil; got != want {
			t.Errorf("after %v: continued %v, want %v", age, got, want)
		}
	}
}

func TestWhatWasBegunByHearingGoesOnAfterACrashAlsoInSilence(t *testing.T) {
	for _, trigger := range []string{Voice, Key, Call} {
		c := LineConfig{Trigger: trigger, Codec: GSM}
		r := newRig(t, newBoard(1, driver.ALaw), c, memdisk.New())
		r.hook(5*second, 1, true)
		r.to(10 * second)
		switch trigger {
		case Voice:
			r.hear(1, channels.VoiceBegin, 250*ms)
			r.to(12 * second)
			r.hear(1, channels.VoiceEnd, 200*ms)
		case Key:
			r.press(1, "*1")
		}
		r.to(20 * second)
		r.settle()
		active := r.rec.Active()
		if len(active) != 1 {
			t.Fatalf("%s: %d recordings before the crash", trigger, len(active))
		}
		n := newRig(t, lifted(1), c, kill(r))
		n.to(5 * second)
		n.hook(10*second, 1, false)
		n.to(20 * second)
		all := n.settle()
		if len(all) != 2 || all[1].Seal.Previous != active[0].ID && all[0].Seal.Previous != active[0].ID {
			t.Errorf("%s: %d recordings, none of which continues the one before", trigger, len(all))
			continue
		}
		for _, l := range all {
			if l.Seal.Trigger != trigger || l.Seal.Codec != archive.GSM || l.Seal.Conversation != active[0].Conversation {
				t.Errorf("%s: %+v", trigger, l.Seal)
			}
		}
	}
}
