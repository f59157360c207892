package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/prometheus/client_golang/prometheus"
)

// journal is the day.jsonl of one day, open for appending. Only the committer
// has any, one batch long. Lines are written at own offsets behind the durable
// end; when the batch fails they are cut off again, or overwritten by the next.
type journal struct {
	f     File
	day   Day
	end   int64  // behind the last durable line
	seq   uint64 // of that line
	dirty bool   // there may be bytes behind end that should not be there
}

// tailBlock is how much of a journal is read to find its last good line.
const tailBlock = 64 << 10

// openJournal opens or makes the journal of a day and cuts off a torn end.
// Damaged lines that are followed by good ones stay: they were durable once, so
// it is not for us to remove them.
func openJournal(d Disk, day Day) (*journal, error) {
	name := day.file(dayJournal)
	f, err := d.Open(name, os.O_RDWR, openPerm)
	if errors.Is(err, fs.ErrNotExist) {
		if err = d.MkdirAll(day.dir(), dirPerm); err != nil {
			return nil, err
		}
		f, err = d.Open(name, os.O_RDWR|os.O_CREATE, openPerm)
	}
	if err != nil {
		return nil, err
	}
	j := &journal{f: f, day: day}
	size, err := f.Size()
	if err == nil {
		j.end, j.seq, err = lastLine(f, size)
	}
	if err == nil && size > j.end {
		err = f.Truncate(j.end)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return j, nil
}

// lastLine finds the last good line, reading backwards, and returns the offset
// behind it and its seq; 0, 0 when there is none.
func lastLine(f File, size int64) (end int64, seq uint64, err error) {
	var l JournalLine
	tail := []byte(nil) // beginning of the line that ends in the block behind
	for to := size; to > 0; {
		from := max(0, to-tailBlock)
		b := make([]byte, to-from, to-from+int64(len(tail)))
		if err := readFull(f, b, from); err != nil {
			return 0, 0, err
		}
		b = append(b, tail...)
		for {
			nl := bytes.LastIndexByte(b, '\n')
			if nl < 0 {
				break
			}
			start := bytes.LastIndexByte(b[:nl], '\n') + 1
			if start == 0 && from > 0 {
				break // the line begins in the block before
			}
			err := parseLine(b[start:nl], &l)
			if err == nil {
				return from + int64(nl) + 1, l.Seq, nil
			}
			if errors.Is(err, errNewer) {
				return 0, 0, err
			}
			b = b[:start]
		}
		if len(b) > maxLine {
			b = nil
		}
		tail, to = b, from
	}
	return 0, 0, nil
}

// write puts lines behind the durable end, giving each its seq.
func (j *journal) write(lines []*JournalLine) error {
	var b []byte
	for i, l := range lines {
		l.V, l.Day, l.Seq = journalVersion, j.day, j.seq+uint64(i)+1
		b = appendLine(b, l)
		l.Next = j.end + int64(len(b))
	}
	_, err := j.f.WriteAt(b, j.end)
	if err == nil && j.dirty {
		err = j.f.Truncate(j.end + int64(len(b)))
	}
	if err != nil {
		j.rollback()
		return err
	}
	j.dirty = false
	return nil
}

// rollback takes back what was written. Where the disk refuses even that, the
// next write does it.
func (j *journal) rollback() { j.dirty = j.f.Truncate(j.end) != nil }

func (j *journal) close() { j.f.Close() }

type journalMetrics struct {
	lines *prometheus.CounterVec
}

func newJournalMetrics(r prometheus.Registerer) *journalMetrics {
	m := &journalMetrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vaad_archive_journal_lines_total",
		Help: "Lines made durable in day journals, by kind.",
	}, []string{"kind"})}
	register(r, m.lines)
	return m
}
