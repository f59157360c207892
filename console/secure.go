package console

import (
	"net"
	"net/http"
	"strings"
)

// policy lets the page load its own files and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// headers sets what tells browsers to be careful, on every answer.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=()")
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// loopbackHost refuses requests that name another host: a page of a stranger
// whose name was made to resolve to 127.0.0.1 (DNS rebinding) stops here. The
// port may differ, as behind an SSH tunnel.
func loopbackHost(next http.Handler) http.Handler {
	return headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		switch strings.ToLower(strings.TrimSuffix(host, ".")) {
		case "127.0.0.1", "localhost", "[::1]", "::1":
			next.ServeHTTP(w, r)
		default:
			writeProblem(w, r, fail("wrong-host", "the request names the host "+quote(r.Host)))
		}
	}))
}

// sameOrigin refuses what another web site makes a browser send. Changes are
// net/http's own check; reading is refused too where the browser says that the
// request comes from elsewhere, as cookies of localhost are shared by every port.
func sameOrigin(next http.Handler) http.Handler {
	deny := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, r, fail("forbidden-origin", "sent by "+quote(r.Header.Get("Origin"))))
	})
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(deny)
	changes := guard.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := r.Header.Get("Sec-Fetch-Site")
		if (site == "cross-site" || site == "same-site") && strings.HasPrefix(r.URL.Path, "/api/") {
			deny(w, r)
			return
		}
		changes.ServeHTTP(w, r)
	})
}

// quote shows a value from outside in a message: short, and without control
// characters.
func quote(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return '?'
		}
		return c
	}, s)
	if len(s) > 100 {
		s = s[:100] + "…"
	}
	return `"` + s + `"`
}
