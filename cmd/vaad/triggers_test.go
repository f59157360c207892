package main

import (
	"strings"
	"testing"
)

func TestSettingsOfTriggersNameTheirKeysWhenWrong(t *testing.T) {
	if err := defaultLine().validate("1"); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for key, change := range map[string]func(*lineDoc){
		"key_start":   func(l *lineDoc) { l.KeyStart = "1*" },
		"key_stop":    func(l *lineDoc) { l.KeyStop = l.KeyStart + "2" },
		"key_from":    func(l *lineDoc) { l.KeyFrom = "yesterday" },
		"on_modem":    func(l *lineDoc) { l.OnModem = "hang up" },
		"hangover_ms": func(l *lineDoc) { l.HangoverMS = 10 },
		"voice_dbm0":  func(l *lineDoc) { l.VoiceDBm0 = 5 },
		"trigger":     func(l *lineDoc) { l.Trigger = "noise" },
		"codec":       func(l *lineDoc) { l.Codec = "mp3" },
	} {
		l := defaultLine()
		change(&l)
		if err := l.validate("1"); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
