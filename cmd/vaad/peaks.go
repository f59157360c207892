package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"vaad/console"
	"vaad/recorder/archive"
	"vaad/recorder/evidence"
	"vaad/recorder/index"
	"vaad/recorder/peaks"
	"vaad/settings"
)

// playerDoc is about playing recordings.
type playerDoc struct {
	PeaksMB int64 `json:"peaks_mb"` // disk that pictures of recordings may take, of 2²⁰ bytes; 0 = none is kept
}

func (p playerDoc) validate() error {
	if p.PeaksMB < 0 || p.PeaksMB > 1<<20 {
		return fmt.Errorf("peaks_mb: %d is not within 0 to 1048576", p.PeaksMB)
	}
	return nil
}

// playerSections is the part of the settings that is about playing and sharing recordings.
type playerSections struct {
	player  settings.Section[playerDoc]
	sharing settings.Section[sharingDoc]
}

func newPlayerSections() playerSections {
	return playerSections{
		player:  settings.NewSection("player", playerDoc{PeaksMB: 512}, playerDoc.validate),
		sharing: settings.NewSection("sharing", sharingDoc{MaxDays: 30}, sharingDoc.validate),
	}
}

// openPeaks makes the cache of pictures: it is told what is sealed and erased.
func (d *running) openPeaks(opened *undo) (err error) {
	d.peaks, err = peaks.Open(peaks.Config{Dir: filepath.Join(d.cfg.Root, "peaks"), Archive: d.archive, Pool: d.pool, Free: d.exportRoom,
		Most: func() int64 { return d.sec.player.Get(d.doc).PeaksMB << 20 }, Gone: d.erased, Registerer: d.reg, Logger: d.log})
	if err != nil {
		return err
	}
	cancel := d.archive.Subscribe(func(l archive.JournalLine) {
		if l.Kind == archive.ActErase {
			d.peaks.Forget(l.ID)
			return
		}
		d.peaks.Sealed(l)
	})
	opened.add(func() error { cancel(); return nil })
	return nil
}

// erased says that a recording is known to be erased.
func (d *running) erased(id string) bool {
	row, ok, err := d.index.Get(id)
	return err == nil && ok && row.State == index.StateErased
}

// Verify compares a recording with its journal and the evidence log, in a turn of the
// pool: it reads all of the log.
func (d *running) Verify(ctx context.Context, day archive.Day, id string) (p console.Proof, err error) {
	if err := d.pool.Acquire(ctx); err != nil {
		return p, err
	}
	defer d.pool.Release()
	keys, err := evidence.PublicKeys(filepath.Join(d.cfg.Root, "evidence"))
	if err != nil {
		return p, fmt.Errorf("the keys of the evidence log: %w", err)
	}
	anchor, err := evidence.LastAnchor(filepath.Join(d.cfg.Root, "evidence"))
	if err != nil {
		return p, fmt.Errorf("the last checkpoint: %w", err)
	}
	disk, err := archive.OSDisk(filepath.Join(d.cfg.Root, "recordings"))
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	return proof(ctx, &d.archive.Reader, disk, keys, anchor, day, id)
}

// proof is what the evidence says of one recording.
func proof(ctx context.Context, r *archive.Reader, disk archive.Disk, keys []string, anchor []byte, day archive.Day, id string) (p console.Proof, err error) {
	o := evidence.Options{Reader: r, Disk: disk, Keys: keys, From: day, To: day, ID: id, Now: time.Now(),
		Found: func(f evidence.Finding) { p.Findings = append(p.Findings, f) },
		File:  func(_ archive.Day, _ string, c archive.Check) { p.Files = append(p.Files, c) }}
	if anchor != nil {
		o.Anchors = [][]byte{anchor}
	}
	if p.Summary, err = evidence.Verify(ctx, o); err != nil || !p.Summary.Log {
		return p, err
	}
	x, err := evidence.NewProver(ctx, r, disk, []string{id}, keys)
	if err != nil {
		p.Covered = err
		if !errors.Is(err, evidence.ErrUnsigned) && len(p.Findings) == 0 {
			return p, err
		}
		return p, nil
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	lines, cp, covered := x.Covers(ctx, day, id)
	p.Lines, p.Covered, p.Signed, p.Key = lines, covered, cp.Time, cp.Key()
	if covered != nil && !errors.Is(covered, evidence.ErrUnsigned) && !errors.Is(covered, evidence.ErrSimulated) && len(p.Findings) == 0 {
		return p, covered
	}
	return p, nil
}
