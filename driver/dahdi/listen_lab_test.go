//go:build lab

package dahdi_test

import (
	"fmt"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/dahdi/labtest"
)

// TestLabAMonitorCountsWhatItLost: the kernel does not say when a pseudo channel
// has overrun. Up to 640 ms nothing is lost, and later each sample is told.
func TestLabAMonitorCountsWhatItLost(t *testing.T) {
	cards(t, "fxo2")
	tell(t, "pattern 1:* seq")
	span := card(t, 1, 1, labtest.FXSKewl, labtest.MuLaw)
	s := open(t, fmt.Sprintf(`{"monitor": "%d-%d"}`, span.Channel(1), span.Channel(2)))
	s.hear()
	s.run(300 * time.Millisecond)
	sleep(t, 1, 600)
	s.run(time.Second)
	if s.missing(0) != 0 || s.lost != 0 {
		t.Errorf("a stall of 600 ms: %d samples are missing, %d are said to be lost", s.missing(0), s.lost)
	}
	for _, stall := range []int{700, 1300, 2900} {
		sleep(t, 1, stall)
		s.run(time.Duration(stall)*time.Millisecond + 500*time.Millisecond)
	}
	lost := make([]int64, len(s.in.Lines))
	for _, e := range s.said {
		if e.Kind == driver.Lost {
			lost[e.Line] += int64(e.Value)
		}
	}
	for i := range 2 { // the card's channels send nothing: lines 2 and 3 are silent
		if m := s.missing(i); m == 0 || lost[i] != m {
			t.Errorf("line %d: %d samples said to be lost, %d are", i, lost[i], m)
		}
		all := s.places(i)
		for _, p := range all {
			if p != all[0] {
				t.Errorf("line %d: positions are %d samples off", i, p-all[0])
			}
		}
	}
	if s.counters().Overruns == 0 {
		t.Error("no overrun was counted")
	}
	t.Logf("%d samples lost in stalls of 0.7, 1.3 and 2.9 s, every one told", lost[0])
}

// TestLabAMonitoredChannelThatGoesComesBack: the card of the other program is
// taken away and returns; the monitor of another card's channel goes on.
func TestLabAMonitoredChannelThatGoesComesBack(t *testing.T) {
	cards(t, "fxo1,fxo1")
	tell(t, "pattern 1:* seq", "pattern 2:* seq")
	stays, goes := card(t, 1, 1, labtest.FXSKewl, labtest.MuLaw), card(t, 2, 1, labtest.FXSKewl, labtest.MuLaw)
	s := open(t, fmt.Sprintf(`{"monitor": "%d,%d"}`, stays.Channel(1), goes.Channel(1)))
	s.run(500 * time.Millisecond)
	tell(t, "remove 2")
	s.run(time.Second)
	if f := s.b.(driver.Faulter).Faults(nil); len(f) != 2 || f[0].Code != "dahdi-removed" {
		t.Errorf("faults %v", f)
	}
	s.hear()
	s.run(500 * time.Millisecond)
	if len(s.places(0)) != 1 || s.missing(0) != 0 {
		t.Error("the other channel is not heard any more")
	}
	tell(t, "return 2")
	goes = card(t, 2, 1, labtest.FXSKewl, labtest.MuLaw)
	tell(t, "pattern 2:* seq")
	s.run(5 * time.Second)
	s.hear()
	s.run(500 * time.Millisecond)
	if f := s.b.(driver.Faulter).Faults(nil); len(f) != 0 || len(s.places(1)) != 1 {
		t.Errorf("after it is back, as channel %d: faults %v, stretches %v", goes.Channel(1), f, s.places(1))
	}
}
