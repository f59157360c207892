package console

import (
	"cmp"
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/evidence"
	"vaad/recorder/export"
	"vaad/recorder/index"
)

// fakeSearches keeps saved searches in memory.
type fakeSearches struct {
	mu   sync.Mutex
	all  []Search
	next int
	err  error
}

func (f *fakeSearches) All() ([]Search, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all), f.err
}

func (f *fakeSearches) Put(s Search, check func([]Search) error) (Search, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := cmp.Or(f.err, check(f.all)); err != nil {
		return s, err
	}
	if s.ID == "" {
		f.next++
		s.ID = "S" + strconv.Itoa(f.next)
	}
	f.all = append(slices.DeleteFunc(f.all, func(o Search) bool { return o.ID == s.ID }), s)
	return s, nil
}

func (f *fakeSearches) Remove(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = slices.DeleteFunc(f.all, func(o Search) bool { return o.ID == id })
	return f.err
}

// mine gives every role one search of its own, and no others.
func (f *fakeSearches) mine() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = nil
	for _, r := range access.Roles() {
		f.all = append(f.all, Search{ID: "own-" + string(r), Name: "mine", Owner: string(r), Kind: access.Local, Query: map[string]string{"number": "0755*"}})
	}
}

// newExports makes a Maker and Jobs that run, over the index and archive of a
// fixture.
func newExports(t *testing.T, dir string, ix *index.Index, a export.Archive) (*export.Maker, *export.Jobs) {
	t.Helper()
	dir = filepath.Join(dir, "exports")
	m, err := export.NewMaker(export.MakerConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	j, err := export.Open(export.Config{Dir: dir, Maker: m, Archive: a, Find: ix.Get, Zone: time.UTC, Version: "1.2.3",
		Free: func() (int64, error) { return 1 << 40, nil }, Box: func() string { return "box" },
		Proofs: func(context.Context, []string) (export.Proofs, error) { return nil, evidence.ErrUnsigned }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = j.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return m, j
}

// withExport puts an export of that actor, which is done, or a link of theirs into a path.
func (f *fixture) withExport(actor, path, rec string) string {
	f.t.Helper()
	if strings.Contains(path, "{share}") && slices.Contains([]string{string(access.Administrator), string(access.Supervisor)}, actor) {
		return strings.Replace(path, "{share}", f.shareOf(rec, access.Role(actor)), 1)
	}
	if !strings.Contains(path, "{export}") {
		return path
	}
	j, err := f.cfg.Exports.Add(export.Spec{IDs: []string{rec}, Format: "native", Actor: actor, Kind: string(access.Local)}, 1)
	if err != nil {
		f.t.Fatal(err)
	}
	f.ended(j.ID)
	return strings.Replace(path, "{export}", j.ID, 1)
}

// shareOf makes a link to a recording and returns its name.
func (f *fixture) shareOf(rec string, by access.Role) string {
	f.t.Helper()
	return decode[api.Shared](f.t, f.doAs(actor(by), "POST", "/recordings/"+rec+"/share", api.NewShare{Hours: 1}), http.StatusOK).Share.ID
}

// ended waits for an export.
func (f *fixture) ended(id string) export.Job {
	f.t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if j, err := f.cfg.Exports.Get(id); err != nil || j.Ended() {
			return j
		}
	}
	f.t.Fatalf("%s does not end", id)
	return export.Job{}
}
