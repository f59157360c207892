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
	var s Settings
	return s, c.call(ctx, http.MethodGet, "/settings", nil, nil, &s)
}

// Setting asks for one value by path, as lines.3.trigger.
func (c *Client) Setting(ctx context.Context, path string) (Setting, error) {
	var s Setting
	return s, c.call(ctx, http.MethodGet, "/settings/value", url.Values{"path": {path}}, nil, &s)
}

// Set changes one value. null takes it back to its default.
func (c *Client) Set(ctx context.Context, path string, value json.RawMessage) (Setting, error) {
	var s Setting
	return s, c.call(ctx, http.MethodPut, "/settings/value", nil, SetValue{Path: path, Value: value}, &s)
}

// History lists the versions of the settings, newest first.
func (c *Client) History(ctx context.Context, limit int) ([]Version, error) {
	var p Page[Version]
	q := url.Values{}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	err := c.list(ctx, "/settings/history", q, &p)
	return p.Items, err
}

// Rollback brings an earlier version's values back, as a new version.
func (c *Client) Rollback(ctx context.Context, version int64) (Settings, error) {
	var s Settings
	return s, c.call(ctx, http.MethodPost, "/settings/rollback", nil, Rollback{Version: version}, &s)
}

// ExportSettings writes the settings as one readable file to w.
func (c *Client) ExportSettings(ctx context.Context, w io.Writer) error {
	_, err := c.copy(ctx, "/settings/export", nil, w)
	return err
}

// ImportSettings replaces the settings by a file that ExportSettings wrote.
func (c *Client) ImportSettings(ctx context.Context, r io.Reader) (Settings, error) {
	var s Settings
	return s, c.call(ctx, http.MethodPost, "/settings/import", nil, r, &s)
}

// Alarms lists the conditions that are up; with all, also those that went away.
func (c *Client) Alarms(ctx context.Context, all bool) ([]Alarm, error) {
	var p Page[Alarm]
	q := url.Values{}
	if all {
		q.Set("all", "true")
	}
	err := c.list(ctx, "/alarms", q, &p)
	return p.Items, err
}

// Ack acknowledges an alarm.
func (c *Client) Ack(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, "/alarms/"+url.PathEscape(id)+"/ack", nil, nil, nil)
}

// Audit asks for one page of the audit log, newest first.
func (c *Client) Audit(ctx context.Context, limit int, after string) (Page[AuditEntry], error) {
	var p Page[AuditEntry]
	q := url.Values{}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	if after != "" {
		q.Set("after", after)
	}
	return p, c.list(ctx, "/audit", q, &p)
}
