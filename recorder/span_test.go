package recorder

import (
	"testing"

	"vaad/channels"
	"vaad/driver"
)

func TestSpanInAlarmIsRecordedAsItSoundsAndTheStorySaysSo(t *testing.T) {
	b := newBoard(2, driver.ALaw)
	b.info.Spans = []driver.Span{{Number: 3, Channels: 31, Tap: true}}
	for i := range b.info.Lines {
		l := &b.info.Lines[i]
		l.Kind, l.Caps, l.Span, l.Timeslot = driver.BChan, 0, 3, i+1
	}
	r := newRig(t, b, LineConfig{Trigger: Continuous, Sides: Separate, Codec: G711}, nil,
		func(_ *rig, _ *Config, c *channels.Config) { c.Plan = digitalTap{} })
	r.at(3*second, 1, driver.SpanAlarm, driver.AlarmRed) // the first span
	r.at(6*second, 1, driver.SpanAlarm, 0)
	r.to(10 * second)
	r.end(1, "ann")
	l := r.one()
	if l.Seal.Samples != 10*second || l.Seal.Gaps != 0 || string(r.audio(l, "network")) != string(wantAudio(0, 0, 10*second)) {
		t.Errorf("an alarm changed the recording: %+v", l.Seal)
	}
	told := entriesOf(r.story(l), string(channels.Alarm))
	if len(told) != 2 || told[0].At != 3*second || told[0].Text != "span 3: red" || told[0].Value != driver.AlarmRed || told[1].Value != 0 {
		t.Errorf("the story tells %+v", told)
	}
}
