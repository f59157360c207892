package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"vaad/dsp/wav"

	"golang.org/x/sys/unix"
)

// mp3Rate is what MP3 files are made at: many players know no lower rate.
const mp3Rate = 16000

// programs are encoders that the machine has. They are run by their path with
// fixed arguments, never through a shell, and see nothing but audio.
type programs struct {
	look func(string) (string, error)

	mu    sync.Mutex
	knows map[string]string // path of ffmpeg → the encoders it lists
}

// A program is one that encodes a format.
type program struct {
	name string
	args func(channels int) []string
	ask  string // encoder that "ffmpeg -encoders" must list
}

func encodersOf(format string) []program {
	rate := func(mono, stereo string) func(int) string {
		return func(channels int) string {
			if channels == 2 {
				return stereo
			}
			return mono
		}
	}
	ffmpeg := func(encoder, kind string, bits func(int) string, more ...string) program {
		return program{"ffmpeg", func(ch int) []string {
			a := []string{"-nostdin", "-hide_banner", "-loglevel", "error", "-f", "wav", "-i", "pipe:0", "-map_metadata", "-1", "-codec:a", encoder, "-b:a", bits(ch) + "k"}
			return append(append(a, more...), "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", kind, "pipe:1") // twice the same: downloads are resumed
		}, encoder}
	}
	switch format {
	case MP3:
		bits := rate("32", "56")
		return []program{
			{"lame", func(ch int) []string {
				mode := "m"
				if ch == 2 {
					mode = "s"
				}
				return []string{"--quiet", "-m", mode, "-b", bits(ch), "--resample", "16", "-", "-"}
			}, ""},
			ffmpeg("libmp3lame", "mp3", bits, "-ar", fmt.Sprint(mp3Rate)),
		}
	case Opus:
		bits := rate("24", "40")
		return []program{
			{"opusenc", func(ch int) []string { return []string{"--quiet", "--serial", "1", "--bitrate", bits(ch), "-", "-"} }, ""},
			ffmpeg("libopus", "opus", bits),
		}
	}
	return nil
}

// find is the first program that is there, and where.
func (p *programs) find(ctx context.Context, format string) (program, string, bool) {
	for _, one := range encodersOf(format) {
		path, err := p.look(one.name)
		if err == nil && (one.ask == "" || p.lists(ctx, path, one.ask)) {
			return one, path, true
		}
	}
	return program{}, "", false
}

// lists says whether ffmpeg was built with an encoder. It is asked once.
func (p *programs) lists(ctx context.Context, path, encoder string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, ok := p.knows[path]
	if !ok {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, path, "-hide_banner", "-encoders").Output()
		if err != nil {
			return false
		}
		if p.knows == nil {
			p.knows = map[string]string{}
		}
		all = string(out)
		p.knows[path] = all
	}
	return strings.Contains(all, " "+encoder+" ")
}

// encode runs a program from audio to a file. It has a quarter of the time that
// the audio lasts, and two minutes.
func (p *programs) encode(ctx context.Context, format string, f *os.File, audio *pcm) error {
	one, path, ok := p.find(ctx, format)
	if !ok {
		return ErrNoProgram
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute+time.Duration(audio.left/wav.Rate/4)*time.Second)
	defer cancel()
	runtime.LockOSThread() // the child is killed with the thread that started it
	defer runtime.UnlockOSThread()
	var said said
	cmd := exec.CommandContext(ctx, path, one.args(audio.channels)...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LANG=C", "HOME=/nonexistent"}
	cmd.Dir = "/"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = audio.wave(), f, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Start()
	if err == nil {
		_ = unix.Setpriority(unix.PRIO_PROCESS, cmd.Process.Pid, 10) // recordings go first; without it the pool bounds it
		err = cmd.Wait()
	}
	if err == nil && audio.left > 0 {
		err = io.ErrShortWrite // it did not take all
	}
	if err == nil {
		err = looksLike(format, f)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("export: %s: %w: %s", one.name, err, said.b), ctx.Err())
	}
	return nil
}

// looksLike refuses what no player would take.
func looksLike(format string, f *os.File) error {
	var head [4]byte
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return fmt.Errorf("it wrote nothing: %w", err)
	}
	ok := bytes.Equal(head[:], []byte("OggS"))
	if format == MP3 {
		ok = bytes.Equal(head[:3], []byte("ID3")) || head[0] == 0xFF && head[1]&0xE0 == 0xE0
	}
	if !ok {
		return fmt.Errorf("what it wrote is no %s", format)
	}
	return nil
}

// said keeps the beginning of what a program says.
type said struct{ b []byte }

func (s *said) Write(p []byte) (int, error) {
	s.b = append(s.b, p[:min(len(p), 1000-len(s.b))]...)
	return len(p), nil
}

// A FormatInfo is a kind, and whether it can be had here.
type FormatInfo struct {
	Kind
	Available bool
	Program   string // that encodes it here
}

// Formats lists all kinds, with those that lack a program.
func (m *Maker) Formats(ctx context.Context) []FormatInfo {
	var out []FormatInfo
	for _, k := range Kinds() {
		i := FormatInfo{Kind: k, Available: true}
		if k.program != "" {
			var one program
			one, _, i.Available = m.programs.find(ctx, k.program)
			i.Program = one.name
		}
		out = append(out, i)
	}
	return out
}
