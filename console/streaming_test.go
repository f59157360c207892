package console

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"vaad/access"
)

func TestAStreamEndsWithTheRightToIt(t *testing.T) {
	rights := newFixture(t).cfg.Access
	rights.SetGroups(map[string][]int{"front": {1}})
	synctest.Test(t, func(t *testing.T) {
		s := &Server{quit: make(chan struct{})}
		c := &caller{fresh: func() (access.Scope, bool) { return rights.Scope(actor(access.Technician, "front")), true }}
		ctx, cancel := s.ending(context.WithValue(t.Context(), callerKey{}, c), func(sc access.Scope) bool { return sc.Allows(access.Listen, 1) })
		defer cancel()
		time.Sleep(time.Minute)
		if ctx.Err() != nil {
			t.Fatal("it ended though the right is there")
		}
		rights.SetGroups(map[string][]int{"front": {2}})
		time.Sleep(20 * time.Second)
		if ctx.Err() == nil {
			t.Error("it goes on without the right")
		}
	})
}
