package driver

import (
	"bytes"
	"testing"
)

func frameInfo() Info {
	return Info{Lines: []Line{{Port: 1, Kind: FXO, Law: ALaw}, {Port: 2, Kind: FXO, Law: ALaw}, {Port: 3, Kind: FXS, Law: Linear}}}
}

func TestEventsKeepTheirDataUntilReset(t *testing.T) {
	f := NewFrame(frameInfo())
	for round := range 3 {
		f.Reset()
		data := make([]byte, 200)
		const n = 300 // seven times what the arena holds at first
		for i := range n {
			for k := range data {
				data[k] = byte(i + round)
			}
			if i%2 == 0 {
				f.Event(DChannel, 0, 0, int32(i), data)
			} else {
				f.Command(SendDChannel, 0, 0, int32(i), data)
			}
		}
		clear(data) // the frame has a copy
		for _, e := range f.Events {
			if len(e.Data) != 200 || bytes.Count(e.Data, []byte{byte(int(e.Value) + round)}) != 200 {
				t.Fatalf("round %d: data of event %d changed", round, e.Value)
			}
		}
		for _, c := range f.Commands {
			if bytes.Count(c.Data, []byte{byte(int(c.Value) + round)}) != 200 {
				t.Fatalf("round %d: data of command %d changed", round, c.Value)
			}
		}
		if len(f.Events)+len(f.Commands) != n {
			t.Fatalf("%d events and %d commands", len(f.Events), len(f.Commands))
		}
	}
}

func TestAppendingToDataDoesNotTouchItsNeighbour(t *testing.T) {
	f := NewFrame(frameInfo())
	f.Event(Text, 0, 0, 0, []byte("one"))
	f.Event(Text, 0, 0, 0, []byte("two"))
	_ = append(f.Events[0].Data, 'X')
	if string(f.Events[1].Data) != "two" {
		t.Errorf("the neighbour became %q", f.Events[1].Data)
	}
	_ = append(f.LinePCM(0), 77)
	_ = append(f.LineCode(0), 77)
	if f.LinePCM(1)[0] != 0 || f.LineCode(1)[0] != 0 {
		t.Error("the next line was touched")
	}
}

func TestResetKeepsTheAudio(t *testing.T) {
	f := NewFrame(frameInfo())
	f.Late = true
	f.LinePCM(2)[5] = 9
	f.Event(Text, 0, 0, 0, nil)
	f.Command(Ring, 0, 0, 0, nil)
	f.Reset()
	if f.Late || len(f.Events) > 0 || len(f.Commands) > 0 || f.PCM[2*Block+5] != 9 {
		t.Errorf("after Reset: %+v", f)
	}
	if len(f.PCM) != 3*Block || len(f.LineCode(2)) != Block {
		t.Error("wrong size")
	}
}

func TestFillingAFrameAllocatesNothing(t *testing.T) {
	f := NewFrame(frameInfo())
	data := make([]byte, 264)
	if n := testing.AllocsPerRun(100, func() {
		f.Reset()
		for range 32 { // 16 spans with two of the largest LAPD frames each
			f.Event(DChannel, 0, 0, 0, data)
		}
		for range 40 {
			f.Command(GoOnHook, 0, 0, 0, nil)
		}
	}); n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
}
