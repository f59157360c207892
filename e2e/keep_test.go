package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A keptRow is what vaactl tells of a recording that is of interest here.
type keptRow struct {
	ID        string   `json:"id"`
	Line      int      `json:"line"`
	Caller    string   `json:"caller"`
	State     string   `json:"state"`
	Class     string   `json:"class"`
	Protected bool     `json:"protected"`
	Holds     []string `json:"holds"`
}

// everyState finds all recordings, whatever became of them.
var everyState = []string{"recordings", "--state", "open,sealed,recovered,trash,erased"}

// A keeping is a daemon with recordings: one call on each line, whose numbers are known on
// the first two, and as many more as were asked for.
type keeping struct {
	*testing.T
	*Daemon
	ctx context.Context
}

func newKeeping(t *testing.T, listen string, lines, more int) *keeping {
	k := &keeping{T: t, ctx: within(t, 4*time.Minute)}
	k.Daemon = start(t, scratch(t), listen+board("b", "peers", lines, ""))
	const s = time.Second
	all := dialogues(t)
	var peers []*Peer
	for n := 1; n <= lines; n++ {
		steps := []Step{volts("-48", 10*s)}
		if i := slices.IndexFunc(all, func(d dialogue) bool { return d.name == callOf(n) }); i >= 0 {
			steps = append(steps, all[i].steps...)
		}
		steps = append(steps, volts("-48", 5*s))
		for range more {
			steps = append(steps, volts("-8", 4*s), volts("-48", 6*s))
		}
		length := 0 * s
		for _, one := range steps {
			length += one.For
		}
		peers = append(peers, &Peer{Line: n, Next: Script(append(steps, wait(time.Duration(more)*10*s+90*s-length))...)})
	}
	ps, err := Dial(sockets(k.Daemon, "b"), peers...)
	if err == nil {
		err = ps.Run(k.ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	sealed(t, k.Daemon)
	return k
}

// callOf is the dialogue that a line begins with.
func callOf(line int) string {
	switch line {
	case 1:
		return "FSK of Bell 202 between rings"
	case 2:
		return "FSK of V.23 after a reversal"
	}
	return ""
}

// ctl runs vaactl, which must do it.
func (k *keeping) ctl(args ...string) string {
	k.Helper()
	out, err := k.Ctl(k.ctx, append([]string{"--lang", "en"}, args...)...)
	if err != nil {
		k.Fatalf("%v: %s", err, out)
	}
	return out
}

// refused runs vaactl, which must say these words and not do it.
func (k *keeping) refused(words string, args ...string) {
	k.Helper()
	if out, err := k.Ctl(k.ctx, append([]string{"--lang", "en"}, args...)...); err == nil || !strings.Contains(err.Error(), words) {
		k.Errorf("vaactl %v: %v %s; want it refused with %q", args, err, out, words)
	}
}

func (k *keeping) all() []keptRow {
	k.Helper()
	rows, err := Rows[keptRow](k.ctx, k.Daemon, everyState...)
	if err != nil {
		k.Fatal(err)
	}
	return rows
}

func (k *keeping) one(id string) keptRow {
	k.Helper()
	rows := k.all()
	i := slices.IndexFunc(rows, func(r keptRow) bool { return r.ID == id })
	if i < 0 {
		k.Fatalf("%s is not found", id)
	}
	return rows[i]
}

// files are the files of a recording.
func (k *keeping) files(id string) (names []string) {
	k.Helper()
	err := filepath.WalkDir(filepath.Join(k.Root, "recordings"), func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && !e.IsDir() && strings.HasPrefix(e.Name(), id) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		k.Fatal(err)
	}
	return names
}

// decoded is the one JSON object that vaactl prints.
func decoded[T any](k *keeping, args ...string) (v T) {
	k.Helper()
	if out := k.ctl(append(args, "--json")...); json.Unmarshal([]byte(out), &v) != nil {
		k.Fatalf("vaactl %v: %s", args, out)
	}
	return v
}

type actedOn struct {
	Approval string `json:"approval"`
}

type acted struct {
	Changed int    `json:"changed"`
	Undo    string `json:"undo"`
}

type ranRetention struct {
	HeldOff string `json:"held_off"`
	Trashed struct {
		Count int `json:"count"`
	} `json:"trashed"`
	Erased struct {
		Count int `json:"count"`
	} `json:"erased"`
	Undo string `json:"undo"`
}

// TestRecordingsAreKeptAsTheirClassesAndPeopleSay protects, holds, classes, deletes, brings back and
// erases recordings of real lines; the index made anew answers the same.
func TestRecordingsAreKeptAsTheirClassesAndPeopleSay(t *testing.T) {
	once(t)
	k := newKeeping(t, quietly, 6, 1)
	rows := k.all()
	if len(rows) < 8 {
		t.Fatalf("%d recordings", len(rows))
	}
	protected, held, classed, normal := rows[0].ID, rows[1].ID, rows[2].ID, rows[3].ID
	k.refused("there is no retention class", "set", "retention.default", "month")
	k.ctl("set", "retention_classes.month", `{"days":30}`)
	k.ctl("set", "retention_classes.law", `{"days":3650}`)
	k.ctl("set", "retention.default", "month")
	k.refused("there is no retention class", "set", "rules.list", `[{"name":"x","record":true,"class":"never"}]`)
	k.ctl("protect", protected, "--reason", "complaint 88")
	k.ctl("legal-hold", held, "--case", "24/117")
	k.ctl("class", classed, "--as", "law")
	if r := k.one(held); !slices.Equal(r.Holds, []string{"24/117"}) {
		t.Errorf("%+v", r)
	}
	due := len(rows) - 3
	if out := k.ctl("retention", "preview", "--as-of", "40d"); !strings.Contains(out, "into the trash: "+strconv.Itoa(due)+" recordings") {
		t.Errorf("%s, want %d recordings to be due", out, due)
	}
	if r := decoded[ranRetention](k, "retention", "run"); r.Trashed.Count+r.Erased.Count != 0 {
		t.Errorf("a run now takes %+v", r)
	}
	r := decoded[ranRetention](k, "retention", "run", "--as-of", "40d")
	if r.Trashed.Count != due || r.HeldOff != "" {
		t.Fatalf("as of 40 days later: %+v, want %d", r, due)
	}
	for _, row := range k.all() {
		if want := row.ID != protected && row.ID != held && row.ID != classed; want != (row.State == "trash") {
			t.Errorf("%+v", row)
		}
	}
	k.ctl("undo", r.Undo)
	if i := slices.IndexFunc(k.all(), func(r keptRow) bool { return r.State != "sealed" }); i >= 0 {
		t.Errorf("after undoing: %+v", k.all()[i])
	}
	for _, act := range []string{"trash", "erase"} {
		k.refused("The recording is protected", act, protected)
		k.refused("The recording is on legal hold", act, held)
	}
	k.refused("not in the trash", "erase", normal)
	k.ctl("trash", normal)
	if n := len(k.files(normal)); n < 2 {
		t.Errorf("in the trash %d files are left", n)
	}
	k.ctl("undelete", normal)
	k.ctl("trash", normal)
	k.ctl("erase", normal, "--reason", "agreed")
	if left := k.files(normal); len(left) > 0 || k.one(normal).State != "erased" {
		t.Errorf("erased, and there is %v", left)
	}
	a := decoded[acted](k, "protect", "--search", "--line", "3,4,5,6")
	if a.Changed == 0 || a.Undo == "" {
		t.Errorf("%+v", a)
	}
	if k.ctl("undo", a.Undo); len(k.ctl("recordings", "--protected", "yes", "--json")) == 0 || k.one(rows[5].ID).Protected && rows[5].ID != protected {
		t.Error("undoing a protection leaves others protected, or takes away what was there before")
	}
	var before []string
	questions := [][]string{append(slices.Clone(everyState), "--json"), {"recordings", "--class", "law", "--json"}, {"recordings", "--held-for", "24/*", "--json"}, {"storage", "--json"}}
	for _, row := range rows {
		questions = append(questions, []string{"show", row.ID, "--json"})
	}
	for _, q := range questions {
		out, _ := k.Ctl(k.ctx, q...) // an erased one has no story to show
		before = append(before, steady(out))
	}
	k.ctl("reindex")
	for i, q := range questions {
		if out, _ := k.Ctl(k.ctx, q...); steady(out) != before[i] {
			t.Errorf("%v answers otherwise when the index was made anew:\n%s\n%s", q, before[i], steady(out))
		}
	}
	if audit := k.ctl("audit", "--json"); !strings.Contains(audit, "complaint 88") || !strings.Contains(audit, "24/117") {
		t.Errorf("the audit log: %s", audit)
	}
}

// steady leaves out what changes while one looks: the room on a disk that others use too.
func steady(out string) string {
	var v map[string]any
	if json.Unmarshal([]byte(out), &v) != nil || v["free_bytes"] == nil {
		return out
	}
	for _, k := range []string{"free_bytes", "free_inodes", "full_at", "full_in_days", "full_in_days_without_retention"} {
		delete(v, k)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// TestErasingIsApprovedByAnotherPerson has one actor on the socket and one with the token.
func TestErasingIsApprovedByAnotherPerson(t *testing.T) {
	once(t)
	k := newKeeping(t, "listen = \"127.0.0.1:0\"\n", 3, 1)
	rows := k.all()
	k.ctl("set", "retention.dual_approval", "true")
	one := rows[0].ID
	k.ctl("trash", one)
	a := decoded[actedOn](k, "erase", one, "--reason", "old")
	if a.Approval == "" || k.one(one).State != "trash" || len(k.files(one)) == 0 {
		t.Fatalf("%+v", a)
	}
	if err := Until(k.ctx, "the alarm", func() (bool, error) { return alarms(t, k.Daemon)["approvals-waiting"], nil }); err != nil {
		t.Error(err)
	}
	k.refused("Another person must approve", "approvals", "approve", a.Approval)
	k.ctl("--server", k.link(), "approvals", "approve", a.Approval)
	if left := k.files(one); len(left) > 0 || k.one(one).State != "erased" {
		t.Errorf("approved, and there is %v", left)
	}
	if alarms(t, k.Daemon)["approvals-waiting"] {
		t.Error("nobody waits any more, and the alarm is up")
	}

	const number = "13800138000"
	if out := k.ctl("erasures", "ask", number, "--dry-run"); !strings.Contains(out, number+": 1 recordings") {
		t.Errorf("%s", out)
	}
	type erasure struct {
		Approval struct {
			ID string `json:"id"`
		} `json:"approval"`
	}
	e := decoded[erasure](k, "erasures", "ask", number, "--reason", "letter of 1 May")
	k.cutOff(func() {
		_, _ = k.Ctl(k.ctx, "--server", k.link(), "approvals", "approve", e.Approval.ID) // it may not live to answer
	})
	if err := Until(k.ctx, "what was approved to be finished", func() (bool, error) {
		return strings.Contains(k.ctl("erasures"), "done, 1 erased, 0 kept"), nil
	}); err != nil {
		t.Fatalf("%v: %s", err, k.ctl("erasures"))
	}
	proof := k.ctl("erasures", "proof", e.Approval.ID)
	i := slices.IndexFunc(rows, func(r keptRow) bool { return r.Caller == number })
	if i < 0 || !strings.Contains(proof, rows[i].ID) || strings.Contains(proof, number) {
		t.Errorf("proof: %s", proof)
	}
	if out := k.ctl("recordings", "--state", "open,sealed,recovered,trash,erased", "--number", number); strings.Contains(out, number) {
		t.Errorf("still found: %s", out)
	}
	if out := k.ctl("calls", "--json"); strings.Contains(out, number) {
		t.Errorf("still in the call journal: %s", out)
	}
	stop(t, k.Daemon)
	err := filepath.WalkDir(filepath.Join(k.Root, "recordings"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		if bytes.Contains(b, []byte(number)) {
			t.Errorf("%s still has the number", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if out, err := k.Ctl(k.ctx, "--lang", "en", "verify"); err != nil {
		t.Errorf("verify: %v %s", err, out)
	}
}

// link is what another person has: the page's address with its token.
func (k *keeping) link() string {
	k.Helper()
	link, err := os.ReadFile(filepath.Join(k.Root, "run", "console"))
	if err != nil {
		k.Fatal(err)
	}
	return strings.TrimSpace(string(link))
}

// cutOff kills the daemon as soon as an erasure has its first line, and starts it again.
func (k *keeping) cutOff(erase func()) {
	k.Helper()
	known := k.lines("erase")
	ended := make(chan struct{})
	go func() { defer close(ended); erase() }()
	if err := untilEvery(k.ctx, time.Millisecond, "the first line of the erasure", func() (bool, error) { return k.lines("erase") > known, nil }); err != nil {
		k.Fatal(err)
	}
	k.Kill()
	<-ended
	k.Daemon = start(k.T, k.Root, "")
}

// TestAnErasureThatIsKilledIsWholeOrNotAtAll kills the daemon as soon as the first lines of an
// erasure of many recordings stand in the journal, again and again.
func TestAnErasureThatIsKilledIsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	k := newKeeping(t, quietly, 8, counts(4, 4, 30))
	for round := 0; ; round++ {
		left := slices.DeleteFunc(k.all(), func(r keptRow) bool { return r.State == "erased" })
		if len(left) == 0 || round == 4 {
			if round == 0 {
				t.Error("there was nothing to erase")
			}
			return
		}
		var ids []string
		for _, r := range left[:max(1, len(left)/2)] {
			ids = append(ids, r.ID)
		}
		k.cutOff(func() { _, _ = k.Ctl(k.ctx, append([]string{"erase", "--force"}, ids...)...) })
		if err := Until(k.ctx, "what was cut off to be finished", func() (bool, error) {
			for _, r := range k.all() {
				if r.State == "erased" && len(k.files(r.ID)) > 0 {
					return false, nil
				}
			}
			return true, nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, r := range k.all() {
			switch n := len(k.files(r.ID)); {
			case r.State == "erased" && n > 0, r.State != "erased" && n < 2:
				t.Errorf("round %d: %s is %s and has %d files", round, r.ID, r.State, n)
			case r.State != "erased":
				if _, err := k.Ctl(k.ctx, "export", r.ID, "-o", filepath.Join(t.TempDir(), "x.wav")); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			}
		}
	}
}

// lines counts lines of a kind in the day journals.
func (k *keeping) lines(kind string) (n int) {
	all, err := filepath.Glob(filepath.Join(k.Root, "recordings/*/*/*/day.jsonl"))
	if err != nil {
		k.Fatal(err)
	}
	for _, name := range all {
		b, err := os.ReadFile(name)
		if err != nil {
			k.Fatal(err)
		}
		n += bytes.Count(b, []byte(`"kind":"`+kind+`"`))
	}
	return n
}
