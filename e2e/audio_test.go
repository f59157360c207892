package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"vaad/driver"
	"vaad/dsp/g711"
)

// speech returns recorded prompts as one long stream of 8 kHz samples: those of
// Debian's asterisk-core-sounds-en-wav where installed, else noise bursts that
// look like speech to a codec.
func speech(t *testing.T) (pcm []int16, real bool) {
	files, _ := filepath.Glob("/usr/share/asterisk/sounds/en_US_f_Allison/*.wav")
	sort.Strings(files)
	for _, f := range files {
		s, err := Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		pcm = append(pcm, s...)
		if len(pcm) > 15*60*driver.Rate {
			break
		}
	}
	if len(pcm) > 60*driver.Rate {
		return pcm, true
	}
	x := uint32(1)
	for i := range 60 * driver.Rate {
		x = x*1664525 + 1013904223 // LCG, Numerical Recipes
		env := int32(i/800%5) * 2500
		pcm = append(pcm, int16(int32(int16(x>>16))*env/32768))
	}
	return pcm, false
}

func TestAudioOf128LinesIsRecordedSampleForSample(t *testing.T) {
	lines := counts(16, 128, 128)
	length := counts(10*time.Second, 60*time.Second, 10*time.Minute)
	ctx := within(t, 30*time.Minute)
	pcm, real := speech(t)
	if !real && *full {
		t.Fatal("the full proof needs recorded speech: .ci/need speech")
	}
	root := scratch(t)
	d := start(t, root, quietly+board("b", "peers", lines, "")+pin(1, lines, `trigger = "continuous"`))
	blocks := uint32(length / driver.Tick)
	at := func(line int, n uint32) int { // where line's block n begins in pcm
		return (line*7919*driver.Block + int(n)*driver.Block) % (len(pcm) - driver.Block)
	}
	var peers []*Peer
	for line := 1; line <= lines; line++ {
		peers = append(peers, &Peer{Line: line, Next: func(n uint32, dst []int16) ([]string, bool) {
			if n == 0 || n == blocks-1 { // numbered first and last block say where the speech lies
				FillBlock(dst, line, n)
			} else {
				copy(dst, pcm[at(line, n):])
			}
			return nil, n == blocks-1
		}})
	}
	began := time.Now()
	ps, err := Dial(sockets(d, "b"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d lines × %v of line time in %v", lines, length, time.Since(began).Round(time.Millisecond))
	settle(t, d, lines)
	rows, err := d.Recordings(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != lines {
		t.Fatalf("%d recordings of %d lines", len(rows), lines)
	}
	sent := make([]int16, 0, int(blocks)*driver.Block)
	var law [driver.Block]byte
	var want [driver.Block]int16
	for _, r := range rows {
		got, err := d.Export(ctx, r.ID, root)
		if err != nil {
			t.Fatal(err)
		}
		runs := Runs(got)
		if len(runs) != 2 || runs[0].First != 0 || runs[1].First != blocks-1 || runs[0].Line != r.Line {
			t.Fatalf("line %d: markers %v, want block 0 and block %d", r.Line, runs, blocks-1)
		}
		if peers[r.Line-1].Full() != 0 {
			t.Errorf("line %d: the socket refused %d blocks", r.Line, peers[r.Line-1].Full())
		}
		sent = sent[:0]
		for n := range blocks {
			b := want[:]
			if n == 0 || n == blocks-1 {
				FillBlock(b, r.Line, n)
			} else {
				copy(b, pcm[at(r.Line, n):])
			}
			g711.Encode(law[:], b, g711.ALaw)
			g711.Decode(b, law[:], g711.ALaw)
			sent = append(sent, b...)
		}
		from := runs[0].At
		if from+len(sent) > len(got) {
			t.Fatalf("line %d: %d samples from the first block on, %d were sent", r.Line, len(got)-from, len(sent))
		}
		if !equal(sent, got[from:]) {
			t.Errorf("line %d: the recording is not what was sent", r.Line)
		}
	}
	t.Logf("speech from a package: %v; every one of %d recordings equals what was sent, %d blocks each, 0 lost", real, len(rows), blocks)
}

// settle turns recording off on lines 1…n, so that what is open is sealed, and
// waits until nothing records any more.
func settle(t *testing.T, d *Daemon, n int) {
	t.Helper()
	ctx := within(t, 2*time.Minute)
	for line := 1; line <= n; line++ {
		if _, err := d.Ctl(ctx, "stop", fmt.Sprint(line)); err != nil {
			t.Fatal(err)
		}
	}
	sealed(t, d)
}

// sealed waits until every recording is sealed, and the daemon knows it: its files
// are in place a little before.
func sealed(t *testing.T, d *Daemon) {
	t.Helper()
	ctx := within(t, 2*time.Minute)
	err := Until(ctx, "everything sealed", func() (bool, error) {
		names, err := os.ReadDir(filepath.Join(d.Root, "recordings", "open"))
		return len(names) == 0 && counted(t, d, "vaad_archive_seal_queue") == 0, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRunsFindsExactlyTheNumberedBlocks(t *testing.T) {
	pcm := make([]int16, 77)
	add := func(line int, from, to uint32) {
		for n := from; n <= to; n++ {
			var b [driver.Block]int16
			FillBlock(b[:], line, n)
			pcm = append(pcm, b[:]...)
		}
	}
	add(3, 0, 9)
	pcm = append(pcm, make([]int16, 50)...)
	add(3, 10, 12)
	add(3, 14, 15) // 13 is lost
	hurt := len(pcm)
	add(3, 16, 17)
	pcm[hurt+120]++ // one sample of 16 is wrong
	got := fmt.Sprint(Runs(pcm))
	want := "[line 3 blocks 0–9 at sample 77 line 3 blocks 10–12 at sample 1727 line 3 blocks 14–15 at sample 2207 line 3 blocks 17–17 at sample 2687]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
