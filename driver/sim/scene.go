package sim

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"vaad/driver/keys"
	"vaad/driver/sim/voice"
	"vaad/dsp/tone"
)

const (
	sceneFormat = 1
	maxScene    = 1 << 20 // bytes of a scene file
	maxCallers  = 1000
	maxSteps    = 1000
	maxSeconds  = 24 * 3600
)

//go:embed scenes/*.json
var builtIn embed.FS

// Scenes lists the names of the built-in scenes.
func Scenes() []string {
	entries, _ := fs.ReadDir(builtIn, "scenes") // embedded: always there
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// Scene is what simulated callers do: docs/formats/scene.md.
type Scene struct {
	About   string
	Seed    uint64
	Country string  // whose tones and ringing, ISO 3166
	Lines   int     // of a board that does not say how many it has
	Idle    float64 // V, tip to ring
	Lifted  float64 // V, with a telephone off-hook
	Voices  map[string]voice.Voice
	Callers []Caller
}

// Caller is somebody who makes one kind of call again and again.
type Caller struct {
	Name    string
	Country string   // instead of the scene's
	Each    bool     // one such caller for every line
	Ports   []int    // lines he may use; none: any
	Start   interval // when he first calls, s after the board opened
	Again   interval // after the end of his call, s; none: once
	Steps   []Step
}

// Step is one thing a caller does.
type Step struct {
	Do     verb
	For    interval // s; rings for ring, ms for flash and loop-break
	Text   string   // keys, or the name of a tone
	Voices []string // who says or talks
	Volts  float64
}

// interval is a number drawn anew each time from lo…hi.
type interval struct{ lo, hi float64 }

// UnmarshalJSON reads a number or a pair of numbers.
func (v *interval) UnmarshalJSON(b []byte) error {
	var pair []float64
	if err := json.Unmarshal(b, &v.lo); err == nil {
		v.hi = v.lo
	} else if err := json.Unmarshal(b, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("%s is neither a number nor a pair [least, most]", b)
	} else {
		v.lo, v.hi = pair[0], pair[1]
	}
	if !(v.lo >= 0 && v.hi >= v.lo && v.hi <= maxSeconds) {
		return fmt.Errorf("%s is not within 0…%d with the lesser number first", b, maxSeconds)
	}
	return nil
}

// verb is what a step does.
type verb uint8

const (
	doPause verb = iota
	doRing
	doOffHook
	doHangUp
	doSay
	doTalk
	doTone
	doKeys
	doVolts
	doReversal
	doLoopBreak
	doFlash
)

var verbs = map[string]verb{"pause": doPause, "ring": doRing, "off-hook": doOffHook, "hang-up": doHangUp, "say": doSay,
	"talk": doTalk, "tone": doTone, "keys": doKeys, "volts": doVolts, "reversal": doReversal, "loop-break": doLoopBreak, "flash": doFlash}

// loadScene reads a built-in scene by its name or a file by its path; nil where
// there is none.
func loadScene(name string, f *keys.Faults) *Scene {
	if name == "" {
		return nil
	}
	b, err := readScene(name)
	if err != nil {
		f.Add("scene", "%v", err)
		return nil
	}
	sub := &keys.Faults{Where: fmt.Sprintf("%sscene: %s: ", f.Where, name)}
	sc := parseScene(b, sub)
	f.Errs = append(f.Errs, sub.Errs...)
	return sc
}

func readScene(name string) ([]byte, error) {
	if !strings.ContainsAny(name, "./") {
		b, err := builtIn.ReadFile("scenes/" + name + ".json")
		if err != nil {
			return nil, fmt.Errorf("%q is not known; built in are %s; anything else is the path of a .json file",
				name, strings.Join(Scenes(), ", "))
		}
		return b, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	b, err := io.ReadAll(io.LimitReader(file, maxScene+1))
	if err == nil && len(b) > maxScene {
		err = fmt.Errorf("%s has more than %d bytes", name, maxScene)
	}
	return b, err
}

// parseScene reads a scene and adds what is wrong with it to f.
func parseScene(b []byte, f *keys.Faults) *Scene {
	sc := &Scene{Country: "CN", Idle: -48, Lifted: -7, Voices: map[string]voice.Voice{}}
	format := 0
	var voices map[string]json.RawMessage
	var callers []json.RawMessage
	f.Object(b, "", map[string]any{"format": &format, "about": &sc.About, "seed": &sc.Seed, "country": &sc.Country, "lines": &sc.Lines,
		"idle_volts": &sc.Idle, "off_hook_volts": &sc.Lifted, "voices": &voices, "callers": &callers})
	if format != sceneFormat {
		f.Add("format", "%d is not known; this program reads format %d", format, sceneFormat)
	}
	if sc.Lines < 0 || sc.Lines > maxLines {
		f.Add("lines", "a board has 1 to %d lines", maxLines)
	}
	if len(callers) > maxCallers {
		f.Add("callers", "a scene has at most %d callers", maxCallers)
		callers = nil
	}
	checkCountry(sc.Country, "country", f)
	for _, v := range []*float64{&sc.Idle, &sc.Lifted} {
		if !(*v >= -200 && *v <= 200) {
			f.Add("idle_volts", "a line has −200 to 200 V")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(voices)) {
		sc.Voices[name] = parseVoice(voices[name], "voices."+name, f)
	}
	for i, raw := range callers {
		sc.Callers = append(sc.Callers, sc.parseCaller(raw, fmt.Sprintf("callers[%d]", i), f))
	}
	return sc
}

func checkCountry(code, key string, f *keys.Faults) {
	if _, ok := tone.Country(code); !ok {
		f.Add(key, "the tones of %q are not known; known are %s", code, strings.Join(tone.Countries(), ", "))
	}
}

func parseVoice(raw json.RawMessage, path string, f *keys.Faults) voice.Voice {
	v := voice.Usual()
	f.Object(raw, path, map[string]any{"pitch": &v.Pitch, "tract": &v.Tract, "pace": &v.Pace, "level": &v.Level})
	for _, x := range []struct {
		key       string
		v, lo, hi float64
	}{{"pitch", v.Pitch, 60, 400}, {"tract", v.Tract, 0.7, 1.5}, {"pace", v.Pace, 1, 10}, {"level", v.Level, -50, -5}} {
		if !(x.v >= x.lo && x.v <= x.hi) {
			f.Add(path+"."+x.key, "%v is not within %v…%v", x.v, x.lo, x.hi)
		}
	}
	return v
}

func (sc *Scene) parseCaller(raw json.RawMessage, path string, f *keys.Faults) Caller {
	c := Caller{Country: sc.Country}
	var steps []json.RawMessage
	lines := json.RawMessage(`"any"`)
	f.Object(raw, path, map[string]any{"name": &c.Name, "country": &c.Country, "lines": &lines, "start": &c.Start, "again": &c.Again, "steps": &steps})
	checkCountry(c.Country, path+".country", f)
	var word string
	_ = json.Unmarshal(lines, &word) // a list is read below
	switch word {
	case "any":
	case "each":
		c.Each = true
	default:
		if err := json.Unmarshal(lines, &c.Ports); err != nil || len(c.Ports) == 0 || slices.Min(c.Ports) < 1 {
			f.Add(path+".lines", "%s is neither \"any\", \"each\" nor a list of line numbers from 1", lines)
		}
	}
	if len(steps) == 0 || len(steps) > maxSteps {
		f.Add(path+".steps", "a call has 1 to %d steps", maxSteps)
		steps = nil
	}
	for i, s := range steps {
		c.Steps = append(c.Steps, sc.parseStep(s, fmt.Sprintf("%s.steps[%d]", path, i), f))
	}
	return c
}

// parseStep reads a step: one verb with its argument, some with how long.
func (sc *Scene) parseStep(raw json.RawMessage, path string, f *keys.Faults) Step {
	var s Step
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		f.Add(path, "is not a table: %v", err)
		return s
	}
	var word string
	for k := range members {
		if k != "for" {
			word = k
		}
	}
	do, known := verbs[word]
	long, timed := members["for"]
	if !known || len(members) > 2 || (len(members) == 2) != timed {
		f.Add(path, "has not exactly one of %s, and at most \"for\" besides", strings.Join(slices.Sorted(maps.Keys(verbs)), ", "))
		return s
	}
	s.Do = do
	needs := do == doSay || do == doTalk || do == doTone
	if timed != needs {
		f.Add(path, "%s with \"for\": %v, needed: %v", word, timed, needs)
	}
	var err error
	if timed {
		err = json.Unmarshal(long, &s.For)
	}
	if e := s.argument(members[word]); err == nil {
		err = e
	}
	if err != nil {
		f.Add(path, "%s: %v", word, err)
		return s
	}
	for _, v := range s.Voices {
		if _, ok := sc.Voices[v]; !ok {
			f.Add(path, "the voice %q is not described in voices", v)
		}
	}
	return s
}

var errTrue = errors.New("takes true")

// argument reads what stands after the verb.
func (s *Step) argument(raw json.RawMessage) error {
	switch s.Do {
	case doPause, doRing, doLoopBreak, doFlash:
		err := json.Unmarshal(raw, &s.For)
		if err == nil && s.Do != doPause && s.For.lo < 1 {
			return fmt.Errorf("%s is less than 1", raw)
		}
		return err
	case doOffHook, doHangUp, doReversal:
		if string(raw) != "true" {
			return errTrue
		}
	case doSay:
		s.Voices = make([]string, 1)
		return json.Unmarshal(raw, &s.Voices[0])
	case doTalk:
		if err := json.Unmarshal(raw, &s.Voices); err != nil || len(s.Voices) < 2 {
			return fmt.Errorf("%s is no list of two voices or more", raw)
		}
	case doTone:
		if err := json.Unmarshal(raw, &s.Text); err != nil {
			return err
		}
		_, err := toneOf(tone.Tones{}, s.Text)
		return err
	case doKeys:
		if err := json.Unmarshal(raw, &s.Text); err != nil {
			return err
		}
		_, err := tone.DTMF(s.Text, keyLevel, keyOn, keyOff)
		return err
	case doVolts:
		if err := json.Unmarshal(raw, &s.Volts); err != nil || s.Volts < -200 || s.Volts > 200 {
			return fmt.Errorf("%s is not within −200…200", raw)
		}
	}
	return nil
}

// toneOf picks a country's tone by its name in scenes.
func toneOf(t tone.Tones, name string) (tone.Cadence, error) {
	named := map[string]tone.Cadence{"dial": t.Dial, "ringback": t.Ringback, "busy": t.Busy, "congestion": t.Congestion,
		"call-waiting": t.CallWaiting, "vacant": t.Vacant, "howler": t.Howler}
	c, ok := named[name]
	if !ok {
		return c, fmt.Errorf("the tone %q is not known; known are %s", name, strings.Join(slices.Sorted(maps.Keys(named)), ", "))
	}
	return c, nil
}
