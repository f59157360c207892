package main

import (
	"encoding/json"
	"strings"
	"testing"

	"vaad/channels"
	"vaad/channels/analog"
	"vaad/driver"
)

func set(t *testing.T, p *plan, doc string) error {
	t.Helper()
	raw, err := p.doc.Get("")
	if err != nil {
		t.Fatal(err)
	}
	var whole, more map[string]json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(doc), &more); err != nil {
		t.Fatal(err)
	}
	for k, v := range more {
		whole[k] = v
	}
	if raw, err = json.Marshal(whole); err != nil {
		t.Fatal(err)
	}
	_, err = p.doc.Apply("test", "test", raw)
	return err
}

func TestLineTakesFromItsProfileWhatItDoesNotSayItself(t *testing.T) {
	p := newTestPlan(t)
	p.learnt = func(string, int) channels.Learnt { return channels.Learnt{IdleMV: 50000, OffHookMV: 9000} }
	numbers(t, p, "a", card(2))
	if err := set(t, p, `{"profiles":{"pbx":{"country":"GB","outside_prefix":"9","ring_gap_ms":3000,"threshold_mv":20000,"idle_mv":24000,"off_hook_mv":5000,
		"caller_id":"v23-before-ring","busy_hz":600,"busy_on_ms":200,"busy_off_ms":300}},
		"lines":{"1":{"board":"a","port":1,"profile":"pbx","own_number":"64000001","threshold_mv":15000},"2":{"board":"a","port":2}}}`); err != nil {
		t.Fatal(err)
	}
	all, err := p.Lines("a", card(2))
	if err != nil {
		t.Fatal(err)
	}
	want := channels.LineConfig{Number: 1, Board: "a", Port: 1, Use: driver.Tap, Own: "64000001", Prefix: "9", ThresholdMV: 15000, RingGapMS: 3000, Country: "GB", CountryGap: 2000,
		Learnt: channels.Learnt{IdleMV: 50000, OffHookMV: 9000, CallerID: analog.V23Before, BusyHz: 600, BusyOnMS: 200, BusyOffMS: 300}}
	if all[0] != want {
		t.Errorf("got  %+v\nwant %+v", all[0], want)
	}
	if l := all[1]; l.Country != "CN" || l.Prefix != "" || l.Learnt.CallerID != analog.NoFormat {
		t.Errorf("a line without a profile: %+v", l)
	}
}

func TestProfilesThatCannotBeAreRefusedWithTheirKey(t *testing.T) {
	p := newTestPlan(t)
	for doc, key := range map[string]string{
		`{"profiles":{"x":{"country":"uk"}}}`:                        "profiles.x.country",
		`{"profiles":{"x":{"caller_id":"morse"}}}`:                   "profiles.x.caller_id",
		`{"profiles":{"x":{"answer_signal":"smoke"}}}`:               "profiles.x.answer_signal",
		`{"profiles":{"x":{"release_signs":"reversal,smoke"}}}`:      "profiles.x.release_signs",
		`{"profiles":{"x":{"busy_hz":5}}}`:                           "profiles.x.busy_hz",
		`{"profiles":{"x":{"outside_prefix":"nine"}}}`:               "profiles.x.outside_prefix",
		`{"profiles":{"a.b":{}}}`:                                    "profiles.a",
		`{"lines":{"1":{"profile":"none"}}}`:                         "lines.1.profile",
		`{"lines":{"1":{"own_number":"office"}}}`:                    "lines.1.own_number",
		`{"lines":{"1":{"outside_prefix":"000000000000000000000"}}}`: "lines.1.outside_prefix",
	} {
		if err := set(t, p, doc); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v, want a fault of %s", doc, err, key)
		}
	}
}
