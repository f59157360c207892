package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

// copy brings recordings to the target, some at a time.
func (w *dayRun) copy(ctx context.Context, items []item) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	each(max(1, w.o.Parallel), len(items), func(i int) {
		if ctx.Err() != nil {
			return
		}
		if err := w.recording(ctx, &items[i]); err != nil {
			cancel(err)
		}
	})
	return context.Cause(ctx)
}

// recording brings one recording to the target. An error ends the run.
func (w *dayRun) recording(ctx context.Context, it *item) error {
	good := true
	for _, f := range it.files {
		err := w.file(ctx, it, f)
		var bad *localError
		switch {
		case err == nil:
			continue
		case errors.As(err, &bad):
			w.mu.Lock()
			w.faults = append(w.faults, dayFault{it.seq, it.time, Fault{Kind: bad.kind, Day: w.day, ID: it.id, Name: f.Name, Detail: bad.Error()}})
			w.mu.Unlock()
		case fatal(err) || ctx.Err() != nil:
			return err
		default:
			w.mu.Lock()
			w.failed = true
			w.mu.Unlock()
			w.trouble(Fault{Kind: kindOf(err), Day: w.day, ID: it.id, Name: f.Name, Class: classOf(err), Detail: err.Error()})
		}
		good = false
	}
	if good {
		w.run.mu.Lock()
		w.report.Recordings++
		w.run.mu.Unlock()
		w.e.mu.Lock()
		w.e.now.Done.Recordings++
		w.e.mu.Unlock()
	}
	return nil
}

// A localError is something wrong with a file of the appliance: the others are
// copied all the same.
type localError struct {
	kind Trouble
	err  error
}

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// file brings one file to the target, unless it is there and right.
func (w *dayRun) file(ctx context.Context, it *item, f archive.Sealed) error {
	if err := checkFile(it.id, f.Name); err != nil {
		return &localError{BadName, err}
	}
	there, err := w.right(ctx, it, f)
	if err != nil {
		return err
	}
	if there {
		w.count(f.Bytes, false)
		w.done(f.Bytes)
		return nil
	}
	src, sum, err := w.openLocal(ctx, f)
	if err != nil {
		return err
	}
	defer src.Close()
	name := remote(w.day, f.Name)
	verify := w.o.Verify == VerifyFull || w.o.Verify == VerifySample && w.nth.Add(1)%8 == 1
	for again := false; ; again = true {
		err = w.putFile(ctx, name, f.Bytes, src, sum, verify)
		if !errors.Is(err, target.ErrCorrupt) || again {
			break
		}
	}
	if errors.Is(err, target.ErrSource) || errors.Is(err, target.ErrShort) || errors.Is(err, errChanged) {
		return &localError{LocalUnread, err}
	}
	if err == nil {
		w.done(f.Bytes)
	}
	if err == nil && f.SHA256 != "" {
		w.e.note(&stateLine{Sent: &sent{w.day, f.Name, f.SHA256}})
	}
	return err
}

// right reports whether a file is on the target as it should be.
func (w *dayRun) right(ctx context.Context, it *item, f archive.Sealed) (bool, error) {
	size, there := w.there[w.v.stored(f.Name)]
	if !there || !w.v.fits(size, f.Bytes) {
		return false, nil
	}
	w.e.mu.Lock()
	sum, known := w.e.st.sent[w.day][f.Name]
	w.e.mu.Unlock()
	if known && sum == f.SHA256 || it.seq <= w.trust && !w.doubt[it.seq] {
		return true, nil
	}
	if !w.v.readable() || f.SHA256 == "" {
		return false, nil
	}
	var ok bool
	err := w.try(ctx, func() error {
		var n int64
		var err error
		ok, n, err = w.v.right(ctx, remote(w.day, f.Name), f.Bytes, f.SHA256)
		w.run.mu.Lock()
		w.report.ReadBack += n
		w.run.mu.Unlock()
		return err
	})
	if err != nil && !fatal(err) && ctx.Err() == nil {
		return false, nil // whatever it is, it is put again
	}
	if ok {
		w.e.note(&stateLine{Sent: &sent{w.day, f.Name, f.SHA256}})
	}
	return ok, err
}

// openLocal opens a file of the archive and proves it against its seal.
func (w *dayRun) openLocal(ctx context.Context, f archive.Sealed) (archive.File, string, error) {
	src, err := w.e.c.Disk.Open(local(w.day, f.Name), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", &localError{LocalMissing, err}
	}
	if err != nil {
		return nil, "", &localError{LocalUnread, err}
	}
	size, err := src.Size()
	var sum string
	if err == nil && size != f.Bytes {
		err = &localError{LocalDamaged, fmt.Errorf("%d bytes, the journal says %d", size, f.Bytes)}
	}
	if err == nil {
		sum, err = w.v.hashLocal(ctx, src, size)
	}
	if err == nil && f.SHA256 != "" && sum != f.SHA256 {
		err = &localError{LocalDamaged, fmt.Errorf("SHA-256 is %s, the journal says %s", sum, f.SHA256)}
	}
	if err == nil {
		return src, sum, nil
	}
	src.Close()
	var bad *localError
	if !errors.As(err, &bad) && ctx.Err() == nil {
		err = &localError{LocalUnread, err}
	}
	return nil, "", err
}
