package console

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/export"
	"vaad/recorder/index"

	"github.com/xuri/excelize/v2"
)

// maxSheet is how many recordings a spreadsheet takes: its own limit is 1,048,576
// rows.
const maxSheet = 1_000_000

// maxCell is how many UTF-16 units a cell of a spreadsheet holds.
const maxCell = 32_767

// TableInput chooses the recordings of a table, as a search does, and its columns.
type TableInput struct {
	SearchInput
	Columns []string `query:"columns" maxItems:"64" doc:"Columns in their order, comma-separated; without them those of the saved search, or all"`
	Header  string   `query:"header" enum:"words,codes" default:"words" doc:"words: names of columns and values in the caller's language; codes: as the API names them, times in UTC"`
	Reason  string   `query:"reason" maxLength:"500" doc:"Why, for the audit log"`
}

// CSVInput is a table of text.
type CSVInput struct {
	TableInput
	BOM string `query:"bom" enum:"yes,no" default:"yes" doc:"Begin with the mark by which spreadsheets know UTF-8"`
}

// A recordingTable is what is written, row by row.
type recordingTable struct {
	cols  []column
	codes bool
	lang  string
	next  func(context.Context) (index.Page, error)
	first index.Page
	work  func(context.Context, func() error) error // in a slot of the pool, which asking the index takes by itself
}

// table looks at what is asked for, and fetches the first rows: what fails here
// is answered as a problem. The audit log has it before the first byte.
func (s *Server) table(ctx context.Context, in *TableInput, object string) (*recordingTable, error) {
	if s.cfg.Maker == nil {
		return nil, fail("not-available", "")
	}
	names := in.Columns
	if in.Saved != "" && len(names) == 0 {
		one, err := s.savedSearch(who(ctx), in.Saved)
		if err != nil {
			return nil, err
		}
		names = one.Columns
	}
	cols, err := columnsOf(&faults{lang: languageOf(ctx)}, names)
	if err != nil {
		return nil, err
	}
	if err := s.checkSearch(ctx, access.Export, &in.RecordingFilter); err != nil {
		return nil, err
	}
	f := in.filter(who(ctx).scope, access.Export)
	f.Limit, f.Cursor, f.NoCount = 1000, "", true
	t := &recordingTable{cols: cols, codes: in.Header == "codes", lang: languageOf(ctx), work: s.cfg.Maker.Work}
	t.next = func(ctx context.Context) (index.Page, error) {
		p, err := s.cfg.Index.Query(ctx, f)
		f.Cursor = p.Next
		return p, err
	}
	if t.first, err = t.next(ctx); err != nil {
		return nil, err
	}
	return t, s.audited(ctx, access.Entry{Verb: access.Export, Object: object, Result: "ok",
		Detail: map[string]string{"search": in.Encode(), "reason": in.Reason}})
}

// each calls fn with every row, and flush behind every thousand of them.
func (t *recordingTable) each(ctx context.Context, fn func(*api.Recording) error, flush func() error) error {
	for p := t.first; ; {
		err := t.work(ctx, func() error {
			for i := range p.Rows {
				r := recordingOf(&p.Rows[i])
				if err := fn(&r); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			err = flush()
		}
		if err != nil || p.Next == "" {
			return err
		}
		if p, err = t.next(ctx); err != nil {
			return err
		}
	}
}

// counted counts what is sent, for the metrics.
func (s *Server) counted(format string, bytes int64, err error) {
	if s.cfg.Maker != nil {
		s.cfg.Maker.Count(format, bytes, err)
	}
}

// recordingsCSV writes what a search finds as RFC 4180 has it, row by row, however
// many there are.
func (s *Server) recordingsCSV(ctx context.Context, in *CSVInput) (stream, error) {
	t, err := s.table(ctx, &in.TableInput, "recordings.csv")
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := s.ending(r.Context())
		defer cancel()
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="vaad-recordings.csv"`)
		out := &tally{w: newPaced(w, true)}
		err := t.csv(ctx, out, in.BOM != "no")
		s.counted("csv", out.n, err)
		if err != nil {
			s.cfg.Logger.Warn("console: a table of recordings was cut off", "error", err)
			panic(http.ErrAbortHandler) // so that the receiver knows that it is not whole
		}
	}, nil
}

func (t *recordingTable) csv(ctx context.Context, w io.Writer, bom bool) error {
	var made bytes.Buffer // a slow receiver must not hold a slot of the pool
	if bom {
		made.WriteString("\ufeff")
	}
	c := csv.NewWriter(&made)
	c.UseCRLF = true
	cells := make([]string, len(t.cols))
	for i := range t.cols {
		cells[i] = t.cols[i].head(t.lang, t.codes)
	}
	if err := c.Write(cells); err != nil {
		return err
	}
	return t.each(ctx, func(r *api.Recording) error {
		for i := range t.cols {
			v := t.cols[i].cell(t.lang, t.codes, r)
			cells[i] = plainCell(v, t.codes)
			if _, text := v.(string); text {
				cells[i] = export.Harmless(cells[i])
			}
		}
		return c.Write(cells)
	}, func() error {
		c.Flush()
		_, err := made.WriteTo(w)
		return err
	})
}

// tally counts what goes through.
type tally struct {
	w io.Writer
	n int64
}

func (t *tally) Write(b []byte) (int, error) {
	n, err := t.w.Write(b)
	t.n += int64(n)
	return n, err
}

// recordingsXLSX writes what a search finds as a spreadsheet. All rows are
// gathered on the disk first, so that a fault is told, and none is cut off.
func (s *Server) recordingsXLSX(ctx context.Context, in *TableInput) (stream, error) {
	t, err := s.table(ctx, in, "recordings.xlsx")
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		unhurried(w)
		ctx, cancel := s.ending(r.Context())
		defer cancel()
		f, size, err := s.spooled(ctx, t)
		if err != nil {
			s.counted("xlsx", 0, err)
			writeErr(w, r, s.problem(ctx, "recordings-xlsx", err))
			return
		}
		defer f.Close()
		w.Header().Set("Content-Type", xlsxType)
		w.Header().Set("Content-Disposition", `attachment; filename="vaad-recordings.xlsx"`)
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		n, err := io.Copy(newPaced(w, false), f)
		s.counted("xlsx", n, err)
		if err != nil {
			s.cfg.Logger.Warn("console: a spreadsheet was cut off", "error", err)
			panic(http.ErrAbortHandler)
		}
	}, nil
}

// spooled is the spreadsheet as a file.
func (s *Server) spooled(ctx context.Context, t *recordingTable) (*os.File, int64, error) {
	book, err := t.sheet(ctx, s.cfg.Maker.Dir())
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = book.Close() }() // its temporary files; nothing is lost with them
	out := &tally{}
	f, err := s.cfg.Maker.Spool(ctx, func(w io.Writer) error {
		out.w = w
		_, err := book.WriteTo(out)
		return err
	})
	return f, out.n, err
}

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// sheet makes the spreadsheet. Texts are cells of text, which no program takes
// for formulas; times and numbers are cells of their own kind, times in the
// zone of the box.
func (t *recordingTable) sheet(ctx context.Context, dir string) (book *excelize.File, err error) {
	book = excelize.NewFile(excelize.Options{TmpDir: dir})
	defer func() {
		if err != nil {
			_ = book.Close() // what is wrong is told already
		}
	}()
	name := text.Text(t.lang, "column.sheet", nil)
	if err = book.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	styles, err := newSheetStyles(book)
	if err != nil {
		return nil, err
	}
	w, err := book.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	for i, c := range t.cols {
		if err = w.SetColWidth(i+1, i+1, c.width); err != nil {
			return nil, err
		}
	}
	if err = w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	cells := make([]any, len(t.cols))
	for i := range t.cols {
		cells[i] = excelize.Cell{StyleID: styles.head, Value: t.cols[i].head(t.lang, t.codes)}
	}
	row := 1
	if err = w.SetRow("A1", cells); err != nil {
		return nil, err
	}
	err = t.each(ctx, func(r *api.Recording) error {
		if row++; row > maxSheet+1 {
			return fail("too-many-rows", "")
		}
		for i := range t.cols {
			cells[i] = styles.cell(t.cols[i].cell(t.lang, t.codes, r), t.codes)
		}
		at, err := excelize.CoordinatesToCellName(1, row)
		if err != nil {
			return err
		}
		return w.SetRow(at, cells)
	}, func() error { return nil })
	if err != nil {
		return nil, err
	}
	return book, w.Flush()
}

type sheetStyles struct{ head, time, seconds int }

func newSheetStyles(book *excelize.File) (s sheetStyles, err error) {
	style := func(st excelize.Style) (id int) {
		if err == nil {
			id, err = book.NewStyle(&st)
		}
		return id
	}
	when, part := "yyyy-mm-dd hh:mm:ss", "0.000"
	s.head = style(excelize.Style{Font: &excelize.Font{Bold: true}})
	s.time = style(excelize.Style{CustomNumFmt: &when})
	s.seconds = style(excelize.Style{CustomNumFmt: &part})
	return s, err
}

// cell is a value as the spreadsheet takes it.
func (s sheetStyles) cell(v any, codes bool) any {
	switch v := v.(type) {
	case string:
		return sheetText(v)
	case float64:
		return excelize.Cell{StyleID: s.seconds, Value: v}
	case time.Time:
		zone := time.Local
		if codes {
			zone = time.UTC
		}
		at := v.In(zone)
		return excelize.Cell{StyleID: s.time, Value: time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)}
	}
	return v
}

// sheetText takes out what XML cannot say, and cuts at what a cell holds.
func sheetText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF || r == 0xFFFD {
			return -1
		}
		return r
	}, s)
	if u := utf16.Encode([]rune(s)); len(u) > maxCell {
		s = string(utf16.Decode(u[:maxCell-1]))
		s = strings.TrimRight(s, "\ufffd") + "…"
	}
	return s
}
