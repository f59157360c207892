package calls

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Filter chooses rows; zero fields choose all. It is that of recordings.
type Filter struct {
	Lines       []int         // the caller's scope: only these lines; nil = all, empty = none
	Line        int           // only this line, if the scope has it
	From, To    time.Time     // From ≤ start < To
	Number      string        // caller or called number; * stands for anything
	MinDuration time.Duration // open calls count up to now
	Text        string        // words, all of which stand in numbers, keys, codes, names, the line's number, or are the ID
	Limit       int           // rows of the page, 1…1000; 0 = 100
	Cursor      string        // Page.Next of the page before
}

// A Page is an answer, newest first.
type Page struct {
	Rows []Row
	Next string // cursor of the next page; "" = this is the last one
}

// ErrCursor says that a cursor was not made by [Journal.Query].
var ErrCursor = errors.New("the page cursor is not valid; ask for the first page again")

// takes says whether a row is chosen, its time aside.
func (f Filter) takes(r Row, now time.Time) bool {
	if f.Lines != nil && !slices.Contains(f.Lines, r.Line) || f.Line != 0 && f.Line != r.Line {
		return false
	}
	if f.MinDuration > 0 && r.Duration(now) < f.MinDuration {
		return false
	}
	if f.Number != "" && !Match(f.Number, r.Caller) && !Match(f.Number, r.Called) && !Match(f.Number, r.Dialled) &&
		!Match(f.Number, r.Redirected) && !Match(f.Number, r.Connected) {
		return false
	}
	if f.Text != "" {
		all := strings.ToLower(strings.Join(append([]string{r.Caller, r.Called, r.Name, r.Keys, r.Outcome, r.Direction, r.AnsweredBy, r.EndedBy,
			r.By, r.Group, r.TransferredTo, r.TransferredFrom, strconv.Itoa(r.Line)}, r.Why...), "\n"))
		for _, w := range strings.Fields(strings.ToLower(f.Text)) {
			if !strings.Contains(all, w) && w != strings.ToLower(r.ID) { // a piece of an ID says nothing
				return false
			}
		}
	}
	return true
}

// probe gives a quick look at a stored row: false means that the filter cannot take
// it. Decoding costs thirty times as much.
func (f Filter) probe() func(raw []byte) bool {
	var parts [][]byte
	if f.Line != 0 {
		parts = append(parts, []byte(`"line":`+strconv.Itoa(f.Line)+`,`))
	}
	for _, p := range strings.Split(f.Number, "*") {
		if p != "" && strings.Trim(p, "0123456789+#ABCD") == "" { // what JSON never writes otherwise
			parts = append(parts, []byte(p))
		}
	}
	return func(raw []byte) bool {
		for _, p := range parts {
			if !bytes.Contains(raw, p) {
				return false
			}
		}
		return true
	}
}

// Match says whether a number fits a pattern in which * stands for anything. An
// empty number fits nothing.
func Match(pattern, number string) bool {
	parts := strings.Split(pattern, "*")
	if number == "" || len(parts) == 1 {
		return number != "" && number == pattern
	}
	rest, ok := strings.CutPrefix(number, parts[0])
	if !ok {
		return false
	}
	if rest, ok = strings.CutSuffix(rest, parts[len(parts)-1]); !ok {
		return false
	}
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return true
}
