package recorder

import (
	"errors"
	"slices"
	"time"

	"vaad/channels"
	"vaad/dsp/g711"
	"vaad/recorder/archive"
)

const (
	portion   = 2000            // samples of one write while nothing is late: 250 ms
	most      = 8 * rate        // samples of one write of a recording that is behind
	turn      = 2 * most        // samples of one recording before the others have their turn
	comesLate = 5 * time.Second // an end is known at most some blocks before its audio
	skipAhead = rate / 2        // room made when the ring has overtaken, so that it does not happen again at once
)

// A job is a recording being carried out. It belongs to the writing goroutine.
type job struct {
	rec    *recording
	r      *Recorder
	w      *archive.Writer
	pos    int64           // audio before it is in all files
	coming int64           // samples behind pos that some files have
	coded  [][]byte        // these, by file
	taken  int             // files that have them
	part   bool            // the last block is not whole: no more can be read
	hole   int64           // where the gap begins that is being written; none: there is no gap
	gap    int64           // audio before it cannot be had any more
	due    bool            // a checkpoint is to be made
	story  []archive.Entry // to be logged
	retry  time.Time       // not before
	ill    bool            // the last try failed
	short  time.Time       // since when the line has not reached the end
	bufs   *buffers        // the writer's
}

// buffers are shared by all jobs of a writer.
type buffers struct {
	raw [2][most]byte
}

// step writes what there is, at most one turn. again says that there is more
// now; done that the recording is finished. After an error everything that was
// not written is still there, and step is to be called again later.
func (j *job) step(a *archive.Archive) (again, done bool, err error) {
	limit, last := j.rec.limit()
	thrown := last && j.rec.thrown()
	if j.w == nil {
		if thrown || last && j.nothing(limit) {
			return false, true, nil
		}
		if limit <= j.rec.from {
			return false, false, nil // it may yet come to nothing
		}
		s := j.rec.take()
		if j.w, err = a.Begin(s); err != nil {
			j.rec.untake()
			return false, false, err
		}
	}
	if thrown {
		return false, true, j.finish(limit)
	}
	if err := j.log(); err != nil {
		return false, false, err
	}
	if err := j.flush(); err != nil {
		return false, false, err
	}
	until := min(limit, j.pos+j.rec.enc.whole(turn))
	for j.pos < until && (limit-j.pos >= portion || last) {
		moved, err := j.portion(until, limit, last)
		if err != nil {
			return false, false, err
		}
		switch {
		case moved && j.part: // no more can be read: it ends here
			limit = j.pos
		case moved:
			continue
		case last && (j.rec.broken.Load() || j.part):
			limit = j.pos
		case last && j.late():
			j.part = true // some samples less than a block may be there
			continue
		default:
			return false, false, nil
		}
		break
	}
	j.short = time.Time{}
	if last && j.pos >= limit {
		j.tellGap()
	}
	if err := j.log(); err != nil {
		return false, false, err
	}
	if !last {
		return limit-j.pos >= portion, false, nil
	}
	if j.pos < limit {
		return true, false, nil
	}
	return false, true, j.finish(limit)
}

// nothing says whether a recording that has ended has nothing to write: it has
// no length, or the disk refused until all of it had left the ring.
func (j *job) nothing(end int64) bool {
	if end <= j.rec.from {
		return true
	}
	var b [1]byte
	_, err := j.rec.line.Read(b[:], 0, end-1)
	return err != nil
}

// late says whether the line does not reach the recording's end although it
// should have long ago: its board went before.
func (j *job) late() bool {
	if j.short.IsZero() {
		j.short = time.Now()
	}
	return time.Since(j.short) > comesLate
}

// portion writes the next piece, whole blocks but at the end: audio, or silence
// where it is gone. It says whether there was any.
func (j *job) portion(until, limit int64, last bool) (moved bool, err error) {
	whole := func(n int64) int64 {
		if j.part || last && j.pos+n >= limit {
			return n
		}
		return j.rec.enc.whole(n)
	}
	n := whole(min(until-j.pos, j.rec.enc.whole(most)))
	if j.pos < j.gap {
		n = min(n, j.gap-j.pos)
		return true, j.put(n, nil, last && j.pos+n >= limit)
	}
	raw := make([][]byte, len(j.rec.enc.laws))
	n, err = j.read(raw, n, whole)
	var over *channels.ErrOverrun
	switch {
	case errors.As(err, &over):
		j.lost(min(over.Oldest+skipAhead, limit))
		return true, nil
	case err != nil:
		j.rec.broken.Store(true)
		return false, nil
	case n == 0:
		return false, nil
	}
	j.rec.silenced(j.pos, j.pos+n, func(from, to int64) {
		for i := range raw {
			for k := from; k < to; k++ {
				raw[i][k-j.pos] = g711.Silence(j.rec.enc.laws[i])
			}
		}
	})
	j.tellGap()
	return true, j.put(n, raw, j.part || last && j.pos+n >= limit)
}

// read takes at most n samples of all sides from the rings into raw, cut to what is
// whole; 0 where there is nothing yet, as an end may be known before its audio is there.
// Who pauses knows afterwards what was taken before.
func (j *job) read(raw [][]byte, n int64, whole func(int64) int64) (int64, error) {
	j.rec.reading.Lock()
	defer j.rec.reading.Unlock()
	for i := range raw {
		got, err := j.rec.line.Read(j.bufs.raw[i][:n], i, j.pos)
		if err != nil || got == 0 {
			return 0, err
		}
		n = int64(got)
	}
	n = whole(n)
	for i := range raw {
		raw[i] = j.bufs.raw[i][:n]
	}
	j.rec.taken = max(j.rec.taken, j.pos+n)
	return n, nil
}

// lost begins a gap up to the end of the block that a position is in, or makes
// the present one longer.
func (j *job) lost(upto int64) {
	if j.hole == none {
		j.hole = j.pos
	}
	block := j.rec.enc.block
	j.gap = max(j.gap, j.rec.from+(upto-j.rec.from+block-1)/block*block)
}

// tellGap tells of a gap that has been written.
func (j *job) tellGap() {
	if j.hole == none {
		return
	}
	n := j.pos - j.hole
	j.r.gap(j.rec, "recorder", n)
	j.story = append(j.story, archive.Entry{Time: j.rec.line.Time(j.hole), At: j.hole - j.rec.from, Kind: archive.EntryGap, Value: n})
	j.hole = none
}

// put adds n samples to all files: raw as encoded, or silence. Of a recording
// that ends with them, the last block is filled up.
func (j *job) put(n int64, raw [][]byte, last bool) error {
	enc := j.rec.enc
	j.coming, j.coded, j.taken = n, j.coded[:0], 0
	for i := range enc.names { // once: what fails is tried again with the same bytes
		if raw != nil {
			j.coded = append(j.coded, enc.encode(i, raw, last))
		} else {
			j.coded = append(j.coded, enc.quiet(i, n, last))
		}
	}
	err := j.flush()
	if err != nil && raw != nil && enc.same() { // the buffers are everybody's, and the ring may not have it next time
		for i := range j.coded {
			j.coded[i] = slices.Clone(j.coded[i])
		}
	}
	return err
}

// flush brings to an end what was begun, or what an error interrupted.
func (j *job) flush() error {
	for ; j.taken < len(j.coded); j.taken++ {
		b := j.coded[j.taken]
		if err := j.w.Append(j.taken, b); err != nil {
			return err
		}
		j.r.metrics.bytes.Add(float64(len(b)))
	}
	if j.coming > 0 {
		j.pos += j.coming
		j.coming, j.due = 0, true
		j.rec.written.Store(j.pos)
	}
	if j.due {
		if err := j.w.Checkpoint(j.rec.line.Time(j.pos), j.pos-j.rec.from); err != nil {
			return err
		}
		j.due = false
	}
	return nil
}

// log writes what is known for the story.
func (j *job) log() error {
	j.rec.mu.Lock()
	j.story = append(j.story, j.rec.story...)
	j.rec.story = j.rec.story[:0]
	missing := j.rec.missing
	j.rec.missing = 0
	j.rec.mu.Unlock()
	if missing > 0 {
		j.story = append(j.story, archive.Entry{Time: j.rec.line.Time(j.pos), At: j.pos - j.rec.from, Kind: entryLost, Value: int64(missing)})
	}
	for len(j.story) > 0 {
		if err := j.w.Log(j.story[0]); err != nil {
			return err
		}
		j.story = j.story[1:]
	}
	j.story = nil
	return nil
}

// finish hands the recording to be sealed. It does not wait for the disk.
func (j *job) finish(end int64) error {
	j.rec.mu.Lock()
	e := j.rec.ended
	j.rec.mu.Unlock()
	e.Time = j.rec.line.Time(end)
	return j.w.Finish(e)
}
