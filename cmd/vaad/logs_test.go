package main

import (
	"log/slog"
	"testing"
)

func TestTheSameThingHasTheSameField(t *testing.T) {
	for _, c := range []struct {
		key   string
		value any
		want  string
	}{
		{"line", 7, "line"},
		{"line", "no such image", "text"}, // what vaad-usb said
		{"recording", "01KAN0V5Z8Q4T3M2X1W0R9S8P7", "recording"},
		{"board", "card1", "board"},
	} {
		if got := logField(c.key, slog.AnyValue(c.value)); got != c.want {
			t.Errorf("%s=%v: %q, want %q", c.key, c.value, got, c.want)
		}
	}
}
