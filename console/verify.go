package console

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/archive"
	"vaad/recorder/evidence"
	"vaad/recorder/index"
)

// A Proof is what was found when a recording was compared with its journal and the
// evidence log.
type Proof struct {
	Summary  evidence.Summary
	Files    []archive.Check
	Findings []evidence.Finding
	Lines    int   // journal lines of the recording that the newest checkpoint proves
	Covered  error // why it proves none; nil: it does
	Signed   time.Time
	Key      string
}

// Prover compares one recording with what was sealed and signed.
type Prover interface {
	Verify(ctx context.Context, day archive.Day, id string) (Proof, error)
}

func verifyRoutes() []route {
	return []route{
		{"recording-verify", "GET", "/recordings/{id}/verify", access.SearchRecords, keeping, "Compare a recording with its journal and the evidence log now", with((*Server).verify)},
	}
}

// verify reads all files of a recording and the evidence log.
func (s *Server) verify(ctx context.Context, in *RecordingInput) (*body[api.RecordingCheck], error) {
	row, err := s.find(ctx, access.SearchRecords, in.ID)
	if err != nil {
		return nil, err
	}
	if s.cfg.Prover == nil {
		return nil, failLine("not-available", row.Line, "")
	}
	lang, begin := languageOf(ctx), s.cfg.Now()
	out := api.RecordingCheck{ID: row.ID, State: "open", Time: begin.UTC(), Checks: []api.Verified{}}
	if row.State != index.StateOpen {
		p, err := s.cfg.Prover.Verify(ctx, row.Day, row.ID)
		if err != nil {
			return nil, err
		}
		proved(lang, &row, &p, &out)
	}
	out.Text = text.Text(lang, "verification."+out.State, nil)
	out.Took = round(s.cfg.Now().Sub(begin).Seconds(), 3)
	return &body[api.RecordingCheck]{out}, nil
}

// proved puts what was found into words.
func proved(lang string, row *index.Row, p *Proof, out *api.RecordingCheck) {
	add := func(about, state, key string, args text.Args) *api.Verified {
		out.Checks = append(out.Checks, api.Verified{About: about, State: state, Text: text.Text(lang, "verified."+key, args)})
		return &out.Checks[len(out.Checks)-1]
	}
	bad := len(p.Findings)
	for i := range p.Files {
		c := &p.Files[i]
		key, state := "file", "good"
		switch {
		case !c.OK:
			key, state = "file-bad", "bad"
			bad++
		case c.Erased:
			key = "file-key-erased"
		case c.Locked:
			key = "file-locked"
		}
		v := add("file", state, key, text.Args{"file": c.Name})
		v.File, v.SHA256 = c.Name, hashOf(row, c.Name)
		if c.Err != nil {
			v.Detail = c.Err.Error()
		}
	}
	erased := row.State == index.StateErased || p.Summary.Erased > 0
	if erased {
		key := "erasure"
		if row.Forgotten {
			key = "erasure-forgotten"
		}
		add("erasure", "good", key, nil)
	}
	if !erased && len(p.Files) == 0 && bad == 0 {
		bad++
		add("journal", "bad", "no-seal", nil)
	}
	for _, f := range p.Findings {
		out.Checks = append(out.Checks, api.Verified{About: aboutOf(f.Kind), State: "bad", Text: findingText(lang, &f), Detail: f.Detail})
	}
	s := &p.Summary
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	simulated, unsigned := errors.Is(p.Covered, evidence.ErrSimulated), p.Covered != nil
	switch {
	case !s.Log:
		add("tree", "none", "no-log", nil)
	case simulated:
		add("journal", "none", "simulated", nil)
	case !erased && unsigned && bad == 0:
		add("journal", "good", "journal", nil)
		add("checkpoint", "none", "unsigned", nil)
	case bad == 0:
		if p.Lines > 0 {
			add("journal", "good", "journal-proven", text.Args{"lines": strconv.Itoa(p.Lines)})
		}
		add("tree", "good", "tree", text.Args{"leaves": number(s.Leaves)})
		add("checkpoint", "good", "checkpoint", text.Args{"count": strconv.Itoa(s.Checkpoints), "signed": number(s.Signed)})
	}
	if !p.Signed.IsZero() && !simulated && (!unsigned || erased) {
		out.Signed, out.Key = moment(p.Signed), p.Key
	}
	out.Findings = bad
	switch {
	case bad > 0:
		out.State = "bad"
	case erased:
		out.State = "erased"
	case !s.Log:
		out.State = "unlogged"
	case simulated:
		out.State = "simulated"
	case unsigned:
		out.State = "unsigned"
	default:
		out.State = "good"
	}
}

// hashOf is the hash of a stored file, as its seal has it: of audio.
func hashOf(row *index.Row, file string) string {
	for _, side := range slices.Sorted(maps.Keys(row.SHA256)) {
		if strings.HasPrefix(file, row.ID+"."+side+".") {
			return row.SHA256[side]
		}
	}
	return ""
}

// aboutOf says where a finding is.
func aboutOf(k evidence.Kind) string {
	switch k {
	case evidence.LeafChanged, evidence.HashChanged, evidence.TreeShort, evidence.RootWrong, evidence.LogMissing, evidence.NotInTree:
		return "tree"
	case evidence.NoteUnread, evidence.NoteChanged, evidence.NoteMissing, evidence.KeyUnknown, evidence.NothingSigned:
		return "checkpoint"
	case evidence.FileAdded:
		return "file"
	}
	return "journal"
}

// findingText says what is wrong in the words that vaactl verify has for it.
func findingText(lang string, f *evidence.Finding) string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	at := ""
	if !f.Time.IsZero() {
		at = f.Time.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	said := text.Text(lang, "evidence."+string(f.Kind), text.Args{"day": string(f.Day), "line": strconv.Itoa(f.Line), "now": strconv.Itoa(f.Now), "count": strconv.Itoa(f.Count),
		"file": f.File, "leaf": number(f.Leaf), "from": number(f.From), "to": number(f.To), "number": number(f.Number), "time": at, "detail": f.Detail})
	if f.Anchor {
		said = text.Text(lang, "evidence.by-anchor", text.Args{"said": said})
	}
	return said
}
