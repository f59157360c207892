package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// profileCmd is about what lines of one kind have in common. Everything goes
// through the settings and what lines show, so that it works over the API alone.
type profileCmd struct {
	List   profileListCmd   `cmd:""`
	Make   profileMakeCmd   `cmd:""`
	Use    profileUseCmd    `cmd:""`
	Export profileExportCmd `cmd:""`
	Import profileImportCmd `cmd:""`
}

// A profile is profiles.NAME of the settings. Keys that are not known here are kept.
type profile map[string]any

type profileListCmd struct{}

// A listedProfile is one of profile list --json.
type listedProfile struct {
	Name    string  `json:"name"`
	Lines   []int   `json:"lines"` // that have it
	Profile profile `json:"profile"`
}

func (profileListCmd) Run(s *session) error {
	all := map[string]profile{}
	if err := s.valueAt("profiles", &all); err != nil {
		return err
	}
	var lines map[string]struct {
		Profile string `json:"profile"`
	}
	if err := s.valueAt("lines", &lines); err != nil {
		return err
	}
	with := map[string][]int{}
	for n, l := range lines {
		if k, err := strconv.Atoi(n); err == nil && l.Profile != "" {
			with[l.Profile] = append(with[l.Profile], k)
		}
	}
	t := s.table("name", "profile-lines", "profile-holds")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		slices.Sort(with[name])
		if s.cli.JSON {
			if err := s.object(listedProfile{name, append([]int{}, with[name]...), all[name]}); err != nil {
				return err
			}
			continue
		}
		var holds, on []string
		for _, k := range slices.Sorted(maps.Keys(all[name])) {
			if v := all[name][k]; v != "" && v != 0.0 {
				holds = append(holds, fmt.Sprintf("%s=%v", k, v))
			}
		}
		for _, n := range with[name] {
			on = append(on, strconv.Itoa(n))
		}
		t.row(printable(name), strings.Join(on, ","), printable(strings.Join(holds, " ")))
	}
	if s.cli.JSON {
		return nil
	}
	return s.list(t, "cli.no-profiles")
}

type profileMakeCmd struct {
	Line lineArg `arg:""`
	Name string  `arg:""`
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
	Name  string    `arg:""`
	Lines []lineArg `arg:""`
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
	Name string `arg:""`
	Out  string `short:"o" default:"-" type:"path" placeholder:"FILE"`
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
	Name string `arg:""`
	File string `arg:"" placeholder:"FILE"`
}

func (c profileImportCmd) Run(s *session) error {
	in, err := s.open(c.File)
	if err != nil {
		return err
	}
	file, err := io.ReadAll(io.LimitReader(in, 1<<20))
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	p := profile{}
	if err := json.Unmarshal(file, &p); err != nil {
		return s.refusal("profile-file", "file", printable(c.File), "reason", err.Error())
	}
	return s.setProfile(c.Name, p, "imported")
}
