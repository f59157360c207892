package target

import (
	"context"
	"io"
	"time"
)

// Marker is the file that makes a place a backup target. Whoever sets a target
// up puts it, once; while it is missing every other Put, Remove and Sweep fails
// with [ErrNoMarker]. Reading needs no marker.
const Marker = "vaad-backup.json"

// A Target keeps files. Names obey [CheckName]; errors are [*Error].
type Target interface {
	// Name is what the owner calls it: it stands in errors, logs and metrics.
	Name() string

	// Kind says what sort of place it is.
	Kind() Kind

	// Put stores size bytes of r as name and replaces what was there at once, when
	// it is complete and durable. It begins anew each time. A source with fewer
	// bytes is [ErrShort]; more are left unread.
	Put(ctx context.Context, name string, size int64, r io.Reader) error

	// PutFrom is Put from a source that can be read anywhere. What an interrupted
	// PutFrom of that name left behind is compared with r and, as far as it is the
	// same, not sent again. The result is always exactly r's bytes.
	PutFrom(ctx context.Context, name string, size int64, r io.ReaderAt) error

	// Get reads n bytes of name from off on; n < 0 means to the end, and what lies
	// behind the end is not there. ctx governs the reading too. The reader ends
	// with io.EOF only where the range or the file ends: a break is an [*Error].
	// The caller closes it.
	Get(ctx context.Context, name string, off, n int64) (io.ReadCloser, error)

	// Stat says what is stored as name; [ErrNotExist] when nothing is.
	Stat(ctx context.Context, name string) (Entry, error)

	// List calls fn for every file below prefix, in the byte order of their names;
	// "" lists all. A prefix is a whole path: "a/b" holds "a/b/c" but not "a/bc"
	// and not "a/b". Unfinished files do not show. An error of fn ends the list and
	// is returned as it is, but for [io/fs.SkipAll], which only ends it. What is
	// put or removed meanwhile may show or not.
	List(ctx context.Context, prefix string, fn func(Entry) error) error

	// Remove removes name and whatever an unfinished Put of it left, every version
	// where the place keeps versions. What is not there is no error.
	Remove(ctx context.Context, name string) error

	// Sweep removes what unfinished Puts left behind and nobody touched for so
	// long, and says how many. Puts under way here are spared.
	Sweep(ctx context.Context, older time.Duration) (int, error)

	// Space says what room there is.
	Space(ctx context.Context) (Space, error)

	// Close ends all connections. Calls under way fail.
	Close() error
}

// Entry is one stored file.
type Entry struct {
	Name     string
	Size     int64     // bytes
	Modified time.Time // when it was stored, by the place's clock
	Volume   string    // the disc it is on, of targets that are many discs; else ""
}

// Space is the room of a target in bytes, -1 where the place does not tell.
type Space struct {
	Free, Total int64
}

// Unknown is the Space of places that do not tell.
func Unknown() Space { return Space{Free: -1, Total: -1} }

// An Ejector is a target whose medium is taken away: see [As].
type Ejector interface {
	// Attach finds the medium and mounts it where it is not. Every call does so by
	// itself, but for a medium that was ejected and is still there.
	Attach(ctx context.Context) error
	// Eject waits for calls under way, makes everything durable and releases the
	// medium. After it returned nil the medium may be removed; calls fail with
	// [ErrGone] until it was away and came back, or Attach.
	Eject(ctx context.Context) error
	// Medium says how things stand, without waiting.
	Medium(ctx context.Context) Medium
}

// Medium is the state of a removable medium.
type Medium struct {
	State  MediumState
	Device string // of the medium found, else ""
	Mount  string // where it is mounted, else ""
}

// MediumState is what one may do with a removable medium.
type MediumState string

// States of a removable medium.
const (
	MediumAbsent   MediumState = "absent"   // none with that label or UUID is there
	MediumPresent  MediumState = "present"  // there, not mounted: may be removed
	MediumMounted  MediumState = "mounted"  // in use: must not be removed
	MediumReleased MediumState = "released" // written out and unmounted by Eject: may be removed
)

// A Sealer is a target that collects files until they make a volume: discs. See
// [As].
type Sealer interface {
	// Seal makes a volume of what was collected, writes it and checks it. A volume
	// without files is not made: its ID is "".
	Seal(ctx context.Context) (Volume, error)
	// Volumes lists what was sealed, oldest first.
	Volumes(ctx context.Context) ([]Volume, error)
}

// Volume is one sealed disc.
type Volume struct {
	ID     string    `json:"id"` // also the label of its file system
	Sealed time.Time `json:"sealed"`
	Files  int       `json:"files"`
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"` // of the image, hexadecimal
	Image  string    `json:"image"`  // the image file where it is kept, else ""
	Burnt  bool      `json:"burnt"`  // written to a disc, and read back where a drive is known
}

// Wrapper is a target around another one.
type Wrapper interface{ Unwrap() Target }

// As finds what a target can do besides: As[Ejector](t), through wrappers.
func As[T any](t Target) (T, bool) {
	for t != nil {
		if v, ok := t.(T); ok {
			return v, true
		}
		w, ok := t.(Wrapper)
		if !ok {
			break
		}
		t = w.Unwrap()
	}
	var zero T
	return zero, false
}
