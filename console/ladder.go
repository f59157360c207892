package console

import (
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/channels"
)

// A DFrame is a frame of a D-channel as it was kept, explained in codes.
type DFrame struct {
	Seq      uint64
	Time     time.Time
	From     string // network, user
	Raw      []byte
	Layer    int    // 2, 3
	Name     string // SETUP, RR
	Kind     string // I, RR
	SAPI     int
	TEI      int
	NS, NR   int // −1: it has none
	Poll     bool
	Repeated bool // sent again
	Missing  int  // frames of its side that should have come before it
	Bad      string
	Cause    int
	Elements []DElement
	Call     *DCall // nil: it belongs to none
}

// A DElement is an information element in codes.
type DElement struct {
	ID, Code string
	Details  [][2]string // key and value, as of the catalogue's group q931
	Raw      []byte
}

// A DCall is what is known of the call of a frame.
type DCall struct {
	Seq            uint64
	Origin         string
	Ref            int
	Slot, Line     int
	Caller, Called string
}

// DChannels remember what was said on the D-channels of spans.
type DChannels interface {
	// Frames calls f for each frame behind a number that is kept of a span, in order,
	// and says how many are kept, since when, how many were lost, and the newest number.
	// Errors: channels.ErrNoBoard, channels.ErrNoSpan.
	Frames(board string, span int, after uint64, f func(DFrame)) (DKept, error)
	// OfCall lists what was said of a line's call within a time.
	OfCall(line int, from, to time.Time) []DFrame
	// Stored explains frames out of a story, in the order in which they were sent.
	Stored([]DStored) []DFrame
}

// A DStored is a frame out of a story.
type DStored struct {
	Raw         []byte
	FromNetwork bool
	Time        time.Time
}

// DKept is how much of a D-channel is kept.
type DKept struct {
	Kept   int
	Since  time.Time
	Lost   uint64
	Newest uint64
}

// LadderInput chooses messages of a D-channel.
type LadderInput struct {
	Board string `path:"board" maxLength:"32"`
	Span  int    `path:"span" minimum:"1" maximum:"64"`
	Spoken
	api.LadderFilter
}

// ladder is what was lately said on a D-channel: numbers of all its calls, so that
// who may see it holds the right on each line of the board.
func (s *Server) ladder(ctx context.Context, in *LadderInput) (*body[api.Ladder], error) {
	if err := s.mayTrace(ctx, in.Board); err != nil {
		return nil, err
	}
	if s.cfg.DChannels == nil {
		return nil, fail("not-available", "")
	}
	if err := s.hears(ctx, access.SaveFlight, in.Board, 0, "span", strconv.Itoa(in.Span), "act", "ladder"); err != nil {
		return nil, err
	}
	lang := text.Match(in.Lang)
	out := api.Ladder{Board: in.Board, Span: in.Span, Items: []api.LadderMessage{}}
	kept, err := s.cfg.DChannels.Frames(in.Board, in.Span, in.After, func(f DFrame) {
		if m := ladderOf(&f, lang); fits(&f, &m, &in.LadderFilter) {
			out.Items = append(out.Items, m)
		}
	})
	if err != nil {
		return nil, err
	}
	if over := len(out.Items) - in.Limit; over > 0 {
		out.LeftOut, out.Items = over, out.Items[over:]
	}
	out.Kept, out.Lost, out.Since, out.Next, out.Unheard = kept.Kept, kept.Lost, moment(kept.Since), kept.Newest, kept.Newest == 0
	for _, b := range s.cfg.Lines.Boards() {
		for _, sp := range b.Spans {
			if b.ID == in.Board && sp.Number == in.Span {
				out.DChannel = sp.DChannel
			}
		}
	}
	return &body[api.Ladder]{out}, nil
}

// mayTrace says whether the caller may see what is said on the D-channels of a board.
func (s *Server) mayTrace(ctx context.Context, board string) error {
	known := slices.ContainsFunc(s.cfg.Lines.Boards(), func(b channels.BoardStatus) bool { return b.ID == board })
	if !known {
		return fail("no-board", strconv.Quote(board))
	}
	c := who(ctx)
	if line := s.traceless(c.scope, board); line >= 0 {
		s.denied(ctx, access.SaveFlight, board, line)
		return fail("forbidden", (&access.Denied{Actor: c.Name, Verb: access.SaveFlight}).Error())
	}
	return nil
}

// traceless is a line of the board that the right does not hold on, 0 where the board has
// none that is known; negative: it holds on all.
func (s *Server) traceless(sc access.Scope, board string) int {
	lines := 0
	for _, l := range s.cfg.Lines.Lines() {
		if l.Board != board {
			continue
		}
		if lines++; !sc.Allows(access.SaveFlight, l.Number) {
			return l.Number
		}
	}
	if lines == 0 && !sc.Everywhere(access.SaveFlight) { // calls of lines that have no number yet
		return 0
	}
	return -1
}

// fits says whether a message is asked for.
func fits(f *DFrame, m *api.LadderMessage, q *api.LadderFilter) bool {
	switch {
	case q.Layer == 3 && m.Layer != 3, q.Layer == 2 && m.Layer != 2:
		return false
	case q.Wrong == "yes" && m.Severity == "":
		return false
	case !q.From.IsZero() && f.Time.Before(q.From), !q.To.IsZero() && !f.Time.Before(q.To):
		return false
	case q.Call != "" && (f.Call == nil || m.Call != q.Call && strconv.Itoa(f.Call.Ref) != q.Call):
		return false
	case q.Number != "" && (f.Call == nil || !hasDigits(f.Call.Caller, q.Number) && !hasDigits(f.Call.Called, q.Number)):
		return false
	}
	return true
}

// hasDigits says whether a number has digits in it, blanks and signs aside.
func hasDigits(number, want string) bool {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == '*' || r == '#' {
				return r
			}
			return -1
		}, s)
	}
	want = plain(want)
	return want != "" && strings.Contains(plain(number), want)
}

// ladderOf puts a frame into words.
func ladderOf(f *DFrame, lang string) api.LadderMessage {
	m := api.LadderMessage{Seq: f.Seq, Time: f.Time.UTC(), From: f.From, Layer: f.Layer, Name: f.Name, Frame: f.Kind, SAPI: f.SAPI, TEI: f.TEI,
		Poll: f.Poll, Cause: f.Cause, Hex: hex.EncodeToString(f.Raw)}
	m.NS, m.NR = sequence(f.NS), sequence(f.NR)
	if c := f.Call; c != nil {
		m.Call, m.CallSeq, m.Slot, m.Line, m.Caller, m.Called = c.Origin+"/"+strconv.Itoa(c.Ref), c.Seq, c.Slot, c.Line, c.Caller, c.Called
	}
	if f.Cause != 0 {
		m.Text = text.Code(lang, "cause", strconv.Itoa(f.Cause))
	}
	for _, e := range f.Elements {
		m.Elements = append(m.Elements, elementOf(&e, lang))
	}
	m.Severity, m.Wrong = wrongWith(f, lang)
	return m
}

// sequence is a number of a frame, nil where it has none.
func sequence(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

func elementOf(e *DElement, lang string) api.LadderElement {
	out := api.LadderElement{ID: e.ID, Hex: hex.EncodeToString(e.Raw)}
	if e.Code == "" {
		out.Name = text.Text(lang, "q931-element.unknown", nil)
	} else {
		out.Name = text.Code(lang, "q931-element", e.Code)
	}
	var words []string
	for _, d := range e.Details {
		switch key, value := d[0], d[1]; key {
		case "cause":
			words = append(words, value+" "+text.Code(lang, "cause", value))
		case "text", "digits":
			words = append(words, value)
		default:
			words = append(words, text.Text(lang, "q931."+key, text.Args{"value": value}))
		}
	}
	sep := ", "
	if lang == text.Chinese {
		sep = "，"
	}
	out.Text = strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), sep)
	return out
}

// Severities of messages.
const (
	warning = "warning"
	amiss   = "error"
)

// wrongWith is what is unusual or wrong about a frame, and how bad that is.
func wrongWith(f *DFrame, lang string) (severity string, all []api.Remark) {
	add := func(how, code string, args ...string) {
		if how == amiss || severity == "" {
			severity = how
		}
		a := text.Args{}
		for i := 0; i+1 < len(args); i += 2 {
			a[args[i]] = args[i+1]
		}
		all = append(all, api.Remark{Code: code, Text: text.Text(lang, "q931-wrong."+code, a)})
	}
	if f.Bad != "" {
		add(amiss, "bad", "reason", f.Bad)
	}
	if f.Missing > 0 {
		add(amiss, "missing", "count", strconv.Itoa(f.Missing))
	}
	if f.Repeated {
		add(warning, "repeated")
	}
	switch f.Kind {
	case "REJ", "FRMR":
		add(amiss, "rejected")
	case "SABME", "DISC", "DM":
		add(warning, "link")
	case "RNR":
		add(warning, "busy")
	}
	switch f.Name {
	case "RESTART", "RESTART ACKNOWLEDGE":
		add(warning, "restart")
	case "STATUS", "STATUS ENQUIRY", "CONGESTION CONTROL":
		if f.Cause != 30 { // the answer to an enquiry
			add(warning, "status")
		}
	}
	switch c := f.Cause; {
	case c >= 34:
		add(amiss, "cause", "words", text.Code(lang, "cause", strconv.Itoa(c)))
	case c == 0, c == 16, c == 17, c == 18, c == 19, c == 26, c == 30, c == 31:
	default:
		add(warning, "cause", "words", text.Code(lang, "cause", strconv.Itoa(c)))
	}
	return severity, all
}
