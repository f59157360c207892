package console

import (
	"context"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/index"
	"vaad/recorder/peaks"
)

// Peaks makes pictures of recordings: [peaks.Cache].
type Peaks interface {
	Get(context.Context, peaks.Subject) (*peaks.Picture, error)
}

// playerRoutes are what players draw and what they say about a recording.
func playerRoutes() []route {
	return []route{
		{"peaks", "GET", "/recordings/{id}/peaks", access.Play, "Recordings", "How loud a recording is, for players to draw", with((*Server).peaks)},
		{"timeline", "GET", "/recordings/{id}/timeline", access.SearchRecords, "Recordings", "What happened during a recording and what is marked in it, in words", with((*Server).timeline)},
	}
}

// PeaksInput says which part is wanted, and how fine.
type PeaksInput struct {
	RecordingInput
	From   float64 `query:"from" minimum:"0" maximum:"1000000" doc:"Begin of the part, seconds"`
	To     float64 `query:"to" minimum:"0" maximum:"1000000" doc:"End of the part; 0: that of the recording"`
	Points int     `query:"points" minimum:"1" maximum:"4096" default:"1000" doc:"Points of each side; none is shorter than 10 ms"`
}

// peaks needs the right to hear the recording, but nobody hears anything by it: no
// point is shorter than 10 ms.
func (s *Server) peaks(ctx context.Context, in *PeaksInput) (*body[api.Peaks], error) {
	row, err := s.find(ctx, access.Play, in.ID)
	if err != nil {
		return nil, err
	}
	return s.peaksOf(ctx, &row, in.From, in.To, in.Points)
}

func (s *Server) peaksOf(ctx context.Context, row *index.Row, from, to float64, points int) (*body[api.Peaks], error) {
	if s.cfg.Peaks == nil {
		return nil, failLine("not-available", row.Line, "")
	}
	if row.State == index.StateErased {
		return nil, failLine("erased", row.Line, row.ID)
	}
	sub := peaks.Subject{ID: row.ID, Day: row.Day, Sides: row.Sides}
	if row.State != index.StateOpen {
		sub.Hashes = row.SHA256
	}
	p, err := s.cfg.Peaks.Get(ctx, sub)
	if err != nil {
		return nil, noAudio(*row, err)
	}
	part, n := peaks.Fit(p.Samples, int64(from*8000), int64(to*8000), points)
	out := api.Peaks{ID: row.ID, Duration: inSeconds(p.Samples), From: inSeconds(part.From), To: inSeconds(part.To), Points: n,
		Sides: []api.PeakSide{}, Final: row.State != index.StateOpen}
	point := (part.To - part.From) / int64(n)
	for i := range p.Sides {
		side := &p.Sides[i]
		out.Sides = append(out.Sides, api.PeakSide{Side: side.Name, Data: side.View(part, n), Voice: stretches(side.Voices(part, point))})
	}
	out.Silence = stretches(p.Quiet(part, min(part.To-part.From, 8000)))
	return &body[api.Peaks]{out}, nil
}

func inSeconds(samples int64) float64 { return round(float64(samples)/8000, 3) }

func stretches(all []peaks.Span) []api.Stretch {
	out := []api.Stretch{}
	for _, s := range all {
		out = append(out, api.Stretch{inSeconds(s.From), inSeconds(s.To)})
	}
	return out
}
