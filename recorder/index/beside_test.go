package index

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/recorder/archive"
)

// TestPeersFindTheSame puts every kind of question to our index and to two
// databases with the same recordings: they must find the same, and with -full
// the times stand beside each other.
func TestPeersFindTheSame(t *testing.T) {
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("sqlite3 is not installed")
	}
	n, asks := 2_000, 2
	dir := t.TempDir()
	if *full {
		n, asks = *rows, *often
		if *beside != "" {
			dir = *beside
		}
	}
	b := &besides{T: t, dir: dir, asks: asks, rnd: rand.New(rand.NewPCG(3, 4))}
	b.site(n)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	tsv := filepath.Join(dir, "rows.tsv")
	if *alone {
		defer b.open()()
		b.questions()
		return
	}
	b.time("SQLite filled", func() { b.peers = append(b.peers, sqlite(t, dir, tsv)) })
	if *full {
		b.time("PostgreSQL filled", func() { b.peers = append(b.peers, postgres(t, dir, tsv)) })
	}
	defer func() {
		for _, p := range b.peers {
			p.stop()
		}
	}()
	defer b.open()()
	index := filepath.Join(dir, indexName)
	fi, err := os.Stat(index)
	if err != nil {
		t.Fatal(err)
	}
	sizes := fmt.Sprintf("bytes a recording: vaad %.0f", float64(fi.Size())/float64(n))
	for _, p := range b.peers {
		sizes += fmt.Sprintf(", %s %.0f", p.name, float64(p.bytes())/float64(n))
	}
	t.Log(sizes)
	b.questions()
	if *full {
		b.insert()
	}
}

// indexName is the file of our index, beside the peers'.
const indexName = "index.db"

// open opens our index, twice: the first time it may have to be filled.
func (b *besides) open() (stop func()) {
	index, sz := filepath.Join(b.dir, indexName), sizes{small: 256, large: 1024, over: 64}
	if *full {
		sz = sizes{small: 4096, large: maxRows, over: 4096}
	}
	var took time.Duration
	b.ix, took, stop = b.s.opened(index, sz)
	b.Logf("vaad filled from its journals, or opened: %.1f s", took.Seconds())
	stop()
	b.ix, took, stop = b.s.opened(index, sz)
	b.Logf("vaad started: %v to the first answer", took.Round(time.Millisecond))
	begin := time.Now()
	for range b.ix.Status().Segments {
		b.ix.freshen() // as it does by itself, one a second
	}
	b.Logf("all columns verified in %.1f s", time.Since(begin).Seconds())
	return stop
}

// besides is the test above, step by step.
type besides struct {
	*testing.T
	dir   string
	s     *site
	asks  int
	rnd   *rand.Rand
	peers []*peer
	ix    *Index
}

func (b *besides) time(what string, f func()) {
	begin := time.Now()
	f()
	b.Logf("%s, or opened: %.1f s", what, time.Since(begin).Seconds())
}

// site makes the recordings, or takes those of the last run.
func (b *besides) site(n int) {
	b.s = newSite(b.T)
	journals, kept := filepath.Join(b.dir, "recordings"), filepath.Join(b.dir, "site.json")
	b.s.root = journals
	if raw, err := os.ReadFile(kept); err == nil {
		var of []keptBrief
		if err := json.Unmarshal(raw, &of); err != nil {
			b.Fatal(err)
		}
		for _, k := range of {
			b.s.ids = append(b.s.ids, brief{id: k.ID, call: k.Call, day: k.Day, line: k.Line})
		}
		return
	}
	b.s.fill(n)
	b.Logf("%d recordings made: %.0f MB of journals", n, float64(b.s.bytes)/1e6)
	if got := b.s.writeTSV(filepath.Join(b.dir, "rows.tsv")); got != n {
		b.Fatalf("%d of %d recordings are in the journals", got, n)
	}
	var of []keptBrief
	for range min(n, 100_000) {
		k := b.s.ids[b.rnd.IntN(len(b.s.ids))]
		of = append(of, keptBrief{k.id, k.call, k.day, k.line})
	}
	raw, err := json.Marshal(of)
	if err == nil && *beside != "" {
		err = os.WriteFile(kept, raw, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// insert adds recordings while others search, to a copy of the index and to days
// of its own, which are removed again: the peers have not got them.
func (b *besides) insert() {
	before, err := b.s.journals().Days()
	if err != nil {
		b.Fatal(err)
	}
	name := filepath.Join(b.dir, "insert.db")
	if out, err := exec.Command("cp", filepath.Join(b.dir, indexName), name).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	newest := query(b, b.ix, Filter{Limit: 1}).Rows[0]
	b.s.at = newest.Start.AddDate(0, 0, 2).Truncate(24 * time.Hour)
	p := &million{T: b.T, s: b.s, path: name, rnd: b.rnd}
	p.ix, _, p.stop = b.s.opened(name, sizes{small: 4096, large: maxRows, over: 4096})
	p.insert(min(*rows, 30*offered))
	p.stop()
	after, err := b.s.journals().Days()
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range after {
		if !slices.Contains(before, d) {
			if err := os.RemoveAll(filepath.Join(b.s.root, strings.ReplaceAll(string(d), "-", "/"))); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := os.Remove(name); err != nil {
		b.Fatal(err)
	}
}

// questions asks all the same.
func (b *besides) questions() {
	head := fmt.Sprintf("%-36s %28s", "page of 50: p50 p95 p99", "vaad, with the count")
	for _, p := range b.peers {
		head += fmt.Sprintf(" %30s %10s", p.name, "its count")
	}
	b.Log(head)
	for _, k := range kinds() {
		ours := times{}
		theirs, counts := make([]times, len(b.peers)), make([]time.Duration, len(b.peers))
		var plans []string
		for range min(2, b.asks-1) { // warm, all of them
			f := k.f(b.s, b.rnd)
			f.Limit = 50
			query(b, b.ix, f)
			for _, p := range b.peers {
				p.ask(b, p.page(&f))
			}
		}
		for i := range b.asks {
			f := k.f(b.s, b.rnd)
			if f.Limit == 0 {
				f.Limit = 50
			}
			begin := time.Now()
			page := query(b, b.ix, f)
			ours = append(ours, time.Since(begin))
			for n, p := range b.peers {
				begin := time.Now()
				found := p.ask(b, p.page(&f))
				theirs[n] = append(theirs[n], time.Since(begin))
				if want := ids(page.Rows); !slices.Equal(found, want) {
					b.Errorf("%s: %s finds %d rows, we %d; asked %s", k.name, p.name, len(found), len(want), p.page(&f))
				}
				if i > 0 || page.Count == 0 && f.Cursor != "" {
					continue
				}
				begin = time.Now()
				count := p.ask(b, p.count(&f))[0]
				counts[n] = time.Since(begin)
				if got := fmt.Sprint(page.Count); got != count && !page.AtLeast {
					b.Errorf("%s: %s counts %s, we %s", k.name, p.name, count, got)
				}
				plans = append(plans, fmt.Sprintf("plan of %s for %s: %s", p.name, k.name, strings.Join(p.ask(b, p.plan+p.page(&f)), " | ")))
			}
		}
		line := fmt.Sprintf("%-36s %28s", k.name, ours.row())
		for n := range b.peers {
			line += fmt.Sprintf(" %30s %10v", theirs[n].row(), counts[n].Round(100*time.Microsecond))
		}
		b.Log(line)
		if *full {
			for _, p := range plans {
				b.Log(p)
			}
			if p95 := ours.at(95); p95 > 50*time.Millisecond {
				b.Logf("%s: %v, over the target of 50ms", k.name, p95)
			}
		}
	}
}

func (t times) row() string { return fmt.Sprintf("%v %v %v", t.at(50), t.at(95), t.at(99)) }

// keptBrief is a brief on disk.
type keptBrief struct {
	ID, Call [16]byte
	Day      archive.Day
	Line     int32
}
