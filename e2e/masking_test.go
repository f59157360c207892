package e2e

import (
	"bytes"
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vaad/api"
	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/wav"
)

// A caller talks in numbered blocks on a tapped line whose receiver is off, through
// pauses, a daemon that is killed in one, and restarts.
type caller struct {
	t    *testing.T
	ctx  context.Context
	d    *Daemon
	peer *Peer
	base uint32 // of the numbers of this life
	done chan error
}

const pausedLine = `
trigger = "voltage"
preroll_ms = 0
pause_key = "*7"
resume_key = "*8"
`

func newCaller(t *testing.T, ctx context.Context, root, settings string, base uint32) *caller {
	c := &caller{t: t, ctx: ctx, base: base, done: make(chan error, 1)}
	c.d = start(t, root, quietly+board("b", "real", 1, "")+pin(1, 1, settings))
	next := Numbered(1)
	c.peer = &Peer{Line: 1, Next: func(n uint32, dst []int16) (events []string, end bool) {
		next(base+n, dst)
		switch n {
		case 0:
			events = []string{"volts -48"}
			if base > 0 { // the call goes on
				events = []string{"volts -9"}
			}
		case 50:
			events = []string{"volts -9"}
		}
		return events, false
	}}
	ps, err := Dial(sockets(c.d, "b"), c.peer)
	if err != nil {
		t.Fatal(err)
	}
	go func() { c.done <- ps.Run(ctx) }()
	return c
}

func (c *caller) sent() uint32 { return c.base + c.peer.Sent.Load() }

// talk lets some blocks pass.
func (c *caller) talk(blocks uint32) {
	c.t.Helper()
	until := c.sent() + blocks
	if err := Until(c.ctx, "blocks", func() (bool, error) { return c.sent() >= until, nil }); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) ctl(args ...string) string {
	c.t.Helper()
	out, err := c.d.Ctl(c.ctx, args...)
	if err != nil {
		c.t.Fatalf("%v\n%s", err, c.d.Log())
	}
	return out
}

func (c *caller) line() api.Line {
	c.t.Helper()
	all, err := Rows[api.Line](c.ctx, c.d, "lines")
	if err != nil || len(all) != 1 {
		c.t.Fatalf("%v %v", err, all)
	}
	return all[0]
}

// heard is which numbered blocks are in the recordings of the line.
func (c *caller) heard() []uint32 {
	c.t.Helper()
	runs, err := c.d.Heard(c.ctx, 1, c.t.TempDir())
	if err != nil {
		c.t.Fatal(err)
	}
	var all []uint32
	for _, r := range runs {
		for n := r.First; n <= r.Last; n++ {
			all = append(all, n)
		}
	}
	return all
}

// without checks that of the blocks between first and last those of [from, to] are not
// recorded, and those up to before and from after on are.
func without(t *testing.T, heard []uint32, first, before, from, to, after, last uint32) {
	t.Helper()
	for n := first; n < last; n++ {
		_, there := slices.BinarySearch(heard, n)
		switch {
		case n >= from && n <= to && there:
			t.Errorf("block %d is recorded: the pause was in effect from %d to %d", n, from, to)
		case (n <= before || n >= after) && !there:
			t.Errorf("block %d is not recorded: it was not paused before %d and after %d", n, before, after)
		}
	}
}

func TestWhatIsSaidInAPauseIsNowhere(t *testing.T) {
	once(t)
	t.Parallel()
	ctx := within(t, 5*time.Minute)
	c := newCaller(t, ctx, scratch(t), pausedLine, 0)
	c.talk(200)
	if err := Until(ctx, "the recording", func() (bool, error) { return c.line().Recording, nil }); err != nil {
		t.Fatal(err)
	}
	before := c.sent()
	if out := c.ctl("pause", "1", "--reason", "card-data", "--for", "60s"); !strings.Contains(out, "paused") {
		t.Error(out)
	}
	from := c.sent()
	if p := c.line().Paused; p == nil || p.Reason != "card-data" || p.By != "request" {
		t.Errorf("the line shows %+v", p)
	}
	file := filepath.Join(t.TempDir(), "live.wav")
	c.ctl("listen", "1", "--seconds", "2", "-o", file)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if live := b[len(b)-15000:]; len(bytes.Trim(live, "\xD5")) != 0 {
		t.Error("a listener hears something in the pause")
	}
	flight := filepath.Join(t.TempDir(), "line.framelog")
	c.ctl("flight", "1", "--seconds", "1", "-o", flight)
	to := c.sent()
	c.ctl("resume", "1")
	after := c.sent() + 5
	c.talk(150)
	last := c.sent() - 50
	c.ctl("stop", "1")
	sealed(t, c.d)
	without(t, c.heard(), before-40, before-3, from+3, to-3, after, last)
	recs, err := c.d.Recordings(ctx, 1)
	if err != nil || len(recs) != 1 {
		t.Fatalf("%v %+v", err, recs)
	}
	story := c.ctl("show", recs[0].ID)
	for _, want := range []string{"Recording paused", "Recording goes on", "Left out on purpose"} {
		if !strings.Contains(story, want) {
			t.Errorf("the story does not say %q: %s", want, story)
		}
	}
	calls, err := c.d.Calls(ctx, 1)
	if err != nil || len(calls) != 1 || !strings.Contains(calls[0].Why, "paused") {
		t.Errorf("%v %+v", err, calls)
	}
	if audit := c.ctl("audit", "--json"); strings.Count(audit, `"verb":"pause"`) != 2 {
		t.Error(audit)
	}
	if _, err := c.d.Ctl(ctx, "resume", "1"); err == nil || !strings.Contains(err.Error(), "not paused") {
		t.Errorf("resuming what is not paused: %v", err)
	}
	if n := counted(t, c.d, `vaad_masked_seconds_total{reason="pause"}`); n < 2 || n > 20 {
		t.Errorf("%v seconds were masked", n)
	}
}

func TestADaemonThatIsKilledInAPauseRecordsNothingOfIt(t *testing.T) {
	once(t)
	t.Parallel()
	ctx := within(t, 2*time.Minute)
	root := scratch(t)
	c := newCaller(t, ctx, root, pausedLine, 0)
	c.talk(200)
	before := c.sent()
	c.ctl("pause", "1")
	from := c.sent()
	c.talk(30)
	c.d.Kill()
	<-c.done
	again := newCaller(t, ctx, root, pausedLine, 10_000)
	again.talk(150)
	if p := again.line().Paused; p == nil || p.By != "restart" {
		t.Fatalf("after the restart the line shows %+v\n%s", p, again.d.Log())
	}
	to := again.sent()
	again.ctl("resume", "1")
	after := again.sent() + 5
	again.talk(150)
	last := again.sent() - 50
	again.ctl("stop", "1")
	sealed(t, again.d)
	heard := again.heard()
	without(t, heard, before-40, before-3, from+3, 9_999, 10_000, 9_999)
	without(t, heard, 10_000, 0, 10_000, to-3, after, last)
}

// keyPeak is the most, in dBm0, that the weaker tone of a key's pair has in any 13 ms.
func keyPeak(pcm []int16, keys string) (peak float64) {
	const n = 102
	for _, key := range []byte(keys) {
		at := strings.IndexByte(keyPad, key)
		for from := 0; from+n <= len(pcm); from += 5 {
			weaker := math.Inf(1)
			for _, hz := range []float64{keyRow[at/4], keyColumn[at%4]} {
				c := 2 * math.Cos(2*math.Pi*hz/8000)
				var a, b float64
				for _, s := range pcm[from : from+n] {
					a, b = float64(s)+c*a-b, a
				}
				weaker = min(weaker, 2*(a*a+b*b-c*a*b)/(n*n))
			}
			peak = max(peak, weaker)
		}
	}
	return dsp.DBm0(peak)
}

// Somebody keys a number to an automatic service: the service hears it, and no file,
// story, feed or journal has it.
func TestKeysThatAreMaskedReachTheFarEndAndNoFile(t *testing.T) {
	once(t)
	t.Parallel()
	const secret = "5432109876"
	for _, how := range []string{"off", "talking"} {
		h := houseOf(t, houseConfig+`
[settings.profiles.secret]
mask_keys = "`+how+`"
`)
		for _, n := range []string{"1", "2"} {
			h.ctl("set", "lines."+n+".profile", "secret")
		}
		a, b := h.phone["801"], h.phone["802"]
		h.calls(a, b, "802")
		b.Event("off-hook")
		h.lines("talking", 1, 2)
		h.talk(a, b)
		h.wait(a, "hears nothing", a.Hushed)
		h.wait(b, "hears nothing", b.Hushed)
		keyed := time.Now() // behind what was dialled, which stays
		last := keyed
		heard := func() bool { return strings.Contains(b.Keys(), secret) }
		for try := 0; try < 6 && !heard(); try++ { // a busy machine breaks keys
			b.Forget()
			last = time.Now()
			a.Dial(secret)
			soon, cancel := context.WithTimeout(h.ctx, 6*time.Second)
			_ = b.Wait(soon, "hears the keys", heard)
			cancel()
		}
		if !heard() {
			t.Errorf("%s: the far end hears %q", how, b.Keys())
		}
		h.wait(b, "hears nothing", b.Hushed)
		h.talk(a, b)
		b.Event("on-hook")
		a.Event("on-hook")
		h.lines("idle", 1, 2)
		sealed(t, h.d)
		recs, err := h.d.Recordings(h.ctx, 0)
		if err != nil || len(recs) == 0 {
			t.Fatalf("%v, %d recordings", err, len(recs))
		}
		worst := math.Inf(-1)
		for _, r := range recs {
			if r.End.Before(keyed) { // of what was misdialled
				continue
			}
			for _, side := range r.Sides {
				file := filepath.Join(t.TempDir(), "side.wav")
				if err := os.WriteFile(file, []byte(h.ctl("play", r.ID, "--side", side)), 0o600); err != nil {
					t.Fatal(err)
				}
				pcm, err := Decode(file)
				if err != nil {
					t.Fatal(err)
				}
				from := int(keyed.Sub(r.Start).Milliseconds()-100) * 8
				worst = max(worst, keyPeak(pcm[min(len(pcm), max(0, from)):min(len(pcm), from+int(last.Sub(keyed).Milliseconds()+2050)*8)], secret))
			}
			story := h.ctl("show", r.ID)
			if masked := strings.Contains(story, "•"); masked != (how == "talking") {
				t.Errorf("%s: the story is %s", how, story)
			}
		}
		calls, err := h.d.Calls(h.ctx, 1)
		if err != nil || len(calls) == 0 || calls[len(calls)-1].Called != "802" || strings.Contains(calls[len(calls)-1].Keys, secret) != (how == "off") {
			t.Errorf("%s: %v %+v", how, err, calls)
		}
		t.Logf("%s: the weaker tone of a pair is at most %.1f dBm0", how, worst)
		if worst > -50 && how == "talking" || worst < -30 && how == "off" {
			t.Errorf("%s: the weaker tone of a pair is at most %.1f dBm0", how, worst)
		}
	}
}

// counted is one value of the daemon's metrics, as its socket gives them.
func counted(t *testing.T, d *Daemon, name string) (v float64) {
	t.Helper()
	c := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(d.Root, "run", "vaad.sock"))
	}}}
	defer c.CloseIdleConnections()
	r, err := c.Get("http://vaad/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			v, _ = strconv.ParseFloat(strings.TrimSpace(rest), 64)
		}
	}
	return v
}

// A caller is told that the call is recorded, and beeps say so to both parties.
func TestBothPartiesHearThatTheyAreRecorded(t *testing.T) {
	once(t)
	t.Parallel()
	h := houseOf(t, houseConfig)
	h.ctl("set", "recorder.beep_interval_s", "4")
	if _, err := h.d.Ctl(h.ctx, "set", "rules.list", `[{"name":"told","record":true,"beep":true}]`); err == nil || !strings.Contains(err.Error(), "tap") {
		t.Errorf("a beep for taps too: %v", err)
	}
	h.ctl("set", "rules.list", `[{"name":"told","uses":["trunk"],"record":true,"beep":true,"announce":"recording-announcement","announce_to":"both","announce_else":"deny"},{"name":"rest"}]`)
	said := filepath.Join(t.TempDir(), "said.wav") // prompts are made by a speech engine, which not every machine has
	pcm := Tone(440, 1500)
	codes := make([]byte, len(pcm))
	g711.Encode(codes, pcm, g711.ALaw)
	if err := os.WriteFile(said, append(wav.Header(wav.ALaw, int64(len(codes))), codes...), 0o600); err != nil {
		t.Fatal(err)
	}
	h.ctl("prompts", "put", "recording-announcement", said)
	a, x := h.phone["801"], h.office[0]
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !x.On() && h.ctx.Err() == nil {
			x.Event("ring")
			<-time.After(time.Second)
			x.Event("ring-end")
			<-time.After(2 * time.Second)
		}
	}()
	h.wait(a, "rings", a.On)
	a.Event("off-hook")
	h.wait(x, "is answered", x.On)
	<-done
	h.lines("talking", 1, 4)
	beeps := func(p *Actor) int { return p.bursts(1400) }
	h.wait(x, "hears that it is recorded", func() bool { return x.loud() > 25 })
	h.wait(a, "hears that it is recorded", func() bool { return a.loud() > 25 })
	h.wait(x, "hears nothing more", x.Hushed)
	x.Forget()
	a.Forget()
	h.wait(x, "hears beeps", func() bool { return beeps(x) >= 2 })
	h.wait(a, "hears beeps", func() bool { return beeps(a) >= 2 })
	h.talk(a, x)
	a.Event("on-hook")
	h.wait(x, "is released", func() bool { return !x.On() })
	h.lines("idle", 1, 4)
	sealed(t, h.d)
	recs, err := h.d.Recordings(h.ctx, 0)
	if err != nil || len(recs) != 1 || recs[0].Line != 4 {
		t.Fatalf("%v %+v", err, recs)
	}
	story := h.ctl("show", recs[0].ID)
	if n := strings.Count(story, "Beep"); n < 3 || !strings.Contains(story, "Announcement") {
		t.Errorf("the story has %d beeps: %s", n, story)
	}
	if strings.Contains(story, "record tone") || strings.Contains(story, "1400") {
		t.Errorf("a detector heard the beep: %s", story)
	}
	for _, side := range recs[0].Sides {
		file := filepath.Join(t.TempDir(), "side.wav")
		if err := os.WriteFile(file, []byte(h.ctl("play", recs[0].ID, "--side", side)), 0o600); err != nil {
			t.Fatal(err)
		}
		pcm, err := Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		at := burstsOf(pcm, 1400)
		if (side == "local") != (len(at) >= 2) { // others fell on words
			t.Errorf("%s has beeps at %v", side, at)
		}
		for i := 1; i < len(at); i++ {
			if gap := at[i] - at[i-1]; gap < 4*8000-160 || gap > 4*8000+160 {
				t.Errorf("%s: %d samples from one beep to the next", side, gap)
			}
		}
	}
}

// bursts counts tones of about 200 ms in what was heard.
func (a *Actor) bursts(hz float64) int {
	var pcm []int16
	for _, h := range a.lately(kept) {
		pcm = append(pcm, h.block[:]...)
	}
	return len(burstsOf(pcm, hz))
}

// loud is how many blocks of what was heard were not silent.
func (a *Actor) loud() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, h := range a.log {
		if h.power > 100*100 {
			n++
		}
	}
	return n
}

// burstsOf is where tones of 180…220 ms begin.
func burstsOf(pcm []int16, hz float64) (at []int) {
	const n = 80
	on := -1
	for from := 0; from+n <= len(pcm); from += n {
		is := share(pcm[from:from+n], hz) > 0.7
		switch {
		case is && on < 0:
			on = from
		case !is && on >= 0:
			if d := from - on; d >= 1400 && d <= 1800 {
				at = append(at, on)
			}
			on = -1
		}
	}
	return at
}
