package recorder

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/recorder/archive"
)

// BenchmarkRecord writes a second of line time of all lines to a real disk per
// round, the board's loop included. cpu% is of one core, in real time.
func BenchmarkRecord(b *testing.B) {
	for _, c := range []struct {
		name  string
		lines int
		c     LineConfig
		plan  channels.Plan
	}{
		{"mono=128", 128, LineConfig{Trigger: Continuous}, everyLine{driver.Tap}},
		{"pairs=120", 240, LineConfig{Trigger: Continuous}, pairs{}},
		{"mixed=120", 240, LineConfig{Trigger: Continuous, Sides: Mixed}, pairs{}},
		{"ima=128", 128, LineConfig{Trigger: Continuous, Codec: IMA}, everyLine{driver.Tap}},
		{"gsm=128", 128, LineConfig{Trigger: Continuous, Codec: GSM}, everyLine{driver.Tap}},
		{"gsm-pairs=120", 240, LineConfig{Trigger: Continuous, Codec: GSM}, pairs{}},
		{"pcm16=128", 128, LineConfig{Trigger: Continuous, Codec: PCM}, everyLine{driver.Tap}},
	} {
		b.Run(c.name, func(b *testing.B) {
			board := newBoard(c.lines, driver.ALaw)
			for i := range board.info.Lines {
				board.info.Lines[i].Kind, board.info.Lines[i].Caps = driver.BChan, 0
			}
			board.mute = true
			disk, err := archive.OSDisk(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			r := newRig(b, board, c.c, disk, func(_ *rig, _ *Config, cc *channels.Config) { cc.Plan = c.plan })
			r.to(second)
			b.ResetTimer()
			before := cpu()
			for range b.N {
				for range 4 {
					r.run(250 * time.Millisecond)
				}
			}
			r.settle()
			b.ReportMetric(100*(cpu()-before).Seconds()/float64(b.N), "cpu%")
		})
	}
}

// pairs makes each two ports one line.
type pairs struct{}

func (pairs) Spans(string, driver.Info) []channels.SpanConfig { return nil }

func (pairs) Lines(_ string, info driver.Info) (all []channels.LineConfig, _ error) {
	for i := 0; i+1 < len(info.Lines); i += 2 {
		all = append(all, channels.LineConfig{Number: 1 + i/2, Port: i + 1, LocalPort: i + 2, Use: driver.Tap, Name: fmt.Sprintf("line %d", 1+i/2)})
	}
	return all, nil
}

// cpu is what the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLoud looks at one 20-ms frame of voice that is not loud enough yet.
// All of 128 lines may hold such voice: that is 6400 a second.
func BenchmarkLoud(b *testing.B) {
	r := newRig(b, newBoard(1, driver.ALaw), LineConfig{Trigger: Voice}, nil)
	r.to(10 * second)
	err := r.rec.ask("measure", 1, func(w *watch, pos int64) error {
		f := faint{pending: true, from: pos - second, look: pos - second}
		for b.Loop() {
			w.loud(&f, 0)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
