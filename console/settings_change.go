package console

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/settings"
)

// settingsRoutes are the routes for editors of settings.
func settingsRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{"settings-schema", get, "/settings/schema", access.SettingsRead, "Settings", "What settings there are: type, range, choices, default and help of each", with((*Server).schema)},
		{"settings-diff", get, "/settings/diff", access.SettingsRead, "Settings", "What differs between two versions, and who changed it", with((*Server).diffSettings)},
		{"settings-change", post, "/settings/change", access.SettingsWrite, "Settings", "Change several values in one version, or say what that would change", with((*Server).changeSettings)},
		{"settings-try", post, "/settings/try", access.SettingsRead, "Settings", "What going back to a version, or importing a file, would change", with((*Server).trySettings)},
	}
}

// ChangeSettingsInput is a change of several values.
type ChangeSettingsInput struct{ Body api.ChangeSettings }

func (s *Server) changeSettings(ctx context.Context, in *ChangeSettingsInput) (*body[api.ChangedSettings], error) {
	c, err := s.changesOf(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	d := s.cfg.Settings
	out := api.ChangedSettings{DryRun: in.Body.DryRun, Changes: []api.Change{}}
	var changes []settings.Change
	if in.Body.DryRun {
		changes, err = d.Plan(c)
		out.Version = d.Version()
	} else {
		line := ofLine(in.Body.Changes[0].Path)
		paths := make([]string, 0, len(in.Body.Changes))
		for _, one := range in.Body.Changes {
			paths = append(paths, one.Path)
			if ofLine(one.Path) != line {
				line = 0 // the change is about more than one
			}
		}
		e := access.Entry{Verb: access.SettingsWrite, Object: short(strings.Join(paths, " ")), Line: line,
			Detail: map[string]string{"act": "change", "values": strconv.Itoa(len(paths))}}
		err = s.act(ctx, e, func(e *access.Entry) error {
			if err := s.keepsRights(ctx, func() ([]settings.Change, error) { return d.Plan(c) }); err != nil {
				return err
			}
			v, err := d.Change(who(ctx).Name, in.Body.Why, c)
			out.Version, changes = v.N, v.Diff
			e.Detail["version"] = itoa(v.N)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	for _, one := range changes {
		out.Changes = append(out.Changes, api.Change{Path: one.Path, Old: one.Old, New: one.New})
	}
	return &body[api.ChangedSettings]{out}, nil
}

// short is a text that fits into a column of a log.
func short(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// changesOf checks what the caller may change, and that lines are those that there are.
func (s *Server) changesOf(ctx context.Context, in *api.ChangeSettings) (settings.Changes, error) {
	c := settings.Changes{Base: s.cfg.Settings.Version(), Values: map[string]json.RawMessage{}}
	if in.Version != nil {
		c.Base = *in.Version
	}
	for _, one := range in.Changes {
		if err := s.overPath(ctx, access.SettingsWrite, one.Path); err != nil {
			return c, err
		}
		value := one.Value
		if len(value) == 0 {
			value = json.RawMessage("null")
		}
		if _, twice := c.Values[one.Path]; twice {
			return c, &settings.Invalid{Faults: []settings.Fault{{Path: one.Path, Text: "it is given twice", Code: "twice",
				Args: map[string]string{"value": one.Path, "other": one.Path}}}}
		}
		if string(value) != "null" { // a line that is not there may be taken away
			if err := s.knownLines(ctx, &api.SetValue{Path: one.Path, Value: value, Create: in.Create}); err != nil {
				return c, err
			}
		}
		c.Values[one.Path] = value
	}
	return c, nil
}

// conflict says which values somebody else has changed meanwhile, and to what.
func conflict(lang string, e *settings.ConflictError) *api.Problem {
	p := fail("settings-conflict", "")
	for _, c := range e.Conflicts {
		value := text.Text(lang, "cli.default", nil)
		if c.Value != nil {
			value = short(string(c.Value))
		}
		p.Errors = append(p.Errors, api.ProblemError{Location: c.Path, Code: "changed",
			Message: text.Text(lang, "invalid.changed", text.Args{"actor": c.Actor, "time": c.Time.UTC().Format(time.RFC3339), "value": value})})
	}
	return p
}

// TrySettingsInput is a question what a rollback or an import would change.
type TrySettingsInput struct{ Body api.TrySettings }

func (s *Server) trySettings(ctx context.Context, in *TrySettingsInput) (*body[api.ChangedSettings], error) {
	if err := s.overPath(ctx, access.SettingsRead, ""); err != nil {
		return nil, err
	}
	d := s.cfg.Settings
	var changes []settings.Change
	var err error
	switch {
	case (in.Body.Version == nil) == (len(in.Body.File) == 0):
		return nil, fail("invalid", "give one of version and file")
	case in.Body.Version != nil:
		changes, err = d.PlanRollback(*in.Body.Version)
	default:
		var doc json.RawMessage
		if doc, err = settings.Unwrap(in.Body.File); err == nil {
			changes, err = d.Check(doc)
		}
	}
	if err != nil {
		return nil, err
	}
	out := api.ChangedSettings{Version: d.Version(), DryRun: true, Changes: []api.Change{}}
	for _, one := range changes {
		out.Changes = append(out.Changes, api.Change{Path: one.Path, Old: one.Old, New: one.New})
	}
	return &body[api.ChangedSettings]{out}, nil
}

// DiffInput names two versions.
type DiffInput struct {
	From uint64 `query:"from" doc:"The version before"`
	To   string `query:"to" pattern:"^[0-9]{0,18}$" doc:"The version after; absent: the one in force"`
}

func (s *Server) diffSettings(ctx context.Context, in *DiffInput) (*body[api.Page[api.SettingsDifference]], error) {
	if err := s.overPath(ctx, access.SettingsRead, ""); err != nil {
		return nil, err
	}
	to := s.cfg.Settings.Version()
	if in.To != "" {
		to, _ = strconv.ParseUint(in.To, 10, 64) // its form was checked
	}
	all, err := s.cfg.Settings.Between(in.From, to)
	if err != nil {
		return nil, err
	}
	out := api.Page[api.SettingsDifference]{Items: []api.SettingsDifference{}}
	for _, one := range all {
		out.Items = append(out.Items, api.SettingsDifference{Change: api.Change{Path: one.Path, Old: one.Old, New: one.New},
			Version: one.By.N, Time: one.By.Time.UTC(), Actor: one.By.Actor, Why: one.By.Why})
	}
	return &body[api.Page[api.SettingsDifference]]{out}, nil
}
