package console

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/settings"
)

// ofLine is the line that a path of the settings is about, 0 if it is about none.
func ofLine(path string) int {
	rest, ok := strings.CutPrefix(path, "lines.")
	if !ok {
		return 0
	}
	number, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// overPath says whether the caller may do that with a path: who is limited to
// some lines has only the settings of these.
func (s *Server) overPath(ctx context.Context, v access.Verb, path string) error {
	c := who(ctx)
	n := ofLine(path)
	if c.scope.Everywhere(v) || n > 0 && c.scope.Allows(v, n) {
		return nil
	}
	s.denied(ctx, v, path, n)
	return fail("forbidden", quote(path)+" lies outside your lines")
}

// settings is the whole document as it is in force.
func (s *Server) settings(ctx context.Context, _ *empty) (*body[api.Settings], error) {
	if err := s.overPath(ctx, access.SettingsRead, ""); err != nil {
		return nil, err
	}
	doc, err := s.whole()
	if err != nil {
		return nil, err
	}
	return &body[api.Settings]{doc}, nil
}

func (s *Server) whole() (api.Settings, error) {
	d := s.cfg.Settings
	out := api.Settings{Version: d.Version(), Fixed: []string{}}
	fixed, by := d.Fixed()
	out.Fixed = append(out.Fixed, fixed...)
	if len(fixed) > 0 {
		out.FixedBy = by
	}
	var err error
	out.Settings, err = d.Get("")
	return out, err
}

// PathInput names a value of the settings.
type PathInput struct {
	Path string `query:"path" required:"true" minLength:"1" maxLength:"200" doc:"Where: lines.3.trigger"`
}

func (s *Server) setting(ctx context.Context, in *PathInput) (*body[api.Setting], error) {
	if err := s.overPath(ctx, access.SettingsRead, in.Path); err != nil {
		return nil, err
	}
	return s.value(in.Path)
}

func (s *Server) value(path string) (*body[api.Setting], error) {
	v, err := s.cfg.Settings.Get(path)
	if err != nil { // the only way that it can fail
		return nil, fail("no-setting", err.Error())
	}
	return &body[api.Setting]{api.Setting{Path: path, Value: v, Origin: s.cfg.Settings.Origin(path), Version: s.cfg.Settings.Version()}}, nil
}

// maxLine is the highest number that a line can have.
const maxLine = 9999

// knownLines refuses to set something of lines that there are not: a mistyped
// number would be stored, and given to the next line that is found. Whoever
// wants just that says so. What has the form of no line is for the settings to
// refuse.
func (s *Server) knownLines(ctx context.Context, v *api.SetValue) error {
	keys := settings.Keys(v.Path)
	if keys[0] != "lines" || v.Create {
		return nil
	}
	if keys = keys[1:]; len(keys) == 0 {
		var all map[string]json.RawMessage
		_ = json.Unmarshal(v.Value, &all) // what is no object of lines is refused with its faults
		keys = slices.Sorted(maps.Keys(all))
	} else {
		keys = keys[:1]
	}
	known := s.lineNumbers()
	for _, k := range keys {
		n, err := strconv.Atoi(k)
		if err != nil || n < 1 || n > maxLine || slices.Contains(known, n) {
			continue
		}
		lang, sc := languageOf(ctx), who(ctx).scope
		mine := ranges(slices.DeleteFunc(known, func(n int) bool { return !sc.Allows(access.SettingsWrite, n) }))
		p := failLine("no-line", n, "")
		p.Errors = []api.ProblemError{{Location: v.Path, Message: text.Text(lang, "invalid.line", text.Args{"lines": mine})}}
		p.Remedy = text.Text(lang, "invalid.line.remedy", nil)
		return p
	}
	return nil
}

// SetInput is a change of one value.
type SetInput struct{ Body api.SetValue }

func (s *Server) set(ctx context.Context, in *SetInput) (*body[api.Setting], error) {
	path := in.Body.Path
	if err := s.overPath(ctx, access.SettingsWrite, path); err != nil {
		return nil, err
	}
	if len(in.Body.Value) == 0 {
		in.Body.Value = json.RawMessage("null")
	}
	if err := s.knownLines(ctx, &in.Body); err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.SettingsWrite, Object: path, Line: ofLine(path), Detail: map[string]string{"act": "set"}}
	err := s.act(ctx, e, func(e *access.Entry) error {
		d := s.cfg.Settings
		err := s.keepsRights(ctx, func() ([]settings.Change, error) {
			return d.Plan(settings.Changes{Base: d.Version(), Values: map[string]json.RawMessage{path: in.Body.Value}})
		})
		if err == nil {
			_, err = d.Set(who(ctx).Name, in.Body.Why, path, in.Body.Value)
		}
		if err == nil {
			e.Detail["value"] = string(in.Body.Value)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out, err := s.value(path)
	if err != nil { // an element of a map was taken away
		return &body[api.Setting]{api.Setting{Path: path, Value: json.RawMessage("null"), Origin: "default", Version: s.cfg.Settings.Version()}}, nil
	}
	return out, nil
}

// HistoryInput chooses versions.
type HistoryInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"Versions of one page"`
	Before uint64 `query:"before" doc:"Only versions below this one"`
}

func (s *Server) history(ctx context.Context, in *HistoryInput) (*body[api.Page[api.Version]], error) {
	if err := s.overPath(ctx, access.SettingsRead, ""); err != nil {
		return nil, err
	}
	all, err := s.cfg.Settings.History(in.Before, in.Limit)
	if err != nil {
		return nil, err
	}
	out := api.Page[api.Version]{Items: []api.Version{}}
	for _, v := range all {
		out.Items = append(out.Items, versionOf(v))
	}
	if len(all) == in.Limit && all[len(all)-1].N > 1 {
		out.Next = itoa(all[len(all)-1].N)
	}
	return &body[api.Page[api.Version]]{out}, nil
}

func versionOf(v settings.Version) api.Version {
	out := api.Version{Version: v.N, Time: v.Time.UTC(), Actor: v.Actor, Why: v.Why, Changes: []api.Change{}}
	for _, c := range v.Diff {
		out.Changes = append(out.Changes, api.Change{Path: c.Path, Old: c.Old, New: c.New})
	}
	return out
}

// RollbackInput names the version to go back to.
type RollbackInput struct{ Body api.Rollback }

func (s *Server) rollback(ctx context.Context, in *RollbackInput) (*body[api.Settings], error) {
	if err := s.overPath(ctx, access.SettingsWrite, ""); err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.SettingsWrite, Detail: map[string]string{"act": "rollback", "version": itoa(in.Body.Version)}}
	return s.wholeAfter(ctx, e, func(*access.Entry) error {
		err := s.keepsRights(ctx, func() ([]settings.Change, error) { return s.cfg.Settings.PlanRollback(in.Body.Version) })
		if err == nil {
			_, err = s.cfg.Settings.Rollback(who(ctx).Name, in.Body.Why, in.Body.Version)
		}
		return err
	})
}

func (s *Server) wholeAfter(ctx context.Context, e access.Entry, do func(*access.Entry) error) (*body[api.Settings], error) {
	if err := s.act(ctx, e, do); err != nil {
		return nil, err
	}
	doc, err := s.whole()
	if err != nil {
		return nil, err
	}
	return &body[api.Settings]{doc}, nil
}

// ImportInput is an exported settings file.
type ImportInput struct {
	RawBody []byte `contentType:"application/json"`
}

func (s *Server) importSettings(ctx context.Context, in *ImportInput) (*body[api.Settings], error) {
	if err := s.overPath(ctx, access.SettingsWrite, ""); err != nil {
		return nil, err
	}
	file := append([]byte{}, in.RawBody...) // the framework takes its buffer back
	e := access.Entry{Verb: access.SettingsWrite, Detail: map[string]string{"act": "import", "bytes": itoa(uint64(len(file)))}}
	return s.wholeAfter(ctx, e, func(*access.Entry) error {
		err := s.keepsRights(ctx, func() ([]settings.Change, error) {
			doc, err := settings.Unwrap(file)
			if err != nil {
				return nil, err
			}
			return s.cfg.Settings.Check(doc)
		})
		if err == nil {
			_, err = s.cfg.Settings.Import(who(ctx).Name, "import", file)
		}
		return err
	})
}

func (s *Server) exportSettings(ctx context.Context, _ *empty) (stream, error) {
	if err := s.overPath(ctx, access.SettingsRead, ""); err != nil {
		return nil, err
	}
	file := s.cfg.Settings.Export()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Disposition", `attachment; filename="vaad-settings.json"`)
		w.Header().Set("Content-Length", strconv.Itoa(len(file)))
		_, _ = w.Write(file) // the receiver may be gone
	}, nil
}
