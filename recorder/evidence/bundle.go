package evidence

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"vaad/recorder/archive"

	"golang.org/x/mod/sumdb/tlog"
)

// Names in a bundle, which is a ZIP file without compression: the recording's
// files keep theirs.
const (
	proofName  = "proof.json"
	noteName   = "checkpoint"
	publicName = "key.pub"

	// KeysName is an export of the keys that the recording's files are encrypted
	// with. It is no evidence, and there only if whoever made the bundle wanted it.
	KeysName = "keys.jsonl"

	bundleVersion = 1
	maxProof      = 64 << 20
)

// proof is what proof.json holds.
type proof struct {
	V     int         `json:"v"`
	ID    string      `json:"id"`
	Day   archive.Day `json:"day"`
	Lines []proofLine `json:"lines"` // the seal, then what was done to it later
}

// proofLine is a journal line, the leaf that stands for it, and the way from the
// leaf to the root.
type proofLine struct {
	Line  string           `json:"line"`
	Leaf  string           `json:"leaf"`
	Index int64            `json:"index"`
	Proof tlog.RecordProof `json:"proof"`
}

// ErrUnsigned: no checkpoint covers the recording yet.
var ErrUnsigned = errors.New("no checkpoint covers this recording yet")

// Export writes a bundle: the files of a recording, its journal lines, the proof
// that the tree has them, and the newest checkpoint. CheckBundle checks it
// anywhere. keys are the public ones, of which one has signed the checkpoint.
func Export(ctx context.Context, r *archive.Reader, d archive.Disk, id string, keys []string, w io.Writer) error {
	return ExportWith(ctx, r, d, id, keys, nil, w)
}

// ExportWith adds secret, an export of the keys of the recording, so that the
// receiver can decrypt its files; nil = none.
func ExportWith(ctx context.Context, r *archive.Reader, d archive.Disk, id string, keys []string, secret []byte, w io.Writer) error {
	x, err := NewProver(ctx, r, d, []string{id}, keys)
	if err != nil {
		return err
	}
	defer func() { _ = x.Close() }() // read only
	return x.export(ctx, id, secret, w)
}

// A Prover makes the bundles of several recordings by the checkpoint that was the
// newest when it was made. It goes through the tree once, however many they are.
type Prover struct {
	r  *archive.Reader
	t  *tree
	cp Checkpoint
	at map[string]map[leafKey]int64 // by recording: where in the tree its leaves are
}

type leafKey struct {
	day archive.Day
	sum [sha256.Size]byte
}

// NewProver looks for the leaves of recordings. keys as for Export.
func NewProver(ctx context.Context, r *archive.Reader, d archive.Disk, ids, keys []string) (*Prover, error) {
	file, err := readFile(d, notesFile, maxNotes)
	if err != nil {
		return nil, err
	}
	t, err := openTree(d, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	c := readChecks(file, nil, keys, func(Finding) {})
	signed := c.signed()
	if len(signed) == 0 {
		return nil, errors.Join(ErrUnsigned, t.close())
	}
	x := &Prover{r: r, t: t, cp: signed[len(signed)-1], at: make(map[string]map[leafKey]int64, len(ids))}
	for _, id := range ids {
		x.at[id] = map[leafKey]int64{}
	}
	err = t.walk(ctx, func(i int64, rec []byte, _ []tlog.Hash) error {
		of, mine := x.at[string(rec[36:62])] // all others are most
		if !mine || i >= x.cp.Size {
			return nil
		}
		if l, err := parseLeaf(rec); err == nil {
			of[leafKey{l.Day, l.Sum}] = i
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	return x, nil
}

// Close ends it.
func (x *Prover) Close() error { return x.t.close() }

// Export writes the bundle of one of the recordings.
func (x *Prover) Export(ctx context.Context, id string, w io.Writer) error {
	return x.export(ctx, id, nil, w)
}

func (x *Prover) export(ctx context.Context, id string, secret []byte, w io.Writer) error {
	p, seal, err := x.lines(ctx, id)
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	add := func(name string, b []byte) {
		if err != nil {
			return
		}
		var f io.Writer
		if f, err = z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: seal.End}); err == nil {
			_, err = f.Write(b)
		}
	}
	doc, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return err
	}
	add(proofName, append(doc, '\n'))
	add(noteName, x.cp.text)
	add(publicName, []byte(x.cp.key+"\n"))
	if secret != nil {
		add(KeysName, secret)
	}
	for _, f := range filesOf(seal) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b, e := x.r.ReadFile(p.Day, f.Name, f.Bytes)
		if e != nil {
			return e
		}
		add(f.Name, b)
	}
	return errors.Join(err, z.Close())
}

func filesOf(s *archive.Seal) []archive.Sealed {
	all := append([]archive.Sealed{}, s.Files...)
	if s.Story.Name != "" {
		all = append(all, s.Story)
	}
	return all
}

// lines gathers the lines of a recording that the checkpoint covers.
func (x *Prover) lines(ctx context.Context, id string) (*proof, *archive.Seal, error) {
	day, err := x.r.Find(id)
	if err != nil {
		return nil, nil, err
	}
	return x.linesOn(ctx, day, id)
}

// linesOn is lines of a recording whose day is known, which may be erased.
func (x *Prover) linesOn(ctx context.Context, day archive.Day, id string) (*proof, *archive.Seal, error) {
	at, mine := x.at[id]
	if !mine {
		return nil, nil, fmt.Errorf("the leaves of %s were not looked for", id)
	}
	p := &proof{V: bundleVersion, ID: id, Day: day}
	var seal *archive.Seal
	simulated := false
	err := x.r.RawLines(ctx, day, archive.Place{}, func(raw *archive.RawLine) error {
		l, err := raw.Parse()
		if err != nil || l.ID != id {
			return nil // damage is for verify to tell
		}
		simulated = simulated || l.Seal != nil && l.Seal.Simulated
		i, ok := at[leafKey{day, sha256.Sum256(raw.Bytes)}]
		if !ok {
			return nil
		}
		rec, err := x.t.record(i)
		if err != nil {
			return err
		}
		way, err := tlog.ProveRecord(x.cp.Size, i, x.t)
		if err != nil {
			return fmt.Errorf("prove leaf %d: %w", i+1, err)
		}
		if l.Seal != nil {
			seal = l.Seal
		}
		p.Lines = append(p.Lines, proofLine{Line: string(raw.Bytes), Leaf: string(rec[:leafSize-1]), Index: i, Proof: way})
		return nil
	})
	switch {
	case err != nil:
		return nil, nil, err
	case simulated:
		return nil, nil, ErrSimulated
	case seal == nil:
		return nil, nil, ErrUnsigned
	}
	return p, seal, nil
}

// ErrSimulated: the log leaves simulated recordings out.
var ErrSimulated = errors.New("the recording is simulated, and no evidence")

// A Bundle is what a proof bundle says.
type Bundle struct {
	ID    string
	Day   archive.Day
	Seal  *archive.Seal
	Lines int
	Time  time.Time // of the checkpoint
	Key   string    // that has signed it
	Own   bool      // no key was given: it is the bundle's own
}

// CheckBundle checks a bundle without anything else. keys are those trusted; with
// none the bundle's own key is taken, which proves only that it fits together.
// What is wrong is told to found and file; an error means that it is no bundle.
func CheckBundle(ra io.ReaderAt, size int64, keys []string, found func(Finding), file func(archive.Check)) (Bundle, error) {
	fail := func(what string, err error) (Bundle, error) { return Bundle{}, fmt.Errorf("bundle: %s: %w", what, err) }
	z, err := zip.NewReader(ra, size)
	if err != nil {
		return fail("read", err)
	}
	doc, err := member(z, proofName, maxProof)
	if err != nil {
		return fail(proofName, err)
	}
	var p proof
	if err := json.Unmarshal(doc, &p); err != nil {
		return fail(proofName, err)
	}
	if p.V != bundleVersion {
		return fail(proofName, fmt.Errorf("version %d is not known here", p.V))
	}
	b := Bundle{ID: p.ID, Day: p.Day, Lines: len(p.Lines), Own: len(keys) == 0}
	if b.Own {
		own, err := member(z, publicName, maxNote)
		if err == nil {
			keys, err = ParseKeys(string(own))
		}
		if err != nil {
			return fail(publicName, err)
		}
	}
	text, err := member(z, noteName, maxNote)
	if err != nil {
		return fail(noteName, err)
	}
	cp, ok := readNote(text, keys, Finding{}, found)
	if !ok {
		return b, nil
	}
	b.Time, b.Key = cp.Time, cp.key
	for i := range p.Lines {
		b.check(&p.Lines[i], &cp, found)
	}
	if b.Seal == nil {
		found(Finding{Kind: NotInTree, Day: p.Day, ID: p.ID, What: archive.KindSealed})
		return b, nil
	}
	b.files(z, found, file)
	return b, nil
}

// check proves one line by the checkpoint.
func (b *Bundle) check(l *proofLine, cp *Checkpoint, found func(Finding)) {
	raw := archive.RawLine{Bytes: []byte(l.Line)}
	f := Finding{Day: b.Day, ID: b.ID, Leaf: l.Index + 1}
	leaf, err := parseLeaf([]byte(l.Leaf + "\n"))
	f.Line, f.What = leaf.Number, leaf.Kind
	if err != nil || tlog.CheckRecord(l.Proof, cp.Size, cp.Root, l.Index, tlog.RecordHash([]byte(l.Leaf))) != nil {
		f.Kind = NotInTree
		found(f)
		return
	}
	j, err := raw.Parse()
	if err != nil || leaf.Sum != sha256.Sum256(raw.Bytes) || leaf.Day != b.Day || leaf.ID != b.ID || j.ID != b.ID {
		f.Kind = Changed
		found(f)
		return
	}
	if j.Seal != nil {
		b.Seal = j.Seal
	}
}

// files compares the files in the bundle with the seal.
func (b *Bundle) files(z *zip.Reader, found func(Finding), file func(archive.Check)) {
	known := map[string]bool{proofName: true, noteName: true, publicName: true, KeysName: true}
	for _, want := range filesOf(b.Seal) {
		known[want.Name] = true
		err := sameFile(z, want)
		file(archive.Check{Name: want.Name, OK: err == nil, Err: err})
	}
	for _, f := range z.File {
		if !known[f.Name] {
			found(Finding{Kind: FileAdded, Day: b.Day, ID: b.ID, File: f.Name})
		}
		delete(known, f.Name) // a second one is one too many
	}
}

func sameFile(z *zip.Reader, want archive.Sealed) error {
	f, err := z.Open(want.Name)
	if err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, want.Bytes+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if n != want.Bytes {
		return fmt.Errorf("it has not the %d bytes that the journal says", want.Bytes)
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != want.SHA256 {
		return fmt.Errorf("SHA-256 is %s, the journal says %s", sum, want.SHA256)
	}
	return nil
}

// member reads a small file of a ZIP.
func member(z *zip.Reader, name string, limit int64) ([]byte, error) {
	f, err := z.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err = errors.Join(err, f.Close()); err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("it is longer than %d bytes", limit)
	}
	return b, err
}
