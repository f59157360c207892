package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Options say which daemon a client talks to. With Server empty it is the
// local one: Socket, or Root's run/vaad.sock, or /run/vaad/vaad.sock.
type Options struct {
	Root   string // the daemon's folder
	Socket string // its socket, where it is not below Root
	Server string // https://HOST:8443, or http:// on this machine, instead of a socket
	Token  string // needed with Server
	Lang   string // language of titles and remedies: en, zh
	Agent  string // who talks, for the daemon's log

	// With https: what the server's certificate must be signed by, PEM, or the SHA-256 of it or of
	// what has signed it. Both empty: what the system trusts.
	CA          string
	Fingerprint string
}

// systemSocket is where the packaged daemon listens.
const systemSocket = "/run/vaad/vaad.sock"

// A Client talks to one daemon. It is safe for concurrent use.
type Client struct {
	http  *http.Client
	base  string // scheme and host, no path
	where string // for messages: the socket or the URL
	opt   Options
}

// A ConnectError says that the daemon could not be reached, where it was looked
// for, and what to do.
type ConnectError struct {
	Where  string // socket or URL
	Err    error
	Code   string // of the remedy: server, certificate, pinned, permission, service or folder
	Remedy string // English
}

func (e *ConnectError) Error() string {
	return fmt.Sprintf("cannot reach vaad at %s: %v\n%s", e.Where, e.Err, e.Remedy)
}

func (e *ConnectError) Unwrap() error { return e.Err }

// New makes a client. Nothing is opened before the first request.
func New(o Options) (*Client, error) {
	c := &Client{opt: o}
	tr := &http.Transport{MaxIdleConns: 8, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: 60 * time.Second}
	c.http = &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if o.Server != "" {
		u, err := o.server()
		if err != nil {
			return nil, err
		}
		if tr.TLSClientConfig, err = o.trust(u.Hostname()); err != nil {
			return nil, err
		}
		if t := u.Query().Get("token"); t != "" && o.Token == "" { // the link that the daemon prints
			c.opt.Token = t
		}
		c.base, c.where = u.Scheme+"://"+u.Host, u.Scheme+"://"+u.Host
		return c, nil
	}
	path := o.Socket
	switch {
	case path != "":
	case o.Root != "":
		path = filepath.Join(o.Root, SocketName)
	default:
		path = systemSocket
	}
	c.base, c.where = "http://vaad", path
	tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return dialUnix(ctx, path) }
	return c, nil
}

// maxSocketPath is what a socket address holds (unix(7): sun_path, 108 bytes
// with the closing zero).
const maxSocketPath = 107

// dialUnix connects to a socket whose path may be longer than an address
// holds: then by way of its opened folder.
func dialUnix(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	if len(path) <= maxSocketPath {
		return d.DialContext(ctx, "unix", path)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return d.DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)))
}

// unreachable says what to do when the daemon cannot be reached.
func (c *Client) unreachable(err error) error {
	e := &ConnectError{Where: c.where, Err: err}
	var no *UntrustedError
	switch {
	case errors.As(err, &no) && no.Pinned:
		e.Code, e.Remedy = "pinned", "Somebody may stand between you and the box, or its certificate was made anew: compare with what the box shows, as vaactl network does there."
	case errors.As(err, &no):
		e.Code, e.Remedy = "certificate", "Compare the fingerprint with what the box shows, as vaactl network does there; then give it with --fingerprint, or the authority's file with --ca."
	case c.opt.Server != "":
		e.Code, e.Remedy = "server", "Check that the daemon runs and that the address is the one it printed."
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EACCES):
		e.Code, e.Remedy = "permission", "You may not open its socket: run this as root, as the user vaad, or as a member of the group vaad-review."
	case c.opt.Root == "" && c.opt.Socket == "":
		e.Code, e.Remedy = "service", "Start the service (systemctl start vaad), or name the daemon's folder with --root DIR."
	default:
		e.Code, e.Remedy = "folder", "Start it with: vaad run --root DIR"
	}
	return e
}

// request builds a request; body is encoded as JSON unless it is nil or an io.Reader.
func (c *Client) request(ctx context.Context, method, path string, q url.Values, body any) (*http.Request, error) {
	u := c.base + Prefix + path
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	var rd io.Reader
	if r, ok := body.(io.Reader); ok {
		rd = r
	} else if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode request to %s: %w", path, err)
		}
		rd = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, u, rd)
	if err != nil {
		return nil, err
	}
	if rd != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.opt.Lang != "" {
		r.Header.Set("Accept-Language", c.opt.Lang)
	}
	if c.opt.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.opt.Token)
	}
	if c.opt.Agent != "" {
		r.Header.Set("User-Agent", c.opt.Agent)
	}
	return r, nil
}

// send does a request and turns every answer but 2xx into an error. The caller
// closes the body.
func (c *Client) send(r *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, c.unreachable(err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, problem(resp)
}

// problem reads the error that an answer carries.
func problem(resp *http.Response) error {
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	p := &Problem{}
	if ct, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); ct == ProblemType && json.Unmarshal(b, p) == nil {
		p.Status = resp.StatusCode
		return p
	}
	p.Status, p.Code, p.Title = resp.StatusCode, "http", http.StatusText(resp.StatusCode)
	p.Detail = strings.TrimSpace(string(b[:min(len(b), 200)]))
	return p
}

// call does a request and decodes the answer into out, unless that is nil.
func (c *Client) call(ctx context.Context, method, path string, q url.Values, body, out any) error {
	r, err := c.request(ctx, method, path, q, body)
	if err != nil {
		return err
	}
	resp, err := c.send(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("decode the answer to %s %s: %w", method, path, err)
	}
	return nil
}

// ask does a request and returns the decoded answer.
func ask[T any](ctx context.Context, c *Client, method, path string, q url.Values, body any) (T, error) {
	var out T
	err := c.call(ctx, method, path, q, body, &out)
	return out, err
}

// copy streams the answer's body to w and returns its length.
func (c *Client) copy(ctx context.Context, path string, q url.Values, w io.Writer) (int64, error) {
	r, err := c.request(ctx, http.MethodGet, path, q, nil)
	if err != nil {
		return 0, err
	}
	resp, err := c.send(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(w, resp.Body)
	if err == nil && resp.ContentLength >= 0 && n != resp.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return n, fmt.Errorf("read %s from vaad at %s: %w", path, c.where, err)
	}
	return n, nil
}
