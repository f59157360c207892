package memdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"vaad/recorder/archive"
)

// ErrCrashed is what every operation returns once the machine is off.
var ErrCrashed = errors.New("the machine is off")

const sector = 512

// Disk is an archive.Disk in memory. Its zero value is not usable: see New.
type Disk struct {
	mu      sync.Mutex
	files   map[string]*inode // as a process sees them
	dirs    map[string]bool
	durable map[string]*inode // names after a power cut
	dirsOK  map[string]bool
	ops     []nameOp        // since the last sync
	dirty   map[*inode]bool // inodes written since the last sync
	rng     *rand.Rand      // for the operation under way at the crash
	left    int             // operations until the crash, < 0 = never
	dead    bool
	count   int

	// Fail, when set, is asked before each operation and may refuse it. op is
	// open, write, truncate, mkdir, rename, remove, chmod, readdir, stat, sync,
	// space, read. It is called with the disk locked and must not use it.
	Fail func(op, name string) error
	// Capacity bounds the bytes of all files, 0 = no bound. A write that does
	// not fit is cut short with ENOSPC, as on a real disk.
	Capacity int64
	used     int64
}

type inode struct {
	data  []byte // as a process sees it
	old   []byte // as of the last sync
	mode  fs.FileMode
	dirty map[int64]bool // sectors written since
}

type nameOp struct {
	kind     byte // 'c'reate, 'r'ename, 'd'elete, 'm'kdir
	name, to string
	node     *inode
}

// New returns an empty disk.
func New() *Disk {
	d := &Disk{files: map[string]*inode{}, dirs: map[string]bool{".": true}, left: -1}
	d.settle()
	return d
}

// settle makes all there is durable.
func (d *Disk) settle() {
	d.durable, d.dirsOK = maps.Clone(d.files), maps.Clone(d.dirs)
	d.ops, d.dirty = nil, map[*inode]bool{}
	for _, n := range d.files {
		n.old, n.dirty = slices.Clone(n.data), nil
	}
}

// CrashAfter turns the machine off after n more operations; the one that is then
// under way happens in part, as the seed says.
func (d *Disk) CrashAfter(n int, seed uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.rng = n, rand.New(rand.NewPCG(seed, 1))
}

// Change sets Fail and Capacity while others may use the disk: what could not be
// sealed is tried again by itself.
func (d *Disk) Change(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// Ops is how many operations there were.
func (d *Disk) Ops() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

// Off turns the machine off now.
func (d *Disk) Off() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
}

// op counts an operation. part says that it is the one under way at the crash.
func (d *Disk) op(kind, name string) (part bool, err error) {
	if d.dead {
		return false, ErrCrashed
	}
	d.count++
	if d.Fail != nil {
		if err := d.Fail(kind, name); err != nil {
			return false, &fs.PathError{Op: kind, Path: name, Err: err}
		}
	}
	if d.left == 0 {
		d.dead = true
		return true, nil
	}
	if d.left > 0 {
		d.left--
	}
	return false, nil
}

func clean(name string) string { return path.Clean(name) }

func notExist(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist} }

// Open opens or creates a file.
func (d *Disk) Open(name string, flag int, perm fs.FileMode) (archive.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = clean(name)
	part, err := d.op("open", name)
	if err != nil {
		return nil, err
	}
	n := d.files[name]
	switch {
	case n == nil && flag&os.O_CREATE == 0, !d.dirs[path.Dir(name)]:
		return nil, notExist("open", name)
	case n == nil:
		if part && d.rng.IntN(2) == 0 {
			return nil, ErrCrashed
		}
		n = &inode{mode: perm}
		d.files[name] = n
		d.ops = append(d.ops, nameOp{'c', name, "", n})
	case flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case flag&(os.O_RDWR|os.O_WRONLY) != 0 && n.mode&0o200 == 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	if part {
		return nil, ErrCrashed
	}
	return &file{d: d, n: n, name: name, write: flag&(os.O_RDWR|os.O_WRONLY) != 0}, nil
}

// MkdirAll makes a folder and those above it.
func (d *Disk) MkdirAll(name string, _ fs.FileMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = clean(name)
	part, err := d.op("mkdir", name)
	if err != nil {
		return err
	}
	at := ""
	for _, p := range strings.Split(name, "/") {
		at = path.Join(at, p)
		if part && d.rng.IntN(2) == 0 {
			return ErrCrashed
		}
		if !d.dirs[at] {
			d.dirs[at] = true
			d.ops = append(d.ops, nameOp{'m', at, "", nil})
		}
	}
	if part {
		return ErrCrashed
	}
	return nil
}

// Rename moves a file, replacing what was there.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	from, to = clean(from), clean(to)
	part, err := d.op("rename", from)
	if err != nil {
		return err
	}
	n := d.files[from]
	if n == nil || !d.dirs[path.Dir(to)] {
		return notExist("rename", from)
	}
	if !part || d.rng.IntN(2) == 0 {
		delete(d.files, from)
		d.files[to] = n
		d.ops = append(d.ops, nameOp{'r', from, to, n})
	}
	if part {
		return ErrCrashed
	}
	return nil
}

// Remove removes a file.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = clean(name)
	part, err := d.op("remove", name)
	if err != nil {
		return err
	}
	n := d.files[name]
	if n == nil {
		return notExist("remove", name)
	}
	if !part || d.rng.IntN(2) == 0 {
		delete(d.files, name)
		d.used -= int64(len(n.data))
		d.ops = append(d.ops, nameOp{'d', name, "", n})
	}
	if part {
		return ErrCrashed
	}
	return nil
}

// Chmod sets a file's mode, durably at once: nothing depends on it.
func (d *Disk) Chmod(name string, mode fs.FileMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = clean(name)
	if part, err := d.op("chmod", name); err != nil || part {
		return errors.Join(err, orCrashed(part))
	}
	n := d.files[name]
	if n == nil {
		return notExist("chmod", name)
	}
	n.mode = mode
	return nil
}

func orCrashed(part bool) error {
	if part {
		return ErrCrashed
	}
	return nil
}

// ReadDir lists a folder in order.
func (d *Disk) ReadDir(name string) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = clean(name)
	if part, err := d.op("readdir", name); err != nil || part {
		return nil, errors.Join(err, orCrashed(part))
	}
	if !d.dirs[name] {
		return nil, notExist("readdir", name)
	}
	var es []fs.DirEntry
	for f, n := range d.files {
		if path.Dir(f) == name {
			es = append(es, entry{path.Base(f), n.mode, int64(len(n.data))})
		}
	}
	for f := range d.dirs {
		if f != "." && path.Dir(f) == name {
			es = append(es, entry{path.Base(f), fs.ModeDir | 0o750, 0})
		}
	}
	slices.SortFunc(es, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return es, nil
}

// Stat says size and mode.
func (d *Disk) Stat(name string) (fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = clean(name)
	if part, err := d.op("stat", name); err != nil || part {
		return nil, errors.Join(err, orCrashed(part))
	}
	if n := d.files[name]; n != nil {
		return entry{path.Base(name), n.mode, int64(len(n.data))}, nil
	}
	if d.dirs[name] {
		return entry{path.Base(name), fs.ModeDir | 0o750, 0}, nil
	}
	return nil, notExist("stat", name)
}

// SyncFS makes everything durable.
func (d *Disk) SyncFS() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if part, err := d.op("sync", "."); err != nil || part {
		return errors.Join(err, orCrashed(part))
	}
	for _, o := range d.ops {
		apply(d.durable, d.dirsOK, o)
	}
	d.ops = nil
	for n := range d.dirty {
		if len(n.old) > len(n.data) {
			n.old = n.old[:len(n.data)]
		}
		if grow := len(n.data) - len(n.old); grow > 0 {
			n.old = append(n.old, make([]byte, grow)...)
		}
		for s := range n.dirty {
			if from := s * sector; from < int64(len(n.data)) {
				copy(n.old[from:], n.data[from:min(from+sector, int64(len(n.data)))])
			}
		}
		n.dirty = nil
	}
	clear(d.dirty)
	return nil
}

// Space says what Capacity leaves.
func (d *Disk) Space() (archive.Space, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if part, err := d.op("space", "."); err != nil || part {
		return archive.Space{}, errors.Join(err, orCrashed(part))
	}
	s := archive.Space{FreeBytes: 1 << 40, TotalBytes: 1 << 40}
	if d.Capacity > 0 {
		s = archive.Space{FreeBytes: max(0, d.Capacity-d.used), TotalBytes: d.Capacity}
	}
	return s, nil
}

// Close does nothing: the disk outlives the process.
func (d *Disk) Close() error { return nil }

// Files lists all files, in order.
func (d *Disk) Files() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.files))
}

// ReadFile returns what a file holds.
func (d *Disk) ReadFile(name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.files[clean(name)]
	if n == nil {
		return nil, notExist("read", name)
	}
	return slices.Clone(n.data), nil
}

// WriteFile puts a file there, durably, as if it had always been.
func (d *Disk) WriteFile(name string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = clean(name)
	for p := path.Dir(name); p != "."; p = path.Dir(p) {
		d.dirs[p], d.dirsOK[p] = true, true
	}
	n := &inode{data: slices.Clone(data), old: slices.Clone(data), mode: 0o640}
	d.files[name], d.durable[name] = n, n
}

// apply carries a name operation out where it is still possible.
func apply(files map[string]*inode, dirs map[string]bool, o nameOp) {
	switch o.kind {
	case 'm':
		if dirs[path.Dir(o.name)] {
			dirs[o.name] = true
		}
	case 'c':
		if dirs[path.Dir(o.name)] && files[o.name] == nil {
			files[o.name] = o.node
		}
	case 'd':
		if files[o.name] == o.node {
			delete(files, o.name)
		}
	case 'r':
		if files[o.name] == o.node && dirs[path.Dir(o.to)] {
			delete(files, o.name)
			files[o.to] = o.node
		}
	}
}

type entry struct {
	name string
	mode fs.FileMode
	size int64
}

func (e entry) Name() string               { return e.name }
func (e entry) Size() int64                { return e.size }
func (e entry) Mode() fs.FileMode          { return e.mode }
func (e entry) Type() fs.FileMode          { return e.mode.Type() }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) IsDir() bool                { return e.mode.IsDir() }
func (e entry) Sys() any                   { return nil }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) String() string             { return fmt.Sprintf("%v %s %d", e.mode, e.name, e.size) }
