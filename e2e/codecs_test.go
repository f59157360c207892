package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/driver"
)

// TestEachCodecSurvivesAKill: one line in each codec, the daemon is killed while
// it records, and started again. What it recovers must verify, export, and sound
// as what was sent.
func TestEachCodecSurvivesAKill(t *testing.T) {
	length := counts(20*time.Second, 60*time.Second, 10*time.Minute)
	codecs := []string{"g711", "pcm16", "ima", "gsm"}
	least := map[string]float64{"ima": 15, "gsm": 6} // dB, signal to noise
	sent := nothing(0)
	for len(sent) < int(length.Seconds()*driver.Rate) {
		for _, p := range prompts(t, 200) {
			sent = append(append(sent, p...), nothing(200*time.Millisecond)...)
		}
	}
	root := scratch(t)
	config := quietly + board("b", "peers", len(codecs), "")
	for i, c := range codecs {
		config += pin(i+1, i+1, fmt.Sprintf("trigger = \"continuous\"\ncodec = %q", c))
	}
	d := start(t, root, config)
	blocks := uint32(length / driver.Tick)
	ctx, stopPeers := context.WithCancel(within(t, 5*time.Minute))
	defer stopPeers()
	var peers []*Peer
	for line := range codecs {
		peers = append(peers, &Peer{Line: line + 1, Next: func(n uint32, dst []int16) ([]string, bool) {
			copy(dst, sent[int(n)*driver.Block%(len(sent)-driver.Block):])
			if n == blocks && line == 0 { // line time runs ahead of the disk here: let that come near
				_ = Until(ctx, "the writer", func() (bool, error) {
					rows, err := d.Recordings(ctx, 0)
					written := 0
					for _, r := range rows {
						if r.Duration > length.Seconds()-1 {
							written++
						}
					}
					return written == len(codecs), err
				})
				d.Kill()
			}
			return nil, n >= blocks
		}})
	}
	ps, err := Dial(sockets(d, "b"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	_ = ps.Run(ctx) // the sockets close under it
	want := codes(sent[:int(blocks)*driver.Block])
	d = start(t, root, strings.ReplaceAll(config, "continuous", "off"))
	sealed(t, d)
	at := 0 // where in the recordings the audio begins
	for line, codec := range codecs {
		rows, err := d.Recordings(ctx, line+1)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%s: %d recordings, %v", codec, len(rows), err)
		}
		r := rows[0]
		if out, err := d.Ctl(ctx, "verify", r.ID); err != nil {
			t.Errorf("%s: %v %s", codec, err, out)
		}
		file := filepath.Join(root, "decoded.wav")
		if _, err := d.Ctl(ctx, "export", r.ID, "--format", "pcm16", "-o", file); err != nil {
			t.Fatal(err)
		}
		got, err := Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		if line == 0 {
			if at = bytes.Index(codes(got), want[:5*driver.Rate]); at < 0 {
				t.Fatal("what was sent is not in the recording")
			}
		}
		heard := got[at:]
		if lost := int(blocks)*driver.Block - len(heard); lost > driver.Rate {
			t.Errorf("%s: %d ms are lost", codec, lost/8)
		}
		snr := signalToNoise(sent, heard[:min(len(heard), len(want))])
		t.Logf("%s: %.1f s kept, %d bytes, %.1f kbit/s, signal to noise %.1f dB", codec, r.Duration, r.Bytes, float64(r.Bytes)*8/r.Duration/1000, snr)
		if codec == "g711" || codec == "pcm16" {
			if !bytes.HasPrefix(want, codes(heard[:min(len(heard), len(want))])) {
				t.Errorf("%s: it is not what was sent", codec)
			}
		} else if snr < least[codec] {
			t.Errorf("%s: signal to noise is %.1f dB, want %.0f", codec, snr, least[codec])
		}
	}
	stop(t, d)
}

// signalToNoise of what was heard, in dB.
func signalToNoise(sent, heard []int16) float64 {
	var s, n float64
	for i, h := range heard {
		v := float64(sent[i])
		s += v * v
		n += (v - float64(h)) * (v - float64(h))
	}
	return 10 * math.Log10(s/max(n, 1))
}
