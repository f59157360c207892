package main

import (
	"errors"
	"strconv"
	"strings"

	"vaad/api"
)

type settingsDescribeCmd struct {
	Path string `arg:"" optional:""`
}

// Run prints what settings there are: of all sections their names, of a path all that
// is below it.
func (c settingsDescribeCmd) Run(s *session) error {
	all, err := s.client.SettingsSchema(s.ctx)
	if err != nil {
		return err
	}
	if c.Path == "" {
		if s.cli.JSON {
			return s.object(all)
		}
		for _, k := range all.Sections {
			if err := s.say("%s  %s: %s", k.Path, k.Title, k.Help); err != nil {
				return err
			}
		}
		return nil
	}
	var found []api.SettingKey
	for i := range all.Sections {
		below(&all.Sections[i], c.Path, &found)
	}
	if len(found) == 0 {
		return usageError{s.refusal("setting", "path", c.Path)}
	}
	if s.cli.JSON {
		return objects(s, found)
	}
	for i := range found {
		if err := s.described(&found[i]); err != nil {
			return err
		}
	}
	return nil
}

// below collects the keys that are a path, or stand below it. Keys of maps and lists may
// be given or be a *.
func below(k *api.SettingKey, path string, out *[]api.SettingKey) {
	want, have := strings.Split(path, "."), strings.Split(k.Path, ".")
	for i := range min(len(want), len(have)) {
		if have[i] != "*" && want[i] != have[i] {
			return
		}
	}
	if len(have) >= len(want) && k.Kind != "object" && k.Kind != "map" && have[len(have)-1] != "*" {
		*out = append(*out, *k)
	}
	for i := range k.Fields {
		below(&k.Fields[i], path, out)
	}
	if k.Item != nil {
		below(k.Item, path, out)
	}
}

// described prints one key: what it is, what it may be, and its default.
func (s *session) described(k *api.SettingKey) error {
	var may []string
	if k.Min != nil && k.Max != nil {
		may = append(may, strings.TrimSpace(plainNumber(*k.Min)+"…"+plainNumber(*k.Max)+" "+k.Unit))
	} else if k.Unit != "" {
		may = append(may, k.Unit)
	}
	choices := k.Choices
	if k.Item != nil {
		choices = k.Item.Choices
	}
	for _, c := range choices {
		if len(choices) > 20 { // countries
			may = append(may, c.Value)
			continue
		}
		may = append(may, c.Value+" ("+c.Text+")")
	}
	if k.Refs != "" {
		may = append(may, k.Refs)
	}
	if err := s.say("%s  %s: %s", k.Path, k.Title, k.Help); err != nil {
		return err
	}
	if len(may) > 0 {
		if err := s.say("    %s", strings.Join(may, ", ")); err != nil {
			return err
		}
	}
	if len(k.Default) > 0 {
		return s.say("    %s: %s", s.t("cli.default"), k.Default)
	}
	return nil
}

func plainNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

type settingsChangeCmd struct {
	Values []string `arg:"" placeholder:"PATH=VALUE"`
	Why    string
	On     *uint64 `placeholder:"VERSION"`
	DryRun bool
	New    bool
}

func (c settingsChangeCmd) Run(s *session) error {
	change := api.ChangeSettings{Version: c.On, Why: c.Why, DryRun: c.DryRun, Create: c.New}
	for _, one := range c.Values {
		path, v, ok := strings.Cut(one, "=")
		if !ok || path == "" {
			return usageError{s.refusal("path-value", "value", one)}
		}
		change.Changes = append(change.Changes, api.SetOne{Path: path, Value: value(v)})
	}
	out, err := s.client.ChangeSettings(s.ctx, change)
	if err != nil || c.DryRun {
		return s.would(out, err)
	}
	if s.cli.JSON {
		return s.object(out)
	}
	return errors.Join(s.changes(out.Changes), s.say("%s", s.t("cli.version-now", "version", strconv.FormatUint(out.Version, 10))))
}

// would prints what would change.
func (s *session) would(out api.ChangedSettings, err error) error {
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(out)
	}
	return errors.Join(s.changes(out.Changes), s.say("%s", s.t("cli.would-change", "count", strconv.Itoa(len(out.Changes)))))
}

func (s *session) changes(all []api.Change) error {
	for _, ch := range all {
		if err := s.say("%s: %s → %s", ch.Path, s.orDefault(ch.Old), s.orDefault(ch.New)); err != nil {
			return err
		}
	}
	return nil
}

type settingsDiffCmd struct {
	From uint64  `arg:""`
	To   *uint64 `arg:"" optional:""`
}

func (c settingsDiffCmd) Run(s *session) error {
	all, err := s.client.DiffSettings(s.ctx, c.From, c.To)
	if err != nil || s.cli.JSON {
		return errors.Join(err, objects(s, all))
	}
	for _, d := range all {
		if err := s.say("%s: %s → %s\n    %d  %s  %s  %s", d.Path, s.orDefault(d.Old), s.orDefault(d.New), d.Version, when(d.Time), printable(d.Actor), printable(d.Why)); err != nil {
			return err
		}
	}
	return nil
}

type settingsTestMailCmd struct {
	Address string `arg:""`
}

func (c settingsTestMailCmd) Run(s *session) error {
	if err := s.client.TestMail(s.ctx, c.Address); err != nil {
		return err
	}
	return s.say("%s", s.t("cli.mail-sent", "to", c.Address))
}
