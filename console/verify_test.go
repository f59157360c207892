package console

import (
	"errors"
	"strings"
	"testing"
	"time"

	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/evidence"
	"vaad/recorder/index"
)

func TestAVerificationSaysExactlyWhatWasLookedAt(t *testing.T) {
	row := &index.Row{ID: "01K", SHA256: map[string]string{"mixed": "abc"}, State: index.StateSealed}
	files := []archive.Check{{Name: "01K.mixed.wav", OK: true}, {Name: "01K.jsonl", OK: true}}
	log := evidence.Summary{Log: true, Leaves: 7, Signed: 7, Checkpoints: 2}
	signed := time.Unix(1000, 0)
	erased := *row
	erased.State = index.StateErased
	for _, c := range []struct {
		name   string
		row    *index.Row
		p      Proof
		state  string
		abouts string
	}{
		{"good", row, Proof{Summary: log, Files: files, Lines: 2, Signed: signed, Key: "k"}, "good", "file+ file+ journal+ tree+ checkpoint+"},
		{"new", row, Proof{Summary: log, Files: files, Covered: evidence.ErrUnsigned}, "unsigned", "file+ file+ journal+ checkpoint0"},
		{"simulated", row, Proof{Summary: log, Files: files, Covered: evidence.ErrSimulated, Signed: signed}, "simulated", "file+ file+ journal0"},
		{"no log", row, Proof{Files: files}, "unlogged", "file+ file+ tree0"},
		{"file changed", row, Proof{Summary: log, Files: []archive.Check{{Name: "01K.mixed.wav", Err: errors.New("SHA-256 is x")}}, Lines: 1, Signed: signed}, "bad", "file-"},
		{"line changed", row, Proof{Summary: log, Files: files, Findings: []evidence.Finding{{Kind: evidence.Changed, Line: 3, Day: "2026-11-22"}}, Lines: 1, Signed: signed}, "bad", "file+ file+ journal-"},
		{"tree changed", row, Proof{Summary: log, Files: files, Findings: []evidence.Finding{{Kind: evidence.RootWrong}}, Lines: 1}, "bad", "file+ file+ tree-"},
		{"signature changed", row, Proof{Summary: log, Files: files, Findings: []evidence.Finding{{Kind: evidence.NoteChanged}}, Lines: 1}, "bad", "file+ file+ checkpoint-"},
		{"no line", row, Proof{Summary: log}, "bad", "journal-"},
		{"erased", &erased, Proof{Summary: log, Lines: 2, Signed: signed}, "erased", "erasure+ journal+ tree+ checkpoint+"},
		{"key erased", row, Proof{Summary: log, Files: []archive.Check{{Name: "01K.mixed.wav.enc", OK: true, Erased: true}}, Lines: 1, Signed: signed}, "good", "file+ journal+ tree+ checkpoint+"},
	} {
		out := api.RecordingCheck{}
		proved("en", c.row, &c.p, &out)
		var got []string
		for _, v := range out.Checks {
			got = append(got, v.About+map[string]string{"good": "+", "bad": "-", "none": "0"}[v.State])
			if v.Text == "" || strings.HasPrefix(v.Text, "verified.") || strings.Contains(v.Text, "{") {
				t.Errorf("%s: %+v has no words", c.name, v)
			}
		}
		if out.State != c.state || strings.Join(got, " ") != c.abouts {
			t.Errorf("%s: %s, %s; want %s, %s", c.name, out.State, strings.Join(got, " "), c.state, c.abouts)
		}
		if (out.Signed != nil) != (c.state == "good" || c.state == "erased" || c.state == "bad" && !c.p.Signed.IsZero()) {
			t.Errorf("%s: signed %v", c.name, out.Signed)
		}
	}
}
