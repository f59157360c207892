package emulator

import (
	"fmt"
	"strconv"
	"strings"

	"vaad/driver"
	"vaad/dsp/progress"
	"vaad/dsp/tone"
)

// A step is one thing that dialling or +VTS does.
type step struct {
	kind  stepKind
	sound tone.Cadence
	wish  string // to the exchange
	last  int64  // samples it takes, or at most
}

type stepKind byte

const (
	stepSound   stepKind = iota + 1
	stepPause            // it takes its time
	stepWish             // the exchange says when it is done
	stepTone             // waits for dial tone
	stepSilence          // waits for 5 s of silence
)

const keyLevel = -8.0 // dBm0 of each frequency

// perform does steps, then what follows.
func (m *modem) perform(steps []step, then func() (bool, string)) func() (bool, string) {
	at, begun, from := 0, false, int64(0)
	return func() (bool, string) {
		for at < len(steps) {
			s := &steps[at]
			if !begun {
				begun, from = true, m.pos
				m.begin(s)
			}
			over, failed := m.over(s, from)
			if failed != "" {
				m.release()
				return true, failed
			}
			if !over {
				return false, ""
			}
			at, begun = at+1, false
		}
		return then()
	}
}

func (m *modem) begin(s *step) {
	switch s.kind {
	case stepSound:
		m.says = tone.New(s.sound)
	case stepWish:
		m.wires.done = false
		m.wish = append(m.wish, s.wish)
	}
}

// over says whether a step is over, or what it fails with.
func (m *modem) over(s *step, from int64) (bool, string) {
	late := m.pos-from >= s.last
	switch s.kind {
	case stepSound:
		return m.says == nil, ""
	case stepPause:
		return late, ""
	case stepWish:
		return m.wires.done || late, ""
	case stepTone:
		if t := m.ears.now; t == progress.Dial || t == progress.SpecialDial {
			return true, ""
		}
		if late {
			return false, "NO DIALTONE"
		}
	case stepSilence:
		if late {
			return false, "NO ANSWER"
		}
		return m.pos-max(m.ears.spoken, from) > 5*driver.Rate, ""
	}
	return false, ""
}

// dial is ATD.
func (m *modem) dial(number string) string {
	if m.chip.inUse != "" && m.wires.used && !m.hook {
		return m.chip.inUse
	}
	steps, comes, ok := m.dialled(number)
	if !ok {
		return "ERROR"
	}
	m.seize()
	m.mode = dialling
	m.todo = nil
	m.wait = m.perform(steps, m.outcome(comes))
	return ""
}

// dialled makes steps of a dial string; comes says that a result is waited for.
func (m *modem) dialled(number string) (steps []step, comes, ok bool) {
	second := func(n byte) int64 { return int64(n) * driver.Rate }
	pulse := false
	if m.hook { // the call is up; more digits
	} else if m.set.x >= 2 && m.set.x != 3 {
		steps = append(steps, step{kind: stepTone, last: second(max(5, m.set.s[6]))})
	} else {
		steps = append(steps, step{kind: stepPause, last: second(m.set.s[6])})
	}
	for i := range len(number) {
		switch c := number[i]; {
		case c == 'T':
			pulse = false
		case c == 'P':
			pulse = true
		case c == 'W':
			steps = append(steps, step{kind: stepTone, last: second(m.set.s[7])})
		case c == ',':
			steps = append(steps, step{kind: stepPause, last: second(m.set.s[8])})
		case c == '@':
			steps = append(steps, step{kind: stepSilence, last: second(m.set.s[7])})
		case c == '!':
			steps = append(steps, flash())
		case c == ';':
			return steps, false, i == len(number)-1
		case c == '-' || c == '(' || c == ')' || c == '.':
		case pulse && '0' <= c && c <= '9':
			steps = append(steps, step{kind: stepWish, wish: fmt.Sprintf("pulse %c 39 61", c), last: (int64(c-'1'+10)%10+1)*100*ms + 700*ms})
		default:
			k, err := tone.DTMF(string(c), keyLevel, int(m.set.s[11]), int(m.set.s[11]))
			if err != nil {
				return nil, false, false
			}
			steps = append(steps, step{kind: stepSound, sound: k})
		}
	}
	return steps, true, true
}

func flash() step { return step{kind: stepWish, wish: "flash 500", last: 800 * ms} }

// outcome is what comes of a call that was dialled.
func (m *modem) outcome(comes bool) func() (bool, string) {
	from := int64(-1)
	return func() (bool, string) {
		if from < 0 {
			from = m.pos
			m.ears.fresh()
			m.set.source = 1
		}
		if !comes {
			return true, "OK"
		}
		e, waited := m.ears, m.pos-from
		tenth, whole := int64(100*ms), int64(driver.Rate)
		switch {
		case m.set.x >= 3 && (e.now == progress.Busy || e.now == progress.Congestion):
			m.release()
			return true, "BUSY"
		case waited > int64(m.set.s[7])*whole:
			m.release()
			if m.set.class == "8" {
				return true, "NO ANSWER"
			}
			return true, "NO CARRIER"
		case m.set.class != "8":
		case m.number8("+VRA") > 0 && e.rung >= 0 && m.pos-e.rung > m.number8("+VRA")*tenth:
			return true, m.chip.connected
		case e.rung < 0 && waited > m.number8("+VRN")*whole:
			return true, m.chip.connected
		}
		return false, ""
	}
}

// number8 is a number of class 8; what a chip does not know stays as it begins.
func (m *modem) number8(name string) int64 { return int64(m.set.numbers[name][0]) }

// tones is +VTS: keys and tones, as 1,2 or {*,20} or [440,480,100]; times in 10 ms.
func (m *modem) tones(args string) string {
	var steps []step
	for args = strings.TrimLeft(args, ","); args != ""; args = strings.TrimLeft(args, ",") {
		if len(steps) == 64 {
			return "ERROR"
		}
		word, rest := args[:1], args[1:]
		if i := strings.IndexAny(args, "]}"); i > 0 && (args[0] == '[' || args[0] == '{') {
			word, rest = args[1:i], args[i+1:]
		}
		s, ok := m.tone(args[0], strings.Split(word, ","))
		if !ok {
			return "ERROR"
		}
		steps, args = append(steps, s), rest
	}
	if len(steps) == 0 {
		return "ERROR"
	}
	m.mode = busy
	m.wait = m.perform(steps, func() (bool, string) { return true, "OK" })
	return ""
}

// tone is one element of +VTS.
func (m *modem) tone(open byte, words []string) (step, bool) {
	length := m.set.numbers["+VTD"][0]
	last := func(at int) bool {
		if len(words) <= at || words[at] == "" {
			return true
		}
		n, err := strconv.Atoi(words[at])
		length = n
		return err == nil && n > 0 && n <= 3000
	}
	switch {
	case open == '!':
		return flash(), true
	case open != '[':
		if !last(1) {
			return step{}, false
		}
		k, err := tone.DTMF(words[0], keyLevel, 10*length, 50)
		return step{kind: stepSound, sound: k}, err == nil && len(words[0]) == 1
	case !last(2):
		return step{}, false
	}
	b := tone.Burst{On: 10 * length}
	for _, w := range words[:min(2, len(words))] {
		if w == "" || w == "0" {
			continue
		}
		hz, err := strconv.Atoi(w)
		if err != nil || hz < 200 || hz > 3800 {
			return step{}, false
		}
		b.Sines = append(b.Sines, tone.Sine{Hz: float64(hz), DBm0: -13})
	}
	return step{kind: stepSound, sound: tone.Cadence{Bursts: []tone.Burst{b}, Times: 1}}, true
}

// speak plays what sounds.
func (m *modem) speak(tx []int16) {
	if m.says != nil && m.says.Fill(tx) < len(tx) {
		m.says = nil
	}
}
