package e2e

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/metrics.golden anew")

const golden = "testdata/metrics.golden"

// varies are the metrics whose values depend on the machine, the disk or the
// moment of asking; the golden file has * for them.
var varies = regexp.MustCompile(`^vaad_(limit_used_ratio|memory_limit_bytes|usb_helper_up|alarm_active\{code="(clock-unsynchronised|disk-slow)"|alarm_raised_total\{code="(clock-unsynchronised|line-no-battery|disk-slow)"|` +
	`archive_checkpoints_total|archive_seal_seconds|archive_sync_seconds|board_clock_drift_ratio|board_late_frames_total|board_tick_|evidence_checkpoint_timestamp_seconds|http_requests_total|` +
	`index_loose_rows|index_(flush|query)_seconds|job_(last_ok_timestamp_seconds|runs_total)|(keep_last_run|audit_verified)_timestamp_seconds|live_|peaks_memory_bytes|recorder_behind_seconds|recorder_write_seconds|store_commit_seconds|store_copy_timestamp_seconds)`)

// roughly are the metrics that go on while nobody plays: the golden file has
// ~ and a value that must be met within a hundredth.
var roughly = regexp.MustCompile(`^vaad_(board_ticks_total|archive_written_bytes_total|recorder_written_bytes_total)\b`)

// anHour is what is played on the lines: some of the twelve parts of an hour.
func anHour(parts int) []*Peer {
	const part = 300 * time.Second
	var out, in []Step
	for i := range parts {
		out = append(out, volts("-48", 200*time.Second), volts("-8", part-200*time.Second))
		in = append(in, volts("-48", 100*time.Second))
		if i%2 == 0 {
			in = append(in, seq(rings(2, "-48"), volts("-8", 90*time.Second), volts("-48", part-200*time.Second))...)
		} else {
			in = append(in, seq(rings(3, "-48"), wait(part-115*time.Second))...)
		}
	}
	all := time.Duration(parts) * part
	cut := seq(volts("-48", part), volts("0", 100*time.Second), volts("-48", all-part-100*time.Second))
	last := volts("-48", 20*time.Second) // so that the last calls end while all play
	var peers []*Peer
	for i, steps := range [][]Step{out, in, {wait(all)}, cut} {
		peers = append(peers, &Peer{Line: i + 1, Next: Script(append(steps, last)...)})
	}
	numbers := peers[2].Next
	peers[2].Next = func(n uint32, dst []int16) ([]string, bool) { // the line that is always recorded
		FillBlock(dst, 3, n)
		return numbers(n, dst)
	}
	return peers
}

// TestMetricsAfterASimulatedHour holds every metric of the daemon, its help,
// type, labels and, where nothing but the calls decides it, its value against
// the golden file. Within a part of an hour only what is 0 after the whole is
// looked at for its value.
func TestMetricsAfterASimulatedHour(t *testing.T) {
	ctx := within(t, 5*time.Minute)
	root := scratch(t)
	d := start(t, root, "listen = \"127.0.0.1:0\"\n"+board("b", "peers", 4, "")+
		pin(1, 2, `trigger = "voltage"`)+pin(3, 3, "trigger = \"continuous\"\nmax_ms = 600000")+pin(4, 4, `trigger = "voltage"`))
	parts := counts(2, 12, 12)
	ps, err := Dial(sockets(d, "b"), anHour(parts)...)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d minutes of 4 lines in %v", 5*parts, time.Since(began).Round(time.Millisecond))
	if _, err := d.Ctl(ctx, "stop", "3"); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	base, token := console(t, d)
	var text string
	err = Until(ctx, "every call in the journal, and every alarm about lines looked at again", func() (bool, error) {
		text = fetch(t, ctx, base+"/metrics", http.StatusOK)
		for _, settled := range []string{"vaad_archive_seal_queue 0", "vaad_calls_open 0", "vaad_calls_unwritten 0", `vaad_alarm_active{code="line-no-battery"} 0`} {
			if !strings.Contains(text, "\n"+settled+"\n") {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Run("golden", func(t *testing.T) {
		want, err := os.ReadFile(golden)
		if *update && parts == 12 {
			want, err = []byte(shown(text)), os.MkdirAll("testdata", 0o755)
			if err == nil {
				err = os.WriteFile(golden, want, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range differences(string(want), text, parts == 12) {
			t.Error(s)
		}
	})
	t.Run("promtool", func(t *testing.T) {
		promtool, err := exec.LookPath("promtool")
		if err != nil {
			t.Skip("promtool is not installed")
		}
		cmd := exec.CommandContext(ctx, promtool, "check", "metrics")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
			t.Errorf("promtool check metrics: %v\n%s", err, out)
		}
	})
	t.Run("no numbers of people", func(t *testing.T) {
		telephone := regexp.MustCompile(`^\+?[0-9][0-9 ()*#-]{2,}$`)
		for _, m := range regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(text, -1) {
			if m[1] != "le" && m[1] != "quantile" && telephone.MatchString(m[2]) {
				t.Errorf("the label %s has the value %q", m[1], m[2])
			}
		}
	})
	t.Run("health", func(t *testing.T) {
		if got := fetch(t, ctx, base+"/healthz", http.StatusOK); got != "ok\n" {
			t.Errorf("/healthz says %q", got)
		}
	})
	t.Run("nothing else without the token", func(t *testing.T) {
		for _, path := range []string{"/api/v1/status", "/api/v1/lines", "/api/v1/recordings", "/api/v1/metrics/history"} {
			fetch(t, ctx, base+path, http.StatusUnauthorized)
		}
		fetch(t, ctx, base+"/debug/pprof/", http.StatusNotFound)
		if got := fetch(t, ctx, base+"/api/v1/status", http.StatusOK, "Authorization", "Bearer "+token); !strings.Contains(got, `"product":"vaad"`) {
			t.Errorf("the status says %q", got)
		}
	})
	stop(t, d)
}

// console is the address that the daemon wrote down, and its token.
func console(t *testing.T, d *Daemon) (base, token string) {
	t.Helper()
	var link string
	err := Until(within(t, time.Minute), "the console's address", func() (bool, error) {
		b, err := os.ReadFile(filepath.Join(d.Root, "run", "console"))
		link = strings.TrimSpace(string(b))
		return err == nil && link != "", nil
	})
	base, token, ok := strings.Cut(link, "/?token=")
	if err != nil || !ok {
		t.Fatalf("the console's address: %q, %v", link, err)
	}
	return base, token
}

// fetch gets an address and wants a status. header are names and values.
func fetch(t *testing.T, ctx context.Context, url string, status int, header ...string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Errorf("GET %s: %s, want %d\n%.300s", url, resp.Status, status, b)
	}
	return string(b)
}

// ours keeps what the golden file is about: metrics of vaad_, with the version
// taken out.
func ours(text string) (lines []string) {
	version := regexp.MustCompile(`(vaad_build_info\{version=)"[^"]*"`)
	for sc := bufio.NewScanner(strings.NewReader(text)); sc.Scan(); {
		name := strings.TrimPrefix(strings.TrimPrefix(sc.Text(), "# HELP "), "# TYPE ")
		if strings.HasPrefix(name, "vaad_") {
			lines = append(lines, version.ReplaceAllString(sc.Text(), `$1"*"`))
		}
	}
	return lines
}

// shown is the golden file that fits some metrics.
func shown(text string) string {
	var b strings.Builder
	for _, l := range ours(text) {
		name, value, _ := cutLast(l)
		switch {
		case strings.HasPrefix(l, "#"):
			b.WriteString(l + "\n")
		case varies.MatchString(name):
			b.WriteString(name + " *\n")
		case roughly.MatchString(name):
			b.WriteString(name + " ~" + value + "\n")
		default:
			b.WriteString(l + "\n")
		}
	}
	return b.String()
}

func cutLast(l string) (name, value string, ok bool) {
	i := strings.LastIndexByte(l, ' ')
	if i < 0 {
		return l, "", false
	}
	return l[:i], l[i+1:], true
}

// differences says in which lines metrics do not fit the golden file, of which
// values only the zeros count unless it is the whole hour.
func differences(want, text string, whole bool) (out []string) {
	wanted := map[string]string{} // name with labels → value; # lines → ""
	var order []string
	for _, l := range strings.Split(strings.TrimSpace(want), "\n") {
		name, value := l, ""
		if !strings.HasPrefix(l, "#") {
			name, value, _ = cutLast(l)
		}
		wanted[name] = value
		order = append(order, name)
	}
	var seen []string
	for _, l := range ours(text) {
		name, value := l, ""
		if !strings.HasPrefix(l, "#") {
			name, value, _ = cutLast(l)
		}
		seen = append(seen, name)
		w, known := wanted[name]
		switch {
		case !known:
			out = append(out, "new; look at it and run with -args -full -update: "+l)
		case !whole && w != "0":
		case !fits(w, value):
			out = append(out, fmt.Sprintf("%s is %s, want %s", name, value, w))
		}
	}
	for _, name := range order {
		if !slices.Contains(seen, name) {
			out = append(out, "missing: "+name)
		}
	}
	return out
}

func fits(want, got string) bool {
	about, rough := strings.CutPrefix(want, "~")
	if want == "*" || want == got || !rough {
		return want == "*" || want == got
	}
	w, err1 := strconv.ParseFloat(about, 64)
	g, err2 := strconv.ParseFloat(got, 64)
	return err1 == nil && err2 == nil && math.Abs(g-w) <= w/100
}
