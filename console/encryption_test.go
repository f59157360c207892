package console

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/archive/vault"
)

// keysForTest are real keys, as cmd/vaad has them, and a switch.
type keysForTest struct {
	ring *vault.Ring
	on   atomic.Bool
}

func newKeys(t *testing.T, dir string) *keysForTest {
	disk, err := archive.OSDisk(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := vault.Open(vault.Config{Disk: disk})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ring.Close() })
	return &keysForTest{ring: ring}
}

func (k *keysForTest) wanted() archive.Encryption { return archive.Encryption{Audio: k.on.Load()} }

func (k *keysForTest) State() (api.Encryption, error) {
	s, err := k.ring.State()
	return api.Encryption{Enabled: k.on.Load(), Keys: s.Keys, Erased: s.Erased, Master: s.Master}, err
}

func (k *keysForTest) Rotate() (api.RotatedKeys, error) {
	r, err := k.ring.Rotate()
	return api.RotatedKeys{Keys: r.Keys, Kept: r.Kept, Master: r.Master}, err
}

// TestAnEncryptedRecordingPlaysAsAnyOther: whole, by Range, and exported; and when
// its key is gone that is said, and nothing is played.
func TestAnEncryptedRecordingPlaysAsAnyOther(t *testing.T) {
	f := newFixture(t)
	plain := f.record(1, 100_000, "mixed")
	f.keys.on.Store(true)
	rec := f.record(1, 100_000, "mixed")
	of := func(id string) api.Recording { return get[api.Recording](f, "/recordings/"+id) }
	if of(plain.ID).Encrypted || !of(rec.ID).Encrypted {
		t.Error("encrypted is not told of the right one")
	}
	path := "/recordings/" + rec.ID + "/audio"
	whole := f.do(http.MethodGet, path, nil).Body.Bytes()
	if same := f.do(http.MethodGet, "/recordings/"+plain.ID+"/audio", nil).Body.Bytes(); !bytes.Equal(whole, same) || !bytes.HasPrefix(whole, []byte("RIFF")) {
		t.Fatalf("%d bytes, the plain one has %d", len(whole), len(same))
	}
	for r, want := range map[string][]byte{"bytes=70000-70099": whole[70_000:70_100], "bytes=-10": whole[len(whole)-10:], "bytes=65500-65700": whole[65_500:65_701]} {
		q := f.request(http.MethodGet, path, nil)
		q.Header.Set("Range", r)
		w := httptest.NewRecorder()
		f.as(admin()).ServeHTTP(w, q)
		if w.Code != http.StatusPartialContent || !bytes.Equal(w.Body.Bytes(), want) {
			t.Errorf("%s: %d, %d bytes", r, w.Code, w.Body.Len())
		}
	}
	e := get[api.Encryption](f, "/encryption")
	if e.Keys != 1 || e.Master == "" {
		t.Errorf("%+v", e)
	}
	rot := decode[api.RotatedKeys](t, f.do(http.MethodPost, "/encryption/rotate", nil), http.StatusOK)
	rows, err := f.audit.Query(access.AuditFilter{Verb: access.Maintain, Limit: 10})
	if err != nil || rot.Keys != 1 || rot.Master == e.Master || len(rows) != 1 || rows[0].Object != "keys" || rows[0].Detail["master"] != rot.Master {
		t.Errorf("%+v %+v %v", rot, rows, err)
	}
	if again := f.do(http.MethodGet, path, nil).Body.Bytes(); !bytes.Equal(whole, again) {
		t.Error("after a rotation it is another")
	}
	name, err := filepath.Glob(filepath.Join(f.dir, "recordings/*/*/*", rec.ID+".*.wav.enc"))
	if err != nil || len(name) != 1 {
		t.Fatal(name, err)
	}
	stored, err := os.ReadFile(name[0])
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(stored)
	changed[40] ^= 1 // its header names another side
	if err := errors.Join(os.Chmod(name[0], 0o600), os.WriteFile(name[0], changed, 0o600)); err != nil {
		t.Fatal(err)
	}
	problemIn(t, f.do(http.MethodGet, path, nil), "audio-changed")
	if err := os.WriteFile(name[0], stored, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.keys.ring.Erase("", rec.ID); err != nil {
		t.Fatal(err)
	}
	problemIn(t, f.do(http.MethodGet, path, nil), "key-erased")
	if w := f.do(http.MethodGet, path, nil); strings.Contains(w.Body.String(), "RIFF") {
		t.Error("something was played")
	}
	f.cfg.Encryption = nil
	problemIn(t, f.do(http.MethodGet, "/encryption", nil), "not-available")
}
