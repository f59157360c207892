package console

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/export"
	"vaad/recorder/index"
)

const (
	ticketFor  = 12 * time.Hour // that a link which was opened is heard by
	maxTickets = 4096
	wrongMost  = 20 // wrong secrets of one address within wrongFor
	wrongFor   = time.Minute
	maxWrong   = 4096
	shareLook  = 5 * time.Second // so often it is looked whether a link still holds while it is heard
)

// tickets are links that were opened, and addresses that tried wrong ones. They are
// gone with the daemon: a page opens its link again.
type tickets struct {
	mu    sync.Mutex
	open  map[string]ticket // by the hash of the ticket
	wrong map[string]tries  // by address
}

type ticket struct {
	share string
	until time.Time
}

type tries struct {
	count int
	until time.Time
}

// give makes a ticket for a share.
func (t *tickets) give(share string, now, until time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[string]ticket{}
	}
	if len(t.open) >= maxTickets {
		for k, v := range t.open {
			if !now.Before(v.until) {
				delete(t.open, k)
			}
		}
	}
	if len(t.open) >= maxTickets {
		for k := range t.open { // any: who had it opens the link again
			delete(t.open, k)
			break
		}
	}
	secret := rand.Text()
	t.open[hashed(secret)] = ticket{share, until}
	return secret
}

func (t *tickets) share(secret string, now time.Time) (string, time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.open[hashed(secret)]
	if !ok || !now.Before(v.until) {
		return "", time.Time{}
	}
	return v.share, v.until
}

// end takes a ticket away.
func (t *tickets) end(secret string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, hashed(secret))
}

// mayTry says whether an address has not tried too often.
func (t *tickets) mayTry(address string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.wrong[address]
	return !now.Before(w.until) || w.count < wrongMost
}

// tried counts a wrong secret.
func (t *tickets) tried(address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.wrong) >= maxWrong {
		clear(t.wrong)
	}
	if t.wrong == nil {
		t.wrong = map[string]tries{}
	}
	w := t.wrong[address]
	if !now.Before(w.until) {
		w = tries{until: now.Add(wrongFor)}
	}
	w.count++
	t.wrong[address] = w
}

// alive says whether a link holds now: for how long it was made, as long as nobody
// revoked it, whoever made it may do themselves what it lets others do, and the
// recording is there. why is for the audit log; "" = it holds.
func (s *Server) alive(one *Share, v access.Verb) (row index.Row, maker access.Actor, why string) {
	if s.cfg.Sharing == nil || !s.cfg.Sharing.Policy().Enabled {
		return row, maker, "sharing is switched off"
	}
	if !one.Revoked.IsZero() {
		return row, maker, "revoked"
	}
	if !s.cfg.Now().Before(one.Expires) {
		return row, maker, "expired"
	}
	maker, ok := s.cfg.Sharing.Maker(one.Maker)
	if !ok {
		return row, maker, one.Maker.Name + " may not come in any more"
	}
	sc := s.cfg.Access.Scope(maker)
	row, ok, err := s.cfg.Index.Get(one.Recording)
	if err != nil || !ok {
		return row, maker, "the recording is not known"
	}
	for _, verb := range []access.Verb{access.Share, v} {
		if !sc.Allows(verb, row.Line) {
			return row, maker, (&access.Denied{Actor: maker.Name, Verb: verb, Line: row.Line}).Error()
		}
	}
	if code := unshareable(&row); code != "" {
		return row, maker, code
	}
	return row, maker, ""
}

// asShare is the context of whoever came by a link: the audit log says by which.
func asShare(ctx context.Context, one *Share) context.Context {
	c := &caller{Actor: access.Actor{Name: "share " + one.ID, Kind: sharedKind, UID: -1}}
	return context.WithValue(ctx, callerKey{}, c)
}

// sharedKind is how somebody came in who has a link to a recording.
const sharedKind access.Kind = "share"

// OpenShareInput is a link's secret.
type OpenShareInput struct{ Body api.OpenShare }

// openShare takes a link's secret and gives a ticket. Whatever is wrong with the link,
// the answer is the same: only the audit log says what.
func (s *Server) openShare(ctx context.Context, in *OpenShareInput) (*body[api.OpenedShare], error) {
	if _, err := s.sharing(); err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	if !s.tickets.mayTry(visitOf(ctx).Address, now) {
		return nil, fail("share-tries", "")
	}
	id, secret, _ := strings.Cut(in.Body.Secret, ".")
	var row index.Row
	one, ok, err := s.cfg.Sharing.Shares.Get(id) // nobody makes the disk write by guessing
	why := ""
	if ok = ok && one.opens(secret); ok && err == nil {
		one, ok, err = s.cfg.Sharing.Shares.Change(id, func(one *Share) error {
			if row, _, why = s.alive(one, access.Play); why == "" && one.Times > 0 && one.Opened >= one.Times {
				why = "used up"
			}
			if why != "" {
				return fail("no-share", "")
			}
			one.Opened++
			one.Last = now.UTC()
			return nil
		})
	}
	if why != "" { // not before: the audit log may stand in the file that Change holds
		s.deniedShare(ctx, &one, visitOf(ctx).Address, why)
	}
	if err != nil || !ok {
		s.tickets.tried(visitOf(ctx).Address, now)
		if err == nil {
			err = fail("no-share", "")
		}
		return nil, err
	}
	ctx = asShare(ctx, &one)
	e := access.Entry{Verb: access.Share, Object: one.Recording, Line: one.Line, Result: "ok",
		Detail: map[string]string{"act": "open", "share": one.ID, "by": one.Maker.Name, "address": visitOf(ctx).Address}}
	if err := s.audited(ctx, e); err != nil {
		return nil, err
	}
	until := now.Add(ticketFor)
	if one.Expires.Before(until) {
		until = one.Expires
	}
	out := api.OpenedShare{Ticket: s.tickets.give(one.ID, now, until), Until: until.UTC(), Expires: one.Expires.UTC(), Left: -1, Start: row.Start.UTC(), Duration: inSeconds(row.Samples),
		Sides: append([]string{}, row.Sides...), Download: one.Download, Note: one.Note, By: one.Maker.Name}
	if one.Times > 0 {
		out.Left = one.Times - one.Opened
	}
	return &body[api.OpenedShare]{out}, nil
}

// deniedShare notes that a link was tried that does not hold.
func (s *Server) deniedShare(ctx context.Context, one *Share, address, why string) {
	e := access.Entry{Verb: access.Share, Object: one.Recording, Line: one.Line, Result: "denied",
		Detail: map[string]string{"act": "open", "share": one.ID, "by": one.Maker.Name, "address": address, "error": why}}
	_ = s.audited(asShare(ctx, one), e) // already logged
}

// TicketInput is a link that was opened.
type TicketInput struct {
	Ticket string `path:"ticket" maxLength:"60" doc:"What opening the link has answered"`
}

// opened is the share of a ticket, and its recording, if the link still holds.
func (s *Server) opened(ctx context.Context, in *TicketInput, v access.Verb) (one Share, row index.Row, err error) {
	none := fail("no-share", "")
	if s.cfg.Sharing == nil {
		return one, row, none
	}
	id, _ := s.tickets.share(in.Ticket, s.cfg.Now())
	if id == "" {
		return one, row, none
	}
	one, ok, err := s.cfg.Sharing.Shares.Get(id)
	if err != nil || !ok {
		return one, row, none
	}
	row, _, why := s.alive(&one, v)
	if why != "" || v == access.Export && !one.Download {
		if why != "" { // one row: who comes again with it is nobody
			s.tickets.end(in.Ticket)
		}
		s.deniedShare(ctx, &one, visitOf(ctx).Address, why)
		return one, row, none
	}
	return one, row, nil
}

// SharedPeaksInput says which part of a shared recording is wanted, and how fine.
type SharedPeaksInput struct {
	TicketInput
	From   float64 `query:"from" minimum:"0" maximum:"1000000" doc:"Begin of the part, seconds"`
	To     float64 `query:"to" minimum:"0" maximum:"1000000" doc:"End of the part; 0: that of the recording"`
	Points int     `query:"points" minimum:"1" maximum:"4096" default:"1000" doc:"Points of each side; none is shorter than 10 ms"`
}

func (s *Server) sharedPeaks(ctx context.Context, in *SharedPeaksInput) (*body[api.Peaks], error) {
	_, row, err := s.opened(ctx, &in.TicketInput, access.Play)
	if err != nil {
		return nil, err
	}
	return s.peaksOf(ctx, &row, in.From, in.To, in.Points)
}

// SharedAudioInput says how a shared recording is wanted.
type SharedAudioInput struct {
	TicketInput
	Format string `query:"format" enum:"native,pcm16,compact" default:"compact" doc:"As of the audio of recordings"`
	Save   bool   `query:"save" doc:"To take it away, where the link allows that: with two sides as left and right"`
}

// sharedAudio plays the recording of a link, or lets it be taken away.
func (s *Server) sharedAudio(ctx context.Context, in *SharedAudioInput) (stream, error) {
	verb, how := access.Play, "inline"
	if in.Save {
		verb, how = access.Export, "attachment"
	}
	one, row, err := s.opened(ctx, &in.TicketInput, verb)
	if err != nil {
		return nil, err
	}
	if len(row.Sides) == 0 {
		return nil, failLine("no-audio", row.Line, row.ID)
	}
	if err := s.hears(asShare(ctx, &one), verb, row.ID, row.Line, "share", one.ID, "by", one.Maker.Name, "address", visitOf(ctx).Address); err != nil {
		return nil, err
	}
	out, err := s.file(row, export.Format(in.Format), how, row.ID+".wav", row.Sides[:min(2, len(row.Sides))]...)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		out(&whileAlive{ResponseWriter: w, last: time.Now(), alive: func() bool {
			now, ok, err := s.cfg.Sharing.Shares.Get(one.ID)
			if err != nil || !ok {
				return false
			}
			_, _, why := s.alive(&now, verb)
			return why == ""
		}}, r)
	}, nil
}

// whileAlive cuts an answer off when the link that it was asked by does not hold any more.
type whileAlive struct {
	http.ResponseWriter
	last  time.Time
	alive func() bool
}

// Unwrap lets deadlines through.
func (w *whileAlive) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *whileAlive) Write(b []byte) (int, error) {
	if now := time.Now(); now.Sub(w.last) > shareLook {
		if !w.alive() {
			panic(http.ErrAbortHandler)
		}
		w.last = now
	}
	return w.ResponseWriter.Write(b)
}
