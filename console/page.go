package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"vaad/api/text"
)

//go:embed page
var pageFiles embed.FS

// A page is the built-in page, in memory: everything it needs comes from here.
type page struct {
	files  map[string]file // by path below /
	login  []byte          // what somebody without a session sees
	policy string          // of the login page: its own style and nothing else
}

type file struct {
	body []byte
	kind string
	etag string
}

// newPage reads the embedded files and the catalogues.
func newPage() (*page, error) {
	p := &page{files: map[string]file{}}
	static, err := fs.Sub(pageFiles, "page/static")
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(static, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(static, name)
		p.add("/"+name, b)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("console: embedded page: %w", err)
	}
	for _, lang := range text.Languages() {
		b, _ := text.Catalogue(lang)
		p.add("/text/"+lang+".json", b)
	}
	return p, p.makeLogin()
}

func (p *page) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	p.files[name] = file{body, kindOf(name), `"` + hex.EncodeToString(sum[:8]) + `"`}
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

// makeLogin renders the page that asks for the token, in every language at
// once: nobody has chosen one yet.
func (p *page) makeLogin() error {
	src, err := pageFiles.ReadFile("page/enter.html")
	if err != nil {
		return fmt.Errorf("console: embedded page: %w", err)
	}
	t, err := template.New("enter").Parse(string(src))
	if err != nil {
		return fmt.Errorf("console: embedded page: %w", err)
	}
	type words struct{ Lang, Title, How, Token, Enter string }
	var all []words
	for _, lang := range text.Languages() {
		get := func(k string) string { return text.Text(lang, "page.enter"+k, nil) }
		all = append(all, words{lang, get("-title"), get("-how"), get("-token"), get("")})
	}
	var b bytes.Buffer
	if err := t.Execute(&b, all); err != nil {
		return fmt.Errorf("console: embedded page: %w", err)
	}
	p.login = b.Bytes()
	_, style, _ := strings.Cut(b.String(), "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	p.policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	return nil
}

// enter shows how to get in.
func (p *page) enter(w http.ResponseWriter, r *http.Request, status int) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		code := "not-entered"
		if status == http.StatusForbidden {
			code = "wrong-token"
		}
		writeProblem(w, r, fail(code, ""))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", p.policy)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(p.login) // the reader may be gone
}

// front is /: with a token it opens a session, with a session it is the page.
func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	switch token := r.URL.Query().Get("token"); {
	case token != "":
		s.login(w, r, token)
	case who(r.Context()) == nil:
		s.page.enter(w, r, http.StatusUnauthorized)
	default:
		s.page.serve(w, r, "/index.html")
	}
}

// static is everything else of the page, for who is signed in.
func (s *Server) static(w http.ResponseWriter, r *http.Request) {
	if who(r.Context()) == nil {
		s.page.enter(w, r, http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		writeProblem(w, r, fail("method-not-allowed", r.Method+" "+quote(r.URL.Path)))
		return
	}
	s.page.serve(w, r, r.URL.Path)
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
	h.Set("ETag", f.etag)
	if strings.Contains(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", fmt.Sprint(len(f.body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(f.body) // the reader may be gone
	}
}
