package console

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"vaad/api"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Limits of one server. They are far above what a site needs and far below
// what a mistaken or hostile client could take.
const (
	readTimeout     = 30 * time.Second // of a whole request
	writeTimeout    = 60 * time.Second // of a whole answer that is no stream
	streamTimeout   = 15 * time.Second // of one write of a stream
	maxConnections  = 256              // per listener
	maxWatchers     = 64
	maxListeners    = 64
	maxTails        = 16
	maxBody         = 64 << 10
	maxSettingsBody = 4 << 20
)

// A Server serves the API, the page, /metrics and /healthz.
type Server struct {
	cfg     Config
	api     huma.API
	handler http.Handler
	page    *page
	hub     *hub

	counters  *counters // of boards
	redecodes *prometheus.CounterVec
	heard     audited
	tickets   tickets
	firstly   sync.Mutex // held while the first administrator's account is made
	metrics   *metrics
	slots     chan struct{} // of people who listen to a line
	tails     chan struct{} // of people who watch the log

	refreshing chan struct{} // full while the index is made anew

	probes http.Handler // /metrics and /healthz, for a door of their own

	mu     sync.Mutex
	open   map[*Opened]bool
	closed bool
	quit   chan struct{} // closed by Shutdown: streams end
}

// New makes a Server. Run must run for live events, Serve for each listener.
func New(cfg Config) (*Server, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, slots: make(chan struct{}, maxListeners), tails: make(chan struct{}, maxTails), refreshing: make(chan struct{}, 1), quit: make(chan struct{}), open: map[*Opened]bool{}}
	s.metrics = newMetrics(cfg.Registerer, cfg.Version)
	s.hub = newHub(s)
	s.counters = newCounters(cfg.Gatherer, cfg.Now)
	s.redecodes = newRedecodes(cfg.Registerer)
	var err error
	if s.page, err = pagesOf(cfg.Web); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	s.api = newAPI(mux, cfg.Version)
	for _, rt := range routes() {
		rt.add(s, rt)
	}
	document(s.api)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { s.noSuchRoute(mux, w, r) })
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /openapi.json", s.openAPI())
	mux.HandleFunc("GET /ca.crt", s.authorityFile)
	probes := http.NewServeMux()
	probes.HandleFunc("GET /healthz", s.healthz)
	if cfg.Gatherer != nil {
		all := promhttp.HandlerFor(cfg.Gatherer, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
		probes.Handle("GET /metrics", all)
		mux.Handle("GET /metrics", s.scraped(all))
	}
	s.probes = probes
	mux.HandleFunc("GET /{$}", s.front)
	mux.HandleFunc("/", s.static)
	s.handler = s.recovered(s.metrics.count(s.spoken(headers(sameOrigin(s.enter(s.tried(http.MaxBytesHandler(readable(mux), max(maxSettingsBody, maxPrompt)))))))))
	return s, nil
}

// spoken gives callers who ask for no language the site's.
func (s *Server) spoken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l := s.cfg.Site().Language; l != "" && r.Header.Get("Accept-Language") == "" {
			r.Header.Set("Accept-Language", l)
		}
		next.ServeHTTP(w, r)
	})
}

// newAPI is the framework without what it adds by itself: no page from a CDN,
// no links made from the Host header.
func newAPI(mux *http.ServeMux, version string) huma.API {
	c := huma.DefaultConfig("vaad", version)
	c.Info.Description = "Lines, recordings, calls and settings of a vaad daemon. " +
		"Errors are application/problem+json with a stable code, the line, and what to do."
	c.DocsPath, c.SchemasPath, c.OpenAPIPath = "", "", ""
	c.CreateHooks = nil
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{transform}
	return humago.NewWithPrefix(mux, api.Prefix, c)
}

// document adds what the routes do not show by themselves, the messages of the
// live feed, and takes away the framework's own errors, which never leave.
func document(a huma.API) {
	all := a.OpenAPI().Components.Schemas
	for _, t := range []reflect.Type{reflect.TypeFor[api.Snapshot](), reflect.TypeFor[api.Fact](), reflect.TypeFor[api.Changed](), reflect.TypeFor[api.Readings](), reflect.TypeFor[api.LiveHead](), reflect.TypeFor[api.Resync]()} {
		all.Schema(t, true, t.Name())
	}
	delete(all.Map(), "ErrorModel")
	delete(all.Map(), "ErrorDetail")
}

// Run keeps the live feed going until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	var counting sync.WaitGroup
	defer counting.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	counting.Go(func() { s.counters.run(ctx) })
	return s.hub.run(ctx)
}

// Serve serves a listener until Shutdown: a unix socket, whose callers are known
// by their credentials, or a loopback address, whose callers sign in. Anything else is refused
// with [ErrNetwork]: the network is served through [Server.Open].
func (s *Server) Serve(l net.Listener) error {
	d := Door{Name: string(LocalDoor), Kind: LocalDoor}
	if l.Addr().Network() != "unix" {
		d = Door{Name: string(LoopbackDoor) + " " + l.Addr().String(), Kind: LoopbackDoor}
	}
	o, err := s.Open(l, d)
	if err != nil {
		return err
	}
	<-o.Done()
	return o.Err()
}

// Shutdown ends streams at once, lets other requests finish until ctx ends, cuts off
// those that have not, as one that a browser has opened in advance and says nothing, and
// closes the listeners.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		close(s.quit)
	}
	s.closed = true
	all := slices.Collect(maps.Keys(s.open))
	clear(s.open)
	s.mu.Unlock()
	var errs []error
	for _, o := range all {
		err := o.srv.Shutdown(ctx)
		if err != nil && ctx.Err() == nil {
			errs = append(errs, err)
		}
		if err != nil {
			errs = append(errs, o.srv.Close())
		}
	}
	return errors.Join(errs...)
}

// noSuchRoute answers what no route takes: 405 where another method would do.
func (s *Server) noSuchRoute(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, pattern := mux.Handler(probe); m != r.Method && pattern != "/api/" {
			allow = append(allow, m)
			w.Header().Add("Allow", m)
		}
	}
	switch {
	case who(r.Context()) == nil:
		w.Header().Del("Allow")
		writeProblem(w, r, fail("not-entered", ""))
	case len(allow) > 0:
		writeProblem(w, r, fail("method-not-allowed", r.Method+" "+quote(r.URL.Path)))
	default:
		writeProblem(w, r, fail("not-found", quote(r.URL.Path)))
	}
}

// recovered turns a panic into an answer and a line in the log: one request
// must not take recordings down.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // the value itself, as net/http compares it
				panic(v)
			}
			if r.Context().Err() == nil { // else it is only that the sender went away
				s.cfg.Logger.Error("console: a request ended in a panic", "method", r.Method, "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			}
			writeProblem(w, r, fail("internal", ""))
		}()
		next.ServeHTTP(w, r)
	})
}

// healthz is 200 while every board loop ticks or is declared gone.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := s.cfg.Lines.Healthy(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n")) // the prober may be gone
}
