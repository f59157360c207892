package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

// A Selection says which recordings are meant.
type Selection struct {
	IDs      []string    // none = all of the days
	Day      archive.Day // of the IDs where it is known; "" = looked for
	From, To archive.Day // "" = from the first, to the last; both are included
}

// Restoring says from where and how something is restored.
type Restoring struct {
	Target     target.Target
	Identities []age.Identity
	Bundle     string         // state bundle to restore, its name on the target; "" = the newest
	Parallel   int            // 0 = 2
	Progress   func(Progress) // may be nil; called once at a time
	Disk       archive.Disk   // of the folder; nil = the file system
}

// open reads whose backup it is and makes a restorer.
func (r *Restoring) open(ctx context.Context) (*restorer, Head, error) {
	h, err := ReadHead(ctx, r.Target)
	if err != nil {
		return nil, h, err
	}
	if h.Encrypted && len(r.Identities) == 0 {
		return nil, h, ErrNoIdentity
	}
	v, err := newVault(r.Target, h.Encrypted, nil, r.Identities, nil)
	if err != nil {
		return nil, h, err
	}
	w := &restorer{effort: effort{waits: defaultWaits()}, v: v, disk: r.Disk, parallel: cmp.Or(r.Parallel, 2), progress: r.Progress}
	w.rep.Appliance, w.rep.Created = h.Appliance, h.Created
	return w, h, nil
}

// Restore brings recordings into a folder, laid out as the archive's: any tool
// that opens an archive opens it. Of a range the journals are whole; of single
// recordings they have only these recordings' lines. Erased recordings are not
// brought back: that is told as [ErrErased] where they were asked for by ID.
func Restore(ctx context.Context, r Restoring, s Selection, folder string) (RestoreReport, error) {
	if r.Disk == nil {
		d, err := archive.OSDisk(folder)
		if err != nil {
			return RestoreReport{}, err
		}
		defer d.Close()
		r.Disk = d
	}
	w, _, err := r.open(ctx)
	if err != nil {
		return RestoreReport{}, err
	}
	err = w.selected(ctx, s, func(ctx context.Context, p *dayPlan, items []item) error {
		if err := w.fits(p, items); err != nil {
			return err
		}
		if err := w.files(ctx, p, items); err != nil {
			return err
		}
		if p.journal == "" {
			return nil
		}
		if len(s.IDs) > 0 {
			return w.someLines(p, items)
		}
		return w.place(p.journal, w.base+local(p.day, journalName))
	})
	return w.done(err)
}

// done ends a restore.
func (r *restorer) done(err error) (RestoreReport, error) {
	_ = r.disk.Remove(r.base + partDir) // empty by now; where it is not, it harms nobody
	if e := r.disk.SyncFS(); err == nil && e != nil {
		err = e
	}
	if err == nil && r.rep.Faulty > 0 {
		err = ErrIncomplete
	}
	return r.rep, err
}

// fits reports whether recordings of a day have room: [ErrNoSpace].
func (r *restorer) fits(p *dayPlan, items []item) error {
	var need int64
	for i := range items {
		for _, f := range items[i].files {
			if fi, err := r.disk.Stat(r.base + local(p.day, f.Name)); err != nil || fi.Size() != f.Bytes {
				need += f.Bytes
			}
		}
	}
	space, err := r.disk.Space()
	if err != nil {
		return err
	}
	if need > space.FreeBytes {
		return fmt.Errorf("%w: %d bytes are needed, %d are free", ErrNoSpace, need, space.FreeBytes)
	}
	return nil
}

// place gives a journal its place; journals can be written to.
func (r *restorer) place(from, to string) error {
	err := r.disk.MkdirAll(path.Dir(to), 0o750)
	if err == nil {
		err = r.disk.Chmod(from, 0o640)
	}
	if err == nil {
		err = r.disk.Rename(from, to)
	}
	if err != nil {
		return &diskError{err}
	}
	return nil
}

// someLines writes a journal with the lines of some recordings.
func (r *restorer) someLines(p *dayPlan, items []item) error {
	want := map[string]bool{}
	for i := range items {
		want[items[i].id] = true
	}
	b, err := readWhole(r.disk, p.journal, 1<<31)
	if err != nil {
		return &diskError{err}
	}
	var out []byte
	for line := range strings.Lines(string(b)) {
		raw := archive.RawLine{Bytes: []byte(strings.TrimSuffix(line, "\n"))}
		if l, err := raw.Parse(); err == nil && want[l.ID] {
			out = append(out, line...)
		}
	}
	to := r.base + local(p.day, journalName)
	if old, err := readWhole(r.disk, to, 1<<31); err == nil { // of an earlier restore of others
		out = mergeLines(old, out)
	}
	if _, _, err := r.write(p.journal, -1, strings.NewReader(string(out))); err != nil {
		return err
	}
	return r.place(p.journal, to)
}

// mergeLines puts two sets of lines of one journal together, in their order.
func mergeLines(a, b []byte) []byte {
	type line struct {
		seq  uint64
		text string
	}
	var all []line
	for _, part := range [][]byte{a, b} {
		for text := range strings.Lines(string(part)) {
			raw := archive.RawLine{Bytes: []byte(strings.TrimSuffix(text, "\n"))}
			if l, err := raw.Parse(); err == nil {
				all = append(all, line{l.Seq, text})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y line) int { return cmp.Compare(x.seq, y.seq) })
	var out []byte
	for i, l := range all {
		if i == 0 || l.seq != all[i-1].seq {
			out = append(out, l.text...)
		}
	}
	return out
}

// selected calls f with each day that has some of what is selected.
func (r *restorer) selected(ctx context.Context, s Selection, f func(context.Context, *dayPlan, []item) error) error {
	for _, id := range s.IDs {
		if _, ok := idTime(id); !ok {
			return fmt.Errorf("%q: %w", id, ErrNotFound)
		}
	}
	for _, d := range []archive.Day{s.Day, s.From, s.To} {
		if d != "" && !d.Valid() {
			return fmt.Errorf("%q is not a day like 2026-11-22", d)
		}
	}
	left := map[string]bool{}
	for _, id := range s.IDs {
		left[id] = true
	}
	tried := map[archive.Day]bool{}
	look := func(days []archive.Day) error {
		for _, d := range days {
			if tried[d] || s.From != "" && d < s.From || s.To != "" && d > s.To || s.Day != "" && d != s.Day {
				continue
			}
			if len(s.IDs) > 0 && len(left) == 0 {
				return nil
			}
			tried[d] = true
			if err := r.selectedOf(ctx, s, d, left, f); err != nil {
				return err
			}
		}
		return nil
	}
	days, all := s.days()
	if err := look(days); err != nil {
		return err
	}
	if !all && (len(s.IDs) == 0 || len(left) > 0) { // a list of everything may take long
		days, err := r.days(ctx)
		if err != nil {
			return err
		}
		if err := look(days); err != nil {
			return err
		}
	}
	for id := range left {
		r.trouble(Fault{Kind: TargetMissing, ID: id, Detail: ErrNotFound.Error()})
	}
	return nil
}

// selectedOf calls f with a day, if it has some of what is selected.
func (r *restorer) selectedOf(ctx context.Context, s Selection, d archive.Day, left map[string]bool, f func(context.Context, *dayPlan, []item) error) error {
	p, err := r.readJournal(ctx, d)
	if err != nil {
		if ends(ctx, err) {
			return err
		}
		r.trouble(Fault{Kind: cmp.Or(troubleOf(err), TargetFailed), Day: d, Name: journalName, Class: classOf(err), Detail: err.Error()})
		return nil
	}
	if len(p.there) == 0 {
		return nil
	}
	var items []item
	for _, it := range p.items {
		switch {
		case len(s.IDs) > 0 && !left[it.id]:
			continue
		case p.erased[it.id]:
			r.rep.Erased++
			if left[it.id] {
				r.trouble(Fault{Kind: Erased, Day: d, ID: it.id, Detail: ErrErased.Error()})
			}
		default:
			items = append(items, it)
		}
		delete(left, it.id)
	}
	if len(items) > 0 || len(s.IDs) == 0 {
		if err := f(ctx, p, items); err != nil {
			return err
		}
		r.rep.Days++
	}
	if p.journal == "" {
		return nil
	}
	return r.drop(p.journal)
}

// maxRange is how many days are asked for one by one, rather than all listed.
const maxRange = 400

// days are the days where what is selected may be, as far as the selection says;
// all: nowhere else.
func (s *Selection) days() (days []archive.Day, all bool) {
	switch from, to := s.From, s.To; {
	case s.Day != "":
		return []archive.Day{s.Day}, true
	case from != "" && to != "":
		first, err := time.Parse(time.DateOnly, string(from))
		last, err2 := time.Parse(time.DateOnly, string(to))
		if err != nil || err2 != nil || last.Sub(first) > maxRange*24*time.Hour {
			break
		}
		for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
			days = append(days, archive.DayOf(d))
		}
		return days, true
	}
	for _, id := range s.IDs {
		made, _ := idTime(id)
		for n := -1; n <= 1; n++ {
			days = append(days, archive.DayOf(made.AddDate(0, 0, n)))
		}
	}
	return days, false
}

// days lists the days that the target has, oldest first.
func (r *restorer) days(ctx context.Context) ([]archive.Day, error) {
	seen := map[archive.Day]bool{}
	err := r.try(ctx, func() error {
		return ifThere(r.v.t.List(ctx, recordingsDir, func(e target.Entry) error {
			if d, _ := dayOf(e.Name); d != "" {
				seen[d] = true
			}
			return nil
		}))
	})
	return slices.Sorted(maps.Keys(seen)), err
}

// PutBack brings recordings back into the archive whose files are lost or
// damaged; what is there and right stays, and damaged files go to damaged/. Where
// the archive's journal has no seal of one, adopt is called at the end: it
// journals the files ([archive.Archive.Reconcile]). What the archive's own
// journal says was erased is not brought back.
func (e *Engine) PutBack(ctx context.Context, s Selection, adopt func(context.Context) error) (RestoreReport, error) {
	t, err := e.c.Open(ctx)
	if err != nil {
		return RestoreReport{}, err
	}
	defer leave(t)
	from := Restoring{Target: t, Identities: e.identities(), Disk: e.c.Disk}
	w, _, err := from.open(ctx)
	if err != nil {
		return RestoreReport{}, err
	}
	w.v.pool, w.waits = e.c.Pool, e.waits
	orphans := false
	err = w.selected(ctx, s, func(ctx context.Context, p *dayPlan, items []item) error {
		sealed, erased := map[string]bool{}, map[string]bool{}
		err := e.c.Journals.RawLines(ctx, p.day, archive.Place{}, func(raw *archive.RawLine) error {
			if l, err := raw.Parse(); err == nil && l.Seal != nil {
				sealed[l.ID] = true
			} else if err == nil && l.Kind == archive.ActErase {
				erased[l.ID] = true
			}
			return nil
		})
		if err != nil {
			return err
		}
		items = slices.DeleteFunc(items, func(it item) bool {
			if erased[it.id] {
				w.rep.Erased++
				w.trouble(Fault{Kind: Erased, Day: p.day, ID: it.id, Detail: ErrErased.Error()})
			}
			orphans = orphans || !erased[it.id] && !sealed[it.id]
			return erased[it.id]
		})
		if err := w.fits(p, items); err != nil {
			return err
		}
		return w.files(ctx, p, items)
	})
	rep, err := w.done(err)
	if orphans && adopt != nil && (err == nil || errors.Is(err, ErrIncomplete)) {
		err = errors.Join(err, adopt(ctx))
	}
	return rep, err
}
