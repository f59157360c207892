package s3

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"go.uber.org/goleak"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/targettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const bucket = "vaad-backup"

// store is an object store in this process whose answers can be faults.
type store struct {
	*httptest.Server
	backend *s3mem.Backend

	mu    sync.Mutex
	fault func(*http.Request) (status int, code, message string) // 0 = none
	seen  []string                                               // method and path of each request
}

func newStore(t *testing.T, tls bool) *store {
	t.Helper()
	s := &store{backend: s3mem.New()}
	if err := s.backend.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	fake := gofakes3.New(s.backend, gofakes3.WithIntegrityCheck(true)).Server()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		fault := s.fault
		s.seen = append(s.seen, r.Method+" "+r.URL.String())
		s.mu.Unlock()
		if fault != nil {
			if status, code, message := fault(r); status != 0 {
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(status)
				_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
				return
			}
		}
		fake.ServeHTTP(w, r)
	})
	if tls {
		s.Server = httptest.NewTLSServer(h)
	} else {
		s.Server = httptest.NewServer(h)
	}
	t.Cleanup(s.Close)
	return s
}

func (s *store) faults(f func(*http.Request) (int, string, string)) {
	s.mu.Lock()
	s.fault = f
	s.mu.Unlock()
}

func (s *store) addr() string { return s.Listener.Addr().String() }

func secret(t *testing.T, text string) target.Secret {
	t.Helper()
	f := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return target.Secret(f)
}

func config(t *testing.T, addr string) target.Config {
	c := target.Defaults(target.KindS3)
	c.Name = "cloud"
	c.S3.Endpoint, c.S3.Bucket, c.S3.Prefix, c.S3.Region, c.S3.Plain, c.S3.PartMB = addr, bucket, "site/one", "us-east-1", true, 5
	c.S3.AccessKey, c.S3.SecretKey = secret(t, "AKIDEXAMPLE"), secret(t, "wJalrXUtnFEMI")
	return c
}

func open(t *testing.T, c target.Config) *Target {
	t.Helper()
	tg, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tg.Close() })
	return tg
}

func marked(t *testing.T, tg target.Target) {
	t.Helper()
	if err := tg.Put(t.Context(), target.Marker, 2, strings.NewReader("{}")); err != nil {
		t.Fatal(err)
	}
}

func TestABucketIsATarget(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.Place {
		s := newStore(t, false)
		p := targettest.NewProxy(t, s.addr())
		c := config(t, p.Addr())
		return targettest.Place{
			Open: func(stall time.Duration) (target.Target, error) {
				c.StallS = max(1, int(stall/time.Second))
				return Open(c)
			},
			Big: 11 << 20, Resumes: true,
			Plant: func(t *testing.T, names []string) {
				for _, n := range names {
					if _, err := s.backend.PutObject(bucket, "site/one/"+n, map[string]string{}, strings.NewReader(n), int64(len(n)), nil); err != nil {
						t.Fatal(err)
					}
				}
				// What others keep in the bucket is not ours.
				for _, n := range []string{"other", "site/two/x", "site/one x", "site/one/.hidden", "site/one/with blank"} {
					if _, err := s.backend.PutObject(bucket, n, map[string]string{}, strings.NewReader(n), int64(len(n)), nil); err != nil {
						t.Fatal(err)
					}
				}
			},
			Vanish: p.Down, Return: p.Up, Class: target.ErrUnreachable,
			Freeze: p.Freeze, Thaw: p.Thaw, Cut: p.Cut, Slow: p.Slow,
		}
	})
}

func TestTheStoresErrorsHaveTheirClass(t *testing.T) {
	s := newStore(t, false)
	tg := open(t, config(t, s.addr()))
	marked(t, tg)
	for _, c := range []struct {
		status        int
		code, message string
		class         error
	}{
		{403, "AccessDenied", "Access Denied.", target.ErrAuth},
		{403, "SignatureDoesNotMatch", "no", target.ErrAuth},
		{403, "RequestTimeTooSkewed", "your clock", target.ErrAuth},
		{403, "AccessDenied", "Access Denied because object protected by object lock.", target.ErrRefused},
		{400, "InvalidRequest", "Object is WORM protected and cannot be overwritten", target.ErrRefused},
		{405, "MethodNotAllowed", "no", target.ErrRefused},
		{404, "NoSuchBucket", "The specified bucket does not exist", target.ErrGone},
		{507, "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold.", target.ErrFull},
		{400, "XMinioAdminBucketQuotaExceeded", "Bucket quota exceeded", target.ErrFull},
		{507, "Whatever", "x", target.ErrFull},
		{400, "BadDigest", "The Content-Md5 you specified did not match what we received.", target.ErrCorrupt},
		{503, "XMinioServerNotInitialized", "later", target.ErrUnreachable},
		{400, "SomethingElse", "what?", target.ErrOther},
	} {
		s.faults(func(r *http.Request) (int, string, string) { return c.status, c.code, c.message })
		err := tg.PutFrom(t.Context(), "a/b", 3, strings.NewReader("abc"))
		if !errors.Is(err, c.class) || strings.Contains(err.Error(), "wJalr") {
			t.Errorf("put, %d %s: %v", c.status, c.code, err)
		}
		s.faults(nil)
		if _, err := tg.Stat(t.Context(), "a/b"); !errors.Is(err, target.ErrNotExist) {
			t.Errorf("%s: %v", c.code, err)
		}
	}
}

func TestABusyStoreIsAskedAgain(t *testing.T) {
	s := newStore(t, false)
	tg := open(t, config(t, s.addr()))
	marked(t, tg)
	b := targettest.Bytes(12<<20, 1)
	var mu sync.Mutex
	n := 0
	s.faults(func(*http.Request) (int, string, string) {
		mu.Lock()
		defer mu.Unlock()
		if n++; n%3 != 0 {
			return 503, "SlowDown", "Please reduce your request rate."
		}
		return 0, "", ""
	})
	if err := tg.PutFrom(t.Context(), "f", int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	r, err := tg.Get(t.Context(), "f", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var got bytes.Buffer
	if _, err := got.ReadFrom(r); err != nil || !bytes.Equal(got.Bytes(), b) {
		t.Fatalf("%v, %d bytes", err, got.Len())
	}
	s.faults(func(*http.Request) (int, string, string) { return 503, "SlowDown", "Please reduce your request rate." })
	if err := tg.PutFrom(t.Context(), "g", 3, strings.NewReader("abc")); !errors.Is(err, target.ErrUnreachable) || !target.Temporary(err) {
		t.Errorf("a store that stays busy: %v", err)
	}
}

func TestRemoveTakesEveryVersion(t *testing.T) {
	s := newStore(t, false)
	if err := s.backend.SetVersioningConfiguration(bucket, gofakes3.VersioningConfiguration{Status: gofakes3.VersioningEnabled}); err != nil {
		t.Fatal(err)
	}
	tg := open(t, config(t, s.addr()))
	marked(t, tg)
	for i := range 3 {
		for _, name := range []string{"a/f", "a/f.age"} {
			if err := tg.Put(t.Context(), name, 1, strings.NewReader(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := tg.Remove(t.Context(), "a/f"); err != nil {
		t.Fatal(err)
	}
	left := map[string]int{}
	for o := range tg.api.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Prefix: "site/one/a/", Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		left[o.Key]++
	}
	if left["site/one/a/f"] != 0 || left["site/one/a/f.age"] != 3 {
		t.Errorf("left: %v", left)
	}
	// A lock that forbids it is said, not passed over.
	s.faults(func(r *http.Request) (int, string, string) {
		if r.Method == http.MethodDelete {
			return 403, "AccessDenied", "Access Denied because object protected by object lock."
		}
		return 0, "", ""
	})
	if err := tg.Remove(t.Context(), "a/f.age"); !errors.Is(err, target.ErrRefused) {
		t.Errorf("remove of what is locked: %v", err)
	}
	s.faults(nil)
	if _, err := tg.Stat(t.Context(), "a/f.age"); err != nil {
		t.Errorf("what is locked: %v", err)
	}
}

func TestAStoreThatDoesNotKnowVersionsIsFine(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
	}{{501, "NotImplemented"}, {403, "AccessDenied"}} {
		s := newStore(t, false)
		s.faults(func(r *http.Request) (int, string, string) {
			if r.URL.Query().Has("versioning") {
				return c.status, c.code, "no"
			}
			return 0, "", ""
		})
		tg := open(t, config(t, s.addr()))
		marked(t, tg)
		if err := tg.Put(t.Context(), "a", 1, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if err := tg.Remove(t.Context(), "a"); err != nil {
			t.Errorf("%s: %v", c.code, err)
		}
		if _, err := tg.Stat(t.Context(), "a"); !errors.Is(err, target.ErrNotExist) {
			t.Errorf("%s: %v", c.code, err)
		}
	}
}

func TestOnlyTheGivenCAIsTrusted(t *testing.T) {
	s := newStore(t, true)
	c := config(t, s.addr())
	c.S3.Plain = false
	tg := open(t, c)
	if _, err := tg.Stat(t.Context(), "a"); !errors.Is(err, target.ErrAuth) || target.Temporary(err) {
		t.Errorf("a certificate nobody vouches for: %v", err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c.S3.CAFile = ca
	tg = open(t, c)
	if _, err := tg.Stat(t.Context(), "a"); !errors.Is(err, target.ErrNotExist) {
		t.Errorf("with its CA: %v", err)
	}
	if err := os.WriteFile(ca, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(c); !errors.Is(err, target.ErrAuth) || !strings.Contains(err.Error(), "ca_file") {
		t.Errorf("a CA file without a certificate: %v", err)
	}
	c.S3.CAFile = ""
	c.S3.SecretKey = "/nonexistent"
	if _, err := Open(c); !errors.Is(err, target.ErrAuth) || !strings.Contains(err.Error(), "secret_key") {
		t.Errorf("no secret key: %v", err)
	}
}

func TestStorageClassAndChecksumsAreSent(t *testing.T) {
	s := newStore(t, false)
	c := config(t, s.addr())
	c.S3.StorageClass = "STANDARD_IA"
	var mu sync.Mutex
	var single, start, part http.Header
	s.faults(func(r *http.Request) (int, string, string) {
		mu.Lock()
		defer mu.Unlock()
		switch q := r.URL.Query(); {
		case q.Has("partNumber"):
			part = r.Header.Clone()
		case q.Has("uploads") && r.Method == http.MethodPost:
			start = r.Header.Clone()
		case r.Method == http.MethodPut:
			single = r.Header.Clone()
		}
		return 0, "", ""
	})
	tg := open(t, c)
	marked(t, tg)
	b := targettest.Bytes(6<<20, 1)
	if err := tg.PutFrom(t.Context(), "f", int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if single.Get("X-Amz-Storage-Class") != "STANDARD_IA" || start.Get("X-Amz-Storage-Class") != "STANDARD_IA" {
		t.Errorf("storage class: %q, %q", single.Get("X-Amz-Storage-Class"), start.Get("X-Amz-Storage-Class"))
	}
	for what, h := range map[string]http.Header{"single": single, "part": part} {
		if len(h.Get("Content-Md5")) != 24 || len(h.Get("X-Amz-Content-Sha256")) != 64 {
			t.Errorf("%s: MD5 %q, SHA-256 %q", what, h.Get("Content-Md5"), h.Get("X-Amz-Content-Sha256"))
		}
	}
}

func TestABucketThatIsNotThereIsGone(t *testing.T) {
	s := newStore(t, false)
	c := config(t, s.addr())
	c.S3.Bucket = "no-such-bucket"
	tg := open(t, c)
	if err := tg.Put(context.Background(), "a", 1, strings.NewReader("x")); !errors.Is(err, target.ErrGone) {
		t.Errorf("put: %v", err)
	}
	if err := tg.Put(context.Background(), target.Marker, 1, strings.NewReader("x")); !errors.Is(err, target.ErrGone) {
		t.Errorf("put of the marker: %v", err)
	}
	if err := tg.List(context.Background(), "", func(target.Entry) error { return nil }); !errors.Is(err, target.ErrGone) {
		t.Errorf("list: %v", err)
	}
}

func TestAnUploadThatSomebodyGaveUpIsBegunAnew(t *testing.T) {
	s := newStore(t, false)
	tg := open(t, config(t, s.addr()))
	marked(t, tg)
	b := targettest.Bytes(11<<20, 1)
	var once sync.Once
	s.faults(func(r *http.Request) (int, string, string) {
		if r.URL.Query().Get("partNumber") == "2" {
			once.Do(func() { // a rule of the bucket, or another box with the same prefix
				err := tg.uploads(context.Background(), "site/one/f", func(i minio.ObjectMultipartInfo) error { return tg.abort(context.Background(), i) })
				if err != nil {
					t.Error(err)
				}
			})
		}
		return 0, "", ""
	})
	if err := tg.PutFrom(t.Context(), "f", int64(len(b)), bytes.NewReader(b)); !errors.Is(err, target.ErrUnreachable) || !target.Temporary(err) {
		t.Fatalf("put: %v", err)
	}
	if err := tg.PutFrom(t.Context(), "f", int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	if e, err := tg.Stat(t.Context(), "f"); err != nil || e.Size != int64(len(b)) {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestAStoreThatListsPrefixesForNoDelimiterIsAskedOtherwise(t *testing.T) {
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		delimiter := r.URL.Query().Get("delimiter")
		asked = append(asked, delimiter)
		inner := "<CommonPrefixes><Prefix>site/one/</Prefix></CommonPrefixes>"
		if delimiter != "" {
			inner = "<Upload><Key>site/one/f</Key><UploadId>7</UploadId><Initiated>2026-11-22T16:00:00.000Z</Initiated></Upload>"
		}
		_, _ = fmt.Fprintf(w, "<ListMultipartUploadsResult><Bucket>b</Bucket><IsTruncated>false</IsTruncated>%s</ListMultipartUploadsResult>", inner)
	}))
	defer srv.Close()
	tg := open(t, config(t, srv.Listener.Addr().String()))
	var got []string
	if err := tg.uploads(t.Context(), "site/one/", func(i minio.ObjectMultipartInfo) error { got = append(got, i.Key+i.UploadID); return nil }); err != nil ||
		strings.Join(got, " ") != "site/one/f7" || strings.Join(asked, "") != nowhere {
		t.Errorf("%v, asked with %q, %v", got, asked, err)
	}
}
