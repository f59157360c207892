package store

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Random operations against a map: what the file says must always be what the
// map says, whatever fails and however often it is closed, copied and opened.
func TestFileSaysWhatAMapSays(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("25"); err != nil { // each is a few hundred syncs
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		failing := false
		opt := Options{Copies: filepath.Join(dir, "copies"), Commit: func(commit func() error) error {
			if failing {
				return errors.New("no space")
			}
			return commit()
		}}
		db, _, err := Open(filepath.Join(dir, "state.db"), opt)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		b := NewBucket[string]("b")
		model := map[string]string{}
		key := rapid.StringMatching(`[a-e]{1,3}`)
		change := func(rt *rapid.T, own error) {
			next := maps.Clone(model)
			n := rapid.IntRange(1, 20).Draw(rt, "n")
			err := db.Update(func(tx *Tx) error {
				for range n {
					k := key.Draw(rt, "key")
					if rapid.Bool().Draw(rt, "delete") {
						delete(next, k)
						if err := b.Delete(tx, k); err != nil {
							return err
						}
						continue
					}
					v := strings.Repeat(k, rapid.IntRange(0, 1000).Draw(rt, "size"))
					next[k] = v
					if err := b.Put(tx, k, v); err != nil {
						return err
					}
				}
				return own
			})
			if (err == nil) != (own == nil && !failing) {
				rt.Fatalf("update: %v", err)
			}
			if err == nil {
				model = next
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"change":  func(rt *rapid.T) { change(rt, nil) },
			"give up": func(rt *rapid.T) { change(rt, errors.New("own")) },
			"disk full": func(rt *rapid.T) {
				failing = true
				change(rt, nil)
				failing = false
			},
			"reopen": func(rt *rapid.T) {
				if err := db.Close(); err != nil {
					rt.Fatal(err)
				}
				var rep Report
				if db, rep, err = Open(filepath.Join(dir, "state.db"), opt); err != nil || rep.Damaged != nil || rep.Created {
					rt.Fatal(err, rep)
				}
			},
			"copy and go on with the copy": func(rt *rapid.T) {
				path, err := db.HotCopy()
				if err != nil {
					rt.Fatal(err)
				}
				_ = db.Close()
				if err := os.Rename(path, filepath.Join(dir, "state.db")); err != nil {
					rt.Fatal(err)
				}
				if db, _, err = Open(filepath.Join(dir, "state.db"), opt); err != nil {
					rt.Fatal(err)
				}
			},
			"": func(rt *rapid.T) {
				got := map[string]string{}
				var keys []string
				if err := db.View(func(tx *Tx) error {
					return b.Range(tx, "", "", func(k, v string) bool {
						got[k] = v
						keys = append(keys, k)
						return true
					})
				}); err != nil {
					rt.Fatal(err)
				}
				if !maps.Equal(got, model) || !slices.IsSorted(keys) {
					rt.Fatalf("got %v, want %v", got, model)
				}
			},
		})
	})
}

// TestKilledProcessKeepsWhatItWasPromised starts this test binary again, lets it
// write, kills it at a random moment and reads what it left.
func TestKilledProcessKeepsWhatItWasPromised(t *testing.T) {
	if path := os.Getenv("VAAD_TEST_WRITE"); path != "" {
		writeForEver(path)
	}
	rounds := 12
	if testing.Short() {
		rounds = 5
	}
	path := filepath.Join(t.TempDir(), "state.db")
	b := NewBucket[int]("numbers")
	promised := -1
	for round := range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledProcessKeepsWhatItWasPromised$")
		cmd.Env = append(os.Environ(), "VAAD_TEST_WRITE="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(time.Duration(5+rand.IntN(60))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		for s := bufio.NewScanner(out); s.Scan(); {
			if n, err := strconv.Atoi(s.Text()); err == nil {
				promised = n
			}
		}
		_ = cmd.Wait()
		kill.Stop()
		db, rep, err := Open(path, Options{})
		if err != nil || rep.Damaged != nil {
			t.Fatalf("round %d: %v, report %+v", round, err, rep)
		}
		if err := db.View(func(tx *Tx) error {
			last, _, err := b.Get(tx, "last")
			if last < promised || last > promised+1 {
				t.Errorf("round %d: %d was promised, %d is there", round, promised, last)
			}
			promised = max(promised, last)
			rows := 0
			return errors.Join(err, b.Range(tx, "n", "o", func(k string, v int) bool {
				rows++
				if k != fmt.Sprintf("n%06d", v) {
					t.Errorf("key %s has %d", k, v)
				}
				return true
			}), func() error {
				if rows != last+1 && last > 0 {
					return fmt.Errorf("round %d: %d rows, last %d", round, rows, last)
				}
				return nil
			}())
		}); err != nil {
			t.Fatal(err)
		}
		_ = db.Close()
	}
	t.Logf("%d commits over %d kills", promised, rounds)
}

func writeForEver(path string) {
	db, _, err := Open(path, Options{})
	if err != nil {
		panic(err)
	}
	b := NewBucket[int]("numbers")
	for {
		var n int
		if err := db.Update(func(tx *Tx) error {
			last, ok, err := b.Get(tx, "last")
			if n = last + 1; !ok {
				n = 0
			}
			return errors.Join(err, b.Put(tx, "last", n), b.Put(tx, fmt.Sprintf("n%06d", n), n))
		}); err != nil {
			panic(err)
		}
		fmt.Println(n)
	}
}
