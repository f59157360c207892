package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/archive"
	"vaad/recorder/export"
	"vaad/recorder/index"
)

// findRoutes are those of tables, saved searches and exports.
func findRoutes() []route {
	const get, post, put, remove = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []route{
		{"recordings-csv", get, "/recordings.csv", access.Export, "Recordings", "All recordings that a search finds, as a table (CSV)", withStream((*Server).recordingsCSV, "text/csv")},
		{"recordings-xlsx", get, "/recordings.xlsx", access.Export, "Recordings", "All recordings that a search finds, as a spreadsheet (XLSX)", withStream((*Server).recordingsXLSX, xlsxType)},
		{"searches", get, "/searches", access.SearchRecords, "Searches", "The caller's saved searches, and those shared with the caller", with((*Server).searches)},
		{"search-save", post, "/searches", access.SearchRecords, "Searches", "Save a search", with((*Server).saveSearch)},
		{"search", get, "/searches/{search}", access.SearchRecords, "Searches", "One saved search", with((*Server).search)},
		{"search-replace", put, "/searches/{search}", access.SearchRecords, "Searches", "Replace a saved search", with((*Server).replaceSearch)},
		{"search-remove", remove, "/searches/{search}", access.SearchRecords, "Searches", "Remove a saved search", with((*Server).removeSearch)},
		{"formats", get, "/formats", access.Export, "Exports", "Formats that recordings can be had in", with((*Server).formats)},
		{"exports", get, "/exports", access.Export, "Exports", "The caller's exports, newest first", with((*Server).exports)},
		{"export-new", post, "/exports", access.Export, "Exports", "Export many recordings as one ZIP, in the background", with((*Server).newExport)},
		{"export-state", get, "/exports/{export}", access.Export, "Exports", "How far an export is", with((*Server).exportState)},
		{"export-file", get, "/exports/{export}/file", access.Export, "Exports", "The ZIP of an export; Range is understood", withStream((*Server).exportFile, "application/zip")},
		{"export-remove", remove, "/exports/{export}", access.Export, "Exports", "End an export, or remove it with its file", with((*Server).removeExport)},
	}
}

// exportFailure is the code of what the exporter refuses, "" for anything else.
func exportFailure(err error) string {
	var refused *export.RefusedError
	if errors.As(err, &refused) {
		switch refused.Code {
		case "mono-only", "original-sides", "whole-only":
			return refused.Code
		}
		return "no-audio"
	}
	for _, known := range []struct {
		err  error
		code string
	}{
		{export.ErrNoProgram, "no-program"}, {export.ErrEmpty, "empty-audio"}, {export.ErrNone, "no-export"}, {export.ErrFull, "exports-full"},
		{export.ErrNotDone, "export-not-done"}, {export.ErrNoSpace, "disk-full"}, {export.ErrTemplate, "bad-template"},
	} {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return ""
}

// exportDetail is what an error says beyond the title of its problem.
func exportDetail(err error) string {
	var refused *export.RefusedError
	if errors.As(err, &refused) {
		return refused.Detail
	}
	for _, known := range []error{export.ErrNoProgram, export.ErrEmpty, export.ErrNone, export.ErrFull, export.ErrNotDone, export.ErrNoSpace, export.ErrTemplate} {
		if rest, ok := strings.CutPrefix(err.Error(), known.Error()); ok {
			return strings.TrimPrefix(rest, ": ")
		}
	}
	return err.Error()
}

func (s *Server) formats(ctx context.Context, _ *empty) (*body[api.Page[api.Format]], error) {
	if s.cfg.Maker == nil {
		return nil, fail("not-available", "")
	}
	out := &body[api.Page[api.Format]]{}
	out.Body.Items = []api.Format{}
	for _, k := range s.cfg.Maker.Formats(ctx) {
		out.Body.Items = append(out.Body.Items, api.Format{Name: k.Name, Ext: k.Ext, Type: k.MediaType, Rate: k.Rate, Stereo: k.Stereo, Lossless: k.Lossless,
			Part: k.Part, Available: k.Available, Program: k.Program})
	}
	out.Body.Total = int64(len(out.Body.Items))
	return out, nil
}

// formatOf is the kind of a format that can be had.
func (s *Server) formatOf(ctx context.Context, name, location string) (export.Kind, error) {
	k, ok := export.KindOf(cmp.Or(name, string(export.Native)))
	if ok {
		return k, nil
	}
	var all []string
	for _, k := range export.Kinds() {
		all = append(all, k.Name)
	}
	p := fail("invalid", "")
	p.Errors = []api.ProblemError{{Location: location, Message: text.Text(languageOf(ctx), "invalid.one-of", text.Args{"values": strings.Join(all, ", ")}), Value: name}}
	return k, p
}

// ExportInput says how a recording is wanted.
type ExportInput struct {
	RecordingInput
	Format string     `query:"format" maxLength:"20" default:"native" doc:"native: as recorded; pcm16: 16-bit PCM; others as GET /formats names them"`
	Layout string     `query:"layout" enum:"stereo,mixed,network,local" doc:"What becomes of two sides: left and right, added up, or one of them; default: stereo where the format has two channels, otherwise mixed"`
	From   api.Number `query:"from" minimum:"0" maximum:"1000000" doc:"Seconds of the recording that are left out before"`
	To     api.Number `query:"to" minimum:"0" maximum:"1000000" doc:"Second of the recording to end before; 0: to its end"`
	Reason string     `query:"reason" maxLength:"500" doc:"Why, for the audit log"`
}

// export gives a recording as one file.
func (s *Server) export(ctx context.Context, in *ExportInput) (stream, error) {
	row, err := s.find(ctx, access.Export, in.ID)
	if err != nil {
		return nil, err
	}
	k, err := s.formatOf(ctx, in.Format, "query.format")
	if err != nil {
		return nil, err
	}
	if in.To > 0 && in.To <= in.From {
		f := &faults{lang: languageOf(ctx)}
		f.add("to", in.To, "to", nil)
		return nil, f.err()
	}
	switch row.State {
	case index.StateErased:
		return nil, failLine("erased", row.Line, row.ID)
	case index.StateTrash:
		return nil, failLine("in-trash", row.Line, row.ID)
	}
	layout := export.Layout(in.Layout)
	if k.Name == export.Original && layout == export.Auto && len(row.Sides) > 1 {
		layout = export.Stereo // which says that it is one file per side
	}
	outs, err := k.Outputs(layout, row.Sides)
	if err != nil {
		return nil, err
	}
	if err := s.hears(ctx, access.Export, row.ID, row.Line, in.detail()...); err != nil {
		return nil, err
	}
	return s.exported(row, k, outs[0], export.Span{From: int64(in.From * 8000), To: int64(in.To * 8000)})
}

// detail is what the audit log has of it, beside the recording.
func (in *ExportInput) detail() []string {
	out := []string{"format", in.Format}
	if in.Layout != "" {
		out = append(out, "layout", in.Layout)
	}
	if in.From > 0 || in.To > 0 {
		out = append(out, "from", strconv.FormatFloat(in.From, 'f', -1, 64), "to", strconv.FormatFloat(in.To, 'f', -1, 64))
	}
	if in.Reason != "" {
		out = append(out, "reason", in.Reason)
	}
	return out
}

// exported makes the file when the answer begins, however long that takes.
func (s *Server) exported(row index.Row, k export.Kind, o export.Output, part export.Span) (stream, error) {
	audio, err := export.OpenSides(s.cfg.Archive, &row, o.Sides)
	if err != nil {
		return nil, noAudio(row, err)
	}
	if s.cfg.Maker == nil {
		for _, a := range audio {
			err = errors.Join(err, a.Close())
		}
		return nil, errors.Join(fail("not-available", ""), err)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		unhurried(w)
		ctx, cancel := s.ending(r.Context())
		defer cancel()
		made, err := s.cfg.Maker.Make(ctx, export.Wish{Kind: k, Mix: o.Mix, Part: part}, audio...)
		if err != nil {
			writeErr(w, r, s.problem(ctx, "export", noAudio(row, err)))
			return
		}
		defer func() { _ = made.Close() }() // it was only read
		name := row.ID
		if len(o.Sides) < len(row.Sides) {
			name += "." + o.Side
		}
		tag := fmt.Sprintf("%s.%s.%s.%d-%d.%d", row.ID, k.Name, o.Side, part.From, part.To, made.Size)
		h := w.Header()
		h.Set("Content-Type", k.MediaType)
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+k.Ext))
		modified := row.End
		if row.State == index.StateOpen {
			modified = time.Time{}
		} else { // sealed: it never changes, so a download may be resumed; caches keep nothing
			h.Set("ETag", fmt.Sprintf("%q", tag))
		}
		out := &tallied{ranged: &ranged{paced: newPaced(w, false), r: r}}
		http.ServeContent(out, r, name, modified, made)
		if r.Method != http.MethodHead {
			s.counted(k.Name, out.n, out.err)
		}
	}, nil
}

// noAudio names the line where audio is not there.
func noAudio(row index.Row, err error) error {
	if code := archive.Unreadable(err); code != "" {
		return failLine(code, row.Line, err.Error())
	}
	if errors.Is(err, archive.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return failLine("no-audio", row.Line, err.Error())
	}
	return err
}

// tallied counts what is sent.
type tallied struct {
	*ranged
	n   int64
	err error
}

func (t *tallied) Write(b []byte) (int, error) {
	n, err := t.ranged.Write(b)
	t.n += int64(n)
	t.err = errors.Join(t.err, err)
	return n, err
}

// NewExportInput asks for an export; with search in its body, the query says of what.
type NewExportInput struct {
	SearchInput
	Body api.NewExport
}

// newExport finds the recordings and queues the job.
func (s *Server) newExport(ctx context.Context, in *NewExportInput) (*body[api.Export], error) {
	if s.cfg.Exports == nil || s.cfg.Maker == nil {
		return nil, fail("not-available", "")
	}
	b := &in.Body
	k, err := s.formatOf(ctx, b.Format, "body.format")
	if err != nil {
		return nil, err
	}
	if _, err := export.ParseTemplate(b.Template); err != nil {
		return nil, err
	}
	if b.Layout != "" { // of two sides, whatever the recordings have
		if _, err := k.Outputs(export.Layout(b.Layout), []string{"network", "local"}); err != nil {
			return nil, err
		}
	}
	if b.Search == (len(b.IDs) > 0) {
		p := fail("invalid", "")
		p.Errors = []api.ProblemError{{Location: "body.ids", Message: text.Text(languageOf(ctx), "invalid.ids-or-search", nil)}}
		return nil, p
	}
	c := who(ctx)
	spec := export.Spec{Format: k.Name, Layout: export.Layout(b.Layout), Template: b.Template, Proof: b.Proof, Reason: b.Reason, Actor: c.Name, Kind: string(c.Kind)}
	me := c.Actor
	spec.Allowed = func(line int) bool { return s.cfg.Access.Scope(me).Allows(access.Export, line) }
	var about int64
	lines := map[int]bool{}
	take := func(row *index.Row) {
		spec.IDs = append(spec.IDs, row.ID)
		lines[row.Line] = true
		about += k.Bytes(row.Samples, len(row.Sides)) + 1000
	}
	if b.Search {
		unhurriedly := in.RecordingFilter
		if err := s.checkSearch(ctx, access.Export, &in.RecordingFilter); err != nil {
			return nil, err
		}
		unhurriedly.Limit, unhurriedly.After = 0, ""
		spec.Search = unhurriedly.Encode()
		err = s.allFound(ctx, &in.SearchInput, take)
	} else {
		err = s.allNamed(ctx, b.IDs, take)
	}
	if err != nil {
		return nil, err
	}
	if why := s.short(); why != "" {
		return nil, fail("overloaded", why)
	}
	switch {
	case len(spec.IDs) == 0:
		return nil, fail("nothing-found", "")
	case len(spec.IDs) > export.MaxRecordings:
		return nil, fail("too-many-recordings", fmt.Sprintf("%d, at most %d", len(spec.IDs), export.MaxRecordings))
	case b.Proof && len(spec.IDs) > export.MaxProofs:
		return nil, fail("too-many-recordings", fmt.Sprintf("%d with proofs, at most %d", len(spec.IDs), export.MaxProofs))
	}
	spec.Lines = slices.Sorted(maps.Keys(lines))
	var job export.Job
	e := access.Entry{Verb: access.Export, Detail: map[string]string{"format": k.Name, "recordings": strconv.Itoa(len(spec.IDs)), "reason": b.Reason, "search": spec.Search,
		"proof": strconv.FormatBool(b.Proof), "first": spec.IDs[0], "last": spec.IDs[len(spec.IDs)-1]}}
	err = s.act(ctx, e, func(e *access.Entry) error {
		if job, err = s.cfg.Exports.Add(spec, about); err == nil {
			e.Object = "export " + job.ID
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &body[api.Export]{exportOf(&job)}, nil
}

// allFound calls take with everything that a search finds, until it is too much.
func (s *Server) allFound(ctx context.Context, in *SearchInput, take func(*index.Row)) error {
	f := in.filter(who(ctx).scope, access.Export)
	f.Limit, f.Cursor, f.NoCount = 1000, "", true
	for n := 0; n <= export.MaxRecordings; {
		p, err := s.cfg.Index.Query(ctx, f)
		if err != nil {
			return err
		}
		for i := range p.Rows {
			take(&p.Rows[i])
		}
		n += len(p.Rows)
		if f.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	return nil
}

// allNamed calls take with recordings by their IDs, each once.
func (s *Server) allNamed(ctx context.Context, ids []string, take func(*index.Row)) error {
	seen := map[string]bool{}
	for _, id := range ids {
		if !isID(id) {
			return fail("no-recording", id)
		}
		row, err := s.find(ctx, access.Export, id)
		if err != nil {
			return err
		}
		if !seen[row.ID] {
			seen[row.ID] = true
			take(&row)
		}
	}
	return nil
}

func exportOf(j *export.Job) api.Export {
	s := &j.Spec
	return api.Export{ID: j.ID, State: j.State, Code: j.Code, Detail: j.Detail, By: s.Actor, Created: j.Created, Finished: moment(j.Finished), Expires: moment(j.Expires),
		Format: s.Format, Layout: string(s.Layout), Proof: s.Proof, Reason: s.Reason, Total: j.Total, Handled: j.Handled, Left: j.Left, Files: j.Files, Bytes: j.Bytes, SHA256: j.SHA256}
}

// ownExport says whether a caller may see an export: those who asked for it, and
// who may see everything and read the audit log.
func ownExport(j *export.Job, c *caller) bool {
	return j.Spec.Actor == c.Name && j.Spec.Kind == string(c.Kind) || c.scope.Everywhere(access.AuditRead) && c.scope.Everywhere(access.Maintain)
}

func (s *Server) exports(ctx context.Context, _ *empty) (*body[api.Page[api.Export]], error) {
	out := &body[api.Page[api.Export]]{}
	out.Body.Items = []api.Export{}
	if s.cfg.Exports == nil {
		return nil, fail("not-available", "")
	}
	all := s.cfg.Exports.List()
	all = slices.DeleteFunc(all, func(j export.Job) bool { return !ownExport(&j, who(ctx)) })
	for i := range all {
		out.Body.Items = append(out.Body.Items, exportOf(&all[i]))
	}
	out.Body.Total = int64(len(all))
	return out, nil
}

// mayFetch says whether a caller may have, now, what is in an export: who asked for
// it may have lost a line since.
func mayFetch(j *export.Job, c *caller) error {
	if j.Spec.Lines == nil && !c.scope.Everywhere(access.Export) {
		return fail("forbidden", "")
	}
	for _, line := range j.Spec.Lines {
		if err := c.scope.Check(c.Actor, access.Export, line); err != nil {
			return err
		}
	}
	return nil
}

// ExportJobInput names an export.
type ExportJobInput struct {
	Export string `path:"export" maxLength:"40" doc:"ID of the export"`
}

func (s *Server) job(ctx context.Context, id string) (export.Job, error) {
	if s.cfg.Exports == nil {
		return export.Job{}, fail("not-available", "")
	}
	j, err := s.cfg.Exports.Get(id)
	if err == nil && !ownExport(&j, who(ctx)) {
		s.denied(ctx, access.Export, "export "+id, 0)
		err = export.ErrNone
	}
	return j, err
}

func (s *Server) exportState(ctx context.Context, in *ExportJobInput) (*body[api.Export], error) {
	j, err := s.job(ctx, in.Export)
	if err != nil {
		return nil, err
	}
	return &body[api.Export]{exportOf(&j)}, nil
}

// exportFile hands out the ZIP. Whoever fetches it stands in the audit log.
func (s *Server) exportFile(ctx context.Context, in *ExportJobInput) (stream, error) {
	j, err := s.job(ctx, in.Export)
	if err != nil {
		return nil, err
	}
	if err := mayFetch(&j, who(ctx)); err != nil {
		s.denied(ctx, access.Export, "export "+j.ID, 0)
		return nil, err
	}
	f, j, err := s.cfg.Exports.Result(j.ID)
	if err != nil {
		return nil, err
	}
	if err := s.hears(ctx, access.Export, "export "+j.ID, 0, "recordings", strconv.Itoa(j.Total), "sha256", j.SHA256); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func(w http.ResponseWriter, r *http.Request) {
		defer f.Close()
		name := "vaad-export-" + j.Created.UTC().Format("20060102-150405") + ".zip"
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
		w.Header().Set("ETag", fmt.Sprintf("%q", j.SHA256))
		http.ServeContent(&ranged{paced: newPaced(w, false), r: r}, r, name, j.Finished, f)
	}, nil
}

func (s *Server) removeExport(ctx context.Context, in *ExportJobInput) (*done, error) {
	j, err := s.job(ctx, in.Export)
	if err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.Export, Object: "export " + j.ID, Detail: map[string]string{"act": "remove"}}
	return &done{}, s.act(ctx, e, func(*access.Entry) error { return s.cfg.Exports.Remove(j.ID) })
}
