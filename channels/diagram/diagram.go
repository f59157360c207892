// Package diagram draws state tables into pages of docs/, and holds the pages
// against the tables.
//
// In: rows of a table, as names. Out: a Mermaid drawing and a table in Markdown.
// Callers: the tests of packages that have a state table, where a page is a
// golden file that their flag -update writes anew.
package diagram

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// A Row says: from any of these states, on that input, to that state.
type Row struct {
	From []string
	On   string
	To   string // "": stays in whichever state it was
}

// A Table is what is drawn.
type Table struct {
	First  string   // the state that it begins in
	States []string // all, in order
	Rows   []Row
	Hidden []string // inputs whose arrows are left out of the drawing
}

// String returns the drawing and, below it, all rows.
func (t Table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "```mermaid\nstateDiagram-v2\n    [*] --> %s\n", id(t.First))
	for _, s := range t.States {
		if id(s) != s {
			fmt.Fprintf(&b, "    state %q as %s\n", s, id(s))
		}
	}
	type arrow struct{ from, to string }
	labels := map[arrow][]string{}
	var order []arrow
	for _, r := range t.Rows {
		for _, s := range r.From {
			a := arrow{s, r.To}
			if r.To == "" {
				a.to = s
			}
			switch {
			case slices.Contains(t.Hidden, r.On):
				continue
			case labels[a] == nil:
				order = append(order, a)
			}
			labels[a] = append(labels[a], r.On)
		}
	}
	for _, a := range order {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", id(a.from), id(a.to), strings.Join(labels[a], ", "))
	}
	b.WriteString("```\n\n| from | on | to |\n|---|---|---|\n")
	for _, r := range t.Rows {
		to := r.To
		if to == "" {
			to = "(same)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(r.From, ", "), r.On, to)
	}
	return b.String()
}

// id is a name as Mermaid takes it.
func id(state string) string { return strings.ReplaceAll(state, "-", "_") }

// Hold fails a test whose page is not what the file says; with update it writes
// the file first.
func Hold(t testing.TB, file, page string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	is, want := strings.Split(string(b), "\n"), strings.Split(page, "\n")
	for i := range max(len(is), len(want)) {
		if i >= len(is) || i >= len(want) || is[i] != want[i] {
			t.Fatalf("%s is not what the table says, from line %d on; run with -update and look at the difference", file, i+1)
		}
	}
}
