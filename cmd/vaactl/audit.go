package main

import (
	"errors"
	"io"
	"strconv"

	"vaad/api"
)

type auditCmd struct {
	Limit    int    `default:"50"`
	Actor    string `placeholder:"NAME"`
	Verb     string `placeholder:"VERB"`
	Object   string `placeholder:"OBJECT"`
	Line     int    `placeholder:"N"`
	Result   string `placeholder:"RESULT"`
	Text     string `placeholder:"WORDS"`
	From, To moment `placeholder:"T"`
	CSV      string `name:"csv" type:"path" placeholder:"FILE"`
	Verify   bool
}

func (c auditCmd) Run(s *session) error {
	if c.Limit < 0 {
		return usageError{s.refusal("limit", "value", strconv.Itoa(c.Limit))}
	}
	q := api.AuditQuery{Actor: c.Actor, Verb: c.Verb, Object: c.Object, Line: c.Line, Result: c.Result, Text: c.Text, From: c.From.Time, To: c.To.Time}
	switch {
	case c.Verify:
		return s.verifyAudit()
	case c.CSV != "":
		return s.save(c.CSV, false, func(w io.Writer) error {
			_, err := s.client.AuditCSV(s.ctx, q, w)
			return err
		})
	}
	t := s.table("time", "actor", "verb", "object", "line", "result")
	for left := c.Limit; ; {
		if q.Limit = 1000; c.Limit > 0 {
			q.Limit = min(1000, left)
		}
		p, err := s.client.FindAudit(s.ctx, q)
		if err != nil {
			return err
		}
		for _, e := range p.Items {
			if s.cli.JSON {
				if err := s.object(e); err != nil {
					return err
				}
				continue
			}
			line := ""
			if e.Line > 0 {
				line = strconv.Itoa(e.Line)
			}
			t.row(when(e.Time), printable(e.Actor), s.code("verb", e.Verb), printable(e.Object), line, s.code("result", e.Result))
		}
		left -= len(p.Items)
		if q.After = p.Next; q.After == "" || c.Limit > 0 && left <= 0 {
			break
		}
	}
	if s.cli.JSON {
		return nil
	}
	return t.print(s.out)
}

// verifyAudit has the whole log verified, and fails where it is not what was written.
func (s *session) verifyAudit() error {
	v, err := s.client.VerifyAudit(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		if err := s.object(v); err != nil {
			return err
		}
	} else if err := s.verifiedAudit(v); err != nil {
		return err
	}
	if !v.OK {
		return errors.New(s.t("cli.audit-broken", "count", strconv.Itoa(len(v.Findings))))
	}
	return nil
}

func (s *session) verifiedAudit(v api.AuditVerification) error {
	count := func(n uint64) string { return strconv.FormatUint(n, 10) }
	for _, f := range v.Findings {
		if err := s.say("%s", s.t("cli.audit-finding."+f.Kind, "from", count(f.From), "to", count(f.To), "time", whenP(f.Signed))); err != nil {
			return err
		}
	}
	if err := s.say("%s", s.t("cli.audit-rows", "rows", count(v.Rows), "heads", strconv.Itoa(v.Heads))); err != nil {
		return err
	}
	if v.Plain > 0 {
		if err := s.say("%s", s.t("cli.audit-plain", "rows", count(v.Plain))); err != nil {
			return err
		}
	}
	if v.Signed > 0 {
		if err := s.say("%s", s.t("cli.audit-signed", "row", count(v.Signed), "time", whenP(v.SignedAt))); err != nil {
			return err
		}
	}
	if v.Hash == "" {
		return nil
	}
	return s.say("%s", s.t("cli.audit-head", "row", count(v.Newest), "hash", v.Hash))
}
