package emulator_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"vaad/driver"
	"vaad/dsp/dtmf"
	"vaad/dsp/tone"
	"vaad/dsp/wav"
)

// The programs of mgetty-voice were written for real modems, by people who never
// saw this one: what they can do with it, it does as a modem does.

const voiceConf = `part generic
voice_log_level 6
voice_shell_log /dev/null
voice_dir %[1]s/spool
phone_owner root
phone_group root
port_speed 115200
port_timeout 10
dial_timeout 30
do_hard_flow true
forceV253 TRUE
rec_compression 8
rec_speed 8000
rec_silence_len 30
rec_silence_threshold 40
rec_max_len 10
raw_data false
command_delay 100
dtmf_len 30
watchdog_timeout 60
beep_frequency 933
beep_length 500
enable_compression_mapping_querry TRUE
compression_8bit_linear_unsigned 1
program vgetty
rings 3
answer_mode voice
program vm
dialout_timeout 30
ringback_goes_away 20
ringback_never_came 20
port %[2]s
`

// outside runs a program of mgetty-voice in a mount namespace of its own, where
// its files in /etc, /var and /run are the test's.
func outside(t *testing.T, dir, pty, program string, args ...string) *exec.Cmd {
	t.Helper()
	conf := filepath.Join(dir, "voice.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, voiceConf, dir, pty), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "log", "mgetty"), 0o700); err != nil {
		t.Fatal(err)
	}
	script := `set -e
mount --make-rprivate /
mount --bind "$0" /etc/mgetty/voice.conf
mount --bind "$PWD/log" /var/log
for d in /run/lock /var/spool; do mount -t tmpfs tmpfs $d; done
exec "$@"`
	cmd := exec.Command("unshare", append([]string{"-m", "sh", "-c", script, conf, program}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Dir = dir
	return cmd
}

// needPeers skips where the programs are not installed or may not be used.
func needPeers(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes real time")
	}
	for _, p := range []string{"vm", "vgetty", "wavtopvf", "pvftormd", "rmdtopvf", "pvftowav", "unshare"} {
		if _, err := exec.LookPath(p); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%v: .ci/need voice", err)
			}
			t.Skip("needs mgetty-voice and mgetty-pvftools: .ci/need voice")
		}
	}
	if os.Getuid() != 0 {
		t.Skip("needs root for a mount namespace")
	}
}

func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var out, all bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &all
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", cmd.Args[6:], err, out.String(), all.String())
	}
	return out.String()
}

// message makes a file that vm plays, by mgetty's own tools.
func message(t *testing.T, dir, name string, pcm []int16) string {
	t.Helper()
	b := wav.Header(wav.PCM16, int64(2*len(pcm)))
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file+".wav", b, 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, dir, "wavtopvf", file+".wav", file+".pvf")
	tool(t, dir, "pvftormd", "V253modem", "8", file+".pvf", file+".rmd")
	return file + ".rmd"
}

// recorded reads what vm has recorded.
func recorded(t *testing.T, dir, file string) []int16 {
	t.Helper()
	tool(t, dir, "rmdtopvf", file, file+".pvf")
	tool(t, dir, "pvftowav", "-16", file+".pvf", file+".wav")
	b, err := os.ReadFile(file + ".wav")
	if err != nil {
		t.Fatal(err)
	}
	i, err := wav.ParseAt(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	b = b[i.DataOffset:]
	pcm := make([]int16, len(b)/2)
	for n := range pcm {
		pcm[n] = int16(binary.LittleEndian.Uint16(b[2*n:]))
	}
	return pcm
}

func tool(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}

// bench is a modem with a program of mgetty-voice to use it.
type bench struct {
	*rig
	t   *testing.T
	tty string // as the programs name it
}

func newBench(t *testing.T, chip string) *bench {
	needPeers(t)
	t.Parallel()
	r := newRig(t, chip, 0)
	return &bench{r, t, strings.TrimPrefix(r.pty(t), "/dev/")}
}

// vm runs vm and returns what it printed.
func (b *bench) vm(does string, args ...string) string {
	b.t.Helper()
	return run(b.t, outside(b.t, b.dir, b.tty, "vm", append([]string{does, "-l", b.tty}, args...)...))
}

// released says that the line is free again.
func (b *bench) released() {
	b.t.Helper()
	until(b.t, "the line is released", func() bool { return !b.offHook() })
}

func about(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if got < want-by || got > want+by {
		t.Errorf("%s for %.2f s, want %.2f s", what, got, want)
	}
}

func TestVMPlaysAMessage(t *testing.T) {
	b := newBench(t, "cx93001")
	b.vm("play", "-t", message(t, b.dir, "m", sine(1000, 2000)))
	b.released()
	about(t, "the line hears 1000 Hz", seconds(b.all(), 1000), 2, 0.1)
}

func TestVMRecordsTheLine(t *testing.T) {
	b := newBench(t, "v253")
	b.say(sine(1800, 9000))
	file := filepath.Join(b.dir, "r.rmd")
	b.vm("record", "-t", "-L", "3", file)
	b.released()
	if got := seconds(recorded(t, b.dir, file), 1800); got < 2.5 || got > 10 { // vm ends it by its own clock, late on a busy machine
		t.Errorf("the recording has 1800 Hz for %.2f s, want 3 or a little more", got)
	}
}

func TestVMReadsKeys(t *testing.T) {
	for _, chip := range []string{"cx93001", "v253", "halfduplex"} {
		t.Run(chip, func(t *testing.T) {
			b := newBench(t, chip)
			go func() {
				until(t, "off-hook", b.offHook)
				pcm := make([]int16, 2*driver.Rate+10*driver.Rate)
				keys, err := tone.DTMF("*15590#", -10, 100, 100)
				if err != nil {
					panic(err)
				}
				tone.New(keys).Fill(pcm[2*driver.Rate:])
				b.say(pcm)
			}()
			if out := b.vm("record", "-t", "-R", "-L", "10", filepath.Join(b.dir, "r.rmd")); !slices.Contains(strings.Fields(out), "15590") {
				t.Errorf("vm prints %q", out)
			}
		})
	}
}

func TestVMBeeps(t *testing.T) {
	b := newBench(t, "usr5637")
	b.vm("beep", "-t", "1000", "1500")
	b.released()
	about(t, "the line hears 1000 Hz", seconds(b.all(), 1000), 1.5, 0.1)
}

func TestVMDials(t *testing.T) {
	b := newBench(t, "cx93001")
	go func() {
		until(t, "off-hook", b.offHook)
		b.say(sine(450, 6000))
	}()
	b.vm("dial", "555#")
	b.released()
	if got := keys(b.all()); got != "555#" {
		t.Errorf("the exchange is dialled %q", got)
	}
}

func keys(pcm []int16) (s string) {
	for _, e := range dtmf.New().Process(nil, pcm) {
		if e.Kind == dtmf.Down {
			s += string(e.Key)
		}
	}
	return s
}

func TestVMTalksAndListensAtOnce(t *testing.T) {
	b := newBench(t, "cx93001")
	b.say(sine(1800, 20000))
	file := filepath.Join(b.dir, "r.rmd")
	_ = outside(t, b.dir, b.tty, "vm", "duplex", "-l", b.tty, "-t", message(t, b.dir, "m", sine(1000, 3000)), file).Run() // its status is no zero, whatever it did
	b.released()
	about(t, "the line hears 1000 Hz", seconds(b.all(), 1000), 3, 0.3)
	raw, err := os.ReadFile(file) // without a head
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]int16, len(raw))
	for i, b := range raw {
		pcm[i] = (int16(b) - 128) << 8
	}
	about(t, "the recording has 1800 Hz", seconds(pcm, 1800), 3, 0.3)
}

func TestVgettyTakesACall(t *testing.T) {
	b := newBench(t, "v253")
	messages := filepath.Join(b.dir, "spool", "messages")
	incoming := filepath.Join(b.dir, "spool", "incoming")
	for _, d := range []string{messages, incoming} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	greeting := message(t, messages, "g", sine(1000, 2000))
	if err := os.WriteFile(filepath.Join(messages, "Index"), []byte(filepath.Base(greeting)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := outside(t, b.dir, b.tty, "vgetty", b.tty)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	log := filepath.Join(b.dir, "log", "mgetty", "vg_"+strings.ReplaceAll(b.tty, "/", "-")+".log")
	until(t, "vgetty waits for a call", func() bool { // what comes just before, it forgets
		text, _ := os.ReadFile(log) // it is not there at once
		return bytes.Contains(text, []byte("waiting..."))
	})
	lasts := func(seconds int64) { // by the modem's clock
		from := b.Status().Samples
		until(t, "time passes", func() bool { return b.Status().Samples-from >= seconds*driver.Rate })
	}
	for ring := 1; ring <= 3; ring++ {
		if b.offHook() {
			t.Errorf("vgetty has answered before ring %d", ring)
		}
		b.event("ring")
		b.say(make([]int16, driver.Rate))
		lasts(1)
		b.event("ring-end")
		lasts(2)
	}
	until(t, "vgetty answers the third ring", b.offHook)
	until(t, "the caller hears the greeting", func() bool { return seconds(b.all(), 1000) > 1.9 })
	until(t, "the caller hears the beep", func() bool { return seconds(b.all(), 933) > 0.4 })
	until(t, "vgetty records", func() bool { a := b.asked(); return a[len(a)-1] == "AT+VRX" })
	b.say(sine(1800, 2000))
	b.released()
	files, err := filepath.Glob(filepath.Join(incoming, "*.rmd"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d messages were taken: %v; %s", len(files), err, out.String())
	}
	about(t, "the message has 1800 Hz", seconds(recorded(t, b.dir, files[0]), 1800), 2, 0.3)
}
