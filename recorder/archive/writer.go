package archive

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"

	"vaad/dsp/wav"
)

// maxUnchecked is how many bytes of a side may wait for a checkpoint: more means
// that the caller forgot them.
const maxUnchecked = 1 << 30

// A Writer writes one recording. One goroutine appends; Log may be called from any.
type Writer struct {
	id    string
	uid   ulid.ULID
	idSum uint32
	start Start
	day   Day
	disk  Disk
	m     *writerMetrics
	errs  *errorMetric
	queue func(*sealing) error

	mu       sync.Mutex
	sides    []sideFile
	ckpt     File
	ckptOff  int64
	ckptSeq  uint32
	samples  int64 // as the last checkpoint said
	buf      []byte
	chunks   [maxSides]chunk
	story    File
	storyOff int64
	sum      summary
	made     bool // its files are there
	finished bool
}

type sideFile struct {
	f     File
	head  int64
	bytes int64  // of audio, in the file for certain
	since int64  // bytes since the last checkpoint
	crc   uint32 // of these
}

func (s *Start) check() error {
	if n, _ := s.Codec.Block(); n == 0 {
		return fmt.Errorf("codec %q is not one of %q", s.Codec, codecs())
	}
	if len(s.Sides) == 0 || len(s.Sides) > maxSides {
		return fmt.Errorf("%d sides: 1 to %d can be recorded", len(s.Sides), maxSides)
	}
	for i, name := range s.Sides {
		if err := validSide(name); err != nil {
			return err
		}
		for _, other := range s.Sides[:i] {
			if other == name {
				return fmt.Errorf("side %q is there twice", name)
			}
		}
	}
	if s.Line < 0 || int64(s.Line) > 1<<32-1 {
		return fmt.Errorf("line number %d is out of range", s.Line)
	}
	return checkTime("begin", s.Begin)
}

// create makes the files of a new recording: story first, as the recording
// exists before its audio does.
func (w *Writer) create(named bool) (err error) {
	flag := os.O_RDWR | os.O_CREATE | os.O_EXCL
	if named { // an earlier try may have left something
		flag &^= os.O_EXCL
	}
	var made []string
	defer func() {
		if err != nil {
			w.close()
			for i := len(made) - 1; i >= 0; i-- {
				w.disk.Remove(made[i]) // what stays is empty, and recovery discards it
			}
		}
	}()
	put := func(name string, head []byte) (File, error) {
		name = inOpen(name)
		f, err := w.disk.Open(name, flag, openPerm)
		if err != nil {
			return nil, err
		}
		made = append(made, name)
		if named {
			err = f.Truncate(0)
		}
		if err == nil {
			_, err = f.WriteAt(head, 0)
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		return f, nil
	}
	line := appendStart(nil, w.id, &w.start)
	if w.story, err = put(w.id+extStory, line); err != nil {
		return err
	}
	w.storyOff = int64(len(line))

	head := headerOf(w.uid, &w.start).append(nil)
	if w.ckpt, err = put(w.id+extCkpt, head); err != nil {
		return err
	}
	w.ckptOff = int64(len(head))

	f := wavFormat(w.start.Codec)
	for i, side := range w.start.Sides {
		w.sides[i].head = int64(wav.HeaderLen(f))
		if w.sides[i].f, err = put(wavName(w.id, side), wav.StreamHeader(f)); err != nil {
			return err
		}
	}
	return nil
}

// close closes the files. The writer is locked, or nobody else has it.
func (w *Writer) close() {
	for i := range w.sides {
		if w.sides[i].f != nil {
			w.sides[i].f.Close()
			w.sides[i].f = nil
		}
	}
	if w.story != nil {
		w.story.Close()
		w.story = nil
	}
	if w.ckpt != nil {
		w.ckpt.Close()
		w.ckpt = nil
	}
}

// ID is the recording's ULID.
func (w *Writer) ID() string { return w.id }

// Start is what the recording began with.
func (w *Writer) Start() Start { return w.start }

// Day is the folder it will be sealed into.
func (w *Writer) Day() Day { return w.day }

// Bytes is how much audio of a side is in the file.
func (w *Writer) Bytes(side int) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sides[side].bytes
}

// Append adds audio, whole blocks of the recording's codec, to a side. On error
// nothing was taken: the same bytes may be appended again later, or the recording finished.
func (w *Writer) Append(side int, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.finished {
		return &Error{Op: "append", ID: w.id, Err: ErrClosed}
	}
	if side < 0 || side >= len(w.sides) || w.start.Codec.whole(int64(len(data))) != int64(len(data)) {
		return &Error{Op: "append", ID: w.id, Err: fmt.Errorf("side %d, %d bytes: not a side, or not whole blocks of %s", side, len(data), w.start.Codec)}
	}
	s := &w.sides[side]
	if s.since+int64(len(data)) > maxUnchecked {
		return &Error{Op: "append", ID: w.id, Err: errors.New("1 GiB without a checkpoint")}
	}
	if _, err := s.f.WriteAt(data, s.head+s.bytes); err != nil {
		return w.errs.wrap("append", w.id, err)
	}
	s.bytes += int64(len(data))
	s.since += int64(len(data))
	s.crc = crc32.Update(s.crc, castagnoli, data)
	w.m.bytes.Add(float64(len(data)))
	return nil
}

// Checkpoint notes bytes and CRC of what was appended since the last one, with
// the wall time behind the last sample and the samples so far: where the last
// block is filled up, they tell how much of it is audio. Only checkpointed audio
// survives a crash. On error the next checkpoint covers this one's bytes too.
func (w *Writer) Checkpoint(wall time.Time, samples int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.finished {
		return &Error{Op: "checkpoint", ID: w.id, Err: ErrClosed}
	}
	return w.checkpoint(wall, samples)
}

func (w *Writer) checkpoint(wall time.Time, samples int64) error {
	r := ckptRecord{seq: w.ckptSeq + 1, wall: wall, samples: samples}
	r.sides = w.chunks[:len(w.sides)]
	for i := range w.sides {
		s := &w.sides[i]
		r.sides[i] = chunk{s.bytes, uint32(s.since), s.crc}
	}
	w.buf = r.append(w.buf[:0], w.idSum)
	if _, err := w.ckpt.WriteAt(w.buf, w.ckptOff); err != nil {
		return w.errs.wrap("checkpoint", w.id, err)
	}
	w.ckptOff += int64(len(w.buf))
	w.ckptSeq++
	w.samples = samples
	for i := range w.sides {
		w.sides[i].since, w.sides[i].crc = 0, 0
	}
	w.m.checkpoints.Inc()
	return nil
}

// Log adds a line to the story. On error nothing was added.
func (w *Writer) Log(e Entry) error {
	if err := e.check(); err != nil {
		return &Error{Op: "log", ID: w.id, Err: err}
	}
	e = e.utc()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.finished {
		return &Error{Op: "log", ID: w.id, Err: ErrClosed}
	}
	if isAct(e.Kind) && w.sum.actBytes+len(e.Text) > maxActs {
		return &Error{Op: "log", ID: w.id, Err: errors.New("too many notes and marks while it runs; add them when it has ended")}
	}
	line := appendEntry(nil, e)
	if _, err := w.story.WriteAt(line, w.storyOff); err != nil {
		return w.errs.wrap("log", w.id, err)
	}
	w.storyOff += int64(len(line))
	w.sum.add(e)
	return nil
}

type writerMetrics struct {
	bytes, checkpoints prometheus.Counter
}

func newWriterMetrics(r prometheus.Registerer) *writerMetrics {
	m := &writerMetrics{
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vaad_archive_written_bytes_total",
			Help: "Bytes of audio appended to recordings.",
		}),
		checkpoints: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vaad_archive_checkpoints_total",
			Help: "Checkpoints written beside recordings.",
		}),
	}
	register(r, m.bytes, m.checkpoints)
	return m
}
