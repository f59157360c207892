// Package journald writes log records into systemd's journal with fields, so that
// `journalctl VAAD_LINE=7` finds them. It speaks journald's native protocol.
//
//	slog ─▶ Handler ─▶ one datagram per record ─▶ /run/systemd/journal/socket
//	            ├──▶ own goroutine, while journald does not keep up: 4096 records wait
//	            └──▶ standard error, as text, while there is no socket
//
// In: records of slog. Out: MESSAGE (the text and its attributes), PRIORITY,
// SYSLOG_IDENTIFIER, and each attribute as a field. Callers: cmd/vaad and
// cmd/vaad-usb, where [StderrIsIt].
//
// Whoever logs never waits: neither for journald nor for standard error, which
// journald reads too. What neither takes is lost, counted, and told as soon as
// either takes something again.
package journald

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
	"golang.org/x/sys/unix"
)

// Bounds of a record. What is longer is cut and ends in "…"; the sum stays below
// the send buffer that Linux gives a socket by default (208 KiB).
const (
	maxMessage = 64 << 10 // bytes of MESSAGE
	maxValue   = 16 << 10 // bytes of a field
	maxFields  = 48 << 10 // bytes of all fields; those that follow stand in MESSAGE only
	maxName    = 64       // bytes, journald's own bound
)

// Config says what the records are called.
type Config struct {
	Identifier string       // SYSLOG_IDENTIFIER
	Prefix     string       // of fields, as VAAD_
	Level      slog.Leveler // the least that is written

	// Name, if given, says what an attribute's field is called (without Prefix); "" is
	// none. Without it the field has the attribute's key. "err" comes as "error".
	Name func(key string, value slog.Value) string
}

// StderrIsIt tells whether standard error goes to the journal. Whoever redirects it means
// the log to go there.
func StderrIsIt() bool {
	yes, err := journal.StderrIsJournalStream()
	return err == nil && yes
}

// A Handler is a slog.Handler. All methods may be called from any goroutine.
type Handler struct {
	cfg    *Config
	to     *sender
	text   []byte // of the attributes so far
	fields []byte // as well
	group  string // with a dot at its end
}

// New makes a Handler that writes to journald, and to standard error what it cannot.
func New(c Config) *Handler {
	return &Handler{cfg: &c, to: newSender(c, socket, &stream{fd: unix.Stderr})}
}

// Close gives journald so long to take what waits; what is left, and records that come
// later, go to standard error.
func (h *Handler) Close(limit time.Duration) { h.to.close(limit) }

// Enabled tells whether records of the level are written.
func (h *Handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.cfg.Level.Level() }

// Handle writes a record. It never waits, and has no error: what is lost is told later.
func (h *Handler) Handle(_ context.Context, r slog.Record) error {
	// Clipped, so that each record appends to bytes of its own.
	b := attrs{cfg: h.cfg, text: h.text[:len(h.text):len(h.text)], fields: h.fields[:len(h.fields):len(h.fields)]}
	r.Attrs(func(a slog.Attr) bool {
		b.add(h.group, a)
		return true
	})
	h.to.send(entry{priority: priority(r.Level), message: cut(printable(r.Message)+string(b.text), maxMessage), fields: b.fields})
	return nil
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(of []slog.Attr) slog.Handler {
	b := attrs{cfg: h.cfg, text: h.text[:len(h.text):len(h.text)], fields: h.fields[:len(h.fields):len(h.fields)]}
	for _, a := range of {
		b.add(h.group, a)
	}
	n := *h
	n.text, n.fields = b.text, b.fields
	return &n
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	n := *h
	if name != "" {
		n.group += name + "."
	}
	return &n
}

func priority(l slog.Level) journal.Priority {
	switch {
	case l >= slog.LevelError:
		return journal.PriErr
	case l >= slog.LevelWarn:
		return journal.PriWarning
	case l >= slog.LevelInfo:
		return journal.PriInfo
	}
	return journal.PriDebug
}

// An entry is a record on its way.
type entry struct {
	priority journal.Priority
	message  string
	fields   []byte
}

// packet is the entry as journald takes it.
func (e *entry) packet(identifier string) []byte {
	b := make([]byte, 0, len(e.message)+len(e.fields)+80)
	b = field(b, "MESSAGE", e.message)
	b = field(b, "PRIORITY", strconv.Itoa(int(e.priority)))
	b = field(b, "SYSLOG_IDENTIFIER", identifier)
	return append(b, e.fields...)
}

// line is the entry as standard error takes it, with the mark that keeps its priority.
func (e *entry) line() []byte {
	b := make([]byte, 0, len(e.message)+4)
	b = append(b, '<', byte('0'+e.priority), '>')
	for _, c := range []byte(e.message) {
		if c == '\n' {
			c = ' ' // a line is an entry there
		}
		b = append(b, c)
	}
	return append(b, '\n')
}
