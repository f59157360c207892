package recorder

import (
	"errors"
	"slices"

	"vaad/channels"
	"vaad/dsp"
	"vaad/recorder/archive"
)

const (
	// voiceLate is how long after it was spoken voice may become known: within
	// it the end of a silence is not decided.
	voiceLate = 400 * dsp.MS
	// leastVoice is the least that a recording by voice keeps from before the
	// voice: a detector may find the begin of a soft word late. Of 1,541 sentences at
	// −26 dBm0 one was found 380 ms late, the others within 200 ms.
	leastVoice = 1000 * dsp.MS
	// modemHold is how long a line that knows no calls is taken for a modem's
	// after the last tone of one.
	modemHold = 10 * 60 * rate
	// misheard is how near to each other voice and a tone begin that are one sound.
	misheard = 300 * dsp.MS
)

// Story lines about keys.
const (
	entryKeyStart = "key-start" // Text: the sequence; Value: its length in samples
	entryKeyStop  = "key-stop"
	entryMuted    = "muted"     // Value samples from At on are silence, as the sequence was keyed there
	entryNotMuted = "not-muted" // a key was held so long that some of the sequence may be heard
	entryModem    = "modem-rule"
)

// heard is what a watch knows of what is heard on its line.
type heard struct {
	speaking []string // sides on which somebody speaks
	silent   int64    // where the last voice ended
	segments int      // of voice in the present recording
	faint    [2]faint // by side
	tooFaint bool     // voice in this call was never loud enough
	keys     sequence
	over     bool  // the call is over though the line is off-hook: nothing new begins
	modem    bool  // fax or modem was heard in this call
	modemAt  int64 // last
	began    int64 // where the call or the off-hook period began; none: it is not known
}

// anew forgets what was heard before a call.
func (h *heard) anew() { h.modem, h.keys, h.over, h.tooFaint = false, sequence{}, false, false }

// bound says that something tells when what is recorded is over.
func (w *watch) bound() bool { return w.hook || w.call != "" }

func (w *watch) speaks() bool { return len(w.heard.speaking) > 0 }

// mayHear says whether what is heard may begin a recording now.
func (w *watch) mayHear() bool {
	onHook := w.volts && w.known && !w.bound() // nobody can speak
	return w.up && !w.stopped && !w.heard.over && !w.skips() && !onHook
}

// skips says that this call is not recorded: by a rule, or as a fax or a modem.
func (w *watch) skips() bool { return w.denied || w.heard.modem && w.cfg.OnModem == ModemSkip }

func (w *watch) voiceBegins(e *channels.Event) {
	if !slices.Contains(w.heard.speaking, e.Side) {
		w.heard.speaking = append(w.heard.speaking, e.Side)
	}
	w.heard.segments++
	if w.cur == nil && w.cfg.Trigger == Voice && w.mayHear() {
		w.await(e.Pos, e.Side)
	}
}

func (w *watch) beginByVoice(pos int64, link *resumed) {
	w.heard.segments = 1
	w.heard.silent = pos
	w.begin(w.preroll(pos, Voice), pos, Voice, "", link)
}

func (w *watch) voiceEnds(e *channels.Event) {
	w.listen(e.Pos)
	w.heard.speaking = slices.DeleteFunc(w.heard.speaking, func(s string) bool { return s == e.Side })
	w.heard.silent = max(w.heard.silent, e.Pos)
	if f := w.faint(e.Side); f.pending {
		f.pending, w.heard.tooFaint = false, true
	}
}

// silence is where the present recording ends because nobody speaks any more;
// none if it does not. Where calls or the hook are known, they end it; and who pauses
// may be silent for long.
func (w *watch) silence() int64 {
	switch {
	case w.cur == nil || w.bound() || w.speaks() || w.paused != nil:
		return none
	case w.cur.trigger == Voice, !w.volts && (w.cur.trigger == Key || w.cur.trigger == Call):
		return w.quiet()
	}
	return none
}

// quiet is where the hang-over ends, behind the last voice of the present
// recording or the keys that began it.
func (w *watch) quiet() int64 {
	last := max(w.heard.silent, w.cur.from)
	if w.cur.trigger == Key {
		last = max(last, w.cur.fired)
	}
	return last + samples(w.cfg.HangoverMS)
}

// ringStopped is how a call ends that nobody was seen to answer.
const ringStopped = "ring-stopped"

// talksOn says that a call that is told to be over may have been answered, as the
// line has no volts that would show it, and that the talk goes on: what is
// recorded of it ends by silence.
func (w *watch) talksOn(e *channels.Event) bool {
	if w.volts || e.EndedBy != ringStopped || w.cur == nil || w.ending != nil {
		return false
	}
	switch w.cur.trigger {
	case Voice, Key, Call:
		return w.speaks() || w.paused != nil || w.quiet() > e.Known
	}
	return false
}

// ringsAgain ends what outlived the call before: the line is on-hook where it rings.
func (w *watch) ringsAgain(e *channels.Event) {
	if w.volts || w.cur == nil || w.ending != nil || !w.cur.ofACall() || w.speaks() {
		return
	}
	if call := w.cur.head().Call; call != "" && call != e.Call {
		w.end(e.Known, ringStopped, "the line rings again")
		w.pauseEnds(ringStopped)
	}
}

// ceiling is how far the writer may go at most, as what comes may yet change it.
func (w *watch) ceiling(p int64) int64 {
	if at := w.silence(); at != none {
		p = min(p, at)
	}
	if w.cfg.Trigger == Key && w.cfg.KeyMute {
		if first, ok := w.heard.keys.begun(p, w.cfg.KeyStart, w.cfg.KeyStop); ok {
			p = min(p, first)
		}
		p -= muteBehind
	}
	return p - samples(w.own.PauseBackMS)
}

// key takes a key that was pressed while nobody dialled. On a line with sides
// only its own party may begin and end recordings.
func (w *watch) key(e *channels.Event) {
	w.pauseKeyed(e)
	if w.cfg.Trigger != Key || !w.up || w.heard.over || len(w.line.Sides()) > 1 && e.Side != local {
		return
	}
	k := &w.heard.keys
	k.add(e.Digit(), e.Pos, e.Pos+e.Value)
	first, end := k.first, k.end
	switch {
	case k.take(w.cfg.KeyStart):
		w.keyStart(e, first, end)
	case k.take(w.cfg.KeyStop):
		w.keyStop(e, first, end)
	}
}

// local is the side of the party at this end of the line.
const local = "local"

func (w *watch) keyStart(e *channels.Event, first, end int64) {
	if w.skips() {
		if !w.denied {
			w.refuse(WhyModem)
		}
		return
	}
	if w.cur == nil {
		from := w.preroll(first, Key)
		if w.cfg.KeyFrom == FromCall && w.heard.began != none {
			from = w.inRing(max(w.heard.began, w.base, w.floor))
		}
		if w.begin(min(from, first), first, Key, "", nil) == nil {
			return
		}
		w.stopped = false
	}
	w.cur.kept = true
	w.sequence(e, entryKeyStart, w.cfg.KeyStart, first, end)
}

func (w *watch) keyStop(e *channels.Event, first, end int64) {
	if w.cur == nil || w.cur.trigger != Key {
		return
	}
	at := max(first, w.cur.reach())
	w.sequence(e, entryKeyStop, w.cfg.KeyStop, first, end)
	w.end(at, EndKey, "")
	w.floor = at
}

// sequence tells of one in the story, and mutes it.
func (w *watch) sequence(e *channels.Event, kind, text string, first, end int64) {
	rec := w.cur
	at := w.line.Time(first)
	rec.tell(archive.Entry{Time: at, At: first - rec.from, Kind: kind, Side: sideOf(e), Value: end - first, Text: text})
	if !w.cfg.KeyMute {
		return
	}
	muted := entryMuted
	switch {
	case kind == entryKeyStart && rec.mute(first, end):
	case kind == entryKeyStop && rec.reach() <= first: // it ends before the sequence
		return
	default:
		muted = entryNotMuted
	}
	rec.tell(archive.Entry{Time: at, At: first - rec.from, Kind: muted, Value: end - first})
}

// How far back in a ring a recording may begin: the writer needs some time to
// take it, and a board with a virtual clock runs ahead by a quarter of the ring.
const (
	reachBack        = 58 * rate
	reachBackVirtual = 40 * rate
)

// inRing is a position, or the first later one whose audio can still be had.
func (w *watch) inRing(pos int64) int64 {
	reach := int64(reachBack)
	if w.line.Virtual() {
		reach = reachBackVirtual
	}
	pos = max(pos, w.line.Fed()-reach)
	for side := range w.line.Sides() {
		var b [1]byte
		var over *channels.ErrOverrun
		if _, err := w.line.Read(b[:], side, pos); errors.As(err, &over) { // the ring is a short one
			pos = over.Oldest + skipAhead
		}
	}
	return pos
}

// modemHeard keeps fax and modem lossless, or does not keep them, as the line's
// settings say. What a person wants recorded is never skipped.
func (w *watch) modemHeard(e *channels.Event) {
	w.heard.modemAt = e.Known
	if e.Value == 0 {
		return
	}
	first := !w.heard.modem
	w.heard.modem = true
	w.ruledModem(e)
	switch {
	case !first || w.cur == nil || w.ending != nil:
	case w.cfg.OnModem == ModemSkip && w.cur.trigger != Manual:
		w.cur.tell(archive.Entry{Time: e.Time, At: e.Pos - w.cur.from, Kind: entryModem, Text: e.Text, Code: ModemSkip})
		w.drop(e)
		w.cur.dropped = w.cur.dropped || w.mayFall()
		w.end(e.Known, EndModem, e.Text)
		w.refuse(WhyModem)
	case w.mayFall(): // it stays one recording, which can be thrown away as one
		if enc := newEncoder(w.line.Sides(), w.recordAs()); enc != nil && !enc.alike(w.cur.enc) {
			w.again(e, w.cur)
		}
	case w.cfg.OnModem == ModemLossless && w.cur.enc.codec.Coded():
		w.cur.tell(archive.Entry{Time: e.Time, At: e.Pos - w.cur.from, Kind: entryModem, Text: e.Text, Code: ModemLossless})
		w.split(e.Known, EndModem, w.cur.trigger)
	}
}

// drop does not keep a recording by voice if it was begun by this sound, and
// nothing else was heard in it.
func (w *watch) drop(e *channels.Event) {
	rec := w.cur
	if rec == nil || rec.trigger != Voice || rec.kept || w.heard.segments > 1 {
		return
	}
	if d := e.Pos - rec.fired; d >= -misheard && d <= misheard {
		rec.dropped = true
	}
}

// over is called when a call ends and when the line is on-hook: what was heard in
// the call does not count for what comes, once both are so.
func (w *watch) over(p int64) {
	if w.bound() {
		return
	}
	w.heard.anew()
	w.heard.began = none
	w.codecAgain(p)
	if w.cfg.Trigger == Continuous && !w.stopped {
		w.want(p)
	}
}

// ease ends, on lines that know no calls, what elsewhere a call's end does.
func (w *watch) ease(p int64) {
	if w.bound() || w.volts {
		return
	}
	if w.stopped && w.cfg.Trigger == Voice && !w.speaks() && p > max(w.heard.silent, w.floor)+samples(w.cfg.HangoverMS) {
		w.stopped = false // what was stopped is over
	}
	if w.heard.modem && p >= w.heard.modemAt+modemHold {
		w.heard.modem, w.refused = false, ""
		w.codecAgain(p)
		w.want(p)
	}
}

// codecAgain goes on in the codec of the settings after a modem was heard.
func (w *watch) codecAgain(p int64) {
	if w.cur == nil || w.ending != nil {
		return
	}
	if enc := newEncoder(w.line.Sides(), w.recordAs()); enc != nil && enc.codec != w.cur.enc.codec {
		w.split(p, EndModemOver, w.cur.trigger)
	}
}

// recordAs is the settings as they count now: a modem is kept lossless.
func (w *watch) recordAs() LineConfig {
	c := w.cfg
	if w.heard.modem && c.OnModem == ModemLossless && (c.Codec == IMA || c.Codec == GSM) {
		c.Codec = G711
	}
	return c
}

// numbers takes what is known of the parties of the call.
func (w *watch) numbers(e *channels.Event) {
	if e.Call != "" && w.call != "" && e.Call != w.call {
		return
	}
	if e.Caller != "" {
		w.caller = e.Caller
	}
	if e.Called != "" || e.Kind == channels.CallEnd && e.Facts != nil { // digits of which no number came were none
		w.called = e.Called
	}
	if e.Name != "" {
		w.name = e.Name
	}
	w.tellNumbers(e)
}

// tellNumbers gives the numbers to the recording of the call.
func (w *watch) tellNumbers(e *channels.Event) {
	if w.cur == nil || !w.ofCall(w.cur) {
		return
	}
	w.cur.learn(archive.EntryCaller, w.caller, e)
	w.cur.learn(archive.EntryCalled, w.called, e)
	if w.name != "" && w.name != w.cur.name {
		w.cur.name = w.name
		w.cur.tell(archive.Entry{Time: e.Time, At: e.Pos - w.cur.from, Kind: entryName, Text: w.name})
	}
}

// entryName is the name of the calling party, as the exchange sent it.
const entryName = "caller-name"
