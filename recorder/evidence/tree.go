package evidence

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"

	"vaad/recorder/archive"

	"golang.org/x/mod/sumdb/tlog"
)

// Files of the log, below the folder of the recordings.
const (
	folder     = "evidence"
	leavesFile = folder + "/leaves"
	hashesFile = folder + "/hashes"
	notesFile  = "checkpoints"

	filePerm = 0o640
	dirPerm  = 0o750
)

// Heads of the files: as long as one record, and part of the format.
var (
	leavesHead = fmt.Appendf(nil, "%-127s\n", "vaad evidence leaves 1")
	hashesHead = fmt.Appendf(nil, "%-31s\n", "vaad evidence hashes 1")
)

// errNoLog: there is no tree in this folder.
var errNoLog = errors.New("there is no evidence log")

// tree is the two files: records of leaves, and the hashes of leaves and whole
// subtrees in the order that tlog stores them.
type tree struct {
	leaves, hashes archive.File
	n              int64 // whole leaves
	stored         int64 // whole hashes
}

// openTree opens the files, flag as of [archive.Disk].Open. With os.O_CREATE
// they are made where they are missing.
func openTree(d archive.Disk, flag int) (*tree, error) {
	t := &tree{}
	var err error
	if flag&os.O_CREATE != 0 {
		if err := d.MkdirAll(folder, dirPerm); err != nil {
			return nil, err
		}
	}
	if t.leaves, t.n, err = openRecords(d, leavesFile, flag, leavesHead); err != nil {
		return nil, err
	}
	if t.hashes, t.stored, err = openRecords(d, hashesFile, flag, hashesHead); err != nil {
		return nil, errors.Join(err, t.leaves.Close())
	}
	return t, nil
}

// openRecords opens a file of records that are as long as its head, and counts them.
func openRecords(d archive.Disk, name string, flag int, head []byte) (archive.File, int64, error) {
	f, err := d.Open(name, flag, filePerm)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s: %w", name, errors.Join(errNoLog, err))
	}
	if err != nil {
		return nil, 0, err
	}
	size, err := f.Size()
	if err == nil && size < int64(len(head)) && flag&os.O_CREATE != 0 { // new, or a crash at the very beginning
		_, err = f.WriteAt(head, 0)
		size = int64(len(head))
	}
	got := make([]byte, len(head))
	if err == nil && size >= int64(len(head)) {
		_, err = f.ReadAt(got, 0)
	}
	if err == nil && string(got) != string(head) {
		err = fmt.Errorf("it is no file of this version")
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return f, size/int64(len(head)) - 1, nil
}

func (t *tree) close() error { return errors.Join(t.leaves.Close(), t.hashes.Close()) }

// settle leaves out leaves behind the first least ones whose hashes are not all
// there yet: they are being written, or a crash was in between.
func (t *tree) settle(least int64) {
	for t.n > least && tlog.StoredHashCount(t.n) > t.stored {
		t.n--
	}
}

// record reads the record of a leaf.
func (t *tree) record(i int64) ([]byte, error) {
	b := make([]byte, leafSize)
	_, err := t.leaves.ReadAt(b, (i+1)*leafSize)
	return b, err
}

// ReadHashes reads stored hashes: it makes a tree a [tlog.HashReader].
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if _, err := t.hashes.ReadAt(out[i][:], (at+1)*tlog.HashSize); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// walk calls f with each record and the hashes stored with it; where the file of
// hashes ends before, there are fewer of them.
func (t *tree) walk(ctx context.Context, f func(i int64, rec []byte, stored []tlog.Hash) error) error {
	leaves := bufio.NewReaderSize(io.NewSectionReader(t.leaves, leafSize, t.n*leafSize), 128<<10)
	hashes := bufio.NewReaderSize(io.NewSectionReader(t.hashes, tlog.HashSize, t.stored*tlog.HashSize), 64<<10)
	rec := make([]byte, leafSize)
	stored := make([]tlog.Hash, 0, 64)
	for i := range t.n {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := io.ReadFull(leaves, rec); err != nil {
			return fmt.Errorf("read %s: %w", leavesFile, err)
		}
		stored = stored[:0]
		for range hashesOf(i) {
			var h tlog.Hash
			if _, err := io.ReadFull(hashes, h[:]); err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
				break
			} else if err != nil {
				return fmt.Errorf("read %s: %w", hashesFile, err)
			}
			stored = append(stored, h)
		}
		if err := f(i, rec, stored); err != nil {
			return err
		}
	}
	return nil
}

// hashesOf says how many hashes are stored with a leaf: its own and one for each
// subtree that it completes.
func hashesOf(i int64) int { return 1 + bits.TrailingZeros64(^uint64(i)) }

// append adds leaves behind the first n; top is the edge of these n and moves on.
// After an error the same call may be made again with the edge from before.
func (t *tree) append(top *frontier, leaves []Leaf) error {
	var recs, hs []byte
	at := tlog.StoredHashCount(top.n)
	first := top.n
	for i := range leaves {
		from := len(recs)
		recs = leaves[i].append(recs)
		for _, h := range top.add(recordHash(recs[from:])) {
			hs = append(hs, h[:]...)
		}
	}
	if _, err := t.leaves.WriteAt(recs, (first+1)*leafSize); err != nil {
		return err
	}
	if _, err := t.hashes.WriteAt(hs, (at+1)*tlog.HashSize); err != nil {
		return err
	}
	t.n, t.stored = top.n, tlog.StoredHashCount(top.n)
	return nil
}

// storedAt is where the hashes of a leaf begin among the stored ones.
func storedAt(i int64) int64 { return tlog.StoredHashIndex(0, i) }

// edge reads the right edge of the first n leaves from the stored hashes.
func (t *tree) edge(top *frontier, n int64) error {
	*top = frontier{n: n}
	var at []int64
	from := int64(0) // in leaves
	for level := 62; level >= 0; level-- {
		if size := int64(1) << level; n&size != 0 {
			at = append(at, tlog.StoredHashIndex(level, from>>level))
			from += size
		}
	}
	var err error
	top.edge, err = t.ReadHashes(at)
	return err
}

// cut shortens both files to n leaves.
func (t *tree) cut(n int64) error {
	t.n, t.stored = n, tlog.StoredHashCount(n)
	return errors.Join(t.leaves.Truncate((n+1)*leafSize), t.hashes.Truncate((t.stored+1)*tlog.HashSize))
}
