package peaks

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"vaad/recorder/archive"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	made         prometheus.Counter
	disk, memory prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		made:   prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_peaks_made_total", Help: "Pictures of recordings that were made for players, instead of found."}),
		disk:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_peaks_disk_bytes", Help: "What kept pictures of recordings take on the disk."}),
		memory: prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_peaks_memory_bytes", Help: "What pictures of recordings take in memory, at most 48 MiB."}),
	}
	if r != nil {
		r.MustRegister(m.made, m.disk, m.memory)
	}
	return m
}

// read is a picture from the disk, nil where there is none that fits.
func (c *Cache) read(id string, key Key) *Picture {
	name := c.path(id)
	if fi, err := os.Stat(name); err != nil || fi.Size() > maxFile {
		return nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	p, k, err := parse(b)
	if err != nil || k != key {
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(name, now, now) // which go first is all that hangs on it
	return p
}

// write keeps a picture on the disk, where there is room for it.
func (c *Cache) write(id string, key Key, p *Picture) error {
	b := p.append(nil, key)
	if free, err := c.cfg.Free(); err != nil || free < int64(len(b)) || int64(len(b)) > c.cfg.Most() {
		return err
	}
	tmp := c.path(id) + archive.NewExt
	err := os.WriteFile(tmp, b, 0o600)                                     // not made durable: what a crash spoils does not fit its checksum
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // it could not be made at the start
		if err = os.MkdirAll(c.cfg.Dir, 0o700); err == nil {
			err = os.WriteFile(tmp, b, 0o600)
		}
	}
	if err == nil {
		err = os.Rename(tmp, c.path(id))
	}
	return err
}

// Sealed says that a recording was sealed: its picture is made when there is time.
// It never waits; of more than can wait the picture is made when it is asked for.
func (c *Cache) Sealed(l archive.JournalLine) {
	if l.Seal == nil || c.cfg.Most() == 0 {
		return
	}
	s := Subject{ID: l.ID, Day: l.Day, Hashes: map[string]string{}}
	for _, f := range l.Seal.Files {
		if f.Enc != 0 || f.SHA256 == "" {
			return // never kept, or not to be read
		}
		s.Sides = append(s.Sides, f.Side)
		s.Hashes[f.Side] = f.SHA256
	}
	select {
	case c.waiting <- s:
	default:
	}
}

// Run removes what is not to be kept any more and makes pictures of what was sealed,
// one after the other, until ctx ends.
func (c *Cache) Run(ctx context.Context) error {
	look := time.NewTicker(10 * time.Minute)
	defer look.Stop()
	c.tidy()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			c.tidy()
		case s := <-c.waiting:
			if _, err := c.Get(ctx, s); err != nil && ctx.Err() == nil {
				c.cfg.Logger.Debug("peaks: no picture", "recording", s.ID, "error", err) // who asks for it will be told
			}
		}
	}
}

// tidy removes pictures of erased recordings that a crash has left, and those that
// were not looked at for longest when all take more than they may.
func (c *Cache) tidy() {
	type file struct {
		name string
		size int64
		used time.Time
	}
	var all []file
	sum := int64(0)
	entries, err := os.ReadDir(c.cfg.Dir)
	if err != nil {
		c.cfg.Logger.Warn("peaks: the folder of pictures cannot be read", "error", err)
		return
	}
	for _, e := range entries {
		id, ours := strings.CutSuffix(e.Name(), ext)
		fi, err := e.Info()
		if err == nil && strings.HasSuffix(e.Name(), archive.NewExt) && time.Since(fi.ModTime()) > time.Hour { // of a crash
			_ = os.Remove(filepath.Join(c.cfg.Dir, e.Name()))
		}
		if err != nil || !ours {
			continue
		}
		if c.cfg.Gone != nil && c.cfg.Gone(id) {
			c.remove(id)
			continue
		}
		all = append(all, file{e.Name(), fi.Size(), fi.ModTime()})
		sum += fi.Size()
	}
	slices.SortFunc(all, func(a, b file) int { return cmp.Or(a.used.Compare(b.used), strings.Compare(a.name, b.name)) })
	for _, f := range all {
		if sum <= c.cfg.Most() {
			break
		}
		if err := os.Remove(filepath.Join(c.cfg.Dir, f.name)); err == nil || errors.Is(err, fs.ErrNotExist) {
			sum -= f.size
		}
	}
	c.metrics.disk.Set(float64(sum))
}
