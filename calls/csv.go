package calls

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

// CSVOptions say how rows become a table.
type CSVOptions struct {
	BOM      bool           // a byte order mark first: spreadsheets then read UTF-8
	Location *time.Location // of times, as 2006-01-02 15:04:05; nil: RFC 3339 in UTC
}

// A CSVWriter writes rows as CSV (RFC 4180): a line of names, then one per row.
// Cells that a spreadsheet would take for a formula have a ' in front.
type CSVWriter struct {
	w     *csv.Writer
	out   io.Writer
	opt   CSVOptions
	begun bool
	cells []string
}

// NewCSV makes a writer to w.
func NewCSV(w io.Writer, opt CSVOptions) *CSVWriter {
	c := &CSVWriter{w: csv.NewWriter(w), out: w, opt: opt}
	c.w.UseCRLF = true
	return c
}

// csvColumns are the columns: their names are those of the row's JSON, which stay.
var csvColumns = []struct {
	name string
	cell func(c *CSVWriter, r *Row) string
}{
	{"id", func(_ *CSVWriter, r *Row) string { return r.ID }},
	{"conversation", func(_ *CSVWriter, r *Row) string { return r.Conversation }},
	{"line", func(_ *CSVWriter, r *Row) string { return strconv.Itoa(r.Line) }},
	{"board", func(_ *CSVWriter, r *Row) string { return r.Board }},
	{"group", func(_ *CSVWriter, r *Row) string { return r.Group }},
	{"direction", func(_ *CSVWriter, r *Row) string { return r.Direction }},
	{"start", func(c *CSVWriter, r *Row) string { return c.time(r.Start) }},
	{"answered", func(c *CSVWriter, r *Row) string { return c.time(r.Answered) }},
	{"end", func(c *CSVWriter, r *Row) string { return c.time(r.End) }},
	{"seconds", func(_ *CSVWriter, r *Row) string { return seconds(r.Start, r.End) }},
	{"talk_seconds", func(_ *CSVWriter, r *Row) string { return seconds(r.Answered, r.End) }},
	{"caller", func(_ *CSVWriter, r *Row) string { return r.Caller }},
	{"name", func(_ *CSVWriter, r *Row) string { return r.Name }},
	{"withheld", func(_ *CSVWriter, r *Row) string { return r.Withheld }},
	{"called", func(_ *CSVWriter, r *Row) string { return r.Called }},
	{"dialled", func(_ *CSVWriter, r *Row) string { return r.Dialled }},
	{"redirected", func(_ *CSVWriter, r *Row) string { return r.Redirected }},
	{"connected", func(_ *CSVWriter, r *Row) string { return r.Connected }},
	{"keys", func(_ *CSVWriter, r *Row) string { return r.Keys }},
	{"outcome", func(_ *CSVWriter, r *Row) string { return r.Outcome }},
	{"answered_by", func(_ *CSVWriter, r *Row) string { return r.AnsweredBy }},
	{"ended_by", func(_ *CSVWriter, r *Row) string { return r.EndedBy }},
	{"cause", func(_ *CSVWriter, r *Row) string { return number(r.Cause) }},
	{"missed", func(_ *CSVWriter, r *Row) string { return strconv.FormatBool(r.Missed) }},
	{"rings", func(_ *CSVWriter, r *Row) string { return number(r.Rings) }},
	{"by", func(_ *CSVWriter, r *Row) string { return r.By }},
	{"transferred_from", func(_ *CSVWriter, r *Row) string { return r.TransferredFrom }},
	{"transferred_to", func(_ *CSVWriter, r *Row) string { return r.TransferredTo }},
	{"recordings", func(_ *CSVWriter, r *Row) string { return strings.Join(r.Recordings, " ") }},
	{"why", func(_ *CSVWriter, r *Row) string { return strings.Join(r.Why, " ") }},
}

// Write adds a row.
func (c *CSVWriter) Write(r Row) error {
	if err := c.head(); err != nil {
		return err
	}
	c.cells = c.cells[:0]
	for _, col := range csvColumns {
		c.cells = append(c.cells, harmless(col.cell(c, &r)))
	}
	return c.w.Write(c.cells)
}

// Flush writes what waits; of no rows, the names.
func (c *CSVWriter) Flush() error {
	if err := c.head(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

func (c *CSVWriter) head() error {
	if c.begun {
		return nil
	}
	c.begun = true
	if c.opt.BOM {
		if _, err := io.WriteString(c.out, "\ufeff"); err != nil {
			return err
		}
	}
	for _, col := range csvColumns {
		c.cells = append(c.cells, col.name)
	}
	return c.w.Write(c.cells)
}

func (c *CSVWriter) time(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case c.opt.Location == nil:
		return t.UTC().Format(time.RFC3339)
	}
	return t.In(c.opt.Location).Format("2006-01-02 15:04:05")
}

// seconds is from one time to another; "" where either is not there.
func seconds(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	return strconv.FormatFloat(to.Sub(from).Seconds(), 'f', 3, 64)
}

// number is n; "" for none.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// harmless keeps a spreadsheet from running what came in by telephone: cells that
// it would take for a formula are text (OWASP, CSV Injection).
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
