package backup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

// stateVersion is of ROOT/backup/NAME.state: docs/formats/backup.md.
const stateVersion = 1

// dayState is how far a day is on the target.
type dayState struct {
	Day     archive.Day `json:"day"`
	Lines   int         `json:"lines"`          // of the journal on the target
	Bytes   int64       `json:"bytes"`          // of it
	Sum     string      `json:"sum"`            // of these bytes, SHA-256
	Seq     uint64      `json:"seq"`            // of the last line
	Size    int64       `json:"size,omitempty"` // of the local file when it was read; with Mod: unchanged files are not read again
	Mod     int64       `json:"mod,omitempty"`  // ns since 1970
	Faults  []dayFault  `json:"faults,omitempty"`
	Remove  []string    `json:"remove,omitempty"`  // files of erased recordings that the target would not remove
	Recheck string      `json:"recheck,omitempty"` // it is to be held against the target: recheckSizes, recheckAll
}

// How a day is looked at anew.
const (
	recheckSizes = "sizes" // what is there with its size is right
	recheckAll   = "all"   // everything is read
)

// dayFault is a recording that is not on the target, as its local files are not right.
type dayFault struct {
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"` // of its end
	Fault
}

// sent is a file that was put and compared, of a day that is not finished.
type sent struct {
	Day  archive.Day `json:"day"`
	Name string      `json:"name"`
	Sum  string      `json:"sum"` // of what is stored
}

// runState is the last run.
type runState struct {
	Time  time.Time `json:"time"`
	OK    time.Time `json:"ok,omitzero"`
	Whole bool      `json:"whole,omitempty"` // it came to its end
	Error string    `json:"error,omitempty"`
	Class string    `json:"class,omitempty"`
}

// evidenceState is what of the evidence log is on the target.
type evidenceState struct {
	Leaves int64  `json:"leaves"`
	Notes  int64  `json:"notes"` // bytes of the file of checkpoints
	Sum    string `json:"sum"`   // of all that was put
}

// stateLine is one line of the file; one of its parts is there.
type stateLine struct {
	V        int            `json:"v,omitempty"`
	Backup   string         `json:"backup,omitempty"` // Head.ID: another medium has another state
	Scope    *string        `json:"scope,omitempty"`
	Day      *dayState      `json:"at,omitempty"`
	Sent     *sent          `json:"sent,omitempty"`
	Run      *runState      `json:"run,omitempty"`
	Evidence *evidenceState `json:"evidence,omitempty"`
	Drill    *DrillReport   `json:"drill,omitempty"`
}

// state is what is known of a target. It is a cache: lost, it is made again from
// the target's own journals.
type state struct {
	disk  archive.Disk
	name  string
	f     archive.File
	end   int64 // of the file
	lines int   // in the file

	backup   string
	scope    string
	days     map[archive.Day]*dayState
	sent     map[archive.Day]map[string]string
	run      runState
	evidence evidenceState
	drill    *DrillReport
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const crcHead = `,"crc":"`

// openState reads the file; what a crash left of its last line is skipped.
func openState(disk archive.Disk, name string) (*state, error) {
	s := &state{disk: disk, name: name + ".state", days: map[archive.Day]*dayState{}, sent: map[archive.Day]map[string]string{}}
	b, err := readWhole(disk, s.name, 1<<30)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range bytes.Lines(b) {
		var l stateLine
		if !parseState(line, &l) {
			continue
		}
		if l.V > stateVersion {
			return nil, fmt.Errorf("%s has version %d: %w", s.name, l.V, ErrNewer)
		}
		s.apply(&l)
	}
	if s.compact() != nil { // a full disk is no reason not to back up
		s.end, s.lines = int64(len(b)), bytes.Count(b, []byte("\n"))
		if s.f, err = disk.Open(s.name, os.O_RDWR, 0); err != nil {
			s.f = nil
		}
	}
	return s, nil
}

func parseState(line []byte, l *stateLine) bool {
	line = bytes.TrimSuffix(line, []byte("\n"))
	n := len(line) - len(crcHead) - 10
	if n < 1 || string(line[n:n+len(crcHead)]) != crcHead {
		return false
	}
	sum, err := strconv.ParseUint(string(line[n+len(crcHead):len(line)-2]), 16, 32)
	return err == nil && uint32(sum) == crc32.Checksum(line[:n], castagnoli) && json.Unmarshal(line, l) == nil && l.sound()
}

// sound reports whether a line says what can be.
func (l *stateLine) sound() bool {
	if d := l.Day; d != nil && (!d.Day.Valid() || d.Lines < 0 || d.Bytes < 0 || slices.ContainsFunc(d.Remove, badName)) {
		return false
	}
	if l.Sent != nil && (!l.Sent.Day.Valid() || badName(l.Sent.Name)) {
		return false
	}
	return l.Evidence == nil || l.Evidence.Leaves >= 0 && l.Evidence.Notes >= 0
}

// badName reports whether a name is of no file in a day's folder.
func badName(name string) bool { return target.CheckName(name) != nil || strings.Contains(name, "/") }

func (s *state) apply(l *stateLine) {
	if l.Backup != "" && l.Backup != s.backup {
		s.backup, s.evidence = l.Backup, evidenceState{}
		clear(s.days)
		clear(s.sent)
	}
	if l.Scope != nil {
		s.scope = *l.Scope
	}
	if l.Day != nil {
		s.days[l.Day.Day] = l.Day
		delete(s.sent, l.Day.Day)
	}
	if l.Sent != nil {
		if s.sent[l.Sent.Day] == nil {
			s.sent[l.Sent.Day] = map[string]string{}
		}
		s.sent[l.Sent.Day][l.Sent.Name] = l.Sent.Sum
	}
	if l.Run != nil {
		s.run = *l.Run
	}
	if l.Evidence != nil {
		s.evidence = *l.Evidence
	}
	if l.Drill != nil {
		s.drill = l.Drill
	}
}

func encodeState(b []byte, l *stateLine) []byte {
	at := len(b)
	j, err := json.Marshal(l)
	if err != nil { // nothing in it can fail to be JSON
		j = []byte(`{"v":1}`)
	}
	b = append(b, j[:len(j)-1]...)
	return fmt.Appendf(b, `%s%08x"}`+"\n", crcHead, crc32.Checksum(b[at:], castagnoli))
}

// note applies lines and appends them to the file. What the disk refuses only
// costs time at the next start: it is told and forgotten.
func (s *state) note(ls ...*stateLine) error {
	var b []byte
	for _, l := range ls {
		s.apply(l)
		b = encodeState(b, l)
	}
	if s.lines > 4*(s.least()+256) {
		return s.compact()
	}
	if s.f == nil {
		if err := s.compact(); err != nil { // an earlier one failed
			return err
		}
		return nil
	}
	if _, err := s.f.WriteAt(b, s.end); err != nil {
		return err
	}
	s.end += int64(len(b))
	s.lines += len(ls)
	return nil
}

// least is how many lines a file made anew has.
func (s *state) least() int {
	n := 1 + len(s.days)
	for _, names := range s.sent { // of one day, seldom two
		n += len(names)
	}
	return n
}

// compact writes the file anew.
func (s *state) compact() error {
	var b []byte
	n := 0
	add := func(l *stateLine) { b = encodeState(b, l); n++ }
	add(&stateLine{V: stateVersion, Backup: s.backup, Scope: &s.scope, Run: &s.run, Evidence: &s.evidence, Drill: s.drill})
	for _, d := range slices.Sorted(maps.Keys(s.days)) {
		add(&stateLine{Day: s.days[d]})
	}
	for _, d := range slices.Sorted(maps.Keys(s.sent)) {
		for _, name := range slices.Sorted(maps.Keys(s.sent[d])) {
			add(&stateLine{Sent: &sent{d, name, s.sent[d][name]}})
		}
	}
	if err := writeWhole(s.disk, s.name, b); err != nil {
		return err
	}
	if s.f != nil {
		s.f.Close()
	}
	var err error
	s.f, err = s.disk.Open(s.name, os.O_RDWR, 0)
	s.end, s.lines = int64(len(b)), n
	return err
}

func (s *state) close() error {
	if s.f == nil {
		return nil
	}
	return s.f.Close()
}

// recheck makes all days be held against the target anew.
func (s *state) recheck(how string) []*stateLine {
	var ls []*stateLine
	for _, d := range slices.Sorted(maps.Keys(s.days)) {
		c := *s.days[d]
		c.Recheck = how
		ls = append(ls, &stateLine{Day: &c})
	}
	return ls
}

// readWhole reads a file of a disk.
func readWhole(d archive.Disk, name string, limit int64) ([]byte, error) {
	f, err := d.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err == nil && size > limit {
		err = fmt.Errorf("%s: %d bytes are over %d", name, size, limit)
	}
	b := make([]byte, min(size, limit))
	if err == nil {
		_, err = io.ReadFull(io.NewSectionReader(f, 0, size), b)
	}
	return b, errors.Join(err, f.Close())
}

// writeWhole replaces a file at once, durably.
func writeWhole(d archive.Disk, name string, b []byte) error {
	tmp := name + ".new"
	f, err := d.Open(tmp, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(b, 0)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.SyncFS(); err != nil {
		return err
	}
	return d.Rename(tmp, name)
}
