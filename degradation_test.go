package vaad_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"testing"

	"vaad/alarm"
)

// matrixRows are the rows of the tables that have the columns of the matrix.
func matrixRows(page string) (rows [][]string) {
	in := false
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		switch {
		case !strings.HasPrefix(line, "|"):
			in = false
		case strings.TrimSpace(cells[0]) == "fault":
			in = true
		case in && !strings.HasPrefix(line, "|---"):
			rows = append(rows, cells)
		}
	}
	return rows
}

// Every row of docs/degradation.md is proven by tests that there are, and names alarms that there are;
// every critical alarm has a row.
func TestTheDegradationMatrixIsProvenRowByRow(t *testing.T) {
	tests := map[string]bool{}
	sources(t, 0, func(_, file string, f *ast.File, _ *token.FileSet) {
		if !strings.HasSuffix(file, "_test.go") {
			return
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Test") {
				tests[fn.Name.Name] = true
			}
		}
	})
	code := regexp.MustCompile("`([^`]+)`")
	told := map[string]bool{}
	rows := matrixRows(readPage(t, "docs/degradation.md"))
	if len(rows) < 40 {
		t.Fatalf("only %d rows are found: is the test looking at the page?", len(rows))
	}
	for _, r := range rows {
		if len(r) != 7 {
			t.Errorf("%s: %d columns, want 7", r[0], len(r))
			continue
		}
		for _, m := range code.FindAllStringSubmatch(r[3], -1) {
			if _, ok := alarm.Find(m[1]); !ok {
				t.Errorf("%s: there is no alarm %s", r[0], m[1])
			}
			told[m[1]] = true
		}
		names := code.FindAllStringSubmatch(r[6], -1)
		if len(names) == 0 {
			t.Errorf("%s: no test", r[0])
		}
		for _, m := range names {
			if !tests[m[1]] {
				t.Errorf("%s: there is no test %s", r[0], m[1])
			}
		}
	}
	for _, k := range alarm.Table() {
		if k.Severity == alarm.Critical && !told[k.Code] {
			t.Errorf("the critical alarm %s stands in no row", k.Code)
		}
	}
}
