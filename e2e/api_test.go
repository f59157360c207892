package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

// A day is a daemon on which a little has happened: an outgoing call of 20 s
// on line 1, an answered and a missed call on line 2; lines 3 and 4 (a digital
// channel) were quiet.
type day struct {
	*testing.T
	*Daemon
	ctx  context.Context
	dir  string // for files
	recs []Recording
}

func newDay(t *testing.T) *day {
	d := &day{T: t, ctx: within(t, 3*time.Minute), dir: t.TempDir()}
	d.Daemon = start(t, scratch(t), quietly+"settings.site.country = \"CN\"\n"+
		"[[board]]\ndriver = \"sim\"\nid = \"b\"\nclock = \"peers\"\nlines = [{}, {}, {name = \"Lab\"}, {kind = \"bchan\"}]\n")
	const s = time.Second
	ps, err := Dial(sockets(d.Daemon, "b"),
		&Peer{Line: 1, Next: Script(volts("-48", 10*s), volts("-8", 20*s), volts("-48", 30*s))},
		&Peer{Line: 2, Next: Script(seq(volts("-48", 10*s), rings(2, "-48"), volts("-8", 12*s), volts("-48", 5*s), rings(2, "-48"), wait(13*s))...)})
	if err == nil {
		err = ps.Run(d.ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	sealed(t, d.Daemon)
	err = Until(d.ctx, "two recordings and three calls that have ended", func() (bool, error) {
		calls, err := d.Calls(d.ctx, 0)
		if err != nil || len(calls) != 3 || slices.ContainsFunc(calls, func(c Call) bool { return c.End == nil }) {
			return false, err
		}
		d.recs, err = d.Recordings(d.ctx, 0)
		return len(d.recs) == 2, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// ctl runs vaactl as a user would and returns all that it says.
func (d *day) ctl(args ...string) (out, errs string, code int) {
	return ctl(d.T, d.ctx, append([]string{"--root", d.Root, "--lang", "en"}, args...)...)
}

func ctl(t *testing.T, ctx context.Context, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	cmd := exec.CommandContext(ctx, bin.Vaactl, args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// rows runs a command with --json and wants so many lines (-1: one at least),
// each an object with these fields.
func (d *day) rows(n int, fields string, args ...string) []map[string]any {
	d.Helper()
	out, errs, code := d.ctl(append([]string{"--json"}, args...)...)
	if code != 0 {
		d.Errorf("vaactl %v: exit code %d, %s", args, code, errs)
		return nil
	}
	var all []map[string]any
	for _, l := range strings.Split(strings.TrimSpace(out), "\n") {
		if l == "" {
			continue
		}
		var row map[string]any
		if err := json.Unmarshal([]byte(l), &row); err != nil {
			d.Errorf("vaactl %v: %v in %q", args, err, l)
			continue
		}
		for _, f := range strings.Fields(fields) {
			if _, ok := row[f]; !ok {
				d.Errorf("vaactl %v: no field %s in %s", args, f, l)
			}
		}
		all = append(all, row)
	}
	if n >= 0 && len(all) != n || n < 0 && len(all) == 0 {
		d.Errorf("vaactl %v: %d rows, want %d:\n%s", args, len(all), n, out)
	}
	return all
}

// one is rows where there is exactly one; without it the test ends.
func (d *day) one(fields string, args ...string) map[string]any {
	d.Helper()
	all := d.rows(1, fields, args...)
	if len(all) != 1 {
		d.FailNow()
	}
	return all[0]
}

const (
	lineFields      = "line board port name kind use state volts level_dbm0 recording"
	recordingFields = "id line start end duration_s direction caller called trigger codec sides bytes state call conversation notes"
	callFields      = "id line start answered_by end ended_by direction caller called keys missed recordings why"
)

// TestEveryDocumentedCommandWorks runs every command of vaactl that others rely
// on and wants the fields that were promised.
func TestEveryDocumentedCommandWorks(t *testing.T) {
	once(t)
	d := newDay(t)
	first, second := d.recs[0], d.recs[1] // of line 1 and of line 2
	file := func(name string) string { return filepath.Join(d.dir, name) }

	d.one("product version boot uptime_s healthy simulated lines recording recordings alarms disk actor", "status")
	d.one("id driver model state simulated lines ticks late lost_samples drift_ppm", "boards")
	if lines := d.rows(4, lineFields, "lines"); len(lines) == 4 && (lines[2]["name"] != "Lab" || lines[3]["kind"] != "bchan" || lines[0]["state"] != "idle") {
		t.Errorf("lines %v", lines)
	}

	between := second.Start.Add(-time.Millisecond).Format(time.RFC3339Nano)
	for _, c := range []struct {
		n    int
		args string
	}{
		{2, ""}, {1, "--line 1"}, {1, "--line b/2"}, {2, "--line 1,2"}, {2, "--line 1 --line 2"}, {0, "--line 3"}, {0, "--number 0755*"},
		{1, "--from " + between}, {1, "--to " + between}, {2, "--from 2020-01-01"}, {0, "--to 2020-01-01"}, {1, "--min-duration 18"}, {2, "--min-duration 10"},
		{0, "--text complaint"}, {1, "--limit 1"}, {2, "--limit 0"}, {1, "--line 1,2 --from " + between + " --min-duration 10 --limit 9"},
	} {
		d.rows(c.n, recordingFields, append([]string{"recordings"}, strings.Fields(c.args)...)...)
	}
	for args, n := range map[string]int{"": 3, "--line 1": 1, "--line b/2": 2, "--min-duration 12": 2, "--limit 2": 2, "--number 1*": 0, "--to 2020-01-01": 0, "--text x": 0} {
		d.rows(n, callFields, append([]string{"calls"}, strings.Fields(args)...)...)
	}
	if c := d.one(callFields, "calls", "--line", "1"); fmt.Sprint(c["recordings"]) != "["+first.ID+"]" || c["direction"] != "out" || c["missed"] != false || c["why"] != "voltage" {
		t.Errorf("the call on line 1: %v", c)
	}
	if c := d.rows(2, callFields, "calls", "--line", "2")[0]; c["missed"] != true || c["why"] != "missed" {
		t.Errorf("the missed call on line 2: %v", c)
	}

	d.one(recordingFields+" story", "show", first.ID)
	if n := d.one("time actor text", "note", first.ID, "complaint 话费"); n["text"] != "complaint 话费" {
		t.Errorf("note %v", n)
	}
	d.one("time actor at_s text", "mark", first.ID, "1.5", "here")
	for _, word := range []string{"complaint", "话费", "here"} {
		if r := d.one(recordingFields, "recordings", "--text", word); r["id"] != first.ID {
			t.Errorf("%s finds %v", word, r["id"])
		}
	}

	d.one("file bytes", "export", first.ID, "-o", file("a.wav"))
	if pcm, err := Decode(file("a.wav")); err != nil || strconv.Itoa(len(pcm)) != fmt.Sprint(first.Duration*8000) {
		t.Errorf("exported %d samples, %v; the recording has %v s", len(pcm), err, first.Duration)
	}
	if out, errs, code := d.ctl("play", first.ID); code != 0 || !strings.HasPrefix(out, "RIFF") || len(out) < 2*len("RIFF")+int(first.Duration*16000) {
		t.Errorf("play: exit code %d, %d bytes, %s", code, len(out), errs)
	}
	if out, errs, code := d.ctl("export", first.ID, "-o", "-"); code != 0 || !strings.HasPrefix(out, "RIFF") {
		t.Errorf("export to standard output: exit code %d, %d bytes, %s", code, len(out), errs)
	}

	begun := d.one("line recording", "start", "3")
	if l := d.rows(4, lineFields, "lines"); l[2]["recording"] != true || l[2]["recording_id"] != begun["recording"] {
		t.Errorf("after start: %v", l[2])
	}
	d.one("file bytes", "listen", "3", "-o", file("live.wav"), "--seconds", "1")
	if pcm, err := Decode(file("live.wav")); err != nil || len(pcm) != 8000 {
		t.Errorf("heard %d samples, %v, want 8000", len(pcm), err)
	}
	d.one("file bytes", "flight", "3", "-o", file("b.frames"), "--seconds", "5")
	if ended := d.one("line recording", "stop", "b/3"); ended["recording"] != begun["recording"] {
		t.Errorf("stop ended %v, start began %v", ended, begun)
	}
	sealed(t, d.Daemon)
	id := fmt.Sprint(begun["recording"])
	r := d.one(recordingFields, "recordings", "--line", "3")
	if r["id"] != id || r["trigger"] != "manual" || r["ended_by"] != "manual" || r["duration_s"].(float64) < 1 {
		t.Errorf("recorded by hand: %v", r)
	}

	if v := d.one("path value origin", "set", "lines.3.trigger", "continuous", "--why", "test"); v["value"] != "continuous" {
		t.Errorf("set %v", v)
	}
	d.recording(3, true)
	d.one("version settings fixed", "get")
	if v := d.one("path value origin version", "get", "site.country"); v["origin"] != "file" {
		t.Errorf("a value from the file: %v", v)
	}
	if _, errs, code := d.ctl("settings", "export", "-o", file("s.json")); code != 0 {
		t.Errorf("settings export: %d %s", code, errs)
	}
	d.one("path value", "set", "lines.3.trigger", "off")
	d.recording(3, false)
	d.one("version settings", "settings", "import", file("s.json"))
	d.recording(3, true)
	if v := d.rows(-1, "version time actor changes", "settings", "history"); v[0]["why"] != "import" {
		t.Errorf("newest version %v", v[0])
	}
	d.one("version settings", "settings", "rollback", "1")
	d.recording(3, false)

	d.one("path value", "set", "lines.4.trigger", "voltage") // a digital channel has none
	var unfit map[string]any
	err := Until(d.ctx, "the alarm", func() (bool, error) {
		for _, a := range d.rows(-1, "id code subject severity state text remedy count first last", "alarms") {
			if a["code"] == "line-unfit" {
				unfit = a
			}
		}
		return unfit != nil, nil
	})
	if err != nil || unfit["line"] != 4.0 || unfit["remedy"] == "" {
		t.Fatalf("alarm %v, %v", unfit, err)
	}
	if _, errs, code := d.ctl("alarms", "ack", fmt.Sprint(unfit["id"])); code != 0 {
		t.Errorf("alarms ack: %d %s", code, errs)
	}
	for _, a := range d.rows(-1, "id state", "alarms", "--all") {
		if a["id"] == unfit["id"] && (a["state"] != "acknowledged" || a["acked_by"] == nil) {
			t.Errorf("acknowledged: %v", a)
		}
	}

	if r := d.one("recordings took_s", "reindex"); r["recordings"].(float64) < 4 {
		t.Errorf("reindex %v", r)
	}
	sealed(t, d.Daemon)
	for _, v := range d.rows(-1, "ok", "verify") {
		if v["ok"] != true {
			t.Errorf("verify: %v", v)
		}
	}
	d.rows(3, "ok", "verify", first.ID) // its audio, its story, and the summary
	verbs := map[any]int{}
	for _, a := range d.rows(-1, "seq time actor verb result", "audit", "--limit", "0") {
		verbs[a["verb"]]++
	}
	for _, v := range []string{"note", "export", "play", "listen", "save-flight", "start-stop", "settings-write", "alarm-ack", "maintain"} {
		if verbs[v] == 0 {
			t.Errorf("the audit log has no %s: %v", v, verbs)
		}
	}
	stop(t, d.Daemon)
	if n := len(d.rows(-1, "ok", "verify")); n < 8 { // needs no daemon
		t.Errorf("verify without the daemon: %d files", n)
	}
}

// recording waits until a line is recorded, or is not.
func (d *day) recording(line int, want bool) {
	d.Helper()
	err := Until(d.ctx, fmt.Sprintf("recording of line %d to be %v", line, want), func() (bool, error) {
		all := d.rows(4, lineFields, "lines")
		return len(all) == 4 && all[line-1]["recording"] == want, nil
	})
	if err != nil {
		d.Fatal(err)
	}
}

// TestLinesAreWatchedLive reads the live feed as programs do.
func TestLinesAreWatchedLive(t *testing.T) {
	d := newDay(t)
	cmd := exec.CommandContext(d.ctx, bin.Vaactl, "--root", d.Root, "--json", "lines", "--watch")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	feed := json.NewDecoder(out)
	want := func(what string, is func(event, data string) bool) {
		t.Helper()
		for {
			var m struct {
				Event string
				Data  json.RawMessage
			}
			if err := feed.Decode(&m); err != nil {
				t.Fatalf("waiting for %s: %v", what, err)
			}
			if is(m.Event, string(m.Data)) {
				return
			}
		}
	}
	want("the snapshot", func(event, data string) bool { return event == "snapshot" && strings.Contains(data, `"line":4`) })
	d.one("", "start", "3")
	want("the recording", func(event, data string) bool { return event == "lines" && strings.Contains(data, `"recording":true`) })
	ps, err := Dial(sockets(d.Daemon, "b"), &Peer{Line: 1, Next: Script(Step{Events: []string{"ring"}, For: 2 * time.Second})})
	if err == nil {
		err = ps.Run(d.ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	want("the ring", func(event, data string) bool {
		return event == "event" && strings.Contains(data, `"kind":"ring-begin"`)
	})
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = feed.Buffered().Read(nil)
	if err := cmd.Wait(); err != nil {
		t.Errorf("interrupted: %v", err)
	}
	stop(t, d.Daemon)
}

// TestErrorsSayWhatToDoInBothLanguages makes the mistakes that people make.
func TestErrorsSayWhatToDoInBothLanguages(t *testing.T) {
	once(t)
	d := newDay(t)
	id, none := d.recs[0].ID, strings.Repeat("0", 26)
	junk := filepath.Join(d.dir, "junk")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(d.dir, "x.wav")
	for _, c := range []struct {
		args string
		code int
		says string // in English
	}{
		{"start 99", 1, "There is no such line (line 99)\nList the lines with: vaactl lines"},
		{"start b/9", 1, "b/9"},
		{"stop 3", 1, "nothing is being recorded on this line\nStart a recording first."},
		{"listen 99 -o " + out, 1, "line 99"},
		{"flight 99 -o " + out, 1, "line 99"},
		{"flight 1 --seconds 99 -o " + out, 1, "--seconds: must be at most 60"},
		{"export " + none + " -o " + out, 1, none + "\nList recordings with: vaactl recordings"},
		{"export x -o " + out, 1, "path.id"},
		{"export " + id + " -o /no/such/x.wav", 1, "/no/such is not there\nLook for the right name"},
		{"show " + none, 1, none},
		{"note " + none + " text", 1, none},
		{"mark " + id + " 99999", 1, "body.at_s: lies behind the end of the recording"},
		{"get no.such", 1, "no.such: no such key\nSee all settings with: vaactl get"},
		{"set lines.1.nosuch 1", 1, "lines.1.nosuch: no such key; known are board,"},
		{"set lines.1.preroll_ms 99999", 1, "lines.1.preroll_ms: 99999: must be 0…30000\nCorrect what is named; nothing was changed."},
		{"set lines.1.trigger sometimes", 1, `lines.1.trigger: "sometimes" is not known; use one of`},
		{"set lines.99.trigger off", 1, "lines.99.trigger: there is no such line; the lines are: "},
		{"recordings --side left", 1, "--side: must be one of: local, mixed, network"},
		{"set lines.0.trigger off", 1, `"0" is not a line number`},
		{"set lines.1.group nobody", 1, `lines.1.group: there is no group "nobody"`},
		{"set site.country US", 1, "vaad.toml"},
		{"settings import " + junk, 1, "not JSON"},
		{"settings import /no/such", 1, "/no/such"},
		{"settings rollback 999", 1, "999; the newest is "},
		{"alarms ack 999", 1, "999\nList the alarms with: vaactl alarms"},
		{"verify " + none, 1, none},
		{"recordings --from soon", 2, `"soon" is no time: write 2026-11-22`},
		{"recordings --line x", 2, `line "x": give its number from 1, or board/port`},
		{"recordings --limit=-1", 2, "--limit -1"},
		{"listen 1", 2, "--out"},
		{"dance", 2, "dance"},
		{"--root /no/such status", 3, "cannot reach vaad at /no/such/run/vaad.sock: dial unix /no/such/run/vaad.sock: connect: no such file or directory\nStart it with: vaad run --root"},
		{"--server http://127.0.0.1:1 status", 3, "cannot reach vaad at http://127.0.0.1:1: "},
	} {
		args := strings.Fields(c.args)
		said, errs, code := d.ctl(args...)
		if code != c.code || said != "" && !strings.HasPrefix(c.args, "verify") || !strings.HasPrefix(errs, "vaactl: ") || !strings.Contains(errs, c.says) {
			t.Errorf("vaactl %s: exit code %d, want %d; it says %q and %q, want %q", c.args, code, c.code, said, errs, c.says)
		}
		_, errs, code = ctl(t, d.ctx, append([]string{"--root", d.Root, "--lang", "zh"}, args...)...)
		lines := strings.Split(strings.TrimSpace(errs), "\n")
		han := func(r rune) bool { return unicode.Is(unicode.Han, r) }
		if code != c.code || !strings.ContainsFunc(lines[0], han) || !strings.ContainsFunc(lines[len(lines)-1], han) {
			t.Errorf("vaactl --lang zh %s: exit code %d, want %d; it says %q", c.args, code, c.code, errs)
		}
	}
	if exists(out) {
		t.Error("a refused command has left a file")
	}
	d.Kill()
	if _, errs, code := d.ctl("lines"); code != 3 || !strings.Contains(errs, "Start it with: vaad run --root") {
		t.Errorf("after the daemon died: exit code %d, %q", code, errs)
	}
}
