package keep

import (
	"context"
	"errors"
	"time"
)

// A RequestKind is what is asked for.
type RequestKind string

// What needs a second person.
const (
	AskErase  RequestKind = "erase"
	AskForget RequestKind = "forget"
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
	What     Subject      `json:"what"`
	By       string       `json:"by"` // who asked
	At       time.Time    `json:"at"`
	Reason   string       `json:"reason"`
	State    RequestState `json:"state"`
	Approver string       `json:"approver,omitempty"` // who approved or refused
	Decided  time.Time    `json:"decided,omitzero"`
	Answer   string       `json:"answer,omitempty"` // of who refused, or what went wrong
	Until    time.Time    `json:"until"`            // when it expires
	Proof    *Proof       `json:"proof,omitempty"`  // of a forgetting that was done
}

// RequestStore keeps requests; cmd/vaad has it in store. Put overwrites one of the
// same ID and is durable when it returns.
type RequestStore interface {
	Put(Request) error
	Get(id string) (Request, bool, error)
	List() ([]Request, error) // oldest first
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

// A Desk takes requests and approvals. Its methods may be called from any goroutine.
type Desk struct{ store RequestStore }

// NewDesk makes a desk. newID names requests; now nil = time.Now.
func NewDesk(s RequestStore, newID func() string, now func() time.Time) *Desk { return &Desk{store: s} }

// Ask files a request.
func (d *Desk) Ask(kind RequestKind, what Subject, by, reason string) (Request, error) {
	return Request{}, nil
}

// Approve says yes; by must be another person than who asked. The caller then
// does it ([Engine.Perform]).
func (d *Desk) Approve(id, by string) (Request, error) { return Request{}, nil }

// Refuse says no.
func (d *Desk) Refuse(id, by, why string) (Request, error) { return Request{}, nil }

// Withdraw takes a request back.
func (d *Desk) Withdraw(id, by string) (Request, error) { return Request{}, nil }

// List is all requests, newest first; those whose time is over have expired.
func (d *Desk) List() ([]Request, error) { return nil, nil }

// Get is one request.
func (d *Desk) Get(id string) (Request, error) { return Request{}, ErrNoRequest }

// Perform does an approved request and notes what became of it. What was done
// before may be done again: a request that a crash interrupted stays approved.
func (e *Engine) Perform(ctx context.Context, d *Desk, id string) (Request, error) {
	return Request{}, ctx.Err()
}
