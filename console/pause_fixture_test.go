package console

import (
	"cmp"
	"time"

	"vaad/recorder"
)

func (r *fakeRecorder) Pause(line int, w recorder.PauseWish) (recorder.Pause, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.active[line]
	if !ok {
		return recorder.Pause{}, &recorder.LineError{Op: "pause recording", Line: line, Err: recorder.ErrIdle}
	}
	now := time.Now()
	p := recorder.Pause{ID: a.ID, Line: line, Since: now, Until: now.Add(cmp.Or(w.For, 5*time.Minute)), Reason: cmp.Or(w.Reason, "card-data"),
		Actor: w.Actor, By: "request", Recording: a.ID}
	if r.paused == nil {
		r.paused = map[int]recorder.Pause{}
	}
	r.paused[line] = p
	return p, nil
}

// pausable makes a recording of a line that is paused.
func (r *fakeRecorder) pausable(line int, id string) {
	r.mu.Lock()
	r.active[line] = recorder.Active{ID: id, Line: line}
	r.mu.Unlock()
	_, _ = r.Pause(line, recorder.PauseWish{})
}

func (r *fakeRecorder) Resume(line int, _ string) (recorder.Pause, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.paused[line]
	if !ok {
		return p, &recorder.LineError{Op: "resume recording", Line: line, Err: recorder.ErrNotPaused}
	}
	delete(r.paused, line)
	return p, nil
}

func (r *fakeRecorder) Paused() (all []recorder.Pause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.paused {
		all = append(all, p)
	}
	return all
}
