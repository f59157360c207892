package recorder

import (
	"testing"
	"time"

	"vaad/driver"
	"vaad/recorder/archive"
)

func TestTheStoryHasTheVoltageWhereItChanged(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), voltage(), nil)
	r.hook(10*second, 1, true)
	r.at(30*second, 1, driver.Volts, liftedMV+100) // too little to be told
	r.hook(50*second, 1, false)
	r.to(60 * second)
	l := r.one()
	var told []archive.Entry
	for _, e := range r.story(l).Entries {
		if e.Kind == archive.EntryVolts {
			told = append(told, e)
		}
	}
	if len(told) != 3 || told[0].Value != restMV || told[1].Value != liftedMV || told[2].Value != restMV {
		t.Fatalf("the story has the voltages %+v", told)
	}
	if told[0].At < 0 || told[0].At > 2000 || told[1].At != 2*second || told[2].At != 50*second-l.Seal.BeginPos {
		t.Errorf("they stand at %d, %d, %d", told[0].At, told[1].At, told[2].At)
	}
}

func TestALineThatHumsIsToldOnceASecond(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), voltage(), nil)
	r.hook(2*second, 1, true)
	for i := range int64(4 * 300) {
		r.at(3*second+i*2000, 1, driver.Volts, int32(liftedMV-1000*(i%2)))
	}
	r.to(303 * second)
	r.hook(305*second, 1, false)
	r.to(310 * second)
	n := 0
	for _, e := range r.story(r.one()).Entries {
		if e.Kind == archive.EntryVolts {
			n++
		}
	}
	if n < 300 || n > 300+voltBurst+10 {
		t.Errorf("of 300 s in which the voltage changed four times a second the story has %d", n)
	}
}

func TestTheStoryHasWhatTheDChannelSaid(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), voltage(), nil)
	var from, to time.Time
	r.rec.c.Signalling = func(line int, begin, end time.Time) []archive.Entry {
		from, to = begin, end
		return []archive.Entry{{Time: begin, At: 9 * second, Kind: archive.EntryQ931, Side: "network", Code: "SETUP", Text: "020100000801050105"}}
	}
	r.hook(10*second, 1, true)
	r.hook(50*second, 1, false)
	r.to(60 * second)
	l := r.one()
	found := false
	for _, e := range r.story(l).Entries {
		if e.Kind == archive.EntryQ931 {
			found = true
			if e.At != second || e.Code != "SETUP" || e.Text == "" { // the recording begins at 8 s
				t.Errorf("the story has %+v", e)
			}
		}
	}
	if d := to.Sub(from); !found || d < 40*time.Second || d > 50*time.Second {
		t.Errorf("it was asked for %v; found: %v", d, found)
	}
}
