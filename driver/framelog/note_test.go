package framelog

import (
	"bytes"
	"io"
	"reflect"
	"testing"
	"time"

	"vaad/driver"
)

func TestNotesComeBackAndDisturbNobody(t *testing.T) {
	info := driver.Info{Driver: "x", Lines: []driver.Line{{Port: 1, Kind: driver.FXO, Law: driver.ALaw}}}
	want := []Note{{Kind: NoteLine, Number: 7, Use: "tap", Learnt: []byte(`{"idle_mv":48000}`)}, {Kind: "call-end", Pos: 320, Known: 480, EndedBy: "on-hook", Caller: "021"}}
	var b bytes.Buffer
	w, err := NewWriter(&b, info, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	f := driver.NewFrame(info)
	for n := range 3 {
		f.Reset()
		f.Seq, f.Pos = uint64(n), int64(n)*driver.Block
		if err := w.Write(f, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range append(want, Note{Kind: "of no line", Line: 3}) {
		if err := w.Note(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rd, err := NewReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var got []Note
	rd.OnNote(func(n Note) { got = append(got, n) })
	ticks := 0
	for err = rd.Next(f, nil); err == nil; err = rd.Next(f, nil) {
		ticks++
	}
	if err != io.EOF || ticks != 3 || rd.Torn() || !reflect.DeepEqual(got, want) {
		t.Errorf("%d ticks, %v, torn %v, notes %+v; want %+v", ticks, err, rd.Torn(), got, want)
	}
	board, err := Play(bytes.NewReader(b.Bytes()), PlayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := board.Exchange(driver.NewFrame(info), f); err != nil {
			t.Error("a player stumbled over the notes:", err)
		}
	}
	_ = board.Close()
}
