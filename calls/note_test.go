package calls

import (
	"testing"

	"vaad/channels"
)

func TestWhatTheSwitchKnowsIsInTheRow(t *testing.T) {
	f := start(t)
	f.j.Note("A", Note{By: "station 8001"}) // before the journal has read the begin
	f.play(begin("A", 1, 0, channels.Outgoing))
	f.j.Note("A", Note{Group: "city", Conversation: "A"})
	f.play(ended("A", 9, "on-hook", false))
	f.j.write()
	f.j.Note("A", Note{Conversation: "0", TransferredTo: "8002", TransferredFrom: "8003"}) // after the row has left memory
	f.play()
	f.j.write()
	r := f.row("A")
	if r.By != "station 8001" || r.Group != "city" || r.Conversation != "0" || r.TransferredTo != "8002" || r.TransferredFrom != "8003" || r.EndedBy != "on-hook" {
		t.Errorf("%+v", r)
	}
	if got := f.query(Filter{Text: "8002"}); len(got) != 1 {
		t.Errorf("found by whom it was passed to: %d", len(got))
	}
	if got := f.query(Filter{Text: "city"}); len(got) != 1 {
		t.Errorf("found by its trunk group: %d", len(got))
	}
}
