package archive

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"

	"vaad/dsp/wav"
	"vaad/recorder/archive/crypt"
)

// Recovered says what became of one recording that a crash left in open/.
type Recovered struct {
	ID      string
	State   RecoveredState
	Day     Day
	Start   Start     // as far as known
	End     time.Time // wall time behind the last sample kept
	Samples int64     // kept
	Cut     int64     // bytes behind the last good checkpoint, thrown away
	Err     error     // for RecoverPending and RecoverQuarantined
}

// RecoveredState is what became of a recording at recovery.
type RecoveredState string

const (
	RecoverCut         RecoveredState = "recovered"   // cut at its last good checkpoint and sealed
	RecoverResumed     RecoveredState = "resumed"     // it had ended; its sealing was completed
	RecoverDiscarded   RecoveredState = "discarded"   // there was no audio in it
	RecoverQuarantined RecoveredState = "quarantined" // nothing says what its bytes are; moved to damaged/
	RecoverPending     RecoveredState = "pending"     // the disk refused; it is tried again
)

const recoverWorkers = 8

// Recover takes care of everything in open/ that no writer of this process owns:
// it keeps bytes up to the last checkpoint that verifies, fixes headers, seals
// and journals. It may run while new recordings begin. f (may be nil) is called
// once per recording, never twice at a time, when its fate is durable.
func (a *Archive) Recover(ctx context.Context, f func(Recovered)) error {
	if err := a.finishErasures(ctx); err != nil {
		a.errs.wrap("erase", "", err) // it is tried again by Reconcile; recordings come first
	}
	groups, err := a.leftovers()
	if err != nil {
		return a.errs.wrap("recover", "", err)
	}
	if f == nil {
		f = func(Recovered) {}
	}
	var tell sync.Mutex
	var wg, sealing sync.WaitGroup
	known := &knownLines{r: &a.Reader, days: make(map[Day]map[string][]string)}
	slots := make(chan struct{}, recoverWorkers)
	for _, g := range groups {
		if ctx.Err() != nil {
			break
		}
		if !a.live.add(g.id, nil) {
			continue // begun, or taken by another call, meanwhile
		}
		if !slices.ContainsFunc(g.names, func(name string) bool { return !a.gone(inOpen(name)) }) {
			a.live.remove(g.id)
			continue // it ran when it was listed, and has been sealed since
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			r, s, err := a.recoverOne(g, known)
			report := func(err error) {
				if err != nil {
					r.State, r.Err = RecoverPending, err
				}
				a.rm.total.WithLabelValues(string(r.State)).Inc()
				tell.Lock()
				defer tell.Unlock()
				f(r)
			}
			if s == nil || err != nil {
				report(a.errs.wrap("recover", g.id, err))
				a.live.remove(g.id)
				return
			}
			sealing.Add(1)
			s.done = func(_ JournalLine, err error) { report(err); sealing.Done() }
			if err := a.c.seal(s); err != nil {
				s.done(JournalLine{}, err)
				a.live.remove(g.id)
			}
		})
	}
	wg.Wait()
	sealing.Wait()
	return ctx.Err()
}

// leftover is the files in open/ of one recording.
type leftover struct {
	id      string
	sides   []string
	story   bool
	ckpt    bool
	discard bool
	enc     []string // encrypted files
	names   []string // all of them, as they were listed
	sealed  []string // encrypted audio in the day folder, without its seal
}

// resume completes the moves that a seal speaks of, and removes what its encrypted
// files were made of.
func (s *sealing) resume(g *leftover, names []string) {
	have := slices.Clone(g.enc)
	for _, side := range g.sides {
		have = append(have, wavName(g.id, side))
	}
	if g.story {
		have = append(have, g.id+extStory)
	}
	for _, name := range have {
		switch {
		case slices.Contains(names, name):
			s.moves = append(s.moves, name)
		case slices.Contains(names, name+extEnc), strings.HasSuffix(name, extEnc):
			s.plain = append(s.plain, name)
		}
	}
}

func (a *Archive) leftovers() ([]*leftover, error) {
	es, err := a.disk.ReadDir(openDir)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*leftover)
	var groups []*leftover
	for _, e := range es {
		id, side, ext, ok := splitName(e.Name())
		if !ok || a.live.has(id) {
			continue
		}
		g := byID[id]
		if g == nil {
			g = &leftover{id: id}
			byID[id] = g
			groups = append(groups, g)
		}
		g.names = append(g.names, e.Name())
		switch ext {
		case extStory:
			g.story = true
		case extCkpt:
			g.ckpt = true
		case extDiscard:
			g.discard = true
		case extWAV:
			g.sides = append(g.sides, side)
		default:
			g.enc = append(g.enc, e.Name())
		}
	}
	slices.SortFunc(groups, func(x, y *leftover) int {
		if x.id < y.id {
			return -1
		}
		return 1
	})
	return groups, nil
}

// knownLines remembers, during one recovery, which recordings the journals know.
type knownLines struct {
	r    *Reader
	mu   sync.Mutex
	days map[Day]map[string][]string
}

// names are the files that the journal of a day says a recording has, nil where
// it has no seal of it.
func (k *knownLines) names(d Day, id string) ([]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	ids, ok := k.days[d]
	if !ok {
		var err error
		if ids, err = k.r.sealedIDs(d); err != nil {
			return nil, err
		}
		k.days[d] = ids
	}
	return ids[id], nil
}

// sealedIDs lists the recordings that a day's journal has a seal of, and their
// files; none for one that was erased.
func (r *Reader) sealedIDs(d Day) (map[string][]string, error) {
	ids := make(map[string][]string)
	err := r.dayLines(context.Background(), d, 0, func(l *JournalLine) error {
		if l.Seal != nil {
			names := make([]string, 0, len(l.Seal.Files)+1)
			for _, f := range l.Seal.Files {
				names = append(names, f.Name)
			}
			ids[l.ID] = append(names, l.Seal.Story.Name)
		} else if l.Kind == ActErase {
			ids[l.ID] = []string{} // nothing may come back of it
		}
		return nil
	}, nil)
	return ids, err
}

// recoverOne looks at one leftover and says what is to be done: nothing more
// (nil), or a sealing.
func (a *Archive) recoverOne(g *leftover, known *knownLines) (r Recovered, s *sealing, err error) {
	r = Recovered{ID: g.id, State: RecoverDiscarded}
	s = &sealing{id: g.id, stale: g.enc}
	if g.discard {
		s.discard, s.start.Sides = true, g.sides
		return r, s, nil
	}
	var head *ckptHeader
	var recs []ckptRecord
	if g.ckpt {
		b, err := readName(a.disk, inOpen(g.id+extCkpt))
		if err != nil {
			return r, nil, err
		}
		head, recs, err = parseCkpt(b)
		if errors.Is(err, errNewer) {
			return r, nil, err
		}
		if head != nil && head.id.String() != g.id {
			head, recs = nil, nil // renamed by somebody
		}
	}
	if s.day = a.dayOf(g, head); g.ckpt {
		// The checkpoint file alone is the sign of a sealing under way: look
		// what of it is in the day folder already.
		names, err := known.names(s.day, g.id)
		if err != nil {
			return r, nil, err
		}
		if names != nil && len(names) == 0 {
			s.discard, s.start.Sides = true, g.sides
			return r, s, nil
		}
		if names != nil {
			r.State, r.Day, s.journaled = RecoverResumed, s.day, true
			s.resume(g, names)
			return r, s, nil
		}
		if err := a.moveBack(g, head, s.day); err != nil {
			return r, nil, err
		}
		if s.stale = g.enc; len(g.sides) == 0 && len(g.sealed) > 0 {
			// The journal has lost the seal, and only encrypted audio is left: it
			// stays where it is, and the reconciler adopts it.
			r.State, r.Day, s.journaled = RecoverResumed, s.day, true
			return r, s, nil
		}
	}
	if len(g.sides) == 0 && !g.ckpt && !g.story && len(g.enc) > 0 {
		return a.quarantine(g, r, crypt.ErrFormat)
	}
	return a.rebuild(g, head, recs, s, r)
}

// dayOf is the day folder that a recording belongs into.
func (a *Archive) dayOf(g *leftover, head *ckptHeader) Day {
	if head != nil {
		return DayOf(head.begin)
	}
	if g.story {
		if b, err := readName(a.disk, inOpen(g.id+extStory)); err == nil {
			if p, err := parseStory(b); err == nil && p.start != nil {
				return DayOf(p.start.Begin)
			}
		}
	}
	return DayOf(ulid.Time(ulid.MustParseStrict(g.id).Time()))
}

// moveBack undoes the renames of a sealing that did not reach its journal line.
func (a *Archive) moveBack(g *leftover, head *ckptHeader, day Day) error {
	names := []string{g.id + extStory}
	if head != nil {
		for _, side := range head.sides {
			names = append(names, wavName(g.id, side))
		}
	} else {
		es, err := a.disk.ReadDir(day.dir())
		if err != nil {
			return nil // no such folder: nothing was moved
		}
		for _, e := range es {
			if id, _, ext, ok := splitName(e.Name()); ok && id == g.id && strings.HasPrefix(ext, extWAV) {
				names = append(names, strings.TrimSuffix(e.Name(), extEnc))
			}
		}
	}
	for _, name := range names {
		if err := a.takeBack(g, name, day); err != nil {
			return err
		}
		if _, err := a.disk.Stat(inOpen(name)); err == nil {
			continue
		}
		if _, err := a.disk.Stat(day.file(name)); err != nil {
			continue
		}
		if err := a.disk.Rename(day.file(name), inOpen(name)); err != nil {
			return err
		}
		if _, side, ext, _ := splitName(name); ext == extStory {
			g.story = true
		} else {
			g.sides = append(g.sides, side)
		}
	}
	return nil
}

// takeBack moves an encrypted file back to open/, where it is of no more use, if
// what it was made of is there. It is made anew then.
func (a *Archive) takeBack(g *leftover, name string, day Day) error {
	enc := name + extEnc
	if _, err := a.disk.Stat(day.file(enc)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := a.disk.Stat(inOpen(name)); err != nil {
		if strings.HasSuffix(name, extWAV) {
			g.sealed = append(g.sealed, enc)
		}
		return nil
	}
	err := a.disk.Rename(day.file(enc), inOpen(enc))
	if err == nil && !slices.Contains(g.enc, enc) {
		g.enc = append(g.enc, enc)
	}
	return err
}

// rebuild finds out how much of the audio is good and prepares the sealing.
func (a *Archive) rebuild(g *leftover, head *ckptHeader, recs []ckptRecord, s *sealing, r Recovered) (Recovered, *sealing, error) {
	story := &parsedStory{}
	if g.story {
		b, err := readName(a.disk, inOpen(g.id+extStory))
		if err != nil {
			return r, nil, err
		}
		if story, err = parseStory(b); err != nil {
			return r, nil, err
		}
	}
	switch {
	case story.start != nil && story.start.check() == nil:
		s.start = *story.start
	case head != nil:
		s.start, s.addStart = head.start(), true
	default:
		s.start = Start{Sides: g.sides, Begin: ulid.Time(ulid.MustParseStrict(g.id).Time()).UTC()}
		s.addStart = true
	}
	s.base, s.sum = story.closing, summary{seal: Seal{Start: s.start}}
	for _, e := range story.entries[:len(story.entries)-story.nClosing] {
		s.sum.add(e)
	}
	if head != nil {
		s.start.Codec, s.start.Sides = head.codec, head.sides
	}
	have, err := a.cutSides(g, s, head, recs)
	if errors.Is(err, wav.ErrNotWAV) {
		return a.quarantine(g, r, err)
	}
	if err != nil {
		return r, nil, err
	}
	end, ended := story.ended()
	if s.audio() == 0 && !ended && have > s.start.Codec.Bytes(unsynced) {
		// No checkpoint verifies, and yet this is more than can have been under
		// way to the disk: it is the checkpoints that are damaged.
		head = nil
		if _, err := a.cutSides(g, s, nil, nil); err != nil {
			return r, nil, err
		}
	}
	s.unchecked = head == nil || head.whole
	samples := s.samples()
	ended = ended && !s.unchecked && end.At == samples && s.complete(recs)
	if samples == 0 && !ended {
		s.discard = true
		s.start.Sides = g.sides
		return r, s, nil
	}
	s.sum.seal.Codec = s.start.Codec
	if ended {
		r.State = RecoverResumed
		s.end = End{Time: end.Time, EndedBy: end.Code, Reason: end.Text}
		s.recovered = end.Code == EndedByCrash
		for _, e := range story.entries[len(story.entries)-story.nClosing:] {
			if e.Kind == EntryRecovered {
				s.recovered, s.cut = true, e.Value
			}
		}
	} else {
		r.State = RecoverCut
		s.recovered = true
		s.end = End{Time: endTime(s.start.Begin, samples, recs), EndedBy: EndedByCrash}
	}
	r.Day, r.Start, r.End, r.Samples, r.Cut = s.day, s.sum.seal.Start, s.end.Time, samples, s.cut
	return r, s, nil
}

// quarantine moves what cannot be understood out of the way; nothing is deleted.
func (a *Archive) quarantine(g *leftover, r Recovered, cause error) (Recovered, *sealing, error) {
	if err := a.disk.MkdirAll(damagedDir, dirPerm); err != nil {
		return r, nil, err
	}
	names := []string{}
	for _, side := range g.sides {
		names = append(names, wavName(g.id, side))
	}
	if g.story {
		names = append(names, g.id+extStory)
	}
	if g.ckpt {
		names = append(names, g.id+extCkpt)
	}
	for _, name := range append(names, g.enc...) {
		if err := a.disk.Rename(inOpen(name), damagedDir+"/"+name); err != nil {
			return r, nil, err
		}
	}
	r.State, r.Err = RecoverQuarantined, cause
	return r, nil, nil
}

type recoverMetrics struct{ total *prometheus.CounterVec }

func newRecoverMetrics(r prometheus.Registerer) *recoverMetrics {
	m := &recoverMetrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vaad_archive_recovered_total",
		Help: "Recordings that a crash had left unfinished, by what became of them.",
	}, []string{"state"})}
	register(r, m.total)
	return m
}
