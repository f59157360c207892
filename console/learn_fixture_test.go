package console

import (
	"time"

	"vaad/calls/learn"
)

// fakeLearner learns line 1 and nothing else.
type fakeLearner struct{}

func (fakeLearner) Start(o learn.Order, actor string) (learn.Job, error) {
	switch {
	case o.Line == 2:
		return learn.Job{}, learn.ErrTap
	case o.Busy == "x":
		return learn.Job{}, learn.ErrNumber
	case o.Call != "":
		return learn.Job{}, learn.ErrRunning
	}
	return learn.Job{ID: "learn-1-0", Order: o, Actor: actor, Begun: begun, State: learn.Listening,
		Steps: []learn.TimedStep{{Code: "listen", Begin: begun, Limit: 3 * time.Second}}}, nil
}

func (fakeLearner) Job(line int) (learn.Job, error) {
	if line != 1 {
		return learn.Job{}, learn.ErrNone
	}
	busy := learn.Tone{Sines: []learn.Sine{{Hz: 452.96, DBm0: -9.04}}, DBm0: -9.04, Parts: []learn.Part{{OnMS: 351.4, OffMS: 349.6, OnSpread: 0.12}}, Cycles: 4, SNR: 38.7}
	return learn.Job{ID: "learn-1-0", Order: learn.Order{Line: 1}, Actor: "amy", Begun: begun, Ended: begun.Add(time.Minute), State: learn.Done,
		Items: []learn.Item{
			{Code: "volts-idle", Value: 48.04, Sure: 100},
			{Code: "noise-off-hook", Sure: 100, Noise: &learn.Noise{DBm0: -61.23, DBm0p: -66.6, MainsHz: 50.004, HumDBm0: -63, HumLines: []float64{-64, -70}}},
			{Code: "busy-tone", Text: "busy", Sure: 100, Tone: &busy, Fit: &learn.Fit{Country: "CN", Tone: "busy", HzOff: 2.96}},
			{Code: "ringback", Why: "not-asked"},
		},
		Profile: learn.Profile{Country: "CN", BusyHz: 453, BusyOnMS: 351, BusyOffMS: 350, Releases: []string{"reversal", "busy-tone"}}}, nil
}

func (fakeLearner) Cancel(line int) error {
	if line != 1 {
		return learn.ErrNone
	}
	return nil
}
