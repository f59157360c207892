package main

import (
	"cmp"
	"io"
	"strconv"

	"vaad/api"
)

type approvalsCmd struct {
	List     approvalsListCmd `cmd:"" default:"withargs"`
	Approve  approveCmd       `cmd:""`
	Refuse   refuseCmd        `cmd:""`
	Withdraw withdrawCmd      `cmd:""`
}

type approvalsListCmd struct{}

func (approvalsListCmd) Run(s *session) error { return s.approvals(s.client.Approvals(s.ctx)) }

// approvals prints requests.
func (s *session) approvals(p api.Page[api.Approval], err error) error {
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, p.Items)
	}
	return s.list(s.approvalTable(p.Items...), "cli.no-approvals")
}

func (s *session) approvalTable(all ...api.Approval) *table {
	t := s.table("id", "what", "asked-at", "by", "reason", "approval-state", "decided-by", "until")
	for i := range all {
		a := &all[i]
		what := s.t("cli.approval-"+a.Kind, "count", strconv.Itoa(a.Count), "number", cmp.Or(printable(a.Number), "–"))
		state := s.code("approval", a.State)
		if a.State == "done" {
			state += ", " + s.t("cli.approval-erased", "erased", strconv.Itoa(a.Erased), "kept", strconv.Itoa(a.Kept))
		}
		if a.Answer != "" {
			state += ": " + printable(a.Answer)
		}
		until := ""
		if a.State == "asked" {
			until = when(a.Until)
		}
		t.row(a.ID, what, when(a.At), printable(a.By), printable(a.Reason), state, printable(a.Approver), until)
	}
	t.drop()
	return t
}

type approveCmd struct {
	Request string `arg:""`
}

func (c approveCmd) Run(s *session) error { return s.decide(c.Request, "approve", "") }

type refuseCmd struct {
	Request string `arg:""`
	Reason  string `placeholder:"WORDS"`
}

func (c refuseCmd) Run(s *session) error { return s.decide(c.Request, "refuse", c.Reason) }

type withdrawCmd struct {
	Request string `arg:""`
}

func (c withdrawCmd) Run(s *session) error { return s.decide(c.Request, "withdraw", "") }

func (s *session) decide(id, decision, why string) error {
	a, err := s.client.Decide(s.ctx, id, decision, why)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(a)
	}
	return s.approvalTable(a).print(s.out)
}

type erasuresCmd struct {
	List  erasuresListCmd `cmd:"" default:"withargs"`
	Ask   erasuresAskCmd  `cmd:""`
	Proof proofCmd        `cmd:""`
}

type erasuresListCmd struct{}

func (erasuresListCmd) Run(s *session) error { return s.approvals(s.client.Erasures(s.ctx)) }

type erasuresAskCmd struct {
	Number string `arg:""`
	Reason string `placeholder:"WORDS"`
	DryRun bool
}

func (c erasuresAskCmd) Run(s *session) error {
	e, err := s.client.AskErasure(s.ctx, api.NewErasure{Number: c.Number, Reason: c.Reason, DryRun: c.DryRun})
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(e)
	}
	if err := s.say("%s", s.t("cli.erasure-there", "number", e.Number, "sum", s.sum(e.Recordings), "calls", atLeast(e.AtLeast)+strconv.Itoa(e.Calls),
		"held", strconv.Itoa(e.Held), "protected", strconv.Itoa(e.Protected), "open", strconv.Itoa(e.Open))); err != nil {
		return err
	}
	if e.Approval == nil {
		return s.say("%s", s.t("cli.erasure-dry"))
	}
	return s.say("%s", s.t("cli.erasure-asked", "id", e.Approval.ID))
}

type proofCmd struct {
	Request string `arg:""`
	Out     string `short:"o" default:"-" type:"path" placeholder:"FILE"`
}

func (c proofCmd) Run(s *session) error {
	return s.save(c.Out, false, func(w io.Writer) error {
		_, err := s.client.ErasureProof(s.ctx, c.Request, w)
		return err
	})
}
