package channels

import (
	"testing"
	"time"
)

func TestLateFirstTickIsNoJump(t *testing.T) {
	var c lineClock
	wall := time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC).UnixNano()
	at := func(tick int64) int64 { return wall + tick*int64(20*time.Millisecond) }
	c.open(false, 0, 160, at(1)+int64(80*time.Millisecond))
	for tick := int64(1); tick < 500; tick++ {
		late := int64(0)
		if tick < 10 {
			late = int64(80 * time.Millisecond)
		}
		if jump, _ := c.tick(tick*160, at(tick)+late, true); jump != 0 {
			t.Fatalf("tick %d: a jump of %v", tick, time.Duration(jump))
		}
	}
	if d := c.Time(499*160).UnixNano() - at(499); d != 0 {
		t.Errorf("line time is off by %v", time.Duration(d))
	}
}

func TestStallIsNoJump(t *testing.T) {
	var c lineClock
	wall := time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC).UnixNano()
	c.open(false, 0, 160, wall+int64(20*time.Millisecond))
	now := wall
	for tick := int64(1); tick < 1000; tick++ {
		now = max(now, wall+tick*int64(20*time.Millisecond))
		if tick == 400 {
			now += int64(900 * time.Millisecond) // then 45 blocks of backlog at once
		}
		if jump, _ := c.tick(tick*160, now, true); jump != 0 {
			t.Fatalf("tick %d: a jump of %v", tick, time.Duration(jump))
		}
	}
}
