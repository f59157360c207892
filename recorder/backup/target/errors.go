package target

import (
	"context"
	"errors"
	"io/fs"
)

// Classes of errors. Each [*Error] matches exactly one of them with errors.Is;
// the error of a context matches that context's error and none of these.
var (
	ErrName        = errors.New("not a name for a backup file")
	ErrNotExist    = fs.ErrNotExist                                  // no such file on the target
	ErrShort       = errors.New("the source ended early")            // fewer bytes than were announced
	ErrSource      = errors.New("the source cannot be read")         // not the target's fault
	ErrFull        = errors.New("the target is full")                // no space, no inodes, over quota
	ErrReadOnly    = errors.New("the target is read-only")           // mounted so, or rights that allow reading only
	ErrGone        = errors.New("the medium is not there")           // unplugged, not mounted, no such bucket
	ErrNoMarker    = errors.New("the target is not set up")          // Marker is missing: the wrong place, or a new one
	ErrAuth        = errors.New("access was denied")                 // key, password, host key, certificate, rights
	ErrRefused     = errors.New("the target refuses to change it")   // object lock, write-once medium
	ErrCorrupt     = errors.New("the target gives back other bytes") // checksum, input/output error
	ErrStalled     = errors.New("nothing moved for too long")        // a hung server, network or disk
	ErrUnreachable = errors.New("the target cannot be reached")      // no connection, a broken one, server busy
	ErrClosed      = errors.New("the target is closed")
	ErrOther       = errors.New("the target failed")
)

// classes lists all, for Class; the text is a label of metrics and logs.
var classes = []struct {
	err       error
	label     string
	temporary bool // worth another try by itself, soon
}{
	{ErrName, "name", false},
	{ErrNotExist, "not_exist", false},
	{ErrShort, "short", false},
	{ErrSource, "source", false},
	{ErrFull, "full", false},
	{ErrReadOnly, "read_only", false},
	{ErrGone, "gone", false},
	{ErrNoMarker, "no_marker", false},
	{ErrAuth, "auth", false},
	{ErrRefused, "refused", false},
	{ErrCorrupt, "corrupt", false},
	{ErrStalled, "stalled", true},
	{ErrUnreachable, "unreachable", true},
	{ErrClosed, "closed", false},
	{ErrOther, "other", false},
}

// Error is what went wrong, where and with which file.
type Error struct {
	Target string // Target.Name
	Op     string // put, get, stat, list, remove, sweep, space, open, attach, eject, seal
	Name   string // the file, prefix or volume, or ""
	Class  error  // one of the Err values, or nil when a context ended
	Err    error  // the cause; may be nil
}

func (e *Error) Error() string {
	s := "backup target " + e.Target + ": " + e.Op
	if e.Name != "" {
		s += " " + e.Name
	}
	if e.Class != nil {
		s += ": " + e.Class.Error()
	}
	if e.Err != nil && (e.Class == nil || e.Err.Error() != e.Class.Error()) {
		s += ": " + e.Err.Error()
	}
	return s
}

// Is matches the class.
func (e *Error) Is(t error) bool { return e.Class != nil && t == e.Class }

// Unwrap gives the cause, unless it would match another class.
func (e *Error) Unwrap() error {
	if e.Err == nil {
		return nil
	}
	for _, c := range classes {
		if c.err != e.Class && errors.Is(e.Err, c.err) {
			return nil
		}
	}
	return e.Err
}

// Temporary says whether trying again soon, with nobody doing anything, may help.
func Temporary(err error) bool {
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.temporary
		}
	}
	return false
}

// Class is a short word for the class of err: "" for nil, "canceled" for the end
// of a context, "other" for what has none.
func Class(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "canceled"
	}
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.label
		}
	}
	return "other"
}

// ClassOf is the class err matches, or nil.
func ClassOf(err error) error {
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.err
		}
	}
	return nil
}
