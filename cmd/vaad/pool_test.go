package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoRestsLeavesItsSlotToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		ctx, cancel := context.WithCancel(t.Context())
		turn, err := p.turn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		go func() { // somebody signs in: the check of a password takes a slot
			time.Sleep(time.Second)
			if p.Acquire(t.Context()) != nil {
				return
			}
			time.Sleep(time.Hour)
			p.Release()
		}()
		began := time.Now()
		if turn.rest(ctx, 10*time.Second); time.Since(began) < time.Hour {
			t.Error("the other one had no turn")
		}
		cancel()
		turn.rest(ctx, time.Hour)
		turn.end()
		if len(p.slots) != 0 {
			t.Errorf("%d slots are still taken", len(p.slots))
		}
	})
}
