package pri

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vaad/channels/diagram"
)

func (s callStates) list() (all []callState) {
	for one := range callState(nCallState) {
		if s.has(one) {
			all = append(all, one)
		}
	}
	return all
}

func TestNoInputHasTwoRowsInAStateOfACall(t *testing.T) {
	for _, side := range []Side{Network, User} {
		type at struct {
			in callState
			on input
		}
		seen := map[at]bool{}
		for _, r := range callRows(side) {
			if r.do == nil || r.from == 0 {
				t.Errorf("the row on %v has no action or no state", r.on)
			}
			for _, s := range r.from.list() {
				if seen[at{s, r.on}] {
					t.Errorf("%v in %s has two rows", r.on, s.name(side))
				}
				seen[at{s, r.on}] = true
			}
		}
	}
}

func TestEveryInputOfACallHasARow(t *testing.T) {
	for _, side := range []Side{Network, User} {
		used := map[input]bool{}
		for _, r := range callRows(side) {
			used[r.on] = true
		}
		for on := noInput + 1; on < nInputs; on++ {
			if !used[on] && !(side == Network && on == dueT313) {
				t.Errorf("%v: %v moves nothing", side, on)
			}
		}
	}
}

// Every state of clause 2.1 that basic calls have is reached, and has a way to null.
func TestEveryStateOfACallIsReachedAndEnds(t *testing.T) {
	for _, side := range []Side{Network, User} {
		for _, back := range []bool{false, true} {
			seen := in(qNull)
			for grown := true; grown; {
				grown = false
				for _, r := range callRows(side) {
					for _, from := range r.from.list() {
						to := r.to
						if to == sameState {
							continue
						}
						if back {
							from, to = to, from
						}
						if seen.has(from) && !seen.has(to) {
							seen, grown = seen|in(to), true
						}
					}
				}
			}
			want := in(qNull, qInitiated, qOverlapSending, qOutgoingProceeding, qDelivered, qPresent, qReceived, qIncomingProceeding, qActive,
				qReleaseRequest, qOverlapReceiving)
			if side == User {
				want |= in(qConnectRequest, qDisconnectRequest)
			} else {
				want |= in(qDisconnectIndicate)
			}
			if seen != want {
				t.Errorf("%v, back %v: %v, want %v", side, back, seen.list(), want.list())
			}
		}
	}
}

// Every call state but null has an answer to what may always come.
func TestCallsCanAlwaysBeClearedAndAskedAbout(t *testing.T) {
	for _, side := range []Side{Network, User} {
		table := makeCallTable(side)
		for s := range callState(nCallState) {
			if s == qNull || table[s][gotComplete].do == nil {
				continue
			}
			for _, on := range []input{gotRelease, gotDisconnect, gotComplete, gotEnquiry, gotStatus, gotStatusNull, gotStatusOther, linkReset, linkFailed, wantClear} {
				if table[s][on].do == nil {
					t.Errorf("%v in %s has no row", on, s.name(side))
				}
			}
		}
	}
}

func callDiagram() string {
	var b strings.Builder
	b.WriteString("# States of a call on an active primary rate link\n\nDrawn from the table in `channels/pri/q931_table.go` by its test (`go test ./channels/pri -update`). States are those of\n" +
		"Q.931 clauses 2.1.1 (user, U) and 2.1.2 (network, N). Messages and timers are written as there; what is in small letters is a wish\n" +
		"of the owner or happens to the data link. With QSIG both sides have the table of the user (Q.931 annex D).\n\n" +
		"A message that a state has no row for is answered with STATUS, cause 101; one that Q.931 does not have with cause 97. How calls that are\n" +
		"not known, damaged messages and elements are answered (clauses 5.8.3 to 5.8.7) is the same in all states and stands in `q931_receive.go`.\n")
	for _, side := range []Side{User, Network} {
		drawSide(&b, side)
	}
	return b.String()
}

func drawSide(b *strings.Builder, side Side) {
	fmt.Fprintf(b, "\n## The %v's side\n\n```mermaid\nstateDiagram-v2\n", side)
	type arrow struct{ from, to callState }
	labels := map[arrow][]string{}
	var order []arrow
	seen := in(qNull)
	for _, r := range callRows(side) {
		for _, s := range r.from.list() {
			seen |= in(s)
			if r.to == sameState || r.to == s {
				continue
			}
			a := arrow{s, r.to}
			if labels[a] == nil {
				order = append(order, a)
			}
			labels[a] = append(labels[a], r.on.String())
		}
	}
	slices.SortStableFunc(order, func(a, b arrow) int { return int(a.from) - int(b.from) })
	id := func(s callState) string {
		short, _, _ := strings.Cut(s.name(side), " ")
		return short
	}
	for _, s := range seen.list() {
		fmt.Fprintf(b, "    state \"%s\" as %s\n", s.name(side), id(s))
	}
	fmt.Fprintf(b, "    [*] --> %s\n", id(qNull))
	for _, a := range order {
		label := strings.ReplaceAll(strings.Join(labels[a], ", "), ": ", " ")
		fmt.Fprintf(b, "    %s --> %s: %s\n", id(a.from), id(a.to), label)
	}
	b.WriteString("```\n\n| from | on | to |\n|---|---|---|\n")
	for _, r := range callRows(side) {
		var from []string
		for _, s := range r.from.list() {
			from = append(from, id(s))
		}
		to := "(same)"
		if r.to != sameState {
			to = id(r.to)
		}
		fmt.Fprintf(b, "| %s | %v | %s |\n", strings.Join(from, " "), r.on, to)
	}
}

func TestDiagramOfCallsIsDrawnFromTheTable(t *testing.T) {
	diagram.Hold(t, "../../docs/q931-states.md", callDiagram(), *update)
}
