package optical

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
	"vaad/recorder/backup/target/guard"
	"vaad/recorder/backup/target/optical/iso"
)

// Seal implements target.Sealer.
func (t *Target) Seal(ctx context.Context) (target.Volume, error) {
	made := make(chan target.Volume, 1)
	err := t.long.Exclusive(ctx, "seal", "", func(ctx context.Context, b *guard.Beat) error {
		t.seal.Lock()
		defer t.seal.Unlock()
		release, err := t.alone()
		if err != nil {
			return err
		}
		defer release()
		v, err := t.sealed(ctx, b)
		made <- v
		return err
	})
	if err != nil {
		return target.Volume{}, err
	}
	return <-made, nil
}

// alone keeps other targets of the same folder from making a disc meanwhile.
func (t *Target) alone() (release func(), err error) {
	f, err := os.OpenFile(t.path(".seal.lock"), os.O_RDWR|os.O_CREATE, 0o640)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, folder.Gone("%s does not exist", t.c.Staging)
	}
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close() // nothing was done with it
		return nil, folder.Classed(target.ErrUnreachable, errors.New("a disc is being made already"))
	}
	return func() {
		_ = unix.Flock(int(f.Fd()), unix.LOCK_UN) // closing does not, while a program that is being started has the file too
		_ = f.Close()
	}, nil
}

// sealed does what Seal does. Until the list of the disc is written, everything
// that is collected stays.
func (t *Target) sealed(ctx context.Context, b *guard.Beat) (target.Volume, error) {
	discs, err := t.catalogue(ctx, "seal", "")
	if err != nil {
		return target.Volume{}, err
	}
	if err := t.forgetSealed(ctx, discs); err != nil {
		return target.Volume{}, err
	}
	l := list{Version: 1}
	if l.Entries, err = t.collected(ctx, b); err != nil || len(l.Entries) == 0 {
		return target.Volume{}, err
	}
	l.ID = fmt.Sprintf("%s%04d", t.c.Prefix, t.next(discs))
	l.Sealed = time.Now().UTC().Truncate(time.Second)
	for _, e := range l.Entries {
		l.Bytes += e.Size
	}
	l.Files = len(l.Entries)
	image := t.path(imagesDir, l.ID+".iso")
	if err := t.image(ctx, b, &l, image); err != nil {
		_ = os.Remove(image) // the next one is made anew
		return target.Volume{}, err
	}
	if len(t.c.Burner) > 0 {
		if err := t.burn(ctx, b, &l, image); err != nil {
			_ = os.Remove(image) // the next one is made anew
			return target.Volume{}, err
		}
	}
	if err := durable(t.path(volumesDir, l.ID+".json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(l) }); err != nil {
		return target.Volume{}, err
	}
	next, err := t.catalogue(ctx, "seal", "")
	if err != nil {
		return target.Volume{}, err
	}
	t.again()
	if err := t.forgetSealed(ctx, next); err != nil {
		return target.Volume{}, err
	}
	t.prune(next)
	v := l.Volume
	if exists(image) {
		v.Image = image
	}
	return v, nil
}

// next is the number of the next disc.
func (t *Target) next(discs *catalogue) int {
	n := 0
	for _, v := range discs.volumes {
		var have int
		if _, err := fmt.Sscanf(strings.TrimPrefix(v.ID, t.c.Prefix), "%d", &have); err == nil {
			n = max(n, have)
		}
	}
	return n + 1
}

// collected is everything in the staging folder, with checksums, but the marker.
func (t *Target) collected(ctx context.Context, b *guard.Beat) ([]entry, error) {
	var all []entry
	err := t.Folder.List(ctx, "", func(e target.Entry) error {
		if e.Name == target.Marker || e.Name == listName {
			return nil
		}
		f, err := os.Open(t.path(collectDir, e.Name))
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // only read
		sum, n, err := digest(ctx, b, f)
		if err == nil && n != e.Size {
			err = folder.Classed(target.ErrCorrupt, fmt.Errorf("%s changed", e.Name))
		}
		all = append(all, entry{Name: e.Name, Size: e.Size, Modified: e.Modified.UTC(), SHA256: sum})
		return err
	})
	return all, err
}

// forgetSealed removes from the staging folder what is on a disc as it is here.
func (t *Target) forgetSealed(ctx context.Context, discs *catalogue) error {
	var done []string
	err := t.Folder.List(ctx, "", func(e target.Entry) error {
		if on, ok := discs.names[e.Name]; ok && on.Size == e.Size && on.Modified.Equal(e.Modified) {
			done = append(done, e.Name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range done {
		if err := t.Folder.Remove(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// image makes an image of everything that is collected and reads it back.
func (t *Target) image(ctx context.Context, b *guard.Beat, l *list, image string) error {
	if err := os.MkdirAll(filepath.Dir(image), 0o750); err != nil {
		return err
	}
	own := t.path(imagesDir, l.ID+".list")
	if err := durable(own, func(w io.Writer) error { return json.NewEncoder(w).Encode(l) }); err != nil {
		return err
	}
	defer func() { _ = os.Remove(own) }() // it is on the image
	maker, err := t.maker()
	if err != nil {
		return err
	}
	args := []string{"-quiet", "-iso-level", "3", "-r", "-J", "-joliet-long", "-V", l.ID, "-m", ".vaad-partial", "-m", "lost+found", "-o", image,
		"-graft-points", "/=" + t.path(collectDir), "/" + listName + "=" + own}
	if filepath.Base(maker) == "xorriso" {
		args = append([]string{"-as", "mkisofs"}, args...)
	}
	if err := t.run(ctx, b, maker, args...); err != nil {
		return err
	}
	f, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if err == nil {
		err = check(ctx, b, f, l)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return syncDir(filepath.Dir(image))
}

// check compares an image with the list of what shall be on it.
func check(ctx context.Context, b *guard.Beat, f *os.File, l *list) error {
	bad := func(format string, args ...any) error {
		return folder.Classed(target.ErrCorrupt, fmt.Errorf("image %s: %w", l.ID, fmt.Errorf(format, args...)))
	}
	im, err := iso.Open(f)
	if err != nil {
		return bad("%w", err)
	}
	if im.Volume != l.ID {
		return bad("its label is %q", im.Volume)
	}
	want := map[string]entry{}
	for _, e := range l.Entries {
		want[e.Name] = e
	}
	err = im.Walk(func(file iso.File) error {
		e, ok := want[file.Name]
		if !ok {
			return nil // the marker, the list
		}
		sum, n, err := digest(ctx, b, io.NewSectionReader(file, 0, file.Size))
		if err != nil {
			return err
		}
		if n != e.Size || sum != e.SHA256 {
			return bad("%s has other bytes than what was collected", e.Name)
		}
		delete(want, file.Name)
		return nil
	})
	if err != nil {
		return err
	}
	for name := range want {
		return bad("%s is missing", name)
	}
	st, err := f.Stat()
	if err != nil {
		return err
	}
	l.SHA256, _, err = digest(ctx, b, io.NewSectionReader(f, 0, st.Size()))
	return err
}

// digest reads everything and says how much it was.
func digest(ctx context.Context, b *guard.Beat, r io.Reader) (string, int64, error) {
	h := sha256.New()
	buf := make([]byte, 256<<10)
	var sum int64
	for {
		if ctx.Err() != nil {
			return "", sum, context.Cause(ctx)
		}
		n, err := r.Read(buf)
		h.Write(buf[:n])
		sum += int64(n)
		b.Moved()
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), sum, nil
		}
		if err != nil {
			return "", sum, err
		}
	}
}

// burn writes the image to a disc and reads that back.
func (t *Target) burn(ctx context.Context, b *guard.Beat, l *list, image string) error {
	words := make([]string, len(t.c.Burner))
	for i, w := range t.c.Burner {
		words[i] = strings.NewReplacer("{image}", image, "{volume}", l.ID).Replace(w)
	}
	if err := t.run(ctx, b, words[0], words[1:]...); err != nil {
		return err
	}
	if t.c.Device == "" {
		l.Burnt = true
		return nil
	}
	st, err := os.Stat(image)
	if err != nil {
		return err
	}
	f, err := os.Open(t.c.Device)
	if err != nil {
		return folder.Gone("the disc cannot be read back: %v", err)
	}
	sum, n, err := digest(ctx, b, io.LimitReader(f, st.Size()))
	_ = f.Close() // only read
	if err == nil && (n != st.Size() || sum != l.SHA256) {
		err = folder.Classed(target.ErrCorrupt, fmt.Errorf("disc %s gives back other bytes than its image: throw it away", l.ID))
	}
	l.Burnt = err == nil
	return err
}

// prune removes images of burnt discs but the newest few.
func (t *Target) prune(discs *catalogue) {
	kept := 0
	for i := len(discs.volumes) - 1; i >= 0; i-- {
		v := discs.volumes[i]
		image := t.path(imagesDir, v.ID+".iso")
		if !v.Burnt || !exists(image) {
			continue
		}
		if kept++; kept > t.c.Keep {
			_ = os.Remove(image) // it only takes room
		}
	}
}

// maker finds the program that makes images.
func (t *Target) maker() (string, error) {
	names := []string{t.c.Maker}
	if t.c.Maker == "" {
		names = []string{"xorriso", "genisoimage"}
	}
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", folder.Classed(target.ErrOther, fmt.Errorf("no %s is installed", strings.Join(names, " or ")))
}

// runner runs a program without a shell.
type runner func(ctx context.Context, b *guard.Beat, name string, args ...string) error

// maxSaid is how much of what a program says is kept, in bytes.
const maxSaid = 2048

// said keeps the end of what a program says, which counts as progress.
type said struct {
	b   *guard.Beat
	buf bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.b.Moved()
	s.buf.Write(p)
	if s.buf.Len() > 2*maxSaid {
		s.buf.Next(s.buf.Len() - maxSaid)
	}
	return len(p), nil
}

func run(ctx context.Context, b *guard.Beat, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.WaitDelay = 2 * time.Second
	out := &said{b: b}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	text := strings.Join(strings.Fields(out.buf.String()), " ")
	err = fmt.Errorf("%s: %w: %s", filepath.Base(name), err, text[max(0, len(text)-maxSaid):])
	if strings.Contains(text, "No space left") {
		return folder.Classed(target.ErrFull, err)
	}
	return folder.Classed(target.ErrOther, err)
}
