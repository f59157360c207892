package sysconf

import (
	"fmt"
	"strings"
)

// context is how many lines that are the same stand around a change.
const context = 3

// Diff compares two texts line by line and writes what has to be changed in
// the first as a unified diff (as diff -u does); "" where they are the same.
func Diff(oldName, newName string, from, to []byte) string {
	a, b := lines(from), lines(to)
	ops := edits(a, b)
	var out strings.Builder
	for at := 0; at < len(ops); {
		if ops[at].kind == ' ' {
			at++
			continue
		}
		begin, end, same := max(0, at-context), at, 0
		for i := at; i < len(ops) && same <= 2*context; i++ {
			if same++; ops[i].kind != ' ' {
				same, end = 0, i+1
			}
		}
		end = min(len(ops), end+context)
		if out.Len() == 0 {
			fmt.Fprintf(&out, "--- %s\n+++ %s\n", oldName, newName)
		}
		hunk(&out, ops, begin, end)
		at = end
	}
	return out.String()
}

// An edit is a line that stays, goes or comes, with the places in both texts
// that it stands before.
type edit struct {
	kind byte // ' ', '-' or '+'
	text string
	a, b int
}

func hunk(out *strings.Builder, ops []edit, begin, end int) {
	var gone, come int
	for _, e := range ops[begin:end] {
		if e.kind != '+' {
			gone++
		}
		if e.kind != '-' {
			come++
		}
	}
	place := func(at, n int) string {
		switch n {
		case 0:
			return fmt.Sprintf("%d,0", at)
		case 1:
			return fmt.Sprint(at + 1)
		}
		return fmt.Sprintf("%d,%d", at+1, n)
	}
	fmt.Fprintf(out, "@@ -%s +%s @@\n", place(ops[begin].a, gone), place(ops[begin].b, come))
	for _, e := range ops[begin:end] {
		out.WriteByte(e.kind)
		out.WriteString(e.text)
		if !strings.HasSuffix(e.text, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

func lines(text []byte) []string {
	all := strings.SplitAfter(string(text), "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// maxTable is how many cells the table of common lines may have; beyond that
// everything between the common head and tail is replaced.
const maxTable = 4 << 20

// edits lists a shortest way from a to b: the longest common subsequence stays.
func edits(a, b []string) []edit {
	var out []edit
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		out = append(out, edit{' ', a[head], head, head})
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	n, m := len(a)-head-tail, len(b)-head-tail
	var common []int32 // common[i*(m+1)+j]: length of the longest one of a[head+i:] and b[head+j:]
	if (n+1)*(m+1) <= maxTable {
		common = make([]int32, (n+1)*(m+1))
		for i := n - 1; i >= 0; i-- {
			for j := m - 1; j >= 0; j-- {
				if a[head+i] == b[head+j] {
					common[i*(m+1)+j] = common[(i+1)*(m+1)+j+1] + 1
				} else {
					common[i*(m+1)+j] = max(common[(i+1)*(m+1)+j], common[i*(m+1)+j+1])
				}
			}
		}
	}
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && common != nil && a[head+i] == b[head+j]:
			out = append(out, edit{' ', a[head+i], head + i, head + j})
			i, j = i+1, j+1
		case i < n && (j == m || common == nil || common[(i+1)*(m+1)+j] >= common[i*(m+1)+j+1]):
			out = append(out, edit{'-', a[head+i], head + i, head + j})
			i++
		default:
			out = append(out, edit{'+', b[head+j], head + i, head + j})
			j++
		}
	}
	for k := range tail {
		i, j := len(a)-tail+k, len(b)-tail+k
		out = append(out, edit{' ', a[i], i, j})
	}
	return out
}
