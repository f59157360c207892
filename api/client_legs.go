package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Legs lists the legs of the lines that the caller may see.
func (c *Client) Legs(ctx context.Context) ([]Leg, error) {
	p, err := ask[Page[Leg]](ctx, c, http.MethodGet, "/legs", nil, nil)
	return p.Items, err
}

// Bridges lists the bridges with legs that the caller may see.
func (c *Client) Bridges(ctx context.Context) ([]Bridge, error) {
	p, err := ask[Page[Bridge]](ctx, c, http.MethodGet, "/bridges", nil, nil)
	return p.Items, err
}

// NewCall begins a call and returns its leg.
func (c *Client) NewCall(ctx context.Context, n NewCall) (Leg, error) {
	return ask[Leg](ctx, c, http.MethodPost, "/calls", nil, n)
}

// Leg asks for one leg, by its ID or the number of its line. So do all that follow.
func (c *Client) Leg(ctx context.Context, leg string) (Leg, error) {
	return ask[Leg](ctx, c, http.MethodGet, legPath(leg, ""), nil, nil)
}

func legPath(leg, act string) string { return "/legs/" + url.PathEscape(leg) + act }

func (c *Client) onLeg(ctx context.Context, leg, act string, q url.Values, body any) (Leg, error) {
	return ask[Leg](ctx, c, http.MethodPost, legPath(leg, act), q, body)
}

// Answer answers a leg that rings.
func (c *Client) Answer(ctx context.Context, leg string) (Leg, error) {
	return c.onLeg(ctx, leg, "/answer", nil, nil)
}

// Hangup ends a leg, or refuses it. cause is of ITU-T Q.850; 0: normal clearing.
func (c *Client) Hangup(ctx context.Context, leg string, cause int) (Leg, error) {
	q := url.Values{}
	if cause != 0 {
		q.Set("cause", strconv.Itoa(cause))
	}
	return c.onLeg(ctx, leg, "/hangup", q, nil)
}

// Hold lets a leg wait with music; with tell a digital far end is told so.
func (c *Client) Hold(ctx context.Context, leg string, tell bool) (Leg, error) {
	q := url.Values{}
	if tell {
		q.Set("tell", "true")
	}
	return c.onLeg(ctx, leg, "/hold", q, nil)
}

// Unhold brings a held leg back.
func (c *Client) Unhold(ctx context.Context, leg string) (Leg, error) {
	return c.onLeg(ctx, leg, "/unhold", nil, nil)
}

// Bridge puts legs together, out of the bridges they are in.
func (c *Client) Bridge(ctx context.Context, legs ...string) (Bridge, error) {
	return ask[Bridge](ctx, c, http.MethodPost, "/bridges", nil, BridgeLegs{legs})
}

// AddToBridge takes legs into a bridge that there is.
func (c *Client) AddToBridge(ctx context.Context, bridge string, legs ...string) (Bridge, error) {
	return ask[Bridge](ctx, c, http.MethodPost, "/bridges/"+url.PathEscape(bridge)+"/legs", nil, BridgeLegs{legs})
}

// Unbridge takes a leg out of its bridge; it stays up.
func (c *Client) Unbridge(ctx context.Context, leg string) (Leg, error) {
	return c.onLeg(ctx, leg, "/unbridge", nil, nil)
}

// Transfer passes a leg on.
func (c *Client) Transfer(ctx context.Context, leg string, to TransferLeg) (Leg, error) {
	return c.onLeg(ctx, leg, "/transfer", nil, to)
}

// Role changes what a leg does in its bridge.
func (c *Client) Role(ctx context.Context, leg string, role LegRole) (Leg, error) {
	return c.onLeg(ctx, leg, "/role", nil, role)
}

// Supervise lets somebody into the call of a leg; it returns the leg of who is let in.
func (c *Client) Supervise(ctx context.Context, leg string, s SuperviseLeg) (Leg, error) {
	return c.onLeg(ctx, leg, "/supervise", nil, s)
}

// PlayTo lets a leg hear something.
func (c *Client) PlayTo(ctx context.Context, leg string, p PlayTo) (Requested, error) {
	return ask[Requested](ctx, c, http.MethodPost, legPath(leg, "/play"), nil, p)
}

// PlayToBridge lets all of a bridge hear something.
func (c *Client) PlayToBridge(ctx context.Context, bridge string, p PlayTo) (Requested, error) {
	return ask[Requested](ctx, c, http.MethodPost, "/bridges/"+url.PathEscape(bridge)+"/play", nil, p)
}

// StopPlay stops what plays at a leg.
func (c *Client) StopPlay(ctx context.Context, leg string) (Leg, error) {
	return c.onLeg(ctx, leg, "/stop-play", nil, nil)
}

// StopPlayAtBridge stops what all of a bridge hear.
func (c *Client) StopPlayAtBridge(ctx context.Context, bridge string) error {
	return c.call(ctx, http.MethodPost, "/bridges/"+url.PathEscape(bridge)+"/stop-play", nil, nil, nil)
}

// SendKeys sends keys in a call.
func (c *Client) SendKeys(ctx context.Context, leg, keys string) (Requested, error) {
	return ask[Requested](ctx, c, http.MethodPost, legPath(leg, "/keys"), nil, SendKeys{keys})
}

// CallsCSV writes the calls that a filter finds to w as a table, newest first.
// Without a limit it is all of them.
func (c *Client) CallsCSV(ctx context.Context, f Filter, w io.Writer) (int64, error) {
	return c.copy(ctx, "/calls.csv", f.values(), w)
}
