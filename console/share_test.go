package console

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/recorder/peaks"
)

// fakeShares keeps links in memory.
type fakeShares struct {
	all  map[string]Share
	held bool // as the file is that they and the audit log stand in
}

func (f *fakeShares) All() (all []Share, err error) {
	for _, s := range f.all {
		all = append(all, s)
	}
	return all, nil
}

func (f *fakeShares) Get(id string) (Share, bool, error) { s, ok := f.all[id]; return s, ok, nil }

func (f *fakeShares) Put(s Share, check func([]Share) ([]string, error)) error {
	all, _ := f.All()
	old, err := check(all)
	if err != nil {
		return err
	}
	for _, id := range old {
		delete(f.all, id)
	}
	f.all[s.ID] = s
	return nil
}

func (f *fakeShares) Change(id string, change func(*Share) error) (Share, bool, error) {
	s, ok := f.all[id]
	if !ok {
		return s, false, nil
	}
	f.held = true
	err := change(&s)
	if f.held = false; err != nil {
		return s, true, err
	}
	f.all[id] = s
	return s, true, nil
}

// sharing is a fixture whose recordings can be shared; makers says who its people are now.
type sharing struct {
	*fixture
	row    index.Row
	policy SharePolicy
	makers map[string]access.Actor
	now    time.Time
	shares *fakeShares
}

func newSharing(t *testing.T) *sharing {
	s := newSharingIn(newFixture(t))
	s.row = s.record(2, 16_000, "network", "local")
	return s
}

// newSharingIn lets the recordings of a fixture be shared and drawn.
func newSharingIn(f *fixture) *sharing {
	s := &sharing{fixture: f, policy: SharePolicy{Enabled: true, MaxDays: 30}, makers: map[string]access.Actor{}, now: f.cfg.Now(), shares: &fakeShares{all: map[string]Share{}}}
	f.cfg.Now = func() time.Time { return s.now }
	f.cfg.Sharing = &Sharing{Shares: s.shares, Policy: func() SharePolicy { return s.policy }, Maker: func(a access.Actor) (access.Actor, bool) {
		now, ok := s.makers[a.Name]
		return now, ok
	}}
	cache, err := peaks.Open(peaks.Config{Dir: f.t.TempDir(), Archive: f.archive, Pool: noPool{}, Most: func() int64 { return 0 }, Free: func() (int64, error) { return 0, nil }, Logger: f.cfg.Logger})
	if err != nil {
		f.t.Fatal(err)
	}
	f.cfg.Peaks = cache
	for _, r := range access.Roles() {
		s.makers[string(r)] = actor(r)
	}
	return s
}

func (s *sharing) make(a access.Actor, n api.NewShare) (api.Shared, string) {
	s.t.Helper()
	out := decode[api.Shared](s.t, s.doAs(a, "POST", "/recordings/"+s.row.ID+"/share", n), http.StatusOK)
	path, secret, ok := strings.Cut(out.Path, "#")
	if !ok || path != "/share/" {
		s.t.Fatalf("the link is %q", out.Path)
	}
	return out, secret
}

// stranger sends a request of somebody who is not signed in.
func (s *sharing) stranger(method, path string, body any) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := s.request(method, path, body)
	r.Host, r.RemoteAddr = "127.0.0.1", "192.0.2.7:999"
	s.handler.ServeHTTP(w, r)
	return w
}

func (s *sharing) open(secret string) *httptest.ResponseRecorder {
	return s.stranger("POST", "/shared", api.OpenShare{Secret: secret})
}

func TestALinkIsHeardWithoutAnAccountAndEachTimeIsAudited(t *testing.T) {
	s := newSharing(t)
	made, secret := s.make(actor(access.Supervisor), api.NewShare{Hours: 2, Times: 2, Note: "for the lawyer"})
	for _, one := range s.shares.all {
		if strings.Contains(secret, one.Hash) || one.Hash == "" || strings.Contains(strings.Join([]string{one.ID, one.Hash, one.Note}, " "), secret[strings.Index(secret, ".")+1:]) {
			t.Error("the secret is kept")
		}
	}
	opened := decode[api.OpenedShare](t, s.open(secret), http.StatusOK)
	if opened.Left != 1 || opened.Duration != 2 || opened.Note != "for the lawyer" || opened.Download || opened.By != "supervisor" {
		t.Errorf("opened: %+v", opened)
	}
	w := s.stranger("GET", "/shared/"+opened.Ticket+"/audio?format=compact", nil)
	if w.Code != http.StatusOK || w.Body.Len() < 32_000 || w.Header().Get("Content-Type") != "audio/wav" {
		t.Errorf("audio: %d, %d bytes", w.Code, w.Body.Len())
	}
	p := decode[api.Peaks](t, s.stranger("GET", "/shared/"+opened.Ticket+"/peaks?points=50", nil), http.StatusOK)
	if len(p.Sides) != 2 || len(p.Sides[0].Data) != 150 || !p.Final {
		t.Errorf("peaks: %+v", p)
	}
	rows, err := s.audit.Query(access.AuditFilter{Object: s.row.ID, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, r := range rows {
		said = append(said, string(r.Verb)+" "+r.Actor+" "+string(r.Kind)+" "+r.Detail["act"]+" "+r.Detail["address"])
	}
	for _, want := range []string{"share supervisor local share ", "share share " + made.Share.ID + " share open 192.0.2.7", "play share " + made.Share.ID + " share  192.0.2.7"} {
		if !strings.Contains(strings.Join(said, "\n"), want) {
			t.Errorf("the audit log has no %q:\n%s", want, strings.Join(said, "\n"))
		}
	}
	problemIn(t, s.stranger("GET", "/shared/"+opened.Ticket+"/audio?save=true", nil), "no-share")
	decode[api.OpenedShare](t, s.open(secret), http.StatusOK)
	problemIn(t, s.open(secret), "no-share") // twice, and no more
	list := decode[api.Page[api.Share]](t, s.doAs(actor(access.Supervisor), "GET", "/shares", nil), http.StatusOK)
	if len(list.Items) != 1 || list.Items[0].State != "used-up" || list.Items[0].Opened != 2 {
		t.Errorf("list: %+v", list.Items)
	}
	problemIn(t, s.stranger("GET", "/recordings/"+s.row.ID+"/audio", nil), "not-entered")
}

func TestALinkDiesWithWhatItRestsOn(t *testing.T) {
	for name, end := range map[string]func(*sharing, api.Shared){
		"revoked": func(s *sharing, made api.Shared) {
			if w := s.doAs(actor(access.Supervisor), "DELETE", "/shares/"+made.Share.ID, nil); w.Code >= 300 {
				s.t.Fatal(w.Code, w.Body)
			}
		},
		"by an administrator": func(s *sharing, made api.Shared) {
			if w := s.do("DELETE", "/shares/"+made.Share.ID, nil); w.Code >= 300 {
				s.t.Fatal(w.Code, w.Body)
			}
		},
		"expired":         func(s *sharing, _ api.Shared) { s.now = s.now.Add(3 * time.Hour) },
		"switched off":    func(s *sharing, _ api.Shared) { s.policy.Enabled = false },
		"maker gone":      func(s *sharing, _ api.Shared) { delete(s.makers, "supervisor") },
		"maker lost role": func(s *sharing, _ api.Shared) { s.makers["supervisor"] = actor(access.Agent) },
		"maker lost line": func(s *sharing, _ api.Shared) {
			s.cfg.Access.SetGroups(map[string][]int{"other": {1}})
			s.makers["supervisor"] = actor(access.Supervisor, "other")
		},
		"trashed": func(s *sharing, _ api.Shared) { s.acted(archive.ActTrash) },
		"erased":  func(s *sharing, _ api.Shared) { s.acted(archive.ActErase) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSharing(t)
			made, secret := s.make(actor(access.Supervisor), api.NewShare{Hours: 2, Download: true})
			opened := decode[api.OpenedShare](t, s.open(secret), http.StatusOK)
			if w := s.stranger("GET", "/shared/"+opened.Ticket+"/audio?save=true&format=native", nil); w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
				t.Fatal(w.Code, w.Header())
			}
			end(s, made)
			if w := s.open(secret); w.Code < 400 {
				t.Errorf("it still opens: %s", w.Body)
			}
			for _, path := range []string{"/audio", "/peaks", "/audio?save=true"} {
				problemIn(t, s.stranger("GET", "/shared/"+opened.Ticket+path, nil), "no-share")
			}
		})
	}
}

// acted does something to the recording in its journal.
func (s *sharing) acted(kind string) {
	s.t.Helper()
	a := archive.Act{Kind: kind, ID: s.row.ID, Day: s.row.Day, Actor: "x", Time: s.now}
	if _, err := s.archive.Act(s.t.Context(), a); err != nil {
		s.t.Fatal(err)
	}
	if row, ok, err := s.index.Get(s.row.ID); err != nil || !ok || row.State == index.StateSealed {
		s.t.Fatal(row.State, ok, err)
	}
}

// heldAudit stands in the same file as the links.
type heldAudit struct {
	Audit
	shares *fakeShares
	stuck  bool
}

func (a *heldAudit) Append(e access.Entry) (access.Entry, error) {
	a.stuck = a.stuck || a.shares.held
	return a.Audit.Append(e)
}

func TestADeadLinkThatIsTriedHoldsNothingUp(t *testing.T) {
	s := newSharing(t)
	made, secret := s.make(actor(access.Supervisor), api.NewShare{Hours: 2})
	log := &heldAudit{Audit: s.cfg.Audit, shares: s.shares}
	s.cfg.Audit = log
	s.now = s.now.Add(3 * time.Hour)
	problemIn(t, s.open(secret), "no-share")
	rows, err := s.audit.Query(access.AuditFilter{Object: s.row.ID, Result: "denied", Limit: 10})
	if err != nil || len(rows) != 1 || rows[0].Detail["share"] != made.Share.ID || rows[0].Detail["error"] != "expired" {
		t.Errorf("rows: %+v, %v", rows, err)
	}
	if log.stuck {
		t.Error("the audit log is written while the file that it stands in is held: the daemon hangs")
	}
}

func TestATicketOfADeadLinkGivesOneRow(t *testing.T) {
	s := newSharing(t)
	made, secret := s.make(admin(), api.NewShare{Hours: 2})
	opened := decode[api.OpenedShare](t, s.open(secret), http.StatusOK)
	s.do("DELETE", "/shares/"+made.Share.ID, nil)
	for range 10 {
		problemIn(t, s.stranger("GET", "/shared/"+opened.Ticket+"/audio", nil), "no-share")
	}
	rows, err := s.audit.Query(access.AuditFilter{Object: s.row.ID, Result: "denied", Limit: 100})
	if err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestOnlyWhoMayHearMayShare(t *testing.T) {
	s := newSharing(t)
	for _, r := range []access.Role{access.Technician, access.Agent, access.Reviewer} {
		problemIn(t, s.doAs(actor(r), "POST", "/recordings/"+s.row.ID+"/share", api.NewShare{Hours: 1}), "forbidden")
	}
	s.cfg.Access.SetGroups(map[string][]int{"other": {1}})
	problemIn(t, s.doAs(actor(access.Supervisor, "other"), "POST", "/recordings/"+s.row.ID+"/share", api.NewShare{Hours: 1}), "no-recording")
	noExport := access.Actor{Name: "x", Kind: access.Local, Grants: []access.Grant{{Role: access.Supervisor, Less: []access.Verb{access.Export}}}}
	problemIn(t, s.doAs(noExport, "POST", "/recordings/"+s.row.ID+"/share", api.NewShare{Hours: 1, Download: true}), "no-recording")
	problemIn(t, s.do("POST", "/recordings/"+s.row.ID+"/share", api.NewShare{Hours: 31 * 24}), "invalid")
	made, _ := s.make(admin(), api.NewShare{Hours: 1})
	problemIn(t, s.doAs(actor(access.Supervisor), "DELETE", "/shares/"+made.Share.ID, nil), "no-share")
	if list := decode[api.Page[api.Share]](t, s.doAs(actor(access.Supervisor), "GET", "/shares", nil), http.StatusOK); len(list.Items) != 0 {
		t.Errorf("links of others are listed: %+v", list.Items)
	}
	s.policy.Enabled = false
	problemIn(t, s.do("POST", "/recordings/"+s.row.ID+"/share", api.NewShare{Hours: 1}), "share-off")
	s.policy.Enabled = true
	s.acted(archive.ActTrash)
	problemIn(t, s.do("POST", "/recordings/"+s.row.ID+"/share", api.NewShare{Hours: 1}), "in-trash")
}

func TestWrongLinksAreSlowedDown(t *testing.T) {
	s := newSharing(t)
	made, secret := s.make(admin(), api.NewShare{Hours: 1})
	for range wrongMost {
		problemIn(t, s.open(made.Share.ID+".WRONG"), "no-share")
	}
	problemIn(t, s.open(secret), "share-tries")
	s.now = s.now.Add(wrongFor)
	decode[api.OpenedShare](t, s.open(secret), http.StatusOK)
	problemIn(t, s.stranger("GET", "/shared/WRONG/audio", nil), "no-share")
}

func TestPeaksNeedTheRightToHear(t *testing.T) {
	s := newSharing(t)
	path := "/recordings/" + s.row.ID + "/peaks"
	problemIn(t, s.doAs(actor(access.Technician), "GET", path, nil), "forbidden")
	p := get[api.Peaks](s.fixture, path+"?from=0.5&to=1.5&points=4096")
	if p.Points != 100 || p.From != 0.5 || p.To != 1.5 || p.Duration != 2 {
		t.Errorf("finer than 10 ms: %+v", p)
	}
	w := s.do("GET", path+"?points=10", nil)
	if !strings.Contains(w.Body.String(), base64.StdEncoding.EncodeToString(get[api.Peaks](s.fixture, path+"?points=10").Sides[1].Data)) {
		t.Error("the values are not base64")
	}
	s.acted(archive.ActErase)
	problemIn(t, s.do("GET", path, nil), "erased")
}

func TestBothSidesAreHeardInOneFileFromAnywhere(t *testing.T) {
	s := newSharing(t)
	whole := s.do("GET", "/recordings/"+s.row.ID+"/audio?side=stereo&format=compact", nil)
	if whole.Code != http.StatusOK || whole.Body.Len() < 32_000 {
		t.Fatal(whole.Code, whole.Body.Len())
	}
	all, err := io.ReadAll(whole.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := s.request("GET", "/recordings/"+s.row.ID+"/audio?side=stereo&format=compact", nil)
	r.Header.Set("Range", "bytes=20001-20010")
	w := httptest.NewRecorder()
	s.as(admin()).ServeHTTP(w, r)
	if w.Code != http.StatusPartialContent || w.Body.String() != string(all[20001:20011]) {
		t.Errorf("a part: %d, %q", w.Code, w.Body)
	}
}

// noPool has room for everybody.
type noPool struct{}

func (noPool) Acquire(ctx context.Context) error { return ctx.Err() }
func (noPool) Release()                          {}
