package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vaad/access"
	"vaad/alarm"
	"vaad/api"
	"vaad/calls"
	"vaad/channels"
	"vaad/driver"
	"vaad/dsp/wav"
	"vaad/recorder"
	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/settings"
	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
)

// A fixture is a Server over real settings, access, alarms, archive and index,
// with lines, recorder and calls that the test moves.
type fixture struct {
	*Server
	t       *testing.T
	lines   *fakeLines
	rec     *fakeRecorder
	journal *fakeCalls
	audit   *fakeAudit
	archive *archive.Archive
	index   *index.Index
	alarms  *alarm.Manager
	board   *fakeSwitch
	sounds  *fakePrompts
	saved   *fakeSearches
	keep    *fakeKeep
	keys    *keysForTest
	dir     string
	work    *fakeJobs
	selfFixture
	usb     *fakeUSB
	backing *fakeBackups
	wires   *fakeNetwork
	first   *fakeSetUp
	reg     *prometheus.Registry
	log     *bytes.Buffer
	later   atomic.Int64 // nanoseconds that the clock was moved on
}

var begun = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) // a constant: nothing changes it

type lineDoc struct {
	Name      string `json:"name"`
	Trigger   string `json:"trigger"`
	PrerollMS int    `json:"preroll_ms"`
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	dir := t.TempDir()
	db, _, err := store.Open(filepath.Join(dir, "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lines := settings.NewMap("lines", func(string) lineDoc { return lineDoc{Trigger: "manual", PrerollMS: 2000} },
		func(_ string, l lineDoc) error {
			if l.PrerollMS > 30000 {
				return errors.New("preroll_ms: must be 0…30000")
			}
			return nil
		})
	site := settings.NewSection("site", struct {
		Name     string `json:"name"`
		Language string `json:"language"`
	}{"vaad", "en"}, nil)
	doc, _, err := settings.New(settings.Config{DB: db, Sections: []settings.Part{site, lines},
		Fixed: map[string]any{"site.language": "zh"}, FixedBy: "/etc/vaad/vaad.toml"})
	if err != nil {
		t.Fatal(err)
	}
	alarms, err := alarm.New(alarm.Config{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	keys := newKeys(t, dir)
	arch, err := archive.Open(archive.Config{Root: filepath.Join(dir, "recordings"), Keys: keys.ring, Encryption: keys.wanted})
	if err != nil {
		t.Fatal(err)
	}
	ix, err := index.Open(index.Config{Path: filepath.Join(dir, "index.db"), Journals: arch, Acts: arch.Acts,
		Subscribe: func(f func(archive.JournalLine)) func() { return arch.Subscribe(f) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = ix.Run(ctx) })
	f := &fixture{t: t, lines: newFakeLines(), rec: &fakeRecorder{active: map[int]recorder.Active{}}, journal: &fakeCalls{},
		audit: &fakeAudit{Audit: access.NewAudit(db, nil)}, archive: arch, index: ix, alarms: alarms,
		board: newFakeSwitch(), sounds: &fakePrompts{}, work: newFakeJobs(), backing: &fakeBackups{}, reg: prometheus.NewRegistry(), log: &bytes.Buffer{}}
	f.keep, f.keys, f.dir = newFakeKeep(f), keys, dir
	f.saved = &fakeSearches{}
	f.wires, f.first = &fakeNetwork{trial: true}, &fakeSetUp{}
	doors, err := access.New(access.Config{DB: db, Cost: access.Cost{MemoryKiB: 8, Iterations: 1}, Registerer: f.reg,
		Note: func(e access.Event) { _, _ = f.audit.Append(e.Entry()) }, Now: f.clock})
	if err != nil {
		t.Fatal(err)
	}
	maker, exports := newExports(t, dir, ix, arch)
	f.usb = newFakeUSB()
	f.Server, err = New(f.self(Config{
		USB:      f.usb,
		Searches: f.saved, Encryption: keys, Maker: maker, Exports: exports, Assurance: &fakeAssurance{},
		Network: f.wires, SetUp: f.first,
		Keep: f.keep, Undos: &fakeUndos{all: map[string]Undo{}},
		Lines: f.lines, Feed: f.lines.feed, Recorder: f.rec, Index: ix, Archive: arch, Calls: f.journal, Settings: doc,
		Access: doors, Audit: f.audit, Alarms: alarms, Version: "1.2.3", Started: begun,
		Profile: func(int) Profile { return Profile{Trigger: "voltage", Group: "front"} },
		Rules:   fakeRules,
		Flight: func(_ context.Context, line, seconds int, whole bool, w io.Writer) error {
			return f.rec.flight(line, seconds, whole, w)
		},
		Pcap: func(_ context.Context, of PcapWish, w io.Writer) error {
			if of.Span > 2 {
				return channels.ErrNoSpan
			}
			_, err := fmt.Fprintf(w, "PCAP %s/%d", of.Board, of.Span)
			return errors.Join(err, f.rec.err)
		},
		DChannels: fakeDChannels{}, Redecode: &fakeRedecoding{}, Doctor: fakeDoctor,
		Jobs: f.work, Backups: f.backing,
		TestMail: func(_ context.Context, _, to string) error {
			if to == "lost@b.cn" {
				return errors.New("mail server: no route to host")
			}
			return nil
		},
		Learner: fakeLearner{}, Technics: fakeTechnics{}, Switch: f.board, Route: fakeRoute, TrunkGroup: fakeGroup, Sounds: fakeSounds, Prompts: f.sounds,
		Gatherer: f.reg, Registerer: f.reg, Logger: slog.New(slog.NewTextHandler(f.log, nil)),
		Now: f.clock,
	}))
	if err != nil {
		t.Fatal(err)
	}
	wg.Go(func() { _ = f.Run(ctx) })
	t.Cleanup(func() {
		_ = f.Shutdown(context.Background())
		cancel()
		wg.Wait()
		if err := errors.Join(ix.Close(), arch.Close(), alarms.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return f
}

// clock is the time of the fixture, which tests move on.
func (f *fixture) clock() time.Time { return begun.Add(time.Hour + time.Duration(f.later.Load())) }

// as is the handler with a caller already known, as Server.enter makes one.
func (f *fixture) as(a access.Actor) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := f.newCaller(a, func() bool { return true })
		f.handlerOf(c).ServeHTTP(w, r)
	})
}

func (f *fixture) handlerOf(c *caller) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

func actor(role access.Role, groups ...string) access.Actor {
	return access.Actor{Name: string(role), Kind: access.Local, UID: 1000, Grants: []access.Grant{{Role: role, Groups: groups}}}
}

func admin() access.Actor { return actor(access.Administrator) }

// do sends a request as an administrator.
func (f *fixture) do(method, path string, body any) *httptest.ResponseRecorder {
	return f.doAs(admin(), method, path, body)
}

func (f *fixture) doAs(a access.Actor, method, path string, body any) *httptest.ResponseRecorder {
	f.t.Helper()
	w := httptest.NewRecorder()
	f.as(a).ServeHTTP(w, f.request(method, path, body))
	return w
}

func (f *fixture) request(method, path string, body any) *http.Request {
	f.t.Helper()
	var rd io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		rd = strings.NewReader(b)
	default:
		enc, err := json.Marshal(b)
		if err != nil {
			f.t.Fatal(err)
		}
		rd = bytes.NewReader(enc)
	}
	r := httptest.NewRequest(method, api.Prefix+path, rd)
	if rd != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// get sends a request, wants 200, and decodes the answer.
func get[T any](f *fixture, path string) T {
	f.t.Helper()
	return decode[T](f.t, f.do(http.MethodGet, path, nil), http.StatusOK)
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return v
}

// problemIn wants a problem with that code, words, and the right media type.
func problemIn(t *testing.T, w *httptest.ResponseRecorder, code string) api.Problem {
	t.Helper()
	p := decode[api.Problem](t, w, statuses()[code])
	if p.Code != code || p.Title == "" || p.Remedy == "" || strings.HasPrefix(p.Title, "problem.") || p.Status != w.Code {
		t.Errorf("problem %+v, want code %s with title and remedy", p, code)
	}
	if ct := w.Header().Get("Content-Type"); ct != api.ProblemType {
		t.Errorf("content type %q, want %q", ct, api.ProblemType)
	}
	return p
}

// record seals a recording of n samples per side and waits until it is found.
func (f *fixture) record(line int, n int, sides ...string) index.Row {
	f.t.Helper()
	s := archive.Start{Line: line, Board: "sim", LineName: fmt.Sprintf("Line %d", line), Trigger: "voltage", Direction: "in", Caller: "075512345678",
		Codec: archive.G711A, Sides: sides, Begin: begun.Add(time.Duration(line) * time.Minute), ClockSynced: true}
	w, err := f.archive.Begin(s)
	if err != nil {
		f.t.Fatal(err)
	}
	for i := range sides {
		if err := w.Append(i, pattern(n, i)); err != nil {
			f.t.Fatal(err)
		}
	}
	end := s.Begin.Add(time.Duration(n) * time.Second / 8000)
	if err := errors.Join(w.Checkpoint(end, int64(n)), w.Finish(archive.End{Time: end, EndedBy: "on-hook"}), f.archive.Flush(f.t.Context())); err != nil {
		f.t.Fatal(err)
	}
	row, ok, err := f.index.Get(w.ID())
	if err != nil || !ok {
		f.t.Fatalf("the recording is not found: %v", err)
	}
	return row
}

// pattern is n bytes of A-law that differ by side and position.
func pattern(n, side int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + side*31)
	}
	return b
}

type fakeLines struct {
	mu      sync.Mutex
	all     []channels.LineStatus
	boards  []channels.BoardStatus
	feed    *fakeFeed
	healthy error
}

func newFakeLines() *fakeLines {
	l := &fakeLines{feed: &fakeFeed{wake: make(chan struct{}, 1)}}
	for n := 1; n <= 3; n++ {
		l.all = append(l.all, channels.LineStatus{Number: n, Board: "sim", Port: n, Name: fmt.Sprintf("Line %d", n), Kind: driver.FXO,
			Use: driver.Tap, State: channels.Idle, Since: begun, HasVolts: true, MilliVolt: -48123, LevelDBm0: []float64{-70.4},
			Sides: []channels.Side{{Name: "mixed", Law: driver.ALaw}}, Caps: driver.CapVolts})
	}
	l.boards = []channels.BoardStatus{{ID: "sim", Driver: "sim", Model: "simulated", State: channels.BoardRunning, Lines: 3, Simulated: true, Since: begun}}
	return l
}

func (l *fakeLines) Lines() []channels.LineStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

func (l *fakeLines) Boards() []channels.BoardStatus { return l.boards }
func (l *fakeLines) BootID() string                 { return "01BOOT" }
func (l *fakeLines) Healthy() error                 { return l.healthy }

// set changes one line.
func (l *fakeLines) set(n int, change func(*channels.LineStatus)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.all[n-1])
}

type fakeFeed struct {
	wake chan struct{}
	mu   sync.Mutex
	evs  []channels.Event
	lost bool
}

func (f *fakeFeed) Wake() <-chan struct{} { return f.wake }

func (f *fakeFeed) Drain(dst []channels.Event) ([]channels.Event, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dst, lost := append(dst, f.evs...), f.lost
	f.evs, f.lost = nil, false
	return dst, lost
}

func (f *fakeFeed) send(evs ...channels.Event) {
	f.mu.Lock()
	f.evs = append(f.evs, evs...)
	f.mu.Unlock()
	f.kick()
}

func (f *fakeFeed) kick() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

type fakeRecorder struct {
	mu     sync.Mutex
	active map[int]recorder.Active
	paused map[int]recorder.Pause
	err    error
	live   func(ctx context.Context, line int) (io.Reader, error)
	frames []byte
}

func (r *fakeRecorder) Start(line int, _ string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return "", r.err
	}
	a := recorder.Active{ID: fmt.Sprintf("01KAN0000000000000000000%02d", line), Line: line, Since: begun, Trigger: "manual"}
	r.active[line] = a
	return a.ID, nil
}

func (r *fakeRecorder) Stop(line int, _ string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.active[line]; !ok {
		return recorder.ErrIdle
	}
	delete(r.active, line)
	return r.err
}

func (r *fakeRecorder) Active() []recorder.Active {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []recorder.Active
	for _, a := range r.active {
		all = append(all, a)
	}
	return all
}

func (r *fakeRecorder) Listen(ctx context.Context, line int) (io.Reader, error) {
	if r.live != nil {
		return r.live(ctx, line)
	}
	return io.MultiReader(bytes.NewReader(wav.StreamHeader(wav.ALaw)), bytes.NewReader(pattern(8000, 0))), nil
}

func (r *fakeRecorder) flight(line, seconds int, whole bool, w io.Writer) error {
	if r.frames == nil {
		return r.err
	}
	what := "line"
	if whole {
		what = "board of line"
	}
	_, err := fmt.Fprintf(w, "%s %s %d, %d s", r.frames, what, line, seconds)
	return err
}

type fakeCalls struct {
	rows []calls.Row
	last calls.Filter
	err  error
}

func (c *fakeCalls) Query(_ context.Context, f calls.Filter) (calls.Page, error) {
	c.last = f
	p := calls.Page{}
	for _, r := range c.rows {
		if f.Lines == nil || slices.Contains(f.Lines, r.Line) {
			p.Rows = append(p.Rows, r)
		}
	}
	return p, c.err
}

func (c *fakeCalls) Get(id string) (calls.Row, bool, error) {
	i := slices.IndexFunc(c.rows, func(r calls.Row) bool { return r.ID == id })
	if i < 0 {
		return calls.Row{}, false, c.err
	}
	return c.rows[i], true, c.err
}

// fakeAudit is the real log, which can be made to refuse.
type fakeAudit struct {
	*access.Audit
	mu  sync.Mutex
	err error
}

func (a *fakeAudit) refuse(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

func (a *fakeAudit) Append(e access.Entry) (access.Entry, error) {
	a.mu.Lock()
	err := a.err
	a.mu.Unlock()
	if err != nil {
		return access.Entry{}, err
	}
	return a.Audit.Append(e)
}

// rows lists the log, oldest first.
func (a *fakeAudit) rows(t *testing.T) []access.Entry {
	t.Helper()
	all, err := a.Query(access.AuditFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
