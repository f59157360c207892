package recorder

import (
	"sync/atomic"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
)

func TestAPauseOutlivesARestartWithTheClockSetBack(t *testing.T) {
	now := time.Now()
	k := &kept{all: []Pause{{ID: "x", Line: 1, Since: now.Add(2*time.Hour - 10*time.Second), Until: now.Add(2*time.Hour + 290*time.Second), Reason: "card-data"}}}
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withPauses(k))
	r.hook(second, 1, true)
	r.to(5 * second)
	r.wantPaused("after the restart", 1)
	if p := r.rec.Paused()[0]; p.Until.After(time.Now().Add(mostPause)) {
		t.Errorf("it lasts until %v", p.Until)
	}
}

func TestSettingTheClockNeitherEndsAPauseNorMakesItLonger(t *testing.T) {
	for _, step := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			var set atomic.Int64
			b := newBoard(1, driver.ALaw)
			b.info.Virtual = false
			began, k := time.Now(), &kept{}
			r := newRig(t, b, LineConfig{Trigger: Voltage, PauseMaxS: 30}, nil, withPauses(k), func(_ *rig, _ *Config, c *channels.Config) {
				c.Now = func() time.Time { // who asks holds no lock of the board
					b.mu.Lock()
					defer b.mu.Unlock()
					return began.Add(time.Duration(b.pos)*time.Second/rate + time.Duration(set.Load()))
				}
			})
			r.hook(2*second, 1, true)
			r.to(3 * second)
			r.seconds(2)
			p := r.pause(1, 0)
			r.seconds(5)
			set.Store(int64(step))
			r.seconds(20)
			r.wantPaused("within its time", 1)
			if d := r.rec.Paused()[0].Until.Sub(p.Until) - step; d > time.Second || d < -time.Second {
				t.Errorf("its end is shown %v beside what the clock was set by", d)
			}
			r.seconds(7)
			r.wantPaused("after its time")
		})
	}
}
