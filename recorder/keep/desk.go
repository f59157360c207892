package keep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A RequestKind is what is asked for.
type RequestKind string

// What needs a second person.
const (
	AskErase  RequestKind = "erase"  // the files of recordings; What.Number is not possible
	AskForget RequestKind = "forget" // and what the journals say of people
)

// A RequestState is where a request stands.
type RequestState string

// States of a request.
const (
	Asked     RequestState = "asked"
	Approved  RequestState = "approved" // and not done yet, or not all of it
	Refusal   RequestState = "refused"
	Withdrawn RequestState = "withdrawn" // by who asked
	Expired   RequestState = "expired"
	Done      RequestState = "done"
)

// A Request is something that cannot be undone, for which a second person is asked.
type Request struct {
	ID       string       `json:"id"`
	Kind     RequestKind  `json:"kind"`
	What     Subject      `json:"what"` // of a forgetting that was done: without the number
	By       string       `json:"by"`   // who asked
	At       time.Time    `json:"at"`
	Reason   string       `json:"reason"`
	State    RequestState `json:"state"`
	Approver string       `json:"approver,omitempty"` // who approved or refused
	Decided  time.Time    `json:"decided,omitzero"`
	Answer   string       `json:"answer,omitempty"` // of who refused, or what went wrong
	Until    time.Time    `json:"until"`            // when it expires: it must be approved, and done, before
	Erased   int          `json:"erased"`           // recordings
	Refused  int          `json:"refused"`          // recordings that were not erased: the proof, or Answer, says why
	Proof    *Proof       `json:"proof,omitempty"`  // of a forgetting
	Count    int          `json:"count,omitempty"`  // of What.IDs
	Proven   bool         `json:"proven,omitempty"` // there is a Proof
}

// Brief is a request without what may be long: the IDs and the proof.
func (r Request) Brief() Request {
	r.Count, r.Proven = max(r.Count, len(r.What.IDs)), r.Proven || r.Proof != nil
	r.What.IDs, r.Proof = nil, nil
	return r
}

// RequestStore keeps requests; cmd/vaad has it in store. Put overwrites one of the
// same ID and is durable when it returns.
type RequestStore interface {
	Put(Request) error
	Get(id string) (Request, bool, error)
	List() ([]Request, error) // oldest first; they may be [Request.Brief]
}

// RequestLife is how long a request waits for its approval.
const RequestLife = 14 * 24 * time.Hour

// Why the desk refuses.
var (
	ErrNoRequest  = errors.New("there is no such request")
	ErrSameActor  = errors.New("who asked cannot approve: another person must")
	ErrNotAsker   = errors.New("only who asked can withdraw a request")
	ErrWrongState = errors.New("the request does not wait for this any more")
)

// A move is something that happens to a request.
type move string

const (
	approve  move = "approve"
	refuse   move = "refuse"
	withdraw move = "withdraw"
	expire   move = "expire"
	perform  move = "perform" // all of it was done
)

// moves are the states of a request: what is not here is not possible.
func moves() map[RequestState]map[move]RequestState {
	return map[RequestState]map[move]RequestState{
		Asked:    {approve: Approved, refuse: Refusal, withdraw: Withdrawn, expire: Expired},
		Approved: {perform: Done, refuse: Refusal, withdraw: Withdrawn, expire: Expired},
	}
}

// A Desk takes requests and approvals. Its methods may be called from any goroutine.
type Desk struct {
	store RequestStore
	newID func() string
	now   func() time.Time

	mu    sync.Mutex
	doing map[string]bool // requests that are being performed: nothing else happens to them
}

// NewDesk makes a desk. newID names requests; now nil = time.Now.
func NewDesk(s RequestStore, newID func() string, now func() time.Time) *Desk {
	if now == nil {
		now = time.Now
	}
	return &Desk{store: s, newID: newID, now: now, doing: map[string]bool{}}
}

// Ask files a request.
func (d *Desk) Ask(kind RequestKind, what Subject, by, reason string) (Request, error) {
	switch {
	case kind != AskErase && kind != AskForget:
		return Request{}, fmt.Errorf("%q cannot be asked for", kind)
	case kind == AskErase && (what.Number != "" || len(what.IDs) == 0):
		return Request{}, errors.New("name the recordings that are to be erased")
	case what.Number == "" && len(what.IDs) == 0, what.Number != "" && !wholeNumber(what.Number):
		return Request{}, ErrNumber
	case len(what.IDs) > MaxOrder:
		return Request{}, fmt.Errorf("%d recordings in one request; at most %d are possible", len(what.IDs), MaxOrder)
	case by == "":
		return Request{}, errors.New("a request needs somebody who asks")
	}
	now := d.now().UTC().Round(0)
	r := Request{ID: d.newID(), Kind: kind, What: Subject{Number: what.Number, IDs: slices.Clone(what.IDs), Force: what.Force}, By: by, At: now,
		Reason: reason, State: Asked, Until: now.Add(RequestLife)}
	d.mu.Lock()
	defer d.mu.Unlock()
	return r, d.store.Put(r)
}

// Approve says yes; by must be another person than who asked. The caller then
// does it ([Engine.Perform]).
func (d *Desk) Approve(id, by string) (Request, error) { return d.ApproveAs(id, by, false, nil) }

// ApproveAs is Approve where, with alone, no second person is needed, and fill, if
// not nil, completes what is asked for, in the same step.
func (d *Desk) ApproveAs(id, by string, alone bool, fill func(*Request) error) (Request, error) {
	return d.move(id, approve, func(r *Request) error {
		if by == r.By && !alone || by == "" {
			return ErrSameActor
		}
		r.Approver, r.Decided = by, d.now().UTC().Round(0)
		if fill != nil {
			return fill(r)
		}
		return nil
	})
}

// Refuse says no.
func (d *Desk) Refuse(id, by, why string) (Request, error) {
	return d.move(id, refuse, func(r *Request) error {
		r.Approver, r.Decided, r.Answer = by, d.now().UTC().Round(0), why
		return nil
	})
}

// Withdraw takes a request back.
func (d *Desk) Withdraw(id, by string) (Request, error) {
	return d.move(id, withdraw, func(r *Request) error {
		if by != r.By {
			return ErrNotAsker
		}
		return nil
	})
}

// move changes a request as the table says.
func (d *Desk) move(id string, m move, change func(*Request) error) (Request, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, err := d.get(id)
	if err != nil {
		return r, err
	}
	to, ok := moves()[r.State][m]
	if !ok || d.doing[id] && m != perform {
		return r, ErrWrongState
	}
	if err := change(&r); err != nil {
		return r, err
	}
	r.State = to
	return r, d.store.Put(r)
}

// get is a request as it stands now: one whose time is over has expired.
func (d *Desk) get(id string) (Request, error) {
	r, ok, err := d.store.Get(id)
	if err == nil && !ok {
		err = ErrNoRequest
	}
	if err != nil {
		return r, err
	}
	return d.aged(r)
}

func (d *Desk) aged(r Request) (Request, error) {
	to, ok := moves()[r.State][expire]
	if !ok || d.now().Before(r.Until) || d.doing[r.ID] {
		return r, nil
	}
	r.State = to
	return r, d.store.Put(r)
}

// List is all requests, newest first and brief; those whose time is over have expired.
func (d *Desk) List() ([]Request, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all, err := d.store.List()
	if err != nil {
		return nil, err
	}
	for i := range all {
		if _, ok := moves()[all[i].State][expire]; ok && !d.now().Before(all[i].Until) {
			if all[i], err = d.get(all[i].ID); err != nil { // whole: it is written again
				return nil, err
			}
		}
		all[i] = all[i].Brief()
	}
	slices.Reverse(all)
	return all, nil
}

// Get is one request.
func (d *Desk) Get(id string) (Request, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.get(id)
}

// Perform does an approved request and notes what became of it. A request that a
// crash, a fault or the end of ctx interrupted stays approved, and says how far it
// came: the next time does the rest. What is protected or held is refused, and does
// not keep it open. The number of who was forgotten goes from the request too.
func (e *Engine) Perform(ctx context.Context, d *Desk, id string) (Request, error) {
	r, err := d.begin(id)
	if err != nil {
		return r, err
	}
	defer d.end(id)
	if err := e.c.Archive.FinishErasures(ctx); err != nil { // what it did before must be done whole
		return r, err
	}
	if r.Kind == AskForget {
		var p Proof
		p, err = e.forget(ctx, r.What, r.By, r.Approver, r.Reason, r.Proof)
		r.Erased, r.Refused, r.Proof = len(p.Erased), len(p.Refused), &p
		err = cmp.Or(err, p.undone())
	} else {
		var out []Outcome
		out, err = e.Erase(ctx, r.What, r.By, r.Reason)
		r.Erased, r.Refused, r.Answer = sum(out)
		err = cmp.Or(err, undone(out))
	}
	if err = cmp.Or(ctx.Err(), err); err != nil {
		return r, errors.Join(err, d.note(r, err.Error()))
	}
	return d.move(id, perform, func(now *Request) error {
		now.Erased, now.Refused, now.Proof, now.Answer, now.What.Number = r.Erased, r.Refused, r.Proof, r.Answer, ""
		return nil
	})
}

// begin takes an approved request to be performed, by one at a time: until end nobody
// refuses it, takes it back or performs it too, and it does not expire.
func (d *Desk) begin(id string) (Request, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, err := d.get(id)
	if err == nil && (r.State != Approved || d.doing[id]) {
		err = ErrWrongState
	}
	if err == nil {
		d.doing[id] = true
	}
	return r, err
}

func (d *Desk) end(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.doing, id)
}

// note keeps how far an approved request came, and what went wrong.
func (d *Desk) note(r Request, why string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, err := d.get(r.ID)
	if err != nil || now.State != Approved {
		return err
	}
	now.Erased, now.Refused, now.Proof, now.Answer = r.Erased, r.Refused, r.Proof, why
	return d.store.Put(now)
}

// undone is why a recording could not be erased that may be the next time.
func undone(out []Outcome) error {
	for _, o := range out {
		if o.Err != nil && refusedCode(o.Err) == failed && !errors.Is(o.Err, ErrErased) {
			return fmt.Errorf("%s: %w", o.ID, o.Err)
		}
	}
	return nil
}

// sum says how many were erased, how many not, and why the first was not. One that
// was erased before counts as erased.
func sum(out []Outcome) (erased, refused int, why string) {
	for _, o := range out {
		switch {
		case o.Err == nil || errors.Is(o.Err, ErrErased):
			erased++
		case refused == 0:
			refused, why = 1, o.Err.Error()
		default:
			refused++
		}
	}
	return erased, refused, why
}
