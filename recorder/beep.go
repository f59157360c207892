package recorder

import (
	"slices"

	"vaad/channels"
	"vaad/recorder/archive"
	"vaad/recorder/rules"
)

// WhyNotAnnounced is what the call journal is told of a call whose parties could not be
// told that it would be recorded.
const WhyNotAnnounced = "not-announced"

// entryAnnounce tells of an announcement. Text: the prompt; Code: playing, played, stopped,
// failed.
const entryAnnounce = "announce"

// An Announcer lets the parties of a call hear a prompt. It must not wait: it calls done,
// from any goroutine, with the request that [channels.Played] will name, or why it
// cannot be played.
type Announcer interface {
	Announce(call string, a rules.Announce, done func(request string, err error))
}

// telling is how far an announcement is.
type telling int

const (
	untold  telling = iota
	asking          // somebody was asked to play it
	playing         // it is being played
	told            // it was
	failed
)

// beeps begins and ends the beeps of the line: while a call is recorded whose rule wants
// them, and is not paused. Of lines that are connected one beeps, for all hear it.
func (w *watch) beeps() {
	want := w.verdict.Beep && w.verdict.Record && w.call != "" && w.cur != nil && w.ending == nil && w.paused == nil
	if want && !w.beeping {
		want = !slices.ContainsFunc(w.r.c.Partners(w.line.Number()), func(n int) bool {
			o := w.r.watches[n]
			return o != nil && o != w && o.beeping
		})
	}
	w.beep(want)
}

func (w *watch) beep(on bool) {
	if on == w.beeping {
		return
	}
	var b *channels.Beeping
	if on {
		now := w.r.c.Beep()
		b = &now
	}
	if err := w.r.c.System.Beep(w.line.Number(), b); err != nil {
		w.r.c.Logger.Warn("the parties cannot be told by a beep that they are recorded", "line", w.line.Number(), "call", w.call, "err", err)
		return
	}
	w.beeping = on
}

// announce lets the parties know that they are recorded, once the call is answered.
func (w *watch) announce(e *channels.Event, when moment) {
	a := w.verdict.Announce
	if a.Prompt == "" || !w.verdict.Record || w.cur == nil || !w.ofCall(w.cur) || w.cur.link != nil { // before a restart it was announced
		return
	}
	switch {
	case when == atEnd && w.announced == untold && !e.Missed:
		w.notAnnounced(e, "the call was not seen to be answered")
	case when == atEnd && (w.announced == asking || w.announced == playing && a.Must):
		w.notAnnounced(e, "the call ended before it was heard")
	case when == atEnd || w.answer == "" || w.announced != untold || w.verdict.Undecided:
	case w.r.c.Announcer == nil:
		w.notAnnounced(e, "nothing can be played")
	default:
		w.tellAnnounce(e.Pos, a.Prompt, "playing")
		w.askAnnouncer()
	}
}

// playEnd is a play that has ended: its request, and how.
type playEnd struct{ request, how string }

// mostEarly is how many plays are remembered while an announcement is asked for.
const mostEarly = 16

func (w *watch) askAnnouncer() {
	w.announced, w.plays = asking, nil
	call, line := w.call, w.line.Number()
	w.r.c.Announcer.Announce(call, w.verdict.Announce, func(request string, err error) { w.r.announced(line, call, request, err) })
}

// announced takes what became of an announcement. It does not wait.
func (r *Recorder) announced(line int, call, request string, err error) {
	go func() { // the decider may be who calls
		_ = r.ask("announce", line, func(w *watch, pos int64) error { // it fails where the line is gone, and the call with it
			e := &channels.Event{Pos: pos, Known: pos, Time: w.line.Time(pos)}
			switch {
			case w.call != call || w.announced != asking:
			case err != nil:
				w.notAnnounced(e, err.Error())
			default:
				w.announced, w.announcing = playing, request
				for _, o := range w.plays {
					w.playOver(e, o)
				}
			}
			return nil
		})
	}()
}

// played takes the end of an announcement.
func (w *watch) played(e *channels.Event) {
	o := playEnd{e.Request, e.Text}
	if w.announced == asking { // which play it will be is not known yet
		w.plays = append(w.plays[max(0, len(w.plays)+1-mostEarly):], o)
		return
	}
	w.playOver(e, o)
}

// playOver is the end of a play. What was stopped, as when the call is connected anew, is
// played once more.
func (w *watch) playOver(e *channels.Event, o playEnd) {
	a := w.verdict.Announce
	switch {
	case w.announced != playing || o.request != w.announcing:
	case o.how == "end":
		w.announced = told
		w.tellAnnounce(e.Pos, a.Prompt, "played")
	case !w.repeated:
		w.repeated = true
		w.tellAnnounce(e.Pos, a.Prompt, "stopped")
		w.askAnnouncer()
	case a.Must:
		w.notAnnounced(e, "it was stopped")
	default:
		w.announced = told
		w.tellAnnounce(e.Pos, a.Prompt, "stopped")
	}
}

// notAnnounced is what becomes of a call whose parties could not be told.
func (w *watch) notAnnounced(e *channels.Event, why string) {
	if w.announced == failed {
		return
	}
	w.announced = failed
	must := w.verdict.Announce.Must
	w.r.c.Logger.Warn("that a call is recorded could not be announced", "line", w.line.Number(), "call", w.call, "recorded", !must, "reason", why)
	if !must {
		w.tellAnnounce(e.Pos, w.verdict.Announce.Prompt, "failed")
		w.r.c.Calls.Attach(w.call, "", WhyNotAnnounced)
		return
	}
	w.denied = true
	w.unwanted(e, WhyNotAnnounced)
}

func (w *watch) tellAnnounce(pos int64, prompt, code string) {
	if rec := w.cur; rec != nil {
		rec.tell(archive.Entry{Time: w.line.Time(pos), At: pos - rec.from, Kind: entryAnnounce, Text: prompt, Code: code})
	}
}
