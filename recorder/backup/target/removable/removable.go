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
	c    target.Removable
	sys  System
	g    *guard.Guard
	slot *slot
}

// slot is what all targets of one disk in this process share: who releases it must
// know of everybody who writes to it.
type slot struct {
	mu       sync.Mutex
	users    int           // open disks
	idle     chan struct{} // closed when users is 0; nil unless somebody has waited
	ejecting int           // how many release it: nobody else may begin to use it
	released string        // since of the disk that was ejected; "" = none
	mounting sync.Mutex    // and unmounting: one at a time
}

// slots are those of this machine's disks, by label and UUID.
var slots = struct {
	mu sync.Mutex
	of map[target.Removable]*slot
}{of: map[target.Removable]*slot{}}

func slotOf(c target.Removable) *slot {
	key := target.Removable{Label: c.Label, UUID: c.UUID}
	slots.mu.Lock()
	defer slots.mu.Unlock()
	s := slots.of[key]
	if s == nil {
		s = &slot{}
		slots.of[key] = s
	}
	return s
}

// slow is how long writing out and unmounting may take: what is cached of a slow
// stick.
const slow = 10 * time.Minute

// Open makes a target of a removable disk. It need not be there.
func Open(c target.Config) (*Target, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return newTarget(c, &Machine{Config: c.Removable, Disks: "/dev/disk", Run: run}, slotOf(c.Removable)), nil
}

func newTarget(c target.Config, sys System, s *slot) *Target {
	t := &Target{c: c.Removable, sys: sys, slot: s, g: guard.New(c.Name, max(slow, c.Stall()), folder.Classify)}
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
	t.slot.mu.Lock()
	if err != nil || since != t.slot.released {
		t.slot.released = ""
	}
	switch {
	case err != nil:
	case t.slot.ejecting > 0, t.slot.released != "":
		err = folder.Classed(target.ErrGone, errReleased)
	}
	if err != nil {
		t.slot.mu.Unlock()
		return nil, err
	}
	t.slot.users++
	t.slot.mu.Unlock()
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
	t.slot.mu.Lock()
	defer t.slot.mu.Unlock()
	if t.slot.users--; t.slot.users == 0 && t.slot.idle != nil {
		close(t.slot.idle)
		t.slot.idle = nil
	}
}

// mounted says where the device is mounted, mounting it where it is not.
func (t *Target) mounted(ctx context.Context, device string) (string, error) {
	t.slot.mounting.Lock()
	defer t.slot.mounting.Unlock()
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
		t.slot.mu.Lock()
		t.slot.released = ""
		t.slot.mu.Unlock()
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
			t.slot.mu.Lock()
			t.slot.ejecting--
			t.slot.mu.Unlock()
		}()
		t.slot.mounting.Lock()
		defer t.slot.mounting.Unlock()
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
		t.slot.mu.Lock()
		t.slot.released = since
		t.slot.mu.Unlock()
		return nil
	})
}

// quiet keeps new calls away and waits for those under way.
func (t *Target) quiet(ctx context.Context) error {
	t.slot.mu.Lock()
	t.slot.ejecting++
	if t.slot.users == 0 {
		t.slot.mu.Unlock()
		return nil
	}
	if t.slot.idle == nil {
		t.slot.idle = make(chan struct{})
	}
	idle := t.slot.idle
	t.slot.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		t.slot.mu.Lock()
		t.slot.ejecting--
		t.slot.mu.Unlock()
		return context.Cause(ctx)
	}
}

// Medium implements target.Ejector.
func (t *Target) Medium(context.Context) target.Medium {
	device, since, err := t.sys.Find()
	t.slot.mu.Lock()
	if err != nil || since != t.slot.released {
		t.slot.released = ""
	}
	released := t.slot.released != ""
	t.slot.mu.Unlock()
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
