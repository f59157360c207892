package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"vaad/driver"
	"vaad/driver/sim/voice"
	"vaad/dsp/callerid"
	"vaad/dsp/tone"
)

// A step is part of what a line does: events, then samples or silence.
type step struct {
	events  []string
	audio   []int16
	silence int  // blocks
	quiet   bool // what hums is heard during it
	hums    *hum
}

// hum is a sine that goes on between wishes.
type hum struct{ hz, at float64 }

func (h *hum) fill(block []int16) {
	for i := range block {
		if h.hz > 0 {
			block[i] = int16(6000 * math.Sin(h.at))
			h.at = math.Mod(h.at+2*math.Pi*h.hz/driver.Rate, 2*math.Pi)
		}
	}
}

// most bounds how long one step may be.
const most = 2 * time.Hour

// parse reads steps: words, separated by semicolons.
//
//	event WORDS          what docs/line-socket.md calls an event, as: event reversal
//	volts V              the same as: event volts V
//	ring S               the line rings for so many seconds
//	wait S               nothing
//	caller NUMBER [NAME] caller ID, FSK of Bell 202 between rings; the name in GBK
//	keys KEYS            DTMF, 70 ms on and off
//	tone HZ S            a sine
//	hum HZ               a sine from now on, between wishes too; 0 ends it
//	speech S [SEED]      a voice that speaks no language
//	progress NAME S      busy, dial or ringback tone of China
func parse(words string) ([]step, error) {
	var all []step
	for one := range strings.SplitSeq(words, ";") {
		f := strings.Fields(one)
		if len(f) == 0 {
			continue
		}
		s, err := parseStep(f[0], f[1:])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimSpace(one), err)
		}
		all = append(all, s...)
	}
	return all, nil
}

func parseStep(verb string, args []string) ([]step, error) {
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	switch verb {
	case "event":
		return []step{{events: []string{strings.Join(args, " ")}}}, nil
	case "volts":
		return []step{{events: []string{"volts " + arg(0)}}}, nil
	case "caller":
		return announced(arg(0), strings.Join(args[min(1, len(args)):], " "))
	case "keys":
		c, err := tone.DTMF(arg(0), -12, 70, 70)
		return []step{{audio: rendered(tone.New(c), time.Minute)}}, err
	case "ring", "wait":
		d, err := seconds(arg(0))
		s := step{silence: int(d / driver.Tick), quiet: true}
		if verb == "wait" {
			return []step{s}, err
		}
		s.events = []string{"ring"}
		return []step{s, {events: []string{"ring-end"}, silence: 1}}, err
	case "hum":
		hz, err := strconv.ParseFloat(arg(0), 64)
		return []step{{hums: &hum{hz: hz}}}, err
	case "tone":
		hz, err := strconv.ParseFloat(arg(0), 64)
		if err != nil {
			return nil, err
		}
		d, err := seconds(arg(1))
		h := hum{hz: hz}
		pcm := make([]int16, int(d/driver.Tick)*driver.Block)
		h.fill(pcm)
		return []step{{audio: pcm}}, err
	case "progress":
		return progress(arg(0), arg(1))
	case "speech":
		d, err := seconds(arg(0))
		seed, _ := strconv.ParseUint(arg(1), 10, 64)
		return []step{{audio: speech(d, seed)}}, err
	}
	return nil, fmt.Errorf("there is no step %q", verb)
}

func seconds(s string) (time.Duration, error) {
	f, err := strconv.ParseFloat(s, 64)
	d := time.Duration(f * float64(time.Second))
	if err == nil && (f < 0 || d > most) {
		err = fmt.Errorf("%s s is too long", s)
	}
	return d, err
}

func rendered(s interface{ Fill([]int16) int }, d time.Duration) []int16 {
	b := make([]int16, int(d/driver.Tick)*driver.Block)
	return b[:s.Fill(b)]
}

func progress(name, length string) ([]step, error) {
	d, err := seconds(length)
	cn, _ := tone.Country("CN")
	c, ok := map[string]tone.Cadence{"busy": cn.Busy, "dial": cn.Dial, "ringback": cn.Ringback}[name]
	if !ok {
		return nil, fmt.Errorf("there is no tone %q", name)
	}
	return []step{{audio: rendered(tone.New(c), d)}}, err
}

// announced is the data burst between the first two rings.
func announced(number, name string) ([]step, error) {
	fields := []callerid.Field{{Type: callerid.Number, Raw: []byte(number)}}
	if name != "" {
		fields = append(fields, callerid.Field{Type: callerid.Name, Raw: callerid.EncodeGBK(name)})
	}
	m, err := callerid.Build(callerid.CallSetup, fields...)
	if err != nil {
		return nil, err
	}
	return []step{
		{silence: int(600 * time.Millisecond / driver.Tick)},
		{audio: rendered(callerid.NewSource(callerid.Bell, m, callerid.OnHook(), -15), 3*time.Second)},
	}, nil
}

// speech is one voice, phrase by phrase, for so long.
func speech(d time.Duration, seed uint64) []int16 {
	v := voice.Usual()
	if seed%2 == 1 {
		v.Pitch, v.Tract = 205, 1.16
	}
	pcm := make([]int16, 0, int(d/driver.Tick)*driver.Block)
	for len(pcm) < cap(pcm) {
		seed++
		phrase := append(v.Phrase(seed, 9), make([]int16, 500*driver.MS)...)
		pcm = append(pcm, phrase[:min(len(phrase), cap(pcm)-len(pcm))]...)
	}
	return pcm
}
