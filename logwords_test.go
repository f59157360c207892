package vaad_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestALogLineSaysWhatAnIDIsOf: an attribute is a field of the journal, by which people search
// (docs/installing.md), so that a recording is "recording" in each line that names one.
func TestALogLineSaysWhatAnIDIsOf(t *testing.T) {
	lines := 0
	sources(t, parser.SkipObjectResolution, func(_, file string, f *ast.File, fset *token.FileSet) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !logs(call.Fun) {
				return true
			}
			lines++
			for _, a := range call.Args {
				if s, ok := a.(*ast.BasicLit); ok && s.Value == `"id"` {
					t.Errorf("%s: which ID? Name the attribute after what it is of", fset.Position(s.Pos()))
				}
			}
			return true
		})
	})
	if lines < 100 {
		t.Errorf("only %d lines of the log were found", lines)
	}
}

// logs says whether a function is a logger's.
func logs(f ast.Expr) bool {
	of, ok := f.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error", "With"}, of.Sel.Name) {
		return false
	}
	name := ""
	switch x := of.X.(type) {
	case *ast.SelectorExpr:
		name = x.Sel.Name
	case *ast.Ident:
		name = x.Name
	}
	return strings.HasPrefix(strings.ToLower(name), "log")
}
