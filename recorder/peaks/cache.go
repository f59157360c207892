package peaks

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"vaad/recorder/archive"

	"github.com/prometheus/client_golang/prometheus"
)

// A Subject is a recording whose picture is wanted.
type Subject struct {
	ID     string
	Day    archive.Day
	Sides  []string
	Hashes map[string]string // of the stored file of each side, by its seal; none while it is being made
}

// Archive opens recordings: [archive.Archive].
type Archive interface {
	Audio(day archive.Day, id, side string) (*archive.Audio, error)
	HasEncrypted(day archive.Day, id string, sides []string) bool
}

// Config of a Cache. All fields are required unless said otherwise.
type Config struct {
	Dir     string // of the pictures; made if missing
	Archive Archive
	Pool    archive.Pool          // that making pictures takes turns in
	Most    func() int64          // bytes that the folder may take; 0: nothing is kept on disk
	Free    func() (int64, error) // bytes of the disk that may be taken beside recordings
	Gone    func(id string) bool  // the recording was erased; nil: never

	Registerer prometheus.Registerer // nil: metrics are not registered
	Logger     *slog.Logger
}

const (
	inMemory   = 48 << 20 // bytes of pictures that are kept for the next question
	maxWaiting = 4096     // sealed recordings whose picture is yet to be made
	ext        = ".peaks"
)

// A Cache makes pictures once. All methods may be called from any goroutine.
type Cache struct {
	cfg     Config
	metrics *metrics

	mu      sync.Mutex
	newest  []kept // the one used last is the last
	bytes   int64
	running map[string]*flight
	waiting chan Subject
}

type kept struct {
	id  string
	key Key
	p   *Picture
}

// flight is a picture that is being made.
type flight struct {
	done   chan struct{}
	p      *Picture
	err    error
	forget bool // the recording was erased meanwhile
}

// Open makes the folder, or has it made later: on a full disk pictures are in memory
// only. Run makes pictures of what is sealed.
func Open(c Config) (*Cache, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		c.Logger.Warn("peaks: the folder of pictures cannot be made", "error", err)
	}
	return &Cache{cfg: c, metrics: newMetrics(c.Registerer), running: map[string]*flight{}, waiting: make(chan Subject, maxWaiting)}, nil
}

// Get is the picture of a recording: that which is there, or one made now. That of
// a recording that is being made goes up to now.
func (c *Cache) Get(ctx context.Context, s Subject) (*Picture, error) {
	if len(s.Hashes) == 0 {
		return c.make(ctx, s)
	}
	key := KeyOf(s.Hashes)
	for {
		c.mu.Lock()
		if p := c.lookup(s.ID, key); p != nil {
			c.mu.Unlock()
			return p, nil
		}
		f, others := c.running[s.ID]
		if !others {
			f = &flight{done: make(chan struct{})}
			c.running[s.ID] = f
		}
		c.mu.Unlock()
		if !others {
			c.fly(ctx, f, s, key)
			return f.p, f.err
		}
		select {
		case <-f.done:
			if f.err == nil {
				return f.p, nil
			}
			if !errors.Is(f.err, context.Canceled) { // who asked first has gone: it is begun anew
				return nil, f.err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// fly reads or makes a picture, and keeps it.
func (c *Cache) fly(ctx context.Context, f *flight, s Subject, key Key) {
	defer close(f.done)
	fresh := false
	if f.p = c.read(s.ID, key); f.p == nil {
		f.p, f.err = c.make(ctx, s)
		fresh = f.err == nil
	}
	if fresh && !c.cfg.Archive.HasEncrypted(s.Day, s.ID, s.Sides) {
		if err := c.write(s.ID, key, f.p); err != nil {
			c.cfg.Logger.Warn("peaks: a picture is not kept", "recording", s.ID, "error", err)
		}
	}
	c.mu.Lock()
	delete(c.running, s.ID)
	forget := f.forget
	if f.err == nil && !forget {
		c.keep(s.ID, key, f.p)
	}
	c.mu.Unlock()
	if forget {
		c.remove(s.ID)
	}
}

// make reads all sides, each in a turn of the pool.
func (c *Cache) make(ctx context.Context, s Subject) (*Picture, error) {
	sides := make([]Side, len(s.Sides))
	errs := make([]error, len(s.Sides))
	var all sync.WaitGroup
	for i, name := range s.Sides {
		all.Go(func() { sides[i], errs[i] = c.side(ctx, s, name) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c.metrics.made.Inc()
	return NewPicture(sides), nil
}

func (c *Cache) side(ctx context.Context, s Subject, name string) (out Side, err error) {
	if err := c.cfg.Pool.Acquire(ctx); err != nil {
		return out, err
	}
	defer c.cfg.Pool.Release()
	a, err := c.cfg.Archive.Audio(s.Day, s.ID, name)
	if err != nil {
		return out, err
	}
	out, err = Make(ctx, a)
	return out, errors.Join(err, a.Close())
}

// lookup is a picture in memory; c.mu is held.
func (c *Cache) lookup(id string, key Key) *Picture {
	for i, k := range c.newest {
		if k.id == id && k.key == key {
			c.newest = append(append(c.newest[:i:i], c.newest[i+1:]...), k)
			return k.p
		}
	}
	return nil
}

// keep keeps a picture in memory; c.mu is held.
func (c *Cache) keep(id string, key Key, p *Picture) {
	c.drop(id)
	c.newest = append(c.newest, kept{id, key, p})
	c.bytes += p.size()
	for c.bytes > inMemory {
		c.bytes -= c.newest[0].p.size()
		c.newest[0] = kept{}
		c.newest = c.newest[1:]
	}
	c.metrics.memory.Set(float64(c.bytes))
}

func (c *Cache) drop(id string) {
	for i, k := range c.newest {
		if k.id == id {
			c.newest = append(c.newest[:i:i], c.newest[i+1:]...)
			c.bytes -= k.p.size()
			c.metrics.memory.Set(float64(c.bytes))
			return
		}
	}
}

// size is about what a picture takes in memory.
func (p *Picture) size() int64 {
	n := int64(256 + 16*len(p.Silence))
	for i := range p.Sides {
		n += int64(16 * len(p.Sides[i].Voice))
		for _, l := range p.Sides[i].levels {
			n += int64(cap(l))
		}
	}
	return n
}

// Forget removes all that is kept of a recording, as it was erased.
func (c *Cache) Forget(id string) {
	c.mu.Lock()
	c.drop(id)
	if f := c.running[id]; f != nil {
		f.forget = true
	}
	c.mu.Unlock()
	c.remove(id)
}

// remove removes the file of a recording.
func (c *Cache) remove(id string) {
	if err := os.Remove(c.path(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		c.cfg.Logger.Error("peaks: the picture of an erased recording cannot be removed", "recording", id, "error", err)
	}
}

func (c *Cache) path(id string) string { return filepath.Join(c.cfg.Dir, id+ext) }
