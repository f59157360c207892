package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vaad/recorder/archive"
	"vaad/recorder/archive/crypt"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/archive/vault"
)

// keysDisk is the folder keys of a disk, so that the power fails for both.
type keysDisk struct{ d *memdisk.Disk }

func (k keysDisk) Open(name string, flag int, perm fs.FileMode) (archive.File, error) {
	if err := k.d.MkdirAll("keys", 0o700); err != nil {
		return nil, err
	}
	return k.d.Open("keys/"+name, flag, perm)
}
func (k keysDisk) MkdirAll(name string, perm fs.FileMode) error {
	return k.d.MkdirAll("keys/"+name, perm)
}
func (k keysDisk) Rename(from, to string) error { return k.d.Rename("keys/"+from, "keys/"+to) }
func (k keysDisk) Remove(name string) error     { return k.d.Remove("keys/" + name) }
func (k keysDisk) Chmod(name string, mode fs.FileMode) error {
	return k.d.Chmod("keys/"+name, mode)
}
func (k keysDisk) ReadDir(name string) ([]fs.DirEntry, error) {
	return k.d.ReadDir(path.Join("keys", name))
}
func (k keysDisk) Stat(name string) (fs.FileInfo, error) { return k.d.Stat("keys/" + name) }
func (k keysDisk) SyncFS() error                         { return k.d.SyncFS() }
func (k keysDisk) Space() (archive.Space, error)         { return k.d.Space() }
func (k keysDisk) Close() error                          { return nil }

// TestNothingIsLostOrReadableWhereverThePowerFailsWhileEncrypting is the archive's
// first promise again, with encryption on, with stories, and switched while it works.
func TestNothingIsLostOrReadableWhereverThePowerFailsWhileEncrypting(t *testing.T) {
	seeds := 300
	if testing.Short() {
		seeds = 75
	}
	for seed := range seeds {
		n := 0
		crashOnce(t, uint64(seed)+10_000, func() archive.Encryption {
			n++
			e := archive.Encryption{Audio: true, Stories: seed%3 == 1}
			if seed%3 == 2 {
				e.Audio = n%2 == 0
			}
			return e
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// sealedSet is an archive with one recording of two sides, encrypted.
type sealedSet struct {
	d     *memdisk.Disk
	ring  *vault.Ring
	a     *archive.Archive
	line  archive.JournalLine
	audio [2][]byte
}

func encrypted(t testing.TB, samples int, e archive.Encryption) *sealedSet {
	t.Helper()
	s := &sealedSet{d: memdisk.New()}
	s.open(t, e)
	w, err := s.a.Begin(archive.Start{Line: 7, Codec: archive.G711A, Sides: []string{"network", "local"}, Begin: t0, Trigger: "call", Caller: "02161234567"})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.NewChaCha8([32]byte{7})
	for i := range s.audio {
		s.audio[i] = make([]byte, samples)
		rng.Read(s.audio[i])
		if err := w.Append(i, s.audio[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Checkpoint(t0.Add(time.Second), int64(samples)); err != nil {
		t.Fatal(err)
	}
	cancel := s.a.Subscribe(func(l archive.JournalLine) { s.line = l })
	defer cancel()
	if err := w.Finish(archive.End{Time: t0.Add(time.Second), EndedBy: "on-hook"}); err != nil {
		t.Fatal(err)
	}
	if err := s.a.Flush(ctx); err != nil || s.line.Seal == nil {
		t.Fatal(err, s.line)
	}
	return s
}

func (s *sealedSet) open(t testing.TB, e archive.Encryption) {
	t.Helper()
	var err error
	if s.ring, err = vault.Open(vault.Config{Disk: keysDisk{s.d}}); err != nil {
		t.Fatal(err)
	}
	if s.a, err = archive.Open(archive.Config{Disk: s.d, Keys: s.ring, Encryption: func() archive.Encryption { return e }, Now: func() time.Time { return t0 }}); err != nil {
		t.Fatal(err)
	}
	a := s.a
	t.Cleanup(func() { a.Close() })
}

// TestAnyRangeOfAnEncryptedRecordingIsThePlainOne reads random pieces.
func TestAnyRangeOfAnEncryptedRecordingIsThePlainOne(t *testing.T) {
	s := encrypted(t, 3*crypt.ChunkSize+777, archive.Encryption{Audio: true, Stories: true})
	for i, side := range []string{"network", "local"} {
		a, err := s.a.Audio("", s.line.ID, side)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		whole, err := io.ReadAll(a)
		if err != nil || !bytes.Equal(whole[a.DataOffset:][:a.DataBytes], s.audio[i]) || a.Running {
			t.Fatalf("%s: %v, %d bytes", side, err, len(whole))
		}
		rapid.Check(t, func(t *rapid.T) {
			from := rapid.Int64Range(0, a.Size).Draw(t, "from")
			n := rapid.Int64Range(0, a.Size-from).Draw(t, "n")
			if _, err := a.Seek(from, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, n)
			if _, err := io.ReadFull(a, b); err != nil || !bytes.Equal(b, whole[from:from+n]) {
				t.Fatalf("%d bytes at %d: %v", n, from, err)
			}
		})
	}
	st, err := s.a.Story("", s.line.ID)
	if err != nil || !st.Ended || st.Start.Caller != "02161234567" {
		t.Errorf("%+v %v", st, err)
	}
}

// TestAfterSealingNothingOnTheDiskIsPlain looks for audio and story in all files.
func TestAfterSealingNothingOnTheDiskIsPlain(t *testing.T) {
	s := encrypted(t, 100_000, archive.Encryption{Audio: true, Stories: true})
	for _, name := range s.d.Files() {
		b, _ := s.d.ReadFile(name)
		for i, audio := range s.audio {
			for at := 0; at+64 < len(audio); at += 4096 {
				if bytes.Contains(b, audio[at:at+64]) {
					t.Fatalf("%s has audio of side %d", name, i)
				}
			}
		}
		if strings.HasPrefix(name, "open/") || strings.HasSuffix(name, ".wav") || path.Base(name) == s.line.ID+".jsonl" {
			t.Errorf("there is still %s", name)
		}
	}
	seal := s.line.Seal
	if seal.Files[0].Name != s.line.ID+".network.wav.enc" || seal.Files[0].Enc != 1 || seal.Story.Enc != 1 || seal.Files[0].Bytes != crypt.Size(100_094) {
		t.Errorf("%+v", seal)
	}
	if !s.a.HasEncrypted(s.line.Day, s.line.ID, seal.Sides) {
		t.Error("it does not say so")
	}
}

// TestVerifyKnowsStoredBytesWithoutKeysAndContentWithThem covers a reader without
// keys, one with them, and an erased key.
func TestVerifyKnowsStoredBytesWithoutKeysAndContentWithThem(t *testing.T) {
	s := encrypted(t, 100_000, archive.Encryption{Audio: true})
	r, err := archive.OpenReadOnly("", s.d)
	if err != nil {
		t.Fatal(err)
	}
	check := func(locked, erased bool) {
		t.Helper()
		cs, err := r.Verify(ctx, "", s.line.ID)
		if err != nil || len(cs) != 3 {
			t.Fatal(cs, err)
		}
		for _, c := range cs {
			if !c.OK || c.Locked != (locked && archive.Encrypted(c.Name)) || c.Erased != (erased && archive.Encrypted(c.Name)) {
				t.Errorf("%+v", c)
			}
		}
	}
	check(true, false)
	if _, err := r.Audio("", s.line.ID, "local"); !errors.Is(err, archive.ErrNoKey) || archive.Unreadable(err) != "key-missing" {
		t.Error(err)
	}
	r.UseKeys(s.ring)
	check(false, false)
	if err := s.ring.Erase(s.line.Day, s.line.ID); err != nil {
		t.Fatal(err)
	}
	check(false, true)
	if _, err := r.Audio("", s.line.ID, "local"); !errors.Is(err, archive.ErrKeyErased) || archive.Unreadable(err) != "key-erased" {
		t.Error(err)
	}
	other, err := vault.Open(vault.Config{Disk: keysDisk{memdisk.New()}})
	if err != nil {
		t.Fatal(err)
	}
	r.UseKeys(other)
	if cs, err := r.Verify(ctx, "", s.line.ID); err != nil || cs[0].OK || !errors.Is(cs[0].Err, archive.ErrNoKey) {
		t.Error(cs, err)
	}
}

// TestAFileUnderAnotherNameIsRefused exchanges the sides, and two recordings.
func TestAFileUnderAnotherNameIsRefused(t *testing.T) {
	s := encrypted(t, 1000, archive.Encryption{Audio: true})
	at := "2026/11/22/" + s.line.ID
	b, err := s.d.ReadFile(at + ".network.wav.enc")
	if err != nil {
		t.Fatal(err)
	}
	s.d.WriteFile(at+".local.wav.enc", b)
	if _, err := s.a.Audio("", s.line.ID, "local"); !errors.Is(err, crypt.ErrOther) || archive.Unreadable(err) != "audio-changed" {
		t.Error(err)
	}
}

// TestWithoutKeysNothingIsSealedAndNothingIsLost refuses keys, then room on the
// disk, and then neither.
func TestWithoutKeysNothingIsSealedAndNothingIsLost(t *testing.T) {
	d := memdisk.New()
	s := &sealedSet{d: d}
	s.open(t, archive.Encryption{Audio: true})
	w, err := s.a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0})
	if err != nil {
		t.Fatal(err)
	}
	put(t, w, strings.Repeat("\xD5\x55", 40_000))
	for _, refuse := range []func(op, name string) error{
		func(op, name string) error {
			if op == "write" && strings.HasSuffix(name, ".keys") {
				return syscall.EROFS
			}
			return nil
		},
		func(op, name string) error {
			if op == "write" && strings.HasSuffix(name, ".enc") {
				return syscall.ENOSPC
			}
			return nil
		},
	} {
		d.Change(func() { d.Fail = refuse })
		if err := w.Finish(archive.End{Time: t0, EndedBy: "on-hook"}); err != nil && !errors.Is(err, archive.ErrClosed) {
			t.Fatal(err)
		}
		if err := s.a.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		names := fmt.Sprint(d.Files())
		if !strings.Contains(names, "open/"+w.ID()+".mixed.wav") || strings.Contains(names, ".enc") || strings.Contains(names, "day.jsonl") {
			t.Errorf("%s", names)
		}
	}
	d.Change(func() { d.Fail = nil })
	if err := s.a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if names := fmt.Sprint(d.Files()); strings.Contains(names, "open/") || !strings.Contains(names, ".mixed.wav.enc") {
		t.Error(names)
	}
}

// TestARecordingThatCanHaveNoKeyKeepsNoOtherFromBeingSealed has the key of one of
// several erased before it is sealed.
func TestARecordingThatCanHaveNoKeyKeepsNoOtherFromBeingSealed(t *testing.T) {
	s := &sealedSet{d: memdisk.New()}
	s.open(t, archive.Encryption{Audio: true})
	var told atomic.Pointer[error]
	s.a.Close()
	a, err := archive.Open(archive.Config{Disk: s.d, Keys: s.ring, Encryption: func() archive.Encryption { return archive.Encryption{Audio: true} },
		Fault: func(err error) { told.Store(&err) }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var ws []*archive.Writer
	for range 10 {
		w, err := a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0})
		if err != nil {
			t.Fatal(err)
		}
		put(t, w, strings.Repeat("\xD5\x55", 4000))
		ws = append(ws, w)
	}
	first, ws := ws[0], ws[1:]
	bad := ws[4].ID()
	if _, err := s.ring.Make(archive.DayOf(t0), []string{bad}); err != nil {
		t.Fatal(err)
	}
	if err := s.ring.Erase(archive.DayOf(t0), bad); err != nil {
		t.Fatal(err)
	}
	begun, queued := make(chan bool), make(chan bool)
	stop := a.Subscribe(func(archive.JournalLine) { close(begun); <-queued })
	for i, w := range append([]*archive.Writer{first}, ws...) { // all but the first in one batch
		if err := w.Finish(archive.End{Time: t0, EndedBy: "on-hook"}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			<-begun
		}
	}
	stop()
	close(queued)
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for _, w := range ws {
		_, err := s.d.ReadFile("2026/11/22/" + w.ID() + ".mixed.wav.enc")
		if sealed := err == nil; sealed != (w.ID() != bad) {
			t.Errorf("%s: sealed %v", w.ID(), sealed)
		}
	}
	fault := *told.Load()
	var of *archive.KeyError
	if !errors.As(fault, &of) || !errors.Is(fault, archive.ErrKeyErased) || !strings.Contains(fault.Error(), bad) {
		t.Errorf("told: %v", fault)
	}
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.d.ReadFile("open/" + bad + ".mixed.wav"); err != nil {
		t.Error("its audio is lost:", err)
	}
}

// TestABadSectorDoesNotKeepARecordingFromBeingEncrypted has one that stays bad.
func TestABadSectorDoesNotKeepARecordingFromBeingEncrypted(t *testing.T) {
	d := memdisk.New()
	s := &sealedSet{d: d}
	s.open(t, archive.Encryption{Audio: true})
	w, err := s.a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0})
	if err != nil {
		t.Fatal(err)
	}
	put(t, w, strings.Repeat("\xD5\x55", 4000))
	var line archive.JournalLine
	s.a.Subscribe(func(l archive.JournalLine) { line = l })
	d.Fail = func(op, name string) error {
		if op == "read" && strings.HasSuffix(name, ".mixed.wav") {
			return syscall.EIO
		}
		return nil
	}
	if err := w.Finish(archive.End{Time: t0, EndedBy: "on-hook"}); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		if err := s.a.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if line.Seal == nil || line.Seal.Files[0].Enc != 1 || line.Seal.Files[0].SHA256 == "" || line.Seal.Damaged != 8000 {
		t.Errorf("%+v", line.Seal)
	}
	if names := fmt.Sprint(d.Files()); strings.Contains(names, "open/") {
		t.Error(names)
	}
}

// TestErasingARecordingErasesItsKey: copies of its files elsewhere cannot be read.
func TestErasingARecordingErasesItsKey(t *testing.T) {
	s := encrypted(t, 1000, archive.Encryption{Audio: true})
	name := "2026/11/22/" + s.line.ID + ".local.wav.enc"
	copied, err := s.d.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(op, name string) error {
		if op == "write" && strings.HasSuffix(name, ".keys") {
			return syscall.EIO
		}
		return nil
	}
	s.d.Fail = refuse
	if done := s.a.EraseAll(ctx, []archive.Act{{ID: s.line.ID, Actor: "li"}}, nil); done[0].Err == nil || done[0].Line.Seq == 0 {
		t.Errorf("%+v", done)
	}
	s.d.Fail = nil
	if _, err := s.d.ReadFile(name); err != nil {
		t.Error("the file went before its key:", err)
	}
	if err := s.a.Reconcile(ctx, nil, nil); err != nil { // it is finished
		t.Fatal(err)
	}
	if _, err := s.d.ReadFile(name); err == nil {
		t.Error("the file is still there")
	}
	if _, err := archive.Decrypt(bytes.NewReader(copied), int64(len(copied)), s.line.Day, path.Base(name), s.ring); !errors.Is(err, archive.ErrKeyErased) {
		t.Errorf("a copy of it: %v", err)
	}
}

// TestPlainAudioThatTheDiskKeepsIsRemovedLaterAndTheRecordingIsThere refuses the
// removal once: the recording is sealed and may be acted on all the same.
func TestPlainAudioThatTheDiskKeepsIsRemovedLaterAndTheRecordingIsThere(t *testing.T) {
	d := memdisk.New()
	s := &sealedSet{d: d}
	s.open(t, archive.Encryption{Audio: true})
	w, err := s.a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0})
	if err != nil {
		t.Fatal(err)
	}
	put(t, w, strings.Repeat("\xD5\x55", 4000))
	lines := 0
	s.a.Subscribe(func(l archive.JournalLine) { lines++ })
	d.Fail = func(op, name string) error {
		if op == "remove" && strings.HasSuffix(name, ".mixed.wav") {
			return syscall.EIO
		}
		return nil
	}
	if err := w.Finish(archive.End{Time: t0, EndedBy: "on-hook"}); err != nil {
		t.Fatal(err)
	}
	if err := s.a.Flush(ctx); err != nil || lines != 1 {
		t.Fatal(lines, err)
	}
	if _, err := s.a.Act(ctx, archive.Act{ID: w.ID(), Kind: archive.ActNote, Value: "x"}); err != nil || lines != 2 {
		t.Error(lines, err)
	}
	d.Change(func() { d.Fail = nil })
	if err := s.a.Flush(ctx); err != nil || lines != 2 {
		t.Error(lines, err)
	}
	if names := fmt.Sprint(d.Files()); strings.Contains(names, "open/") {
		t.Error(names)
	}
}

// TestEncryptedFilesWithoutAJournalAreAdopted loses the journal; then a checkpoint
// file stands in open/ too, as a crash leaves it. Without keys they wait.
func TestEncryptedFilesWithoutAJournalAreAdopted(t *testing.T) {
	s := encrypted(t, 100_000, archive.Encryption{Audio: true, Stories: true})
	if err := s.d.Remove("2026/11/22/day.jsonl"); err != nil {
		t.Fatal(err)
	}
	s.d.WriteFile("open/"+s.line.ID+".ckpt", nil)
	bare, err := archive.Open(archive.Config{Disk: s.d})
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	var found []archive.Finding
	if err := bare.Reconcile(ctx, nil, func(f archive.Finding) { found = append(found, f) }); err != nil {
		t.Fatal(err)
	}
	if len(found) < 3 || !errors.Is(found[len(found)-1].Err, archive.ErrNoKey) {
		t.Errorf("without keys: %+v", found)
	}
	var line archive.JournalLine
	s.a.Subscribe(func(l archive.JournalLine) { line = l })
	if err := s.a.Reconcile(ctx, nil, nil); err != nil {
		t.Fatal(err)
	}
	if line.Seal == nil || line.Kind != archive.KindAdopted || len(line.Seal.Files) != 2 || line.Seal.Files[1].Enc != 1 || line.Seal.Samples != 100_000 || line.Seal.Caller != "02161234567" {
		t.Fatalf("%+v", line.Seal)
	}
	if cs, err := s.a.Verify(ctx, line.Day, line.ID); err != nil || len(cs) != 3 || !cs[0].OK || !cs[2].OK {
		t.Error(cs, err)
	}
	if names := fmt.Sprint(s.d.Files()); strings.Contains(names, "open/") {
		t.Error(names)
	}
}
