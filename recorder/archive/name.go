package archive

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// Folders and file names. Everything that comes from outside passes validID,
// validSide or Day.Valid before it becomes part of a name.
const (
	openDir    = "open"
	damagedDir = "damaged" // what recovery can make no sense of
	dayJournal = "day.jsonl"

	extStory   = ".jsonl"
	extCkpt    = ".ckpt"
	extDiscard = ".discard" // a ckpt renamed so: the recording is to be removed
	extWAV     = ".wav"
	extEnc     = ".enc" // behind the name of a file that is encrypted

	openPerm   = 0o640
	sealedPerm = 0o440
	dirPerm    = 0o750
)

func validID(id string) error {
	if u, err := ulid.ParseStrict(id); err != nil || u.String() != id {
		return fmt.Errorf("%q is not a recording ID (26 letters and digits): %w", id, ErrNotFound)
	}
	return nil
}

func validSide(s string) error {
	ok := len(s) > 0 && len(s) <= maxSideName
	for _, c := range []byte(s) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return fmt.Errorf("side %q: a name of 1 to %d letters a-z is wanted: %w", s, maxSideName, ErrNotFound)
	}
	return nil
}

func wavName(id, side string) string { return id + "." + side + extWAV }
func inOpen(name string) string      { return openDir + "/" + name }
func (d Day) file(name string) string {
	return d.dir() + "/" + name
}

// splitName takes a file name apart: 01J….network.wav → 01J…, network, .wav; an
// encrypted one has .wav.enc or .jsonl.enc.
func splitName(name string) (id, side, ext string, ok bool) {
	if len(name) < ulid.EncodedSize+2 || validID(name[:ulid.EncodedSize]) != nil {
		return "", "", "", false
	}
	id, rest := name[:ulid.EncodedSize], name[ulid.EncodedSize:]
	switch rest {
	case extStory, extCkpt, extDiscard, extStory + extEnc:
		return id, "", rest, true
	}
	plain, enc := strings.CutSuffix(rest, extEnc)
	side, found := strings.CutSuffix(plain, extWAV)
	if !found || len(side) < 2 || side[0] != '.' || validSide(side[1:]) != nil {
		return "", "", "", false
	}
	if enc {
		return id, side[1:], extWAV + extEnc, true
	}
	return id, side[1:], extWAV, true
}

// maxStepBack is how far the clock may be set back before new IDs follow it.
// Within it IDs keep growing; beyond it (a board whose clock had been years
// ahead) order comes from the journal alone and uniqueness from 80 random bits.
const maxStepBack = 24 * time.Hour

// ids makes ULIDs that grow within the process and never repeat.
type ids struct {
	mu      sync.Mutex
	entropy *ulid.MonotonicEntropy
	last    uint64 // ms
}

func newIDs(r io.Reader) *ids {
	if r == nil {
		r = rand.Reader
	}
	return &ids{entropy: ulid.Monotonic(r, 0)}
}

func (g *ids) next(t time.Time) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ms := ulid.Timestamp(t)
	if ms < g.last && g.last-ms <= uint64(maxStepBack/time.Millisecond) {
		ms = g.last
	}
	u, err := ulid.New(ms, g.entropy)
	if err != nil { // 2^80 IDs in one millisecond, or no randomness
		ms++
		if u, err = ulid.New(ms, g.entropy); err != nil {
			return "", err
		}
	}
	g.last = ms
	return u.String(), nil
}
