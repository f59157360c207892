package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"vaad/recorder/archive"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint says what the tree was at a time. It is a signed note whose first
// three lines are those of a C2SP tlog-checkpoint: origin, size, root.
type Checkpoint struct {
	Origin   string // name of the key
	Size     int64  // leaves
	Root     tlog.Hash
	Number   int64 // from 1; each has the one before it in Previous
	Time     time.Time
	Previous string // hash of the note before, "none" for the first
	Audit    string // head of the audit log, "ROWS HASH"; "" = none was signed with it

	text []byte // the whole note
	key  string // verifier key that the signature was made with; "" = none that is known

	elsewhere bool // kept by an anchor
}

const maxNote = 8 << 10

// body is what is signed.
func (c *Checkpoint) body() string {
	b := fmt.Sprintf("%s\n%d\n%s\nnumber %d\ntime %s\nprevious %s\n", c.Origin, c.Size, c.Root, c.Number,
		c.Time.UTC().Format(time.RFC3339), c.Previous)
	if c.Audit != "" {
		b += "audit " + c.Audit + "\n"
	}
	return b
}

// sum is what the next checkpoint has as Previous.
func (c *Checkpoint) sum() string {
	h := sha256.Sum256(c.text)
	return base64.StdEncoding.EncodeToString(h[:])
}

// ParseCheckpoint reads a note and looks which of the keys has signed it.
func ParseCheckpoint(text []byte, keys []string) (Checkpoint, error) {
	bad := func(what string) (Checkpoint, error) { return Checkpoint{}, fmt.Errorf("no checkpoint: %s", what) }
	if len(text) > maxNote {
		return bad("it is too long")
	}
	body, _, ok := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(body), "\n")
	if !ok || len(lines) < 6 || len(lines) > 7 {
		return bad("it has not the lines of one")
	}
	c := Checkpoint{Origin: lines[0], text: bytes.Clone(text)}
	var err [4]error
	c.Size, err[0] = strconv.ParseInt(lines[1], 10, 64)
	c.Root, err[1] = tlog.ParseHash(lines[2])
	number, ok1 := strings.CutPrefix(lines[3], "number ")
	c.Number, err[2] = strconv.ParseInt(number, 10, 64)
	at, ok2 := strings.CutPrefix(lines[4], "time ")
	c.Time, err[3] = time.Parse(time.RFC3339, at)
	previous, ok3 := strings.CutPrefix(lines[5], "previous ")
	c.Previous = previous
	if len(lines) == 7 {
		if c.Audit, _ = strings.CutPrefix(lines[6], "audit "); c.Audit == "" {
			return bad("a line of it cannot be read")
		}
	}
	if e := errors.Join(err[:]...); e != nil || !ok1 || !ok2 || !ok3 || c.Size < 0 || c.Number < 1 || c.body() != string(body)+"\n" {
		return bad("a line of it cannot be read")
	}
	for _, k := range keys {
		v, err := note.NewVerifier(k)
		if err != nil {
			return c, fmt.Errorf("key %q: %w", k, err)
		}
		if n, err := note.Open(text, note.VerifierList(v)); err == nil && n.Text == c.body() && c.Origin == v.Name() {
			c.key = k
			break
		}
	}
	return c, nil
}

// signer says who claims to have signed a note: name and hash of the key.
func (c *Checkpoint) signer() string {
	var e *note.UnverifiedNoteError
	if _, err := note.Open(c.text, note.VerifierList()); errors.As(err, &e) && len(e.Note.UnverifiedSigs) > 0 {
		s := e.Note.UnverifiedSigs[0]
		return fmt.Sprintf("%s+%08x", s.Name, s.Hash)
	}
	return c.Origin
}

// splitNotes takes a file of notes apart; each is followed by an empty line. rest
// is where the last whole one ends.
func splitNotes(b []byte) (notes [][]byte, rest int64) {
	for {
		left := b[rest:]
		gap := bytes.Index(left, []byte("\n\n"))
		if gap < 0 {
			return notes, rest
		}
		end := bytes.Index(left[gap+2:], []byte("\n\n"))
		if end < 0 {
			return notes, rest
		}
		to := gap + 2 + end + 1
		notes = append(notes, left[:to])
		rest += int64(to) + 1
	}
}

// ReadNotes reads what an anchor or the file of checkpoints holds.
func ReadNotes(b []byte) [][]byte {
	notes, _ := splitNotes(append(bytes.TrimRight(bytes.Clone(b), "\n"), "\n\n"...))
	return notes
}

// maxNotes is how much of a file of checkpoints is read: 400,000 of them.
const maxNotes = 256 << 20

func readFile(d archive.Disk, name string, limit int64) ([]byte, error) {
	f, err := d.Open(name, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := readAll(f, limit)
	return b, errors.Join(err, f.Close())
}

func readAll(f archive.File, limit int64) ([]byte, error) {
	size, err := f.Size()
	if err == nil && size > limit {
		err = fmt.Errorf("%d bytes are over the limit of %d", size, limit)
	}
	if err != nil {
		return nil, err
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
		return nil, err
	}
	return b, nil
}
