package channels

import (
	"strconv"
	"strings"
	"sync/atomic"

	"vaad/channels/pri"
	"vaad/driver"

	"github.com/prometheus/client_golang/prometheus"
)

// linkQuiet is how long a D-channel may say nothing and still count as up, in
// samples: 30 s. The two ends of an idle link ask each other every 10 s (Q.921
// clause 5.9.8, T203).
const linkQuiet = 30 * driver.Rate

// linkSilent is when a D-channel that is tapped must have said something: nine
// times the pause of an idle link.
const linkSilent = 90 * driver.Rate

// linkPause is how long a data link of ours may be down before that is said: some
// tries to establish it (Q.921 clause 5.9.1, T200 and N200).
const linkPause = 10 * driver.Rate

// never is the position of what has not happened.
const never = -1 << 62

// SpanStatus is a snapshot of one digital span of a board.
type SpanStatus struct {
	Number     int      // as on the card
	Channels   int      // timeslots
	DChannel   int      // timeslot of the D-channel, 0 if none
	Tap        bool     // receive only
	Alarms     []string // codes of SpanAlarms; empty: none
	DChannelUp bool     // its D-channel has said something within the last 30 s
	Silent     bool     // its D-channel has said nothing for 90 s, although it hears a tapped link and has no alarm
	LinkDown   bool     // its D-channel is ours, and its data link has not been established for 10 s although it has no alarm
	Swapped    bool     // it should hear the network's side of a tapped link and hears the user's
	SyncSource int      // number of the span that it takes its clock from, as on the machine; 0: none, or unknown
}

// SpanAlarms lists the codes of the alarms of a span, by bit of driver.AlarmRed….
func SpanAlarms() []string { return []string{"red", "yellow", "blue", "loopback"} }

// nAlarms is how many there are.
const nAlarms = 4

// A spanRun is one span as the loop runs it; others read what is atomic.
type spanRun struct {
	said     [1 << nAlarms]string // per set of alarms: "span 2", "span 2: red, blue"
	messages prometheus.Counter
	errors   [driver.DErrOverrun + 1]prometheus.Counter
	gauges   [nAlarms]prometheus.Gauge

	down    atomic.Int64 // since which position the data link of ours is down; never: it is up, or not ours
	swapped atomic.Bool  // see SpanStatus
	calm    atomic.Int64 // position from which it could be heard: opened, or alarms changed
	alarms  atomic.Int32 // set of driver.AlarmRed…
	heard   atomic.Int64 // position of the last message of its D-channel
	source  atomic.Int64 // span that it takes its clock from
}

func (m *loopMetrics) span(board string, s driver.Span) *spanRun {
	n := strconv.Itoa(s.Number)
	r := &spanRun{messages: m.dchannel.WithLabelValues(board, n)}
	r.heard.Store(never)
	r.down.Store(never)
	for kind, name := range map[int]string{driver.DErrAbort: "abort", driver.DErrFCS: "fcs", driver.DErrOverrun: "overrun"} {
		r.errors[kind] = m.dchannelErr.WithLabelValues(board, n, name)
	}
	for i, name := range SpanAlarms() {
		r.gauges[i] = m.alarm.WithLabelValues(board, n, name)
	}
	for set := range r.said {
		r.said[set] = "span " + n
		if set != 0 {
			r.said[set] += ": " + strings.Join(alarmNames(int32(set)), ", ")
		}
	}
	r.raise(0)
	return r
}

// alarmNames are the codes of a set of alarms.
func alarmNames(set int32) (names []string) {
	for i, name := range SpanAlarms() {
		if set&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// linkIs notes whether the data link of ours is established.
func (r *spanRun) linkIs(up bool, pos int64) {
	switch was := r.down.Load(); {
	case up:
		r.down.Store(never)
	case was == never:
		r.down.Store(pos)
	}
}

// raise notes the alarms that stand and says whether others stood before.
func (r *spanRun) raise(set int32) bool {
	for i, g := range r.gauges {
		g.Set(float64(set >> i & 1))
	}
	return r.alarms.Swap(set) != set
}

// span takes one event about a span. The lines on it are told of its alarms
// too, so that the stories of their recordings say why they are silent.
func (l *loop) span(e *driver.Event, at int64) {
	if e.Line < 0 || e.Line >= len(l.spans) {
		l.b.stats.bad.Inc()
		return
	}
	s := l.spans[e.Line]
	switch e.Kind {
	case driver.DChannel:
		s.messages.Inc()
		s.heard.Store(at)
		k := l.linkOn(e.Line)
		l.captured(e.Line, e.Data, at, k != nil && k.cfg.Side == pri.User)
		l.linked(e.Line, e.Data, at)
		l.signalled(e.Line, e.Data, at)
	case driver.DChannelErr:
		if e.Value < driver.DErrAbort || int(e.Value) >= len(s.errors) {
			l.b.stats.bad.Inc()
			return
		}
		s.errors[e.Value].Inc()
	case driver.SpanAlarm:
		set := e.Value & (1<<nAlarms - 1)
		if !s.raise(set) {
			return
		}
		s.calm.Store(at)
		say := Event{Pos: at, Known: at, Kind: Alarm, Value: int64(set), Text: s.said[set]}
		l.out.emit(say)
		for _, r := range l.runs {
			if r.view.use != driver.Unused && (spanOf(l.info, r.view.rx) == e.Line || r.view.local >= 0 && spanOf(l.info, r.view.local) == e.Line) {
				say.Line = r.line.number
				l.out.emit(say)
			}
		}
	}
}

// spanStatuses are the spans of a loop. Of one that runs no more nothing is known.
func (l *loop) spanStatuses(running bool) []SpanStatus {
	var all []SpanStatus
	for i, s := range l.info.Spans {
		st := SpanStatus{Number: s.Number, Channels: s.Channels, DChannel: s.DChannel, Tap: s.Tap}
		if r := l.spans[i]; running {
			st.Alarms = alarmNames(r.alarms.Load())
			st.DChannelUp = s.DChannel != 0 && l.b.marks.pos.Load()-r.heard.Load() < linkQuiet
			st.Silent = s.Tap && s.DChannel != 0 && r.alarms.Load() == 0 && l.b.marks.pos.Load()-max(r.heard.Load(), r.calm.Load()) >= linkSilent
			st.Swapped = r.swapped.Load()
			down := r.down.Load()
			st.LinkDown = down != never && r.alarms.Load() == 0 && l.b.marks.pos.Load()-max(down, r.calm.Load()) >= linkPause
			st.SyncSource = int(r.source.Load())
		}
		all = append(all, st)
	}
	return all
}
