package sftp

import (
	"context"
	"errors"
	"sync"
	"time"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
)

// Target is a folder on a server.
type Target struct {
	*folder.Folder
	c     target.SFTP
	stall time.Duration

	mu     sync.Mutex
	link   *link
	making chan struct{} // somebody dials; closed when done
	closed bool
}

// Open makes a target of a folder on a server. It does not connect yet.
func Open(c target.Config) (*Target, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	t := &Target{c: c.SFTP, stall: c.Stall()}
	t.Folder = folder.New(c, t.disk, classify)
	return t, nil
}

// Close implements target.Target.
func (t *Target) Close() error {
	t.mu.Lock()
	t.closed = true
	l := t.link
	t.link = nil
	t.mu.Unlock()
	err := t.Folder.Close()
	if l != nil {
		l.shut()
		<-l.dead
	}
	return err
}

// patience is how long a call whose context ended may wait for the server's
// answer before the connection is ended for it.
const patience = 500 * time.Millisecond

// disk is the connection as one call sees it.
func (t *Target) disk(ctx context.Context) (folder.Disk, error) {
	l, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	over := make(chan struct{})
	var ended sync.Once // the call, or the connection for it: who comes next has it, or a new one
	stop := context.AfterFunc(ctx, func() {
		limit := time.NewTimer(patience)
		defer limit.Stop()
		select {
		case <-over:
		case <-limit.C:
			ended.Do(l.shut)
		}
	})
	return &disk{ctx: ctx, l: l, base: l.base, end: func() { ended.Do(func() { stop(); close(over) }) }}, nil
}

// connect gives the connection, a new one where it broke. Who waits for somebody
// else's new one does so as long as its context lasts.
func (t *Target) connect(ctx context.Context) (*link, error) {
	for {
		t.mu.Lock()
		if t.closed {
			t.mu.Unlock()
			return nil, folder.Classed(target.ErrClosed, errors.New("closed"))
		}
		if l := t.link; l != nil {
			if !l.over.Load() {
				t.mu.Unlock()
				return l, nil
			}
			t.link = nil
		}
		if other := t.making; other != nil {
			t.mu.Unlock()
			select {
			case <-other:
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		mine := make(chan struct{})
		t.making = mine
		t.mu.Unlock()

		l, err := dial(ctx, t.c, t.stall)

		t.mu.Lock()
		t.making = nil
		close(mine)
		late := err == nil && t.closed
		if err == nil && !late {
			t.link = l
		}
		t.mu.Unlock()
		if late {
			l.shut()
			continue
		}
		return l, err
	}
}
