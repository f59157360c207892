package console

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// A body that cannot be read to its end is its sender's fault, while the
// framework takes it for one of ours and answers 500. This stands around the
// framework and says what was the matter.

// sentBodyKey is where a request's context has its *sentBody.
type sentBodyKey struct{}

// sentBody is the body of a request and why it could not be read.
type sentBody struct {
	io.ReadCloser
	err error
}

// Read remembers what ended the body before its end.
func (b *sentBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// code is the problem that an unreadable body is; "" where it was read.
func (b *sentBody) code() string {
	var big *http.MaxBytesError
	switch {
	case b == nil || b.err == nil:
		return ""
	case errors.As(b.err, &big):
		return "too-large"
	}
	return "bad-request"
}

// readable lets requests with a body be answered with what was wrong with it.
func readable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		b := &sentBody{ReadCloser: r.Body}
		r = r.WithContext(context.WithValue(r.Context(), sentBodyKey{}, b))
		r.Body = b
		next.ServeHTTP(&blaming{w, b}, r)
	})
}

// blaming sends the sender's status where the framework blames the server.
type blaming struct {
	http.ResponseWriter
	body *sentBody
}

func (w *blaming) WriteHeader(status int) {
	if code := w.body.code(); code != "" && status == http.StatusInternalServerError {
		status = statuses()[code]
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *blaming) Unwrap() http.ResponseWriter { return w.ResponseWriter }
