package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A soakSample is how the daemon stands after so many hours of line time.
type soakSample struct {
	hour       float64
	heap       float64 // MiB that live after a collection
	low        float64 // MiB of it besides caches: the least since the sample before, as a collection finds what is just being worked on too
	caches     float64 // MiB of it that caches hold, which have bounds of their own and fill up and empty in half a day
	kept       float64 // MiB that Go has for its heap: up to twice what lives, and what was freed lately
	rss        float64 // MiB of its own; pages of files that are mapped are the kernel's, and grow with the journals
	goroutines float64
	files      float64
	lost       float64 // samples, blocks and events that anything has lost, since the start
	recordings float64 // MiB on the disk
	cpu        float64 // s
}

// soakBounds are how much a figure may grow in an hour of line time, as the slope of a
// straight line through all samples after the first ones. What grows faster fills a box
// of 1 GiB within a year.
var soakBounds = map[string]float64{"heap": 0.25, "beside the heap": 0.25, "goroutines": 0.25, "files": 0.25, "recordings": 2}

// lossCounters are the metrics that count what was lost, whatever lost it.
var lossCounters = []string{"vaad_board_lost_samples_total", "vaad_ring_overruns_total", "vaad_feed_lost_events_total", "vaad_recorder_gap_samples_total"}

// local talks to the daemon's socket.
func local(d *Daemon) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(d.Root, "run", "vaad.sock"))
	}}}
}

// scrape reads the daemon's metrics, of each name the sum over all labels.
func scrape(ctx context.Context, c *http.Client) (map[string]float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://vaad/metrics", nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: %s, %v", resp.Status, err)
	}
	sums := map[string]float64{}
	for line := range strings.Lines(string(b)) {
		name, value, ok := cutLast(strings.TrimSpace(line))
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil && !strings.HasPrefix(name, "#") {
			name, _, _ = strings.Cut(name, "{")
			sums[name] += v
		}
	}
	return sums, nil
}

// take takes a sample.
func (s *soak) take(hour float64) {
	m, err := scrape(s.ctx, s.client)
	if err != nil {
		s.Fatal(err)
	}
	s.seen(m)
	x := soakSample{hour: hour, heap: m["go_gc_heap_live_bytes"] / mib, rss: anonymous(s.d.Pid()), caches: cached(m), low: s.lowest(),
		kept: (m["go_memstats_heap_sys_bytes"] - m["go_memstats_heap_released_bytes"]) / mib, goroutines: m["go_goroutines"],
		files: m["process_open_fds"], cpu: m["process_cpu_seconds_total"], recordings: float64(sizeOf(filepath.Join(s.d.Root, "recordings"))) / mib}
	for _, name := range lossCounters {
		if _, ok := m[name]; !ok {
			s.Fatalf("no metric is called %s", name)
		}
		x.lost += m[name]
	}
	s.samples = append(s.samples, x)
	s.Logf("%6.2f h: heap %5.1f MiB (caches %4.1f, besides at least %4.1f) of %5.1f MiB, rss %5.1f MiB, %3.0f goroutines, %3.0f descriptors, %.0f lost, %6.1f MiB of recordings, %6.1f s of processor time", x.hour, x.heap, x.caches, x.low, x.kept, x.rss,
		x.goroutines, x.files, x.lost, x.recordings, x.cpu)
}

// anonymous is a process's memory that no file holds, MiB (proc(5)).
func anonymous(pid int) float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(b), "RssAnon:")
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseFloat(kib, 64)
	if err != nil {
		return math.NaN() // which is in no bound
	}
	return n / 1024
}

// A soak is a daemon that is used for long, and how it stood.
type soak struct {
	*testing.T
	d       *Daemon
	ctx     context.Context
	client  *http.Client
	samples []soakSample

	mu  sync.Mutex
	low float64 // since the last sample; 0: none
}

const mib = 1 << 20

// cached is what caches hold.
func cached(m map[string]float64) float64 {
	return (m["vaad_peaks_memory_bytes"] + m["vaad_index_loose_rows"]*looseRow) / mib
}

func (s *soak) seen(m map[string]float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := m["go_gc_heap_live_bytes"]/mib - cached(m); s.low == 0 || x < s.low {
		s.low = x
	}
}

func (s *soak) lowest() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.low = 0 }()
	return s.low
}

// watch looks between samples until ctx ends.
func (s *soak) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if m, err := scrape(ctx, s.client); err == nil {
				s.seen(m)
			}
		}
	}
}

func (s *soak) nothingLost() {
	for _, x := range s.samples {
		if x.lost > 0 {
			s.Errorf("%.2f h: %.0f lost", x.hour, x.lost)
		}
	}
}

// looseRow is what a row of the index takes in memory, bytes, as BenchmarkLooseRow of recorder/index
// measures it: 2118 when sealed, 2182 when erased by retention, as most rows here are. What notes
// and marks add is their text. Were it too low, rows that gather until they are a segment, up to
// 4096 twice, would look like something that grows.
const looseRow = 2180

// spare is what Go may have for its heap besides twice of what lives, MiB.
const spare = 32

// flat judges the samples from one on: nothing is lost, and nothing grows. How much Go has
// for its heap goes up and down with what happened to live at a collection, so that it is
// held to that.
func (s *soak) flat(from int) {
	s.nothingLost()
	most := 0.0
	for _, x := range s.samples {
		if most = max(most, x.heap); x.hour > 0 && !(x.kept <= 2*most+spare) {
			s.Errorf("%.2f h: Go has %.1f MiB for a heap of which %.1f MiB have lived at most", x.hour, x.kept, most)
		}
	}
	of := map[string]func(soakSample) float64{"heap": func(x soakSample) float64 { return x.low }, "beside the heap": func(x soakSample) float64 { return x.rss - x.kept },
		"goroutines": func(x soakSample) float64 { return x.goroutines }, "files": func(x soakSample) float64 { return x.files },
		"recordings": func(x soakSample) float64 { return x.recordings }}
	for _, what := range []string{"heap", "beside the heap", "goroutines", "files", "recordings"} {
		if len(s.samples) < from+6 {
			s.Logf("%d samples are too few for a slope", len(s.samples))
			return
		}
		slope := slopeOf(s.samples[from:], of[what])
		s.Logf("%s: %+.3f an hour (bound %.2f)", what, slope, soakBounds[what])
		if !(slope <= soakBounds[what]) {
			s.Errorf("%s grows by %.3f in an hour of line time", what, slope)
		}
	}
}

// settled judges a run in which recordings are kept and caches fill for half of the time:
// the last quarter is no more than the one before.
func (s *soak) settled() {
	quarter := len(s.samples) / 4
	for _, c := range []struct {
		what string
		of   func(soakSample) float64
		more float64
	}{
		{"heap, MiB", func(x soakSample) float64 { return x.heap }, 4},
		{"rss, MiB", func(x soakSample) float64 { return x.rss }, 32}, // what was freed goes back in pieces
		{"goroutines", func(x soakSample) float64 { return x.goroutines }, 4},
		{"descriptors", func(x soakSample) float64 { return x.files }, 32},
	} {
		before, last := medianOf(s.samples[2*quarter:3*quarter], c.of), medianOf(s.samples[3*quarter:], c.of)
		s.Logf("%s: %.1f in the third quarter, %.1f in the last (at most %.0f more)", c.what, before, last, c.more)
		if !(last <= before+c.more) {
			s.Errorf("%s still grows: from %.1f to %.1f", c.what, before, last)
		}
	}
}

func medianOf(all []soakSample, of func(soakSample) float64) float64 {
	var v []float64
	for _, s := range all {
		v = append(v, of(s))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// slopeOf is the slope of the line of least squares.
func slopeOf(all []soakSample, of func(soakSample) float64) float64 {
	var x, y, xx, xy float64
	n := float64(len(all))
	for _, s := range all {
		v := of(s)
		x, y, xx, xy = x+s.hour, y+v, xx+s.hour*s.hour, xy+s.hour*v
	}
	if d := n*xx - x*x; math.Abs(d) > 1e-9 {
		return (n*xy - x*y) / d
	}
	return 0
}

// sizeOf is what the files below a folder hold. Files that go meanwhile do not count.
func sizeOf(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if st, err := e.Info(); err == nil {
				n += st.Size()
			}
		}
		return nil
	})
	return n
}

// calling plays calls at random on a line, for so many blocks, and counts them.
func calling(line int, blocks uint32, made *atomic.Int64, hour func(n uint32)) *Peer {
	rng := rand.New(rand.NewPCG(*seed, uint64(line)))
	seconds := func(least, most int) uint32 {
		return uint32(least+rng.IntN(most-least)) * uint32(second)
	}
	const idle, ringing, talking = 0, 1, 2
	state, until := idle, seconds(10, 40)
	return &Peer{Line: line, Next: func(n uint32, dst []int16) (evs []string, done bool) {
		if n == 0 {
			evs = append(evs, "volts -48")
		}
		if n%(3600*uint32(second)) == 0 {
			hour(n)
		}
		if n >= until {
			switch {
			case state == talking:
				state, until, evs = idle, n+seconds(20, 60), append(evs, "volts -48")
			case n+150*uint32(second) > blocks: // the last call ends before the line does
				until = blocks
			case state == idle && rng.IntN(2) == 0:
				state, until, evs = ringing, n+seconds(1, 3), append(evs, "ring")
			default:
				if state == ringing {
					evs = append(evs, "ring-end")
				}
				made.Add(1)
				state, until, evs = talking, n+seconds(5, 120), append(evs, "volts -8")
			}
		}
		if state == talking {
			FillBlock(dst, line, n)
		}
		return evs, n+1 >= blocks
	}}
}

// TestSoakADayOfLineTime lets lines make calls for a day of their time, beside a tapped E1 between
// two ends of libpri, whose protocol runs by wall time. Of each hour it looks what the daemon holds.
// Retention keeps the disk as full as it is.
func TestSoakADayOfLineTime(t *testing.T) {
	atLeastReduced(t)
	hours := counts(0, 1, 24)
	lines := counts(0, 4, 16)
	keep := counts(0, 40, 400)
	prog := buildLink(t)
	root := scratch(t)
	config := quietly + fmt.Sprintf("[settings.retention]\ndefault = \"soak\"\n[settings.retention_classes.soak]\ncount = %d\naction = \"erase\"\n", keep) +
		board("a", "peers", lines, "") + "[[board]]\ndriver = \"sim\"\nid = \"e1\"\nclock = \"real\"\ncount = 60\nkind = \"bchan\"\nuse = \"tap\"\nspans = [{channels = 31, tap = true}, {channels = 31, tap = true}]\n" +
		pin(1, lines, `trigger = "voltage"`)
	s := &soak{T: t, d: start(t, root, config), ctx: within(t, 4*time.Hour)}
	s.client = local(s.d)
	blocks := uint32(hours) * 3600 * uint32(second)
	var made atomic.Int64
	type mark struct {
		n  uint32
		on chan struct{}
	}
	marks := make(chan mark, hours+1)
	var peers []*Peer
	for l := 1; l <= lines; l++ {
		hour := func(uint32) {}
		if l == 1 {
			hour = func(n uint32) { // line time stands still until retention has begun; for more than 5 s it cannot
				m := mark{n, make(chan struct{})}
				marks <- m
				select {
				case <-m.on:
				case <-time.After(3 * time.Second):
				}
			}
		}
		peers = append(peers, calling(l, blocks, &made, hour))
	}
	ps, err := Dial(sockets(s.d, "a"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	done := make(chan error, 1)
	go func() { err := ps.Run(s.ctx); close(marks); done <- err }()
	linked := make(chan [2]int, 1)
	day, end := context.WithCancel(s.ctx)
	defer end()
	go s.watch(day)
	go func() { linked <- s.links(day, prog) }()
	for m := range marks {
		hour := float64(m.n) / 3600 / float64(second)
		end := func() {}
		if m.n > 0 {
			end = s.retention()
		}
		close(m.on)
		end() // each sample is of as many recordings, whose pictures are kept too
		s.take(hour)
		if m.n > 0 {
			s.unbroken(1+int(hour)%lines, 20)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	end()
	digital := <-linked
	sealed(t, s.d)
	s.retention()()
	s.take(float64(hours))
	s.flat(min(4, hours))
	s.counted(lines, int(made.Load()), digital)
	t.Logf("%d h of %d lines in %v, and %d calls of a tapped E1 meanwhile", hours, lines, took.Round(time.Second), digital[0])
	stop(t, s.d)
	if log := s.d.Log(); strings.Contains(log, "level=ERROR") {
		t.Errorf("what the daemon complains of:\n%s", log)
	}
}

// links lets both ends of a link make calls until ctx ends; it returns how many there were and
// how many were answered.
func (s *soak) links(ctx context.Context, prog string) (n [2]int) {
	dir := sockets(s.d, "e1")
	for run := 0; ctx.Err() == nil; run++ {
		out, err := exec.CommandContext(s.ctx, prog, filepath.Join(dir, "span-01.dch.sock"), filepath.Join(dir, "span-02.dch.sock"), "40", fmt.Sprint(*seed+uint64(run)), "0", "euroisdn").Output()
		if err != nil {
			s.Errorf("link: %v", err)
			return n
		}
		for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
			var x linkCall
			if err := dec.Decode(&x); err != nil {
				s.Error(err)
				return n
			}
			if n[0]++; x.Answered {
				n[1]++
			}
		}
		select { // a link that is always being made anew is not what is looked at
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
	return n
}

// retention erases what is due, and returns who waits for its end. Line time is ahead of the wall
// clock, which retention takes for a clock that was set back where nothing synchronises it: it deletes nothing
// until a person says that the clock is right, and again when a newer recording is sealed. So the lines
// stand still until it has begun.
func (s *soak) retention() (end func()) {
	pass(s.T, 300*time.Millisecond) // what was recorded last is sealed
	if out, err := s.d.Ctl(s.ctx, "retention", "trust-clock"); err != nil {
		s.Errorf("retention: %v %s", err, out)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if out, err := s.d.Ctl(s.ctx, "retention", "run"); err != nil {
			s.Errorf("retention: %v %s", err, out)
		}
	}()
	select {
	case <-done:
	case <-time.After(700 * time.Millisecond):
	}
	return func() { <-done }
}

// unbroken hears the newest recordings of a line: no block may be missing within one.
func (s *soak) unbroken(line, newest int) {
	rows, err := Rows[Recording](s.ctx, s.d, "recordings", "--line", fmt.Sprint(line), "--limit", fmt.Sprint(newest))
	if err != nil {
		s.Fatal(err)
	}
	for _, r := range rows {
		pcm, err := s.d.Export(s.ctx, r.ID, os.TempDir())
		if err != nil {
			continue // retention has it meanwhile, or it is being recorded
		}
		runs := Runs(pcm)
		for i := 1; i < len(runs); i++ {
			if runs[i].First != runs[i-1].Last+1 {
				s.Errorf("line %d, %s: blocks %d…%d are missing", line, r.ID, runs[i-1].Last+1, runs[i].First-1)
			}
		}
	}
}

// counted wants a recording of every call.
func (s *soak) counted(lines, made int, digital [2]int) {
	var analog, others int
	if err := Until(s.ctx, "a recording of every call", func() (bool, error) {
		rows, err := Rows[keptRow](s.ctx, s.d, append(everyState, "--limit", "0")...)
		analog, others = 0, 0
		for _, r := range rows {
			if r.Line <= lines {
				analog++
			} else {
				others++
			}
		}
		return analog >= made && others >= digital[1], err
	}); err != nil {
		s.Error(err)
	}
	s.Logf("%d calls and %d recordings of analog lines; %d answered calls and %d recordings of the E1", made, analog, digital[1], others)
	if analog != made || others < digital[1] || others > digital[0] { // one that is not answered may be recorded too
		s.Error("recordings are not calls")
	}
}

// TestSoakAnHourAtFullLoad records 128 lines at once for an hour of the wall clock. Every block
// carries its number; at the end all that was recorded is heard.
func TestSoakAnHourAtFullLoad(t *testing.T) {
	atLeastReduced(t)
	span := counts(0, 20*time.Second, time.Hour)
	lines := counts(0, 32, 128)
	root := scratch(t)
	s := &soak{T: t, d: start(t, root, quietly+board("b", "real", lines, "")+pin(1, lines, "trigger = \"continuous\"\nmax_ms = 600000")), ctx: within(t, 2*time.Hour+2*span)}
	s.client = local(s.d)
	end := keepTalking(t, s.d, "b", lines)
	began := time.Now()
	for i := range 61 {
		s.take(time.Since(began).Hours())
		if i < 60 {
			pass(t, span/60)
		}
	}
	peers := end()
	settle(t, s.d, lines)
	s.nothingLost()
	if *full { // in seconds nothing settles
		s.settled()
	}
	var late, refused int
	var sent, lost uint64
	for _, p := range peers {
		late, refused = late+p.Late, refused+int(p.Full())
		runs, err := s.d.Heard(s.ctx, p.Line, os.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		next := uint32(0)
		for _, r := range runs {
			lost += uint64(r.First - min(next, r.First))
			next = r.Last + 1
		}
		sent += uint64(p.Sent.Load())
		if tail := p.Sent.Load() - min(next, p.Sent.Load()); tail > 4 { // the last may wait in the socket
			lost += uint64(tail)
		}
	}
	t.Logf("%v of %d lines: %d blocks sent, %d of them lost; the peers came too late for %d and %d found no room, which is this test's load, not a loss", span, lines, sent, lost, late, refused)
	if lost > 0 {
		t.Errorf("%d blocks are lost", lost)
	}
	t.Logf("%d cores, %s, load of the machine %s", runtime.NumCPU(), runtime.Version(), loadOf())
	stop(t, s.d)
}

func loadOf() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}
