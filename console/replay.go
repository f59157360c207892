package console

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// maxFrames is how many frames of a story are shown: no call has so many.
const maxFrames = 2000

// lanes says where in a replay a story line belongs.
var lanes = map[string]string{
	"off-hook": "hook", "on-hook": "hook", "flash": "hook", "line-state": "hook", "loop-break": "hook", "long-off-hook": "hook",
	"long-off-hook-end": "hook", "parallel-pick-up": "hook", "no-battery": "hook", "battery": "hook", "polarity": "hook",
	"ring-begin": "ring", "ring-end": "ring", "alerting": "ring",
	"caller": "caller-id", "caller-name": "caller-id", "caller-id-failed": "caller-id", "call-waiting": "caller-id", "numbers": "caller-id", "called": "caller-id",
	"digit": "keys", "key": "keys", "key-start": "keys", "key-stop": "keys", "keys-sent": "keys", "number-complete": "keys",
	"tone": "tones", "modem": "tones", "modem-rule": "tones",
	"voice-begin": "voice", "voice-end": "voice",
	"call-begin": "signalling", "call-answered": "signalling", "call-end": "signalling", "progress": "signalling", "held": "signalling",
	"alarm": "signalling", "sides-swapped": "signalling", "direction": "signalling", "would-release": "signalling",
	"pause": "recording", "resume": "recording", "masked": "recording", "muted": "recording", "not-muted": "recording", "gap": "recording",
	"damaged": "recording", "recovered": "recording", "end": "recording", "beep": "recording", "announce": "recording", "manual-start": "recording",
	"manual-stop": "recording", "rule": "recording", "retention-class": "recording", "side-lost": "recording", "files-removed": "recording",
	"events-lost": "recording", "mark": "recording", "note": "recording", "clock": "recording",
}

// ReplayInput names a recording, and the language of the words.
type ReplayInput struct {
	RecordingInput
	Spoken
}

// replay is all that is known of a recording on one axis of time.
func (s *Server) replay(ctx context.Context, in *ReplayInput) (*body[api.Replay], error) {
	row, err := s.find(ctx, access.SearchRecords, in.ID)
	if err != nil {
		return nil, err
	}
	if row.State == index.StateErased {
		return nil, failLine("erased", row.Line, row.ID)
	}
	st, err := s.cfg.Archive.Story(row.Day, row.ID)
	if err != nil && !errors.Is(err, archive.ErrNotFound) {
		return nil, err
	}
	out := api.Replay{Recording: s.shown(&row), Samples: row.Samples, Position: st.Start.BeginPos, Events: []api.ReplayEvent{}, Volts: []api.VoltPoint{},
		Ladder: []api.LadderMessage{}, Complete: st.Ended, Damaged: st.Damaged}
	if c, ok, err := s.cfg.Calls.Get(row.Call); err == nil && ok && row.Call != "" && who(ctx).scope.Allows(access.Calls, c.Line) {
		call := s.callOf(c, s.lineNames())
		out.Call = &call
	}
	ladder := s.tracks(&out, st.Entries, &row, text.Match(in.Lang))
	if kept := s.ladderOfCall(&row, text.Match(in.Lang)); len(kept) > len(ladder) { // it has what came when the recording had ended
		ladder = kept
	}
	out.Ladder = append(out.Ladder, ladder...)
	return &body[api.Replay]{out}, nil
}

// tracks sorts the story into events and volts, and returns what it has of the D-channel.
func (s *Server) tracks(out *api.Replay, story []archive.Entry, row *index.Row, lang string) (ladder []api.LadderMessage) {
	var frames []DStored
	var at []int64
	for i := range story {
		e := &story[i]
		switch e.Kind {
		case archive.EntryVolts:
			out.Volts = append(out.Volts, api.VoltPoint{At: e.At, Volts: round(float64(e.Value)/1000, 2)})
			continue
		case archive.EntryQ931:
			if raw, err := hex.DecodeString(e.Text); err == nil && s.cfg.DChannels != nil && len(frames) < maxFrames {
				frames, at = append(frames, DStored{raw, e.Side == "network", e.Time}), append(at, e.At)
			}
			continue
		}
		v := api.ReplayEvent{At: e.At, Time: moment(e.Time), Kind: e.Kind, Lane: cmp.Or(lanes[e.Kind], "other"), Side: e.Side, Value: e.Value,
			Code: e.Code, Text: e.Text, Actor: e.Actor}
		if lasts(e.Kind) || e.Kind == "caller-id-failed" {
			v.Length = max(0, e.Value)
		}
		out.Events = append(out.Events, v)
	}
	slices.SortStableFunc(out.Events, func(a, b api.ReplayEvent) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(out.Volts, func(a, b api.VoltPoint) int { return cmp.Compare(a.At, b.At) })
	if len(frames) > 0 {
		for i, f := range s.cfg.DChannels.Stored(frames) {
			m := ladderOf(&f, lang)
			m.At, m.Line = &at[i], row.Line
			ladder = append(ladder, m)
		}
	}
	last(out.Events, row.Samples)
	return ladder
}

// last gives what has a beginning and an end its length.
func last(all []api.ReplayEvent, samples int64) {
	begun := map[string]int{}
	over := func(key string, at int64) {
		if i, ok := begun[key]; ok {
			all[i].Length = max(0, at-all[i].At)
			delete(begun, key)
		}
	}
	for i := range all {
		e := &all[i]
		of := " " + e.Side + " " + e.Text
		switch e.Kind {
		case "ring-begin":
			begun["ring"] = i
		case "ring-end":
			over("ring", e.At)
		case "off-hook":
			begun["hook"] = i
		case "on-hook":
			over("hook", e.At)
		case "voice-begin":
			begun["voice "+e.Side] = i
		case "voice-end":
			over("voice "+e.Side, e.At)
		case "tone", "modem":
			if e.Value != 0 {
				begun[e.Kind+of] = i
			} else {
				over(e.Kind+of, e.At)
			}
		}
	}
	for key, i := range begun {
		if !strings.HasPrefix(key, "ring") {
			all[i].Length = max(0, samples-all[i].At)
		}
	}
}

// around is how long before and after a recording the signalling of its call is looked for.
const around = 2 * time.Minute

// ladderOfCall is what the D-channel said of a recording's call, as far as that is
// still kept in memory.
func (s *Server) ladderOfCall(row *index.Row, lang string) (out []api.LadderMessage) {
	if s.cfg.DChannels == nil {
		return nil
	}
	end := row.End
	if end.IsZero() {
		end = s.cfg.Now()
	}
	for _, f := range s.cfg.DChannels.OfCall(row.Line, row.Start.Add(-around), end.Add(around)) {
		m := ladderOf(&f, lang)
		at := f.Time.Sub(row.Start).Nanoseconds() / 125_000 // of 8000 samples a second
		m.At = &at
		out = append(out, m)
	}
	return ofOneCall(out, row.Samples)
}

// ofOneCall leaves out the calls on the same timeslot that were over before the
// recording began, or began when it was over.
func ofOneCall(all []api.LadderMessage, samples int64) []api.LadderMessage {
	type stretch struct{ from, to int64 }
	calls := map[uint64]stretch{}
	for _, m := range all {
		c, known := calls[m.CallSeq]
		if !known {
			c = stretch{*m.At, *m.At}
		}
		calls[m.CallSeq] = stretch{min(c.from, *m.At), max(c.to, *m.At)}
	}
	return slices.DeleteFunc(all, func(m api.LadderMessage) bool {
		c := calls[m.CallSeq]
		return c.to < 0 || c.from > samples
	})
}
