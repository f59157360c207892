package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// openAPI serves the document of the API as JSON, for the console's page about it and for
// programs. It is made once: routes do not change while the daemon runs.
func (s *Server) openAPI() http.HandlerFunc {
	document := sync.OnceValues(func() ([]byte, error) { return json.Marshal(s.api.OpenAPI()) })
	return func(w http.ResponseWriter, r *http.Request) {
		if who(r.Context()) == nil {
			writeProblem(w, r, fail("not-entered", ""))
			return
		}
		b, err := document()
		if err != nil {
			writeProblem(w, r, fail("internal", err.Error()))
			return
		}
		sum := sha256.Sum256(b)
		w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	}
}
