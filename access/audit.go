package access

import (
	"fmt"
	"strings"
	"time"

	"vaad/store"
)

// An Entry is one row of the audit log. Rows are never changed.
type Entry struct {
	Seq    uint64            `json:"seq"` // given by Append, from 1
	Time   time.Time         `json:"time"`
	Actor  string            `json:"actor"`
	Kind   Kind              `json:"kind,omitempty"`
	Verb   Verb              `json:"verb"`
	Object string            `json:"object,omitempty"` // recording ID, settings path, alarm …
	Line   int               `json:"line,omitempty"`
	Result string            `json:"result"` // "ok", "denied", "failed"
	Detail map[string]string `json:"detail,omitempty"`
}

// An Audit is the log of who did what.
type Audit struct {
	db  *store.DB
	now func() time.Time
}

const maxDetail = 2000 // bytes of one value; longer ones are cut

func entries() store.Bucket[Entry] { return store.NewBucket[Entry]("access.audit") }

// NewAudit keeps the log in db.
func NewAudit(db *store.DB, now func() time.Time) *Audit {
	if now == nil {
		now = time.Now
	}
	return &Audit{db, now}
}

// Append writes a row and returns it with its number once it is durable. Rows
// that come together share one sync. A caller whose row cannot be written should not do the act.
func (a *Audit) Append(e Entry) (Entry, error) {
	if e.Time.IsZero() {
		e.Time = a.now()
	}
	e.Time = e.Time.UTC()
	e.Object = cut(e.Object)
	detail := make(map[string]string, len(e.Detail))
	for k, v := range e.Detail {
		detail[k] = cut(v)
	}
	e.Detail = detail
	err := a.db.Batch(func(tx *store.Tx) error {
		n, err := entries().Next(tx)
		if err != nil {
			return err
		}
		_, before, err := head(tx)
		if err != nil {
			return err
		}
		e.Seq = n
		row, err := sealRow(before, e)
		if err != nil {
			return err
		}
		return rawEntries().Put(tx, store.Key(n), row)
	})
	if err != nil {
		return Entry{}, fmt.Errorf("audit: %w", err)
	}
	return e, nil
}

func cut(s string) string {
	if len(s) > maxDetail {
		return strings.ToValidUTF8(s[:maxDetail], "") + "…"
	}
	return s
}

// AuditFilter chooses rows; zero fields choose all.
type AuditFilter struct {
	Before   uint64 // only rows with a smaller Seq: the last one of the page before
	From, To time.Time
	Actor    string
	Verb     Verb
	Object   string
	Line     int
	Result   string
	Text     string // stands somewhere in actor, object or detail, whatever its case
	Limit    int    // default 100, at most 1000
}

// Query lists rows, newest first.
func (a *Audit) Query(f AuditFilter) ([]Entry, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	f.Limit = min(f.Limit, 1000)
	to := ""
	if f.Before > 0 {
		to = store.Key(f.Before)
	}
	var out []Entry
	err := a.db.View(func(tx *store.Tx) error {
		out = nil
		return entries().Reverse(tx, "", to, func(_ string, e Entry) bool {
			if f.takes(e) {
				out = append(out, e)
			}
			return len(out) < f.Limit
		})
	})
	return out, err
}

func (f AuditFilter) takes(e Entry) bool {
	return (f.From.IsZero() || !e.Time.Before(f.From)) && (f.To.IsZero() || e.Time.Before(f.To)) &&
		(f.Actor == "" || f.Actor == e.Actor) && (f.Verb == "" || f.Verb == e.Verb) &&
		(f.Object == "" || f.Object == e.Object) && (f.Line == 0 || f.Line == e.Line) && (f.Result == "" || f.Result == e.Result) &&
		(f.Text == "" || e.says(strings.ToLower(f.Text)))
}

// says looks for a text in lower case.
func (e Entry) says(text string) bool {
	for _, s := range []string{e.Actor, e.Object} {
		if strings.Contains(strings.ToLower(s), text) {
			return true
		}
	}
	for k, v := range e.Detail {
		if strings.Contains(strings.ToLower(k+"="+v), text) {
			return true
		}
	}
	return false
}
