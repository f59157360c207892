package iso

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

const (
	sector   = 2048
	maxDepth = 16
	maxDir   = 64 << 20 // bytes of one folder
	maxFiles = 4_000_000
)

// ErrFormat is wrapped by errors of what is no such image.
var ErrFormat = errors.New("not a disc image with Joliet names")

// Image is an open image.
type Image struct {
	r      io.ReaderAt
	Volume string // its label
	Size   int64  // bytes of the file system
	root   extent
}

// extent is a run of bytes.
type extent struct{ off, n int64 }

// File is a file of an image.
type File struct {
	Name string // with slashes
	Size int64
	runs []extent
	r    io.ReaderAt
}

// Open reads the head of an image.
func Open(r io.ReaderAt) (*Image, error) {
	im := &Image{r: r}
	b := make([]byte, sector)
	for at := int64(16); at < 64; at++ {
		if n, err := r.ReadAt(b, at*sector); n < sector {
			return nil, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		if string(b[1:6]) != "CD001" {
			return nil, ErrFormat
		}
		switch b[0] {
		case 1: // the primary descriptor
			im.Volume = strings.TrimRight(string(b[40:72]), " \x00")
			im.Size = int64(binary.LittleEndian.Uint32(b[80:])) * sector
		case 2: // a supplementary one, Joliet where its escape sequence says so
			if string(b[88:90]) == "%/" && strings.IndexByte("@CE", b[90]) >= 0 {
				rec, _, err := record(b[156:190])
				if err != nil {
					return nil, err
				}
				im.root = rec.extent
			}
		case 255: // the end
			if im.root.n == 0 || im.Volume == "" {
				return nil, ErrFormat
			}
			return im, nil
		}
	}
	return nil, ErrFormat
}

// dirRecord is an entry of a folder.
type dirRecord struct {
	extent
	name  string
	dir   bool
	more  bool // of the same file follows in the next record
	other bool // itself or its parent
}

// record reads the record at b's beginning and says how long it is; 0 = there is
// no more in this sector.
func record(b []byte) (dirRecord, int, error) {
	n := int(b[0])
	if n == 0 {
		return dirRecord{}, 0, nil
	}
	if n < 34 || n > len(b) || 33+int(b[32]) > n {
		return dirRecord{}, 0, fmt.Errorf("%w: a record of %d bytes", ErrFormat, n)
	}
	rec := dirRecord{
		extent: extent{int64(binary.LittleEndian.Uint32(b[2:])) * sector, int64(binary.LittleEndian.Uint32(b[10:]))},
		dir:    b[25]&2 != 0, more: b[25]&0x80 != 0,
	}
	id := b[33 : 33+int(b[32])]
	if len(id) == 1 {
		rec.other = true
		return rec, n, nil
	}
	units := make([]uint16, len(id)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(id[2*i:])
	}
	rec.name, _, _ = strings.Cut(string(utf16.Decode(units)), ";")
	if rec.name == "" || rec.name == "." || rec.name == ".." || strings.ContainsAny(rec.name, "/\x00") {
		return dirRecord{}, 0, fmt.Errorf("%w: a file called %q", ErrFormat, rec.name)
	}
	return rec, n, nil
}

// Walk calls fn for every file, folder by folder.
func (im *Image) Walk(fn func(File) error) error {
	w := walker{im.r, fn, maxFiles, map[int64]bool{}}
	return w.dir(im.root, "", maxDepth)
}

type walker struct {
	r    io.ReaderAt
	fn   func(File) error
	left int            // records that are still read
	seen map[int64]bool // folders, by where they begin: none is in itself
}

func (w *walker) dir(dir extent, path string, depth int) error {
	if depth == 0 || dir.n > maxDir || w.seen[dir.off] {
		return fmt.Errorf("%w: folder %q is too deep, too large or in itself", ErrFormat, path)
	}
	w.seen[dir.off] = true
	b := make([]byte, sector)
	var file *File
	for at := int64(0); at < dir.n; at += sector {
		if n, err := w.r.ReadAt(b, dir.off+at); n < sector {
			return fmt.Errorf("folder %q: %w", path, err)
		}
		for i := 0; i < sector; {
			rec, n, err := record(b[i:])
			if err != nil {
				return fmt.Errorf("folder %q: %w", path, err)
			}
			if n == 0 {
				break
			}
			i += n
			if w.left--; w.left < 0 {
				return fmt.Errorf("%w: too many files", ErrFormat)
			}
			switch {
			case rec.other:
			case rec.dir:
				if err := w.dir(rec.extent, path+rec.name+"/", depth-1); err != nil {
					return err
				}
			default:
				if file == nil {
					file = &File{Name: path + rec.name, r: w.r}
				}
				file.Size += rec.n
				file.runs = append(file.runs, rec.extent)
				if !rec.more {
					if err := w.fn(*file); err != nil {
						return err
					}
					file = nil
				}
			}
		}
	}
	return nil
}

// errFound ends a walk.
var errFound = errors.New("found")

// Find finds a file by its name.
func (im *Image) Find(name string) (File, bool, error) {
	var found File
	err := im.Walk(func(f File) error {
		if f.Name != name {
			return nil
		}
		found = f
		return errFound
	})
	if err == errFound {
		return found, true, nil
	}
	return found, false, err
}

// ReadAt implements io.ReaderAt.
func (f File) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for _, run := range f.runs {
		if off >= run.n {
			off -= run.n
			continue
		}
		if done == len(p) {
			return done, nil
		}
		want := p[done:min(int64(len(p)), int64(done)+run.n-off)]
		n, err := f.r.ReadAt(want, run.off+off)
		done += n
		if n < len(want) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF // the image ends before its file does
			}
			return done, err
		}
		off = 0
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}
