package upgrade

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vaad/api"
)

// script is a daemon whose life is a function of time.
type script struct {
	began    time.Time
	at       func(sec float64) api.Status
	down     func(sec float64) bool
	index    error
	settings error
	health   error
	restarts func(sec float64) int
}

func (s *script) sec() float64 { return time.Since(s.began).Seconds() }

func (s *script) Status(ctx context.Context) (api.Status, error) {
	if s.down != nil && s.down(s.sec()) {
		return api.Status{}, errors.New("connection refused")
	}
	return s.at(s.sec()), ctx.Err()
}
func (s *script) Health(context.Context) error   { return s.health }
func (s *script) Index(context.Context) error    { return s.index }
func (s *script) Settings(context.Context) error { return s.settings }
func (s *script) Restarts(context.Context) int {
	if s.restarts == nil {
		return 0
	}
	return s.restarts(s.sec())
}

func well(boot string) func(float64) api.Status {
	return func(float64) api.Status {
		return api.Status{Version: "2", Boot: boot, Boards: []api.Board{{ID: "a", State: "running"}, {ID: "b", State: "failed", Reason: "no card"}}}
	}
}

func TestGate(t *testing.T) {
	for name, c := range map[string]struct {
		s       script
		before  Baseline
		want    string // part of why not; "" = it opens
		atLeast float64
		atMost  float64
	}{
		"a daemon that is well passes after ten seconds":    {s: script{at: well("x")}, before: Baseline{Boards: []string{"a"}}, atLeast: 10, atMost: 12},
		"it may take its time to come up":                   {s: script{at: well("x"), down: func(s float64) bool { return s < 60 }}, atLeast: 70, atMost: 73},
		"a board that failed before may fail":               {s: script{at: well("x")}, atLeast: 10, atMost: 12},
		"a board that ran before has to":                    {s: script{at: well("x")}, before: Baseline{Boards: []string{"a", "b"}}, want: "b (failed) no card", atLeast: 180, atMost: 181},
		"a board that is not there any more counts":         {s: script{at: well("x")}, before: Baseline{Boards: []string{"c"}}, want: "c (is not there)", atLeast: 180, atMost: 181},
		"the version has to be the new one":                 {s: script{at: func(float64) api.Status { return api.Status{Version: "1", Boot: "x"} }}, want: "version 1 runs, not 2", atLeast: 180, atMost: 181},
		"the index has to answer":                           {s: script{at: well("x"), index: errors.New("damaged")}, want: "index does not answer: damaged", atLeast: 180, atMost: 181},
		"settings have to answer":                           {s: script{at: well("x"), settings: errors.New("closed")}, want: "settings do not answer", atLeast: 180, atMost: 181},
		"a stuck loop is not well":                          {s: script{at: well("x"), health: errors.New("board a is stuck")}, want: "board a is stuck", atLeast: 180, atMost: 181},
		"one that never comes up fails":                     {s: script{at: well("x"), down: func(float64) bool { return true }}, want: "does not answer", atLeast: 180, atMost: 181},
		"one that crashes again and again is given up soon": {s: script{at: well("x"), down: func(s float64) bool { return int(s)%2 == 0 }, restarts: func(s float64) int { return int(s / 2) }}, want: "ended 3 times by itself", atLeast: 5, atMost: 8},
		"a service manager that does not say how often is no crash": {s: script{at: well("x"), down: func(s float64) bool { return s < 20 }, restarts: func(s float64) int {
			if int(s)%3 == 1 {
				return -1
			}
			return 7
		}}, atLeast: 30, atMost: 33},
		"nor one that says it late": {s: script{at: well("x"), down: func(s float64) bool { return s < 20 }, restarts: func(s float64) int {
			if s < 5 {
				return -1
			}
			return 7
		}}, atLeast: 30, atMost: 33},
		"crashes count also where those of before did": {s: script{at: well("x"), down: func(s float64) bool { return int(s)%2 == 0 }, restarts: func(s float64) int {
			if s < 1 {
				return 7
			}
			return int(s / 2)
		}}, want: "ended 3 times by itself", atLeast: 5, atMost: 8},
		"one that starts anew every few seconds is not well":  {s: script{at: func(s float64) api.Status { return well(string(rune('a' + int(s/7))))(s) }}, want: "not for long enough", atLeast: 180, atMost: 181},
		"one restart at the beginning is no reason to refuse": {s: script{at: func(s float64) api.Status { return well(map[bool]string{true: "x", false: "y"}[s < 4])(s) }, restarts: func(s float64) int { return min(1, int(s/4)) }}, atLeast: 14, atMost: 16},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.s.began = time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 180*time.Second)
				defer cancel()
				err := Gate(ctx, &c.s, c.before, "2")
				if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
				if took := c.s.sec(); took < c.atLeast || took > c.atMost {
					t.Errorf("it took %v s, want %v…%v", took, c.atLeast, c.atMost)
				}
			})
		})
	}
}

func TestLookTellsWhichBoardsRun(t *testing.T) {
	b, err := Look(t.Context(), &script{at: well("x"), began: time.Now()})
	if err != nil || b.Version != "2" || len(b.Boards) != 1 || b.Boards[0] != "a" {
		t.Fatalf("%+v, %v", b, err)
	}
}
