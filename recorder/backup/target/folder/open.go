package folder

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"vaad/recorder/backup/target"
)

// At opens the folder at path. Where mount is not "", the folder must lie on what
// is mounted exactly there: the bare mount point is [target.ErrGone].
func At(path, mount string) Opener {
	return func(context.Context) (Disk, error) { return at(path, mount, ".") }
}

// In opens the folder base of the folder dir; setting the target up makes it.
func In(dir, base string) Opener {
	return func(context.Context) (Disk, error) { return at(dir, "", base) }
}

// Below opens a folder of what is mounted at point; setting the target up makes it.
func Below(point, folder string) (Disk, error) {
	return at(point, point, path.Join(".", folder))
}

func at(dir, mount, base string) (Disk, error) {
	r, err := os.OpenRoot(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil, Gone("%s does not exist", dir)
		}
		return nil, err
	}
	if mount == "" {
		return root{r, base}, nil
	}
	if err := mounted(r, mount); err != nil {
		_ = r.Close() // nothing was done with it
		return nil, err
	}
	return root{r, base}, nil
}

// mounted says whether an open folder lies on what is mounted at point. A folder
// bound onto itself, as a service manager does to let a service write there, is
// still the file system of the folder above.
func mounted(r *os.Root, point string) error {
	on, err := mountOf(r)
	if err != nil {
		return err
	}
	if on.Point != point && !strings.HasPrefix(on.Point, strings.TrimSuffix(point, "/")+"/") {
		return Gone("nothing is mounted at %s", point)
	}
	var here, above unix.Stat_t
	if err := unix.Stat(path.Dir(point), &above); err != nil {
		return &fs.PathError{Op: "stat", Path: path.Dir(point), Err: err}
	}
	f, err := r.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only looked at
	if err := unix.Fstat(int(f.Fd()), &here); err != nil {
		return &fs.PathError{Op: "stat", Path: r.Name(), Err: err}
	}
	if point != "/" && here.Dev == above.Dev {
		return Gone("nothing is mounted at %s: it is a folder of the disk of %s", point, path.Dir(point))
	}
	return nil
}

// Gone is an error of the class ErrGone.
func Gone(format string, args ...any) error {
	return Classed(target.ErrGone, fmt.Errorf(format, args...))
}

// Classed is err as one of that class and of no other.
func Classed(class, err error) error { return &classed{class, err} }

type classed struct{ class, err error }

func (e *classed) Error() string        { return e.err.Error() }
func (e *classed) Is(target error) bool { return target == e.class }

// Mount is a line of the kernel's table of mounts.
type Mount struct {
	ID      int
	Dev     string // major:minor of the file system
	Root    string // what of the file system is mounted: "/" is all
	Point   string
	Options string // of this mount, as "rw,noatime"
	Type    string
	Source  string
}

// Mounts reads the table.
func Mounts() ([]Mount, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return ParseMounts(f)
}

// ParseMounts reads a table in the kernel's mountinfo format; lines it does not
// understand are left out.
func ParseMounts(r io.Reader) ([]Mount, error) {
	var all []Mount
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		left, right, ok := strings.Cut(sc.Text(), " - ")
		a, b := strings.Fields(left), strings.Fields(right)
		if !ok || len(a) < 6 || len(b) < 2 {
			continue
		}
		id, err := strconv.Atoi(a[0])
		if err != nil {
			continue
		}
		all = append(all, Mount{ID: id, Dev: a[2], Root: unescape(a[3]), Point: unescape(a[4]), Options: a[5], Type: b[0], Source: unescape(b[1])})
	}
	return all, sc.Err()
}

// unescape undoes \040 and the like.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// mountOf finds the mount that an open folder lies on, whatever is mounted over
// its path by now.
func mountOf(r *os.Root) (Mount, error) {
	f, err := r.Open(".")
	if err != nil {
		return Mount{}, err
	}
	defer func() { _ = f.Close() }() // only looked at
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(int(f.Fd())))
	if err != nil {
		return Mount{}, err
	}
	id := -1
	for line := range strings.Lines(string(info)) {
		if v, ok := strings.CutPrefix(line, "mnt_id:"); ok {
			if id, err = strconv.Atoi(strings.TrimSpace(v)); err != nil {
				return Mount{}, err
			}
		}
	}
	mounts, err := Mounts()
	if err != nil {
		return Mount{}, err
	}
	for _, m := range mounts {
		if m.ID == id {
			return m, nil
		}
	}
	return Mount{}, Gone("what was mounted at %s is not mounted any more", r.Name())
}
