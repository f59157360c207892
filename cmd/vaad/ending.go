package main

import (
	"context"
	"sync"
	"time"

	"vaad/channels"
	"vaad/driver"
)

// hangUpFor is how long the calls of our lines may take to end.
const hangUpFor = time.Second

// ours is what ending asks of [channels.System].
type ours interface {
	Lines() []channels.LineStatus
	Wish(ctx context.Context, w channels.Wish) (channels.Accepted, error)
}

// hangUp ends the calls of trunks and stations before their boards end: the far
// end of a primary rate link would keep its caller in silence, for it waits
// until the data link comes back (Q.931 timer T309, 90 s).
func hangUp(ctx context.Context, lines ours) {
	ctx, cancel := context.WithTimeout(ctx, hangUpFor)
	defer cancel()
	var told sync.WaitGroup
	for _, l := range up(lines) {
		told.Go(func() { // one that cannot, ends with its board
			_, _ = lines.Wish(ctx, channels.Wish{ID: "ending", Line: l, Kind: channels.WishRelease, Cause: temporaryFailure})
		})
	}
	told.Wait()
	poll := time.NewTicker(driver.Tick)
	defer poll.Stop()
	for len(up(lines)) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		}
	}
}

// temporaryFailure is the cause of calls that end so (ITU-T Q.850).
const temporaryFailure = 41

// up are the trunks and stations that have a call.
func up(lines ours) (all []int) {
	for _, l := range lines.Lines() {
		if l.Call != "" && (l.Use == driver.Trunk || l.Use == driver.Station) {
			all = append(all, l.Number)
		}
	}
	return all
}
