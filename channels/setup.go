package channels

import (
	"fmt"
	"slices"

	"vaad/channels/ears"
	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/gain"
)

// sent, in place of a line of the board, means what we send.
const sent = -1

// A lineRun is one line as the loop runs it. Others prepare it; from then on
// it is the loop's own.
type lineRun struct {
	line   *Line
	view   *view
	table  table   // nil: no signalling that we understand
	speech *speech // nil: it is not ours to speak on

	level   [maxSides]dsp.Level
	gain    *gain.Fixed // of what is received; nil: as it came
	loud    [driver.Block]int16
	lost    [maxSides]int64 // audio before this position is filler
	hears   [maxSides]hearing
	found   []ears.Finding
	pending [4]pendingRequest
}

// A pendingRequest waits for its outcome.
type pendingRequest struct {
	kind driver.CommandKind
	id   string
}

// prepare makes what the loop needs to run a line. old is how it runs now, or
// nil; its table is kept where the line's signalling stays what it was. A line
// that cannot serve its use is prepared as unused, and the error says why.
func prepare(info driver.Info, l *Line, c LineConfig, old *lineRun) (*lineRun, error) {
	r := &lineRun{line: l, view: &view{cfg: c, use: c.Use, rx: info.LineByPort(c.Port), local: -1}}
	err := r.check(info, c)
	if err == nil {
		err = r.arrange(info)
	}
	if err != nil {
		r.view.use, r.view.reason, r.view.sides, r.table = driver.Unused, err.Error(), nil, nil
		return r, err
	}
	r.listen()
	if c.GainDB != 0 {
		r.gain = gain.New(float64(c.GainDB))
	}
	r.speech = newSpeech(r.view)
	switch {
	case c.Use == driver.Trunk && r.view.info.Kind == driver.FXO && r.speech != nil:
		if t, ok := kept[*trunkTable](old); ok {
			r.table = t
			t.trunk.Configure(trunkConfig(r.view))
		} else {
			r.table = newTrunkTable(l, r.view)
		}
	case c.Use == driver.Station && r.view.info.Kind == driver.FXS && r.speech != nil:
		if t, ok := kept[*stationTable](old); ok {
			r.table = t
			t.station.Configure(stationConfig(r.view))
		} else {
			r.table = newStationTable(l, r.view)
		}
	case c.Use == driver.Trunk && r.view.info.Kind == driver.BChan && r.speech != nil && signals(info, r.view.rx):
		if t, ok := kept[*bearerTable](old); ok {
			r.table = t
		} else {
			r.table = newBearerTable(l)
		}
	case c.Use != driver.Tap:
	case r.view.info.Kind == driver.FXO:
		if t, ok := kept[*tapTable](old); ok {
			r.table = t // the loop hands it the new values when it takes over
		} else {
			r.table = newTapTable(l, c, r.view.info.Caps.Has(driver.CapVolts))
		}
	case Followed(info, r.view.rx):
		r.table = newDigitalTable(l) // when the board was away, calls have come and gone
	}
	return r, nil
}

// signals reports whether a line lies on a span whose D-channel may be ours: one of
// primary rate. Basic access is not known here.
func signals(info driver.Info, line int) bool {
	s := spanOf(info, line)
	return s >= 0 && info.Spans[s].DChannel != 0 && !info.Spans[s].Tap && info.Spans[s].Channels >= 24
}

// kept is the table that a line had, if it is of the same kind.
func kept[T table](old *lineRun) (t T, ok bool) {
	if old == nil {
		return t, false
	}
	t, ok = old.table.(T)
	return t, ok
}

func (r *lineRun) check(info driver.Info, c LineConfig) error {
	if r.view.rx < 0 {
		return &UseError{Port: c.Port, Use: c.Use, Code: "no-port", Detail: fmt.Sprintf("the board has no port %d", c.Port),
			Remedy: "give the line a port that the board has"}
	}
	r.view.info = info.Lines[r.view.rx]
	if err := Validate(r.view.info, c); err != nil {
		return err
	}
	if c.LocalPort != 0 {
		r.view.local = info.LineByPort(c.LocalPort)
		if r.view.local < 0 || r.view.local == r.view.rx || info.Lines[r.view.local].Kind != driver.BChan {
			return &UseError{Port: c.Port, Use: c.Use, Code: "wrong-pair",
				Detail: fmt.Sprintf("port %d is not another digital channel of this board", c.LocalPort),
				Remedy: "give the port of the same timeslot on the span that listens to the local side"}
		}
		if mixes(info, r.view.rx, r.view.local) {
			return &UseError{Port: c.Port, Use: c.Use, Code: "wrong-pair",
				Detail: fmt.Sprintf("port %d is timeslot %d and port %d timeslot %d of one trunk: two calls would be mixed",
					c.Port, r.view.info.Timeslot, c.LocalPort, info.Lines[r.view.local].Timeslot),
				Remedy: "give the port of the same timeslot on the span that listens to the local side"}
		}
	}
	if s := spanOf(info, r.view.rx); s >= 0 && info.Spans[s].Tap && c.Use != driver.Tap && c.Use != driver.Unused {
		return &UseError{Port: c.Port, Use: c.Use, Code: "tap-span", Detail: "its span only listens", Remedy: "use it as a tap"}
	}
	return nil
}

// mixes reports whether two lines are different timeslots of one tapped trunk.
func mixes(info driver.Info, a, b int) bool {
	one := slices.ContainsFunc(info.Taps(), func(p [2]int) bool {
		return slices.Contains(p[:], spanOf(info, a)) && slices.Contains(p[:], spanOf(info, b))
	})
	return one && (info.Lines[a].Timeslot != info.Lines[b].Timeslot || info.Lines[a].Span == info.Lines[b].Span)
}

// spanOf returns the index of the span that a line lies on, or -1.
func spanOf(info driver.Info, line int) int {
	for i, s := range info.Spans {
		if info.Lines[line].Span != 0 && info.Lines[line].Span == s.Number {
			return i
		}
	}
	return -1
}

// arrange says which audio goes to which side, and gets the rings for it.
func (r *lineRun) arrange(info driver.Info) error {
	v := r.view
	law := v.info.Law
	if law == driver.Linear {
		law = driver.ALaw // the ring holds one byte per sample; the loop compands
	}
	side := func(name string, src int) {
		v.src[len(v.sides)] = src
		v.sides = append(v.sides, Side{Name: name, Law: law})
	}
	switch {
	case v.use == driver.Unused:
	case v.use == driver.Tap && v.info.Kind == driver.BChan && hearsUser(info, v.rx): // the ports are the other way round
		if v.local >= 0 {
			side("network", v.local)
		}
		side("local", v.rx)
	case v.use == driver.Tap && v.info.Kind == driver.BChan:
		side("network", r.view.rx)
		if r.view.local >= 0 {
			side("local", r.view.local)
		}
	case v.use == driver.Tap:
		side("mixed", r.view.rx)
	case v.use == driver.Station:
		side("network", sent)
		side("local", r.view.rx)
	default:
		side("network", r.view.rx)
		side("local", sent)
	}
	for i := range v.sides {
		ring, err := r.line.ring(i)
		if err != nil {
			return err
		}
		v.rings[i] = ring
	}
	return nil
}

// sameAudio reports whether a side goes on holding what it held, so that what
// is in its ring stays good. Audio of another port is another line's.
func (v *view) sameAudio(old *view, side int) bool {
	return side < len(old.sides) && side < len(v.sides) &&
		old.sides[side].Law == v.sides[side].Law && old.port(side) == v.port(side)
}

// port is where a side comes from, or sent.
func (v *view) port(side int) int {
	switch v.src[side] {
	case sent:
		return sent
	case v.rx:
		return v.info.Port
	}
	return v.cfg.LocalPort
}

// asked notes that the outcome of a command is awaited; the oldest is
// forgotten when there are too many.
func (r *lineRun) asked(kind driver.CommandKind, id string) {
	copy(r.pending[:], r.pending[1:])
	r.pending[len(r.pending)-1] = pendingRequest{kind, id}
}

// outcome returns the ID of the oldest request of that kind and forgets it; false:
// nobody has asked for it.
func (r *lineRun) outcome(kind driver.CommandKind) (id string, ok bool) {
	for i := range r.pending {
		if p := &r.pending[i]; p.kind == kind {
			id = p.id
			*p = pendingRequest{}
			return id, true
		}
	}
	return "", false
}

// forget forgets the oldest request of a kind, if there is one.
func (r *lineRun) forget(kind driver.CommandKind) bool {
	_, ok := r.outcome(kind)
	return ok
}
