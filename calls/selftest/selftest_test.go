package selftest

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/g711"
)

// A card has one line: a tap with a voltage, noise and hum as a test wants them.
type card struct {
	n       int
	mv      func(n int) int32
	noise   float64 // dBm0
	hum     float64 // dBm0
	rings   bool
	stands  int // from this frame on its clock stands
	closed  chan struct{}
	once    sync.Once
	touched bool // something was sent to the line
}

func (c *card) Info() driver.Info {
	return driver.Info{Driver: "fake", Model: "Fake", Lines: []driver.Line{{Port: 1, Kind: driver.FXO, Law: driver.ALaw, VoltsEvery: 800,
		Caps: driver.CapTx | driver.CapHook | driver.CapOnHookRx | driver.CapRingDetect | driver.CapVolts | driver.CapPolarity}}}
}

func (c *card) Exchange(tx, rx *driver.Frame) error {
	select {
	case <-c.closed:
		return driver.ErrGone
	case <-time.After(driver.Tick):
	}
	if c.n++; c.stands > 0 && c.n > c.stands {
		<-c.closed
		return driver.ErrGone
	}
	rx.Reset()
	rx.Seq, rx.Pos = uint64(c.n-1), int64(c.n-1)*driver.Block
	c.touched = c.touched || len(tx.Commands) > 0
	if c.n == 1 {
		rx.Event(driver.State, 0, 0, 0, nil)
	}
	if c.n%5 == 0 {
		rx.Event(driver.Volts, 0, 0, c.mv(c.n), nil)
	}
	if c.rings && c.n == 100 {
		rx.Event(driver.RingBegin, 0, 0, 0, nil)
	}
	if c.rings && c.n == 150 {
		rx.Event(driver.RingEnd, 0, 0, 0, nil)
	}
	pcm, random := rx.LinePCM(0), rand.New(rand.NewPCG(1, uint64(c.n)))
	for i := range pcm {
		v := random.NormFloat64()*math.Sqrt(dsp.MeanSquare(c.noise)) + dsp.SinePeak(c.hum)*math.Sin(2*math.Pi*50*float64(rx.Pos+int64(i))/driver.Rate)
		pcm[i] = int16(math.Round(v))
	}
	g711.Encode(rx.LineCode(0), pcm, g711.ALaw)
	return nil
}

func (c *card) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

type plan struct{}

func (plan) Lines(string, driver.Info) ([]channels.LineConfig, error) {
	return []channels.LineConfig{{Number: 7, Port: 1, Use: driver.Tap, Country: "CN"}}, nil
}
func (plan) Spans(string, driver.Info) []channels.SpanConfig { return nil }

// tested is what a test of line 7 says after so long.
func tested(t *testing.T, c *card, after time.Duration, callers Callers) (out map[string]Check) {
	synctest.Test(t, func(t *testing.T) {
		c.closed = make(chan struct{}) // of this bubble
		opened := false
		open := func(context.Context, driver.Candidate, driver.Config) (driver.Board, error) {
			if opened {
				return nil, errors.New("nothing is plugged in")
			}
			opened = true
			return c, nil
		}
		sys, err := channels.New(channels.Config{Boards: []channels.BoardConfig{{ID: "b", Driver: driver.Driver{Name: "fake", Open: open}}}, Plan: plan{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := sys.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after)
		checks, err := Run(t.Context(), sys, callers, 7)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), sys, callers, 8); !errors.Is(err, channels.ErrNoLine) {
			t.Errorf("a line that is not there: %v", err)
		}
		out = map[string]Check{}
		at := -1
		for _, k := range checks {
			i := slices.Index(Codes(), k.Code)
			if i <= at {
				t.Errorf("%s is out of order", k.Code)
			}
			at = i
			if k.Why != "" && !slices.Contains(Whys()[k.Code], k.Why) {
				t.Errorf("%s: %q is no code that has words", k.Code, k.Why)
			}
			out[k.Code] = k
		}
		sys.Close()
	})
	if c.touched {
		t.Error("a command went to the line")
	}
	return out
}

func steady(mv int32) func(int) int32 { return func(int) int32 { return mv } }

func callersOf(known, all int) Callers {
	return func(context.Context, int) (int, int, error) { return known, all, nil }
}

func TestAGoodLineIsFoundGood(t *testing.T) {
	got := tested(t, &card{mv: steady(-48_000), noise: -62, hum: -90, rings: true}, 10*time.Second, callersOf(49, 50))
	for _, code := range []string{"board", "port", "volts", "steady", "noise", "hum", "ring", "caller-id"} {
		if k := got[code]; k.Verdict != Good {
			t.Errorf("%s: %+v", code, k)
		}
	}
	if k := got["volts"]; k.Value == nil || *k.Value != -48 || got["noise"].Value == nil || *got["noise"].Value > -60 {
		t.Errorf("%+v, %+v", k, got["noise"])
	}
	if k := got["polarity"]; k.Verdict != Unknown {
		t.Errorf("polarity: %+v", k)
	}
}

func TestWhatIsWrongWithALineIsNamed(t *testing.T) {
	for _, c := range []struct {
		name    string
		card    *card
		callers Callers
		code    string
		verdict Verdict
		why     string
	}{
		{"cut", &card{mv: steady(-200), noise: -65, hum: -90}, nil, "volts", Bad, "none"},
		{"low", &card{mv: steady(-20_000), noise: -65, hum: -90}, nil, "volts", Doubt, "low"},
		{"a bad contact", &card{mv: func(n int) int32 { return -48_000 + int32(n%20)*500 }, noise: -65, hum: -90}, nil, "steady", Doubt, "moves"},
		{"noisy", &card{mv: steady(-48_000), noise: -42, hum: -90}, nil, "noise", Doubt, "noisy"},
		{"loud", &card{mv: steady(-48_000), noise: -30, hum: -90}, nil, "noise", Bad, "loud"},
		{"hum", &card{mv: steady(-48_000), noise: -65, hum: -35}, nil, "hum", Doubt, "hums"},
		{"few callers", &card{mv: steady(-48_000), noise: -65, hum: -90}, callersOf(2, 20), "caller-id", Bad, "few"},
		{"some callers", &card{mv: steady(-48_000), noise: -65, hum: -90}, callersOf(14, 20), "caller-id", Doubt, "some"},
		{"nobody called", &card{mv: steady(-48_000), noise: -65, hum: -90}, callersOf(0, 0), "caller-id", Unknown, "no-calls"},
		{"a clock that stands", &card{mv: steady(-48_000), noise: -65, hum: -90, stands: 300}, nil, "board", Bad, "gone"},
	} {
		got := tested(t, c.card, 10*time.Second, c.callers)
		if k := got[c.code]; k.Verdict != c.verdict || k.Why != c.why {
			t.Errorf("%s: %+v, want %s %s", c.name, k, c.verdict, c.why)
		}
	}
}
