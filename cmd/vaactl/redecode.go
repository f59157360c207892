package main

import (
	"errors"
	"strconv"
	"strings"

	"vaad/api"
)

type redecodeCmd struct {
	ID    string `arg:"" optional:""`
	Kept  bool
	All   bool
	Check bool
}

// Run lets the daemon's detectors listen to stored audio, and shows what they hear
// otherwise than was told when it was made.
func (c redecodeCmd) Run(s *session) error {
	if c.Kept {
		return c.kept(s)
	}
	if c.ID == "" {
		return s.usage("redecode-what")
	}
	ask := s.client.Redecode
	if strings.HasSuffix(c.ID, ".wav") {
		ask = s.client.RedecodeCallerID
	}
	r, err := ask(s.ctx, c.ID)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		err = s.object(r)
	} else {
		err = c.show(s, &r)
	}
	if err == nil && c.Check && r.New+r.Gone > 0 {
		return errors.New(s.t("cli.redecode-differs", "count", strconv.Itoa(r.New+r.Gone)))
	}
	return err
}

func (c redecodeCmd) show(s *session, r *api.Redecoded) error {
	if err := s.say("%s", s.t("cli.redecode-head", "id", printable(r.ID), "line", strconv.Itoa(r.Line), "duration", long(r.Duration), "country", r.Country, "version", r.Version)); err != nil {
		return err
	}
	t := s.table("at", "is", "kind", "side", "heard", "duration")
	for i := range r.Items {
		f := &r.Items[i]
		if f.Is == "same" && !c.All {
			continue
		}
		t.row(inSeconds(f.At), s.code("redecode", f.Is), s.code("redecode-kind", f.Kind), s.code("side", f.Side), s.redecoded(f), seconds(span(f.Length)))
	}
	if len(r.Items) == 0 {
		return s.say("%s", s.t("cli.redecode-nothing"))
	}
	if len(t.rows) > 0 {
		t.drop()
		if err := s.list(t, "cli.redecode-nothing"); err != nil {
			return err
		}
	}
	return s.say("%s", s.t("cli.redecode-sum", "same", strconv.Itoa(r.Same), "new", strconv.Itoa(r.New), "gone", strconv.Itoa(r.Gone), "unheard", strconv.Itoa(r.Unheard)))
}

// redecoded is what a fact says.
func (s *session) redecoded(f *api.RedecodedFact) string {
	switch f.Kind {
	case "tone":
		return s.code("heard-tone", f.Text)
	case "modem":
		return s.code("heard-modem", f.Text)
	case "caller-id":
		what := strings.TrimSpace(printable(f.Text) + " " + printable(f.Name))
		if what == "" && f.Absent != "" {
			what = s.code("heard-absent", f.Absent)
		}
		return strings.TrimSpace(what + " (" + s.code("known-by", f.By) + ")")
	}
	return printable(f.Text)
}

// kept lists the caller IDs that were not understood.
func (c redecodeCmd) kept(s *session) error {
	p, err := s.client.KeptCallerIDs(s.ctx)
	if err != nil {
		return err
	}
	t := s.table("start", "line", "why", "file")
	for i := range p.Items {
		k := &p.Items[i]
		if s.cli.JSON {
			if err := s.object(k); err != nil {
				return err
			}
			continue
		}
		t.row(when(k.Time), strconv.Itoa(k.Line), s.code("caller-lost", k.Reason), printable(k.Name))
	}
	if s.cli.JSON {
		return nil
	}
	return s.list(t, "cli.redecode-none")
}
