package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestByHandTheLogIsTextThatEndsWithWhatWentWrong(t *testing.T) {
	for err, want := range map[error]string{
		nil:                           "level=INFO msg=loading device=at-1-1\n",
		errors.New("no-device: gone"): "level=INFO msg=loading device=at-1-1\nvaad-usb: no-device: gone\n",
	} {
		var text strings.Builder
		log, last := newLog(slog.LevelInfo, false, &text)
		log.Debug("not asked for")
		log.Info("loading", "device", "at-1-1")
		if last(err); text.String() != want {
			t.Errorf("%v: %q", err, text.String())
		}
	}
}
