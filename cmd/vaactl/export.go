package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"vaad/api"
)

// exportCmd takes recordings away: one as a file, many as a ZIP.
type exportCmd struct {
	recordingFilter
	Search   bool
	Out      string `short:"o" required:"" type:"path" placeholder:"FILE"`
	Format   string `default:"native" placeholder:"FORMAT"`
	Layout   string `enum:",stereo,mixed,each,network,local" default:"" placeholder:"LAYOUT"`
	Part     string `placeholder:"S-S"`
	Template string `placeholder:"TEXT"`
	Proof    bool
	Why      string   `name:"reason" placeholder:"WORDS"`
	ID       []string `arg:"" optional:""`
}

func (c exportCmd) Run(s *session) error {
	af, err := c.wanted(s)
	if err != nil {
		return err
	}
	search := c.Search || c.Saved != ""
	if find := c.with(af); search == (len(c.ID) > 0) || !search && find.Encode() != "" || c.Limit != nil {
		return s.usage("export-chosen")
	}
	from, to, err := c.part(s)
	if err != nil {
		return err
	}
	if len(c.ID) == 1 && !c.Proof && c.Template == "" && c.Layout != "each" && !strings.HasSuffix(strings.ToLower(c.Out), ".zip") {
		return s.save(c.Out, false, func(w io.Writer) error {
			_, err := s.client.ExportAs(s.ctx, c.ID[0], api.Cut{Format: c.Format, Layout: c.Layout, From: from, To: to, Reason: c.Why}, w)
			return err
		})
	}
	if c.Part != "" {
		return s.usage("export-part")
	}
	x, err := s.client.NewExport(s.ctx, api.NewExport{IDs: c.ID, Search: search, Format: c.Format, Layout: c.Layout, Template: c.Template, Proof: c.Proof, Reason: c.Why}, c.with(af))
	if err != nil {
		return err
	}
	if x, err = s.await(x); err != nil {
		return err
	}
	if err := s.save(c.Out, false, func(w io.Writer) error {
		_, err := s.client.ExportFile(s.ctx, x.ID, w)
		return err
	}); err != nil {
		return err
	}
	if x.Left > 0 {
		tell(s.err, "vaactl:", s.t("cli.export-left", "left", strconv.Itoa(x.Left), "total", strconv.Itoa(x.Total)))
	}
	return nil
}

// part reads FROM-TO in seconds; either may be left out.
func (c *exportCmd) part(s *session) (from, to float64, err error) {
	if c.Part == "" {
		return 0, 0, nil
	}
	a, b, ok := strings.Cut(c.Part, "-")
	read := func(v string) float64 {
		n, err := strconv.ParseFloat(v, 64)
		if v != "" && (err != nil || n < 0 || math.IsInf(n, 0) || n != n) {
			ok = false
		}
		return n
	}
	if from, to = read(a), read(b); !ok || b != "" && to <= from {
		return 0, 0, s.usage("part", "value", strconv.Quote(c.Part))
	}
	return from, to, nil
}

// await waits until an export has ended. It goes on without us.
func (s *session) await(x api.Export) (api.Export, error) {
	id, shown := x.ID, false
	f, isFile := s.err.(*os.File)
	live := isFile && terminal(f)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		switch x.State {
		case "done":
			if shown {
				tell(s.err)
			}
			return x, nil
		case "failed", "cancelled":
			return x, fmt.Errorf("%s", s.t("cli.export-failed", "id", id, "why", strings.TrimSpace(s.code("export-state", x.State)+" "+s.code("export-code", x.Code)+" "+x.Detail)))
		}
		if live && x.Handled > 0 {
			shown = true
			if _, err := fmt.Fprintf(s.err, "\r%d/%d  %s ", x.Handled, x.Total, size(x.Bytes)); err != nil {
				return x, err
			}
		}
		select {
		case <-s.ctx.Done():
			tell(s.err, "vaactl:", s.t("cli.export-goes-on", "id", id))
			return x, context.Cause(s.ctx)
		case <-time.After(wait):
		}
		var err error
		if x, err = s.client.ExportState(s.ctx, id); err != nil {
			return x, err
		}
	}
}

type exportsCmd struct {
	List    exportsListCmd    `cmd:"" default:"1"`
	Fetch   exportsFetchCmd   `cmd:""`
	Remove  exportsRemoveCmd  `cmd:""`
	Formats exportsFormatsCmd `cmd:""`
}

type exportsListCmd struct{}

func (exportsListCmd) Run(s *session) error {
	p, err := s.client.Exports(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, p.Items)
	}
	t := s.table("id", "start", "state", "format", "recordings", "size", "by", "reason")
	for _, x := range p.Items {
		t.row(x.ID, when(x.Created), strings.TrimSpace(s.code("export-state", x.State)+" "+s.code("export-code", x.Code)), x.Format,
			strconv.Itoa(x.Handled)+"/"+strconv.Itoa(x.Total), size(x.Bytes), printable(x.By), printable(x.Reason))
	}
	return s.list(t, "cli.no-exports")
}

type exportsFetchCmd struct {
	Out string `short:"o" required:"" type:"path" placeholder:"FILE"`
	ID  string `arg:""`
}

// Run waits for an export and saves its ZIP.
func (c exportsFetchCmd) Run(s *session) error {
	x, err := s.client.ExportState(s.ctx, c.ID)
	if err != nil {
		return err
	}
	if x, err = s.await(x); err != nil {
		return err
	}
	return s.save(c.Out, false, func(w io.Writer) error {
		_, err := s.client.ExportFile(s.ctx, x.ID, w)
		return err
	})
}

type exportsRemoveCmd struct {
	ID string `arg:""`
}

func (c exportsRemoveCmd) Run(s *session) error { return s.client.RemoveExport(s.ctx, c.ID) }

type exportsFormatsCmd struct{}

func (exportsFormatsCmd) Run(s *session) error {
	p, err := s.client.Formats(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, p.Items)
	}
	t := s.table("format", "file-end", "rate", "channels", "format-what")
	for _, f := range p.Items {
		what := s.t("export-format." + f.Name)
		if !f.Available {
			what += " " + s.t("cli.format-missing")
		}
		channels := "1"
		if f.Stereo {
			channels = "1–2"
		}
		t.row(f.Name, f.Ext, strconv.Itoa(f.Rate), channels, what)
	}
	return s.list(t, "cli.no-exports")
}
