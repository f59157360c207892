package console

import (
	"context"
	"errors"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/backup"
)

// NewRestoreInput is a wish to restore recordings.
type NewRestoreInput struct{ Body api.NewRestore }

// RestoreInput names a restore.
type RestoreInput struct {
	Restore string `path:"restore" maxLength:"64" doc:"Its ID"`
}

func (s *Server) newRestore(ctx context.Context, in *NewRestoreInput) (*body[api.Restore], error) {
	w := in.Body
	b, _, err := s.targetNamed(ctx, w.Target)
	if err != nil {
		return nil, err
	}
	wish := RestoreWish{Target: w.Target, Folder: w.Folder, By: who(ctx).Name,
		What: backup.Selection{IDs: w.IDs, From: archive.Day(w.From), To: archive.Day(w.To)}}
	for _, d := range []archive.Day{wish.What.From, wish.What.To} {
		if d != "" && !d.Valid() {
			return nil, fail("invalid", string(d)+" is no day")
		}
	}
	if len(w.IDs) == 0 && w.From == "" && w.To == "" && w.Folder != "" {
		return nil, fail("invalid", "say which recordings, or which days")
	}
	detail := map[string]string{"what": "restore", "from": w.From, "to": w.To, "folder": w.Folder, "recordings": itoa(uint64(len(w.IDs)))}
	var run RestoreRun
	if err := s.act(ctx, access.Entry{Verb: access.Keep, Object: "backup " + w.Target, Detail: detail},
		func(*access.Entry) (err error) { run, err = b.Restore(wish); return err }); err != nil {
		return nil, backupProblem(err)
	}
	return &body[api.Restore]{restoreOf(languageOf(ctx), run)}, nil
}

func (s *Server) restores(ctx context.Context, _ *empty) (*body[api.Page[api.Restore]], error) {
	b, err := s.backupsFor(ctx, "restores")
	if err != nil {
		return nil, err
	}
	out := &body[api.Page[api.Restore]]{api.Page[api.Restore]{Items: []api.Restore{}}}
	for _, r := range b.Restores() {
		out.Body.Items = append(out.Body.Items, restoreOf(languageOf(ctx), r))
	}
	return out, nil
}

func (s *Server) restore(ctx context.Context, in *RestoreInput) (*body[api.Restore], error) {
	b, err := s.backupsFor(ctx, "restore "+in.Restore)
	if err != nil {
		return nil, err
	}
	for _, r := range b.Restores() {
		if r.ID == in.Restore {
			return &body[api.Restore]{restoreOf(languageOf(ctx), r)}, nil
		}
	}
	return nil, fail("no-restore", "")
}

func (s *Server) cancelRestore(ctx context.Context, in *RestoreInput) (*body[api.Restore], error) {
	b, err := s.backupsFor(ctx, "restore "+in.Restore)
	if err != nil {
		return nil, err
	}
	var run RestoreRun
	if err := s.act(ctx, access.Entry{Verb: access.Keep, Object: "restore " + in.Restore, Detail: map[string]string{"what": "cancel"}},
		func(*access.Entry) (err error) { run, err = b.CancelRestore(in.Restore); return err }); err != nil {
		return nil, backupProblem(err)
	}
	return &body[api.Restore]{restoreOf(languageOf(ctx), run)}, nil
}

func restoreOf(lang string, r RestoreRun) api.Restore {
	out := api.Restore{ID: r.ID, Target: r.Target, Folder: r.Folder, By: r.By, Began: r.Began, Ended: momentOf(r.Ended), State: "running",
		Recordings: r.Report.Recordings, Files: r.Report.Files, Bytes: r.Report.Bytes, Kept: r.Report.Kept, Erased: r.Report.Erased,
		Missing: r.Report.Missing, Damaged: r.Report.Damaged, Faults: faultsOf(lang, r.Report.Faults)}
	switch {
	case r.Ended.IsZero():
	case r.Err == nil:
		out.State = "ok"
	case errors.Is(r.Err, context.Canceled):
		out.State = "cancelled"
	case errors.Is(r.Err, backup.ErrIncomplete):
		out.State = "incomplete"
	default:
		out.State, out.Error = "failed", r.Err.Error()
	}
	return out
}
