package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
	"vaad/recorder/evidence"
)

// Records of the evidence log; docs/formats/evidence.md.
const (
	leafBytes  = 128
	hashBytes  = 32
	maxNotes   = 256 << 20
	leavesName = evidenceDir + "/leaves"
	hashesName = evidenceDir + "/hashes"
	keysName   = evidenceDir + "/key.pub"
)

// storedHashes is how many hashes a tree of n leaves stores.
func storedHashes(n int64) int64 { return 2*n - int64(bits.OnesCount64(uint64(n))) }

// A head is what of the evidence log is put: so much that every leaf's line is in
// a journal that is on the target.
type treeHead struct {
	leaves int64
	notes  []byte
	keys   []byte
	l, h   archive.File
}

// evidence puts the evidence log. Its files are put when they have grown.
func (r *run) evidence(ctx context.Context) error {
	th, err := r.tree()
	if err != nil {
		return fmt.Errorf("%w: %w", errHere, err)
	}
	if th == nil {
		return nil
	}
	defer func() {
		_ = th.l.Close() // read only
		_ = th.h.Close()
	}()
	e := r.e
	e.mu.Lock()
	was := e.st.evidence
	e.mu.Unlock()
	if int64(len(th.notes)) < was.Notes {
		r.trouble(Fault{Kind: TargetAhead, Name: recordingsDir + "/" + notesName, Detail: "the evidence log has fewer checkpoints than the target"})
		return nil
	}
	lbytes, hbytes := (th.leaves+1)*leafBytes, (storedHashes(th.leaves)+1)*hashBytes
	lsum, err := r.v.hashLocal(ctx, th.l, lbytes)
	if err != nil {
		return fmt.Errorf("%w: %w", errHere, err)
	}
	hsum, err := r.v.hashLocal(ctx, th.h, hbytes)
	if err != nil {
		return fmt.Errorf("%w: %w", errHere, err)
	}
	nsum, ksum := sha256.Sum256(th.notes), sha256.Sum256(th.keys)
	all := sha256.Sum256([]byte(lsum + hsum + hex.EncodeToString(nsum[:]) + hex.EncodeToString(ksum[:])))
	now := evidenceState{Leaves: th.leaves, Notes: int64(len(th.notes)), Sum: hex.EncodeToString(all[:])}
	if now == was {
		return nil
	}
	w := &dayRun{run: r}
	if was.Sum == "" {
		if ok, err := r.meetEvidence(ctx, int64(len(th.notes))); err != nil || !ok {
			return err
		}
	}
	verify := r.o.Verify != VerifyNone
	for _, f := range []struct {
		name string
		size int64
		r    io.ReaderAt
		sum  string
	}{ // checkpoints last: they sign what is there by then
		{recordingsDir + "/" + leavesName, lbytes, th.l, lsum},
		{recordingsDir + "/" + hashesName, hbytes, th.h, hsum},
		{recordingsDir + "/" + notesName, int64(len(th.notes)), bytes.NewReader(th.notes), hex.EncodeToString(nsum[:])},
		{keysName, int64(len(th.keys)), bytes.NewReader(th.keys), hex.EncodeToString(ksum[:])},
	} {
		if err := w.putFile(ctx, f.name, f.size, f.r, f.sum, verify); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	e.note(&stateLine{Evidence: &now})
	return nil
}

// meetEvidence looks at an evidence log on the target of which nothing is known
// here: one that was signed further than ours is never replaced, that of another
// appliance is kept.
func (r *run) meetEvidence(ctx context.Context, notes int64) (bool, error) {
	name := recordingsDir + "/" + notesName
	var e target.Entry
	err := r.try(ctx, func() (err error) {
		e, err = r.v.t.Stat(ctx, r.v.stored(name))
		return err
	})
	if err != nil {
		return ifThere(err) == nil, ifThere(err)
	}
	if r.former == "" {
		if e.Size > r.v.size(notes) {
			r.trouble(Fault{Kind: TargetAhead, Name: name})
			return false, nil
		}
		return true, nil
	}
	for _, name := range []string{name, recordingsDir + "/" + leavesName, keysName} {
		if err := r.keepFormer(ctx, name, strings.TrimPrefix(name, recordingsDir+"/")); err != nil && ifThere(err) != nil {
			return false, err
		}
	}
	return true, nil
}

// tree opens the log and finds out how much of it is put; nil = there is none.
func (r *run) tree() (_ *treeHead, err error) {
	disk := r.e.c.Disk
	th := &treeHead{}
	// Checkpoints first: what they sign is in the files that are read later.
	th.notes, err = readWhole(disk, notesName, maxNotes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if th.keys, err = os.ReadFile(filepath.Join(r.e.c.Root, keysName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if th.h, err = disk.Open(hashesName, os.O_RDONLY, 0); err != nil {
		return nil, ifThere(err)
	}
	if th.l, err = disk.Open(leavesName, os.O_RDONLY, 0); err != nil {
		return nil, errors.Join(ifThere(err), th.h.Close())
	}
	fail := func(err error) (*treeHead, error) { return nil, errors.Join(err, th.l.Close(), th.h.Close()) }
	lsize, err := th.l.Size()
	if err != nil {
		return fail(err)
	}
	hsize, err := th.h.Size()
	if err != nil {
		return fail(err)
	}
	n := lsize/leafBytes - 1
	for n > 0 && (storedHashes(n)+1)*hashBytes > hsize {
		n--
	}
	if n < 0 || hsize < hashBytes {
		return fail(nil)
	}
	r.e.mu.Lock()
	from := r.e.st.evidence.Leaves
	r.e.mu.Unlock()
	if th.leaves, err = r.covered(th.l, from, n); err != nil {
		return fail(err)
	}
	th.notes = fitting(th.notes, th.leaves)
	return th, nil
}

func ifThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// covered is how many of n leaves stand before the first whose line is not on the target.
func (r *run) covered(f io.ReaderAt, from, n int64) (int64, error) {
	if from > n {
		from = 0
	}
	rd := io.NewSectionReader(f, (from+1)*leafBytes, (n-from)*leafBytes)
	buf := make([]byte, 1024*leafBytes)
	for at := from; at < n; {
		k := min(1024, n-at)
		if _, err := io.ReadFull(rd, buf[:k*leafBytes]); err != nil {
			return 0, err
		}
		for i := range k {
			rec := buf[i*leafBytes:]
			number, err := strconv.Atoi(string(rec[11:22]))
			d := archive.Day(rec[:10])
			if err != nil || !d.Valid() {
				continue // not ours to judge: it goes with the others
			}
			if st := r.e.day(d); st == nil || st.Lines < number {
				return at + i, nil
			}
		}
		at += k
	}
	return n, nil
}

// fitting cuts a file of checkpoints before the first that signs more leaves.
func fitting(b []byte, leaves int64) []byte {
	end := 0
	for _, text := range evidence.ReadNotes(b) {
		c, err := evidence.ParseCheckpoint(text, nil)
		if err == nil && c.Size > leaves {
			break
		}
		end += len(text) + 1
	}
	return b[:min(end, len(b))]
}
