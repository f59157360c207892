package learn

import (
	"context"
	"errors"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp/g711"
)

// following is the goroutine of a run.
type following struct {
	l       *Learner
	job     *job
	run     *Run
	line    *channels.Line
	reader  *channels.Reader
	replies chan error // to a call that was wished

	pos    int64 // audio before is known
	events []channels.Event
	code   []byte
	pcm    []int16
}

func (f *following) follow(ctx context.Context) {
	defer f.reader.Close()
	defer f.job.cancel()
	stop := ctx.Done()
	var closing <-chan time.Time
	for !f.run.State().Over() || f.run.Holds() {
		select {
		case <-stop:
			stop = nil
			f.run.Cancel()
		case err := <-f.replies:
			f.replied(err)
		case <-f.reader.Wake():
			f.read()
		case <-closing:
			f.end()
			return
		}
		f.wish()
		if closing == nil && f.run.State().Over() {
			t := time.NewTimer(f.l.cfg.Closes)
			defer t.Stop()
			closing = t.C
		}
		f.publish()
	}
	f.end()
}

// end shows the run as over.
func (f *following) end() {
	f.l.mu.Lock()
	defer f.l.mu.Unlock()
	f.show(&f.job.shown)
	f.job.shown.Ended = f.l.cfg.Now().UTC()
}

func (f *following) publish() {
	f.l.mu.Lock()
	defer f.l.mu.Unlock()
	f.show(&f.job.shown)
}

func (f *following) show(j *Job) {
	j.State, j.Why, j.Items, j.Profile = f.run.State(), f.run.Why(), f.run.Report(), f.run.Profile()
	j.Steps = nil
	for _, s := range f.run.Steps() {
		t := TimedStep{Code: s.Code, Begin: f.line.Time(s.Begin), Limit: time.Duration(s.Limit) * time.Second / driver.Rate, Of: s.Of}
		if s.End > 0 {
			t.End = f.line.Time(s.End)
		}
		j.Steps = append(j.Steps, t)
	}
}

// read gives the run what has happened since: the position first, so that all events before it
// are there, and all audio.
func (f *following) read() {
	upto := f.line.Fed()
	var lost bool
	f.events, lost = f.reader.Drain(f.events[:0])
	f.audio(upto)
	for i := range f.events {
		e := &f.events[i]
		if e.Line == f.line.Number() || e.Line == 0 && e.Board == f.line.Board() {
			f.run.Event(e)
		}
	}
	if lost {
		f.run.Lost()
	}
	if st := f.line.Status(); st.HasVolts {
		f.run.Volts(st.MilliVolt)
	}
	f.run.Tick(upto)
}

// audio reads what the far end was heard to say up to a position.
func (f *following) audio(upto int64) {
	const most = driver.Rate
	if f.code == nil {
		f.code, f.pcm = make([]byte, most), make([]int16, most)
	}
	for side, s := range f.line.Sides() {
		if s.Name != "network" {
			continue
		}
		for f.pos < upto {
			n, err := f.line.Read(f.code[:min(most, upto-f.pos)], side, f.pos)
			var over *channels.ErrOverrun
			switch {
			case errors.As(err, &over):
				f.pos = over.Oldest
				continue
			case err != nil || n == 0:
				f.pos = upto
				return
			}
			g711.Decode(f.pcm[:n], f.code[:n], g711.Law(s.Law))
			f.run.Audio(f.pcm[:n], f.pos)
			f.pos += int64(n)
		}
	}
	f.pos = max(f.pos, upto)
}

// wish asks the line for what the run wants, without waiting for the answer.
func (f *following) wish() {
	for _, w := range f.run.Wishes {
		f.l.wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_, err := f.l.cfg.Lines.Wish(ctx, w)
			if w.Kind == channels.WishCall {
				f.replies <- err
			}
		})
	}
	f.run.Wishes = f.run.Wishes[:0]
}

// replied takes what the line said to a call that was wished.
func (f *following) replied(err error) {
	var no *channels.WishError
	switch {
	case err == nil:
	case errors.As(err, &no):
		f.run.Refused(no.Code)
	case errors.Is(err, channels.ErrBusy):
		f.run.Refused("busy")
	default:
		f.run.Lost()
	}
}
