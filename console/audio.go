package console

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"vaad/access"
	"vaad/recorder/archive"
	"vaad/recorder/export"
	"vaad/recorder/index"
)

// AudioInput says which audio of a recording is wanted, and how.
type AudioInput struct {
	RecordingInput
	Side   string `query:"side" enum:"mixed,network,local,stereo" doc:"Which side; stereo: both, network left and local right, or the only one; without it the first one"`
	Format string `query:"format" enum:"native,pcm16,compact" default:"native" doc:"native: as recorded; pcm16: 16-bit PCM; compact: G.711, half of that. Every browser plays these two"`
}

// bothSides asks for all that there is to hear in one file.
const bothSides = "stereo"

// audio plays one side, or both. Ranges are understood, so that players can seek; a
// recording that is still being made plays up to now.
func (s *Server) audio(ctx context.Context, in *AudioInput) (stream, error) {
	row, err := s.find(ctx, access.Play, in.ID)
	if err != nil {
		return nil, err
	}
	side := in.Side
	if side == "" && len(row.Sides) > 0 {
		side = row.Sides[0]
	}
	sides := []string{side}
	if side == bothSides && len(row.Sides) > 0 {
		sides = row.Sides[:min(2, len(row.Sides))]
	}
	if !slices.Contains(row.Sides, sides[0]) {
		return nil, failLine("no-audio", row.Line, fmt.Sprintf("%s has the sides %s", row.ID, strings.Join(row.Sides, ", ")))
	}
	if err := s.hears(ctx, access.Play, row.ID, row.Line); err != nil {
		return nil, err
	}
	return s.file(row, export.Format(in.Format), "inline", row.ID+"."+side+".wav", sides...)
}

// file opens the sides and serves them as one file.
func (s *Server) file(row index.Row, f export.Format, disposition, name string, sides ...string) (stream, error) {
	if row.State == index.StateErased {
		return nil, failLine("erased", row.Line, row.ID)
	}
	var open []*archive.Audio
	for _, side := range sides {
		a, err := s.cfg.Archive.Audio(row.Day, row.ID, side)
		if err != nil {
			for _, o := range open {
				err = errors.Join(err, o.Close())
			}
			if code := archive.Unreadable(err); code != "" {
				return nil, failLine(code, row.Line, err.Error())
			}
			if errors.Is(err, archive.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
				return nil, failLine("no-audio", row.Line, err.Error())
			}
			return nil, err
		}
		open = append(open, a)
	}
	file, err := export.New(f, open...)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		defer file.Close()
		h := w.Header()
		h.Set("Content-Type", "audio/wav")
		h.Set("Content-Disposition", fmt.Sprintf("%s; filename=%q", disposition, name))
		modified := row.End
		if row.State == index.StateOpen {
			modified = time.Time{}
		} else { // sealed: it never changes, so a download may be resumed; caches keep nothing
			h.Set("ETag", fmt.Sprintf("%q", name+"."+string(f)))
		}
		http.ServeContent(&ranged{paced: newPaced(w, false), r: r}, r, name, modified, file)
	}, nil
}

// ranged answers a range behind the end of the file as a problem.
type ranged struct {
	*paced
	r       *http.Request
	refused bool
}

func (w *ranged) WriteHeader(status int) {
	if status != http.StatusRequestedRangeNotSatisfiable {
		w.paced.WriteHeader(status)
		return
	}
	w.refused = true
	w.Header().Del("Content-Disposition")
	writeProblem(w.paced, w.r, fail("range", w.r.Header.Get("Range")+" of "+w.Header().Get("Content-Range")))
}

func (w *ranged) Write(b []byte) (int, error) {
	if w.refused { // the words of net/http
		return len(b), nil
	}
	return w.paced.Write(b)
}
