//go:build lab

package dahdi_test

import (
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/dahdi/labtest"
)

// TestLabReleasingALineLosesNoAudio: the kernel throws a channel's buffers away
// when it goes on-hook. Nothing is missing for that, and the line stays in step.
func TestLabReleasingALineLosesNoAudio(t *testing.T) {
	cards(t, "fxo3")
	tell(t, "pattern 1:* seq")
	s := open(t, device(`, "use": "trunk"`, card(t, 1, 1, labtest.FXSKewl, labtest.MuLaw)))
	s.hear()
	s.run(500 * time.Millisecond)
	place := s.one()
	for i := range counts(10, 100) {
		s.do(driver.GoOffHook, i%3, 0, nil)
		s.run(700 * time.Millisecond)
		s.do(driver.GoOnHook, i%3, 0, nil)
		s.run(time.Duration(100+i*7) * time.Millisecond)
	}
	if p := s.one(); p != place {
		t.Errorf("positions are %d samples off", p-place)
	}
	// Where the process was held up between a block and the release, a few
	// milliseconds are gone; then it is said.
	told := make([]int64, len(s.in.Lines))
	for _, e := range s.said {
		if e.Kind == driver.Lost {
			told[e.Line] += int64(e.Value)
		}
	}
	for i := range s.in.Lines {
		if m := s.missing(i); m != told[i] || m > counts(int64(0), driver.Block) {
			t.Errorf("line %d: %d samples are missing, %d are told", i, m, told[i])
		}
	}
	s.none(driver.Missed, driver.Refused)
}
