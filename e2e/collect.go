package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"

	"vaad/dsp/g711"
	"vaad/dsp/wav"
)

// A Recording is a row of `vaactl recordings --json`, as far as proofs need it.
type Recording struct {
	ID        string    `json:"id"`
	Line      int       `json:"line"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Duration  float64   `json:"duration_s"`
	Direction string    `json:"direction"`
	Caller    string    `json:"caller"`
	Called    string    `json:"called"`
	Trigger   string    `json:"trigger"`
	Codec     string    `json:"codec"`
	Sides     []string  `json:"sides"`
	Bytes     int64     `json:"bytes"`
	State     string    `json:"state"`
	Call      string    `json:"call"`
	Notes     []any     `json:"notes"`
}

// A Call is a row of `vaactl calls --json`.
type Call struct {
	ID         string     `json:"id"`
	Line       int        `json:"line"`
	Start      time.Time  `json:"start"`
	End        *time.Time `json:"end"`
	AnsweredBy string     `json:"answered_by"`
	EndedBy    string     `json:"ended_by"`
	Direction  string     `json:"direction"`
	Missed     bool       `json:"missed"`
	Caller     string     `json:"caller"`
	Called     string     `json:"called"`
	Name       string     `json:"name"`
	Keys       string     `json:"keys"`
	Outcome    string     `json:"outcome"`
	Withheld   string     `json:"withheld"`
	Waiting    []Waiting  `json:"waiting"`
	Recordings []string   `json:"recordings"`
	Why        string     `json:"why"`
}

// Waiting is another call that came during one.
type Waiting struct {
	Caller string `json:"caller"`
	Name   string `json:"name"`
}

// Recordings lists all recordings of a line (0: of all lines), oldest first.
func (d *Daemon) Recordings(ctx context.Context, line int) ([]Recording, error) {
	args := []string{"recordings", "--limit", "100000"}
	if line > 0 {
		args = append(args, "--line", fmt.Sprint(line))
	}
	rows, err := Rows[Recording](ctx, d, args...)
	sort.Slice(rows, func(i, j int) bool { return rows[i].Start.Before(rows[j].Start) })
	return rows, err
}

// Calls lists all calls of a line (0: of all lines), oldest first.
func (d *Daemon) Calls(ctx context.Context, line int) ([]Call, error) {
	args := []string{"calls", "--limit", "100000"}
	if line > 0 {
		args = append(args, "--line", fmt.Sprint(line))
	}
	rows, err := Rows[Call](ctx, d, args...)
	sort.Slice(rows, func(i, j int) bool { return rows[i].Start.Before(rows[j].Start) })
	return rows, err
}

// Export fetches a recording as a WAV file through vaactl and returns its
// samples, decoded. A stereo file gives its first channel.
func (d *Daemon) Export(ctx context.Context, id, scratch string) ([]int16, error) {
	file := filepath.Join(scratch, id+".wav")
	defer os.Remove(file)
	if _, err := d.Ctl(ctx, "export", id, "-o", file); err != nil {
		return nil, err
	}
	return Decode(file)
}

// Decode reads a WAV file's first channel as linear samples.
func Decode(file string) ([]int16, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	info, err := wav.ParseAt(f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	raw := make([]byte, info.DataBytes)
	if _, err := f.ReadAt(raw, info.DataOffset); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var all []int16
	switch info.Format {
	case wav.ALaw, wav.MuLaw:
		law := g711.ALaw
		if info.Format == wav.MuLaw {
			law = g711.MuLaw
		}
		all = make([]int16, len(raw))
		g711.Decode(all, raw, law)
	case wav.PCM16:
		all = make([]int16, len(raw)/2)
		for i := range all {
			all[i] = int16(raw[2*i]) | int16(raw[2*i+1])<<8
		}
	default:
		return nil, fmt.Errorf("%s: format %v", file, info.Format)
	}
	if info.Channels > 1 {
		first := make([]int16, len(all)/info.Channels)
		for i := range first {
			first[i] = all[i*info.Channels]
		}
		all = first
	}
	return all, nil
}

// Heard exports all recordings of a line and returns the numbered blocks in
// them, in order of time, joined where one recording goes on where the last
// one ended.
func (d *Daemon) Heard(ctx context.Context, line int, scratch string) ([]Run, error) {
	rows, err := d.Recordings(ctx, line)
	if err != nil {
		return nil, err
	}
	var pcm []int16
	for _, r := range rows {
		part, err := d.Export(ctx, r.ID, scratch)
		if err != nil {
			return nil, err
		}
		pcm = append(pcm, part...) // a block may lie across two segments
	}
	return Runs(pcm), nil
}
