package main

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/api"
)

type storageCmd struct{}

// Run says what recordings take, and when there will be no room left.
func (storageCmd) Run(s *session) error {
	st, err := s.client.Storage(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(st)
	}
	days := func(n *int) string {
		if n == nil {
			return s.t("cli.storage-never")
		}
		return s.t("cli.storage-days", "days", strconv.Itoa(*n))
	}
	t := &table{head: []string{s.t("cli.storage-free"), s.t("cli.storage-of", "free", size(st.Free), "total", size(st.Total))}}
	add := func(key, v string) { t.row(s.t("cli.storage-"+key), v) }
	add("reserve", size(st.Reserve)+", "+s.code("when-full", st.WhenFull))
	if st.Known > 0 {
		add("per-day", s.t("cli.storage-known", "bytes", size(st.PerDay), "days", strconv.Itoa(st.Known)))
		add("full", strings.TrimSpace(days(st.FullIn)+" "+whenP(st.FullAt)))
		add("gross", days(st.Gross))
	}
	add("recordings", s.sum(st.Recordings))
	add("trash", s.sum(st.Trash))
	add("protected", s.sum(st.Protected))
	add("held", s.sum(st.Held))
	if st.OldestUnsaved != nil {
		add("unsaved", whenP(st.OldestUnsaved))
	}
	if st.Unsaved.Count > 0 {
		add("lost", s.sum(st.Unsaved))
	}
	if st.Awaiting.Count > 0 {
		add("awaiting", s.sum(st.Awaiting))
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	if err := s.classes(st.Classes); err != nil {
		return err
	}
	if err := s.groups(st.Groups); err != nil {
		return err
	}
	if len(st.Soon) == 0 {
		return nil
	}
	if err := s.say("\n%s", s.t("cli.storage-soon")); err != nil {
		return err
	}
	return s.goings(st.Soon)
}

// sum is a number of recordings and their size.
func (s *session) sum(t api.Totals) string {
	return s.t("cli.storage-sum", "count", strconv.Itoa(t.Count), "bytes", size(t.Bytes))
}

func (s *session) classes(all []api.ClassUse) error {
	if len(all) == 0 {
		return nil
	}
	t := s.table("class", "recordings", "size", "kept-for", "after-that", "oldest")
	for _, c := range all {
		long, then := s.t("cli.storage-forever"), ""
		switch {
		case c.Unknown:
			long = s.t("cli.storage-no-class")
		case !c.Forever:
			var parts []string
			if c.Days > 0 {
				parts = append(parts, s.t("cli.storage-days", "days", strconv.Itoa(c.Days)))
			}
			if c.Keep > 0 {
				parts = append(parts, s.t("cli.storage-newest", "count", strconv.Itoa(c.Keep)))
			}
			long, then = strings.Join(parts, ", "), s.code("going", c.Action)
			if c.Action == "trash" {
				then += ", " + s.t("cli.storage-days", "days", strconv.Itoa(c.TrashDays))
			}
		}
		t.row(printable(c.Class), strconv.Itoa(c.Count), size(c.Bytes), long, then, c.Oldest)
	}
	if err := s.say(""); err != nil {
		return err
	}
	return t.print(s.out)
}

func (s *session) groups(all []api.GroupUse) error {
	if len(all) == 0 {
		return nil
	}
	t := s.table("group", "recordings", "size", "quota")
	for _, g := range all {
		var quota []string
		if g.QuotaDays > 0 {
			quota = append(quota, s.t("cli.storage-days", "days", strconv.Itoa(g.QuotaDays)))
		}
		if g.Quota > 0 {
			quota = append(quota, size(g.Quota))
		}
		if g.QuotaKeep > 0 {
			quota = append(quota, s.t("cli.storage-newest", "count", strconv.Itoa(g.QuotaKeep)))
		}
		t.row(printable(g.Group), strconv.Itoa(g.Count), size(g.Bytes), strings.Join(quota, ", "))
	}
	if err := s.say(""); err != nil {
		return err
	}
	return t.print(s.out)
}

func (s *session) goings(all []api.Going) error {
	t := s.table("what", "why", "recordings", "size", "waiting")
	for _, g := range all {
		waiting := ""
		if g.Waiting > 0 {
			waiting = strconv.Itoa(g.Waiting)
		}
		t.row(s.code("going", g.Action), strings.TrimSpace(s.code("going-why", g.Reason)+" "+printable(g.Name)), strconv.Itoa(g.Count), size(g.Bytes), waiting)
	}
	t.drop()
	return t.print(s.out)
}

type retentionCmd struct {
	Status     retentionStatusCmd  `cmd:"" default:"withargs"`
	Preview    retentionPreviewCmd `cmd:""`
	Run        retentionRunCmd     `cmd:""`
	TrustClock trustClockCmd       `cmd:""`
}

type retentionStatusCmd struct{}

func (retentionStatusCmd) Run(s *session) error { return s.retention(s.client.Retention(s.ctx)) }

// retention prints how retention is.
func (s *session) retention(r api.Retention, err error) error {
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(r)
	}
	if err := s.say("%s", s.t("cli.retention-at", "schedule", r.Schedule, "next", whenP(r.Next))); err != nil {
		return err
	}
	if r.HeldOff != "" {
		if err := s.say("%s", s.t("cli.retention-held-off", "why", s.code("held-off", r.HeldOff))); err != nil {
			return err
		}
	}
	if r.Last == nil {
		return s.say("%s", s.t("cli.retention-never-ran"))
	}
	return s.ran(*r.Last)
}

// ran prints what a run did.
func (s *session) ran(r api.RetentionRun) error {
	if r.HeldOff != "" {
		return s.say("%s  %s", when(r.Begin), s.t("cli.retention-held-off", "why", s.code("held-off", r.HeldOff)))
	}
	if err := s.say("%s  %s", when(r.Begin), s.t("cli.retention-ran", "trashed", s.sum(r.Trashed), "erased", s.sum(r.Erased),
		"waiting", strconv.Itoa(r.Waiting), "failed", strconv.Itoa(r.Failed))); err != nil {
		return err
	}
	if r.Error != "" {
		tell(s.err, printable(r.Error))
	}
	if r.Undo != "" {
		return s.say("%s", s.t("cli.retention-undo", "undo", r.Undo))
	}
	return nil
}

type retentionPreviewCmd struct {
	File  string `arg:"" optional:"" placeholder:"FILE"`
	AsOf  ahead  `placeholder:"T"`
	Limit int    `placeholder:"N"`
}

// ahead is a time that may lie ahead: 90d, 24h are from now.
type ahead struct{ moment }

// UnmarshalText reads a date, a date and time, or how far ahead.
func (a *ahead) UnmarshalText(b []byte) error {
	if err := a.moment.UnmarshalText(b); err != nil {
		return err
	}
	if len(b) > 0 && strings.ContainsRune("dhms", rune(b[len(b)-1])) { // how long
		a.Time = a.Add(2 * time.Since(a.Time))
	}
	return nil
}

func (c retentionPreviewCmd) Run(s *session) error {
	if c.Limit < 0 || c.Limit > 1000 {
		return usageError{s.refusal("limit", "value", strconv.Itoa(c.Limit))}
	}
	ask := api.PreviewRetention{Limit: c.Limit}
	if !c.AsOf.IsZero() {
		ask.AsOf = &c.AsOf.Time
	}
	if c.File != "" {
		var err error
		if ask.Settings, err = s.sectionsIn(c.File, "retention", "retention_classes", "groups", "recorder"); err != nil {
			return err
		}
	}
	p, err := s.client.PreviewRetention(s.ctx, ask)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(p)
	}
	if err := s.say("%s", s.t("cli.retention-plan", "at", when(p.At), "trash", s.sum(p.Trash), "erase", s.sum(p.Erase))); err != nil {
		return err
	}
	if p.HeldOff != "" {
		if err := s.say("%s", s.t("cli.retention-held-off", "why", s.code("held-off", p.HeldOff))); err != nil {
			return err
		}
	}
	if p.Unknown.Count > 0 {
		if err := s.say("%s", s.t("cli.retention-unknown", "sum", s.sum(p.Unknown))); err != nil {
			return err
		}
	}
	if len(p.Parts) > 0 {
		if err := s.goings(p.Parts); err != nil {
			return err
		}
	}
	for _, it := range p.Items {
		backed := ""
		if it.Backed {
			backed = s.t("cli.backed-up")
		}
		if err := s.say("%s  %s  %d  %s  %s  %s  %s", it.ID, when(it.Start), it.Line, size(it.Bytes), s.code("going", it.Action),
			s.code("going-why", it.Reason), strings.TrimSpace(printable(it.Class)+" "+backed)); err != nil {
			return err
		}
	}
	return nil
}

// sectionsIn takes sections of settings from a file; others are left out.
func (s *session) sectionsIn(file string, names ...string) (json.RawMessage, error) {
	in, err := s.open(file)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(in, maxSettings))
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	err = json.Unmarshal(b, &all)
	if whole, ok := all["settings"]; ok && err == nil { // as settings export wraps them
		all = nil
		err = json.Unmarshal(whole, &all)
	}
	if err != nil {
		return nil, s.usage("rules-file", "file", file, "reason", err.Error())
	}
	maps.DeleteFunc(all, func(k string, _ json.RawMessage) bool { return !slices.Contains(names, k) })
	return json.Marshal(all)
}

type retentionRunCmd struct {
	AsOf ahead `placeholder:"T"`
}

func (c retentionRunCmd) Run(s *session) error {
	ask := api.RunRetention{}
	if !c.AsOf.IsZero() {
		ask.AsOf = &c.AsOf.Time
	}
	r, err := s.client.RunRetention(s.ctx, ask)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(r)
	}
	return s.ran(r)
}

type trustClockCmd struct{}

func (trustClockCmd) Run(s *session) error { return s.retention(s.client.TrustClock(s.ctx)) }

type tidyCmd struct{}

// Run walks through all folders.
func (tidyCmd) Run(s *session) error {
	r, err := s.client.Tidy(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(r)
	}
	n := 0
	for _, k := range slices.Sorted(maps.Keys(r.Found)) {
		n += r.Found[k]
		if err := s.say("%s", s.t("cli.tidy-kind", "count", strconv.Itoa(r.Found[k]), "kind", s.code("finding", k))); err != nil {
			return err
		}
	}
	for _, f := range r.Items {
		if err := s.say("  %s  %s", s.code("finding", f.Kind), strings.TrimSpace(f.Day+" "+f.ID+" "+printable(f.File)+" "+printable(f.Error))); err != nil {
			return err
		}
	}
	if n == 0 {
		return s.say("%s", s.t("cli.tidy-nothing"))
	}
	return s.say("%s", s.t("cli.tidy-sum", "repaired", strconv.Itoa(r.Repaired), "left", strconv.Itoa(r.Left)))
}
