package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/oklog/ulid/v2"

	"vaad/recorder/archive/crypt"
)

// content is a file of a recording as it was before it was encrypted, if it was.
type content interface {
	io.ReaderAt
	io.Closer
	Size() (int64, error)
}

// decrypted is the content of an encrypted file.
type decrypted struct {
	*crypt.Reader
	f io.Closer
}

func (d decrypted) Size() (int64, error) { return d.Reader.Size(), nil }
func (d decrypted) Close() error         { return d.f.Close() }

// UseKeys lets a reader made by [OpenReadOnly] read encrypted recordings. Call it
// before anything is read.
func (r *Reader) UseKeys(k Keys) { r.keys = k }

// clear is the content of a file. The file belongs to it, or is closed.
func (r *Reader) clear(f File, day Day, name string) (content, error) {
	if !strings.HasSuffix(name, extEnc) {
		return f, nil
	}
	size, err := f.Size()
	var in *crypt.Reader
	if err == nil {
		in, err = Decrypt(f, size, day, name, r.keys)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return decrypted{in, f}, nil
}

// Decrypt reads a file of a sealed recording, whose name ends in .enc. day may be
// "". It refuses a file that belongs under another name.
func Decrypt(f io.ReaderAt, size int64, day Day, name string, keys Keys) (*crypt.Reader, error) {
	id, side, ext, ok := splitName(name)
	if !ok || !strings.HasSuffix(ext, extEnc) {
		return nil, fmt.Errorf("%s: %w", name, crypt.ErrFormat)
	}
	h, err := crypt.ReadHeader(f, size)
	if err == nil && (h.ID != [16]byte(ulid.MustParseStrict(id)) || h.Side != side) {
		err = crypt.ErrOther
	}
	if err == nil && keys == nil {
		err = ErrNoKey
	}
	var k crypt.Key
	if err == nil {
		k, err = keys.Key(day, id, h.Key)
	}
	var in *crypt.Reader
	if err == nil {
		in, err = crypt.Open(f, h, k)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return in, nil
}

// A Loose is the content of a file that somebody named, in the clear.
type Loose struct {
	*io.SectionReader
	f *os.File
}

// Close closes the file.
func (l *Loose) Close() error { return l.f.Close() }

// Stat is about the file as it is stored.
func (l *Loose) Stat() (os.FileInfo, error) { return l.f.Stat() }

// OpenLoose opens an encrypted file of a recording wherever it lies: its name must
// still be its own.
func OpenLoose(file string, keys Keys) (*Loose, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	var in *crypt.Reader
	if err == nil {
		in, err = Decrypt(f, fi.Size(), dayOfPath(file), filepath.Base(file), keys)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Loose{io.NewSectionReader(in, 0, in.Size()), f}, nil
}

// Encrypted reports whether a name is that of an encrypted file of a recording.
func Encrypted(name string) bool {
	_, _, ext, ok := splitName(path.Base(filepath.ToSlash(name)))
	return ok && strings.HasSuffix(ext, extEnc)
}

// dayOfPath is the day that a path's folders say, "" if they say none.
func dayOfPath(file string) Day {
	dir := strings.Split(filepath.ToSlash(filepath.Dir(file)), "/")
	if n := len(dir); n >= 3 {
		if d := Day(strings.Join(dir[n-3:], "-")); d.Valid() {
			return d
		}
	}
	return ""
}

// HasEncrypted reports whether the sides of a sealed recording are encrypted.
func (r *Reader) HasEncrypted(day Day, id string, sides []string) bool {
	for _, side := range sides {
		if validSide(side) != nil || validID(id) != nil || !day.Valid() {
			continue
		}
		if _, err := r.disk.Stat(day.file(wavName(id, side) + extEnc)); err == nil {
			return true
		}
	}
	return false
}

// open opens a file of a recording wherever it is now, encrypted or not, and says
// in which day, "" for open/.
func (r *Reader) open(day Day, id, name string) (content, Day, error) {
	for try := 0; ; try++ {
		d, err := r.locate(day, id)
		if err != nil {
			return nil, "", err
		}
		days := []Day{d}
		if d == "" { // while it is sealed its files are in two places
			made := ulid.Time(ulid.MustParseStrict(id).Time())
			days = append(days, DayOf(made), DayOf(made.AddDate(0, 0, -1)), DayOf(made.AddDate(0, 0, 1)))
		}
		for _, d := range days {
			f, as, err := r.either(d, name)
			if err == nil {
				c, err := r.clear(f, d, as)
				return c, d, err
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, "", err
			}
		}
		if try == 1 { // the first time it may have been sealed in between
			return nil, "", fmt.Errorf("%s: %w", name, ErrNotFound)
		}
	}
}

// either opens a file as it is, or its encrypted form, and says which.
func (r *Reader) either(d Day, name string) (File, string, error) {
	if d == "" {
		f, err := r.disk.Open(inOpen(name), os.O_RDONLY, 0)
		return f, name, err
	}
	f, err := r.disk.Open(d.file(name), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		name += extEnc
		f, err = r.disk.Open(d.file(name), os.O_RDONLY, 0)
	}
	return f, name, err
}

// openNamed opens a file of a day's folder by its own name, in the clear.
func (r *Reader) openNamed(d Day, name string) (content, error) {
	f, err := r.disk.Open(d.file(name), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	return r.clear(f, d, name)
}
