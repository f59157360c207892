package calls

import (
	"slices"
	"time"

	"vaad/channels"
)

// The functions of this file are called with mu held, but for resync and settle.

// event moves the rows by one fact of the feed.
func (j *Journal) event(e *channels.Event) {
	switch e.Kind {
	case channels.CallBegin:
		if r := j.begin(e.Call, e.Line, e.Board, e.Time); r != nil {
			r.Direction = string(e.Direction)
			r.learn(e)
		}
	case channels.Numbers:
		if r := j.known(e); r != nil {
			r.learn(e)
		}
	case channels.CallWaiting:
		if r := j.known(e); r != nil {
			r.wait(e)
		}
	case channels.CallerFailed:
		if r := j.known(e); r != nil {
			r.CallerLost = e.Text
		}
	case channels.CallAnswered:
		if r := j.known(e); r != nil {
			r.Answered, r.AnsweredBy = e.Time, e.AnsweredBy
			j.turn(r, e.Direction)
		}
	case channels.Digit:
		if r := j.known(e); r != nil && len(r.Called) < maxKeys {
			r.Called += e.Text
		}
	case channels.Key:
		if r := j.known(e); r != nil && len(r.Keys) < maxKeys {
			r.Keys += e.Text
		}
	case channels.Modem:
		if r := j.rows[e.Call]; e.Value != 0 && r != nil && r.Open() && len(r.Modem) < maxTones && !slices.Contains(r.Modem, e.Text) {
			r.Modem = append(r.Modem, e.Text)
			j.dirty[r.ID] = true
		}
	case channels.CallEnd:
		r := j.known(e)
		if r == nil {
			if r = j.begin(e.Call, e.Line, e.Board, e.Time); r == nil {
				return
			}
			r.Why = add(r.Why, "begin-lost")
		}
		j.turn(r, e.Direction)
		if r.AnsweredBy == "" {
			r.AnsweredBy = e.AnsweredBy
		}
		r.Missed = e.Missed
		r.learn(e)
		if e.Facts != nil { // the digits told one by one may have been no number after all
			r.Called = e.Called
		}
		if e.Missed {
			r.Why = add(r.Why, "missed")
		}
		r.Cause = int(e.Value)
		j.end(r, e.Time, e.EndedBy)
	}
}

// learn takes what an event says about the parties.
func (r *Row) learn(e *channels.Event) {
	r.Caller, r.Name = e.Caller, e.Name
	if e.Called != "" {
		r.Called = e.Called
	}
	if f := e.Facts; f != nil {
		r.DirectionBy, r.CallerBy, r.Withheld, r.CalledBy = f.DirectionBy, f.CallerBy, f.Withheld, f.CalledBy
		r.Dialled, r.Sure, r.Rings, r.Outcome = f.Dialled, f.Sure, f.Rings, f.Outcome
		r.Redirected, r.Connected, r.Data = f.Redirected, f.Connected, f.Data
	}
}

// wait notes another call: the tone and the message with its number are one.
func (r *Row) wait(e *channels.Event) {
	if n := len(r.Waiting); n > 0 && r.Waiting[n-1].Caller == "" && e.Caller != "" && e.Time.Sub(r.Waiting[n-1].Time) < sameWait {
		r.Waiting[n-1].Caller, r.Waiting[n-1].Name = e.Caller, e.Name
		return
	}
	if len(r.Waiting) < maxWaiting {
		r.Waiting = append(r.Waiting, Waiting{Time: e.Time.UTC(), Caller: e.Caller, Name: e.Name})
	}
}

// known is the open row that an event belongs to, marked as changed.
func (j *Journal) known(e *channels.Event) *Row {
	r := j.rows[e.Call]
	if r == nil || !r.Open() {
		return nil
	}
	j.dirty[r.ID] = true
	return r
}

func (j *Journal) turn(r *Row, d channels.Direction) {
	if d != channels.NoDirection {
		r.Direction = string(d)
	}
}

// begin opens a row; nil when it is there already.
func (j *Journal) begin(id string, line int, board string, at time.Time) *Row {
	if id == "" || j.rows[id] != nil {
		return nil
	}
	if before := j.rows[j.byLine[line]]; before != nil {
		j.end(before, at, EndedByNext)
	}
	if len(j.rows) >= maxRows {
		j.metrics.lost.Inc()
		return nil
	}
	r := &Row{ID: id, Line: line, Board: board, Start: at.UTC(), Recordings: []string{}, Why: []string{}}
	j.rows[id] = r
	j.byLine[line] = id
	j.dirty[id] = true
	j.metrics.open.Set(float64(len(j.byLine)))
	return r
}

func (j *Journal) end(r *Row, at time.Time, by string) {
	r.End, r.EndedBy = at.UTC(), by
	if r.End.Before(r.Start) {
		r.End = r.Start
	}
	r.Answered = r.Answered.UTC()
	j.dirty[r.ID] = true
	if j.byLine[r.Line] == r.ID {
		delete(j.byLine, r.Line)
	}
	j.metrics.open.Set(float64(len(j.byLine)))
	j.metrics.ended(*r)
}

// resync looks up which calls are up after events were lost.
func (j *Journal) resync() {
	var lines []channels.LineStatus
	if j.cfg.Lines != nil {
		lines = j.cfg.Lines()
	}
	up := map[string]bool{}
	for _, l := range lines {
		up[l.Call] = l.Call != ""
	}
	now := j.cfg.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, id := range j.byLine {
		if r := j.rows[id]; !up[id] {
			j.end(r, now, EndedByOverflow)
		}
	}
	for _, l := range lines {
		if l.Call == "" {
			continue
		}
		if r := j.begin(l.Call, l.Number, l.Board, l.Since); r != nil {
			r.Direction = string(l.Direction)
			r.Why = add(r.Why, "begin-lost")
		}
	}
}

// settle gives what the recorder said to the rows it is about, those on disk included.
func (j *Journal) settle() {
	ids, forgot := j.absent()
	for _, id := range ids {
		row, ok, err := j.Get(id)
		j.mu.Lock()
		if forgot != j.forgot {
			j.mu.Unlock()
			break // they are read again the next time
		}
		if ok && err == nil && j.rows[id] == nil {
			j.rows[id] = &row
		} else if a := j.waits[id]; a != nil && err == nil {
			a.looked = true // the call will be in rows when its begin is read
		}
		j.mu.Unlock()
	}
	now := j.cfg.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	for id, a := range j.waits {
		r := j.rows[id]
		if r == nil {
			if now.Sub(a.at) > waitFor {
				delete(j.waits, id)
				j.metrics.strays.Inc()
			}
			continue
		}
		for _, rec := range a.recordings {
			r.Recordings = add(r.Recordings, rec)
		}
		r.Recordings = slices.DeleteFunc(r.Recordings, func(id string) bool { return slices.Contains(a.thrown, id) })
		for _, why := range a.why {
			r.Why = add(r.Why, why)
		}
		a.note.take(r)
		if a.continuedBy != "" {
			r.ContinuedBy = a.continuedBy
		}
		delete(j.waits, id)
		if a.continues != "" && r.Continues == "" {
			r.Continues = a.continues
			j.link(a.continues, id)
		}
		j.dirty[id] = true
	}
}

// link tells the row before the restart what follows it, now or when it has been read.
func (j *Journal) link(before, id string) {
	if r := j.rows[before]; r != nil {
		r.ContinuedBy = id
		j.dirty[before] = true
		return
	}
	a := j.waits[before]
	if a == nil {
		a = &attach{at: j.cfg.Now()}
		j.waits[before] = a
	}
	a.continuedBy = id
}

// absent lists the calls spoken of that are not in memory and have not been looked for on disk.
func (j *Journal) absent() (ids []string, forgot uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for id, a := range j.waits {
		if j.rows[id] == nil && !a.looked {
			ids = append(ids, id)
		}
	}
	return ids, j.forgot
}
