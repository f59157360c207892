package emulated

import (
	"slices"
	"strings"
	"testing"
)

// follow lets so many ms pass, and returns what became of the line.
func follow(t *testing.T, l *line, script ...any) (told []string) {
	t.Helper()
	l.tell = func(what string) { told = append(told, what) }
	for _, s := range script {
		switch s := s.(type) {
		case int:
			for range s {
				l.tick()
			}
		case bool:
			l.hook(s)
		case string:
			if err := l.obey(strings.Fields(s)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return told
}

func TestCallsGoAsOnALine(t *testing.T) {
	const off, on = "the board goes off-hook", "the board goes on-hook"
	for what, c := range map[string]struct{ script, want []any }{
		"nobody answers":                {[]any{"call bursts=2", 20000}, []any{"rings", "between bursts", "rings", "between bursts", "idle"}},
		"answered, the caller hangs up": {[]any{"call talk=3000", 500, true, 3000, 500, false}, []any{"rings", off, "talks", "loop break", "busy tone", on, "idle"}},
		"answered, the board hangs up":  {[]any{"call", 1500, true, 3000, false}, []any{"rings", "between bursts", off, "talks", on, "idle"}},
		"a telephone in parallel":       {[]any{"call", 500, "pick-up", 3000, "hang-up", 500, "put-down"}, []any{"rings", "talks", "loop break", "busy tone", "idle"}},
		"the caller gives up":           {[]any{"call", 500, "hang-up"}, []any{"rings", "idle"}},
		"seized":                        {[]any{true, 500, false}, []any{off, "seized", on, "idle"}},
		"cut and mended":                {[]any{"cut", 100, "mend"}, []any{"dead", "idle"}},
		"cut during a call":             {[]any{"call", 100, true, 100, "cut", 100, false, "mend"}, []any{"rings", off, "talks", "dead", on, "idle"}},
		"mended while off-hook":         {[]any{"cut", true, "mend"}, []any{"dead", off, "idle", "seized"}},
	} {
		var want []string
		for _, w := range c.want {
			want = append(want, w.(string))
		}
		if got := follow(t, &line{}, c.script...); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
}

func TestWhatALineFeeds(t *testing.T) {
	for what, c := range map[string]struct {
		script  []any
		volts   int8
		current byte
	}{
		"idle":                    {nil, onHookVolts, 0},
		"reversed":                {[]any{"reverse"}, -onHookVolts, 0},
		"off-hook":                {[]any{true}, offHookVolts, loopCurrent},
		"by another telephone":    {[]any{"pick-up"}, offHookVolts, 0},
		"cut":                     {[]any{"cut"}, 0, 0},
		"the loop is interrupted": {[]any{"call", 10, true, 10, "hang-up"}, 0, 0},
		"busy tone":               {[]any{"call", 10, true, 10, "hang-up", 500}, offHookVolts, loopCurrent},
	} {
		l := &line{}
		follow(t, l, c.script...)
		if volts, current := l.feed(l.host); volts != c.volts || current != c.current {
			t.Errorf("%s: %d V, %d, want %d V, %d", what, volts, current, c.volts, c.current)
		}
	}
}

func TestWordsThatMeanNothingAreRefused(t *testing.T) {
	a := New(0x1130, 0, nil, nil)
	for _, words := range []string{"", "1", "0 call", "9 call", "x call", "1 sing", "1 call hz", "1 call hz=-1", "1 call caller=12a", "1 call caller=" + strings.Repeat("1", 21), "1 mend now"} {
		if err := a.Do(words); err == nil {
			t.Errorf("%q is taken", words)
		}
	}
	if err := a.Do("8 call caller=13800138000 bursts=1 hz=500 talk=100"); err != nil {
		t.Error(err)
	}
	if err := a.Do("8 call"); err == nil {
		t.Error("a second call is taken")
	}
}
