package keep_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// TestAYearOfRetention lives through a year with a leap day, a run each night.
func TestAYearOfRetention(t *testing.T) {
	dir := ramDir(t)
	synctest.Test(t, func(t *testing.T) {
		begin := time.Date(2027, 10, 1, 0, 30, 0, 0, time.UTC)
		time.Sleep(time.Until(begin)) // the bubble's clock begins in 2000
		a, err := archive.Open(archive.Config{Disk: memdisk.New()})
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(err)
		defer a.Close()
		var mu sync.Mutex
		when := map[string]map[string]time.Time{} // recording → act → when
		made := map[string]time.Time{}
		a.Subscribe(func(l archive.JournalLine) {
			mu.Lock()
			defer mu.Unlock()
			if when[l.ID] == nil {
				when[l.ID] = map[string]time.Time{}
			}
			when[l.ID][l.Kind] = l.Time
		})
		ix, err := index.Open(index.Config{Path: dir + "/index.db", Journals: a, Subscribe: a.Subscribe})
		check(err)
		check(ix.Rebuild(t.Context())) // and not Run, which looks at its file every second of the year
		defer func() { check(ix.Close()) }()
		policy := keep.Policy{Default: "month", Classes: []keep.Class{{Name: "month", Days: 30, TrashDays: 7}, {Name: "year", Days: 365, Action: keep.ToErase}}}
		check(policy.Validate())
		e, err := keep.New(keep.Config{Index: ix, Archive: a, Policy: func() keep.Policy { return policy }, Synced: func() bool { return true }})
		check(err)
		var protected, years []string
		total := 366 + 50
		for day := range total {
			w, err := a.Begin(archive.Start{Line: 1, Codec: archive.GSM, Sides: []string{"mixed"}, Begin: time.Now(), Class: map[bool]string{true: "year"}[day%10 == 3]})
			check(err)
			check(w.Append(0, make([]byte, 65)))
			check(w.Finish(archive.End{Time: time.Now().Add(time.Minute), EndedBy: "on-hook"}))
			check(a.Flush(t.Context()))
			made[w.ID()] = time.Now().Add(time.Minute)
			switch {
			case day%10 == 3:
				years = append(years, w.ID())
			case day%7 == 2:
				protected = append(protected, w.ID())
				_, err := e.Do(t.Context(), keep.Order{Kind: archive.ActProtect, IDs: []string{w.ID()}, Actor: "ann"})
				check(err)
			}
			time.Sleep(24 * time.Hour)
			rep, err := e.Run(t.Context())
			check(err)
			if rep.HoldOff != "" || rep.Failed > 0 {
				t.Fatalf("%v: %+v", time.Now(), rep)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for _, id := range protected {
			if w := when[id]; !w[archive.ActTrash].IsZero() || !w[archive.ActErase].IsZero() {
				t.Errorf("protected, and went: %v", w)
			}
			delete(made, id)
		}
		for i, id := range years {
			gone := when[id][archive.ActErase]
			if want := i*10+3+366 <= total; gone.IsZero() == want {
				t.Errorf("kept for a year, made %v, gone %v", made[id], gone)
			} else if want && (gone.Sub(made[id]) < 365*24*time.Hour || gone.Sub(made[id]) > 366*24*time.Hour) {
				t.Errorf("kept for a year, made %v, gone %v", made[id], gone)
			}
			delete(made, id)
		}
		leap := 0
		for id, end := range made {
			trashed, erased := when[id][archive.ActTrash], when[id][archive.ActErase]
			if age := time.Since(end); age < 31*24*time.Hour {
				continue
			}
			if d := trashed.Sub(end); d < 30*24*time.Hour || d >= 31*24*time.Hour {
				t.Errorf("made %v, in the trash %v", end, trashed)
			}
			if age := time.Since(trashed); age < 7*24*time.Hour {
				continue
			}
			if d := erased.Sub(trashed); d != 7*24*time.Hour {
				t.Errorf("in the trash %v, erased %v", trashed, erased)
			}
			if day := archive.DayOf(trashed); day == "2028-02-29" {
				leap++
			}
		}
		if leap != 1 {
			t.Errorf("%d recordings went into the trash on the leap day, want 1", leap)
		}
	})
}
