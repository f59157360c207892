package systemd

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vaad/alarm"
)

// declared are the string constants of the sources that are, or make, the name
// of a metric.
func declared(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		switch name := filepath.Base(p); {
		case errors.Is(err, fs.ErrNotExist): // of somebody who builds or tests beside us
			return nil
		case err != nil:
			return err
		case d.IsDir() && p != ".." && (name[0] == '.' || name == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, _ := strconv.Unquote(lit.Value)
				s = "vaad_" + strings.TrimPrefix(s, "vaad_")
				names[s], names[s+"_seconds"] = true, true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestRulesAndDashboardNameRealMetrics(t *testing.T) {
	names := declared(t)
	for _, file := range []string{"prometheus/vaad.rules.yml", "prometheus/vaad.rules_test.yml", "prometheus/vaad.dashboard.json"} {
		for _, m := range regexp.MustCompile(`\bvaad_[a-z_]+`).FindAllString(readFile(t, file), -1) {
			if !names[m] && !names[strings.TrimSuffix(m, "_bucket")] {
				t.Errorf("%s: no metric %s is declared", file, m)
			}
		}
	}
}

// What the daemon calls critical is what pages somebody.
func TestRulesCallCriticalWhatTheDaemonCallsCritical(t *testing.T) {
	var want []string
	for _, k := range alarm.Table() {
		if k.Severity == alarm.Critical {
			want = append(want, k.Code)
		}
	}
	slices.Sort(want)
	rules := readFile(t, "prometheus/vaad.rules.yml")
	for _, op := range []string{"=~", "!~"} {
		s := `vaad_alarm_active{code` + op + `"` + strings.Join(want, "|") + `"} > 0`
		if strings.Count(rules, s) != 1 {
			t.Errorf("the rules lack\n%s", s)
		}
	}
}

func TestRulesPointToEntriesThatExist(t *testing.T) {
	page := readFile(t, "../docs/troubleshooting.md")
	for _, m := range regexp.MustCompile(`troubleshooting\.md#([a-z-]+)`).FindAllStringSubmatch(readFile(t, "prometheus/vaad.rules.yml"), -1) {
		if !strings.Contains(page, "\n### "+m[1]+"\n") {
			t.Errorf("troubleshooting.md has no entry %s", m[1])
		}
	}
}

func TestPrometheusTakesTheRulesAndTheyDoWhatTheyPromise(t *testing.T) {
	tool(t, "promtool", "check", "rules", "prometheus/vaad.rules.yml")
	tool(t, "promtool", "test", "rules", "prometheus/vaad.rules_test.yml")
}

// Every query of the dashboard is one that Prometheus can read.
func TestDashboardAsksInPromQL(t *testing.T) {
	var d struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal([]byte(readFile(t, "prometheus/vaad.dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Panels) < 10 {
		t.Fatalf("only %d panels", len(d.Panels))
	}
	rules, n := "groups:\n- name: dashboard\n  rules:\n", 0
	seen := map[int]bool{}
	for _, p := range d.Panels {
		if seen[p.ID] || p.Title == "" || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q: its number is taken, it is empty, or too wide", p.ID, p.Title)
		}
		seen[p.ID] = true
		for _, q := range p.Targets {
			rules += fmt.Sprintf("  - record: dashboard:%d\n    expr: %q\n", n, q.Expr)
			n++
		}
	}
	file := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(file, []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	tool(t, "promtool", "check", "rules", file)
}
