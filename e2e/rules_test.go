package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRulesDecideAndPreviewsSaySo has four calls on taps whose numbers become known
// late, decided by rules, and tries other rules against them.
func TestRulesDecideAndPreviewsSaySo(t *testing.T) {
	once(t)
	wanted := []string{"FSK of Bell 202 between rings", "keys before the ring", "dialled in keys, answered after ringback", "busy"}
	all := slices.DeleteFunc(dialogues(t), func(one dialogue) bool { return !slices.Contains(wanted, one.name) })
	ctx := within(t, 2*time.Minute)
	d := start(t, scratch(t), quietly+board("b", "peers", len(all), ""))
	ctl := func(args ...string) string {
		t.Helper()
		out, err := d.Ctl(ctx, args...)
		if err != nil {
			t.Fatalf("vaactl %v: %v %s", args, err, out)
		}
		return out
	}
	ctl("set", "retention_classes.3y", `{"days":1095}`)
	ctl("set", "number_lists.private", `{"numbers":["0213*"]}`)
	ctl("set", "rules.list", `[{"name":"private","party":["@private"]},{"name":"keep","party":["*13800138000"],"record":true,"codec":"pcm16","class":"3y"},{"name":"rest"}]`)
	var peers []*Peer
	for i, one := range all {
		sum := time.Duration(0)
		for _, s := range one.steps {
			sum += s.For
		}
		peers = append(peers, &Peer{Line: i + 1, Next: Script(seq(volts("-48", 10*time.Second), one.steps, wait(70*time.Second-sum))...)})
	}
	ps, err := Dial(sockets(d, "b"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	type row struct {
		numbered
		Rule string `json:"rule"`
	}
	var rows []row
	if err := Until(ctx, "calls in the journal", func() (bool, error) {
		rows, err = Rows[row](ctx, d, "calls")
		return len(rows) == len(all) && !slices.ContainsFunc(rows, func(r row) bool { return r.End == nil || r.Rule == "" }), err
	}); err != nil {
		t.Fatalf("%v: %+v", err, rows)
	}
	for _, r := range rows {
		want := []string{"private:deny:party=@private", "keep:record:party=*13800138000", "keep:record:party=*13800138000", "rest:deny:"}[r.Line-1]
		if kept := strings.HasPrefix(want, "keep"); r.Rule != want || len(r.Recordings) > 0 != kept {
			t.Errorf("line %d: rule %q, recordings %q; want %q", r.Line, r.Rule, r.Recordings, want)
		}
		name, _, _ := strings.Cut(want, ":")
		if out := ctl("why", r.ID); !strings.Contains(out, "Rule "+name) {
			t.Errorf("line %d: %s", r.Line, out)
		}
	}
	for _, other := range []struct{ rules, want string }{
		{"", "Would have recorded 2 of 4 calls, 0 more on demand; 2 not recorded; 0 otherwise"},
		{`{"rules":{"list":[]}}`, "Would have recorded 4 of 4 calls, 0 more on demand; 0 not recorded; 2 otherwise"},
		{`{"number_lists":{"private":{"numbers":["1*"]}}}`, "Would have recorded 1 of 4 calls, 0 more on demand; 3 not recorded; 1 otherwise"},
	} {
		args := []string{"rules", "preview"}
		if other.rules != "" {
			file := filepath.Join(t.TempDir(), "rules.json")
			if err := os.WriteFile(file, []byte(other.rules), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, file)
		}
		if out := ctl(args...); !strings.Contains(out, other.want) {
			t.Errorf("%s: %s, want %s", other.rules, out, other.want)
		}
	}
	type recording struct {
		ID    string `json:"id"`
		Codec string `json:"codec"`
	}
	recs, err := Rows[recording](ctx, d, "recordings")
	if err != nil || len(recs) != 2 {
		t.Fatalf("%v %+v", err, recs)
	}
	for _, r := range recs {
		if story := ctl("show", r.ID); r.Codec != "pcm16" || !strings.Contains(story, "keep") || !strings.Contains(story, "3y") {
			t.Errorf("%s %s", r.Codec, story)
		}
	}
}
