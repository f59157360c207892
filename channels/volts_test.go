package channels

import (
	"slices"
	"testing"
)

func TestTheLastMinuteOfVoltagesIsRemembered(t *testing.T) {
	var l Line
	if got := l.VoltsSince(nil, 0); len(got) != 0 {
		t.Errorf("before any: %v", got)
	}
	for i := range int64(3 * voltsKept) {
		l.voltage.add(i*2000, -48000+i)
	}
	newest := int64(3*voltsKept - 1)
	got := l.VoltsSince(nil, (newest-2)*2000)
	want := []VoltAt{{(newest - 2) * 2000, int(-48000 + newest - 2)}, {(newest - 1) * 2000, int(-48000 + newest - 1)}, {newest * 2000, int(-48000 + newest)}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if all := l.VoltsSince(nil, 0); len(all) < voltsKept-2 || !slices.IsSortedFunc(all, func(a, b VoltAt) int { return int(a.Pos - b.Pos) }) {
		t.Errorf("%d are remembered, of %d", len(all), voltsKept)
	}
}
