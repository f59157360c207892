package e2e

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/driver"
)

// An exchange has the sounds of a telephone exchange that are made by
// libspandsp (testdata/exchange), so that vaad's ears are not judged by vaad's
// own voice. Ask for all sounds first, then make them, then take them.
type exchange struct {
	dir   string
	asked map[string]string // request → file
	list  strings.Builder
	made  map[string][]int16
}

// newExchange builds the program; without compiler or library it skips.
func newExchange(t *testing.T) *exchange {
	t.Helper()
	dir := scratch(t)
	out, err := exec.Command("gcc", "-std=c99", "-O2", "-o", filepath.Join(dir, "exchange"), "testdata/exchange/exchange.c", "-lspandsp", "-lm").CombinedOutput()
	if err != nil {
		if *full || *reduced {
			t.Fatalf("the exchange does not build; install gcc and libspandsp-dev (.ci/need peers): %v\n%s", err, out)
		}
		t.Skip("needs gcc and libspandsp-dev")
	}
	return &exchange{dir: dir, asked: map[string]string{}, made: map[string][]int16{}}
}

// ask orders a sound, as testdata/exchange/exchange.c says, and names it.
func (x *exchange) ask(format string, args ...any) string {
	request := fmt.Sprintf(format, args...)
	name, ok := x.asked[request]
	if !ok {
		name = fmt.Sprintf("s%05d", len(x.asked))
		x.asked[request] = name
		fmt.Fprintf(&x.list, "%s %s\n", name, request)
	}
	return name
}

func (x *exchange) make(t *testing.T) {
	t.Helper()
	cmd := exec.Command(filepath.Join(x.dir, "exchange"), x.dir)
	cmd.Stdin = strings.NewReader(x.list.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range x.asked {
		b, err := os.ReadFile(filepath.Join(x.dir, name+".pcm"))
		if err != nil {
			t.Fatal(err)
		}
		s := make([]int16, len(b)/2)
		for i := range s {
			s[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		x.made[name] = s
	}
}

// An act is one thing on a line: the events at its start, the voltage from then
// on, and a sound. It lasts For, or as long as its sound.
type act struct {
	events []string
	volts  float64 // 0: as it was
	length time.Duration
	sound  func() []int16 // nil: silence; shorter than length: silence after it
	loop   []int          // cadence of the sound, ms on and off in turn; nil: once
	gain   float64        // dB
}

// A wire plays acts as a line would sound: with hum and noise, and a voltage
// that a card measures now and then.
type wire struct {
	acts       []act
	idle, off  float64 // volts
	hum, noise float64 // dBm0
	poll       int     // samples between two measurements of the voltage
	rng        *rand.Rand

	at    int // sample of the whole
	next  int // act
	left  int // samples of the act
	begun int // sample at which it began
	cur   act
	pcm   []int16
	volts float64
}

func sine(dbm0 float64) float64 { return 32768 * math.Pow(10, (dbm0-3.14)/20) }

func (w *wire) play(n uint32, dst []int16) (events []string, done bool) {
	for w.left == 0 {
		if w.next == len(w.acts) {
			return events, true
		}
		w.cur = w.acts[w.next]
		w.next++
		w.pcm = nil
		if w.cur.sound != nil {
			w.pcm = w.cur.sound()
		}
		w.left = int(w.cur.length / time.Millisecond * driver.MS)
		if w.left == 0 {
			w.left = len(w.pcm)
		}
		w.left = (w.left + driver.Block - 1) / driver.Block * driver.Block
		w.begun = w.at
		if w.cur.volts != 0 {
			w.volts = w.cur.volts
		}
		events = append(events, w.cur.events...)
	}
	gain := math.Pow(10, w.cur.gain/20)
	hum, noise := sine(w.hum), 32768*math.Pow(10, (w.noise-6.15)/20)
	for i := range dst {
		at := w.at + i
		if at%w.poll == 0 {
			events = append(events, fmt.Sprintf("volts %.1f @%d", w.volts, i))
		}
		v := hum*math.Sin(2*math.Pi*50*float64(at)/driver.Rate) + noise*w.rng.NormFloat64()
		v += gain * float64(w.sample(at-w.begun))
		dst[i] = int16(max(-32768, min(32767, math.Round(v))))
	}
	w.at += len(dst)
	w.left -= len(dst)
	return events, w.left == 0 && w.next == len(w.acts)
}

// sample is the sound of the current act at one place.
func (w *wire) sample(at int) int16 {
	if w.cur.loop != nil {
		sum := 0
		for _, ms := range w.cur.loop {
			sum += ms * driver.MS
		}
		in := at % sum
		for i, ms := range w.cur.loop {
			if in < ms*driver.MS {
				if i%2 == 1 {
					return 0
				}
				break
			}
			in -= ms * driver.MS
		}
		if len(w.pcm) == 0 {
			return 0
		}
		return w.pcm[at%len(w.pcm)]
	}
	if at < len(w.pcm) {
		return w.pcm[at]
	}
	return 0
}

// lasts is how long acts take together, as play rounds them.
func lasts(acts []act) time.Duration {
	sum := time.Duration(0)
	for _, a := range acts {
		l := a.length
		if l == 0 && a.sound != nil {
			l = time.Duration(len(a.sound())) * time.Second / driver.Rate
		}
		sum += (l + driver.Tick - 1) / driver.Tick * driver.Tick
	}
	return sum
}
