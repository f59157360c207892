package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"vaad/recorder/archive"
	"vaad/recorder/evidence"
	"vaad/recorder/export"
)

// exportReserve stays free beside what recordings keep for themselves, so that a
// large export never takes the room of calls.
const exportReserve = 256 << 20

// openExports makes what recordings are taken away with; results of the last run
// are taken up. What is erased leaves them.
func (d *running) openExports(opened *undo) (maker *export.Maker, jobs *export.Jobs, err error) {
	dir := filepath.Join(d.cfg.Root, "exports")
	maker, err = export.NewMaker(export.MakerConfig{Dir: dir, Pool: d.pool, Free: d.exportRoom, Registerer: d.reg, Logger: d.log})
	if err != nil {
		return nil, nil, err
	}
	jobs, err = export.Open(export.Config{Dir: dir, Maker: maker, Archive: d.archive, Find: d.index.Get, Settled: func() bool { return !d.index.Status().Rebuilding }, Proofs: d.proofs, Free: d.exportRoom,
		Box: func() string { return cmp.Or(d.site().Name, "vaad") }, Version: version, Logger: d.log})
	if err != nil {
		return nil, nil, err
	}
	cancel := d.archive.Subscribe(func(l archive.JournalLine) {
		if l.Kind == archive.ActErase {
			jobs.Forget(l.ID)
		}
	})
	opened.add(func() error { cancel(); return nil })
	return maker, jobs, nil
}

// exportRoom is what exports may take of the disk.
func (d *running) exportRoom() (int64, error) {
	s, err := d.archive.Space()
	return s.FreeBytes - d.sec.recorder.Get(d.doc).ReserveMB<<20 - exportReserve, err
}

// proofs makes the proof bundles of an export; the folder is open as long.
type proofs struct {
	*evidence.Prover
	disk archive.Disk
}

func (p proofs) Close() error { return errors.Join(p.Prover.Close(), p.disk.Close()) }

func (d *running) proofs(ctx context.Context, ids []string) (export.Proofs, error) {
	keys, err := evidence.PublicKeys(filepath.Join(d.cfg.Root, "evidence"))
	if err != nil {
		return nil, fmt.Errorf("the keys of the evidence log: %w", err)
	}
	disk, err := archive.OSDisk(filepath.Join(d.cfg.Root, "recordings"))
	if err != nil {
		return nil, err
	}
	p, err := evidence.NewProver(ctx, &d.archive.Reader, disk, ids, keys)
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	return proofs{p, disk}, nil
}
