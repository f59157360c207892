package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"vaad/api/text"
	"vaad/console/web"
)

// A page is the console's pages, in memory: everything they need comes from here.
// Nothing in them is secret, so they need no session; what they ask the API for does.
type page struct {
	files map[string]file // by path below /
}

type file struct {
	body    []byte
	small   func() []byte // gzip, made when it is first asked for, so that the daemon starts sooner; nil where it saves nothing
	kind    string
	etag    string
	forever bool // its name changes with what is in it
}

// assets are files whose names hold a hash of what is in them.
const assets = "/assets/"

// builtIn are the pages that the daemon has in itself.
var builtIn = sync.OnceValues(func() (*page, error) { return newPage(web.Files()) })

// pagesOf are the pages of a folder, or those that are built in.
func pagesOf(folder fs.FS) (*page, error) {
	if folder == nil {
		return builtIn()
	}
	return newPage(folder)
}

// newPage reads built pages and the catalogues.
func newPage(web fs.FS) (*page, error) {
	p := &page{files: map[string]file{}}
	err := fs.WalkDir(web, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(web, name)
		p.add("/"+name, b)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("console: pages: %w", err)
	}
	if _, ok := p.files["/index.html"]; !ok {
		return nil, fmt.Errorf("console: pages: there is no index.html: build them with make web")
	}
	for _, lang := range text.Languages() {
		b, err := catalogueOf(lang)
		if err != nil {
			return nil, fmt.Errorf("console: catalogue %s: %w", lang, err)
		}
		p.add("/text/"+lang+".json", b)
	}
	return p, nil
}

// catalogueOf is the catalogue without what only vaactl says.
func catalogueOf(lang string) ([]byte, error) {
	all, _ := text.Catalogue(lang)
	var words map[string]string
	if err := json.Unmarshal(all, &words); err != nil {
		return nil, err
	}
	maps.DeleteFunc(words, func(k, _ string) bool {
		group, _, _ := strings.Cut(k, ".")
		return group == "help" || group == "usage" || group == "cli"
	})
	return json.Marshal(words)
}

func (p *page) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	p.files[name] = file{body: body, kind: kindOf(name), etag: `"` + hex.EncodeToString(sum[:8]) + `"`, forever: strings.HasPrefix(name, assets),
		small: sync.OnceValue(func() []byte { return squeeze(body) })}
}

// squeeze is gzip, or nil where that saves nothing.
func squeeze(body []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	_, _ = z.Write(body) // into memory
	if z.Close() != nil || b.Len() >= len(body)*9/10 {
		return nil
	}
	return b.Bytes()
}

// kindOf does not ask the machine, whose tables may say anything.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".json":
		return "application/json"
	case ".svg":
		return "image/svg+xml"
	default:
		return mime.TypeByExtension(path.Ext(name))
	}
}

// enter answers who has no session, or a link that does not hold: a browser
// gets the page, which asks for name and password, a program a problem.
func (p *page) enter(w http.ResponseWriter, r *http.Request, status int) {
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		where := "/login"
		if status == http.StatusForbidden {
			where += "?link=dead"
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, where, http.StatusSeeOther)
		return
	}
	code := "not-entered"
	if status == http.StatusForbidden {
		code = "wrong-token"
	}
	writeProblem(w, r, fail(code, ""))
}

// front is /: with a token it opens a session, else it is the page.
func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	if token := r.URL.Query().Get("token"); token != "" {
		s.login(w, r, token)
		return
	}
	s.page.serve(w, r, "/index.html")
}

// static is everything else of the pages. An address of the page itself, which
// is no file, is answered with the page: it finds out where it is.
func (s *Server) static(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		writeProblem(w, r, fail("method-not-allowed", r.Method+" "+quote(r.URL.Path)))
		return
	}
	name := r.URL.Path
	if _, ok := s.page.files[name]; !ok && path.Ext(name) == "" && !strings.HasPrefix(name, assets) && strings.Contains(r.Header.Get("Accept"), "text/html") {
		name = "/index.html"
	}
	s.page.serve(w, r, name)
}

func (p *page) serve(w http.ResponseWriter, r *http.Request, name string) {
	f, ok := p.files[name]
	if !ok {
		writeProblem(w, r, fail("not-found", quote(r.URL.Path)))
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache") // ask each time: the files change with the daemon
	if f.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.body
	var small []byte
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		small = f.small()
	}
	if small != nil {
		h.Set("Content-Encoding", "gzip")
		body = small
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader may be gone
	}
}
