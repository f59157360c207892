package sim

import (
	"bytes"
	"encoding/json"
	"fmt"

	"vaad/driver"
	"vaad/driver/keys"
)

// Limits of one board. 16 spans of E1 are 480 lines, more than one machine
// carries; they keep a slip of the pen from making a million sockets.
const (
	maxLines = 512
	maxSpans = 16
	maxPPM   = 1000
)

// options are the keys of a [[board]] table with driver = "sim".
type options struct {
	Clock    string       // "real" (default) or "peers"
	Dir      string       // folder of the sockets; default Config.Dir
	Scene    string       // name of a built-in scene, or path of a scene file
	Lines    []lineOption //
	Count    int          // instead of Lines: so many lines of Kind, Law and Use
	Kind     string       // for Count and for lines that do not say theirs
	Law      string       //
	Use      string       //
	Spans    []spanOption //
	PPM      float64      // how fast this board's clock is, parts per million
	Replay   string       // path of a frame log to play as this board's lines
	Loop     bool         // Replay begins again at its end (default true)
	FlashMin int          // FXS: shortest break that is a flash, ms (default 80); shorter ones are pulses
	FlashMax int          // FXS: longest break that is a flash, ms (default 1000); longer ones are a hang-up

	scene *Scene // what Scene names
}

type lineOption struct{ Kind, Law, Use, Name string }

type spanOption struct {
	Channels int
	DChannel *int // nil: the usual one for Channels
	Tap      bool
}

// peersClock reports whether the board's clock waits for its peers.
func (o options) peersClock() bool { return o.Clock == "peers" }

// parseOptions reads the keys. What it cannot read it leaves at its default and
// adds to f.
func parseOptions(cfg driver.Config, f *keys.Faults) options {
	o := options{Clock: "real", Dir: cfg.Dir, Kind: "fxo", Law: "alaw", Loop: true, FlashMin: 80, FlashMax: 1000}
	var lines, spans []json.RawMessage
	raw := cfg.Options
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = json.RawMessage("{}")
	}
	f.Object(raw, "", map[string]any{
		"clock": &o.Clock, "dir": &o.Dir, "scene": &o.Scene, "lines": &lines, "count": &o.Count, "kind": &o.Kind,
		"law": &o.Law, "use": &o.Use, "spans": &spans, "ppm": &o.PPM, "replay": &o.Replay, "loop": &o.Loop,
		"flash_min_ms": &o.FlashMin, "flash_max_ms": &o.FlashMax,
	})
	for i, r := range lines {
		l := lineOption{Kind: o.Kind, Law: o.Law, Use: o.Use}
		f.Object(r, fmt.Sprintf("lines[%d]", i), map[string]any{"kind": &l.Kind, "law": &l.Law, "use": &l.Use, "name": &l.Name})
		o.Lines = append(o.Lines, l)
	}
	for i, r := range spans {
		s := spanOption{Channels: 31}
		f.Object(r, fmt.Sprintf("spans[%d]", i), map[string]any{"channels": &s.Channels, "dchannel": &s.DChannel, "tap": &s.Tap})
		o.Spans = append(o.Spans, s)
	}
	o.check(f)
	return o
}

// check finds what is wrong with the board's own keys; lines and spans are
// checked where they are laid out.
func (o *options) check(f *keys.Faults) {
	if o.Clock != "real" && o.Clock != "peers" {
		f.Add("clock", "%q is not known; use \"real\" or \"peers\"", o.Clock)
	}
	if len(o.Lines) > 0 && o.Count != 0 {
		f.Add("count", "lines are given one by one already; remove one of lines and count")
	}
	if o.Count < 0 || max(o.Count, len(o.Lines)) > maxLines {
		f.Add("count", "a board has 1 to %d lines", maxLines)
		o.Count, o.Lines = 0, nil
	}
	if len(o.Spans) > maxSpans {
		f.Add("spans", "a board has at most %d spans", maxSpans)
		o.Spans = nil
	}
	if !(o.PPM >= -maxPPM && o.PPM <= maxPPM) {
		f.Add("ppm", "%v is outside ±%d; crystals of real cards lie within ±100", o.PPM, maxPPM)
	}
	if o.FlashMin < 10 || o.FlashMax > 5000 || o.FlashMin >= o.FlashMax {
		f.Add("flash_min_ms", "%d…%d ms is no range within 10…5000 ms", o.FlashMin, o.FlashMax)
	}
	if o.Replay == "" {
		return
	}
	if o.Clock == "peers" {
		f.Add("clock", "a replay has no peers; use \"real\"")
	}
	for key, set := range map[string]bool{"scene": o.Scene != "", "lines": len(o.Lines) > 0, "count": o.Count != 0, "spans": len(o.Spans) > 0} {
		if set {
			f.Add(key, "the frame log of replay says what the lines are and do; remove one of %s and replay", key)
		}
	}
}
