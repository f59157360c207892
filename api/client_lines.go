package api

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Status asks for the daemon at a glance.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return ask[Status](ctx, c, http.MethodGet, "/status", nil, nil)
}

// Me asks who the caller is for the daemon, and what they may do.
func (c *Client) Me(ctx context.Context) (Actor, error) {
	return ask[Actor](ctx, c, http.MethodGet, "/session", nil, nil)
}

// Boards lists the boards.
func (c *Client) Boards(ctx context.Context) ([]Board, error) {
	p, err := ask[Page[Board]](ctx, c, http.MethodGet, "/boards", nil, nil)
	return p.Items, err
}

// Lines lists the lines that the caller may see.
func (c *Client) Lines(ctx context.Context) ([]Line, error) {
	p, err := ask[Page[Line]](ctx, c, http.MethodGet, "/lines", nil, nil)
	return p.Items, err
}

// Line asks for one line.
func (c *Client) Line(ctx context.Context, line int) (Line, error) {
	return ask[Line](ctx, c, http.MethodGet, linePath(line, ""), nil, nil)
}

func linePath(line int, rest string) string { return "/lines/" + strconv.Itoa(line) + rest }

// Start begins a recording of the line by hand.
func (c *Client) Start(ctx context.Context, line int) (Started, error) {
	return ask[Started](ctx, c, http.MethodPost, linePath(line, "/start"), nil, nil)
}

// Stop ends the line's recording.
func (c *Client) Stop(ctx context.Context, line int) (Started, error) {
	return ask[Started](ctx, c, http.MethodPost, linePath(line, "/stop"), nil, nil)
}

// Listen streams what is heard on the line as a WAV without end to w, until
// seconds of audio were sent, ctx ends or the line goes. Zero seconds means no
// limit.
func (c *Client) Listen(ctx context.Context, line, seconds int, w io.Writer) (int64, error) {
	q := url.Values{}
	if seconds != 0 {
		q.Set("seconds", strconv.Itoa(seconds))
	}
	return c.copy(ctx, linePath(line, "/listen"), q, w)
}

// Flight writes what just happened on the line, or on the whole of its board, as
// a frame log to w: up to the last 60 s.
func (c *Client) Flight(ctx context.Context, line, seconds int, board bool, w io.Writer) (int64, error) {
	q := url.Values{}
	if seconds != 0 {
		q.Set("seconds", strconv.Itoa(seconds))
	}
	if board {
		q.Set("board", "true")
	}
	return c.copy(ctx, linePath(line, "/flight"), q, w)
}

// Pcap writes what comes on a span's D-channel to w as a capture file, until so
// many seconds have gone by (0: for ever) or ctx ends.
func (c *Client) Pcap(ctx context.Context, board string, span, seconds int, w io.Writer) (int64, error) {
	q := url.Values{}
	if seconds > 0 {
		q.Set("seconds", strconv.Itoa(seconds))
	}
	return c.copy(ctx, "/boards/"+url.PathEscape(board)+"/spans/"+strconv.Itoa(span)+"/dchannel.pcap", q, w)
}

// maxMessage bounds one server-sent event: a snapshot of several hundred lines.
const maxMessage = 4 << 20

// Watch calls fn with every message of the live feed until fn returns an error,
// ctx ends or the connection breaks. last is the ID of the last message of an
// earlier Watch, or empty.
func (c *Client) Watch(ctx context.Context, last string, fn func(Message) error) error {
	r, err := c.request(ctx, http.MethodGet, "/events", nil, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := c.send(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	err = messages(resp.Body, fn)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// messages parses an event stream (WHATWG HTML, "Server-sent events").
func messages(r io.Reader, fn func(Message) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 64<<10), maxMessage)
	var m Message
	var data bytes.Buffer
	for sc.Scan() {
		line := sc.Text()
		if line == "" {
			if data.Len() > 0 {
				m.Data = bytes.Clone(data.Bytes())
				if err := fn(m); err != nil {
					return err
				}
			}
			m.Event, m.Data = "", nil
			data.Reset()
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			m.Event = value
		case "id":
			m.ID = value
		case "data":
			data.WriteString(value)
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("read the live feed: %w", err)
	}
	return fmt.Errorf("read the live feed: %w", io.ErrUnexpectedEOF)
}
