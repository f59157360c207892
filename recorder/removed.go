package recorder

import (
	"slices"
	"strconv"

	"vaad/recorder/archive"
)

// entryRemoved is a story line: somebody removed the files of the recording
// before this one, Text; of it Value samples could not be had again.
const entryRemoved = "files-removed"

// replace goes on with recordings whose files somebody removed, in new files.
func (r *Recorder) replace(ids []string) {
	for _, w := range r.order {
		if w.cur != nil && slices.Contains(ids, w.cur.id) {
			w.replace()
		}
	}
	poke(r.writer.wake)
}

// replace begins the present recording anew, as far back as the ring has it: of
// one that is younger than the ring nothing is lost.
func (w *watch) replace() {
	old, ending := w.cur, w.ending
	enc := newEncoder(w.line.Sides(), w.recordAs())
	if enc == nil {
		w.end(w.fed, EndLine, "the line has nothing to record any more")
		return
	}
	from := min(w.inRing(old.from), old.reach())
	lost := from - old.from
	s := old.head()
	s.ID, s.Begin, s.BeginPos = w.r.c.Archive.NewID(w.line.Time(from)), w.line.Time(from), from
	if lost > 0 {
		s.Previous = "" // its last samples are not followed by our first
	}
	reach := old.reach()
	old.kept, old.dropped = true, lost == 0 // what is left of its files is in the new ones as well
	w.finish(old, reach, EndRemoved, "")
	rec := w.make(s, enc)
	rec.kept, rec.hooked, rec.link, w.ending = true, old.hooked, old.link, ending
	if rec.trigger != Continuous {
		rec.inherit(old)
	}
	rec.fired = max(old.fired, from)
	rec.muted = slices.Clone(old.muted)
	rec.tell(archive.Entry{Time: s.Begin, Kind: entryRemoved, Text: old.id, Value: lost})
	rec.upto(reach)
	if w.call != "" {
		w.r.c.Calls.Attach(w.call, rec.id, rec.trigger)
	}
	w.r.c.Logger.Error("somebody removed the files of a recording; what memory has of it is written anew", "line", s.Line,
		"recording", old.id, "new", rec.id, "lost_ms", lost*1000/rate)
	w.r.c.Alarms.Raise(AlarmFailed, strconv.Itoa(s.Line), map[string]string{
		"reason": "somebody removed the files of recording " + old.id + "; " + strconv.FormatInt(lost*1000/rate, 10) + " ms of it are lost"})
}
