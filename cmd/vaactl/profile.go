package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
)

// profileCmd is about what lines of one kind have in common. Everything goes
// through the settings and what lines show, so that it works over the API alone.
type profileCmd struct {
	Make   profileMakeCmd   `cmd:"" help:"Make a profile of what a line has learnt and is set to."`
	Use    profileUseCmd    `cmd:"" help:"Give a profile to lines."`
	Export profileExportCmd `cmd:"" help:"Write a profile as a readable file, to take it to another site."`
	Import profileImportCmd `cmd:"" help:"Read a profile from a file."`
}

// A profile is profiles.NAME of the settings. Keys that are not known here are kept.
type profile map[string]any

type profileMakeCmd struct {
	Line lineArg `arg:"" help:"Number of the line, or board/port."`
	Name string  `arg:"" help:"Name of the profile: a short word."`
}

func (c profileMakeCmd) Run(s *session) error {
	n, err := c.Line.number(s)
	if err != nil {
		return err
	}
	line, err := s.client.Line(s.ctx, n)
	if err != nil {
		return err
	}
	p, err := s.lineProfile(n)
	if err != nil {
		return err
	}
	if k := line.Learnt; k != nil {
		mv := func(volts float64) int { return int(math.Round(volts * 1000)) }
		p["idle_mv"], p["off_hook_mv"], p["caller_id"] = mv(k.IdleVolts), mv(k.OffHookVolts), k.CallerID
		p["dial_hz"], p["busy_hz"], p["busy_on_ms"], p["busy_off_ms"] = k.DialHz, k.BusyHz, k.BusyOnMS, k.BusyOffMS
		if p["ring_gap_ms"] == nil && k.RingGapMS > 0 {
			p["ring_gap_ms"] = k.RingGapMS
		}
	}
	return s.setProfile(c.Name, p, fmt.Sprintf("made of line %d", n))
}

// lineProfile is what a line's own settings say that belongs into a profile, on
// top of the profile that it has, and the country.
func (s *session) lineProfile(n int) (profile, error) {
	p := profile{}
	var site struct {
		Country string `json:"country"`
	}
	var l struct {
		Profile       string `json:"profile"`
		OutsidePrefix string `json:"outside_prefix"`
		ThresholdMV   int    `json:"threshold_mv"`
		RingGapMS     int    `json:"ring_gap_ms"`
	}
	if err := s.valueAt("site", &site); err != nil {
		return nil, err
	}
	if err := s.valueAt("lines."+strconv.Itoa(n), &l); err != nil {
		return nil, err
	}
	if l.Profile != "" {
		if err := s.valueAt("profiles."+l.Profile, &p); err != nil {
			return nil, err
		}
	}
	if p["country"] == nil || p["country"] == "" {
		p["country"] = site.Country
	}
	if l.OutsidePrefix != "" {
		p["outside_prefix"] = l.OutsidePrefix
	}
	if l.ThresholdMV != 0 {
		p["threshold_mv"] = l.ThresholdMV
	}
	if l.RingGapMS != 0 {
		p["ring_gap_ms"] = l.RingGapMS
	}
	return p, nil
}

// valueAt reads a setting.
func (s *session) valueAt(path string, into any) error {
	v, err := s.client.Setting(s.ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(v.Value, into)
}

func (s *session) setProfile(name string, p profile, why string) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	v, err := s.client.Set(s.ctx, "profiles."+name, b, why)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(v)
	}
	return s.setting(v)
}

type profileUseCmd struct {
	Name  string    `arg:"" help:"Name of the profile; - takes the lines' profile away."`
	Lines []lineArg `arg:"" help:"Numbers of the lines, or board/port."`
}

func (c profileUseCmd) Run(s *session) error {
	name, _ := json.Marshal(c.Name)
	if c.Name == "-" {
		name = json.RawMessage(`""`)
	}
	for _, l := range c.Lines {
		n, err := l.number(s)
		if err != nil {
			return err
		}
		v, err := s.client.Set(s.ctx, fmt.Sprintf("lines.%d.profile", n), name, "")
		if err != nil {
			return err
		}
		if s.cli.JSON {
			if err := s.object(v); err != nil {
				return err
			}
		}
	}
	return nil
}

type profileExportCmd struct {
	Name string `arg:"" help:"Name of the profile."`
	Out  string `short:"o" default:"-" help:"File to write; - is standard output." type:"path" placeholder:"FILE"`
}

func (c profileExportCmd) Run(s *session) error {
	p := profile{}
	if err := s.valueAt("profiles."+c.Name, &p); err != nil {
		return err
	}
	return s.save(c.Out, false, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(p)
	})
}

type profileImportCmd struct {
	Name string `arg:"" help:"Name that it gets here."`
	File string `arg:"" help:"File to read; - is standard input." placeholder:"FILE"`
}

func (c profileImportCmd) Run(s *session) error {
	in := s.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	p := profile{}
	if err := json.NewDecoder(io.LimitReader(in, 1<<20)).Decode(&p); err != nil {
		return fmt.Errorf("read the profile from %s: %w; it is no file that `vaactl profile export` wrote", c.File, err)
	}
	return s.setProfile(c.Name, p, "imported")
}
