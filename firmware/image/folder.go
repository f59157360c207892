package image

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"

	"vaad/firmware/wire"
)

// maxImage bounds an image, bytes of its file. The largest known has 200 KiB.
const maxImage = 4 << 20

// A Folder is a folder of images whose manifest was read.
type Folder struct {
	dir     string
	entries []Entry
}

// An Image is one whose bytes were found to be what the manifest says.
type Image struct {
	Entry
	Records []Record
	Size    int // bytes of all records
}

// Open reads the manifest of a folder. Errors are *wire.Error with NoManifest or
// ManifestInvalid.
func Open(dir string) (*Folder, error) {
	data, err := read(dir, ManifestName, maxManifest)
	if err != nil {
		return nil, &wire.Error{Code: wire.NoManifest, Detail: err.Error()}
	}
	entries, err := ParseManifest(data)
	if err != nil {
		return nil, &wire.Error{Code: wire.ManifestInvalid, Detail: err.Error()}
	}
	return &Folder{dir, entries}, nil
}

// For returns the image of a kind for a device. Errors are *wire.Error: NoImage,
// ImageMissing, ImageChanged, ImageInvalid.
func (f *Folder) For(k Kind, id USBID, release uint16) (*Image, error) {
	all, err := f.All(k, id, release)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, &wire.Error{Code: wire.NoImage, Detail: fmt.Sprintf("%s of %v release %04x", k, id, release)}
	}
	return all[0], nil
}

// All returns every image of a kind for a device, in the order of the manifest.
// If one is not as the manifest says, none is returned.
func (f *Folder) All(k Kind, id USBID, release uint16) ([]*Image, error) {
	var all []*Image
	for i := range f.entries {
		if !f.entries[i].serves(k, id, release) {
			continue
		}
		img, err := f.load(&f.entries[i])
		if err != nil {
			return nil, err
		}
		all = append(all, img)
	}
	return all, nil
}

// load reads a file once, hashes those bytes and parses those bytes.
func (f *Folder) load(e *Entry) (*Image, error) {
	data, err := read(f.dir, e.File, maxImage)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &wire.Error{Code: wire.ImageMissing, Detail: e.File}
	case err != nil:
		return nil, &wire.Error{Code: wire.ImageMissing, Detail: err.Error()}
	}
	if sum := sha256.Sum256(data); sum != e.SHA256 {
		return nil, &wire.Error{Code: wire.ImageChanged, Detail: fmt.Sprintf("%s has %x, the manifest %x", e.File, sum, e.SHA256)}
	}
	unit := 1
	if e.Kind == PIC {
		unit = picUnit
	}
	records, err := ParseHEX(data, unit)
	if err == nil {
		err = fits(e.Kind, records)
	}
	if err != nil {
		return nil, &wire.Error{Code: wire.ImageInvalid, Detail: e.File + ": " + err.Error()}
	}
	img := &Image{Entry: *e, Records: records}
	for _, r := range records {
		img.Size += len(r.Data)
	}
	return img, nil
}

// Internal RAM of a Cypress FX2LP: what its boot loader can write.
const (
	ramEnd               = 0x4000
	scratch, scratchEnd  = 0xE000, 0xE200
	picUnit, maxFPGABase = 3, 16 << 20
)

// fits says whether every record is where a device of this kind can take it.
func fits(k Kind, records []Record) error {
	for _, r := range records {
		end := uint64(r.Addr) + uint64(len(r.Data))
		switch k {
		case FX2:
			if end > ramEnd && (r.Addr < scratch || end > scratchEnd) {
				return fmt.Errorf("line %d: %04x is outside the RAM of the USB controller", r.Line, r.Addr)
			}
		case FPGA:
			if end > maxFPGABase {
				return fmt.Errorf("line %d: no FPGA is so large", r.Line)
			}
		case PIC:
			if len(r.Data) != picUnit || r.Addr > 0xffff {
				return fmt.Errorf("line %d: a record of a PIC image has %d bytes, at most at ffff", r.Line, picUnit)
			}
		}
	}
	return nil
}

// read reads a regular file of a folder, never through a link, never for ever.
func read(dir, file string, limit int64) ([]byte, error) {
	// Without O_NONBLOCK opening a pipe waits for whoever would write it.
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", file)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d KiB", file, limit>>10)
	}
	return data, nil
}

// papers are what people keep beside images.
var papers = regexp.MustCompile(`(?i)^(\.|README|LICEN[CS]E|COPYING)|\.(txt|md)$`)

// Verify compares a folder with its manifest: every entry, and every file that is
// none. Errors are those of Open; faults of images are in the answer.
func Verify(dir string) ([]wire.Image, error) {
	f, err := Open(dir)
	if err != nil {
		return nil, err
	}
	var all []wire.Image
	listed := map[string]bool{ManifestName: true}
	for i := range f.entries {
		e := &f.entries[i]
		listed[e.File] = true
		w := wire.Image{File: e.File, Version: e.Version, Licence: e.Licence, SHA256: fmt.Sprintf("%x", e.SHA256), Loads: e.Loads()}
		if _, err := f.load(e); err != nil {
			var we *wire.Error
			if errors.As(err, &we) {
				w.Fault, w.Detail = we.Code, we.Detail
			}
		}
		all = append(all, w)
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, &wire.Error{Code: wire.NoManifest, Detail: err.Error()}
	}
	var others []wire.Image
	for _, d := range found {
		if !listed[d.Name()] && !papers.MatchString(d.Name()) && len(others) < maxEntries {
			others = append(others, wire.Image{File: d.Name(), Fault: wire.ImageUnlisted})
		}
	}
	slices.SortFunc(others, func(a, b wire.Image) int { return cmp.Compare(a.File, b.File) })
	return append(all, others...), nil
}
