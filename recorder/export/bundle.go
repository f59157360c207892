package export

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"time"

	"vaad/dsp/wav"
	"vaad/recorder/archive"
	"vaad/recorder/evidence"
	"vaad/recorder/index"
)

// A bundle is the ZIP of a job while it is being made: without compression, with
// 64-bit sizes where they are needed.
type bundle struct {
	c     *Config
	maker *Maker
	job   Job
	kind  Kind
	tpl   Template
	z     *zip.Writer
	names names
	tell  func(handled, left, files int, bytes int64)
	may   func(n int, id string) bool // it is not known to be erased

	erased map[string]bool // as in Job

	proofs   Proofs
	noProofs error // why there are none

	man   Manifest
	files int
	left  int
	bytes int64
}

// errNothing: none of the recordings could be given.
var errNothing = errors.New("none of the recordings could be given")

// write writes the whole ZIP.
func (b *bundle) write(ctx context.Context, f *os.File) error {
	out := bufio.NewWriterSize(f, 1<<18)
	b.z, b.names = zip.NewWriter(out), newNames()
	s := &b.job.Spec
	b.man = Manifest{V: manifestVersion, Export: b.job.ID, Box: b.c.Box(), Program: "vaad " + b.c.Version, By: s.Actor, ByKind: s.Kind, At: b.c.Now().UTC(),
		Reason: s.Reason, Search: s.Search, Format: s.Format, Layout: s.Layout, Proof: s.Proof, Items: []Entry{}}
	if s.Proof && b.c.Proofs != nil {
		if b.proofs, b.noProofs = b.c.Proofs(ctx, s.IDs); b.noProofs == nil {
			defer func() { _ = b.proofs.Close() }() // read only
		}
	}
	for i, id := range s.IDs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := room(b.c.Free, b.bytes/int64(max(1, i))); err != nil {
			return err
		}
		if err := b.recording(ctx, i+1, id); err != nil {
			return err
		}
		b.tell(i+1, b.left, b.files, b.bytes)
	}
	if b.files == 0 {
		return errNothing
	}
	b.man.Complete = b.left == 0
	for _, m := range []struct {
		name  string
		write func(io.Writer) error
	}{{"manifest.csv", b.man.writeCSV}, {"manifest.json", b.man.writeJSON}} {
		w, err := b.z.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Store, Modified: b.man.At})
		if err == nil {
			err = m.write(w)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(b.z.Close(), out.Flush())
}

// recording adds all files of one recording. What keeps it from being given is
// noted; an error means that the whole cannot go on.
func (b *bundle) recording(ctx context.Context, n int, id string) error {
	if !b.may(n, id) { // the index may not know yet
		b.man.Items = append(b.man.Items, Entry{Recording: id, Result: ResultErased})
		b.left, b.erased[id] = b.left+1, true
		return nil
	}
	row, ok, err := b.c.Find(id)
	if err != nil {
		return err
	}
	if may := b.job.Spec.Allowed; ok && may != nil && !may(row.Line) {
		b.man.Items = append(b.man.Items, Entry{Recording: id, Result: ResultDenied})
		b.left++
		return nil
	}
	e := entryOf(id, &row)
	refuse := func(result, detail string) error {
		e.Result, e.Detail = result, detail
		b.man.Items = append(b.man.Items, e)
		b.left++
		return nil
	}
	switch {
	case !ok:
		return refuse(ResultGone, "")
	case row.State == index.StateErased:
		b.erased[id] = row.Forgotten
		return refuse(ResultErased, "")
	case row.State == index.StateTrash:
		return refuse(ResultTrash, "")
	}
	outs, err := b.kind.Outputs(b.job.Spec.Layout, row.Sides)
	if err != nil {
		return refuse(ResultNoSide, err.Error())
	}
	name := b.tpl.Name(&row, n, b.c.Zone)
	var entries []Entry
	for _, o := range outs {
		one := e
		if err := b.output(ctx, &row, o, name, len(outs) > 1, &one); err != nil {
			result := resultOf(err)
			if result == "" || ctx.Err() != nil {
				return err
			}
			b.man.Items = append(b.man.Items, entries...) // what is there stays there, and is told
			e.Side = o.Side
			return refuse(result, err.Error())
		}
		entries = append(entries, one)
	}
	if b.job.Spec.Proof {
		proof, file, err := b.proof(ctx, &row)
		if err != nil {
			return err
		}
		for i := range entries {
			entries[i].Proof, entries[i].ProofFile = proof, file
		}
	}
	b.man.Items = append(b.man.Items, entries...)
	return nil
}

// resultOf is the code of what keeps one recording from being given; "" is for
// what concerns the whole export: a full disk, or a missing program.
func resultOf(err error) string {
	var write *writeError
	var refused *RefusedError
	if code := archive.Unreadable(err); code != "" {
		return code
	}
	switch {
	case errors.As(err, &write), errors.Is(err, ErrNoProgram), archive.Reason(err) == "no-space", archive.Reason(err) == "read-only":
		return ""
	case errors.Is(err, archive.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return ResultNoAudio
	case errors.As(err, &refused):
		return ResultNoSide
	case errors.Is(err, ErrEmpty):
		return ResultEmpty
	}
	return ResultUnreadable
}

// writeError is one of the ZIP itself.
type writeError struct{ error }

func (w *writeError) Unwrap() error { return w.error }

// output adds one file.
func (b *bundle) output(ctx context.Context, row *index.Row, o Output, name string, many bool, e *Entry) error {
	audio, err := OpenSides(b.c.Archive, row, o.Sides)
	if err != nil {
		return err
	}
	m, err := b.maker.Make(ctx, Wish{Kind: b.kind, Mix: o.Mix}, audio...)
	if err != nil {
		return err
	}
	end := b.kind.Ext
	if many {
		end = "." + o.Side + end
	}
	e.File, e.Side, e.Channels = b.names.unique(name, end), o.Side, m.Channels
	e.Seconds = float64(m.Frames) / wav.Rate
	e.Bytes, e.SHA256, err = b.add(ctx, e.File, row.Start, m)
	b.maker.Count(b.kind.Name, e.Bytes, err)
	return errors.Join(err, m.Close())
}

// OpenSides opens sides of a recording through the archive, which knows how they
// are stored. On an error none is open.
func OpenSides(a Archive, row *index.Row, sides []string) ([]*archive.Audio, error) {
	var open []*archive.Audio
	for _, s := range sides {
		one, err := a.Audio(row.Day, row.ID, s)
		if err != nil {
			return nil, errors.Join(err, closeAll(open))
		}
		open = append(open, one)
	}
	return open, nil
}

// add stores what is read twice: for its sums, which stand before it in the ZIP,
// and for itself. So what cannot be read is not begun.
func (b *bundle) add(ctx context.Context, name string, at time.Time, r io.ReadSeeker) (int64, string, error) {
	crc, sum := crc32.NewIEEE(), sha256.New()
	n, err := io.Copy(io.MultiWriter(crc, sum), &reading{ctx, r})
	if err == nil {
		_, err = r.Seek(0, io.SeekStart)
	}
	if err != nil {
		return 0, "", err
	}
	var w io.Writer
	if n < math.MaxUint32 {
		w, err = b.z.CreateRaw(rawHeader(name, at.In(b.c.Zone), crc.Sum32(), n))
	} else { // its head has no room for the size: it stands behind the file then
		w, err = b.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: at.In(b.c.Zone)})
	}
	if err == nil {
		var m int64
		if m, err = io.Copy(w, &reading{ctx, r}); err == nil && m != n {
			err = io.ErrUnexpectedEOF
		}
	}
	if err != nil { // part of it is there: the ZIP cannot go on
		return 0, "", &writeError{err}
	}
	b.files, b.bytes = b.files+1, b.bytes+n
	return n, hex.EncodeToString(sum.Sum(nil)), nil
}

// rawHeader is the head of a stored file whose sums are known, so that the ZIP can
// be read from its beginning: with the name in UTF-8, and the time both as MS-DOS
// and as Unix has it.
func rawHeader(name string, at time.Time, crc uint32, n int64) *zip.FileHeader {
	const utf8Name, unixTime = 0x800, 0x5455
	h := &zip.FileHeader{Name: name, Method: zip.Store, Flags: utf8Name, CreatorVersion: 3<<8 | 20, ReaderVersion: 20, CRC32: crc,
		CompressedSize64: uint64(n), UncompressedSize64: uint64(n)}
	if y := at.Year(); y >= 1980 && y < 2108 {
		//lint:ignore SA1019 CreateRaw does not look at Modified
		h.ModifiedDate = uint16(at.Day() + int(at.Month())<<5 + (y-1980)<<9)
		//lint:ignore SA1019 as above
		h.ModifiedTime = uint16(at.Second()/2 + at.Minute()<<5 + at.Hour()<<11)
	}
	le := binary.LittleEndian
	h.Extra = le.AppendUint16(le.AppendUint16(nil, unixTime), 5)
	h.Extra = le.AppendUint32(append(h.Extra, 1), uint32(at.Unix()))
	h.SetMode(0o644)
	return h
}

// reading ends with its context.
type reading struct {
	ctx context.Context
	r   io.Reader
}

func (r *reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// proof adds the proof bundle of a recording, if there can be one.
func (b *bundle) proof(ctx context.Context, row *index.Row) (result, file string, err error) {
	if b.c.Proofs == nil {
		return ProofFailed, "", nil
	}
	f, err := nameless(b.maker.c.Dir)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	if err = b.noProofs; err == nil {
		err = b.proofs.Export(ctx, row.ID, f)
	}
	switch {
	case errors.Is(err, evidence.ErrSimulated):
		return ProofSimulated, "", nil
	case errors.Is(err, evidence.ErrUnsigned), errors.Is(err, archive.ErrNotFound):
		return ProofUnsigned, "", nil
	case err != nil && (ctx.Err() != nil || archive.Reason(err) == "no-space"):
		return "", "", err
	case err != nil:
		b.c.Logger.Warn("export: a proof could not be made", "recording", row.ID, "error", err)
		return ProofFailed, "", nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", "", err
	}
	file = "proof/" + row.ID + ".zip"
	if _, _, err := b.add(ctx, file, row.Start, f); err != nil {
		return "", "", err
	}
	b.files-- // it is none of audio
	return ProofBundle, file, nil
}
