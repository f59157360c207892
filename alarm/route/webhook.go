package route

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Headers of a webhook.
const (
	HeaderEvent     = "X-Vaad-Event"     // the message's kind
	HeaderDelivery  = "X-Vaad-Delivery"  // the message's ID
	HeaderTime      = "X-Vaad-Timestamp" // seconds since 1970 UTC, when this try began
	HeaderSignature = "X-Vaad-Signature" // v1= and the HMAC-SHA256, in hex, of timestamp, a dot, and the body
)

// webhookTime is how long one try may take.
const webhookTime = 20 * time.Second

// Webhook posts messages as JSON to a URL.
type Webhook struct {
	URL    string
	Secret string // file of the key that signs; "" = not signed
	Roots  string // file of certificates (PEM) that are trusted instead of the system's; "" = the system's
	Agent  string // User-Agent
	Now    func() time.Time
}

// BadURL says what is wrong with the URL of a webhook.
func BadURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("it is no address")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("write it with https:// or, within a network that is trusted, http://")
	case u.Host == "" || u.Hostname() == "":
		return errors.New("it names no host")
	case u.User != nil:
		return errors.New("it must not hold a password: the receiver knows messages by their signature")
	case u.Fragment != "":
		return errors.New("it must not have a part behind #")
	}
	return nil
}

// Kind is "webhook".
func (w *Webhook) Kind() string { return "webhook" }

// Sign is the value of HeaderSignature.
func Sign(secret []byte, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(timestamp))
	h.Write([]byte{'.'})
	h.Write(body)
	return "v1=" + hex.EncodeToString(h.Sum(nil))
}

// Send posts one message. Only an answer 2xx counts; redirections are not followed.
func (w *Webhook) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, webhookTime)
	defer cancel()
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(w.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", w.Agent)
	req.Header.Set(HeaderEvent, m.Kind)
	req.Header.Set(HeaderDelivery, m.ID)
	req.Header.Set(HeaderTime, stamp)
	if w.Secret != "" {
		secret, err := os.ReadFile(w.Secret)
		if err != nil {
			return fmt.Errorf("secret of the webhook: %w", err)
		}
		req.Header.Set(HeaderSignature, Sign(bytes.TrimSpace(secret), stamp, body))
	}
	transport := &http.Transport{Proxy: nil, DisableKeepAlives: true, TLSHandshakeTimeout: webhookTime, ResponseHeaderTimeout: webhookTime, MaxResponseHeaderBytes: 64 << 10}
	if w.Roots != "" {
		pem, err := os.ReadFile(w.Roots)
		if err != nil {
			return fmt.Errorf("certificates of the webhook: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s holds no certificate", w.Roots)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	c := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // without the address, which may hold a token
			err = u.Err
		}
		return fmt.Errorf("%s: %w", req.URL.Host, err)
	}
	said, _ := io.ReadAll(io.LimitReader(res.Body, 200)) // for people; a cut answer is one
	_ = res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s %s", req.URL.Host, res.Status, strings.TrimSpace(strings.Map(printable, string(said))))
	}
	return nil
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r == 0xfffd {
		return ' '
	}
	return r
}
