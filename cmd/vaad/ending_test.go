package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vaad/channels"
	"vaad/driver"
)

// fourLines are lines of which one does not react.
type fourLines struct {
	mu    sync.Mutex
	lines []channels.LineStatus
	told  []int
}

func (f *fourLines) Lines() []channels.LineStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.lines)
}

func (f *fourLines) Wish(ctx context.Context, w channels.Wish) (channels.Accepted, error) {
	f.mu.Lock()
	f.told = append(f.told, w.Line)
	f.mu.Unlock()
	if w.Line == 4 {
		<-ctx.Done()
		return channels.Accepted{}, ctx.Err()
	}
	if w.Kind != channels.WishRelease || w.Cause != 41 {
		return channels.Accepted{}, errors.New("no release")
	}
	time.AfterFunc(100*time.Millisecond, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.lines[w.Line-1].Call = ""
	})
	return channels.Accepted{}, nil
}

func TestACallOfOursIsNotLeftUpWhenTheDaemonEnds(t *testing.T) {
	for name, c := range map[string]struct {
		last string // the call of a line that does not react
		want []int
		took time.Duration
	}{
		"all end":         {"", []int{1, 2}, 100 * time.Millisecond},
		"one cannot":      {"D", []int{1, 2, 4}, hangUpFor},
		"nothing to wait": {"", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fourLines{lines: []channels.LineStatus{{Number: 1, Use: driver.Trunk, Call: "A"}, {Number: 2, Use: driver.Station, Call: "B"},
					{Number: 3, Use: driver.Tap, Call: "C"}, {Number: 4, Use: driver.Trunk, Call: c.last}}}
				if c.want == nil {
					f.lines = f.lines[2:]
				}
				begun := time.Now()
				hangUp(context.Background(), f)
				if took := time.Since(begun); took < c.took || took > c.took+driver.Tick {
					t.Errorf("it took %v", took)
				}
				f.mu.Lock()
				defer f.mu.Unlock()
				if slices.Sort(f.told); !slices.Equal(f.told, c.want) {
					t.Errorf("told %v, want %v", f.told, c.want)
				}
			})
		})
	}
}
