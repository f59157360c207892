package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"

	"vaad/dsp/wav"
	"vaad/recorder/archive/crypt"
)

// A Finding is what Reconcile came across.
type Finding struct {
	Kind FindingKind
	Day  Day
	ID   string
	Name string // file, or journal and line
	Err  error
}

// FindingKind says what was found.
type FindingKind string

const (
	FoundAdopted    FindingKind = "adopted"      // files without a journal line have one now
	FoundLeftover   FindingKind = "leftover"     // something in open/ was recovered
	FoundMissing    FindingKind = "missing"      // the journal names a file that is not there
	FoundSize       FindingKind = "size-changed" // a sealed file has another size than when it was sealed
	FoundUnreadable FindingKind = "unreadable"   // a file without a journal line is no WAV, or cannot be read
	FoundLine       FindingKind = "damaged-line" // a journal line cannot be read
	FoundStray      FindingKind = "stray"        // a file that is none of ours
	FoundErased     FindingKind = "erased"       // an erasure that was interrupted is finished
	FoundUnfinished FindingKind = "unerased"     // and one that could not be
)

// Reconcile walks the day folders once, oldest first: files without a journal
// line are adopted, leftovers in open/ recovered, missing files and the like
// reported once per process. pace is called before each file that is looked at;
// it may wait, and ends the walk with an error. report may be nil.
func (a *Archive) Reconcile(ctx context.Context, pace func(context.Context) error, report func(Finding)) error {
	if !a.reconciling.TryLock() {
		return &Error{Op: "adopt", Err: errors.New("a reconciliation is under way")}
	}
	defer a.reconciling.Unlock()
	if pace == nil {
		pace = func(ctx context.Context) error { return ctx.Err() }
	}
	tell := func(f Finding) {
		if a.tellOnce(f) && report != nil {
			report(f)
		}
	}
	if err := a.Recover(ctx, func(r Recovered) {
		tell(Finding{Kind: FoundLeftover, Day: r.Day, ID: r.ID, Err: r.Err})
	}); err != nil {
		return err
	}
	es, err := a.disk.ReadDir(openDir)
	if err != nil {
		return a.errs.wrap("adopt", "", err)
	}
	for _, e := range es {
		_, _, _, ok := splitName(e.Name())
		isIntent, isJournal := unfinished(e.Name())
		if isIntent {
			if name := inOpen(e.Name()); !a.erasing.has(name) && !a.gone(name) { // or it has come to its end since the listing
				tell(Finding{Kind: FoundUnfinished, Name: name})
			}
		} else if !ok && !isJournal {
			tell(Finding{Kind: FoundStray, Name: inOpen(e.Name())})
		}
	}
	days, err := a.Days()
	if err != nil {
		return a.errs.wrap("adopt", "", err)
	}
	for _, d := range days {
		if err := a.reconcileDay(ctx, d, pace, tell); err != nil {
			return a.errs.wrap("adopt", "", err)
		}
	}
	return nil
}

// gone reports whether there is no such file.
func (a *Archive) gone(name string) bool {
	_, err := a.disk.Stat(name)
	return errors.Is(err, fs.ErrNotExist)
}

// tellOnce reports whether a finding is new to this process.
func (a *Archive) tellOnce(f Finding) bool {
	key := fmt.Sprint(f.Kind, f.Day, f.ID, f.Name)
	a.mu.Lock()
	defer a.mu.Unlock()
	old := a.reported[key]
	a.reported[key] = true
	return !old
}

func (a *Archive) reconcileDay(ctx context.Context, d Day, pace func(context.Context) error, tell func(Finding)) error {
	es, err := a.disk.ReadDir(d.dir())
	if err != nil {
		return err
	}
	// Listed first, then the live ones, then the journal: what is not live and
	// was renamed before the listing has its line by now.
	have := make(map[string][]string) // id → names
	byName := make(map[string]fs.DirEntry)
	var order []string
	for _, e := range es {
		id, _, ext, ok := splitName(e.Name())
		if !ok || ext == extCkpt || ext == extDiscard {
			if e.Name() != dayJournal {
				tell(Finding{Kind: FoundStray, Day: d, Name: d.file(e.Name())})
			}
			continue
		}
		if a.live.has(id) {
			continue
		}
		if have[id] == nil {
			order = append(order, id)
		}
		have[id] = append(have[id], e.Name())
		byName[e.Name()] = e
	}
	aside, err := a.disk.ReadDir(damagedDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	damaged := make(map[string]bool)
	for _, e := range aside {
		id, _, _ := strings.Cut(e.Name(), ".")
		damaged[id] = true
	}
	sealed, said, erased := make(map[string][]Sealed), make(map[string]bool), false
	err = a.dayLines(ctx, d, 0, func(l *JournalLine) error {
		switch {
		case l.Seal != nil:
			sealed[l.ID] = append(slices.Clone(l.Seal.Files), l.Seal.Story)
		case l.Kind == ActErase:
			sealed[l.ID] = []Sealed{}
			erased = erased || len(have[l.ID]) > 0 || damaged[l.ID]
		}
		erased = erased || l.Kind == ActErase && l.Forget && said[l.ID]
		said[l.ID] = said[l.ID] || personal(l)
		return nil
	}, func(where string, err error) { tell(Finding{Kind: FoundLine, Day: d, Name: where, Err: err}) })
	if err != nil {
		return err
	}
	if erased {
		if err := pace(ctx); err != nil {
			return err
		}
		switch n, err := a.finishErasing(ctx, d, nil); {
		case err != nil:
			tell(Finding{Kind: FoundUnfinished, Day: d, Err: a.errs.wrap("erase", "", err)})
		case n > 0:
			tell(Finding{Kind: FoundErased, Day: d})
		}
	}
	for _, id := range order {
		if _, ok := sealed[id]; ok {
			continue
		}
		if err := pace(ctx); err != nil {
			return err
		}
		if err := a.adopt(ctx, d, id, have[id], tell); err != nil {
			return err
		}
	}
	for id, files := range sealed {
		for _, f := range files {
			if f.Name == "" {
				continue
			}
			if err := pace(ctx); err != nil {
				return err
			}
			a.look(d, id, f, byName[f.Name], tell)
		}
	}
	return nil
}

// look compares one file's entry with the journal.
func (a *Archive) look(d Day, id string, want Sealed, e fs.DirEntry, tell func(Finding)) {
	if e == nil {
		if _, err := a.disk.Stat(d.file(want.Name)); err != nil { // or sealed after the listing
			tell(Finding{Kind: FoundMissing, Day: d, ID: id, Name: d.file(want.Name), Err: err})
		}
		return
	}
	fi, err := e.Info()
	if err == nil && fi.Size() != want.Bytes {
		tell(Finding{Kind: FoundSize, Day: d, ID: id, Name: d.file(want.Name),
			Err: fmt.Errorf("%d bytes, the journal says %d", fi.Size(), want.Bytes)})
	}
}

// adopt journals files as they were found; nothing of them is changed.
func (a *Archive) adopt(ctx context.Context, d Day, id string, names []string, tell func(Finding)) error {
	seal := &Seal{Unverified: true}
	seal.Begin = ulid.Time(ulid.MustParseStrict(id).Time()).UTC()
	unreadable := func(name string, err error) {
		tell(Finding{Kind: FoundUnreadable, Day: d, ID: id, Name: d.file(name), Err: err})
	}
	for _, name := range names {
		if _, side, _, _ := splitName(name); side != "" {
			continue
		}
		p, err := a.adoptStory(d, name)
		if err != nil {
			unreadable(name, err)
			continue
		}
		m := summary{seal: Seal{Unverified: true, Start: seal.Start}}
		if p.start != nil {
			m.seal.Start = *p.start
		}
		for _, e := range p.entries {
			m.add(e)
		}
		seal = &m.seal
		seal.Story = Sealed{Name: name, Enc: encOf(name)}
		if seal.Story.Bytes, seal.Story.SHA256, err = a.hashName(ctx, d.file(name)); err != nil {
			return err
		}
	}
	known := seal.Sides
	seal.Sides = nil
	sideOf := func(name string) string { _, side, _, _ := splitName(name); return side }
	slices.SortFunc(names, func(x, y string) int {
		x, y = sideOf(x), sideOf(y)
		return cmp.Or(cmp.Compare(slices.Index(known, x), slices.Index(known, y)), cmp.Compare(x, y))
	})
	for _, name := range names {
		side := sideOf(name)
		if side == "" || slices.Contains(seal.Sides, side) {
			continue
		}
		f, in, err := a.adoptWAV(ctx, d, name)
		if err != nil {
			unreadable(name, err)
			continue
		}
		f.Side, f.Name, f.Enc = side, name, encOf(name)
		seal.Codec = codecOf(&in)
		seal.Samples = max(seal.Samples, realIn(&in))
		seal.Sides = append(seal.Sides, side)
		seal.Files = append(seal.Files, f)
	}
	if len(seal.Files) == 0 {
		return nil
	}
	seal.ID = id
	if seal.End.IsZero() {
		seal.End = seal.Begin.Add(seal.Duration())
	}
	done := make(chan error, 1)
	err := a.c.line(&lineJob{day: d, line: JournalLine{Kind: KindAdopted, ID: id, Seal: seal},
		done: func(_ JournalLine, err error) { done <- err }})
	if err == nil {
		err = <-done
	}
	if err == nil {
		a.am.total.Inc()
		tell(Finding{Kind: FoundAdopted, Day: d, ID: id})
	}
	return err
}

// encOf is the version of a file's encryption, as a seal has it.
func encOf(name string) int {
	if Encrypted(name) {
		return crypt.Version
	}
	return 0
}

func (a *Archive) adoptStory(d Day, name string) (*parsedStory, error) {
	c, err := a.openNamed(d, name)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	b, err := readAll(c, 1<<30)
	if err != nil {
		return nil, err
	}
	return parseStory(b)
}

func (a *Archive) adoptWAV(ctx context.Context, d Day, name string) (s Sealed, in wav.Any, err error) {
	c, err := a.openNamed(d, name)
	if err != nil {
		return s, in, err
	}
	defer c.Close()
	size, err := c.Size()
	if err == nil {
		in, err = wav.ParseAnyAt(c, size)
	}
	if err == nil {
		err = ours(&in)
	}
	if err == nil {
		s.Bytes, s.SHA256, err = a.hashName(ctx, d.file(name))
	}
	return s, in, err
}

// hashName hashes a file within a slot of the pool.
func (a *Archive) hashName(ctx context.Context, name string) (int64, string, error) {
	if p := a.c.pool; p != nil {
		if err := p.Acquire(ctx); err != nil {
			return 0, "", err
		}
		defer p.Release()
	}
	f, err := a.disk.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return 0, "", err
	}
	sum, _, err := hashFile(f, size, 0, nil)
	return size, sum, err
}

type adoptMetrics struct{ total prometheus.Counter }

func newAdoptMetrics(r prometheus.Registerer) *adoptMetrics {
	m := &adoptMetrics{prometheus.NewCounter(prometheus.CounterOpts{
		Name: "vaad_archive_adopted_total",
		Help: "Recordings found in day folders without a journal line and journaled.",
	})}
	register(r, m.total)
	return m
}
