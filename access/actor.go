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
	Token  Kind = "token"  // with the token printed at start
	System Kind = "system" // vaad itself
)

// An Actor is who asks.
type Actor struct {
	Name   string   `json:"name"` // "root", "uid 1000", "console"; goes into the audit log
	Kind   Kind     `json:"kind"`
	Roles  []Role   `json:"roles"`
	UID    int      `json:"uid"`              // Local: the user; else −1
	Groups []string `json:"groups,omitempty"` // of lines that it is limited to; none = all lines
}

// Self is vaad itself, for what it does by its own.
func Self() Actor {
	return Actor{Name: "vaad", Kind: System, Roles: []Role{Administrator}, UID: -1}
}

// A Scope is what an actor may do, on which lines. The zero value allows nothing.
type Scope struct {
	All   bool         // every line, also those that do not exist yet
	Lines map[int]bool // else these
	Verbs map[Verb]bool
}

// Allows says whether the verb may be done on the line; line 0 means something
// that belongs to no line.
func (s Scope) Allows(v Verb, line int) bool {
	return s.Verbs[v] && (line == 0 || s.All || s.Lines[line])
}

// Sees says whether the line lies in the scope, whatever is done with it.
func (s Scope) Sees(line int) bool { return s.All || s.Lines[line] }

// Numbers lists the lines of a scope that is not All, in order.
func (s Scope) Numbers() []int {
	var n []int
	for line, in := range s.Lines {
		if in {
			n = append(n, line)
		}
	}
	slices.Sort(n)
	return n
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

// Check is nil when the scope allows it, else a [*Denied].
func (s Scope) Check(a Actor, v Verb, line int) error {
	if s.Allows(v, line) {
		return nil
	}
	return &Denied{a.Name, v, line}
}
