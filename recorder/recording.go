package recorder

import (
	"sync"
	"sync/atomic"
	"time"

	"vaad/channels"
	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// none is the end of a recording whose end is not decided.
const none = int64(-1)

// maxStory is how many story lines may wait for a disk that refuses.
const maxStory = 20_000

// A recording is one stretch of one line. The decider makes it, moves its
// horizon and sets its end; the writer carries it out. It exists before its
// file does.
type recording struct {
	id      string
	line    *channels.Line
	enc     *encoder
	from    int64 // first sample
	trigger string
	hooked  bool // by request while off-hook: ends with the call

	// The decider's own.
	fired     int64            // where it was triggered: from plus the pre-roll
	kept      bool             // never thrown away for being short
	asked     bool             // a person wants it
	ruled     string           // which rule it owes itself to, as told in the story
	ruledOut  bool             // thrown away because a rule does not want it, or not so
	whyOut    string           // … and what the call journal is told of that
	until     int64            // it ends there at the latest; 0: not decided
	name      string           // of the calling party, as told in the story
	answer    string           // how that the call was answered is known, as told in the story
	maskTold  map[string]int64 // up to where the story has of each blank what is silence
	dropped   bool             // thrown away, however long
	elsewhere bool             // … because another recording has all of it
	link      *resumed         // what it continues after a restart

	written atomic.Int64 // audio before it is in the files
	broken  atomic.Bool  // the line's sides are not what they were: no more can be read

	reading sync.Mutex // held while a ring is read, and never longer
	taken   int64      // audio before it has been read

	mu      sync.Mutex
	start   archive.Start
	begun   bool  // the archive has start: what is learnt later goes into the story
	horizon int64 // audio before it may be written
	end     int64 // or none
	ended   archive.End
	story   []archive.Entry
	missing int    // story lines that found no room
	muted   []span // what is silence in the files
}

// A span is the audio [from, to) of a line.
type span struct{ from, to int64 }

// mute makes a span silence, as far as it has not been written. It says whether
// all of it will be.
func (r *recording) mute(from, to int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := from >= r.horizon || from >= r.written.Load()
	r.muted = append(r.muted, span{from, to})
	return all
}

// silenced calls f with what of [from, to) is muted.
func (r *recording) silenced(from, to int64, f func(from, to int64)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.muted {
		if a, b := max(m.from, from), min(m.to, to); a < b {
			f(a, b)
		}
	}
}

// told notes up to where the story tells of a blank.
func (r *recording) told(blank string, upto int64) {
	if r.maskTold == nil {
		r.maskTold = map[string]int64{}
	}
	r.maskTold[blank] = max(r.maskTold[blank], upto)
}

// ofACall says that it lasts as long as a call, where calls or the hook are known.
func (r *recording) ofACall() bool {
	switch r.trigger {
	case Voltage, Voice, Key, Call:
		return true
	}
	return r.hooked
}

// tell adds a story line.
func (r *recording) tell(e archive.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.story) >= maxStory {
		r.missing++
		return
	}
	r.story = append(r.story, e)
}

// learn sets what is known of the call: in the start while that is not written
// yet, then as a story line. Only the end of a call takes a called number back.
func (r *recording) learn(kind, value string, e *channels.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var p *string
	switch kind {
	case archive.EntryCall:
		p = &r.start.Call
	case archive.EntryConversation:
		p = &r.start.Conversation
	case archive.EntryDirection:
		p = &r.start.Direction
	case archive.EntryCaller:
		p = &r.start.Caller
	case archive.EntryCalled:
		p = &r.start.Called
	default:
		return
	}
	if *p == value || value == "" && (kind != archive.EntryCalled || e.Kind != channels.CallEnd) {
		return
	}
	*p = value
	if r.begun {
		r.story = append(r.story, archive.Entry{Time: e.Time, At: e.Pos - r.from, Kind: kind, Text: value})
	}
}

// inherit tells what the story of the recording before has of their call.
func (r *recording) inherit(old *recording) {
	begin := r.head().Begin
	if r.name = old.name; r.name != "" {
		r.tell(archive.Entry{Time: begin, Kind: entryName, Text: r.name})
	}
	if r.answer = old.answer; r.answer != "" {
		r.tell(archive.Entry{Time: begin, Kind: archive.EntryAnswered, Text: r.answer})
	}
}

// reach is how far the writer was allowed to go.
func (r *recording) reach() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.horizon
}

// upto moves the horizon.
func (r *recording) upto(pos int64) {
	r.mu.Lock()
	r.horizon = max(r.horizon, pos)
	r.mu.Unlock()
}

// finish decides the end.
func (r *recording) finish(end int64, e archive.End) {
	r.mu.Lock()
	r.end, r.ended = max(end, r.from), e
	r.horizon = r.end
	r.mu.Unlock()
}

// limit is how far the writer may go, and whether that is the end.
func (r *recording) limit() (pos int64, last bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end != none {
		return r.end, true
	}
	return r.horizon, false
}

// thrown says whether it has ended and is not to be kept.
func (r *recording) thrown() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end != none && r.ended.Discard
}

// head is the start as known now, for readers.
func (r *recording) head() archive.Start {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.start
}

// take gives the writer the start for good.
func (r *recording) take() archive.Start {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun = true
	return r.start
}

// untake is for a writer that could not use it.
func (r *recording) untake() {
	r.mu.Lock()
	r.begun = false
	r.mu.Unlock()
}

// row is how the index shows it while it is being made.
func (r *recording) row() index.Row {
	s := r.head()
	n := max(0, r.written.Load()-r.from)
	row := index.Row{ID: r.id, Day: archive.DayOf(s.Begin), Line: s.Line, LineName: s.LineName, Board: s.Board, Start: s.Begin.UTC(),
		Samples: n, Direction: s.Direction, Caller: s.Caller, Called: s.Called, Trigger: s.Trigger, Codec: string(s.Codec),
		Sides: s.Sides, Bytes: s.Codec.Bytes(n) * int64(len(s.Sides)), State: index.StateOpen, Call: s.Call,
		Conversation: s.Conversation, Previous: s.Previous, Simulated: s.Simulated}
	return row
}

// Active is a recording that is being made.
type Active struct {
	ID           string
	Line         int
	Since        time.Time // line time of its first sample
	Trigger      string    // Manual, Voltage, Continuous
	Call         string    // ULID, "" if none is known
	Conversation string
	Samples      int64 // written so far
}

func (r *recording) active() Active {
	s := r.head()
	return Active{ID: r.id, Line: s.Line, Since: s.Begin, Trigger: s.Trigger, Call: s.Call, Conversation: s.Conversation,
		Samples: max(0, r.written.Load()-r.from)}
}
