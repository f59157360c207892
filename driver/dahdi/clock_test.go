package dahdi

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A board up to 150 ppm off, whose process is woken late by up to several
// milliseconds, is known to the chunk at its edges, also after a stall.
func TestClockKnowsABoardThatDriftsToTheChunk(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ppm := rapid.Float64Range(-150, 150).Draw(rt, "ppm")
		blocks := rapid.IntRange(200, 5000).Draw(rt, "blocks")
		stall := rapid.IntRange(0, 5000).Draw(rt, "stall in chunks")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		truth := func(m int64) time.Duration {
			return 7*time.Second + time.Duration(float64(m)*(1+ppm*1e-6)*float64(perChunk))
		}
		var c clock
		for b := range blocks {
			m := int64(b+1) * chunksPerBlock
			late := time.Duration(r.ExpFloat64() * float64(300*time.Microsecond))
			c.note(truth(m)+30*time.Microsecond+late, m)
		}
		m := int64(blocks)*chunksPerBlock + int64(stall)
		got, known := c.edge(truth(m) + 40*time.Microsecond)
		if !known || got != m {
			rt.Fatalf("chunk %d, %v; want %d", got, known, m)
		}
	})
}

func TestClockIsNotKnownInTheFirstSecond(t *testing.T) {
	var c clock
	for b := range int64(clockWindow - 1) {
		c.note(time.Duration(b)*20*time.Millisecond, b*chunksPerBlock)
	}
	if _, known := c.chunks(time.Second); known {
		t.Error("known")
	}
}

func TestPilotSettlesABoardThatDoesNotDriveTheRuler(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(40, sigClear)...)
	k.tree[masterSpan] = fileOf("7\n")
	d := sit(t, k, `{}`)
	d.run(120)
	for _, ms := range []int{700, 1801, 950} {
		k.advance(ms)
		d.run(200)
	}
	for i := range d.b.channels {
		if d.lost[i] == 0 || d.lost[i]+d.audio[i] < (d.rx.Pos+160)-3*160 {
			t.Errorf("line %d: %d lost, %d heard", i, d.lost[i], d.audio[i])
		}
	}
}
