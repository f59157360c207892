package main

import (
	"fmt"
	"slices"
	"strings"

	"vaad/calls/learn"
)

// openLearner makes what learns lines by calls.
func (d *running) openLearner() {
	d.learner = learn.New(learn.Config{Lines: d.sys, Line: func(n int) (country, prefix string) {
		c := d.plan.config(key(n), d.sec.lines.Get(d.doc)[key(n)])
		return c.Country, c.Prefix
	}})
}

// releaseSigns is how an exchange may tell that the far end has hung up, by the codes of how
// calls end.
func releaseSigns() []string {
	return []string{"reversal", "loop-break", "busy-tone", "congestion-tone", "howler", "vacant-tone", "dial-tone"}
}

// badSigns says what is wrong with what a profile says of answer and release.
func (p profileDoc) badSigns() (key string, err error) {
	if p.AnswerSignal != "" && p.AnswerSignal != "reversal" {
		return "answer_signal", fmt.Errorf("%q is not known; use reversal, or nothing", p.AnswerSignal)
	}
	for _, s := range strings.Split(p.ReleaseSigns, ",") {
		if p.ReleaseSigns != "" && !slices.Contains(releaseSigns(), s) {
			return "release_signs", fmt.Errorf("%q is not known; use some of %s with commas between, or nothing", s, strings.Join(releaseSigns(), ", "))
		}
	}
	return "", nil
}
