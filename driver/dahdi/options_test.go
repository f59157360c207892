package dahdi

import (
	"encoding/json"
	"strings"
	"testing"

	"vaad/driver"
)

func TestWrongOptionsAreSaidByKey(t *testing.T) {
	for options, says := range map[string]string{
		`{"devise": "x"}`:                              `devise: is not known here; known are device, lines, monitor, numbering, tap, use`,
		`{"use": "record"}`:                            `use: "record" is not known; use "tap"`,
		`{"device": 7}`:                                `device: 7 is no string`,
		`{"device": ["a", "a"]}`:                       `device: "a": every device has a name and stands once`,
		`{"numbering": "logical"}`:                     `numbering: "logical" is not known`,
		`{"lines": [{"ports": "0-3"}]}`:                `lines[0].ports: "0-3" is no list of numbers`,
		`{"lines": [{"ports": "1-3"}, {"ports":"3"}]}`: `lines[1].ports: port 3 stands twice`,
		`{"lines": [{"ports": "1", "use": "x"}]}`:      `lines[0].use: use "x" is not known`,
		`{"lines": [{"port": "1"}]}`:                   `lines[0].port: is not known here`,
		`{"tap": {"network_span": 1}}`:                 `tap[0].user_span: 0 is no span`,
		`{"tap": {"network_span": 1, "user_span": 1}}`: `tap[0].user_span: span 1 stands twice`,
		`{"tap": 3}`:                                   `tap[0]: is not a table`,
		`{"monitor": "1-30", "device": "x"}`:           `device: monitor listens to channels of another program`,
		`{"monitor": "5-1"}`:                           `monitor: "5-1" is no list`,
		`{"monitor": "1", "use": "trunk"}`:             `use: "trunk": channels of another program can only be tapped`,
		`[]`:                                           `options: is not a table`,
	} {
		err := check(driver.Config{ID: "b", Options: json.RawMessage(options)})
		if err == nil || !strings.Contains(err.Error(), `board "b": `+says) {
			t.Errorf("%s: %v, want %s", options, err, says)
		}
	}
	if err := check(driver.Config{}); err != nil {
		t.Errorf("without options: %v", err)
	}
}

func TestLinesAreWhatTheConfigurationSays(t *testing.T) {
	k := newFake()
	k.addSpan("card", "FXO", lawMu, sigFXSKS, sigFXSKS, sigNone, sigFXOKS)
	k.addSpan("card", "E1", lawA, sigClear, sigHDLCFCS, sigCAS, sigEM)
	d := sit(t, k, `{"lines": [{"ports": "1", "use": "trunk", "name": "main"}, {"ports": "5,7", "use": "tap", "name": "E1"}]}`)
	type want struct {
		port, span, slot int
		kind             driver.Kind
		use              driver.Use
		name             string
		tx               bool
	}
	for i, w := range []want{
		{1, 0, 0, driver.FXO, driver.Trunk, "main", true},
		{2, 0, 0, driver.FXO, driver.Tap, "", false},
		{4, 0, 0, driver.FXS, driver.Station, "", true},
		{5, 2, 1, driver.BChan, driver.Tap, "E1 5", false},
		{7, 2, 3, driver.BChan, driver.Tap, "E1 7", false},
		{8, 2, 4, driver.BChan, driver.Trunk, "", true},
	} {
		l := d.b.info.Lines[i]
		if (want{l.Port, l.Span, l.Timeslot, l.Kind, l.Use, l.Name, l.Caps.Has(driver.CapTx)}) != w {
			t.Errorf("line %d: %+v, want %+v", i, l, w)
		}
	}
	if s := d.b.info.Spans; len(s) != 1 || s[0] != (driver.Span{Number: 2, Channels: 4, DChannel: 2}) {
		t.Errorf("spans %+v", s)
	}
	if l := d.b.info.Lines; !l[0].Caps.Has(driver.CapHook|driver.CapRingDetect|driver.CapPolarity|driver.CapPulseOut) || l[1].Caps.Has(driver.CapHook) ||
		!l[2].Caps.Has(driver.CapRing|driver.CapOnHookTx) || l[0].RoundTrip != ahead || l[1].RoundTrip != 0 {
		t.Errorf("%+v", l)
	}
}

func TestNumbersByTimeslot(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigClear, sigClear)
	k.addSpan("card", "E1", lawA, sigClear, sigClear)
	d := sit(t, k, `{"numbering": "timeslot"}`)
	if p := d.b.info.Lines[3].Port; p != 202 {
		t.Errorf("port %d, want 202", p)
	}
}

func TestUnusedLinesAreLeftToOthers(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigClear, sigClear)
	d := sit(t, k, `{"lines": [{"ports": "2", "use": "unused"}]}`)
	d.away[1] = true
	d.run(3)
	if k.chans[2].fd != 0 || len(d.b.Faults(nil)) != 0 || d.b.info.Lines[1].Caps != 0 {
		t.Errorf("channel 2 is open: %v; faults %v", k.chans[2].fd != 0, d.b.Faults(nil))
	}
}

func TestLinesThatDoNotExistAreSaid(t *testing.T) {
	k := newFake()
	k.addSpan("card", "FXS", lawMu, sigFXOKS, sigFXOKS)
	for options, says := range map[string]string{
		`{"lines": [{"ports": "3"}]}`:                  "there is no line on port 3; there are 1–2",
		`{"lines": [{"ports": "1", "use": "tap"}]}`:    "port 1 is of kind fxs and cannot be used as tap",
		`{"tap": {"network_span": 1, "user_span": 2}}`: "there is no span 2; the board has 1",
		`{"use": "unused"}`:                            "all its lines are set to unused",
	} {
		if _, err := openOn(k, options); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", options, err)
		}
	}
}

func FuzzOptions(f *testing.F) {
	f.Add(`{"device": ["a"], "lines": [{"ports": "1-4,9", "use": "tap"}], "tap": [{"network_span": 1, "user_span": 2}]}`)
	f.Add(`{"monitor": "1-15,17-31"}`)
	f.Fuzz(func(t *testing.T, raw string) {
		o, err := parseOptions(driver.Config{ID: "b", Options: json.RawMessage(raw)})
		if err == nil && o.Monitor != "" && len(o.monitor) == 0 {
			t.Errorf("%s: nothing to monitor", raw)
		}
	})
}
