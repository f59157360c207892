package logs

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of a Book.
const (
	Ring      = 5000    // lines in memory
	FileBytes = 1 << 20 // a file is closed when it is that long
	Files     = 4       // files kept, the one that is written included

	maxText  = 2000 // bytes of a message or a value
	maxAttrs = 32
)

// A Line is one line of the log.
type Line struct {
	Seq     uint64     `json:"seq"` // rising, over restarts too
	Time    time.Time  `json:"time"`
	Level   slog.Level `json:"level"`
	Text    string     `json:"text"`
	Attrs   []Attr     `json:"attrs,omitempty"`
	Earlier bool       `json:"-"` // of a run before this one
}

// An Attr is what a line says beside its text.
type Attr struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// A Book holds the newest lines. All methods may be called from any goroutine.
type Book struct {
	mask func(key, value string) string

	mu    sync.Mutex
	lines []Line // a ring: the oldest is at first
	first int
	next  uint64
	subs  map[chan struct{}]bool
	wait  []Line // for the file
	lost  int    // lines that the file did not take in time
	file  *file  // nil before Keep
	bell  chan struct{}
}

// New makes a Book in memory. mask takes secrets and telephone numbers out of a text; key
// is "" for a message.
func New(mask func(key, value string) string) *Book {
	return &Book{mask: mask, next: 1, subs: map[chan struct{}]bool{}, bell: make(chan struct{}, 1)}
}

// add keeps a line.
func (b *Book) add(l Line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.Seq = b.next
	b.next++
	b.push(l)
	if len(b.wait) < Ring {
		b.wait = append(b.wait, l)
	} else {
		b.lost++
	}
	poke(b.bell)
	for c := range b.subs {
		poke(c)
	}
}

// push puts a line into the ring. mu is held.
func (b *Book) push(l Line) {
	if len(b.lines) < Ring {
		b.lines = append(b.lines, l)
		return
	}
	b.lines[b.first] = l
	b.first = (b.first + 1) % Ring
}

// all is the ring in order. mu is held.
func (b *Book) all() []Line {
	return slices.Concat(b.lines[b.first:], b.lines[:b.first])
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// A Filter chooses lines. Zero fields choose all.
type Filter struct {
	Before   uint64 // lines with a smaller number
	After    uint64 // lines with a greater one
	Level    slog.Level
	Text     string // stands somewhere in it, whatever its case
	From, To time.Time
	Limit    int // default 200
}

func (f *Filter) takes(l *Line, text string) bool {
	if l.Level < f.Level || f.Before > 0 && l.Seq >= f.Before || l.Seq <= f.After ||
		!f.From.IsZero() && l.Time.Before(f.From) || !f.To.IsZero() && !l.Time.Before(f.To) {
		return false
	}
	if text == "" || strings.Contains(strings.ToLower(l.Text), text) {
		return true
	}
	return slices.ContainsFunc(l.Attrs, func(a Attr) bool { return strings.Contains(strings.ToLower(a.Key+"="+a.Value), text) })
}

// Find lists lines, newest first. With After, those that follow it most closely.
func (b *Book) Find(f Filter) []Line {
	if f.Limit <= 0 {
		f.Limit = 200
	}
	b.mu.Lock()
	all := b.all()
	b.mu.Unlock()
	out, text := []Line{}, strings.ToLower(f.Text)
	if f.After > 0 {
		for i := range all {
			if f.takes(&all[i], text) {
				if out = append(out, all[i]); len(out) == f.Limit {
					break
				}
			}
		}
		slices.Reverse(out)
		return out
	}
	for i := range slices.Backward(all) {
		if f.takes(&all[i], text) {
			if out = append(out, all[i]); len(out) == f.Limit {
				break
			}
		}
	}
	return out
}

// Last is the number of the newest line, 0 before the first.
func (b *Book) Last() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next - 1
}

// Subscribe returns a channel that has a value after lines have come: several may give
// one. cancel ends it.
func (b *Book) Subscribe() (news <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	b.subs[c] = true
	b.mu.Unlock()
	return c, func() {
		b.mu.Lock()
		delete(b.subs, c)
		b.mu.Unlock()
	}
}

// Handler keeps what it is given and hands it on to below.
func (b *Book) Handler(below slog.Handler) slog.Handler { return &handler{book: b, below: below} }

type handler struct {
	book  *Book
	below slog.Handler
	attrs []Attr
	group string // with a dot at its end
}

func (h *handler) Enabled(ctx context.Context, l slog.Level) bool { return h.below.Enabled(ctx, l) }

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	err := h.below.Handle(ctx, r)
	l := Line{Time: r.Time.UTC(), Level: r.Level, Text: cut(h.book.mask("", r.Message)), Attrs: slices.Clone(h.attrs)}
	r.Attrs(func(a slog.Attr) bool {
		l.Attrs = h.book.attr(l.Attrs, h.group, a)
		return true
	})
	h.book.add(l)
	return err
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	n := *h
	n.below, n.attrs = h.below.WithAttrs(attrs), slices.Clone(h.attrs)
	for _, a := range attrs {
		n.attrs = h.book.attr(n.attrs, h.group, a)
	}
	return &n
}

func (h *handler) WithGroup(name string) slog.Handler {
	n := *h
	n.below = h.below.WithGroup(name)
	if name != "" {
		n.group += name + "."
	}
	return &n
}

// attr adds an attribute; groups are taken apart. Figures are no telephone numbers.
func (b *Book) attr(to []Attr, group string, a slog.Attr) []Attr {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, m := range v.Group() {
			to = b.attr(to, group, m)
		}
		return to
	}
	if a.Equal(slog.Attr{}) || len(to) >= maxAttrs {
		return to
	}
	s := v.String()
	switch v.Kind() {
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindBool, slog.KindDuration, slog.KindTime:
	default:
		s = b.mask(a.Key, s)
	}
	return append(to, Attr{group + a.Key, cut(s)})
}

func cut(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
