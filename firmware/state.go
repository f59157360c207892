package firmware

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"vaad/firmware/wire"
)

const (
	stateVersion = 1
	maxFailures  = 64
	maxState     = 1 << 20
	maxDetail    = 500
)

// A State is what the processes of this program know of each other: which device
// is being loaded (a lock each, beside the file), what it is, and how the last load
// of a device failed (the file, docs/formats/vaad-usb-state.md). It is of this boot only.
type State struct{ path string }

// NewState keeps its state in a file, whose folder it makes if need be.
func NewState(path string) *State { return &State{path} }

// A Failure is how the last load of a device ended, if not well.
type Failure struct {
	Code   string    `json:"code"` // of wire.Error
	Detail string    `json:"detail,omitempty"`
	At     time.Time `json:"at"`
	Number int       `json:"number,omitempty"` // of the device on its bus when that ended; 0: it was gone
}

type stateFile struct {
	Version  int                    `json:"version"`
	Failures map[string]Failure     `json:"failures"`          // by Device.ID
	Loading  map[string]wire.Device `json:"loading,omitempty"` // as they were when their loads began
}

// read returns what the file says. One that is not there, damaged or of another
// version says nothing.
func (s *State) read() stateFile {
	f := stateFile{}
	b, err := readBounded(s.path)
	if err != nil || json.Unmarshal(b, &f) != nil || f.Version != stateVersion {
		f = stateFile{}
	}
	if f.Failures == nil {
		f.Failures = map[string]Failure{}
	}
	if f.Loading == nil {
		f.Loading = map[string]wire.Device{}
	}
	return f
}

// Failures returns the failures of devices by their IDs.
func (s *State) Failures() map[string]Failure { return s.read().Failures }

// Loading returns the devices that are being loaded, as they were when that began: a
// device is off the bus for a while, and is no less there.
func (s *State) Loading() map[string]wire.Device {
	loading := s.read().Loading
	maps.DeleteFunc(loading, func(id string, _ wire.Device) bool { return !s.Taken(id) }) // of processes that died
	return loading
}

// Begin keeps that a device is being loaded, by whoever has taken it.
func (s *State) Begin(d wire.Device) error {
	return s.change(func(f *stateFile) { f.Loading[d.ID] = d })
}

// End keeps how a load ended, and the number of the device then; nil forgets its
// failure.
func (s *State) End(id string, failed *wire.Error, number int) error {
	return s.change(func(f *stateFile) {
		delete(f.Loading, id)
		delete(f.Failures, id)
		if failed != nil {
			f.Failures[id] = Failure{failed.Code, short(failed.Detail), time.Now().UTC().Truncate(time.Second), number}
		}
	})
}

func (s *State) change(do func(*stateFile)) error {
	unlock, err := s.lock("state", syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock()
	f := s.read()
	f.Version = stateVersion
	do(&f)
	maps.DeleteFunc(f.Loading, func(id string, _ wire.Device) bool { return !s.Taken(id) })
	for len(f.Failures) > maxFailures {
		oldest := ""
		for id, x := range f.Failures {
			if oldest == "" || x.At.Before(f.Failures[oldest].At) {
				oldest = id
			}
		}
		delete(f.Failures, oldest)
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	// A new file in the place of the old one: who reads sees one or the other.
	_ = os.Remove(s.path + ".new") // that another user left half-written
	if err := writeNew(s.path+".new", append(b, '\n')); err != nil {
		return err
	}
	return os.Rename(s.path+".new", s.path)
}

// The folder is the helper's user's, and root works in it too, so no file in it is
// opened through a link, nor waited for.
const noLink = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// readBounded reads a file that is not larger than maxState.
func readBounded(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noLink, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err == nil && len(b) > maxState {
		err = errors.New("it is too large")
	}
	return b, err
}

// writeNew writes a file that was not there.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|noLink, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// short bounds a detail.
func short(s string) string {
	if len(s) > maxDetail {
		return strings.ToValidUTF8(s[:maxDetail], "")
	}
	return s
}

// errLoading is that another process, or another request, has the device.
var errLoading = errors.New("it is being loaded already")

// Take makes the device this caller's until release is called, or the process ends.
func (s *State) Take(id string) (release func(), err error) {
	for range takeTries {
		release, err = s.lock("device-"+id, syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return release, err
		}
		if s.Taken(id) {
			return nil, errLoading
		}
		time.Sleep(10 * time.Millisecond) // somebody asks whether it is taken, and has it for an instant
	}
	return nil, errLoading
}

// takeTries: who asks may be a process that a busy machine does not let go on.
const takeTries = 3000

// Taken says whether somebody has the device.
func (s *State) Taken(id string) bool {
	f, err := os.OpenFile(s.lockFile("device-"+id), os.O_RDONLY|noLink, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

func (s *State) lockFile(name string) string {
	return filepath.Join(filepath.Dir(s.path), plain(name)+".lock")
}

func (s *State) lock(name string, how int) (func(), error) {
	path := s.lockFile(name)
	// For reading: root may have made it, and the helper's user locks it.
	f, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE|noLink, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o750); err == nil {
			f, err = os.OpenFile(path, os.O_RDONLY|os.O_CREATE|noLink, 0o644)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return func() { f.Close() }, nil // closing lets the lock go
}
