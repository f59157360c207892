package assure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vaad/recorder/archive"
)

// Shelf is the folder of reports: one file per day, 2026-11-22.json.
type Shelf struct{ Dir string }

// ErrNoReport says that there is none of the day.
var ErrNoReport = errors.New("there is no report of that day")

// Put keeps a report, durable when it returns.
func (s Shelf) Put(r *Report) error {
	if err := os.MkdirAll(s.Dir, 0o750); err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return archive.ReplaceFile(filepath.Join(s.Dir, r.Day+".json"), append(b, '\n'), 0o640)
}

// Get reads the report of a day. Errors: [ErrNoReport], those of the disk, and
// that of a report which this version cannot read.
func (s Shelf) Get(day string) (*Report, error) {
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return nil, fmt.Errorf("%q is not a day like 2026-11-22: %w", day, ErrNoReport)
	}
	b, err := os.ReadFile(filepath.Join(s.Dir, day+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoReport
	}
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("report of %s: %w", day, err)
	}
	if r.V > Version {
		return nil, fmt.Errorf("report of %s: it was made by a newer vaad (form %d, this one reads %d)", day, r.V, Version)
	}
	return &r, nil
}

// Days lists the days that have a report, newest first.
func (s Shelf) Days() ([]string, error) {
	es, err := os.ReadDir(s.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var days []string
	for _, e := range es {
		day, ok := strings.CutSuffix(e.Name(), ".json")
		if _, err := time.Parse(time.DateOnly, day); ok && err == nil {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	slices.Reverse(days)
	return days, nil
}

// Behind lists the days before today whose report is not there, oldest first, at
// most so many back.
func (s Shelf) Behind(today time.Time, most int) ([]time.Time, error) {
	have, err := s.Days()
	if err != nil {
		return nil, err
	}
	if len(have) == 0 {
		most = 1 // of days before the first report nothing is promised
	}
	y, m, d := today.Date()
	var out []time.Time
	for k := most; k >= 1; k-- {
		day := time.Date(y, m, d-k, 12, 0, 0, 0, today.Location())
		if name := day.Format(time.DateOnly); !slices.Contains(have, name) && (len(have) == 0 || name > have[len(have)-1]) {
			out = append(out, day)
		}
	}
	return out, nil
}

// Of is the part of a report that somebody may see: of these lines only; nil = all.
func (r *Report) Of(lines []int) *Report {
	if lines == nil {
		return r
	}
	out := *r
	out.Calls, out.Open, out.Counts, out.Reasons, out.Seconds = 0, 0, map[string]int{}, map[string]int{}, Seconds{}
	out.Lines, out.Items, out.Strays = []Line{}, []Item{}, nil
	for _, l := range r.Lines {
		if slices.Contains(lines, l.Line) {
			out.Lines = append(out.Lines, l)
			out.Calls += l.Calls
			out.Open += l.Open
			out.Seconds.add(l.Seconds)
			for v, n := range l.Counts {
				out.Counts[v] += n
			}
			for w, n := range l.Reasons {
				out.Reasons[w] += n
			}
		}
	}
	for _, i := range r.Items {
		if slices.Contains(lines, i.Line) {
			out.Items = append(out.Items, i)
		}
	}
	for _, s := range r.Strays {
		if slices.Contains(lines, s.Line) {
			out.Strays = append(out.Strays, s)
		}
	}
	return &out
}
