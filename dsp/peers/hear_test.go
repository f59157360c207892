package peers

import (
	"vaad/dsp/callerid"
	"vaad/dsp/dtmf"
	"vaad/dsp/modemtone"
	"vaad/dsp/progress"
)

// hearKeys are the keys that our detector finds; At is where they began.
func hearKeys(x []int16) []heard {
	d := dtmf.New()
	var events []dtmf.Event
	blocks(x, func(b []int16) { events = d.Process(events, b) })
	var out []heard
	for _, e := range d.Flush(events) {
		if e.Kind == dtmf.Up {
			out = append(out, heard{At: e.At - int64(e.Length), What: string(e.Key)})
		}
	}
	return out
}

// hearMessages are the FSK messages that our receiver finds.
func hearMessages(x []int16) []heard {
	r := callerid.New()
	var messages []callerid.Message
	blocks(x, func(b []int16) { messages = r.Process(messages, b) })
	var out []heard
	for _, m := range r.Flush(messages) {
		out = append(out, heard{At: m.End, What: m.Hex()})
	}
	return out
}

// hearKeyMessages are the messages in keys that our detector and Keys find.
func hearKeyMessages(x []int16) []heard {
	d := dtmf.New()
	var k callerid.Keys
	var events []dtmf.Event
	var messages []callerid.Message
	blocks(x, func(b []int16) {
		events = d.Process(events[:0], b)
		for _, e := range events {
			messages = k.Key(messages, e)
		}
		messages = k.Tick(messages, d.Position())
	})
	var out []heard
	for _, m := range messages {
		out = append(out, heard{At: m.End, What: m.Hex()})
	}
	return out
}

// hearModems are the tones of modems that our detector finds.
func hearModems(x []int16) []heard {
	d := modemtone.New()
	var events []modemtone.Event
	blocks(x, func(b []int16) { events = d.Process(events, b) })
	var out []heard
	for _, e := range d.Flush(events) {
		if e.Kind == modemtone.End { // its name may become more exact while it lasts
			out = append(out, heard{At: e.From, What: e.Tone.String()})
		}
	}
	return out
}

// hearTones are the tones of exchanges that our detector finds.
func hearTones(x []int16, countries ...string) []heard {
	d := progress.New(countries...)
	var events []progress.Event
	blocks(x, func(b []int16) { events = d.Process(events, b) })
	var out []heard
	for _, e := range d.Flush(events) {
		if e.Kind == progress.Heard {
			out = append(out, heard{At: e.From, What: e.Tone.String()})
		}
	}
	return out
}
