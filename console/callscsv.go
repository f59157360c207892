package console

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/calls"
	"vaad/recorder/export"
)

// CallTableInput chooses the calls of a table, as a search does.
type CallTableInput struct {
	Lines       []int      `query:"line" maxItems:"256" doc:"Only these lines (comma-separated)"`
	Number      string     `query:"number" maxLength:"64" doc:"Caller or called number; * stands for any digits"`
	From        api.Time   `query:"from" doc:"Not before this moment (RFC 3339)"`
	To          api.Time   `query:"to" doc:"Before this moment (RFC 3339)"`
	MinDuration api.Number `query:"min_duration" minimum:"0" maximum:"1000000" doc:"Seconds it lasted at least"`
	Text        string     `query:"text" maxLength:"200" doc:"Words in names and numbers"`
	Limit       int        `query:"limit" minimum:"0" maximum:"10000000" doc:"Rows at most; 0 or absent: all"`
}

// callColumns are those of the table, named as in api.Call.
var callColumns = []string{"id", "line", "line_name", "board", "start", "answered", "answered_by", "end", "ended_by", "duration_s", "direction",
	"caller", "name", "called", "dialled", "keys", "missed", "outcome", "cause", "rings", "redirected", "connected", "by", "group",
	"conversation", "transferred_to", "transferred_from", "recordings", "why", "rule"} // a constant: nothing changes it

// callsCSV writes the calls that a filter finds as a table that spreadsheets
// open: UTF-8 with a mark that says so (RFC 4180 otherwise).
func (s *Server) callsCSV(ctx context.Context, in *CallTableInput) (stream, error) {
	wanted := api.Filter{Lines: in.Lines, Number: in.Number, From: in.From, To: in.To, MinDuration: in.MinDuration, Text: in.Text}
	if err := s.checkCalls(ctx, &wanted); err != nil {
		return nil, err
	}
	f := calls.Filter{Lines: linesOf(who(ctx).scope, access.Calls, in.Lines), From: in.From, To: in.To, Number: in.Number,
		MinDuration: seconds(in.MinDuration), Text: in.Text, Limit: 1000}
	left := in.Limit
	next := func() (calls.Page, error) {
		if in.Limit > 0 {
			f.Limit = min(1000, left)
		}
		p, err := s.cfg.Calls.Query(ctx, f)
		f.Cursor, left = p.Next, left-len(p.Rows)
		return p, err
	}
	p, err := next() // before the first byte: what fails here is answered as a problem
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="vaad-calls.csv"`)
		out := newPaced(w, true)
		if _, err := out.Write([]byte("\ufeff")); err != nil {
			return
		}
		t := csv.NewWriter(out)
		t.UseCRLF = true
		_ = t.Write(callColumns) // the receiver may be gone: Error says so below
		names := s.lineNames()
		for {
			for _, row := range p.Rows {
				_ = t.Write(callCells(s.callOf(row, names)))
			}
			if t.Flush(); t.Error() != nil || p.Next == "" || in.Limit > 0 && left <= 0 {
				return
			}
			if p, err = next(); err != nil {
				s.cfg.Logger.Error("console: a table of calls was cut off", "error", err)
				panic(http.ErrAbortHandler) // so that the receiver knows that it is not whole
			}
		}
	}, nil
}

// callCells is one row.
func callCells(c api.Call) []string {
	count := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	cells := []string{c.ID, strconv.Itoa(c.Line), c.LineName, c.Board, instant(&c.Start), instant(c.Answered), c.AnsweredBy, instant(c.End), c.EndedBy,
		strconv.FormatFloat(c.Duration, 'f', -1, 64), c.Direction, c.Caller, c.Name, c.Called, c.Dialled, c.Keys, strconv.FormatBool(c.Missed), c.Outcome,
		count(c.Cause), count(c.Rings), c.Redirected, c.Connected, c.By, c.Group, c.Conversation, c.TransferredTo, c.TransferredFrom, strings.Join(c.Recordings, " "), c.Why, c.Rule}
	for i := range cells {
		cells[i] = export.Harmless(cells[i])
	}
	return cells
}
