package console

import (
	"context"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/calls"
	"vaad/recorder/rules"
)

// calls searches the call journal, newest first.
func (s *Server) calls(ctx context.Context, in *FilterInput) (*body[api.Page[api.Call]], error) {
	if err := s.checkCalls(ctx, &in.Filter); err != nil {
		return nil, err
	}
	p, err := s.cfg.Calls.Query(ctx, calls.Filter{
		Lines: linesOf(who(ctx).scope, access.Calls, in.Lines), From: in.From, To: in.To, Number: in.Number,
		MinDuration: seconds(in.MinDuration), Text: in.Text, Limit: in.Limit, Cursor: in.After,
	})
	if err != nil {
		return nil, err
	}
	names := s.lineNames()
	out := api.Page[api.Call]{Items: []api.Call{}, Next: p.Next}
	for _, r := range p.Rows {
		out.Items = append(out.Items, s.callOf(r, names))
	}
	return &body[api.Page[api.Call]]{out}, nil
}

func (s *Server) lineNames() map[int]string {
	names := map[int]string{}
	for _, l := range s.cfg.Lines.Lines() {
		names[l.Number] = l.Name
	}
	return names
}

func (s *Server) callOf(r calls.Row, names map[int]string) api.Call {
	c := api.Call{
		ID: r.ID, Line: r.Line, LineName: names[r.Line], Board: r.Board, Start: r.Start.UTC(), Answered: moment(r.Answered),
		AnsweredBy: r.AnsweredBy, End: moment(r.End), EndedBy: r.EndedBy, Duration: round(r.Duration(s.cfg.Now()).Seconds(), 3),
		Direction: r.Direction, Caller: r.Caller, Called: r.Called, Keys: r.Keys, Missed: r.Missed,
		Recordings: append([]string{}, r.Recordings...),
		Continues:  r.Continues, ContinuedBy: r.ContinuedBy,
		Name: r.Name, Outcome: r.Outcome, DirectionBy: r.DirectionBy, CallerBy: r.CallerBy, Withheld: r.Withheld, Cause: r.Cause, CallerLost: r.CallerLost,
		Dialled: r.Dialled, CalledBy: r.CalledBy, Sure: r.Sure, Rings: r.Rings,
		Redirected: r.Redirected, Connected: r.Connected, Data: r.Data,
		By: r.By, Group: r.Group, Conversation: r.Conversation, TransferredTo: r.TransferredTo, TransferredFrom: r.TransferredFrom,
	}
	c.Why, c.Rule = reasonsOf(r.Why)
	for _, w := range r.Waiting {
		c.Waiting = append(c.Waiting, api.WaitingCall{Time: w.Time.UTC(), Caller: w.Caller, Name: w.Name})
	}
	if c.Direction == "unknown" {
		c.Direction = ""
	}
	return c
}

// reasonsOf takes the rule that decided out of the reasons of the journal.
func reasonsOf(all []string) (why, rule string) {
	var rest []string
	for _, w := range all {
		if r, ok := strings.CutPrefix(w, rules.CodePrefix); ok {
			rule = r
		} else {
			rest = append(rest, w)
		}
	}
	return strings.Join(rest, ","), rule
}

// CallInput names a call.
type CallInput struct {
	ID string `path:"id" pattern:"^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$" patternDescription:"ID of a call" doc:"ID of the call (ULID)"`
}

func (s *Server) call(ctx context.Context, in *CallInput) (*body[api.Call], error) {
	c, err := s.callByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &body[api.Call]{c}, nil
}

func (s *Server) callByID(ctx context.Context, id string) (api.Call, error) {
	r, ok, err := s.cfg.Calls.Get(id)
	if err != nil {
		return api.Call{}, err
	}
	if !ok || !who(ctx).scope.Allows(access.Calls, r.Line) {
		return api.Call{}, fail("no-call", id)
	}
	return s.callOf(r, s.lineNames()), nil
}
