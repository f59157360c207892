package route

import (
	"slices"
	"time"

	"vaad/alarm"
)

// view is all that is known of alarms at one look.
type view struct {
	active map[uint64]alarm.Alarm
	ended  map[uint64]alarm.Alarm // those that were asked for
	fresh  []alarm.Alarm          // that came up since the last look, oldest first
}

// since finds the alarms that came up since the last look: those that stand, and of the
// others what the history still knows. r.mu is held.
func (r *Router) since(active []alarm.Alarm) *view {
	v := &view{active: map[uint64]alarm.Alarm{}, ended: map[uint64]alarm.Alarm{}}
	newest, oldest := r.seen, ^uint64(0)
	for _, a := range active {
		v.active[a.ID] = a
		newest, oldest = max(newest, a.ID), min(oldest, a.ID)
	}
	if r.fresh { // of what was before there were routes, only what stands is news
		r.fresh = false
		if r.seen = newest; oldest <= newest {
			r.seen = oldest - 1
		}
	}
	watched := map[uint64]bool{} // by routes, and over now
	low := r.seen + 1
	for _, b := range r.known {
		for id := range b.items {
			if _, up := v.active[id]; !up {
				watched[id] = true
				low = min(low, id)
			}
		}
	}
	for before, n := uint64(0), 0; n < maxFresh; {
		page, err := r.cfg.Alarms.History(before, 100)
		if err != nil { // what stands is told all the same
			r.cfg.Logger.Warn("the history of alarms cannot be read", "error", err)
			break
		}
		for _, a := range page {
			if a.ID > r.seen {
				newest = max(newest, a.ID)
				v.fresh = append(v.fresh, a)
			}
			if _, up := v.active[a.ID]; a.Active() && !up { // it came up while we were looking
				v.active[a.ID] = a
			} else if !a.Active() && (a.ID > r.seen || watched[a.ID]) {
				v.ended[a.ID] = a
			}
		}
		if n += len(page); len(page) < 100 || page[len(page)-1].ID <= low {
			break
		}
		before = page[len(page)-1].ID
	}
	for id, a := range v.active {
		if id > r.seen && !slices.ContainsFunc(v.fresh, func(f alarm.Alarm) bool { return f.ID == id }) {
			v.fresh = append(v.fresh, a)
		}
	}
	slices.SortFunc(v.fresh, func(a, b alarm.Alarm) int { return int(int64(a.ID) - int64(b.ID)) })
	r.seen = newest
	return v
}

// take has a route watch the alarms that are new and for it. A condition that a restart
// ended and that is up again is the same one.
func (r *Router) take(rt *Route, b *box, fresh []alarm.Alarm) {
	for _, a := range fresh {
		if _, watched := b.items[a.ID]; watched { // the last run was killed before it noted how far it was
			continue
		}
		if !rt.takes(&a, r.cfg.Words(a).Group) {
			continue
		}
		it := item{Alarm: a.ID, Code: a.Code, Of: a.Subject, Due: a.First}
		if !a.Momentary {
			it.Due = a.First.Add(rt.Delay)
			for id, old := range b.items {
				if old.Code == a.Code && old.Of == a.Subject && id < a.ID {
					it.Told, it.Last, it.Due = old.Told, old.Last, old.Due
					delete(b.items, id)
					r.disk.put(itemKey(rt.Name, id), nil)
				}
			}
		}
		b.items[a.ID] = it
		r.disk.put(itemKey(rt.Name, a.ID), it)
	}
}

// telling is one alarm that is to be told now.
type telling struct {
	kind string
	item item
	of   alarm.Alarm
}

// due queues what is due of a route, and says when to look again; zero: no sooner than usual.
func (r *Router) due(rt *Route, b *box, all *view, now time.Time) (next time.Time) {
	var now1 []telling
	quiet := rt.Quiet.in(now)
	for _, id := range b.sorted() {
		it := b.items[id]
		a, active := all.active[id]
		if !active {
			var known bool
			if a, known = all.ended[id]; !known {
				r.unwatch(rt, b, id) // too old
				continue
			}
		}
		kind, at := step(rt, it, &a, now, quiet)
		switch kind {
		case "":
			if at.IsZero() {
				r.unwatch(rt, b, id)
			} else if next.IsZero() || at.Before(next) {
				next = at
			}
		default:
			now1 = append(now1, telling{kind, it, a})
		}
	}
	if len(now1) == 0 {
		return next
	}
	limit := rt.Flood
	if limit <= 0 {
		limit = defaultFlood
	}
	b.sent = slices.DeleteFunc(b.sent, func(t time.Time) bool { return now.Sub(t) >= FloodTime || t.After(now) })
	if len(b.sent)+len(now1) <= limit {
		for _, t := range now1 {
			r.add(rt, b, t.kind, []alarm.Alarm{t.of}, now)
			b.sent = append(b.sent, now)
			r.told(rt, b, t, now)
		}
		return next
	}
	if since := now.Sub(b.digest); since >= 0 && since < FloodTime {
		if at := b.digest.Add(FloodTime); next.IsZero() || at.Before(next) {
			next = at
		}
		return next
	}
	b.digest = now
	var alarms []alarm.Alarm
	for _, t := range now1 {
		alarms = append(alarms, t.of)
		r.told(rt, b, t, now)
	}
	r.add(rt, b, Digest, alarms, now)
	return next
}

// step says what to tell of an alarm now. Without a kind: nothing, before that moment; zero: never again.
func step(rt *Route, it item, a *alarm.Alarm, now time.Time, quiet bool) (kind string, at time.Time) {
	over := !a.Active()
	wait := now.Add(lookEvery)
	if over && a.EndedBy == "restart" && now.Sub(a.Ended) < restarted && !now.Before(a.Ended) {
		return "", wait // it may be up again in a moment
	}
	hush := quiet && a.Severity == alarm.Warning
	if it.Told {
		switch {
		case over && (!rt.Ended || a.Momentary):
			return "", time.Time{}
		case over:
			return Ended, at
		case rt.Repeat <= 0 || a.AckedBy != "":
			return "", wait
		case now.Before(it.Last.Add(rt.Repeat)) && !now.Before(it.Last):
			return "", it.Last.Add(rt.Repeat)
		case hush:
			return "", wait
		}
		return Repeated, at
	}
	switch {
	case a.AckedBy != "":
		return "", time.Time{} // somebody knows
	case over && !a.Momentary && (rt.Delay > 0 || hush):
		return "", time.Time{} // it did not last
	case now.Before(it.Due) && it.Due.Sub(now) <= rt.Delay: // a clock that was set back does not make it wait longer
		return "", it.Due
	case hush:
		return "", wait
	}
	return Raised, at
}

// told notes that an alarm was told.
func (r *Router) told(rt *Route, b *box, t telling, now time.Time) {
	if t.kind == Ended || !t.of.Active() {
		r.unwatch(rt, b, t.of.ID)
		return
	}
	t.item.Told, t.item.Last = true, now
	b.items[t.of.ID] = t.item
	r.disk.put(itemKey(rt.Name, t.of.ID), t.item)
}

func (r *Router) unwatch(rt *Route, b *box, id uint64) {
	delete(b.items, id)
	r.disk.put(itemKey(rt.Name, id), nil)
}
