package backup

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

// Folders of the recordings that restoring uses.
const (
	partDir    = "restore" // files that are not complete
	damagedDir = "damaged" // files that are not what their seal says
)

// A restorer brings files from a target to a disk.
type restorer struct {
	effort
	v        *vault
	disk     archive.Disk
	base     string // before names of files of the archive: "", or "recordings/"
	parallel int
	progress func(Progress)

	mu  sync.Mutex
	rep RestoreReport

	telling sync.Mutex // one at a time
	now     Progress
}

func (r *restorer) trouble(f Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch f.Kind {
	case TargetMissing:
		r.rep.Missing++
	case TargetDamaged:
		r.rep.Damaged++
	}
	r.rep.Faulty++
	if len(r.rep.Faults) < maxFaults {
		r.rep.Faults = append(r.rep.Faults, f)
	}
}

// step tells of a file that is done.
func (r *restorer) step(d archive.Day, bytes int64) {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.now.Day = d
	r.now.Files++
	r.now.Bytes += bytes
	if r.progress != nil {
		r.progress(r.now)
	}
}

// listDay reads what the target has of a day: plain names → bytes as stored.
func (r *restorer) listDay(ctx context.Context, d archive.Day) (map[string]int64, error) {
	var there map[string]int64
	err := r.try(ctx, func() error {
		there = map[string]int64{}
		return ifThere(r.v.t.List(ctx, dirOf(d), func(e target.Entry) error {
			if day, name := dayOf(e.Name); day == d {
				if plain, ok := r.v.plain(name); ok {
					there[plain] = e.Size
				}
			}
			return nil
		}))
	})
	return there, err
}

// plain is the name that a stored name stands for.
func (v *vault) plain(name string) (string, bool) {
	if !v.secret {
		return name, true
	}
	return strings.CutSuffix(name, extAge)
}

// A dayPlan is what of a day is to be restored.
type dayPlan struct {
	day     archive.Day
	there   map[string]int64
	journal string // the part file that holds the target's journal, "" = it has none
	lines   archive.Place
	sum     string
	items   []item
	erased  map[string]bool
	sealed  map[string]bool
}

// readJournal fetches the journal of a day into a part file and reads it.
func (r *restorer) readJournal(ctx context.Context, d archive.Day) (*dayPlan, error) {
	p := &dayPlan{day: d, erased: map[string]bool{}, sealed: map[string]bool{}}
	var err error
	if p.there, err = r.listDay(ctx, d); err != nil {
		return nil, err
	}
	if _, ok := p.there[journalName]; !ok {
		return p, nil
	}
	p.journal = r.base + partDir + "/" + string(d) + ".jsonl"
	err = r.try(ctx, func() error {
		src, err := r.v.open(ctx, remote(d, journalName))
		if err != nil {
			return err
		}
		_, p.sum, err = r.write(p.journal, -1, src)
		return errors.Join(err, src.Close())
	})
	if err != nil {
		p.journal = ""
		return p, err
	}
	f, err := r.disk.Open(p.journal, os.O_RDONLY, 0)
	if err != nil {
		return nil, &diskError{err}
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, &diskError{err}
	}
	lr := newLines(io.NewSectionReader(f, 0, size))
	for {
		raw, err := lr.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, &diskError{err}
		}
		p.lines = archive.Place{Lines: raw.Number, Bytes: raw.Next}
		l, err := raw.Parse()
		switch {
		case err != nil:
			r.trouble(Fault{Kind: BadLine, Day: d, Name: fmt.Sprintf("%s:%d", journalName, raw.Number), Detail: err.Error()})
		case l.Kind == archive.ActErase:
			p.erased[l.ID] = true
		case l.Seal != nil:
			p.sealed[l.ID] = true
			it := item{seq: l.Seq, id: l.ID, time: l.Seal.End}
			for _, f := range append(slices.Clone(l.Seal.Files), l.Seal.Story) {
				if f.Name != "" {
					it.files = append(it.files, f)
				}
			}
			p.items = append(p.items, it)
		}
	}
	return p, nil
}

// A diskError is one of the disk that is restored to: it ends the restore.
type diskError struct{ err error }

func (e *diskError) Error() string { return e.err.Error() }
func (e *diskError) Unwrap() error { return e.err }

// ends reports whether an error ends a restore.
func ends(ctx context.Context, err error) bool {
	var disk *diskError
	return ctx.Err() != nil || fatal(err) || errors.As(err, &disk)
}

// files restores recordings of a day, some at a time.
func (r *restorer) files(ctx context.Context, p *dayPlan, items []item) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	each(max(1, r.parallel), len(items), func(i int) {
		if ctx.Err() != nil {
			return
		}
		if err := r.recording(ctx, p, &items[i]); err != nil {
			cancel(err)
		}
	})
	return context.Cause(ctx)
}

// recording restores the files of one recording. An error ends the restore.
func (r *restorer) recording(ctx context.Context, p *dayPlan, it *item) error {
	good := true
	for _, f := range it.files {
		err := r.file(ctx, p, it, f)
		if err != nil && ends(ctx, err) {
			return cmp.Or(ctx.Err(), err)
		}
		if err != nil {
			r.trouble(Fault{Kind: cmp.Or(troubleOf(err), TargetFailed), Day: p.day, ID: it.id, Name: f.Name, Class: classOf(err), Detail: err.Error()})
			good = false
		}
	}
	if good {
		r.mu.Lock()
		r.rep.Recordings++
		r.mu.Unlock()
	}
	return nil
}

// A faultError is an error that is known to be one kind of trouble.
type faultError struct {
	kind Trouble
	err  error
}

func (e *faultError) Error() string { return e.err.Error() }
func (e *faultError) Unwrap() error { return e.err }

func troubleOf(err error) Trouble {
	var f *faultError
	switch {
	case errors.As(err, &f):
		return f.kind
	case errors.Is(err, fs.ErrNotExist):
		return TargetMissing
	case errors.Is(err, target.ErrCorrupt):
		return TargetDamaged
	}
	return ""
}

// file restores one file, unless it is there and right.
func (r *restorer) file(ctx context.Context, p *dayPlan, it *item, f archive.Sealed) error {
	if err := checkFile(it.id, f.Name); err != nil {
		return &faultError{BadName, err}
	}
	to := r.base + local(p.day, f.Name)
	if ok, err := r.intact(ctx, to, f); err != nil {
		return err
	} else if ok {
		r.mu.Lock()
		r.rep.Kept++
		r.mu.Unlock()
		r.step(p.day, f.Bytes)
		return nil
	}
	if _, ok := p.there[f.Name]; !ok {
		return &faultError{TargetMissing, errors.New("the target does not have it")}
	}
	part := r.base + partDir + "/" + f.Name
	var n int64
	var sum string
	err := r.try(ctx, func() error {
		src, err := r.v.open(ctx, remote(p.day, f.Name))
		if err != nil {
			return err
		}
		n, sum, err = r.write(part, f.Bytes, src)
		return errors.Join(err, src.Close())
	})
	if err != nil {
		return errors.Join(err, r.drop(part))
	}
	if f.Bytes >= 0 && n != f.Bytes || f.SHA256 != "" && sum != f.SHA256 {
		err := &faultError{TargetDamaged, fmt.Errorf("%d bytes with SHA-256 %s, the journal says %d and %s", n, sum, f.Bytes, f.SHA256)}
		return errors.Join(r.move(part, r.base+damagedDir+"/"+f.Name), err)
	}
	if err := r.move(part, to); err != nil {
		return err
	}
	r.mu.Lock()
	r.rep.Files++
	r.rep.Bytes += n
	r.mu.Unlock()
	r.step(p.day, n)
	return nil
}

// intact reports whether a file is on the disk as its seal says. One that is not
// goes to damaged/.
func (r *restorer) intact(ctx context.Context, name string, f archive.Sealed) (bool, error) {
	src, err := r.disk.Open(name, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, &diskError{err}
	}
	size, err := src.Size()
	var sum string
	if err == nil && size == f.Bytes {
		sum, err = r.v.hashLocal(ctx, src, size)
	}
	if e := src.Close(); err == nil {
		err = e
	}
	if err == nil && f.Bytes < 0 { // nobody knows better
		return true, nil
	}
	if err == nil && size == f.Bytes && (sum == f.SHA256 || f.SHA256 == "") {
		return true, nil
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return false, r.move(name, r.base+damagedDir+"/"+path.Base(name))
}

// write stores a stream in a part file. size < 0 = whatever comes.
func (r *restorer) write(name string, size int64, src io.Reader) (n int64, sum string, err error) {
	if err := r.disk.MkdirAll(path.Dir(name), 0o750); err != nil {
		return 0, "", &diskError{err}
	}
	f, err := r.disk.Open(name, os.O_RDWR|os.O_CREATE, 0o640)
	if errors.Is(err, fs.ErrPermission) { // it was complete, and a crash kept it from its place
		if err = r.disk.Remove(name); err == nil {
			f, err = r.disk.Open(name, os.O_RDWR|os.O_CREATE, 0o640)
		}
	}
	if err != nil {
		return 0, "", &diskError{err}
	}
	w := &diskWriter{f: f, h: sha256.New()}
	if size >= 0 {
		src = io.LimitReader(src, size+1)
	}
	_, err = io.CopyBuffer(w, struct{ io.Reader }{src}, make([]byte, block))
	if e := f.Truncate(w.at); e != nil && err == nil {
		err = &diskError{e}
	}
	if e := f.Close(); e != nil && err == nil {
		err = &diskError{e}
	}
	return w.at, hexSum(w.h), err
}

type diskWriter struct {
	f  archive.File
	at int64
	h  hash.Hash
}

func (w *diskWriter) Write(b []byte) (int, error) {
	n, err := w.f.WriteAt(b, w.at)
	w.h.Write(b[:n])
	w.at += int64(n)
	if err != nil {
		err = &diskError{err}
	}
	return n, err
}

// move gives a complete file its place and mode.
func (r *restorer) move(from, to string) error {
	err := r.disk.MkdirAll(path.Dir(to), 0o750)
	if err == nil {
		err = r.disk.Chmod(from, 0o440)
	}
	if err == nil {
		err = r.disk.Rename(from, to)
	}
	if err != nil {
		return &diskError{err}
	}
	return nil
}

// drop removes a part file.
func (r *restorer) drop(name string) error {
	if err := ifThere(r.disk.Remove(name)); err != nil {
		return &diskError{err}
	}
	return nil
}
