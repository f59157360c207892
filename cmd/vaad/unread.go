package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp/wav"
)

// The audio of caller IDs that were not understood is kept in this folder of the
// root, so that it can be decoded again: vaactl analyse FILE.
const (
	unreadDir  = "caller-id"
	unreadMost = 200 // files: some 32 MB; the oldest goes
)

// unread keeps the audio of caller IDs that were not understood.
type unread struct {
	d   *running
	dir string
}

func (d *running) unread() unread { return unread{d, filepath.Join(d.cfg.Root, unreadDir)} }

// told keeps the audio of each failed attempt.
func (u unread) told(evs []channels.Event) {
	for i := range evs {
		if e := &evs[i]; e.Kind == channels.CallerFailed {
			if err := u.keep(e); err != nil {
				u.d.log.Warn("the audio of a caller ID that was not understood could not be kept", "line", e.Line, "error", err)
			}
		}
	}
}

// keep writes the stretch that an event names as a WAV file.
func (u unread) keep(e *channels.Event) error {
	line, ok := u.d.sys.Line(e.Line)
	if !ok || e.Value <= 0 {
		return nil
	}
	sides := line.Sides()
	if len(sides) == 0 {
		return nil
	}
	code := make([]byte, e.Value)
	n, err := line.Read(code, 0, e.Pos)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(u.dir, 0o750); err != nil {
		return err
	}
	if err := u.makeRoom(); err != nil {
		return err
	}
	format := wav.ALaw
	if sides[0].Law == driver.MuLaw {
		format = wav.MuLaw
	}
	data := append(wav.Header(format, int64(n)), code[:n]...)
	data = append(data, make([]byte, wav.Pad(int64(n)))...)
	name := fmt.Sprintf("%s-line-%d-%s-%s.wav", e.Time.UTC().Format("20060102T150405.000Z"), e.Line, e.Call, e.Text)
	return os.WriteFile(filepath.Join(u.dir, name), data, 0o640)
}

// makeRoom removes the oldest files, so that one more may come. Names begin with
// the time.
func (u unread) makeRoom() error {
	all, err := os.ReadDir(u.dir)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(f os.DirEntry) bool { return f.IsDir() || !strings.HasSuffix(f.Name(), ".wav") })
	for len(all) >= unreadMost {
		if err := os.Remove(filepath.Join(u.dir, all[0].Name())); err != nil {
			return err
		}
		all = all[1:]
	}
	return nil
}
