package keep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// A Subject is whose data is to be erased: recordings, or everything with a number.
type Subject struct {
	Number string   `json:"number,omitempty"` // of the caller or the called; exactly this, but for what only makes it easier to read
	IDs    []string `json:"ids,omitempty"`
	Force  bool     `json:"force,omitempty"` // of an erasure: also what is not in the trash; forgetting never asks
}

// A Proof says what was erased of a person. It names neither numbers nor names.
// It is JSON for the archive of whoever asked: docs/formats/evidence.md.
type Proof struct {
	V          int          `json:"v"` // 1
	Time       time.Time    `json:"time"`
	Actor      string       `json:"actor"`
	Approved   string       `json:"approved,omitempty"` // by whom
	Reason     string       `json:"reason,omitempty"`
	Erased     []ErasedItem `json:"erased"`
	Refused    []Refused    `json:"refused,omitempty"` // still there
	Calls      int          `json:"calls"`             // rows of the call journal that were blanked
	Checkpoint string       `json:"checkpoint,omitempty"`
	Unproven   string       `json:"unproven,omitempty"` // why there is no checkpoint
}

// An ErasedItem is one recording of a proof.
type ErasedItem struct {
	ID   string      `json:"id"`
	Day  archive.Day `json:"day"`
	Line uint64      `json:"line"` // number of the erase line in the day's journal
	Leaf *ErasedLeaf `json:"leaf,omitempty"`
}

// An ErasedLeaf is the leaf of an erase line in the evidence log.
type ErasedLeaf = archive.ErasedLeaf

// Refused is a recording of a subject that was not erased.
type Refused struct {
	ID   string `json:"id"`
	Code string `json:"code"` // protected, held, open, not-found, failed
	Why  string `json:"why"`
}

// ErrNumber says that a number is no subject.
var ErrNumber = errors.New("give a whole telephone number of at least three digits, without asterisks, or recordings")

// proofVersion is that of docs/formats/evidence.md.
const proofVersion = 1

// Forget erases the recordings of a person and what the journals say of them:
// numbers, names, notes. Recordings in the trash and erased ones are included.
// With an error the proof says what was done before it.
func (e *Engine) Forget(ctx context.Context, s Subject, actor, approved, reason string) (Proof, error) {
	return e.forget(ctx, s, actor, approved, reason, nil)
}

// forget is Forget that goes on from a proof of what was done before, if not nil.
func (e *Engine) forget(ctx context.Context, s Subject, actor, approved, reason string, before *Proof) (Proof, error) {
	proof := Proof{V: proofVersion, Time: e.c.Now().UTC().Round(0), Actor: actor, Approved: approved, Reason: reason, Erased: []ErasedItem{}}
	if s.Number == "" && len(s.IDs) == 0 || s.Number != "" && !wholeNumber(s.Number) {
		return proof, ErrNumber
	}
	if len(s.IDs) > MaxOrder {
		return proof, fmt.Errorf("%d recordings at once; at most %d are possible", len(s.IDs), MaxOrder)
	}
	var lines []archive.JournalLine
	if err := e.subject(ctx, s, &proof, func(rows []index.Row) error {
		rows, lines = proof.goOn(before, rows, lines)
		done, err := e.forgetSome(ctx, rows, actor, reason, &proof)
		lines = append(lines, done...)
		return err
	}); err != nil {
		return proof, err
	}
	if s.Number != "" && e.c.Calls != nil {
		var err error
		if proof.Calls, err = e.c.Calls.Forget(ctx, s.Number); err != nil {
			return proof, fmt.Errorf("call journal: %w", err)
		}
		if before != nil {
			proof.Calls += before.Calls
		}
	}
	e.prove(ctx, lines, &proof)
	return proof, nil
}

// goOn takes from rows what a proof says was done: it needs no second line.
func (p *Proof) goOn(before *Proof, rows []index.Row, lines []archive.JournalLine) ([]index.Row, []archive.JournalLine) {
	if before == nil {
		return rows, lines
	}
	done := map[string]*ErasedItem{}
	for i := range before.Erased {
		done[before.Erased[i].ID] = &before.Erased[i]
	}
	return slices.DeleteFunc(rows, func(r index.Row) bool {
		it := done[r.ID]
		if it == nil || !r.Forgotten {
			return false
		}
		p.Erased = append(p.Erased, ErasedItem{ID: it.ID, Day: it.Day, Line: it.Line})
		lines = append(lines, archive.JournalLine{ID: it.ID, Day: it.Day, Seq: it.Line})
		return true
	}), lines
}

// wholeNumber says that a search for it finds one number.
func wholeNumber(s string) bool {
	digits := 0
	for _, r := range s {
		if r == '*' {
			return false
		}
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	return digits >= 3 && len(s) <= 64
}

// subject calls f with the recordings of a subject, page by page.
func (e *Engine) subject(ctx context.Context, s Subject, proof *Proof, f func([]index.Row) error) error {
	seen := map[string]bool{}
	var rows []index.Row
	for _, id := range s.IDs {
		r, err := e.row(id)
		switch {
		case seen[id]:
		case err != nil:
			proof.refuse(id, err)
		default:
			rows = append(rows, r)
		}
		seen[id] = true
	}
	if err := f(rows); err != nil || s.Number == "" {
		return err
	}
	if e.c.Index.Status().Rebuilding {
		return ErrNotNow
	}
	q := index.Filter{Number: s.Number, States: append(everywhere(), index.StateOpen), Oldest: true, NoCount: true, Limit: pageRows}
	for {
		page, err := e.c.Index.Query(ctx, q)
		if err != nil {
			return err
		}
		if err := f(slices.DeleteFunc(page.Rows, func(r index.Row) bool { return seen[r.ID] })); err != nil {
			return err
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return nil
		}
	}
}

func (e *Engine) forgetSome(ctx context.Context, rows []index.Row, actor, reason string, proof *Proof) (lines []archive.JournalLine, err error) {
	var acts []archive.Act
	for i := range rows {
		r := &rows[i]
		if err := mayForget(r); err != nil {
			proof.refuse(r.ID, err)
			continue
		}
		acts = append(acts, archive.Act{ID: r.ID, Day: r.Day, Actor: actor, Value: reason, Forget: true})
	}
	if len(acts) == 0 {
		return nil, ctx.Err()
	}
	if err := e.pace(ctx); err != nil {
		return nil, err
	}
	for i, d := range e.c.Archive.EraseAll(ctx, acts, func(a archive.Act) error {
		r, err := e.row(a.ID)
		if err == nil {
			err = mayForget(&r)
		}
		return err
	}) {
		if d.Err != nil {
			proof.refuse(acts[i].ID, d.Err)
			continue
		}
		lines = append(lines, d.Line)
		proof.Erased = append(proof.Erased, ErasedItem{ID: d.Line.ID, Day: d.Line.Day, Line: d.Line.Seq})
	}
	return lines, ctx.Err()
}

// mayForget is may of erasing; what was erased before may be forgotten.
func mayForget(r *index.Row) error {
	if err := may(archive.ActErase, r); !errors.Is(err, ErrErased) {
		return err
	}
	return nil
}

func (p *Proof) refuse(id string, err error) {
	p.Refused = append(p.Refused, Refused{ID: id, Code: refusedCode(err), Why: err.Error()})
}

// undone is why a recording could not be erased that may be the next time.
func (p *Proof) undone() error {
	for _, r := range p.Refused {
		if r.Code == failed {
			return fmt.Errorf("%s: %s", r.ID, r.Why)
		}
	}
	return nil
}

// failed is the code of what was not refused: it went wrong.
const failed = "failed"

func refusedCode(err error) string {
	for _, c := range []struct {
		err  error
		code string
	}{{ErrProtected, "protected"}, {ErrHeld, "held"}, {ErrOpen, "open"}, {ErrNotFound, "not-found"}, {ErrNotTrash, "not-in-trash"}} {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return failed
}

// prove adds what the evidence log says of the erasures.
func (e *Engine) prove(ctx context.Context, lines []archive.JournalLine, proof *Proof) {
	if len(lines) == 0 {
		return
	}
	if e.c.Prover == nil {
		proof.Unproven = "there is no evidence log"
		return
	}
	leaves, checkpoint, err := e.c.Prover.ProveErased(ctx, lines)
	if err != nil {
		proof.Unproven = err.Error()
		return
	}
	proof.Checkpoint = checkpoint
	byID := map[string]*ErasedLeaf{}
	for i := range leaves {
		byID[leaves[i].ID] = &leaves[i]
	}
	for i := range proof.Erased {
		proof.Erased[i].Leaf = byID[proof.Erased[i].ID]
	}
}
