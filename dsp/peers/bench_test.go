package peers

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"vaad/channels/ears"
	"vaad/dsp"
	"vaad/dsp/adpcm"
	"vaad/dsp/callerid"
	"vaad/dsp/dtmf"
	"vaad/dsp/g711"
	"vaad/dsp/g726"
	"vaad/dsp/gsm"
	"vaad/dsp/modemtone"
	"vaad/dsp/progress"
	"vaad/dsp/pulse"
	"vaad/dsp/vad"
)

var serve = flag.Bool("serve", false, "answer benchmarks on the standard input as the C driver does; for the build without assembly")

// worker does the job for one line on one block of the corpus.
type worker func(block int)

// bench is what our side of a job needs: the counterpart of c/bench.c.
type bench struct {
	path  string
	x     []int16
	codes []byte
	size  int               // bytes of code of a block
	made  func(b ...[]byte) // what becomes of the output: nothing, or a hash
}

func cpu() float64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return float64(t.Nano()) * 1e-9
}

func bytesOf(x []int16) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 2*len(x))
}

// blockOf is the samples of a block of a job.
func blockOf(job string) int {
	if strings.HasPrefix(job, "ima") {
		return 505 // a block of a WAV file
	}
	return 160
}

// run does a job as c/bench.c does it.
func (b *bench) run(job, path string, lines, count int, hashed bool) (reply, error) {
	if b.path != path {
		raw, err := os.ReadFile(path)
		if err != nil {
			return reply{}, err
		}
		b.path, b.x = path, make([]int16, len(raw)/2)
		copy(bytesOf(b.x), raw)
	}
	n := blockOf(job)
	all := len(b.x) / n
	if count == 0 {
		count = all
	}
	sum := fnv.New64a()
	b.made = func(...[]byte) {}
	b.codes = nil
	encoder, decodes := strings.CutSuffix(job, "-dec")
	switch {
	case decodes:
		var code []byte
		b.made = func(p ...[]byte) { code = p[0] }
		w, err := b.worker(encoder + "-enc")
		if err != nil {
			return reply{}, err
		}
		for k := range all {
			w(k)
			b.size = len(code)
			b.codes = append(b.codes, code...)
		}
		b.made = func(...[]byte) {}
	case strings.HasPrefix(job, "chain"):
		b.codes = make([]byte, len(b.x))
		g711.Encode(b.codes, b.x, g711.MuLaw)
	}
	if hashed {
		b.made = func(p ...[]byte) {
			for _, q := range p {
				sum.Write(q)
			}
		}
	}
	work := make([]worker, lines)
	for i := range work {
		w, err := b.worker(job)
		if err != nil {
			return reply{}, err
		}
		work[i] = w
	}
	began := cpu()
	for k := range count {
		for i, w := range work {
			w((k + i*61) % all)
		}
	}
	took := cpu() - began
	return reply{CPU: took, Samples: int64(count * lines * n), Hash: fmt.Sprintf("%016x", sum.Sum64())}, nil
}

// worker makes one line of a job.
func (b *bench) worker(job string) (worker, error) {
	n := blockOf(job)
	block := func(k int) []int16 { return b.x[k*n : k*n+n] }
	code := func(k int) []byte { return b.codes[k*b.size : k*b.size+b.size] }
	var out []byte
	var y []int16
	enc := func(encode func(dst []byte, src []int16) []byte) worker {
		return func(k int) { out = encode(out[:0], block(k)); b.made(out) }
	}
	dec := func(decode func(dst []int16, src []byte) []int16) worker {
		return func(k int) { y = decode(y[:0], code(k)); b.made(bytesOf(y)) }
	}
	switch job {
	case "dtmf":
		d, e := dtmf.New(), []dtmf.Event(nil)
		return func(k int) { e = d.Process(e[:0], block(k)) }, nil
	case "progress":
		d, e := progress.New(), []progress.Event(nil)
		return func(k int) { e = d.Process(e[:0], block(k)) }, nil
	case "modem":
		d, e := modemtone.New(), []modemtone.Event(nil)
		return func(k int) { e = d.Process(e[:0], block(k)) }, nil
	case "callerid":
		d, e := callerid.New(), []callerid.Message(nil)
		return func(k int) { e = d.Process(e[:0], block(k)) }, nil
	case "vad":
		d, e := vad.New(), []vad.Event(nil)
		return func(k int) { e = d.Process(e[:0], block(k)) }, nil
	case "pulse":
		d, e := pulse.New(), []pulse.Event(nil)
		return func(k int) { e = d.Process(e[:0], block(k)) }, nil
	case "level":
		var l dsp.Level
		return func(k int) { l.Add(dsp.Measure(block(k))) }, nil
	case "gsm-enc":
		return enc(gsm.NewEncoder(gsm.Raw).Encode), nil
	case "gsm-dec":
		return dec(gsm.NewDecoder(gsm.Raw).Decode), nil
	case "ima-enc":
		e, err := adpcm.NewIMAEncoder(adpcm.IMABlock)
		return enc(func(dst []byte, src []int16) []byte { return e.Encode(dst, src) }), err
	case "ima-dec":
		d, err := adpcm.NewIMADecoder(adpcm.IMABlock)
		return dec(func(dst []int16, src []byte) []int16 { return d.Decode(dst, src) }), err
	case "vox-enc":
		return enc(adpcm.NewVOXEncoder(adpcm.Dialogic).Encode), nil
	case "vox-dec":
		return dec(adpcm.NewVOXDecoder(adpcm.Dialogic).Decode), nil
	case "g726-enc":
		e, err := g726.NewEncoder(g726.Rate32, g726.MSBFirst)
		return enc(func(dst []byte, src []int16) []byte { return e.Encode(dst, src) }), err
	case "g726-dec":
		d, err := g726.NewDecoder(g726.Rate32, g726.MSBFirst)
		return dec(func(dst []int16, src []byte) []int16 { return d.Decode(dst, src) }), err
	case "mulaw-enc", "alaw-enc", "mulaw-dec", "alaw-dec":
		law := map[bool]g711.Law{true: g711.ALaw, false: g711.MuLaw}[job[0] == 'a']
		out, y = make([]byte, n), make([]int16, n)
		if strings.HasSuffix(job, "-enc") {
			return func(k int) { g711.Encode(out, block(k), law); b.made(out) }, nil
		}
		return func(k int) { g711.Decode(y, code(k), law); b.made(bytesOf(y)) }, nil
	case "chain":
		return b.chain(), nil
	case "chain-talk":
		return b.ears(ears.Everything, true), nil
	case "chain-kept":
		return b.ears(ears.Everything, false), nil
	case "chain-idle":
		return b.ears(ears.Messages|ears.Keys, false), nil
	}
	return nil, fmt.Errorf("no such job: %s", job)
}

// chain is all that a line may ask for at once: µ-law, level, every detector,
// and GSM.
func (b *bench) chain() worker {
	keys, tones, modems, voice, callers, clicks := dtmf.New(), progress.New(), modemtone.New(), vad.New(), callerid.New(), pulse.New()
	var (
		e1    []dtmf.Event
		e2    []progress.Event
		e3    []modemtone.Event
		e4    []vad.Event
		e5    []callerid.Message
		e6    []pulse.Event
		level dsp.Level
		out   []byte
	)
	coder := gsm.NewEncoder(gsm.Raw)
	x := make([]int16, 160)
	return func(k int) {
		g711.Decode(x, b.codes[k*160:k*160+160], g711.MuLaw)
		level.Add(dsp.Measure(x))
		e1 = keys.Process(e1[:0], x)
		e2 = tones.Process(e2[:0], x)
		e3 = modems.Process(e3[:0], x)
		e4 = voice.Process(e4[:0], x)
		e5 = callers.Process(e5[:0], x)
		e6 = clicks.Process(e6[:0], x)
		out = coder.Encode(out[:0], x)
		b.made(out)
	}
}

// ears is a line as the daemon listens to it in some state, with GSM where its
// recording is coded.
func (b *bench) ears(want ears.Senses, coded bool) worker {
	e := ears.New("CN")
	var level dsp.Level
	var found []ears.Finding
	var out []byte
	var at int64
	coder := gsm.NewEncoder(gsm.Raw)
	x := make([]int16, 160)
	return func(k int) {
		g711.Decode(x, b.codes[k*160:k*160+160], g711.MuLaw)
		level.Add(dsp.Measure(x))
		found = e.Hear(found[:0], want, x, at)
		at += 160
		if coded {
			out = coder.Encode(out[:0], x)
			b.made(out)
		}
	}
}

// answer serves benchmarks as the C driver does.
func answer(in io.Reader, out io.Writer) error {
	var b bench
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var q struct {
			What, File          string
			Lines, Blocks, Hash int
		}
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return err
		}
		r, err := b.run(q.What, q.File, max(1, q.Lines), q.Blocks, q.Hash != 0)
		if err != nil {
			r.Error = err.Error()
		}
		said, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := out.Write(append(said, '\n')); err != nil {
			return err
		}
	}
	return lines.Err()
}

// TestEveryJobOfTheBenchmarksRuns does each on a few blocks, and finds what
// both sides code to be the same.
func TestEveryJobOfTheBenchmarksRuns(t *testing.T) {
	need(t)
	x := some("", 8, newTrack(20).rnd)
	path := scratch("few.raw")
	save(t, path, x)
	var b bench
	for _, j := range jobs {
		r, err := b.run(j.ours, path, 2, 20, true)
		if err != nil || r.Samples == 0 {
			t.Fatalf("%s: %v, %d samples", j.ours, err, r.Samples)
		}
		for _, p := range j.peers {
			c := ask(t, map[string]any{"op": "bench", "what": p, "file": path, "lines": 2, "blocks": 20, "hash": 1})
			if c.Samples != r.Samples {
				t.Errorf("%s: %d samples, %s: %d", j.ours, r.Samples, p, c.Samples)
			}
			coded := strings.Contains(p, "-enc") || strings.Contains(p, "-dec")
			if coded && !strings.HasPrefix(j.ours, "mulaw") && c.Hash != r.Hash { // µ-law's −0 is −1 here, so that it comes back
				t.Errorf("%s and %s make different things of the same", j.ours, p)
			}
		}
	}
}
