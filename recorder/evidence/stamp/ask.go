package stamp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/digitorus/timestamp"
)

// maxAnswer is how much of an answer is read: certificates make it a few KiB.
const maxAnswer = 256 << 10

// skew is how far the authority's clock and ours may be apart.
const skew = 10 * time.Minute

// ErrClock says that the authority's time and ours are far apart. The stamp is
// good all the same: it is our clock that may be wrong.
var ErrClock = errors.New("the authority's time is more than 10 minutes from ours")

// Ask asks the authority at address to stamp a note and returns its answer as it
// is to be kept, and what it says. Roots may be nil: then the authority's
// certificate is not checked now. With [ErrClock] the answer is there, too.
func Ask(ctx context.Context, client *http.Client, address string, note []byte, roots Roots, now time.Time) ([]byte, Stamp, error) {
	if err := BadAddress(address); err != nil {
		return nil, Stamp{}, err
	}
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, Stamp{}, err
	}
	query, err := timestamp.CreateRequest(bytes.NewReader(note), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: nonce})
	if err != nil {
		return nil, Stamp{}, err
	}
	answer, err := post(ctx, client, address, query)
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("time stamp authority %s: %w", address, err)
	}
	s, err := Read(answer, roots)
	if err == nil {
		err = s.Of(note)
	}
	if err == nil && (s.nonce == nil || s.nonce.Cmp(nonce) != 0) {
		err = errors.New("the answer is to another question")
	}
	if err == nil && s.Time.Sub(now).Abs() > skew {
		return answer, s, fmt.Errorf("time stamp authority %s: %w: it says %s", address, ErrClock, s.Time.UTC().Format(time.RFC3339))
	}
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("time stamp authority %s: %w", address, err)
	}
	return answer, s, nil
}

// BadAddress says what is wrong with the address of an authority.
func BadAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q: give the authority's address, as http://tsa.example.org/tsr", address)
	}
	return nil
}

// post sends a query (RFC 3161 section 3.4).
func post(ctx context.Context, client *http.Client, address string, query []byte) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	q.Header.Set("Content-Type", "application/timestamp-query")
	a, err := client.Do(q)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Body.Close() }() // only read
	b, err := io.ReadAll(io.LimitReader(a.Body, maxAnswer+1))
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return nil, err
	case a.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answered %s", a.Status)
	case len(b) > maxAnswer:
		return nil, fmt.Errorf("its answer is over %d bytes", maxAnswer)
	case kind != "application/timestamp-reply":
		return nil, fmt.Errorf("its answer is %q, no time stamp", kind)
	}
	return b, nil
}
