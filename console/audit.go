package console

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/export"
)

// AuditCheck verifies the whole audit log.
type AuditCheck func(context.Context) (access.AuditCheck, error)

// AuditChoice chooses rows of the audit log.
type AuditChoice struct {
	Actor  string   `query:"actor" maxLength:"100" doc:"Only acts of this actor"`
	Verb   string   `query:"verb" maxLength:"40" doc:"Only this verb"`
	Object string   `query:"object" maxLength:"200" doc:"Only acts on this recording, path or alarm"`
	Line   int      `query:"line" minimum:"0" doc:"Only acts on this line"`
	Result string   `query:"result" enum:"ok,denied,failed" doc:"Only those that ended so"`
	Text   string   `query:"text" maxLength:"200" doc:"Words in actor, object and particulars"`
	From   api.Time `query:"from" doc:"Not before this moment"`
	To     api.Time `query:"to" doc:"Before this moment"`
}

// AuditInput is a page of such rows.
type AuditInput struct {
	AuditChoice
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Rows of one page"`
	After uint64 `query:"after" doc:"Cursor: the page after this one"`
}

// auditRows gives rows to f, newest first, until it returns false. A caller who is
// limited to some lines sees the acts on these only.
func (s *Server) auditRows(ctx context.Context, in *AuditChoice, before uint64, f func(*access.Entry) bool) error {
	c := who(ctx)
	filter := access.AuditFilter{Before: before, From: in.From, To: in.To, Actor: in.Actor, Verb: access.Verb(in.Verb),
		Object: in.Object, Line: in.Line, Result: in.Result, Text: in.Text, Limit: 1000}
	everywhere := c.scope.Everywhere(access.AuditRead)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := s.cfg.Audit.Query(filter)
		if err != nil {
			return err
		}
		for i := range rows {
			if !everywhere && (rows[i].Line == 0 || !c.scope.Allows(access.AuditRead, rows[i].Line)) {
				continue
			}
			if !f(&rows[i]) {
				return nil
			}
		}
		if len(rows) < filter.Limit {
			return nil
		}
		filter.Before = rows[len(rows)-1].Seq
	}
}

// audit lists who did what.
func (s *Server) audit(ctx context.Context, in *AuditInput) (*body[api.Page[api.AuditEntry]], error) {
	out := &body[api.Page[api.AuditEntry]]{}
	out.Body.Items = []api.AuditEntry{}
	return out, s.auditRows(ctx, &in.AuditChoice, in.After, func(e *access.Entry) bool {
		if len(out.Body.Items) == in.Limit {
			out.Body.Next = itoa(out.Body.Items[in.Limit-1].Seq)
			return false
		}
		out.Body.Items = append(out.Body.Items, auditOf(e))
		return true
	})
}

func auditOf(e *access.Entry) api.AuditEntry {
	return api.AuditEntry{Seq: e.Seq, Time: e.Time, Actor: e.Actor, Kind: string(e.Kind),
		Verb: string(e.Verb), Object: e.Object, Line: e.Line, Result: e.Result, Detail: e.Detail}
}

// auditCSV writes the rows as a table that spreadsheets open: UTF-8 with a mark that says so
// (RFC 4180 otherwise). That somebody took it away is a row of its own.
func (s *Server) auditCSV(ctx context.Context, in *AuditChoice) (stream, error) {
	if err := s.audited(ctx, access.Entry{Verb: access.AuditRead, Object: "audit.csv", Result: "ok"}); err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="vaad-audit-`+s.cfg.Now().UTC().Format("20060102T150405Z")+`.csv"`)
		out := newPaced(w, false)
		if _, err := out.Write([]byte("\ufeff")); err != nil || r.Method == http.MethodHead {
			return
		}
		t := csv.NewWriter(out)
		t.UseCRLF = true
		_ = t.Write([]string{"seq", "time", "actor", "kind", "verb", "object", "line", "result", "detail"}) // Error says below if the receiver is gone
		err := s.auditRows(ctx, in, 0, func(e *access.Entry) bool {
			_ = t.Write(auditCells(e))
			return t.Error() == nil
		})
		t.Flush()
		if err != nil {
			s.cfg.Logger.Error("console: a table of the audit log was cut off", "error", err)
			panic(http.ErrAbortHandler) // so that the receiver knows that it is not whole
		}
	}, nil
}

func auditCells(e *access.Entry) []string {
	line, detail := "", []string{}
	if e.Line > 0 {
		line = strconv.Itoa(e.Line)
	}
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		v, _ := json.Marshal(e.Detail[k]) // a text
		detail = append(detail, k+"="+string(v))
	}
	cells := []string{itoa(e.Seq), e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), e.Actor, string(e.Kind), string(e.Verb), e.Object, line, e.Result, strings.Join(detail, " ")}
	for i := range cells {
		cells[i] = export.Harmless(cells[i])
	}
	return cells
}

// verifyAudit walks through the whole log. What it finds is about every line.
func (s *Server) verifyAudit(ctx context.Context, _ *empty) (*body[api.AuditVerification], error) {
	if s.cfg.AuditCheck == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.AuditRead, "audit log"); err != nil {
		return nil, err
	}
	c, err := s.cfg.AuditCheck(ctx)
	if err != nil {
		return nil, err
	}
	out := &body[api.AuditVerification]{api.AuditVerification{OK: len(c.Findings) == 0, Rows: c.Rows, Plain: c.Plain, Newest: c.Head.Seq, Hash: c.Head.Hash,
		Signed: c.Signed, SignedAt: moment(c.SignedAt), Heads: c.Heads, Findings: []api.AuditFinding{}}}
	for _, f := range c.Findings {
		out.Body.Findings = append(out.Body.Findings, api.AuditFinding{Kind: f.Kind, From: f.From, To: f.To, Signed: moment(f.Signed)})
	}
	return out, nil
}
