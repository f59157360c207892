package voicemodem

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vaad/driver"

	"pgregory.net/rapid"
)

func TestALineInTheLogTellsNobodyWhoCalls(t *testing.T) {
	for line, want := range map[string]string{
		"NMBR = 02131234567": "NMBR = xxxxxxxxx67",
		"nmbr=8001":          "nmbr=xx01",
		"NMBR = P":           "NMBR = P",
		"NAME = ANNA":        "NAME = (removed)",
		"NAME=O":             "NAME=O",
		"MESG=0402B35551212": "MESG= (removed)",
		"DDN_NMBR=5551212":   "DDN_NMBR=xxxxx12",
		"DATE = 1122":        "DATE = 1122",
		"CID (021) 5555-123": "CID (xxx) xxxx-x23",
		"OK":                 "OK",
		"33600":              "33600",
		`128,"8-BIT LINEAR",(7200,8000,11025),(0),(0)`: `128,"8-BIT LINEAR",(7200,8000,11025),(0),(0)`,
	} {
		if got := discreet(line); got != want {
			t.Errorf("%q is logged as %q, want %q", line, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`[0-9]{7,20}`).Draw(t, "number")
		line := rapid.StringMatching(`[ -~]{0,20}`).Draw(t, "before") + number + rapid.StringMatching(`[ -~]{0,20}`).Draw(t, "behind")
		if got := discreet(line); strings.Contains(got, number) {
			t.Errorf("%q is logged as %q", line, got)
		}
	})
}

func TestTheLogOfAModemHasNoNumbersOfCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.maker()
		var log bytes.Buffer
		m.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		b, err := m.openBoard(context.Background(), driver.Candidate{}, driver.Config{ID: "m1", Options: []byte(`{"device":"/dev/fake"}`)})
		if err != nil {
			t.Fatal(err)
		}
		s := &seat{t: t, f: f, b: b.(*Board), tx: driver.NewFrame(b.Info()), rx: driver.NewFrame(b.Info())}
		s.run(time.Second, nil)
		f.bytes("\r\nRING\r\n\r\nNMBR = 02131234567\r\nNAME = ANNA\r\n")
		s.run(4*time.Second, nil)
		f.bytes("\r\nRING\r\n\r\nMESG=" + message(t) + "\r\n")
		s.run(4*time.Second, nil)
		s.want(driver.Text, 2)
		s.close()
		for _, secret := range []string{"02131234567", "ANNA", message(t)} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log has %q", secret)
			}
		}
		if !strings.Contains(log.String(), "xxxxxxxxx67") {
			t.Error("the log does not have what is left of the number")
		}
	})
}
