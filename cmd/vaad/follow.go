package main

import (
	"context"

	"vaad/channels"
)

// follow calls fn with what a feed tells, until ctx ends; what is lost of it is
// lost. The events are valid until fn returns.
func follow(ctx context.Context, feed *channels.Reader, fn func([]channels.Event)) {
	defer feed.Close()
	var evs []channels.Event
	for {
		select {
		case <-ctx.Done():
			return
		case <-feed.Wake():
		}
		evs, _ = feed.Drain(evs[:0])
		fn(evs)
	}
}
