package driver

import (
	"fmt"
	"testing"
)

func TestTapsArePairedAsTheySayOrInTheirOrder(t *testing.T) {
	for _, c := range []struct {
		spans []Span
		want  string
	}{
		{nil, "[]"},
		{[]Span{{Number: 1}, {Number: 2, Tap: true}, {Number: 3}, {Number: 4, Tap: true}}, "[[1 3]]"},
		{[]Span{{Number: 1, Tap: true}, {Number: 2, Tap: true}, {Number: 3, Tap: true}}, "[[0 1]]"},
		{[]Span{{Number: 1, Tap: true, Pair: 2, User: true}, {Number: 2, Tap: true, Pair: 1}}, "[[1 0]]"},
		{[]Span{{Number: 1, Tap: true, Pair: 3}, {Number: 2, Tap: true, Pair: 4}, {Number: 3, Tap: true, Pair: 1, User: true},
			{Number: 4, Tap: true, Pair: 2, User: true}}, "[[0 2] [1 3]]"},
		{[]Span{{Number: 1, Tap: true, Pair: 7}, {Number: 2, Tap: true, Pair: 2}}, "[]"},
	} {
		if got := fmt.Sprint(Info{Spans: c.spans}.Taps()); got != c.want {
			t.Errorf("%+v: %s, want %s", c.spans, got, c.want)
		}
	}
}
