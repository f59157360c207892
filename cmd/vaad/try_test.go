package main

import (
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
		if l := p.tries.over("1", saved); l.GainDB != 6 || l.ThresholdMV != 20_000 || l.VoiceDBm0 != -40 {
			t.Errorf("tried: %+v", l)
		}
		if c := p.recordConfig(1); c.VoiceDBm0 != -46 {
			t.Errorf("with 6 dB voice of -40 dBm0 is looked for at %d dBm0 on the line", c.VoiceDBm0)
		}
		if err := p.tries.try("1", saved, api.TryLine{ThresholdMV: &bad}); err == nil || !strings.Contains(err.Error(), "threshold_mv") {
			t.Errorf("impossible: %v", err)
		}
		time.Sleep(2 * time.Second)
		if l := p.tries.over("1", saved); !l.same(saved) {
			t.Errorf("after its time: %+v", l)
		}
		if err := p.tries.try("1", saved, api.TryLine{GainDB: &six}); err != nil {
			t.Fatal(err)
		}
		p.tries.clear()
		if l := p.tries.over("1", saved); !l.same(saved) {
			t.Errorf("after settings have changed: %+v", l)
		}
	})
	if p.doc.Version() != version {
		t.Error("trying made a version")
	}
}
