package access

import (
	"errors"
	"fmt"
	"slices"
)

// ErrDenied is wrapped by every refusal.
var ErrDenied = errors.New("not allowed")

// A Kind says how an actor came in.
type Kind string

const (
	Local  Kind = "local"  // through the Unix socket
	Person Kind = "user"   // with a password
	Link   Kind = "link"   // with a link that an administrator made
	Setup  Kind = "setup"  // with the token printed at start, while there is no administrator
	Token  Kind = "token"  // a program, with a token of the API
	System Kind = "system" // vaad itself
)

// An Actor is who asks.
type Actor struct {
	ID     string  `json:"id,omitempty"` // of the account; "" = it has none
	Name   string  `json:"name"`         // "root", "uid 1000", "ann"; goes into the audit log
	Kind   Kind    `json:"kind"`
	UID    int     `json:"uid"` // Local: the user; else −1
	Grants []Grant `json:"grants,omitempty"`
	Limit  *Limit  `json:"limit,omitempty"` // Token: of what the grants allow, only this; nil: all of it
}

// Self is vaad itself, for what it does by its own.
func Self() Actor {
	return Actor{Name: "vaad", Kind: System, Grants: []Grant{{Role: Administrator}}, UID: -1}
}

// Has says whether one of the actor's grants is of that role.
func (a *Actor) Has(r Role) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == r })
}

// Denied says who may not do what. It wraps [ErrDenied].
type Denied struct {
	Actor string
	Verb  Verb
	Line  int // 0: no line
}

func (e *Denied) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s may not %s; ask an administrator for a role that may", e.Actor, e.Verb)
	}
	return fmt.Sprintf("%s may not %s on line %d; ask an administrator for a role and a line group that may", e.Actor, e.Verb, e.Line)
}

func (e *Denied) Unwrap() error { return ErrDenied }
