package removable

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
	"vaad/recorder/backup/target/guard"
)

// Target is a folder on a removable disk.
type Target struct {
	*folder.Folder
	c   target.Removable
	sys System
	g   *guard.Guard

	mu       sync.Mutex
	users    int           // open disks
	idle     chan struct{} // closed when users is 0; nil unless somebody waits
	ejecting bool
	released string     // since of the disk that was ejected; "" = none
	mounting sync.Mutex // one at a time
}

// slow is how long writing out and unmounting may take: what is cached of a slow
// stick.
const slow = 10 * time.Minute

// Open makes a target of a removable disk. It need not be there.
func Open(c target.Config) (*Target, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return New(c, &Machine{Config: c.Removable, Disks: "/dev/disk", Run: run}), nil
}

// New makes a target of a disk of that system.
func New(c target.Config, sys System) *Target {
	t := &Target{c: c.Removable, sys: sys, g: guard.New(c.Name, max(slow, c.Stall()), folder.Classify)}
	t.Folder = folder.New(c, t.disk, folder.Classify)
	return t
}

// Close implements target.Target. The disk stays mounted.
func (t *Target) Close() error {
	t.g.Close()
	return t.Folder.Close()
}

// errReleased is why an ejected disk is not used.
var errReleased = errors.New("the disk was released and may be removed; it is used again once it was away, or attached")

// disk finds, mounts and opens the disk for one call.
func (t *Target) disk(ctx context.Context) (folder.Disk, error) {
	device, since, err := t.sys.Find()
	t.mu.Lock()
	if err != nil || since != t.released {
		t.released = ""
	}
	switch {
	case err != nil:
	case t.ejecting, t.released != "":
		err = folder.Classed(target.ErrGone, errReleased)
	}
	if err != nil {
		t.mu.Unlock()
		return nil, err
	}
	t.users++
	t.mu.Unlock()
	point, err := t.mounted(ctx, device)
	if err == nil {
		var d folder.Disk
		if d, err = t.sys.Open(point, t.c.Folder); err == nil {
			return &disk{d, sync.OnceFunc(t.leave)}, nil
		}
	}
	t.leave()
	return nil, err
}

// disk counts as a user until it is closed.
type disk struct {
	folder.Disk
	leave func()
}

func (d *disk) Close() error {
	err := d.Disk.Close()
	d.leave()
	return err
}

func (t *Target) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users--; t.users == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// mounted says where the device is mounted, mounting it where it is not.
func (t *Target) mounted(ctx context.Context, device string) (string, error) {
	t.mounting.Lock()
	defer t.mounting.Unlock()
	point, err := t.sys.Mounted(device)
	if err != nil || point != "" {
		return point, err
	}
	if err := t.sys.Mount(ctx, device); err != nil {
		return "", err
	}
	if point, err = t.sys.Mounted(device); err == nil && point == "" {
		err = folder.Gone("%s was mounted, but not where vaad sees it: does the service have a file system view of its own?", device)
	}
	return point, err
}

// Attach implements target.Ejector.
func (t *Target) Attach(ctx context.Context) error {
	return t.g.Do(ctx, "attach", "", func(ctx context.Context, _ *guard.Beat) error {
		t.mu.Lock()
		t.released = ""
		t.mu.Unlock()
		d, err := t.disk(ctx)
		if err != nil {
			return err
		}
		return d.Close()
	})
}

// Eject implements target.Ejector.
func (t *Target) Eject(ctx context.Context) error {
	return t.g.Exclusive(ctx, "eject", "", func(ctx context.Context, _ *guard.Beat) error {
		if err := t.quiet(ctx); err != nil {
			return err
		}
		defer func() {
			t.mu.Lock()
			t.ejecting = false
			t.mu.Unlock()
		}()
		device, since, err := t.sys.Find()
		if err != nil {
			return err
		}
		point, err := t.sys.Mounted(device)
		if err != nil {
			return err
		}
		if point != "" {
			if err := t.sys.Sync(point); err != nil {
				return err
			}
			if err := t.sys.Unmount(ctx, device, point); err != nil {
				return err
			}
			if still, err := t.sys.Mounted(device); err != nil || still != "" {
				return errors.Join(err, folder.Classed(target.ErrRefused, fmt.Errorf("it is still mounted at %s", still)))
			}
		}
		t.mu.Lock()
		t.released = since
		t.mu.Unlock()
		return nil
	})
}

// quiet keeps new calls away and waits for those under way.
func (t *Target) quiet(ctx context.Context) error {
	t.mu.Lock()
	t.ejecting = true
	if t.users == 0 {
		t.mu.Unlock()
		return nil
	}
	idle := make(chan struct{})
	t.idle = idle
	t.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		t.mu.Lock()
		t.ejecting, t.idle = false, nil
		t.mu.Unlock()
		return context.Cause(ctx)
	}
}

// Medium implements target.Ejector.
func (t *Target) Medium(context.Context) target.Medium {
	device, since, err := t.sys.Find()
	t.mu.Lock()
	if err != nil || since != t.released {
		t.released = ""
	}
	released := t.released != ""
	t.mu.Unlock()
	if err != nil {
		return target.Medium{State: target.MediumAbsent}
	}
	m := target.Medium{State: target.MediumPresent, Device: device}
	if m.Mount, err = t.sys.Mounted(device); err == nil && m.Mount != "" {
		m.State = target.MediumMounted
	} else if released {
		m.State = target.MediumReleased
	}
	return m
}
