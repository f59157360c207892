package console

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"vaad/api"
)

// UndoFor is how long an act on many recordings can be taken back.
const UndoFor = 24 * time.Hour

// An Undo is what takes an act on many recordings back.
type Undo struct {
	Time  time.Time  `json:"time"`
	Actor string     `json:"actor"`
	Acts  []UndoActs `json:"acts"`
}

// UndoActs is one act on some recordings.
type UndoActs struct {
	Kind  string   `json:"kind"`
	Value string   `json:"value,omitempty"` // the case, the class
	IDs   []string `json:"ids"`
}

// Undos keeps what takes acts back: [Server] asks for nothing older than a day.
type Undos interface {
	Put(token string, u Undo) error
	Get(token string) (Undo, bool, error)
}

// undone lists what takes an earlier act back.
func (s *Server) undone(ctx context.Context, a keepAct, b api.BulkAct) (jobs []bulkJob, about map[string]string, err error) {
	none := fail("no-undo", b.Undo)
	kind, _, _ := strings.Cut(b.Undo, ".")
	if s.cfg.Undos == nil || s.cfg.Keep == nil || kind != a.Kind {
		return nil, nil, none
	}
	u, ok, err := s.cfg.Undos.Get(b.Undo)
	if err != nil {
		return nil, nil, err
	}
	if age := s.cfg.Now().Sub(u.Time); !ok || age > UndoFor {
		return nil, nil, none
	}
	for _, g := range u.Acts {
		act := api.Act{Reason: b.Reason}
		switch g.Kind {
		case actHold, actRelease:
			act.Case = g.Value
		case actClass:
			act.Class = g.Value
		}
		for _, id := range g.IDs {
			jobs = append(jobs, bulkJob{id, act})
		}
	}
	return jobs, map[string]string{"undoes": b.Undo}, nil
}

// keepUndo notes for a day what takes the act back.
func (b *bulk) keepUndo() error {
	if len(b.undo) == 0 || b.s.cfg.Undos == nil {
		return nil
	}
	u := Undo{Time: b.s.cfg.Now().UTC(), Actor: who(b.ctx).Name}
	for one, ids := range b.undo {
		slices.Sort(ids)
		u.Acts = append(u.Acts, UndoActs{Kind: one.kind, Value: one.value, IDs: ids})
	}
	slices.SortFunc(u.Acts, func(x, y UndoActs) int { return strings.Compare(x.Value, y.Value) })
	token := b.a.Undo + "." + rand.Text()
	if err := b.s.cfg.Undos.Put(token, u); err != nil {
		return err
	}
	until := u.Time.Add(UndoFor)
	b.out.Undo, b.out.UndoUntil = token, &until
	return nil
}
