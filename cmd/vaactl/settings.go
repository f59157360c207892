package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"vaad/api"
)

type getCmd struct {
	Path string `arg:"" optional:""`
}

func (c getCmd) Run(s *session) error {
	if c.Path == "" {
		all, err := s.client.Settings(s.ctx)
		if err != nil {
			return err
		}
		if s.cli.JSON {
			return s.object(all)
		}
		if err := s.indented(all.Settings); err != nil {
			return err
		}
		if len(all.Fixed) > 0 {
			tell(s.err, s.t("cli.fixed", "file", all.FixedBy, "paths", strings.Join(all.Fixed, ", ")))
		}
		return nil
	}
	v, err := s.client.Setting(s.ctx, c.Path)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(v)
	}
	return s.setting(v)
}

// setting prints a value bare where it is a word or number.
func (s *session) setting(v api.Setting) error {
	var str string
	if json.Unmarshal(v.Value, &str) == nil {
		return s.say("%s", str)
	}
	return s.indented(v.Value)
}

func (s *session) indented(v json.RawMessage) error {
	var tree any
	if err := json.Unmarshal(v, &tree); err != nil {
		return err
	}
	e := json.NewEncoder(s.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(tree)
}

type setCmd struct {
	Path  string `arg:""`
	Value string `arg:""`
	Why   string
	New   bool
}

func (c setCmd) Run(s *session) error {
	change := api.SetValue{Path: c.Path, Value: value(c.Value), Why: c.Why, Create: c.New}
	v, err := s.client.SetValue(s.ctx, change)
	var p *api.Problem
	if errors.As(err, &p) && p.Code == "settings-invalid" && json.Valid([]byte(c.Value)) {
		// 8001 may be a number or a name: what the setting does not take as the
		// one, it may take as the other.
		change.Value, _ = json.Marshal(c.Value)
		if again, err2 := s.client.SetValue(s.ctx, change); err2 == nil {
			v, err = again, nil
		}
	}
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(v)
	}
	return s.setting(v)
}

// value reads a word as JSON where it is JSON, and as text otherwise.
func value(s string) json.RawMessage {
	if json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	b, _ := json.Marshal(s)
	return b
}

type settingsCmd struct {
	Export   settingsExportCmd   `cmd:""`
	Import   settingsImportCmd   `cmd:""`
	History  settingsHistoryCmd  `cmd:""`
	Rollback settingsRollbackCmd `cmd:""`
	Describe settingsDescribeCmd `cmd:""`
	Change   settingsChangeCmd   `cmd:""`
	Diff     settingsDiffCmd     `cmd:""`
	TestMail settingsTestMailCmd `cmd:""`
}

type settingsExportCmd struct {
	Out string `short:"o" default:"-" type:"path" placeholder:"FILE"`
}

func (c settingsExportCmd) Run(s *session) error {
	return s.save(c.Out, false, func(w io.Writer) error { return s.client.ExportSettings(s.ctx, w) })
}

// maxSettings is more than any settings are, and than the daemon takes.
const maxSettings = 16 << 20

type settingsImportCmd struct {
	File   string `arg:"" placeholder:"FILE"`
	DryRun bool
}

func (c settingsImportCmd) Run(s *session) error {
	in, err := s.open(c.File)
	if err != nil {
		return err
	}
	file, err := io.ReadAll(io.LimitReader(in, maxSettings)) // here, so that a file that cannot be read is not taken for a daemon that is not there
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	if c.DryRun {
		return s.would(s.client.TrySettings(s.ctx, api.TrySettings{File: file}))
	}
	doc, err := s.client.ImportSettings(s.ctx, bytes.NewReader(file))
	return s.version(doc, err)
}

func (s *session) version(doc api.Settings, err error) error {
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(doc)
	}
	return s.say("%s", s.t("cli.version-now", "version", strconv.FormatUint(doc.Version, 10)))
}

type settingsHistoryCmd struct {
	Limit int `default:"50"`
}

func (c settingsHistoryCmd) Run(s *session) error {
	all, err := s.client.History(s.ctx, c.Limit)
	if err != nil || s.cli.JSON {
		return errors.Join(err, objects(s, all))
	}
	for _, v := range all {
		if err := s.say("%d  %s  %s  %s", v.Version, when(v.Time), printable(v.Actor), printable(v.Why)); err != nil {
			return err
		}
		for _, ch := range v.Changes {
			if err := s.say("    %s: %s → %s", ch.Path, s.orDefault(ch.Old), s.orDefault(ch.New)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) orDefault(v json.RawMessage) string {
	if len(v) == 0 {
		return s.t("cli.default")
	}
	return printable(string(v))
}

type settingsRollbackCmd struct {
	Version uint64 `arg:""`
	DryRun  bool
}

func (c settingsRollbackCmd) Run(s *session) error {
	if c.DryRun {
		return s.would(s.client.TrySettings(s.ctx, api.TrySettings{Version: &c.Version}))
	}
	doc, err := s.client.Rollback(s.ctx, c.Version)
	return s.version(doc, err)
}
