package keep

import (
	"context"
	"slices"
	"strings"
	"time"

	"vaad/recorder/index"
)

// How far the clock may be wrong without anybody minding.
const (
	slack      = time.Hour      // before the newest recording, or what was seen last: nothing goes earlier by that
	leapAlone  = 26 * time.Hour // ahead, when nothing says that the clock is right: a day, and what a daily run is late
	leapSynced = 31 * 24 * time.Hour
)

// everywhere are all states but those of recordings that are being made.
func everywhere() []string {
	return []string{index.StateSealed, index.StateRecovered, index.StateTrash, index.StateErased}
}

// clock says whether what is due now is really due. A good clock is noted.
func (e *Engine) clock(ctx context.Context, now time.Time) (HoldOff, error) {
	h, err := e.look(ctx, now)
	if err != nil {
		return h, err
	}
	back := h == ClockBack || h == IndexRebuilds && e.behind(now)
	e.mu.Lock()
	if h == NoHoldOff {
		e.seen, e.state.Seen = now, now.UTC().Round(0)
	}
	e.held = h
	save := h == NoHoldOff && (e.state.Seen.Sub(e.saved) >= time.Hour || e.state.Seen.Before(e.saved))
	if back {
		e.state.Doubts, save = doubted(e.state.Doubts, now)
	}
	seen := e.state.Seen
	e.mu.Unlock()
	if save {
		err = e.save()
	}
	switch h {
	case NoHoldOff:
		e.m.heldOff.Set(0)
		e.clear(AlarmClock)
	case IndexRebuilds: // it has its own alarm
		e.m.heldOff.Set(1)
	default:
		e.m.heldOff.Set(1)
		e.raise(AlarmClock, map[string]string{"reason": string(h), "now": now.UTC().Format(time.RFC3339), "seen": seen.Format(time.RFC3339)})
	}
	return h, err
}

func (e *Engine) look(ctx context.Context, now time.Time) (HoldOff, error) {
	if e.c.Index.Status().Rebuilding {
		return IndexRebuilds, nil
	}
	page, err := e.c.Index.Query(ctx, index.Filter{States: everywhere(), Limit: 1, NoCount: true})
	if err != nil {
		return NoHoldOff, err
	}
	var newest time.Time
	if len(page.Rows) > 0 {
		newest = page.Rows[0].Start
	}
	e.mu.Lock()
	seen, future := e.seen, e.state.Future
	e.mu.Unlock()
	synced := e.c.Synced()
	if !synced && newest.After(now.Add(slack)) && newest.After(future) {
		return ClockBack, nil
	}
	if seen.IsZero() { // the first look ever
		if seen = newest; synced || newest.Before(plausible) {
			return NoHoldOff, nil
		}
	}
	switch leap := leapt(seen, now); {
	case !synced && leap < -slack:
		return ClockBack, nil
	case !synced && leap > leapAlone, leap > leapSynced:
		return ClockAhead, nil
	}
	return NoHoldOff, nil
}

// leapt says how much more the wall clock went on than time did, as far as that is
// known: the process was there all the time, or was not.
func leapt(seen, now time.Time) time.Duration {
	wall := now.Round(0).Sub(seen.Round(0))
	if mono := now.Sub(seen); mono > 0 && mono != wall {
		return wall - mono
	}
	if monotonic(now) && monotonic(seen) { // and they agree
		return min(wall, 0)
	}
	return wall
}

func monotonic(t time.Time) bool { return strings.Contains(t.String(), " m=") }

// TrustClock says that a person has looked at the clock and found it right: what
// AlarmClock held off may go on.
func (e *Engine) TrustClock() error {
	now := e.c.Now()
	e.mu.Lock()
	e.seen, e.state.Seen = now, now.UTC().Round(0)
	e.state.Future = time.Time{}
	e.state.Doubts = slices.DeleteFunc(slices.Clone(e.state.Doubts), func(s Span) bool { return s.has(now) }) // it was right
	e.mu.Unlock()
	page, err := e.c.Index.Query(context.Background(), index.Filter{States: everywhere(), Limit: 1, NoCount: true})
	if err != nil {
		return err
	}
	e.mu.Lock()
	if len(page.Rows) > 0 && page.Rows[0].Start.After(now) {
		e.state.Future = page.Rows[0].Start
	}
	e.held = NoHoldOff
	e.mu.Unlock()
	e.m.heldOff.Set(0)
	e.clear(AlarmClock)
	return e.save()
}

// save keeps the state as it is now: of two that save at once none keeps an older one
// in the place of the other's.
func (e *Engine) save() error {
	if e.c.Memory == nil {
		return nil
	}
	e.saving.Lock()
	defer e.saving.Unlock()
	e.mu.Lock()
	s := e.state
	e.mu.Unlock()
	if err := e.c.Memory.Save(s); err != nil {
		return err
	}
	e.mu.Lock()
	e.saved = s.Seen
	e.mu.Unlock()
	return nil
}

func (e *Engine) raise(code string, args map[string]string) {
	if e.c.Alarms != nil {
		e.c.Alarms.Raise(code, subject, args)
	}
}

func (e *Engine) clear(code string) {
	if e.c.Alarms != nil {
		e.c.Alarms.Clear(code, subject)
	}
}
