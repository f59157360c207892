package console

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/export"
	"vaad/recorder/index"
	"vaad/recorder/redecode"

	"github.com/prometheus/client_golang/prometheus"
)

// KeptAudio is the audio of a caller ID that was not understood.
type KeptAudio struct {
	Name   string // of its file
	Time   time.Time
	Line   int
	Call   string
	Reason string // damaged, unframed, missing
	Bytes  int64
}

// A Redecoding gives what is needed to let today's detectors listen to stored audio.
type Redecoding interface {
	Acquire(context.Context) error // a slot of the pool of heavy work
	Release()
	Country(line int) string // whose tones a line has
	Kept() ([]KeptAudio, error)
	OpenKept(name string) (io.ReadSeekCloser, error) // fs.ErrNotExist
}

// replayRoutes are those of replays, re-decoding, boards, D-channels and the doctor.
func replayRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{"replay", get, "/recordings/{id}/replay", access.SearchRecords, "Recordings", "All that is known of a recording on one axis of time", with((*Server).replay)},
		{"redecode", post, "/recordings/{id}/redecode", access.Play, "Recordings", "Let today's detectors listen to a recording, and compare with what was told then", with((*Server).redecode)},
		{"caller-ids", get, "/caller-ids", access.Play, "Recordings", "Kept audio of caller IDs that were not understood, newest first", with((*Server).callerIDs)},
		{"caller-id-audio", get, "/caller-ids/{name}/audio", access.Play, "Recordings", "One of them as WAV", withStream((*Server).callerIDAudio, "audio/wav")},
		{"caller-id-redecode", post, "/caller-ids/{name}/redecode", access.Play, "Recordings", "Let today's detectors listen to it", with((*Server).redecodeCallerID)},
		{"board", get, "/boards/{board}", access.ViewLines, "Lines", "One board with its counters and ports", with((*Server).board)},
		{"ladder", get, "/boards/{board}/spans/{span}/ladder", access.SaveFlight, "Lines", "What was lately said on a D-channel, message by message", with((*Server).ladder)},
		{"doctor", get, "/doctor", access.Maintain, "Status", "What is wrong with the machine, and what to do", with((*Server).diagnose)},
	}
}

// newRedecodes counts what today's detectors said of stored audio: after an update it
// shows whether they hear less.
func newRedecodes(reg prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_redecode_facts_total",
		Help: "Facts of stored audio that was listened to again: told then and found now, only found now, only told then, not in the audio."}, []string{"is"})
	for _, is := range []string{redecode.Same, redecode.New, redecode.Gone, redecode.Unheard} {
		c.WithLabelValues(is)
	}
	if reg != nil {
		reg.MustRegister(c)
	}
	return c
}

// redecode lets today's detectors listen to a recording.
func (s *Server) redecode(ctx context.Context, in *RecordingInput) (*body[api.Redecoded], error) {
	row, err := s.find(ctx, access.Play, in.ID)
	if err != nil {
		return nil, err
	}
	switch {
	case s.cfg.Redecode == nil:
		return nil, fail("not-available", "")
	case row.State == index.StateErased:
		return nil, failLine("erased", row.Line, row.ID)
	}
	if err := s.hears(ctx, access.Play, row.ID, row.Line, "act", "redecode"); err != nil {
		return nil, err
	}
	story, err := s.cfg.Archive.Story(row.Day, row.ID)
	if err != nil && !errors.Is(err, archive.ErrNotFound) {
		return nil, err
	}
	if err := s.cfg.Redecode.Acquire(ctx); err != nil {
		return nil, err
	}
	defer s.cfg.Redecode.Release()
	out := s.redecoded(row.ID, row.Line)
	set := redecode.From(out.Country, story.Entries, row.Samples)
	var now []redecode.Fact
	samples := int64(0)
	for _, side := range row.Sides {
		facts, n, err := s.hearSide(ctx, &set, row, side)
		if err != nil {
			return nil, err
		}
		now, samples = append(now, facts...), max(samples, n)
	}
	slices.SortStableFunc(now, func(a, b redecode.Fact) int { return int(a.At - b.At) })
	then := redecode.Told(&story.Start, story.Entries, samples)
	s.fillIn(out, redecode.Compare(then, now, func(f *redecode.Fact) bool { return set.Heard(f, samples) }), samples)
	return &body[api.Redecoded]{*out}, nil
}

// hearSide listens to one side of a recording.
func (s *Server) hearSide(ctx context.Context, set *redecode.Setting, row index.Row, side string) (facts []redecode.Fact, n int64, err error) {
	a, err := s.cfg.Archive.Audio(row.Day, row.ID, side)
	if err != nil {
		if code := archive.Unreadable(err); code != "" {
			return nil, 0, failLine(code, row.Line, err.Error())
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, 0, failLine("no-audio", row.Line, err.Error())
		}
		return nil, 0, err
	}
	file, err := export.New(export.PCM16, a)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	facts, n, err = set.Hear(ctx, redecode.Side{Name: side, WAV: file})
	return facts, n, unheard(row.Line, err)
}

// unheard is why audio could not be listened to.
func unheard(line int, err error) error {
	if errors.Is(err, redecode.ErrAudio) {
		return failLine("audio-changed", line, err.Error())
	}
	return err
}

func (s *Server) redecoded(id string, line int) *api.Redecoded {
	return &api.Redecoded{ID: id, Line: line, Version: s.cfg.Version, Country: s.cfg.Redecode.Country(line), Items: []api.RedecodedFact{}}
}

// fillIn puts the rows of a comparison into an answer, and counts them.
func (s *Server) fillIn(out *api.Redecoded, rows []redecode.Row, samples int64) {
	out.Duration = round(float64(samples)/8000, 3)
	for i := range rows {
		r := &rows[i]
		f := api.RedecodedFact{Is: r.Is, Kind: r.Fact.Kind, At: r.Fact.At, Length: r.Fact.Length, Side: r.Fact.Side, Text: r.Fact.Text,
			Name: r.Fact.Name, By: r.Fact.By, Absent: r.Fact.Absent, Sure: r.Fact.Sure}
		s.redecodes.WithLabelValues(r.Is).Inc()
		switch r.Is {
		case redecode.Same:
			out.Same++
			f.Then = &r.Then.At
		case redecode.New:
			out.New++
		case redecode.Gone:
			out.Gone++
		case redecode.Unheard:
			out.Unheard++
		}
		out.Items = append(out.Items, f)
	}
}

// keptOf are the kept caller IDs of lines that the caller may play, newest first.
func (s *Server) keptOf(ctx context.Context) ([]KeptAudio, error) {
	if s.cfg.Redecode == nil {
		return nil, fail("not-available", "")
	}
	all, err := s.cfg.Redecode.Kept()
	sc := who(ctx).scope
	all = slices.DeleteFunc(all, func(k KeptAudio) bool { return !sc.Allows(access.Play, k.Line) })
	slices.SortFunc(all, func(a, b KeptAudio) int { return b.Time.Compare(a.Time) })
	return all, err
}

func (s *Server) callerIDs(ctx context.Context, _ *empty) (*body[api.Page[api.KeptCallerID]], error) {
	all, err := s.keptOf(ctx)
	if err != nil {
		return nil, err
	}
	names := s.lineNames()
	out := api.Page[api.KeptCallerID]{Items: []api.KeptCallerID{}, Total: int64(len(all))}
	for _, k := range all {
		out.Items = append(out.Items, api.KeptCallerID{Name: k.Name, Time: k.Time.UTC(), Line: k.Line, LineName: names[k.Line], Call: k.Call, Reason: k.Reason, Bytes: k.Bytes})
	}
	return &body[api.Page[api.KeptCallerID]]{out}, nil
}

// KeptInput names the kept audio of a caller ID.
type KeptInput struct {
	Name string `path:"name" maxLength:"120" pattern:"^[0-9A-Za-z][0-9A-Za-z.-]*[.]wav$" patternDescription:"name of a kept file" doc:"Name of the file"`
}

// openKept opens it, if the caller may play its line; the act is audited first.
func (s *Server) openKept(ctx context.Context, name, act string) (KeptAudio, io.ReadSeekCloser, error) {
	all, err := s.keptOf(ctx)
	if err != nil {
		return KeptAudio{}, nil, err
	}
	i := slices.IndexFunc(all, func(k KeptAudio) bool { return k.Name == name })
	if i < 0 {
		return KeptAudio{}, nil, fail("no-caller-id", name)
	}
	if err := s.hears(ctx, access.Play, name, all[i].Line, "act", act); err != nil {
		return KeptAudio{}, nil, err
	}
	f, err := s.cfg.Redecode.OpenKept(name)
	if errors.Is(err, fs.ErrNotExist) {
		return KeptAudio{}, nil, fail("no-caller-id", name)
	}
	return all[i], f, err
}

func (s *Server) callerIDAudio(ctx context.Context, in *KeptInput) (stream, error) {
	k, f, err := s.openKept(ctx, in.Name, "caller-id")
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		defer f.Close()
		w.Header().Set("Content-Type", "audio/wav")
		w.Header().Set("Content-Disposition", "inline; filename="+strconv.Quote(k.Name))
		http.ServeContent(&ranged{paced: newPaced(w, false), r: r}, r, k.Name, k.Time, f)
	}, nil
}

// redecodeCallerID lets today's detectors listen to what was not understood.
func (s *Server) redecodeCallerID(ctx context.Context, in *KeptInput) (*body[api.Redecoded], error) {
	k, f, err := s.openKept(ctx, in.Name, "redecode")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := s.cfg.Redecode.Acquire(ctx); err != nil {
		return nil, err
	}
	defer s.cfg.Redecode.Release()
	out := s.redecoded(k.Name, k.Line)
	set := redecode.From(out.Country, nil, 0)
	now, n, err := set.Hear(ctx, redecode.Side{WAV: f})
	if err != nil {
		return nil, unheard(k.Line, err)
	}
	s.fillIn(out, redecode.Compare(nil, now, func(*redecode.Fact) bool { return true }), n)
	return &body[api.Redecoded]{*out}, nil
}
