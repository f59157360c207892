package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"vaad/recorder/archive"

	"golang.org/x/mod/sumdb/tlog"
)

// leafSize is the length of a record in the file of leaves, line feed included.
const leafSize = 128

// A Leaf stands for one line of a day's journal. It tells nothing about what is
// in the line: the line has a random salt, which goes when the line is erased.
type Leaf struct {
	Day    archive.Day
	Number int    // of the line in its journal, from 1
	Kind   string // as the line's, "other" where that cannot be written in 12 letters
	ID     string // the recording, or "" of a line that could not be read
	Sum    [sha256.Size]byte
}

var noID = strings.Repeat("-", 26)

// newLeaf makes the leaf of a journal line.
func newLeaf(d archive.Day, raw *archive.RawLine, l *archive.JournalLine) Leaf {
	leaf := Leaf{Day: d, Number: raw.Number, Kind: "other", Sum: sha256.Sum256(raw.Bytes)}
	if isWord(l.Kind) {
		leaf.Kind = l.Kind
	}
	if isID(l.ID) {
		leaf.ID = l.ID
	}
	return leaf
}

func isWord(s string) bool {
	return s != "" && len(s) <= 12 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") == ""
}

func isID(s string) bool {
	return len(s) == len(noID) && strings.Trim(s, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == ""
}

// append adds the record: fields of fixed width, so that record n is at n·128.
func (l *Leaf) append(b []byte) []byte {
	id := l.ID
	if id == "" {
		id = noID
	}
	return fmt.Appendf(b, "%s %011d %-12s %s %x\n", l.Day, l.Number, l.Kind, id, l.Sum)
}

// hash is the leaf's hash in the tree: of the record without its line feed.
func (l *Leaf) hash() tlog.Hash { return recordHash(l.append(nil)) }

func recordHash(rec []byte) tlog.Hash { return tlog.RecordHash(rec[:leafSize-1]) }

// parseLeaf reads a record. Only what append writes is taken.
func parseLeaf(b []byte) (Leaf, error) {
	bad := fmt.Errorf("%q is no leaf", b[:min(len(b), leafSize)])
	if len(b) != leafSize || b[10] != ' ' || b[22] != ' ' || b[35] != ' ' || b[62] != ' ' {
		return Leaf{}, bad
	}
	n, err := strconv.Atoi(string(b[11:22]))
	l := Leaf{Day: archive.Day(b[:10]), Number: n, Kind: strings.TrimRight(string(b[23:35]), " "), ID: string(b[36:62])}
	if l.ID == noID {
		l.ID = ""
	}
	if _, e := hex.Decode(l.Sum[:], b[63:127]); err != nil || e != nil || !l.Day.Valid() || !isWord(l.Kind) || l.ID != "" && !isID(l.ID) {
		return Leaf{}, bad
	}
	if !bytes.Equal(l.append(nil), b) {
		return Leaf{}, bad
	}
	return l, nil
}

// A frontier is the right edge of a growing tree: the hashes of the whole
// subtrees that its leaves make, largest first.
type frontier struct {
	n    int64
	edge []tlog.Hash
}

// add appends a leaf and returns the hashes that are stored with it: its own and
// those of the subtrees it completes.
func (f *frontier) add(h tlog.Hash) []tlog.Hash {
	made := []tlog.Hash{h}
	for n := f.n; n&1 == 1; n >>= 1 {
		last := len(f.edge) - 1
		h = tlog.NodeHash(f.edge[last], h)
		f.edge = f.edge[:last]
		made = append(made, h)
	}
	f.edge = append(f.edge, h)
	f.n++
	return made
}

// root is the hash of the whole tree.
func (f *frontier) root() tlog.Hash {
	if f.n == 0 {
		return tlog.Hash(sha256.Sum256(nil))
	}
	h := f.edge[len(f.edge)-1]
	for i := len(f.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.edge[i], h)
	}
	return h
}
