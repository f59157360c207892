package backup

import (
	"archive/tar"
	"bufio"
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
	"time"

	"filippo.io/age"

	"vaad/recorder/backup/target"
)

// bundleFile is the first file of a bundle: what it is.
const bundleFile = "bundle.json"

// BundleInfo says what a state bundle is of.
type BundleInfo struct {
	Format    int       `json:"format"`
	Appliance string    `json:"appliance"`
	Version   string    `json:"version"` // of vaad
	Time      time.Time `json:"time"`
	Leaves    int64     `json:"leaves"` // of the evidence log on the target then
}

// bundled are the files of every bundle, below the root, where they are there.
var bundled = []string{applianceFile, "vaad.toml", "settings.jsonl", keysName}

// bundle puts the appliance's state and removes bundles that are too old.
func (r *run) bundle(ctx context.Context) error {
	if len(r.v.to) == 0 {
		return nil // nobody could open it
	}
	list, err := bundles(ctx, r.v.t)
	if err != nil {
		return err
	}
	now := r.e.c.Now().UTC()
	name := bundleName(now)
	for slices.Contains(list, name) { // a clock that was set back writes nothing over
		now = now.Add(time.Second)
		name = bundleName(now)
	}
	f, size, sum, err := r.spool(ctx, now)
	if err != nil {
		return fmt.Errorf("%w: %w", errHere, err)
	}
	defer func() {
		_ = f.Close() // read only by now
		_ = os.Remove(f.Name())
	}()
	err = r.try(ctx, func() error {
		if err := r.v.t.PutFrom(ctx, name, size, f); err != nil {
			return err
		}
		got, n, err := plainSum(ctx, r.v, name)
		if err == nil && (got != sum || n != size) {
			err = &target.Error{Target: r.v.t.Name(), Op: "get", Name: name, Class: target.ErrCorrupt,
				Err: errors.New("what was read back is not what was sent")}
		}
		return err
	})
	if err != nil {
		return err
	}
	r.report.Bundle = name
	return r.prune(ctx, append([]string{name}, list...), name)
}

// plainSum hashes a file whose name has no ".age" put to it.
func plainSum(ctx context.Context, v *vault, name string) (string, int64, error) {
	p := *v
	p.secret = false
	return p.hashStored(ctx, name)
}

// spool writes the bundle, encrypted, into a file beside the state.
func (r *run) spool(ctx context.Context, now time.Time) (_ *os.File, size int64, sum string, err error) {
	dir := r.e.folder()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, 0, "", err
	}
	f, err := os.CreateTemp(dir, r.e.c.Name+".bundle-*")
	if err != nil {
		return nil, 0, "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	buf := bufio.NewWriterSize(f, block)
	enc, err := age.Encrypt(buf, r.v.to...)
	if err != nil {
		return nil, 0, "", err
	}
	tw := tar.NewWriter(enc)
	if err = r.fill(ctx, tw, now); err != nil {
		return nil, 0, "", err
	}
	if err = errors.Join(tw.Close(), enc.Close(), buf.Flush()); err != nil {
		return nil, 0, "", err
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, 0, "", err
	}
	sum, err = r.v.hashLocal(ctx, f, fi.Size())
	return f, fi.Size(), sum, err
}

// fill puts the files into a bundle.
func (r *run) fill(ctx context.Context, tw *tar.Writer, now time.Time) error {
	c := &r.e.c
	r.e.mu.Lock()
	info := BundleInfo{Format: formatVersion, Appliance: c.Appliance, Version: c.Version, Time: now.Truncate(time.Second), Leaves: r.e.st.evidence.Leaves}
	r.e.mu.Unlock()
	b, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if err := tw.WriteHeader(&tar.Header{Name: bundleFile, Mode: 0o640, Size: int64(len(b)), ModTime: info.Time}); err != nil {
		return err
	}
	if _, err := tw.Write(b); err != nil {
		return err
	}
	if c.HotCopy != nil {
		at, err := c.HotCopy()
		if err != nil {
			return fmt.Errorf("copy of state.db: %w", err)
		}
		if err := tarFile(ctx, tw, at, "state.db"); err != nil {
			return err
		}
	}
	for _, name := range append(slices.Clone(bundled), r.o.Extra...) {
		if err := tarTree(ctx, tw, c.Root, name); err != nil {
			return err
		}
	}
	return nil
}

// tarTree puts a file, or all files of a folder, below the root into a bundle.
func tarTree(ctx context.Context, tw *tar.Writer, root, name string) error {
	name = filepath.ToSlash(filepath.Clean(name))
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%q is not below the appliance's root", name)
	}
	at := filepath.Join(root, name)
	return filepath.WalkDir(at, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return ifThere(err)
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		return ifThere(tarFile(ctx, tw, p, filepath.ToSlash(rel))) // what is removed meanwhile keeps no other out
	})
}

func tarFile(ctx context.Context, tw *tar.Writer, at, name string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f, err := os.Open(at)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if err := tw.WriteHeader(&tar.Header{Name: name, Mode: int64(fi.Mode().Perm()), Size: fi.Size(), ModTime: fi.ModTime().Truncate(time.Second)}); err != nil {
		return err
	}
	// A journal may grow meanwhile: what is announced counts.
	_, err = io.CopyN(tw, f, fi.Size())
	return err
}

// Bundles lists the state bundles of a target, newest first.
func Bundles(ctx context.Context, t target.Target) ([]string, error) { return bundles(ctx, t) }

func bundles(ctx context.Context, t target.Target) ([]string, error) {
	var names []string
	err := t.List(ctx, stateDir, func(e target.Entry) error {
		if _, err := bundleOf(e.Name); err == nil {
			names = append(names, e.Name)
		}
		return nil
	})
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(b, a) })
	return names, ifThere(err)
}

// prune removes bundles but the newest ones and the last of each month.
func (r *run) prune(ctx context.Context, names []string, fresh string) error {
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(b, a) })
	months := map[string]bool{}
	for i, name := range names {
		t, err := bundleOf(name)
		if err != nil {
			continue
		}
		month := t.Format("2006-01")
		first := !months[month]
		months[month] = true
		if i < r.o.KeepBundles || first || name == fresh {
			continue
		}
		if err := r.try(ctx, func() error { return r.v.t.Remove(ctx, name) }); err != nil {
			if fatal(err) {
				return err
			}
			r.e.c.Logger.Info("an old state bundle cannot be removed", "target", r.e.c.Name, "bundle", name, "error", err)
		}
	}
	return nil
}

// maxBundleFile is the largest file of a bundle that is restored.
const maxBundleFile = 1 << 40

// forbidden reports whether a name is of what no bundle holds.
func forbidden(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == recordingsDir || first == markFile || first == "backup"
}

// readBundle calls f with each file of a bundle. Names are checked; they lie
// below the root.
func readBundle(ctx context.Context, t target.Target, name string, ids []age.Identity, f func(h *tar.Header, r io.Reader) error) (BundleInfo, error) {
	var info BundleInfo
	if len(ids) == 0 {
		return info, ErrNoIdentity
	}
	r, err := t.Get(ctx, name, 0, -1)
	if err != nil {
		return info, err
	}
	d, err := decrypt(r, ids)
	if err != nil {
		return info, err
	}
	defer d.Close()
	tr := tar.NewReader(d)
	for n := 0; ; n++ {
		h, err := tr.Next()
		if err == io.EOF {
			if n == 0 {
				return info, errors.New("it is empty")
			}
			_, err = io.Copy(io.Discard, d) // to the end: only then it is authentic
			return info, err
		}
		if err != nil {
			return info, err
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) || path.Clean(h.Name) != h.Name || forbidden(h.Name) || h.Size > maxBundleFile {
			return info, fmt.Errorf("%q may not be in a state bundle", h.Name)
		}
		if n == 0 {
			if h.Name != bundleFile || h.Size > 1<<20 {
				return info, fmt.Errorf("%s is missing", bundleFile)
			}
			if err := json.NewDecoder(tr).Decode(&info); err != nil {
				return info, fmt.Errorf("%s: %w", bundleFile, err)
			}
			if info.Format > formatVersion {
				return info, ErrNewer
			}
			continue
		}
		if err := f(h, tr); err != nil {
			return info, err
		}
	}
}
