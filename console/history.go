package console

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"vaad/api"
	"vaad/api/text"
	"vaad/console/history"
)

// HistoryOfMetricsInput says which metrics are wanted, and when.
type HistoryOfMetricsInput struct {
	Series string   `query:"series" maxLength:"500" doc:"Names, separated by commas; none: what there is, without points"`
	From   api.Time `query:"from" doc:"Not before this moment; default: a day ago"`
	To     api.Time `query:"to" doc:"Before this moment; default: now"`
	Points int      `query:"points" minimum:"1" maximum:"2000" default:"300" doc:"At most so many of each"`
}

// maxSeries is how many metrics one answer has.
const maxSeries = 20

// metricsHistory is what metrics were. They are of the whole box, and name nobody.
func (s *Server) metricsHistory(ctx context.Context, in *HistoryOfMetricsInput) (*body[api.MetricsHistory], error) {
	if s.cfg.History == nil {
		return nil, fail("not-available", "")
	}
	now := s.cfg.Now()
	if in.To.IsZero() {
		in.To = now
	}
	if in.From.IsZero() {
		in.From = in.To.Add(-24 * time.Hour)
	}
	out := &body[api.MetricsHistory]{api.MetricsHistory{From: in.From, To: in.To, Series: []api.MetricCurve{}}}
	curve := func(c history.Series) api.MetricCurve {
		return api.MetricCurve{Name: c.Name, Title: text.Text(languageOf(ctx), "series."+c.Name, nil), Unit: c.Unit, Points: [][]float64{}}
	}
	if in.Series == "" {
		for _, c := range s.cfg.History.Series() {
			out.Body.Series = append(out.Body.Series, curve(c))
		}
		return out, nil
	}
	names := strings.Split(in.Series, ",")
	if len(names) > maxSeries {
		return nil, fail("invalid", "at most 20 series at once")
	}
	for _, name := range names {
		c, err := s.cfg.History.Query(name, in.From, in.To, in.Points)
		switch {
		case errors.Is(err, history.ErrNone):
			return nil, fail("no-series", quote(name))
		case err != nil:
			return nil, err
		}
		one := curve(c.Series)
		one.Step = int64(c.Step / time.Second)
		for _, p := range c.Points {
			one.Points = append(one.Points, []float64{float64(p.Time.Unix()), shortFigure(p.Min), shortFigure(p.Mean), shortFigure(p.Max)})
		}
		out.Body.Series = append(out.Body.Series, one)
	}
	return out, nil
}

// shortFigure leaves six digits: more are not measured.
func shortFigure(v float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil || math.IsNaN(short) || math.IsInf(short, 0) {
		return 0
	}
	return short
}
