package backup

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vaad/recorder/archive"
)

// What a drill says of the state bundle.
const (
	StateOK         = "ok"          // it opens, to its end
	StateNone       = "none"        // there is none
	StateNoIdentity = "no-identity" // nothing here opens it: try a secret key elsewhere
	StateBad        = "bad"         // it does not open
)

// drill is one restore drill.
type drill struct {
	*restorer
	e    *Engine
	rep  DrillReport
	bad  map[archive.Day]bool // days to be held against the target in full
	dir  string
	left int64 // bytes that may still be restored
}

// Drill restores random recordings, old ones rather than new ones, to a temporary
// folder, compares them with their seals and with the archive's journal, and opens
// their audio; it opens the newest state bundle where the box has a key for it.
// The report is kept as the last drill. Days with faults are held against the
// target in full by the next run.
func (e *Engine) Drill(ctx context.Context) (DrillReport, error) {
	if !e.drilling.TryLock() {
		return DrillReport{}, ErrRunning
	}
	defer e.drilling.Unlock()
	began := e.c.Now()
	d := &drill{e: e, bad: map[archive.Day]bool{}, dir: filepath.Join(e.folder(), e.c.Name+".drill")}
	err := d.run(ctx)
	if e := os.RemoveAll(d.dir); err == nil {
		err = e
	}
	d.rep.Time = began.UTC()
	d.rep.Took = e.c.Now().Sub(began)
	result := "ok"
	if err != nil {
		e.c.Metrics.drills.WithLabelValues(e.c.Name, "failed").Inc()
		return d.rep, err
	}
	if !d.rep.OK() {
		result = "faulty"
	}
	e.c.Metrics.drills.WithLabelValues(e.c.Name, result).Inc()
	var ls []*stateLine
	for day := range d.bad {
		if at := e.day(day); at != nil {
			c := *at
			c.Recheck = recheckAll
			ls = append(ls, &stateLine{Day: &c})
		}
	}
	rep := d.rep
	e.note(append(ls, &stateLine{Drill: &rep})...)
	e.mu.Lock()
	e.now.LastDrill = &rep
	e.mu.Unlock()
	return rep, nil
}

func (d *drill) fault(f Fault) {
	d.rep.Faulty++
	if len(d.rep.Faults) < maxFaults {
		d.rep.Faults = append(d.rep.Faults, f)
	}
	if f.Day != "" {
		d.bad[f.Day] = true
	}
}

func (d *drill) run(ctx context.Context) error {
	t, err := d.e.c.Open(ctx)
	if err != nil {
		return err
	}
	defer leave(t)
	h, err := ReadHead(ctx, t)
	if err != nil {
		return err
	}
	if h.Appliance != d.e.c.Appliance {
		return ErrForeign
	}
	o := d.e.options()
	to, err := recipients(o.Recipients)
	if err != nil {
		return err
	}
	v, err := newVault(t, h.Encrypted, to, d.e.identities(), d.e.c.Pool)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(d.dir); err != nil { // of a drill that was cut off
		return err
	}
	disk, err := archive.OSDisk(d.dir)
	if err != nil {
		return err
	}
	defer disk.Close()
	d.restorer = &restorer{effort: effort{waits: d.e.waits}, v: v, disk: disk, parallel: 1}
	space, err := disk.Space()
	if err != nil {
		return err
	}
	d.left = space.FreeBytes / 4
	if err := d.bundle(ctx); err != nil {
		return err
	}
	days := d.e.complete()
	if len(days) == 0 {
		if days, err = d.days(ctx); err != nil {
			return err
		}
	}
	for _, day := range draw(days, o.DrillSize) {
		if err := d.day(ctx, day.day, day.n); err != nil {
			return err
		}
	}
	return nil
}

// complete are the days that were backed up, oldest first.
func (e *Engine) complete() []archive.Day {
	e.mu.Lock()
	defer e.mu.Unlock()
	var days []archive.Day
	for d, at := range e.st.days {
		if at.Bytes > 0 {
			days = append(days, d)
		}
	}
	slices.Sort(days)
	return days
}

type drawn struct {
	day archive.Day
	n   int
}

// draw chooses days, old ones more often, and how many recordings of each.
func draw(days []archive.Day, n int) []drawn {
	if len(days) == 0 {
		return nil
	}
	count := map[archive.Day]int{}
	for range n {
		u := rand.Float64()
		count[days[int(u*u*float64(len(days)))]]++
	}
	var out []drawn
	for _, d := range days {
		if count[d] > 0 {
			out = append(out, drawn{d, count[d]})
		}
	}
	return out
}

// day drills some recordings of a day.
func (d *drill) day(ctx context.Context, day archive.Day, n int) error {
	if !d.v.readable() {
		return d.sizes(ctx, day, n)
	}
	p, err := d.readJournal(ctx, day)
	if err != nil {
		if ends(ctx, err) {
			return err
		}
		d.fault(Fault{Kind: cmp.Or(troubleOf(err), TargetFailed), Day: day, Name: journalName, Class: classOf(err), Detail: err.Error()})
		return nil
	}
	if p.journal == "" {
		if at := d.e.day(day); at != nil && at.Bytes > 0 {
			d.fault(Fault{Kind: TargetMissing, Day: day, Name: journalName})
		}
		return nil // else its run is not finished
	}
	d.rep.Days++
	if d.rep.Oldest == "" || day < d.rep.Oldest {
		d.rep.Oldest = day
	}
	o := d.e.options()
	wanted, err := d.wanted(ctx, day, &o)
	if err != nil {
		return err
	}
	p.items = slices.DeleteFunc(p.items, func(it item) bool { return p.erased[it.id] || !wanted[it.id] })
	rand.Shuffle(len(p.items), func(i, k int) { p.items[i], p.items[k] = p.items[k], p.items[i] })
	picked := map[string]bool{}
	for i := range min(n, len(p.items)) {
		it := &p.items[i]
		if d.left -= it.bytes(); d.left < 0 {
			return nil
		}
		picked[it.id] = true
		if err := d.recording(ctx, p, it); err != nil {
			return err
		}
	}
	if err := d.sameLines(ctx, p, picked); err != nil {
		return err
	}
	return d.drop(p.journal)
}

// recording restores one recording and opens it.
func (d *drill) recording(ctx context.Context, p *dayPlan, it *item) error {
	was := len(d.restorer.rep.Faults)
	files, bytes := d.restorer.rep.Files, d.restorer.rep.Bytes
	if err := d.restorer.recording(ctx, p, it); err != nil {
		return err
	}
	d.rep.Recordings++
	d.rep.Files += int(d.restorer.rep.Files - files)
	d.rep.Bytes += d.restorer.rep.Bytes - bytes
	for _, f := range d.restorer.rep.Faults[was:] {
		d.fault(f)
	}
	if len(d.restorer.rep.Faults) > was {
		return nil
	}
	for _, f := range it.files {
		if f.Side == "" {
			continue
		}
		opened, err := d.listen(p.day, it.id, f)
		if err != nil {
			d.fault(Fault{Kind: BadAudio, Day: p.day, ID: it.id, Name: f.Name, Detail: err.Error()})
		} else if opened {
			d.rep.Opened++
		}
	}
	return nil
}

// listen reads a restored side to its end.
func (d *drill) listen(day archive.Day, id string, f archive.Sealed) (bool, error) {
	if d.e.c.Keys == nil && !strings.HasSuffix(f.Name, ".wav") {
		return false, nil
	}
	rd, err := archive.OpenReadOnly(d.dir, nil)
	if err != nil {
		return false, err
	}
	defer rd.Close()
	if d.e.c.Keys != nil {
		rd.UseKeys(d.e.c.Keys)
	}
	a, err := rd.Audio(day, id, f.Side)
	if err != nil {
		return false, err
	}
	n, err := io.Copy(io.Discard, a.Data())
	if err == nil && n != a.DataBytes {
		err = fmt.Errorf("%d bytes of %d could be read", n, a.DataBytes)
	}
	return true, errors.Join(err, a.Close())
}

// wanted are the recordings of a day that should be on the target, as the
// archive's own journal says.
func (d *drill) wanted(ctx context.Context, day archive.Day, o *Options) (map[string]bool, error) {
	at := d.e.day(day)
	want := map[string]bool{}
	err := d.e.c.Journals.RawLines(ctx, day, archive.Place{}, func(raw *archive.RawLine) error {
		l, err := raw.Parse()
		switch {
		case err != nil:
		case l.Kind == archive.ActErase:
			delete(want, l.ID)
		case l.Seal != nil && at.backed(l.Seq) && (o.Include == nil || o.Include(l.Seal)):
			want[l.ID] = true
		}
		return nil
	})
	return want, err
}

// sameLines compares the lines about recordings with those of the archive.
func (d *drill) sameLines(ctx context.Context, p *dayPlan, ids map[string]bool) error {
	ours := map[uint64][]byte{}
	erased := map[string]bool{}
	err := d.e.c.Journals.RawLines(ctx, p.day, archive.Place{}, func(raw *archive.RawLine) error {
		if l, err := raw.Parse(); err == nil && ids[l.ID] {
			ours[l.Seq] = bytes.Clone(raw.Bytes)
			erased[l.ID] = erased[l.ID] || l.Kind == archive.ActErase
		}
		return nil
	})
	if err != nil {
		return err
	}
	b, err := readWhole(d.disk, p.journal, 1<<31)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(b) {
		raw := archive.RawLine{Bytes: bytes.TrimSuffix(line, []byte("\n"))}
		l, err := raw.Parse()
		if err != nil || !ids[l.ID] || erased[l.ID] {
			continue
		}
		if !bytes.Equal(ours[l.Seq], raw.Bytes) {
			d.fault(Fault{Kind: OtherLine, Day: p.day, ID: l.ID, Name: journalName, Detail: fmt.Sprintf("line %d", l.Seq)})
		}
	}
	return nil
}

// sizes compares what can be compared of an encrypted target that the box cannot read.
func (d *drill) sizes(ctx context.Context, day archive.Day, n int) error {
	d.rep.Sealed = true
	at := d.e.day(day)
	if at == nil || at.Recheck != "" {
		return nil
	}
	there, err := d.listDay(ctx, day)
	if err != nil {
		return err
	}
	o := d.e.options()
	sc, err := d.e.scanner(&o).scan(ctx, day, nil)
	if err != nil {
		return err
	}
	d.rep.Days++
	if d.rep.Oldest == "" || day < d.rep.Oldest {
		d.rep.Oldest = day
	}
	rand.Shuffle(len(sc.items), func(i, k int) { sc.items[i], sc.items[k] = sc.items[k], sc.items[i] })
	for i := range min(n, len(sc.items)) {
		it := &sc.items[i]
		if !at.backed(it.seq) {
			continue
		}
		d.rep.Recordings++
		for _, f := range it.files {
			d.rep.Files++
			size, ok := there[f.Name]
			switch {
			case !ok:
				d.fault(Fault{Kind: TargetMissing, Day: day, ID: it.id, Name: f.Name})
			case !d.v.fits(size, f.Bytes):
				d.fault(Fault{Kind: TargetDamaged, Day: day, ID: it.id, Name: f.Name, Detail: fmt.Sprintf("%d bytes cannot be %d that were encrypted", size, f.Bytes)})
			}
		}
	}
	return nil
}

// bundle opens the newest state bundle.
func (d *drill) bundle(ctx context.Context) error {
	names, err := bundles(ctx, d.v.t)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		d.rep.State = StateNone
		return nil
	}
	d.rep.Bundle = names[0]
	if len(d.v.ids) == 0 {
		d.rep.State = StateNoIdentity
		return nil
	}
	info, err := readBundle(ctx, d.v.t, names[0], d.v.ids, func(h *tar.Header, r io.Reader) error {
		n, err := io.Copy(io.Discard, r)
		if err == nil && n != h.Size {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	if err == nil && info.Appliance != d.e.c.Appliance {
		err = fmt.Errorf("it is of appliance %s", info.Appliance)
	}
	d.rep.State = StateOK
	if err != nil {
		if ends(ctx, err) {
			return err
		}
		d.rep.State = StateBad
		d.fault(Fault{Kind: BadBundle, Name: names[0], Class: classOf(err), Detail: err.Error()})
	}
	return nil
}
