package main

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vaad/api"
)

func TestTriedSettingsCountForAWhileAndAreNotSaved(t *testing.T) {
	p := newTestPlan(t)
	if err := set(t, p, `{"lines":{"1":{"board":"a","port":1,"voice_dbm0":-40}}}`); err != nil {
		t.Fatal(err)
	}
	saved, version := p.sec.lines.Get(p.doc)["1"], p.doc.Version()
	synctest.Test(t, func(t *testing.T) {
		six, threshold, bad := 6, 20_000, 1
		for i, w := range []api.TryLine{{GainDB: &six}, {ThresholdMV: &threshold}} {
			if err := p.tries.try("1", saved, w); err != nil {
				t.Fatal(i, err)
			}
			time.Sleep(tryFor - time.Second) // each move begins the while anew
		}
		if l := p.tries.now()["1"].on(saved); l.GainDB != 6 || l.ThresholdMV != 20_000 || l.VoiceDBm0 != -40 {
			t.Errorf("tried: %+v", l)
		}
		if c := p.recordConfig(1); c.VoiceDBm0 != -46 {
			t.Errorf("with 6 dB voice of -40 dBm0 is looked for at %d dBm0 on the line", c.VoiceDBm0)
		}
		if err := p.tries.try("1", saved, api.TryLine{ThresholdMV: &bad}); err == nil || !strings.Contains(err.Error(), "threshold_mv") {
			t.Errorf("impossible: %v", err)
		}
		time.Sleep(2 * time.Second)
		if l := p.tries.now()["1"].on(saved); !l.same(saved) {
			t.Errorf("after its time: %+v", l)
		}
		if err := p.tries.try("1", saved, api.TryLine{GainDB: &six}); err != nil {
			t.Fatal(err)
		}
		p.tries.clear()
		if l := p.tries.now()["1"].on(saved); !l.same(saved) {
			t.Errorf("after settings have changed: %+v", l)
		}
	})
	if p.doc.Version() != version {
		t.Error("trying made a version")
	}
}

func TestWhatIsTriedAndThenSavedCountsWithoutAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in which the while of a trial does not pass
		p := newTestPlan(t)
		if err := set(t, p, `{"lines":{"1":{"board":"a","port":1}}}`); err != nil {
			t.Fatal(err)
		}
		defer p.sec.lines.Subscribe(p.doc, func(map[string]lineDoc) { p.tries.clear() })() // as apply does
		for round := range 60 {
			dbm0 := -30 - round%2
			if err := p.tries.try("1", p.sec.lines.Get(p.doc)["1"], api.TryLine{VoiceDBm0: &dbm0}); err != nil {
				t.Fatal(err)
			}
			saved, looked := make(chan struct{}), make(chan int)
			go func() {
				for {
					if is := p.recordConfig(1).VoiceDBm0; is != dbm0 {
						looked <- is
						return
					}
					select {
					case <-saved:
						looked <- dbm0
						return
					default:
					}
				}
			}()
			setTo(t, p.doc, "lines.1.voice_dbm0", strconv.Itoa(dbm0))
			close(saved)
			if is := <-looked; is != dbm0 {
				t.Fatalf("round %d: %d dBm0 counts for a moment, want %d", round, is, dbm0)
			}
		}
	})
}
