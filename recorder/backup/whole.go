package backup

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
	"vaad/recorder/evidence"
)

// markFile stands in a root while it is being restored: no daemon may start there.
const markFile = "restoring.json"

// mark says which backup a root is being restored from.
type mark struct {
	V      int    `json:"v"`
	Backup string `json:"backup"` // Head.ID
	Bundle string `json:"bundle"`
}

// Interrupted reports whether a root is in the middle of a restore: then it is
// finished first, and no daemon starts there.
func Interrupted(root string) (bool, error) {
	_, err := os.Stat(filepath.Join(root, markFile))
	return err == nil, ifThere(err)
}

// RestoreAll brings a whole appliance back onto a new, empty root: recordings,
// journals, evidence, settings, state. No daemon may run there. Interrupted, it
// goes on where it was. The target is only read. [ErrIncomplete] says that the
// report names things that could not be brought back.
func RestoreAll(ctx context.Context, r Restoring, root string) (RestoreReport, error) {
	if r.Disk == nil {
		d, err := archive.OSDisk(root)
		if err != nil {
			return RestoreReport{}, err
		}
		defer d.Close()
		r.Disk = d
		rec, err := archive.OSDisk(path.Join(root, recordingsDir))
		if err != nil {
			return RestoreReport{}, err
		}
		defer rec.Close()
		if l, ok := rec.(archive.Locker); ok {
			if err := l.Lock(); err != nil { // a daemon, or another restore
				return RestoreReport{}, err
			}
		}
	}
	w, h, err := r.open(ctx)
	if err != nil {
		return RestoreReport{}, err
	}
	w.base = recordingsDir + "/"
	all := &whole{restorer: w, o: r, head: h}
	if root != "" {
		all.own = func() error { return giveTo(root) }
	}
	err = all.run(ctx)
	return w.done(err)
}

type whole struct {
	*restorer
	o    Restoring
	head Head
	days []archive.Day
	own  func() error // gives everything to the owner of the root; nil = nothing is to be done
}

func (w *whole) run(ctx context.Context) error {
	bundle, err := w.begin(ctx)
	if err != nil {
		return err
	}
	if err := w.room(ctx); err != nil {
		return err
	}
	for _, d := range w.days {
		if err := w.day(ctx, d); err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
		w.rep.Days++
	}
	if err := w.evidence(ctx); err != nil {
		return err
	}
	if err := w.state(ctx, bundle); err != nil {
		return err
	}
	_ = w.disk.Remove(w.base + partDir) // empty by now; where it is not, it harms nobody
	if err := w.disk.SyncFS(); err != nil {
		return err
	}
	if w.own != nil {
		if err := w.own(); err != nil {
			return err
		}
	}
	return w.disk.Remove(markFile)
}

// begin checks that the root is empty, or of this restore.
func (w *whole) begin(ctx context.Context) (string, error) {
	want := mark{V: 1, Backup: w.head.ID, Bundle: w.o.Bundle}
	b, err := readWhole(w.disk, markFile, 1<<16)
	if err == nil {
		var m mark
		if json.Unmarshal(b, &m) != nil || m.Backup != want.Backup {
			return "", ErrNotEmpty
		}
		if want.Bundle == "" || want.Bundle == m.Bundle {
			return m.Bundle, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	} else if empty, err := w.empty(); err != nil || !empty {
		return "", cmp.Or(err, ErrNotEmpty)
	}
	if b, err = json.Marshal(want); err != nil {
		return "", err
	}
	if err := writeWhole(w.disk, markFile, b); err != nil {
		return "", err
	}
	return want.Bundle, w.disk.SyncFS() // the mark is there before anything else is
}

// empty reports whether there is nothing in the root.
func (w *whole) empty() (bool, error) {
	for _, dir := range []string{".", recordingsDir} {
		es, err := w.disk.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		for _, e := range es {
			if n := e.Name(); n != "lost+found" && n != ".lock" && n != recordingsDir && n != markFile+".new" {
				return false, nil
			}
		}
	}
	return true, nil
}

// room lists what is to come and checks that it fits.
func (w *whole) room(ctx context.Context) error {
	seen := map[archive.Day]bool{}
	var need int64
	err := w.try(ctx, func() error {
		clear(seen)
		need, w.now = 0, Progress{}
		return ifThere(w.v.t.List(ctx, recordingsDir, func(e target.Entry) error {
			name, ok := w.v.plain(strings.TrimPrefix(e.Name, recordingsDir+"/"))
			if !ok {
				return nil
			}
			if d, _ := dayOf(e.Name); d != "" {
				seen[d] = true
				if path.Base(name) != journalName {
					w.now.TotalFiles++
					w.now.TotalBytes += e.Size
				}
			}
			if fi, err := w.disk.Stat(w.base + name); err != nil || fi.Size() < e.Size-w.overhead(e.Size) {
				need += e.Size
			}
			return nil
		}))
	})
	if err != nil {
		return err
	}
	for d := range seen {
		w.days = append(w.days, d)
	}
	slices.Sort(w.days)
	space, err := w.disk.Space()
	if err != nil {
		return err
	}
	if need > space.FreeBytes {
		return fmt.Errorf("%w: %d bytes are needed, %d are free", ErrNoSpace, need, space.FreeBytes)
	}
	return nil
}

// overhead is at least what encryption has added to a file of so many bytes.
func (w *whole) overhead(n int64) int64 {
	if !w.v.secret {
		return 0
	}
	return 4096 + n/2048
}

// day restores a day: files first, then the journal that names them.
func (w *whole) day(ctx context.Context, d archive.Day) error {
	p, err := w.readJournal(ctx, d)
	if err != nil {
		if ends(ctx, err) {
			return err
		}
		w.trouble(Fault{Kind: cmp.Or(troubleOf(err), TargetFailed), Day: d, Name: journalName, Class: classOf(err), Detail: err.Error()})
	} else if p.journal == "" {
		w.trouble(Fault{Kind: TargetMissing, Day: d, Name: journalName, Detail: "the day has no journal: its recordings are adopted as they are found"})
	}
	items := slices.DeleteFunc(p.items, func(it item) bool {
		if p.erased[it.id] {
			w.rep.Erased++
		}
		return p.erased[it.id]
	})
	if err := w.files(ctx, p, append(items, strays(p, w.v)...)); err != nil {
		return err
	}
	if p.journal == "" {
		return nil
	}
	return w.place(p.journal, w.base+local(d, journalName))
}

// strays are recordings whose files came to the target and whose journal line did
// not, as the last run was cut off: whole ones, which have their story, are brought
// back too. The daemon adopts them.
func strays(p *dayPlan, v *vault) []item {
	var items []item
	for name := range p.there {
		id := idOf(name)
		if name != id+".jsonl" && name != id+".jsonl.enc" || id == "" || p.sealed[id] || p.erased[id] {
			continue
		}
		it := item{id: id}
		for other := range p.there {
			if idOf(other) == id && checkFile(id, other) == nil {
				it.files = append(it.files, archive.Sealed{Name: other, Bytes: v.unsize(p.there[other])})
			}
		}
		items = append(items, it)
	}
	return items
}

// unsize is how many bytes a stored file has when it is decrypted; of encrypted
// files nobody knows whom they were encrypted to, so that only reading tells.
func (v *vault) unsize(n int64) int64 {
	if v.secret {
		return -1
	}
	return n
}

// evidence restores the evidence log.
func (w *whole) evidence(ctx context.Context) error {
	for _, name := range []string{leavesName, hashesName, notesName} {
		err := w.plainFile(ctx, recordingsDir+"/"+name, w.base+name)
		if err == nil {
			continue
		}
		if ends(ctx, err) {
			return err
		}
		if errors.Is(err, fs.ErrNotExist) && name == leavesName {
			return nil // there was no log
		}
		w.trouble(Fault{Kind: cmp.Or(troubleOf(err), TargetFailed), Name: name, Class: classOf(err), Detail: err.Error()})
	}
	if err := w.plainFile(ctx, keysName, keysName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		if ends(ctx, err) {
			return err
		}
		w.trouble(Fault{Kind: cmp.Or(troubleOf(err), TargetFailed), Name: keysName, Class: classOf(err), Detail: err.Error()})
	}
	notes, err := readWhole(w.disk, w.base+notesName, maxNotes)
	if err != nil {
		return ifThere(err)
	}
	all := evidence.ReadNotes(notes)
	if len(all) == 0 {
		return nil
	}
	_, _, err = w.write(evidenceDir+"/last", -1, bytes.NewReader(append(bytes.Clone(all[len(all)-1]), '\n')))
	return err
}

// plainFile restores a file that no seal speaks of.
func (w *whole) plainFile(ctx context.Context, name, to string) error {
	part := w.base + partDir + "/" + path.Base(to)
	err := w.try(ctx, func() error {
		src, err := w.v.open(ctx, name)
		if err != nil {
			return err
		}
		_, _, err = w.write(part, -1, src)
		return errors.Join(err, src.Close())
	})
	if err != nil {
		return errors.Join(err, w.drop(part))
	}
	return w.place(part, to)
}

// state restores the newest state bundle that can be opened.
func (w *whole) state(ctx context.Context, only string) error {
	var names []string
	err := w.try(ctx, func() (err error) {
		names, err = bundles(ctx, w.v.t)
		return err
	})
	if err != nil {
		return err
	}
	if only != "" {
		names = []string{only}
	}
	for _, name := range names {
		info, err := w.unpack(ctx, name)
		if err == nil {
			w.rep.Bundle, w.rep.BundleTime = name, info.Time
			return nil
		}
		if ends(ctx, err) {
			return err
		}
		w.trouble(Fault{Kind: BadBundle, Name: name, Class: classOf(err), Detail: err.Error()})
		if errors.Is(err, ErrNoIdentity) && len(w.v.ids) == 0 {
			return nil // nor are the others
		}
	}
	return nil
}

// unpack reads a bundle to its end, and then takes its files out of it.
func (w *whole) unpack(ctx context.Context, name string) (BundleInfo, error) {
	info, err := readBundle(ctx, w.v.t, name, w.v.ids, func(_ *tar.Header, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
	if err != nil {
		return info, err
	}
	return readBundle(ctx, w.v.t, name, w.v.ids, func(h *tar.Header, r io.Reader) error {
		if h.Name == keysName { // the target's own, which goes with the log there
			return nil
		}
		part := w.base + partDir + "/state.part"
		if _, _, err := w.write(part, h.Size, r); err != nil {
			return err
		}
		if err := w.place(part, path.Join(".", h.Name)); err != nil {
			return err
		}
		if err := w.disk.Chmod(h.Name, fs.FileMode(h.Mode).Perm()); err != nil {
			return &diskError{err}
		}
		return nil
	})
}
