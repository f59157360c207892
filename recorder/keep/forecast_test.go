package keep_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// grows is an index of which only the totals by day are known: a usual week, and
// one day of great noise.
type grows struct {
	keep.Index
	bytes func(day time.Time) int64
	from  time.Time
	class string
}

func (g grows) Status() index.Status { return index.Status{} }

func (g grows) Daily(_ context.Context, f index.Filter) (all []index.DayTotal, _ error) {
	if len(f.Classes) > 0 && f.Classes[0] != g.class || len(f.States) == 1 {
		return nil, nil
	}
	for d := g.from; d.Before(t0); d = d.AddDate(0, 0, 1) {
		if d.Before(f.From) || !f.To.IsZero() && !d.Before(f.To) {
			continue
		}
		all = append(all, index.DayTotal{Day: archive.DayOf(d), Count: 1, Bytes: g.bytes(d)})
	}
	return all, nil
}

func TestTheForecastSaysWhenTheDiskIsFull(t *testing.T) {
	const gib = int64(1) << 30
	today := t0.Truncate(24 * time.Hour)
	usual := func(d time.Time) int64 { // Sundays nothing
		switch {
		case d.Equal(today.AddDate(0, 0, -9)):
			return 500 * gib
		case d.Weekday() == time.Sunday:
			return 0
		}
		return 7 * gib
	}
	// 1000 GiB, 700 free above the reserve of 50.
	for name, c := range map[string]struct {
		class       keep.Class
		from        int
		days, gross int
		known       int
	}{
		"nothing is deleted":          {keep.Class{Name: "c", Forever: true}, -400, 117, 117, 28},
		"all is deleted in time":      {keep.Class{Name: "c", Days: 30, Action: keep.ToErase}, -30, -1, 117, 28},
		"it is deleted too late":      {keep.Class{Name: "c", Days: 200, Action: keep.ToErase}, -28, 117, 117, 28},
		"in the trash it takes room":  {keep.Class{Name: "c", Days: 60, TrashDays: 100}, -28, 117, 117, 28},
		"what there was goes in time": {keep.Class{Name: "c", Days: 60, TrashDays: 10}, -70, -1, 117, 28},
		"nothing is known":            {keep.Class{Name: "c", Forever: true}, 1, -1, -1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := keep.Policy{Default: "c", Classes: []keep.Class{c.class}}
			e, err := keep.New(keep.Config{Index: grows{bytes: usual, from: today.AddDate(0, 0, c.from), class: "c"},
				Archive: spaced{r: &rig{free: 750 * gib}}, Policy: func() keep.Policy { return p }, Now: func() time.Time { return t0 }})
			if err != nil {
				t.Fatal(err)
			}
			f, err := e.Forecast(t.Context())
			if err != nil || f.Days != c.days || f.Gross != c.gross || f.Known != c.known {
				t.Errorf("%+v, %v; want %d days, %d without deleting", f, err, c.days, c.gross)
			}
			if c.known == 28 && (f.PerDay != 6*gib || f.ByWeekday[time.Sunday] != 0 || f.ByWeekday[time.Friday] != 7*gib) {
				t.Errorf("a usual week is %v", f.ByWeekday)
			}
			if (f.Days >= 0) != !f.Full.IsZero() {
				t.Errorf("full at %v", f.Full)
			}
		})
	}
}

// TestHoursPerGiB measures what a recorded side takes on the disk, story, journal
// and index row of the archive counted in.
func TestHoursPerGiB(t *testing.T) {
	for _, c := range []struct {
		codec archive.Codec
		least float64 // hours
	}{{archive.G711A, 35}, {archive.G711U, 35}, {archive.IMA, 70}, {archive.GSM, 175}, {archive.PCM16, 18}} {
		t.Run(string(c.codec), func(t *testing.T) {
			dir := t.TempDir()
			a, err := archive.Open(archive.Config{Root: dir, Now: func() time.Time { return t0 }})
			if err != nil {
				t.Fatal(err)
			}
			const calls, length = 20, 3 * time.Minute
			samples := int64(length / (time.Second / 8000))
			block, per := c.codec.Block()
			n := (samples + per - 1) / per * block
			var bytes int64
			a.Subscribe(func(l archive.JournalLine) { bytes += l.Seal.Bytes() })
			for i := range calls {
				begin := t0.Add(time.Duration(i) * time.Hour / 4)
				w, err := a.Begin(archive.Start{Line: i, Board: "board-1", LineName: "Front desk", Trigger: "voltage", Call: a.NewID(begin), Direction: "in",
					Caller: "02079460000", Codec: c.codec, Sides: []string{"network", "local"}, Begin: begin, ClockSynced: true, Class: "standard"})
				if err != nil {
					t.Fatal(err)
				}
				for side := range 2 {
					if err := w.Append(side, make([]byte, n)); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Checkpoint(begin.Add(length), samples); err != nil {
					t.Fatal(err)
				}
				for _, e := range []archive.Entry{{Kind: archive.EntryCallerName, Text: "Jane Doe"}, {Kind: archive.EntryCalled, Text: "8001"},
					{Kind: archive.EntryAnswered, Text: "reversal", At: 40000}, {Kind: "key", Text: "5", At: 80000}, {Kind: "key", Text: "1", At: 84000},
					{Kind: archive.EntryCallEnd, Code: "answered"}} {
					e.Time = begin
					if err := w.Log(e); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Finish(archive.End{Time: begin.Add(length), EndedBy: "on-hook"}); err != nil {
					t.Fatal(err)
				}
			}
			if err := a.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			all, err := treeSize(dir)
			if err != nil {
				t.Fatal(err)
			}
			if all < bytes {
				t.Errorf("%d bytes are on the disk, the journal says %d", all, bytes)
			}
			hours := length.Hours() * calls * 2 / (float64(all) / (1 << 30))
			t.Logf("%s: %.1f hours per GiB and recorded side, calls of %v on two sides", c.codec, hours, length)
			if hours < c.least {
				t.Errorf("%.1f hours per GiB, want %.1f", hours, c.least)
			}
		})
	}
}

// treeSize is the sum of all files.
func treeSize(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		fi, err := e.Info()
		if err == nil {
			n += fi.Size()
		}
		return err
	})
	return n, err
}
