package peers

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/dsp"
)

var (
	performance = flag.String("performance", "", "measure speed and write this page")
	twin        = flag.String("purego", "", "this test, built with the tag purego, to measure that as well")
	rounds      = flag.Int("rounds", 9, "of the measurement of speed")
	only        = flag.String("only", "", "measure these jobs alone, separated by commas")
	commit      = flag.String("commit", "", "for the pages")
)

// job is one row of the page: ours against each peer.
type job struct {
	name, ours string
	peers      []string
	target     float64 // ratio to the first peer
	plain      float64 // the same in plain Go
	lines      int     // at once; one where it is 0
	seconds    int     // of each line; all of the corpus where it is 0
	short      bool    // one pass is over in no time: five times the rounds
	talk       bool    // of speech, music and silence alone
}

var jobs = []job{
	{name: "DTMF in speech, music and silence", short: true, talk: true, ours: "dtmf", peers: []string{"dtmf"}, target: 6, plain: 1},
	{name: "DTMF where a quarter is keys and tones", short: true, ours: "dtmf", peers: []string{"dtmf"}, target: 6, plain: 1},
	{name: "progress tones, all countries / super_tone_rx with 4 of the US", ours: "progress", peers: []string{"progress-us", "progress-world"}},
	{name: "modem tones, all / CNG and CED", ours: "modem", peers: []string{"modem"}, target: 4},
	{name: "caller-ID FSK, both codings / adsi_rx with one", ours: "callerid", peers: []string{"class", "both"}, target: 2},
	{name: "VAD / level meter with threshold", ours: "vad", peers: []string{"power"}},
	{name: "GSM 06.10 encode", ours: "gsm-enc", peers: []string{"gsm-enc", "libgsm-enc"}, target: 3, plain: 0.7},
	{name: "GSM 06.10 decode", ours: "gsm-dec", peers: []string{"gsm-dec", "libgsm-dec"}, target: 1.5, plain: 0.7},
	{name: "IMA encode", ours: "ima-enc", peers: []string{"ima-enc"}, target: 2},
	{name: "IMA decode", ours: "ima-dec", peers: []string{"ima-dec"}},
	{name: "VOX encode", ours: "vox-enc", peers: []string{"vox-enc"}},
	{name: "VOX decode", ours: "vox-dec", peers: []string{"vox-dec"}},
	{name: "G.726 at 32 kbit/s encode", ours: "g726-enc", peers: []string{"g726-enc"}, target: 2},
	{name: "G.726 at 32 kbit/s decode", ours: "g726-dec", peers: []string{"g726-dec"}, target: 2},
	{name: "G.711 µ-law encode / table in C", short: true, ours: "mulaw-enc", peers: []string{"table-enc", "mulaw-enc"}, target: 1},
	{name: "G.711 µ-law decode / table in C", short: true, ours: "mulaw-dec", peers: []string{"table-dec", "mulaw-dec"}, target: 1},
	{name: "G.711 A-law encode", short: true, ours: "alaw-enc", peers: []string{"alaw-enc"}},
	{name: "G.711 A-law decode", short: true, ours: "alaw-dec", peers: []string{"alaw-dec"}},
	{name: "whole chain, 128 lines, nothing gated", ours: "chain", peers: []string{"chain"}, target: 3.5, lines: 128, seconds: 12},
	{name: "128 lines talking, gated as in the daemon, with GSM", ours: "chain-talk", peers: []string{"chain"}, lines: 128, seconds: 12},
	{name: "the same, recorded as received", ours: "chain-kept", lines: 128, seconds: 12},
	{name: "128 lines on-hook, gated as in the daemon", ours: "chain-idle", lines: 128, seconds: 12},
	{name: "clicks of dialling", ours: "pulse"},
	{name: "level", ours: "level"},
}

// names of the peers for the page
var names = map[string]string{
	"dtmf": "dtmf_rx", "progress-us": "super_tone_rx, US", "progress-world": "super_tone_rx, world", "modem": "modem_connect_tones_rx ×2",
	"class": "adsi_rx Bell 202", "both": "adsi_rx Bell 202 and V.23", "power": "power_meter_update", "table-enc": "table in C", "table-dec": "table in C", "chain": "the chain in C",
}

func nameOf(p string) string {
	if n := names[p]; n != "" {
		return n
	}
	if strings.HasPrefix(p, "libgsm") {
		return "libgsm"
	}
	return "spandsp"
}

// side is one program that is measured: lines that one core carries, by round.
type side struct {
	name string
	run  func(j job, what string) reply
	got  []float64
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if len(s)%2 == 0 {
		return (s[len(s)/2-1] + s[len(s)/2]) / 2
	}
	return s[len(s)/2]
}

// ratio of medians, and the least and greatest of the rounds.
func ratio(a, b []float64) (middle, least, most float64) {
	var each []float64
	for i := range a {
		each = append(each, a[i]/b[i])
	}
	return median(a) / median(b), slices.Min(each), slices.Max(each)
}

// TestPerformance measures C and Go in turns and writes the page.
func TestPerformance(t *testing.T) {
	if *performance == "" {
		t.Skip("make bench measures")
	}
	need(t)
	runtime.GOMAXPROCS(1)
	x, real := corpus(21)
	path := scratch("corpus.raw")
	save(t, path, x)
	talk := scratch("talk.raw")
	save(t, talk, talkCorpus(22))
	of := func(j job) string {
		if j.talk {
			return talk
		}
		return path
	}
	request := func(j job, what string) map[string]any {
		return map[string]any{"op": "bench", "what": what, "file": of(j), "lines": max(1, j.lines), "blocks": j.seconds * dsp.Rate / 160, "hash": 0}
	}
	var b bench
	ours := func(j job, what string) reply {
		r, err := b.run(what, of(j), max(1, j.lines), j.seconds*dsp.Rate/160, false)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	theirs := func(j job, what string) reply {
		q := request(j, what)
		if j.seconds == 0 {
			delete(q, "blocks")
		}
		return ask(t, q)
	}
	plain := startTwin(t)
	began := time.Now()
	var out strings.Builder
	page := func(format string, a ...any) { fmt.Fprintf(&out, format+"\n", a...) }
	head(&out, "Performance", "make bench")
	page("Lines of 8 kHz that one core carries, by processor time: the median of %d rounds, in which C and Go took", *rounds)
	page("turns on one core and the same samples. Ratios are those of the medians; in brackets the least and the")
	page("greatest of a round. The corpus is ten minutes: %s, tones, keys, caller IDs,", map[bool]string{true: "speech and music from Debian's packages", false: "synthesised speech (no package with speech was installed)"}[real])
	page("modems and a quiet line, through µ-law. Peers are Debian's spandsp 0.0.6 and libgsm 1.0, linked statically. *plain* is")
	page("the same program without assembly (tag purego). Other programs ran on the machine (load %s at the", load())
	page("beginning): absolute figures vary by a third, ratios by less.")
	page("")
	page("| work | lines per core | plain | peer | its lines per core | ratio | plain | target | |")
	page("|---|--:|--:|---|--:|--:|--:|---|---|")
	chains := map[string]float64{}
	var voice, anchor float64
	for _, j := range jobs {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), j.ours) {
			continue
		}
		sides := []*side{}
		for _, p := range j.peers {
			sides = append(sides, &side{name: p, run: func(j job, _ string) reply { return theirs(j, p) }})
		}
		sides = append(sides, &side{name: "go", run: func(j job, _ string) reply { return ours(j, j.ours) }})
		if plain != nil {
			sides = append(sides, &side{name: "plain", run: func(j job, _ string) reply { return plain(request(j, j.ours)) }})
		}
		n := *rounds
		if j.short {
			n *= 5
		}
		for round := range n + 1 { // the first warms up
			for _, s := range sides {
				r := s.run(j, s.name)
				if round > 0 {
					s.got = append(s.got, float64(r.Samples)/dsp.Rate/r.CPU)
				}
			}
		}
		mine, bare := sides[len(j.peers)], (*side)(nil)
		if plain != nil {
			bare = sides[len(j.peers)+1]
		}
		if j.lines > 0 {
			chains[j.ours] = 100 * float64(j.lines) / median(mine.got)
		}
		if j.ours == "vad" {
			voice = median(mine.got)
		}
		if j.ours == "dtmf" {
			anchor = median(sides[0].got)
		}
		bareLines := "–"
		if bare != nil {
			bareLines = figure(median(bare.got))
		}
		if len(j.peers) == 0 {
			page("| %s | %s | %s | – | – | – | – | – | |", j.name, figure(median(mine.got)), bareLines)
		}
		for i, p := range j.peers {
			m, least, most := ratio(mine.got, sides[i].got)
			target, reached, bareRatio := "–", "", "–"
			if bare != nil {
				r, _, _ := ratio(bare.got, sides[i].got)
				bareRatio = fmt.Sprintf("%.2f", r)
				if i == 0 && j.plain > 0 && r < j.plain {
					reached = "plain missed"
				}
			}
			if i == 0 && j.target > 0 {
				target = fmt.Sprintf("≥ %g×", j.target)
				if j.plain > 0 {
					target += fmt.Sprintf(", plain ≥ %g×", j.plain)
				}
				if m < j.target {
					reached = "**missed**"
				} else if reached == "" {
					reached = "reached"
				}
			}
			first := "| | "
			if i == 0 {
				first = fmt.Sprintf("%s | %s | %s", j.name, figure(median(mine.got)), bareLines)
			}
			page("| %s | %s | %s | %.2f (%.2f…%.2f) | %s | %s | %s |", first, nameOf(p), figure(median(sides[i].got)), m, least, most, bareRatio, target, reached)
			t.Logf("%-66s %9s  %-28s %9s  ×%.2f (%.2f…%.2f)  plain ×%s %s %s", j.name, figure(median(mine.got)), nameOf(p), figure(median(sides[i].got)), m, least, most, bareRatio, target, reached)
		}
	}
	page("")
	verdict := func(ok bool) string {
		if ok {
			return "reached"
		}
		return "**missed**"
	}
	page("128 lines, nothing gated: %.1f %% of a core (target ≤ 3.5: %s). Gated as in the daemon: talking, with GSM %.1f %%", chains["chain"], verdict(chains["chain"] <= 3.5), chains["chain-talk"])
	page("(target ≤ 2: %s), recorded as received %.1f %%; on-hook %.1f %%.", verdict(chains["chain-talk"] <= 2), chains["chain-kept"], chains["chain-idle"])
	page("")
	page("The chain is µ-law, level, DTMF, progress, modem tones, both codings of caller ID, clicks of dialling, VAD, and GSM; in C it is")
	page("µ-law, dtmf_rx, super_tone_rx with four tones, CNG, CED or preamble, adsi_rx in one coding, a level meter for VAD, and GSM.")
	page("Gated, channels/ears holds the detectors, as in the daemon: a talking line is listened to for everything but clicks, and a line")
	page("on-hook for messages and keys. Lines take turns in blocks of 20 ms.")
	page("")
	page("VAD: Debian has no peer. libfvad was measured once, on another machine, at 11,300 lines per core (%.1f × that; target ≥ 3:", voice/11300)
	page("%s). It was not measured in this run. There dtmf_rx carried 21,641 lines and here %s, so that libfvad might carry %s here", verdict(voice >= 3*11300), figure(anchor), figure(11300*anchor/21641))
	page("(%.1f × that).", voice/(11300*anchor/21641))
	page("")
	page("The run took %s.", time.Since(began).Round(time.Second))
	if err := os.WriteFile(*performance, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// figure is a number with commas.
func figure(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:1], "")
}

// head begins a page: what it is, what made it, when, and on what.
func head(out *strings.Builder, title, made string) {
	model, cores := "unknown processor", 0
	b, _ := os.ReadFile("/proc/cpuinfo")
	for _, l := range strings.Split(string(b), "\n") {
		if name, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			cores++ // of the machine: the test may be held to one
		}
	}
	fmt.Fprintf(out, "# %s\n\nWritten by `%s`; do not edit.\n\n", title, made)
	fmt.Fprintf(out, "* commit %s, %s\n* machine: %d cores, %s, %s/%s, %s\n\n", *commit, time.Now().UTC().Format("2006-01-02"), cores, model, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// startTwin runs the build without assembly, or returns nothing.
func startTwin(t *testing.T) func(request map[string]any) reply {
	if *twin == "" {
		return nil
	}
	cmd := exec.Command(*twin, "-serve")
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	out := bufio.NewReader(pipe)
	return func(request map[string]any) reply {
		b, err := json.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write(append(b, '\n')); err != nil {
			t.Fatal(err)
		}
		said, err := out.ReadBytes('\n')
		if err != nil {
			t.Fatalf("the build without assembly: %v", err)
		}
		var r reply
		if err := json.Unmarshal(said, &r); err != nil || r.Error != "" {
			t.Fatalf("the build without assembly: %v %s", err, r.Error)
		}
		return r
	}
}
