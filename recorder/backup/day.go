package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
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

// A dayRun brings one day up to date.
type dayRun struct {
	*run
	day   archive.Day
	there map[string]int64 // names in the day's folder on the target → bytes
	trust uint64           // recordings up to this line are right where their size is,
	doubt map[uint64]bool  // but for these

	mu     sync.Mutex
	faults []dayFault
	failed bool
}

// day brings a day up to date. false says that something of it is not right, and
// this run does not try again; an error, that nothing else would go better.
func (r *run) day(ctx context.Context, d archive.Day) (bool, error) {
	at := r.e.day(d)
	w := &dayRun{run: r, day: d}
	if err := w.list(ctx); err != nil {
		return w.gaveUp(err, dirOf(d))
	}
	onTarget := w.has(journalName)
	if at != nil && at.Recheck != recheckAll {
		w.believe(at)
	}
	from := at
	if at != nil && (at.Recheck == recheckAll || !onTarget || !w.v.fits(w.there[w.v.stored(journalName)], at.Bytes)) {
		from = nil // all is to be proven, or the journal is not the one that was put: somebody else was there
	}
	sc, err := r.s.scan(ctx, d, from)
	if err != nil {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		r.trouble(Fault{Kind: LocalUnread, Day: d, Name: journalName, Detail: err.Error()})
		return false, nil
	}
	known := from != nil && from.Recheck == "" && from.Bytes > 0
	good := known && sc.same && sc.fresh == 0 // the target's journal is ours
	switch {
	case known && !sc.same && sc.seq < at.Seq:
		r.trouble(Fault{Kind: TargetAhead, Day: d, Name: journalName})
		return false, nil
	case !known && onTarget:
		var ok bool
		if good, ok, err = w.meet(ctx, sc, at); err != nil || !ok {
			return w.gaveUp(err, journalName)
		}
	}
	for _, n := range sc.bad {
		r.e.c.Logger.Warn("a damaged line of a journal is backed up as it is", "day", d, "line", n)
	}
	if err := w.copy(ctx, sc.items); err != nil || w.failed {
		return w.gaveUp(err, "")
	}
	if err := w.erasedMeanwhile(ctx, sc); err != nil {
		return w.gaveUp(err, "")
	}
	if !good {
		if err := w.journal(ctx, sc, known && !sc.same); err != nil {
			if errors.Is(err, errLocal) && !r.last {
				return false, errAgain // somebody is forgotten in it just now
			}
			return w.gaveUp(err, journalName)
		}
	}
	next := &dayState{Day: d, Lines: sc.place.Lines, Bytes: sc.place.Bytes, Sum: sc.sum, Seq: sc.seq, Size: sc.size, Mod: sc.mod, Faults: w.faults}
	if at != nil {
		next.Remove = at.Remove
	}
	next.Remove, err = w.remove(ctx, sc.erased, next.Remove)
	if err != nil {
		return w.gaveUp(err, "")
	}
	slices.SortFunc(next.Faults, func(a, b dayFault) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range next.Faults {
		r.trouble(f.Fault)
	}
	r.e.note(&stateLine{Day: next})
	return len(next.Faults)+len(next.Remove) == 0, nil
}

// believe takes for right what was compared in earlier runs, where it is there.
func (w *dayRun) believe(at *dayState) {
	w.trust, w.doubt = at.Seq, map[uint64]bool{}
	for _, f := range at.Faults {
		w.doubt[f.Seq] = true
	}
}

// gaveUp ends a day that cannot be finished now.
func (w *dayRun) gaveUp(err error, name string) (bool, error) {
	if err != nil && fatal(err) {
		return false, err
	}
	if err != nil {
		w.trouble(Fault{Kind: kindOf(err), Day: w.day, Name: name, Class: classOf(err), Detail: err.Error()})
	}
	return false, nil
}

// kindOf tells whose fault an error is.
func kindOf(err error) Trouble {
	if errors.Is(err, target.ErrSource) || errors.Is(err, target.ErrShort) || errors.Is(err, errChanged) || errors.Is(err, errLocal) || errors.Is(err, errHere) {
		return LocalUnread
	}
	if errors.Is(err, target.ErrCorrupt) {
		return TargetDamaged
	}
	return TargetFailed
}

// list reads what the target has of the day.
func (w *dayRun) list(ctx context.Context) error {
	return w.try(ctx, func() error {
		w.there = map[string]int64{}
		dir := dirOf(w.day)
		err := w.v.t.List(ctx, dir, func(e target.Entry) error {
			if name, ok := strings.CutPrefix(e.Name, dir+"/"); ok && !strings.Contains(name, "/") {
				w.there[name] = e.Size
			}
			return nil
		})
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	})
}

func (w *dayRun) has(name string) bool {
	_, ok := w.there[w.v.stored(name)]
	return ok
}

// meet looks at the journal of a day that is on the target and of which nothing
// is known here. good says that it is ours to its last line; !ok that the day is
// to be left alone.
func (w *dayRun) meet(ctx context.Context, sc *scan, at *dayState) (good, ok bool, err error) {
	doubt := at != nil && at.Recheck == recheckAll
	if !w.v.readable() {
		if w.there[w.v.stored(journalName)] > w.v.size(sc.place.Bytes) {
			w.trouble(Fault{Kind: TargetAhead, Day: w.day, Name: journalName})
			return false, false, nil
		}
		return false, true, nil
	}
	var rel relation
	var theirs dayState
	err = w.try(ctx, func() error {
		r, err := w.v.open(ctx, remote(w.day, journalName))
		if err != nil {
			return err
		}
		rel, theirs, err = w.s.compareJournals(ctx, w.day, r)
		return errors.Join(err, r.Close())
	})
	if err != nil && !fatal(err) && troubleOf(err) == TargetDamaged {
		return false, true, nil // ours takes the place of one that cannot be read
	}
	if err != nil {
		return false, false, err
	}
	switch rel {
	case relAhead:
		if w.former == "" {
			w.trouble(Fault{Kind: TargetAhead, Day: w.day, Name: journalName})
			return false, false, nil
		}
		err = w.keepFormer(ctx, remote(w.day, journalName), string(w.day)+".jsonl")
	case relForeign:
		err = w.keepFormer(ctx, remote(w.day, journalName), string(w.day)+".jsonl")
	case relPrefix, relOurs:
		if !doubt {
			w.trust = max(w.trust, theirs.Seq)
		}
	}
	good = rel == relPrefix && theirs.Bytes == sc.place.Bytes && theirs.Sum == sc.sum
	return good, err == nil, err
}

// keepFormer copies a file that ours is to replace to former/, under a name.
func (r *run) keepFormer(ctx context.Context, name, as string) error {
	return r.try(ctx, func() error {
		whose := r.former
		if whose == "" {
			whose = "unknown"
		}
		b, err := r.v.all(ctx, name, 1<<30)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		ext := path.Ext(as)
		to := fmt.Sprintf("%s/%s/%s.%x%s", formerDir, whose, strings.TrimSuffix(as, ext), sum[:4], ext)
		if _, err := r.v.t.Stat(ctx, r.v.stored(to)); !errors.Is(err, fs.ErrNotExist) {
			return err // it is there since an earlier run that was interrupted
		}
		_, err = r.v.put(ctx, to, int64(len(b)), bytes.NewReader(b), "")
		return err
	})
}

// errHere: it is no fault of the target.
var errHere = errors.New("a file of the appliance")

// errLocal: the journal of the appliance cannot be read as it was planned.
var errLocal = errors.New("the journal changed while it was read")

// errAgain: a day is left to the next pass.
var errAgain = errors.New("the next pass")

// journal puts the day's journal. anew = some of its lines have other words now.
func (w *dayRun) journal(ctx context.Context, sc *scan, anew bool) error {
	f, err := w.e.c.Disk.Open(local(w.day, journalName), os.O_RDONLY, 0)
	if err != nil {
		return errors.Join(errLocal, err)
	}
	defer f.Close()
	sum, err := w.v.hashLocal(ctx, f, sc.place.Bytes)
	if err != nil || sum != sc.sum {
		return errors.Join(errLocal, err) // the next run finds it as it is then
	}
	name := remote(w.day, journalName)
	if anew && w.v.t.Kind() == target.KindS3 {
		// A store with versions keeps what was redacted, unless it is removed.
		if err := w.try(ctx, func() error { return w.v.t.Remove(ctx, w.v.stored(name)) }); err != nil && !errors.Is(err, target.ErrRefused) {
			return err
		}
	}
	return w.putFile(ctx, name, sc.place.Bytes, f, sum, w.o.Verify != VerifyNone)
}

// putFile stores a file and reads it back.
func (w *dayRun) putFile(ctx context.Context, name string, size int64, f io.ReaderAt, sum string, verify bool) error {
	err := w.try(ctx, func() error {
		stored, err := w.v.put(ctx, name, size, f, sum)
		if err != nil || !verify {
			return err
		}
		return w.readBack(ctx, name, stored)
	})
	if err == nil {
		w.count(size, true)
	}
	return err
}

// readBack compares what is on the target with what was sent.
func (r *run) readBack(ctx context.Context, name, sum string) error {
	got, n, err := r.v.hashStored(ctx, name)
	r.mu.Lock()
	r.report.ReadBack += n
	r.mu.Unlock()
	r.e.c.Metrics.bytes.WithLabelValues(r.e.c.Name, "read-back").Add(float64(n))
	if err == nil && got != sum {
		err = &target.Error{Target: r.v.t.Name(), Op: "get", Name: r.v.stored(name), Class: target.ErrCorrupt,
			Err: errors.New("what was read back is not what was sent")}
	}
	return err
}

// count notes a file that was sent, or was there and right.
func (r *run) count(size int64, sent bool) {
	m, name := r.e.c.Metrics, r.e.c.Name
	r.mu.Lock()
	defer r.mu.Unlock()
	if !sent {
		r.report.Kept++
		m.files.WithLabelValues(name, "kept").Inc()
		return
	}
	r.report.Files++
	r.report.Bytes += size
	m.files.WithLabelValues(name, "sent").Inc()
	m.bytes.WithLabelValues(name, "sent").Add(float64(size))
}

// done notes that a file of a recording needs no more work.
func (r *run) done(size int64) {
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	r.e.now.Done.Files++
	r.e.now.Done.Bytes += size
}

// erasedMeanwhile forgets that files are missing whose recordings were erased
// after the journal was read.
func (w *dayRun) erasedMeanwhile(ctx context.Context, sc *scan) error {
	if len(w.faults) == 0 {
		return nil
	}
	gone := map[string]bool{}
	err := w.e.c.Journals.RawLines(ctx, w.day, sc.place, func(raw *archive.RawLine) error {
		if l, err := raw.Parse(); err == nil && l.Kind == archive.ActErase {
			gone[l.ID] = true
		}
		return nil
	})
	if errors.Is(err, archive.ErrCursor) {
		return nil
	}
	w.faults = slices.DeleteFunc(w.faults, func(f dayFault) bool { return gone[f.ID] })
	return err
}

// remove removes the files of erased recordings, and returns those that the
// target would not remove.
func (w *dayRun) remove(ctx context.Context, ids []string, refused []string) ([]string, error) {
	names := slices.Clone(refused)
	gone := map[string]bool{}
	for _, id := range ids {
		gone[id] = true
	}
	for name := range w.there {
		if gone[idOf(name)] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var left []string
	var mu sync.Mutex
	each(max(1, w.o.Parallel), len(names), func(i int) {
		refused, err := w.removeOne(ctx, names[i])
		if err != nil {
			cancel(err)
		}
		if refused {
			mu.Lock()
			left = append(left, names[i])
			mu.Unlock()
		}
	})
	slices.Sort(left)
	return left, context.Cause(ctx)
}

// removeOne removes one file. refused says that the target would not.
func (w *dayRun) removeOne(ctx context.Context, name string) (refused bool, err error) {
	err = w.try(ctx, func() error { return w.v.t.Remove(ctx, dirOf(w.day)+"/"+name) })
	switch {
	case err == nil:
		w.e.c.Metrics.files.WithLabelValues(w.e.c.Name, "removed").Inc()
		w.run.mu.Lock()
		defer w.run.mu.Unlock()
		w.report.Removed++
		return false, nil
	case fatal(err) || ctx.Err() != nil:
		return false, err
	case errors.Is(err, target.ErrRefused): // object lock, a disc: only time helps
		w.run.mu.Lock()
		defer w.run.mu.Unlock()
		w.report.Refused++
		return true, nil
	}
	w.trouble(Fault{Kind: NotRemoved, Day: w.day, ID: idOf(name), Name: name, Class: classOf(err), Detail: err.Error()})
	return true, nil
}

// each calls f with 0 to n-1, so many at a time.
func each(parallel, n int, f func(int)) {
	var wg sync.WaitGroup
	work := make(chan int)
	for range min(parallel, n) {
		wg.Go(func() {
			for i := range work {
				f(i)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
}
