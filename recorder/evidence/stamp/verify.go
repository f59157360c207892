package stamp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/evidence"
)

// Folder is where stamps lie, below the folder of recordings.
const Folder = "stamps"

// Name is the name of the stamp of a checkpoint.
func Name(number int64) string { return fmt.Sprintf("%09d.tsr", number) }

// What may be wrong with a stamp: stable codes, for which api/text has words.
const (
	Unreadable = "stamp-unreadable" // it is none, its signature is wrong, or its signer is not trusted: Detail
	Odd        = "stamp-odd"        // a file in the folder that is no stamp
	Alone      = "stamp-alone"      // its checkpoint is not there
	OfOther    = "stamp-of-other"   // its checkpoint is not what was stamped
	Early      = "stamp-early"      // its checkpoint says that it was signed after it
)

// A Finding is a stamp that was compared with its checkpoint.
type Finding struct {
	Number  int64     `json:"number,omitempty"` // of the checkpoint
	File    string    `json:"file"`
	Time    time.Time `json:"time,omitzero"` // as the authority says
	Signer  string    `json:"signer,omitempty"`
	Trusted bool      `json:"trusted"`         // its certificate was checked
	Signed  time.Time `json:"signed,omitzero"` // as the checkpoint says
	Wrong   string    `json:"wrong,omitempty"` // a code; "" = nothing
	Detail  string    `json:"detail,omitempty"`
}

// early is how much later than its stamp a checkpoint may say it was signed: the
// clocks of the box and of the authority are two.
const early = time.Hour

// Verify compares all stamps below the folder of recordings with the checkpoints
// of that folder. Only reading errors are errors.
func Verify(recordings string, roots Roots, found func(Finding)) error {
	names, err := os.ReadDir(filepath.Join(recordings, Folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(recordings, evidence.NotesFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	notes := map[int64][]byte{}
	signed := map[int64]time.Time{}
	for _, n := range evidence.ReadNotes(text) {
		if cp, err := evidence.ParseCheckpoint(n, nil); err == nil {
			notes[cp.Number], signed[cp.Number] = n, cp.Time
		}
	}
	for _, e := range names {
		base, ok := strings.CutSuffix(e.Name(), ".tsr")
		number, err := strconv.ParseInt(base, 10, 64)
		if !ok || err != nil || Name(number) != e.Name() {
			if !strings.HasSuffix(e.Name(), archive.NewExt) {
				found(Finding{File: e.Name(), Wrong: Odd})
			}
			continue
		}
		f := Finding{Number: number, File: e.Name(), Signed: signed[number]}
		der, err := readSmall(filepath.Join(recordings, Folder, e.Name()))
		if err != nil {
			return err
		}
		s, err := Read(der, roots)
		f.Time, f.Signer, f.Trusted = s.Time, s.Signer, s.Trusted
		note, there := notes[number]
		switch {
		case err != nil:
			f.Wrong, f.Detail = Unreadable, err.Error()
		case !there:
			f.Wrong = Alone
		case s.Of(note) != nil:
			f.Wrong = OfOther
		case f.Signed.After(s.Time.Add(early)):
			f.Wrong = Early
		}
		found(f)
	}
	return nil
}

// readSmall reads a file of which nothing over the limit is wanted.
func readSmall(name string) ([]byte, error) {
	fi, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if fi.Size() > maxAnswer {
		return make([]byte, maxAnswer+1), nil // Read says that it is too long
	}
	return os.ReadFile(name)
}

// Keep writes an answer into the folder of recordings, durable when it returns.
func Keep(recordings string, number int64, answer []byte) error {
	dir := filepath.Join(recordings, Folder)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	return archive.ReplaceFile(filepath.Join(dir, Name(number)), answer, 0o440)
}
