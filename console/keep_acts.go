package console

import (
	"context"
	"slices"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// Acts on recordings as the API names them.
const (
	actProtect   = archive.ActProtect
	actUnprotect = archive.ActUnprotect
	actHold      = archive.ActHold
	actRelease   = archive.ActRelease
	actClass     = archive.ActClass
	actTrash     = archive.ActTrash
	actUndelete  = archive.ActUndelete
	actErase     = archive.ActErase
)

// A keepAct is one act on recordings: who may do it, and what undoes it.
type keepAct struct {
	Kind string
	Verb access.Verb
	Undo string // kind of the opposite act; "" = there is none
	One  string // summary of its route for one recording
	Many string // … for many
}

func keepActs() []keepAct {
	return []keepAct{
		{actProtect, access.Protect, actUnprotect, "Keep a recording from retention", "Keep recordings from retention"},
		{actUnprotect, access.Protect, actProtect, "Leave a recording to retention again", "Leave recordings to retention again"},
		{actHold, access.Hold, actRelease, "Hold a recording for a legal case: nobody can delete it", "Hold recordings for a legal case"},
		{actRelease, access.Hold, actHold, "End a legal hold on a recording", "End legal holds on recordings"},
		{actClass, access.Protect, actClass, "Give a recording another retention class", "Give recordings another retention class"},
		{actTrash, access.Delete, actUndelete, "Put a recording into the trash", "Put recordings into the trash"},
		{actUndelete, access.Delete, actTrash, "Take a recording out of the trash", "Take recordings out of the trash"},
		{actErase, access.Erase, "", "Erase a recording for good", "Erase recordings for good"},
	}
}

// keepActRoutes are the routes of acts: a route each, as each has a right of its own.
func keepActRoutes() (all []route) {
	for _, a := range keepActs() {
		all = append(all,
			route{"recording-" + a.Kind, "POST", "/recordings/{id}/" + a.Kind, a.Verb, keeping, a.One, with(func(s *Server, ctx context.Context, in *ActInput) (*body[api.ActedOn], error) {
				return s.actOn(ctx, a, in)
			})},
			route{"recordings-" + a.Kind, "POST", "/recordings/acts/" + a.Kind, a.Verb, keeping, a.Many, with(func(s *Server, ctx context.Context, in *BulkActInput) (*body[api.Acted], error) {
				return s.actOnMany(ctx, a, in)
			})})
	}
	return all
}

// ActInput is an act on one recording.
type ActInput struct {
	RecordingInput
	Body api.Act
}

// actOn does something to one recording.
func (s *Server) actOn(ctx context.Context, a keepAct, in *ActInput) (*body[api.ActedOn], error) {
	if err := s.checkAct(ctx, a, in.Body); err != nil {
		return nil, err
	}
	row, err := s.find(ctx, a.Verb, in.ID)
	if err != nil {
		return nil, err
	}
	out := api.ActedOn{}
	e := access.Entry{Verb: a.Verb, Object: row.ID, Line: row.Line, Detail: actDetail(a, in.Body)}
	err = s.act(ctx, e, func(e *access.Entry) error {
		if code := refusal(&row, a.Kind, in.Body); code != "" {
			return fail(code, row.ID)
		}
		if settled(&row, a.Kind, in.Body) {
			return nil
		}
		if a.Kind == actErase && s.cfg.Keep.Policy().Second {
			out.Approval, err = s.askErase(ctx, []string{row.ID}, in.Body)
			e.Detail = merge(e.Detail, "approval", out.Approval)
			return err
		}
		done, err := s.carryOut(ctx, a.Kind, in.Body, []string{row.ID})
		if err == nil {
			err = done[0].Err
		}
		out.Changed = err == nil
		return err
	})
	if err != nil {
		return nil, err
	}
	if row, err = s.find(ctx, a.Verb, in.ID); err != nil {
		return nil, err
	}
	out.Recording = recordingOf(&row)
	return &body[api.ActedOn]{out}, nil
}

// carryOut does an act to recordings that the caller may do it to.
func (s *Server) carryOut(ctx context.Context, kind string, b api.Act, ids []string) ([]keep.Outcome, error) {
	if kind == actErase {
		return s.cfg.Keep.Erase(ctx, keep.Subject{IDs: ids, Force: b.Force}, who(ctx).Name, b.Reason)
	}
	return s.cfg.Keep.Do(ctx, keep.Order{Kind: kind, IDs: ids, Actor: who(ctx).Name, Value: actValue(kind, b)})
}

// actDetail is what the audit log says of an act.
func actDetail(a keepAct, b api.Act) map[string]string {
	d := map[string]string{"act": a.Kind}
	for k, v := range map[string]string{"reason": b.Reason, "case": b.Case} {
		if v != "" {
			d[k] = v
		}
	}
	if a.Kind == actClass {
		d["class"] = b.Class
	}
	if b.Force {
		d["force"] = "true"
	}
	return d
}

// actValue is what the journal keeps of an act.
func actValue(kind string, b api.Act) string {
	switch kind {
	case actHold, actRelease:
		return b.Case
	case actClass:
		return b.Class
	}
	return b.Reason
}

// refusal is the code of why an act cannot be done to a recording; "" = it can.
func refusal(r *index.Row, kind string, b api.Act) string {
	gone := r.State == index.StateErased
	switch {
	case gone && kind != actErase:
		return "erased"
	case gone, kind != actTrash && kind != actErase:
		return ""
	case r.State == index.StateOpen:
		return "being-recorded"
	case kind == actTrash && r.State == index.StateTrash:
		return ""
	case r.Held:
		return "held"
	case r.Protected:
		return "protected"
	case kind == actErase && r.State != index.StateTrash && !b.Force:
		return "not-in-trash"
	}
	return ""
}

// settled says that a recording is already as an act would make it.
func settled(r *index.Row, kind string, b api.Act) bool {
	switch kind {
	case actProtect:
		return r.Protected
	case actUnprotect:
		return !r.Protected
	case actHold:
		return slices.Contains(r.Holds, b.Case)
	case actRelease:
		return !r.Held || b.Case != "" && !slices.Contains(r.Holds, b.Case)
	case actClass:
		return r.Class == b.Class
	case actTrash:
		return r.State == index.StateTrash
	case actUndelete:
		return r.State != index.StateTrash
	}
	return r.State == index.StateErased
}

type undoOne struct{ kind, value string }

// undoes is what takes an act back, the recording being as it is before it.
func undoes(r *index.Row, kind string, b api.Act) (all []undoOne) {
	switch kind {
	case actProtect:
		return []undoOne{{actUnprotect, ""}}
	case actUnprotect:
		return []undoOne{{actProtect, ""}}
	case actHold:
		return []undoOne{{actRelease, b.Case}}
	case actRelease:
		for _, c := range r.Holds {
			if b.Case == "" || c == b.Case {
				all = append(all, undoOne{actHold, c})
			}
		}
		return all
	case actClass:
		return []undoOne{{actClass, r.Class}}
	case actTrash:
		return []undoOne{{actUndelete, ""}}
	case actUndelete:
		return []undoOne{{actTrash, ""}}
	}
	return nil
}
