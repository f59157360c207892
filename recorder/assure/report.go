package assure

import (
	"context"
	"slices"
	"time"

	"vaad/calls"
	"vaad/recorder/index"
)

// Version of a report's form.
const Version = 1

// maxItems is how many calls a report lists; its sums have all.
const maxItems = 2000

// A Report is what became of the calls of a day.
type Report struct {
	V       int            `json:"v"`
	Day     string         `json:"day"`  // of the box's time zone, 2026-11-22
	From    time.Time      `json:"from"` // calls that begin from here
	To      time.Time      `json:"to"`   // and before here
	Made    time.Time      `json:"made"`
	Calls   int            `json:"calls"`
	Open    int            `json:"open,omitempty"` // of these, not over when it was made; they stand in no other figure
	Counts  map[string]int `json:"counts"`         // by verdict
	Reasons map[string]int `json:"reasons"`        // of those that are not whole
	Seconds Seconds        `json:"seconds"`
	Lines   []Line         `json:"lines"`
	Items   []Item         `json:"items"`            // calls that are partly, failed or unexplained, and those erased
	More    int            `json:"more,omitempty"`   // which found no room among the items
	Strays  []Stray        `json:"strays,omitempty"` // recordings that say they are of a call that the journal has not
}

// OK says that nothing is missing that is not explained, and nothing failed.
func (r *Report) OK() bool { return r.Counts[Failed]+r.Counts[Unexplained]+len(r.Strays) == 0 }

// Seconds are sums over calls.
type Seconds struct {
	Talked  float64 `json:"talked"`  // from answers to ends
	Missing float64 `json:"missing"` // of it, in no recording
	Lost    float64 `json:"lost"`    // gaps within recordings
	Masked  float64 `json:"masked"`  // left out on purpose
}

// A Line is the part of one line.
type Line struct {
	Line    int            `json:"line"`
	Name    string         `json:"name,omitempty"`
	Calls   int            `json:"calls"`
	Open    int            `json:"open,omitempty"`
	Counts  map[string]int `json:"counts"`
	Reasons map[string]int `json:"reasons"`
	Seconds Seconds        `json:"seconds"`
	Usual   float64        `json:"usual"`            // calls on such a day of the week, of the last four
	Silent  bool           `json:"silent,omitempty"` // it has none today and usually has
}

// An Item is a call that is not whole.
type Item struct {
	Call       string    `json:"call"`
	Line       int       `json:"line"`
	Start      time.Time `json:"start"`
	Verdict    string    `json:"verdict"`
	Reason     string    `json:"reason"`
	Talked     float64   `json:"talked_s"`
	Missing    float64   `json:"missing_s,omitempty"`
	Lost       float64   `json:"lost_s,omitempty"`
	Recordings []string  `json:"recordings,omitempty"`
}

// A Stray is a recording without its call.
type Stray struct {
	Recording string    `json:"recording"`
	Call      string    `json:"call"`
	Line      int       `json:"line"`
	Start     time.Time `json:"start"`
}

// Source is where a report comes from.
type Source struct {
	Calls      func(context.Context, calls.Filter) (calls.Page, error)
	Find       func(call string) (calls.Row, bool, error)
	Recording  func(id string) (index.Row, bool, error)
	Recordings func(context.Context, index.Filter) (index.Page, error)
	// Files says what is wrong with the files of a sealed recording; "" = they are
	// there, as long as they were.
	Files func(index.Row) (string, error)
	Lines map[int]string // numbers and names of lines that record
}

func (s *Seconds) add(o Seconds) {
	s.Talked += o.Talked
	s.Missing += o.Missing
	s.Lost += o.Lost
	s.Masked += o.Masked
}

// usually is from how many calls on such a day a line without any is silent.
const usually = 3

// Make makes the report of a day that is over, or of the present one so far.
// Errors are those of the source.
func Make(ctx context.Context, src Source, day time.Time, now time.Time) (*Report, error) {
	y, m, d := day.Date()
	from := time.Date(y, m, d, 0, 0, 0, 0, day.Location())
	to := time.Date(y, m, d+1, 0, 0, 0, 0, day.Location())
	r := &Report{V: Version, Day: from.Format(time.DateOnly), From: from, To: to, Made: now.UTC(), Counts: map[string]int{}, Reasons: map[string]int{},
		Lines: []Line{}, Items: []Item{}}
	w := &maker{src: src, r: r, lines: map[int]*Line{}}
	for n, name := range src.Lines {
		w.line(n).Name = name
	}
	if err := w.each(ctx, from, to, w.call); err != nil {
		return nil, err
	}
	if err := w.strays(ctx); err != nil {
		return nil, err
	}
	if err := w.usual(ctx, from); err != nil {
		return nil, err
	}
	for _, l := range w.lines {
		r.Lines = append(r.Lines, *l)
	}
	slices.SortFunc(r.Lines, func(a, b Line) int { return a.Line - b.Line })
	slices.Reverse(r.Items) // calls come newest first
	return r, nil
}

type maker struct {
	src   Source
	r     *Report
	lines map[int]*Line
}

func (w *maker) line(n int) *Line {
	if w.lines[n] == nil {
		w.lines[n] = &Line{Line: n, Counts: map[string]int{}, Reasons: map[string]int{}}
	}
	return w.lines[n]
}

// each calls f with all calls that begin in a time, newest first.
func (w *maker) each(ctx context.Context, from, to time.Time, f func(*calls.Row) error) error {
	ask := calls.Filter{From: from, To: to, Limit: 1000}
	for {
		page, err := w.src.Calls(ctx, ask)
		if err != nil {
			return err
		}
		for i := range page.Rows {
			if err := f(&page.Rows[i]); err != nil {
				return err
			}
		}
		if ask.Cursor = page.Next; page.Next == "" {
			return nil
		}
	}
}

func (w *maker) call(c *calls.Row) error {
	r, l := w.r, w.line(c.Line)
	r.Calls++
	l.Calls++
	if c.Open() {
		r.Open++
		l.Open++
		return nil
	}
	parts, err := w.parts(c)
	if err != nil {
		return err
	}
	f := judge(c, parts)
	r.Counts[f.verdict]++
	l.Counts[f.verdict]++
	of := Seconds{f.talked.Seconds(), f.missing.Seconds(), f.lost.Seconds(), f.masked.Seconds()}
	r.Seconds.add(of)
	l.Seconds.add(of)
	if f.reason != "" {
		r.Reasons[f.reason]++
		l.Reasons[f.reason]++
	}
	switch f.verdict {
	case Whole, Missed, NotWanted:
		return nil
	}
	item := Item{Call: c.ID, Line: c.Line, Start: c.Start.UTC(), Verdict: f.verdict, Reason: f.reason, Talked: f.talked.Seconds(), Missing: f.missing.Seconds(),
		Lost: f.lost.Seconds(), Recordings: c.Recordings}
	if len(r.Items) < maxItems {
		r.Items = append(r.Items, item)
		return nil
	}
	r.More++
	if i := slices.IndexFunc(r.Items, func(i Item) bool { return worse(f.verdict, i.Verdict) }); i >= 0 {
		r.Items = append(slices.Delete(r.Items, i, i+1), item) // the bad ones first
	}
	return nil
}

func worse(a, b string) bool { return slices.Index(Verdicts(), a) > slices.Index(Verdicts(), b) }

func (w *maker) parts(c *calls.Row) ([]part, error) {
	var parts []part
	for _, id := range c.Recordings {
		row, known, err := w.src.Recording(id)
		if err != nil {
			return nil, err
		}
		p := part{row: row, known: known}
		if known && row.State != index.StateErased && row.State != index.StateOpen {
			if p.wrong, err = w.src.Files(row); err != nil {
				return nil, err
			}
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// strays looks for recordings of the day that name a call which has no row.
func (w *maker) strays(ctx context.Context) error {
	ask := index.Filter{From: w.r.From, To: w.r.To, Limit: 1000, States: []string{index.StateSealed, index.StateRecovered, index.StateTrash}}
	for {
		page, err := w.src.Recordings(ctx, ask)
		if err != nil {
			return err
		}
		for i := range page.Rows {
			row := &page.Rows[i]
			if row.Call == "" {
				continue
			}
			_, known, err := w.src.Find(row.Call)
			if err != nil {
				return err
			}
			if !known && len(w.r.Strays) < maxItems {
				w.r.Strays = append(w.r.Strays, Stray{Recording: row.ID, Call: row.Call, Line: row.Line, Start: row.Start})
			}
		}
		if ask.Cursor = page.Next; page.Next == "" {
			return nil
		}
	}
}

// usual counts the calls of the same day of the last four weeks.
func (w *maker) usual(ctx context.Context, from time.Time) error {
	const weeks = 4
	y, m, d := from.Date()
	for k := 1; k <= weeks; k++ {
		a, b := time.Date(y, m, d-7*k, 0, 0, 0, 0, from.Location()), time.Date(y, m, d-7*k+1, 0, 0, 0, 0, from.Location())
		err := w.each(ctx, a, b, func(c *calls.Row) error { w.line(c.Line).Usual += 1.0 / weeks; return nil })
		if err != nil {
			return err
		}
	}
	for _, l := range w.lines {
		_, records := w.src.Lines[l.Line]
		l.Silent = records && l.Calls == 0 && l.Usual >= usually
	}
	return nil
}
