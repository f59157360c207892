package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Settings asks for the whole effective settings document.
func (c *Client) Settings(ctx context.Context) (Settings, error) {
	return ask[Settings](ctx, c, http.MethodGet, "/settings", nil, nil)
}

// Setting asks for one value by path, as lines.3.trigger.
func (c *Client) Setting(ctx context.Context, path string) (Setting, error) {
	return ask[Setting](ctx, c, http.MethodGet, "/settings/value", url.Values{"path": {path}}, nil)
}

// Set changes one value. null takes it back to its default. why may be empty.
func (c *Client) Set(ctx context.Context, path string, value json.RawMessage, why string) (Setting, error) {
	return c.SetValue(ctx, SetValue{Path: path, Value: value, Why: why})
}

// SetValue is Set with everything that can be said of a change.
func (c *Client) SetValue(ctx context.Context, v SetValue) (Setting, error) {
	return ask[Setting](ctx, c, http.MethodPut, "/settings/value", nil, v)
}

// History lists the versions of the settings, newest first.
func (c *Client) History(ctx context.Context, limit int) ([]Version, error) {
	q := url.Values{}
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	p, err := ask[Page[Version]](ctx, c, http.MethodGet, "/settings/history", q, nil)
	return p.Items, err
}

// Rollback brings an earlier version's values back, as a new version.
func (c *Client) Rollback(ctx context.Context, version uint64) (Settings, error) {
	return ask[Settings](ctx, c, http.MethodPost, "/settings/rollback", nil, Rollback{Version: version})
}

// ExportSettings writes the settings as one readable file to w.
func (c *Client) ExportSettings(ctx context.Context, w io.Writer) error {
	_, err := c.copy(ctx, "/settings/export", nil, w)
	return err
}

// ImportSettings replaces the settings by a file that ExportSettings wrote.
func (c *Client) ImportSettings(ctx context.Context, r io.Reader) (Settings, error) {
	return ask[Settings](ctx, c, http.MethodPost, "/settings/import", nil, r)
}

// Alarms lists the conditions that are up; with all, also those that went away.
func (c *Client) Alarms(ctx context.Context, all bool) ([]Alarm, error) {
	q := url.Values{}
	if all {
		q.Set("all", "true")
	}
	p, err := ask[Page[Alarm]](ctx, c, http.MethodGet, "/alarms", q, nil)
	return p.Items, err
}

// Ack acknowledges an alarm.
func (c *Client) Ack(ctx context.Context, id uint64) error {
	return c.call(ctx, http.MethodPost, "/alarms/"+strconv.FormatUint(id, 10)+"/ack", nil, nil, nil)
}

// Audit asks for one page of the audit log, newest first.
func (c *Client) Audit(ctx context.Context, limit int, after string) (Page[AuditEntry], error) {
	q := url.Values{}
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	if after != "" {
		q.Set("after", after)
	}
	return ask[Page[AuditEntry]](ctx, c, http.MethodGet, "/audit", q, nil)
}
