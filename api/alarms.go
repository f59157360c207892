package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// AckAlarm is what somebody says who acknowledges an alarm.
type AckAlarm struct {
	Comment string `json:"comment,omitempty" maxLength:"500" doc:"What is to be known of it, for whoever comes next"`
}

// An AlarmRoute is one way by which people are told of alarms: an entry of the setting alarm_routes that is not off.
type AlarmRoute struct {
	Name      string `json:"name" doc:"Its key in the settings"`
	Way       string `json:"way" enum:"mail,webhook" doc:"mail or webhook"`
	Waiting   int    `json:"waiting" doc:"Messages that are not delivered yet"`
	Watched   int    `json:"watched" doc:"Alarms that it has told of, or will, and that are not over"`
	Next      *Time  `json:"next,omitempty" doc:"When the first that waits is tried again"`
	Delivered *Time  `json:"delivered,omitempty" doc:"When a message arrived last"`
	Failed    *Time  `json:"failed,omitempty" doc:"When a try failed last"`
	Error     string `json:"error,omitempty" doc:"Why the last try failed (English); absent: it went well"`
	Dropped   int    `json:"dropped,omitempty" doc:"Messages that were given up"`
	Signed    bool   `json:"signed" doc:"Webhook: it has a secret, and messages are signed"`
}

// RouteSecret is a secret, shown this once.
type RouteSecret struct {
	Secret string `json:"secret" doc:"Key of HMAC-SHA256 for the header X-Vaad-Signature; it cannot be read again"`
}

// An AlarmFilter chooses alarms. Zero fields choose all.
type AlarmFilter struct {
	All      bool // also those that have ended
	Text     string
	Severity string
	Code     string
	From, To Time // came up then
	Limit    int
	Before   uint64
}

// FindAlarms lists alarms; with All one page, newest first.
func (c *Client) FindAlarms(ctx context.Context, f AlarmFilter) (Page[Alarm], error) {
	q := url.Values{}
	if f.All {
		q.Set("all", "true")
	}
	for k, v := range map[string]string{"text": f.Text, "severity": f.Severity, "code": f.Code} {
		if v != "" {
			q.Set(k, v)
		}
	}
	for k, t := range map[string]Time{"from": f.From, "to": f.To} {
		if !t.IsZero() {
			q.Set(k, t.UTC().Format(time.RFC3339Nano))
		}
	}
	if f.Limit > 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	if f.Before > 0 {
		q.Set("before", strconv.FormatUint(f.Before, 10))
	}
	return ask[Page[Alarm]](ctx, c, http.MethodGet, "/alarms", q, nil)
}

// AckWith acknowledges an alarm and says something of it.
func (c *Client) AckWith(ctx context.Context, id uint64, comment string) error {
	return c.call(ctx, http.MethodPost, "/alarms/"+strconv.FormatUint(id, 10)+"/ack", nil, AckAlarm{comment}, nil)
}

// AlarmRoutes lists by which ways people are told of alarms.
func (c *Client) AlarmRoutes(ctx context.Context) ([]AlarmRoute, error) {
	p, err := ask[Page[AlarmRoute]](ctx, c, http.MethodGet, "/alarm-routes", nil, nil)
	return p.Items, err
}

// TestRoute sends a message of no alarm, and waits for what becomes of it.
func (c *Client) TestRoute(ctx context.Context, name string) error {
	return c.patient().call(ctx, http.MethodPost, "/alarm-routes/"+url.PathEscape(name)+"/test", nil, nil, nil)
}

// NewRouteSecret makes a new secret for a webhook.
func (c *Client) NewRouteSecret(ctx context.Context, name string) (RouteSecret, error) {
	return ask[RouteSecret](ctx, c, http.MethodPost, "/alarm-routes/"+url.PathEscape(name)+"/secret", nil, nil)
}
