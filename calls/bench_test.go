package calls

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"vaad/store"
)

// BenchmarkJournal says what a journal of a given size costs: to search for a number
// that nobody has (the worst case), to open, and to copy.
func BenchmarkJournal(b *testing.B) {
	for _, n := range []int{10_000, 200_000} {
		dir := b.TempDir()
		path := filepath.Join(dir, "state.db")
		opt := store.Options{Copies: filepath.Join(dir, "copies")}
		db, _, err := store.Open(path, opt)
		if err != nil {
			b.Fatal(err)
		}
		j, err := New(Config{DB: db})
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; i < n; i += 10_000 {
			if err := db.Update(func(tx *store.Tx) error {
				for k := i; k < i+10_000; k++ {
					r := Row{ID: fmt.Sprintf("01KDYP7X8R%016d", k), Line: k % 128, Board: "a", Start: at(k), End: at(k + 60), EndedBy: "on-hook",
						Direction: "out", Called: fmt.Sprintf("0%010d", k), AnsweredBy: "reversal", Answered: at(k + 5), Recordings: []string{"01KDYP7X8R0000000000000001"}}
					if err := put(tx, r); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprintf("query/rows=%d", n), func(b *testing.B) {
			for b.Loop() {
				if p, err := j.Query(context.Background(), Filter{Number: "*99999999999*"}); err != nil || len(p.Rows) > 0 {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("newest/rows=%d", n), func(b *testing.B) {
			for b.Loop() {
				if p, err := j.Query(context.Background(), Filter{}); err != nil || len(p.Rows) != 100 {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("copy/rows=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := db.HotCopy(); err != nil {
					b.Fatal(err)
				}
			}
		})
		_ = db.Close()
		b.Run(fmt.Sprintf("open/rows=%d", n), func(b *testing.B) {
			for b.Loop() {
				db, _, err := store.Open(path, opt)
				if err != nil {
					b.Fatal(err)
				}
				_ = db.Close()
			}
		})
	}
}
