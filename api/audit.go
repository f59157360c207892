package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// AuditVerification is what a walk through the whole audit log has found.
type AuditVerification struct {
	OK       bool           `json:"ok" doc:"Every row is what was written, and agrees with what was signed"`
	Rows     uint64         `json:"rows" doc:"Rows there are"`
	Plain    uint64         `json:"plain" doc:"Of these, those from before rows were chained: what was changed before then cannot be known"`
	Newest   uint64         `json:"newest" doc:"Number of the newest row"`
	Hash     string         `json:"hash,omitempty" doc:"Hash of the newest row; write it down elsewhere, and no row before it can be changed unseen"`
	Signed   uint64         `json:"signed" doc:"Newest row whose hash was signed with a checkpoint of the evidence log; 0: none was yet"`
	SignedAt *Time          `json:"signed_at,omitempty" doc:"When that was"`
	Heads    int            `json:"heads" doc:"Signed checkpoints that were compared"`
	Findings []AuditFinding `json:"findings" nullable:"false" doc:"What is wrong, at most 1000"`
}

// AuditFinding is one thing that is wrong with the audit log.
type AuditFinding struct {
	Kind   string `json:"kind" enum:"altered,missing,cut,forged" doc:"altered: not what was written; missing: taken out; cut: the newest are gone; forged: rows agree with each other, but not with what was signed"`
	From   uint64 `json:"from" doc:"First row"`
	To     uint64 `json:"to" doc:"Last row"`
	Signed *Time  `json:"signed,omitempty" doc:"When the checkpoint was signed that it does not agree with"`
}

// An AuditQuery chooses rows of the audit log. Zero fields choose all.
type AuditQuery struct {
	Actor, Verb, Object, Result, Text string
	Line                              int
	From, To                          Time
	Limit                             int
	After                             string
}

func (f AuditQuery) values() url.Values {
	q := url.Values{}
	for k, v := range map[string]string{"actor": f.Actor, "verb": f.Verb, "object": f.Object, "result": f.Result, "text": f.Text, "after": f.After} {
		if v != "" {
			q.Set(k, v)
		}
	}
	for k, n := range map[string]int{"line": f.Line, "limit": f.Limit} {
		if n != 0 {
			q.Set(k, strconv.Itoa(n))
		}
	}
	for k, t := range map[string]Time{"from": f.From, "to": f.To} {
		if !t.IsZero() {
			q.Set(k, t.UTC().Format(time.RFC3339Nano))
		}
	}
	return q
}

// FindAudit asks for one page of the audit log, newest first.
func (c *Client) FindAudit(ctx context.Context, f AuditQuery) (Page[AuditEntry], error) {
	return ask[Page[AuditEntry]](ctx, c, http.MethodGet, "/audit", f.values(), nil)
}

// AuditCSV writes the rows of the audit log as a table to w, newest first.
func (c *Client) AuditCSV(ctx context.Context, f AuditQuery, w io.Writer) (int64, error) {
	f.Limit, f.After = 0, ""
	return c.copy(ctx, "/audit.csv", f.values(), w)
}

// VerifyAudit has the whole audit log verified.
func (c *Client) VerifyAudit(ctx context.Context) (AuditVerification, error) {
	return ask[AuditVerification](ctx, c.patient(), http.MethodGet, "/audit/verification", nil, nil)
}
