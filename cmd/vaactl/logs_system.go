package main

import (
	"io"
	"strconv"
	"time"

	"vaad/api"
)

type systemCmd struct {
	Show    systemShowCmd    `cmd:"" default:"1"`
	Support systemSupportCmd `cmd:""`
	History systemHistoryCmd `cmd:""`
	Restart systemRestartCmd `cmd:""`
}

type systemShowCmd struct{}

// Run prints how machine and daemon are.
func (systemShowCmd) Run(s *session) error {
	y, err := s.client.System(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(y)
	}
	t := &table{head: []string{s.t("cli.system-version"), y.Version}}
	add := func(key, v string) {
		if v != "" {
			t.row(s.t("cli.system-"+key), v)
		}
	}
	pack := y.Package.Installed
	if pack == "" {
		pack = s.t("cli.system-no-package")
	} else if y.Package.Available != "" && y.Package.Available != pack {
		pack = s.t("cli.system-update", "installed", pack, "available", y.Package.Available)
	}
	add("package", pack)
	if u := y.Package.Update; u != nil {
		add("last-update", s.t("cli.system-updated", "from", printable(u.From), "to", printable(u.To), "time", whenP(u.Ended), "result", s.t("update."+u.Result))+" "+printable(u.Reason))
	}
	add("kept", printable(y.Package.Kept))
	add("host", printable(y.Host.Name+", "+y.Host.System+", "+y.Host.Kernel))
	add("uptime", uptime(float64(y.Host.Uptime)))
	add("load", strconv.FormatFloat(y.Host.Load, 'f', 2, 64)+" / "+strconv.Itoa(y.Host.Cores))
	add("memory", s.t("cli.storage-of", "free", size(y.Host.MemoryFree), "total", size(y.Host.Memory)))
	add("process", s.t("cli.system-daemon", "since", when(y.Process.Started), "memory", size(y.Process.Memory), "goroutines", strconv.Itoa(y.Process.Goroutines), "files", strconv.Itoa(y.Process.Descriptors)))
	for _, d := range y.Disks {
		add("disk", d.Path+" ("+d.Type+"): "+s.t("cli.storage-of", "free", size(d.Free), "total", size(d.Total)))
	}
	for _, h := range y.Heat {
		add("heat", printable(h.Name)+" "+strconv.FormatFloat(h.Celsius, 'f', 1, 64)+" °C")
	}
	add("clock", s.clock(y.Clock))
	return t.print(s.out)
}

func (s *session) clock(c api.Clock) string {
	key := "cli.system-clock-free"
	if c.Synchronised {
		key = "cli.system-clock-ok"
	}
	out := s.t(key, "by", printable(c.Service+" "+c.Source), "offset", strconv.FormatFloat(c.Offset*1000, 'f', 3, 64), "error", strconv.FormatFloat(c.MaxError*1000, 'f', 0, 64))
	if c.Jumps > 0 {
		out += ", " + s.t("cli.system-clock-jumps", "count", strconv.Itoa(c.Jumps), "time", whenP(c.LastJump))
	}
	return out
}

// uptime is a length of time in days and hours.
func uptime(seconds float64) string {
	d := time.Duration(seconds) * time.Second
	if d >= 48*time.Hour {
		return strconv.Itoa(int(d.Hours())/24) + " d"
	}
	return d.Truncate(time.Minute).String()
}

type systemSupportCmd struct {
	File string `arg:"" optional:"" type:"path" placeholder:"FILE.tar.gz"`
}

// Run saves a support bundle that the daemon makes; without a file it lists what would be in it.
func (c systemSupportCmd) Run(s *session) error {
	if c.File != "" {
		return s.save(c.File, false, func(w io.Writer) error {
			_, err := s.client.SupportBundle(s.ctx, w)
			return err
		})
	}
	k, err := s.client.SupportContents(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(k)
	}
	for _, f := range k.Files {
		if err := s.say("%s  %s", f.Name, size(int64(f.Bytes))); err != nil {
			return err
		}
	}
	for _, f := range k.LeftOut {
		if err := s.say("– %s: %s", printable(f.Name), printable(f.Reason)); err != nil {
			return err
		}
	}
	return s.say("%s\n%s", s.t("cli.support-masked", "count", strconv.Itoa(k.Masked)), k.Notice)
}

type systemHistoryCmd struct {
	Series []string `arg:"" optional:""`
	From   moment   `placeholder:"T"`
	To     moment   `placeholder:"T"`
	Points int      `default:"60"`
}

// Run prints what metrics were; without names, which there are.
func (c systemHistoryCmd) Run(s *session) error {
	h, err := s.client.MetricsHistory(s.ctx, c.Series, c.From.Time, c.To.Time, c.Points)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(h)
	}
	figure := func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
	t := s.table("time", "series", "least", "mean", "greatest")
	for _, x := range h.Series {
		if len(c.Series) == 0 {
			if err := s.say("%s  %s (%s)", x.Name, x.Title, s.code("unit", x.Unit)); err != nil {
				return err
			}
			continue
		}
		for _, p := range x.Points {
			if len(p) == 4 {
				t.row(when(time.Unix(int64(p[0]), 0)), x.Name, figure(p[1]), figure(p[2]), figure(p[3]))
			}
		}
	}
	if len(c.Series) == 0 {
		return nil
	}
	return t.print(s.out)
}

type systemRestartCmd struct{}

func (systemRestartCmd) Run(s *session) error { return s.client.Restart(s.ctx) }
