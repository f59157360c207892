package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/voicemodem/emulator"
	"vaad/dsp/callerid"
	"vaad/dsp/g711"
)

// A modemHouse has a telephone, 801 on line 1, and on line 2 a voice modem made of
// software, of whose line an actor is the exchange.
type modemHouse struct {
	house
	modem *emulator.Modem
	link  string
	phone *Actor
	far   *Actor

	mu    sync.Mutex
	asked []string
}

const modemConfig = quietly + `
[[board]]
driver = "sim"
id = "s"
clock = "real"
lines = [{kind="fxs"}]
[[board]]
driver = "voicemodem"
id = "m"
device = %q
[settings.lines.1]
extension = "801"
[settings.lines.2]
trunk_group = "city"
ring = ["801"]
trigger = "call"
[[settings.dialplan.outside]]
prefix = "0"
groups = ["city"]
`

func newModemHouse(t *testing.T, chip string, ppm float64) *modemHouse {
	t.Helper()
	h := &modemHouse{house: house{t: t, ctx: within(t, 4*time.Minute)}}
	c, err := emulator.ByName(chip)
	if err != nil {
		t.Fatal(err)
	}
	root := scratch(t)
	dir := filepath.Join(root, "line")
	h.link = filepath.Join(root, "modem")
	began := time.Now()
	h.modem, err = emulator.New(emulator.Options{Chip: c, Dir: dir, PPM: ppm, Trace: func(way, text string) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.asked = append(h.asked, fmt.Sprintf("%8.3f %s %s", time.Since(began).Seconds(), way, text))
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(h.ctx)
	done := make(chan error, 3)
	go func() { done <- h.modem.Run(ctx) }()
	h.plug("")
	h.far = NewActor(1)
	far, err := Dial(dir, &h.far.Peer)
	if err != nil {
		t.Fatal(err)
	}
	go func() { done <- far.Run(ctx) }()
	h.d = start(t, root, fmt.Sprintf(modemConfig, h.link))
	h.phone = NewActor(1)
	phone, err := Dial(sockets(h.d, "s"), &h.phone.Peer)
	if err != nil {
		t.Fatal(err)
	}
	go func() { done <- phone.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		<-done
		<-done
		if t.Failed() {
			t.Logf("the modem:\n%s\nvaad:\n%s", strings.Join(h.said(""), "\n"), h.d.Log())
		}
	})
	h.lines("idle", 1, 2)
	return h
}

// plug plugs the modem in as another terminal; a name is that of the link.
func (h *modemHouse) plug(name string) {
	h.t.Helper()
	p, err := emulator.OpenPTY()
	if err != nil {
		h.t.Fatal(err)
	}
	if name != "" {
		h.link = name
	}
	_ = os.Remove(h.link)
	if err := os.Symlink(p.Name, h.link); err != nil {
		h.t.Fatal(err)
	}
	h.modem.Plug(p)
}

// said is the dialogue's lines that hold some words.
func (h *modemHouse) said(words string) (lines []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.asked {
		if strings.Contains(l, words) {
			lines = append(lines, l)
		}
	}
	return lines
}

// calm does what sounds must come through for, and again where the machine stood
// still meanwhile: a modem does not wait for it.
func (h *modemHouse) calm(do func()) {
	for range 5 {
		last, longest := time.Now(), time.Duration(0)
		ctx, cancel := context.WithCancel(h.ctx)
		over := make(chan struct{})
		go func() {
			defer close(over)
			look := time.NewTicker(5 * time.Millisecond)
			defer look.Stop()
			for ctx.Err() == nil {
				<-look.C
				longest, last = max(longest, time.Since(last)), time.Now()
			}
		}()
		do()
		cancel()
		if <-over; longest < 150*time.Millisecond {
			return
		}
		h.t.Logf("the machine stood still for %v: once more", longest)
	}
}

// ring lets the exchange ring until it is answered, with a caller's number after
// the first burst.
func (h *modemHouse) ring(number string) {
	h.t.Helper()
	b, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.DateTime, Raw: []byte("11222205")},
		callerid.Field{Type: callerid.Number, Raw: []byte(number)})
	if err != nil {
		h.t.Fatal(err)
	}
	fsk := make([]int16, driver.Rate)
	callerid.NewSource(callerid.Bell, b, callerid.OnHook(), -14).Fill(fsk)
	for n := 0; !h.far.On() && n < 10; n++ {
		h.far.Event("ring")
		<-time.After(time.Second)
		h.far.Event("ring-end")
		<-time.After(500 * time.Millisecond)
		if n == 0 {
			h.far.Say(fsk...)
		}
		<-time.After(1500 * time.Millisecond)
	}
}

// noise is audio that no codec of its law changes and that is nowhere twice.
func noise(samples int) []int16 {
	r := rand.New(rand.NewPCG(7, 7))
	pcm := make([]int16, samples)
	for i := range pcm {
		pcm[i] = g711.DecodeTable(g711.ALaw)[byte(r.IntN(64))^0xD5]
	}
	return pcm
}

// find is where want begins in pcm: by its first 50 ms, each sample within by.
func find(pcm, want []int16, by int) int {
	for at := 0; at+400 <= len(pcm); at++ {
		if same(pcm[at:at+400], want[:400], by) == 400 {
			return at
		}
	}
	return -1
}

// same is how many samples are alike from the beginning.
func same(got, want []int16, by int) int {
	n := min(len(got), len(want))
	for i := range n {
		if d := int(got[i]) - int(want[i]); d > by || d < -by {
			return i
		}
	}
	return n
}

// recordings waits until all are sealed and returns those of the modem's line.
func (h *modemHouse) recordings(n int) []Recording {
	h.t.Helper()
	sealed(h.t, h.d)
	var rows []Recording
	if err := Until(h.ctx, "the call is recorded", func() (bool, error) {
		var err error
		rows, err = h.d.Recordings(h.ctx, 2)
		return len(rows) >= n, err
	}); err != nil {
		h.t.Fatal(err)
	}
	return rows
}

// pickedUp lets the telephone ring and takes the call.
func (h *modemHouse) pickedUp(number string) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.ctx)
	taken := make(chan struct{})
	go func() {
		defer close(taken)
		if h.phone.Wait(ctx, "rings", h.phone.On) == nil {
			h.phone.Event("off-hook")
		}
	}()
	h.ring(number)
	cancel()
	<-taken
	h.wait(h.far, "is answered", h.far.On)
}

// answer is a call that is picked up and goes on. One that ends as the machine stands
// still, so that the modem seems to be dead, is made again.
func (h *modemHouse) answer(number string) {
	h.t.Helper()
	for try := 0; ; try++ {
		h.pickedUp(number)
		err := h.are(20*time.Second, "talking", 1, 2)
		if err == nil {
			return
		}
		if try == 2 {
			h.t.Fatal(err)
		}
		h.phone.Event("on-hook")
		h.lines("idle", 1, 2)
	}
}

func TestAModemTakesACallThatIsRecorded(t *testing.T) {
	once(t)
	for _, chip := range []string{"v253", "usr5637", "cx93001"} {
		t.Run(chip, func(t *testing.T) {
			t.Parallel()
			modemTakesACall(t, chip, mostly)
		})
	}
}

// A busy machine is late now and then, and a modem does not wait for it; in the
// lab no time is lost.
const (
	mostly = 0.9
	wholly = 1
)

// recorded says that a part at least of what was said stands in a recording as
// it was said, in its order.
func recorded(t *testing.T, pcm, words []int16, by int, part float64) {
	t.Helper()
	n, where := 0, ""
	for at := 0; at+400 <= len(words); {
		i := find(pcm, words[at:], by)
		if i < 0 {
			at += driver.Block
			continue
		}
		k := same(pcm[i:], words[at:], by)
		if pcm = pcm[i+k:]; len(where) < 300 {
			where += fmt.Sprintf(" %d…%d", at, at+k)
		}
		n += k
		at += k
	}
	if float64(n) < part*float64(len(words)) {
		t.Errorf("of %d samples that were said %d are recorded as they were said:%s", len(words), n, where)
	}
	t.Logf("%d samples of %d are recorded as they were said", n, len(words))
}

func modemTakesACall(t *testing.T, chip string, part float64) {
	h := newModemHouse(t, chip, 0)
	h.answer("5551234")
	h.talk(h.phone, h.far)
	told := func() bool {
		rows, err := h.d.Calls(h.ctx, 2)
		return err == nil && len(rows) > 0 && strings.Contains(rows[len(rows)-1].Keys, "159#")
	}
	for try := 0; try < 6 && !told(); try++ { // a stall of the machine may fall into them
		h.far.Dial("159#") // keys of the caller
		<-time.After(2 * time.Second)
	}
	for try := 0; try < 5 && !strings.Contains(h.far.Keys(), "802*"); try++ {
		h.ctl("keys", "2", "802*")
		<-time.After(3 * time.Second)
	}
	h.wait(h.far, "hears the keys", func() bool { return strings.Contains(h.far.Keys(), "802*") })
	words := noise(5 * driver.Rate)
	h.calm(func() {
		h.far.Say(words...)
		<-time.After(6 * time.Second)
	})
	h.far.Event("loop-break 600") // the caller hangs up
	h.wait(h.far, "is released", func() bool { return !h.far.On() })
	h.phone.Event("on-hook")
	h.lines("idle", 1, 2)
	rows := h.recordings(1)
	pcm, err := h.d.Export(h.ctx, rows[len(rows)-1].ID, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]int{"v253": 0, "usr5637": 200, "cx93001": 200}[chip] // 8 bits linear are 256 wide
	recorded(t, pcm, words, by, part)
	calls, err := h.d.Calls(h.ctx, 2)
	if err != nil || len(calls) == 0 {
		t.Fatalf("%v: %+v", err, calls)
	}
	if c := calls[len(calls)-1]; c.Caller != "5551234" || c.Direction != "in" || !strings.Contains(c.Keys, "159#") || !strings.Contains(c.EndedBy, "break") {
		t.Errorf("the call is told as %+v", c)
	}
}

func TestAModemHearsBusyTone(t *testing.T) {
	once(t)
	t.Parallel()
	h := newModemHouse(t, "halfduplex", 0)
	h.pickedUp("5551234")
	for range 60 {
		h.far.Say(Tone(chinaHz, 350)...)
		h.far.Say(make([]int16, 350*driver.MS)...)
	}
	h.wait(h.far, "is released", func() bool { return !h.far.On() })
	h.phone.Event("on-hook")
	h.lines("idle", 1, 2)
	calls, err := h.d.Calls(h.ctx, 2)
	if err != nil || len(calls) != 1 || !strings.Contains(calls[0].EndedBy, "busy") {
		t.Errorf("%v: %+v", err, calls)
	}
}

func TestAStationCallsOutThroughAModem(t *testing.T) {
	once(t)
	t.Parallel()
	h := newModemHouse(t, "cx93001", 0)
	a, x := h.phone, h.far
	dial := func() error {
		ctx, cancel := context.WithTimeout(h.ctx, 30*time.Second)
		defer cancel()
		x.Forget()
		a.Event("off-hook")
		h.hears(a, "dial tone", chinaHz)
		a.Dial("0")
		x.Speak(chinaHz)
		defer x.Speak(0)
		a.Dial("62345678")
		if err := x.Wait(ctx, "is seized", x.On); err != nil {
			return err
		}
		if err := x.Wait(ctx, "hears a digit", func() bool { return len(x.Keys()) > 0 }); err != nil {
			return err
		}
		x.Speak(0)
		return x.Wait(ctx, "hears the number", func() bool { return x.Keys() == "62345678" })
	}
	err := dial()
	for try := 0; try < 3 && err != nil; try++ { // keys that a stall of the machine has cut are another number
		a.Event("on-hook")
		h.wait(x, "is released", func() bool { return !x.On() })
		h.lines("idle", 1, 2)
		err = dial()
	}
	if err != nil {
		if dry := h.modem.Status().Underruns; dry > 0 {
			t.Skipf("the machine is too busy: the modem ran dry for %d samples while it dialled, and keys were cut", dry)
		}
		h.t.Fatal(err)
	}
	for range 2 {
		x.Say(Tone(chinaHz, 1000)...)
		x.Say(make([]int16, 4000*driver.MS)...)
	}
	h.wait(a, "hears the exchange's ringback", func() bool { return a.HeardLately(chinaHz) })
	x.Hush()
	h.talk(a, x)
	a.Event("on-hook")
	h.wait(x, "is released", func() bool { return !x.On() })
	h.lines("idle", 1, 2)
}

func TestAModemsClockMayGoWrong(t *testing.T) {
	atLeastReduced(t)
	length := counts(0, 20*time.Second, 10*time.Minute)
	for _, ppm := range []float64{80, -80} {
		t.Run(fmt.Sprintf("%+.0f", ppm), func(t *testing.T) {
			t.Parallel()
			modemTalksLong(t, ppm, length, mostly)
		})
	}
}

// modemTalksLong is a call both ways with a modem whose clock goes wrong.
func modemTalksLong(t *testing.T, ppm float64, length time.Duration, part float64) {
	h := newModemHouse(t, "v253", ppm)
	h.answer("5551234")
	words := noise(int(length/time.Millisecond) * driver.MS)
	h.phone.Speak(1000)
	var begun, ended emulator.Status
	speak := h.calm
	if length > time.Minute { // it is not said again: what may be missing is bounded below
		speak = func(do func()) { do() }
	}
	speak(func() {
		<-time.After(time.Second)
		begun = h.modem.Status()
		h.far.Say(words...)
		<-time.After(length + 2*time.Second)
		ended = h.modem.Status()
	})
	h.hears(h.far, "the telephone still", 1000)
	h.phone.Event("on-hook")
	h.lines("idle", 1, 2)
	rows := h.recordings(1)
	pcm, err := h.d.Export(h.ctx, rows[len(rows)-1].ID, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	recorded(t, pcm, words, 0, part)
	drift := (ended.Heard - begun.Heard) - (ended.Said - begun.Said)
	lost := ended.Overruns - begun.Overruns + ended.Underruns - begun.Underruns
	if part == wholly && lost != 0 || drift < -4000 || drift > 4000 { // half a second is what a busy machine may stall; a clock's error grows
		t.Errorf("the modem at %+.0f ppm: %+v after %+v", ppm, ended, begun)
	}
	t.Logf("%v at %+.0f ppm: sent %d samples more than received; %d underruns, %d overruns", length, ppm, drift, ended.Underruns-begun.Underruns, ended.Overruns-begun.Overruns)
}

func TestAModemThatIsPulledOutComesBack(t *testing.T) {
	once(t)
	t.Parallel()
	h := newModemHouse(t, "v253", 0)
	h.answer("5551234")
	words := noise(2 * driver.Rate)
	h.calm(func() {
		h.far.Say(words...)
		<-time.After(3 * time.Second)
	})
	h.modem.Unplug()
	_ = os.Remove(h.link)
	rows := h.recordings(1) // the call is over, the recording is sealed
	pcm, err := h.d.Export(h.ctx, rows[len(rows)-1].ID, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	recorded(t, pcm, words, 0, mostly)
	h.phone.Event("on-hook")
	h.plug("") // another terminal, the same name
	h.lines("idle", 1, 2)
	h.phone.Forget()
	h.answer("5559999")
	h.talk(h.phone, h.far)
}

func TestAModemThatHangsIsHealed(t *testing.T) {
	atLeastReduced(t) // the rungs take two minutes
	t.Parallel()
	h := newModemHouse(t, "v253", 0)
	h.modem.Break(emulator.Fault{Hang: true, Until: "reset"})
	if err := Until(h.ctx, "it is asked, and reset", func() (bool, error) { return strings.Contains(h.d.Log(), "modem answers again"), nil }); err != nil {
		t.Fatal(err)
	}
	if log := h.d.Log(); !strings.Contains(log, "rung=ping") || !strings.Contains(log, "rung=reset") {
		t.Errorf("the rungs are not told:\n%s", log)
	}
	h.lines("idle", 2)
	h.modem.Break(emulator.Fault{Hang: true}) // nothing but pulling it out helps
	if err := Until(h.ctx, "all rungs are climbed", func() (bool, error) { return strings.Contains(h.d.Log(), "rung=reopen"), nil }); err != nil {
		t.Fatal(err)
	}
	h.modem.Unplug()
	h.plug("")
	h.lines("idle", 2)
	if strings.Contains(h.d.Log(), "rung=usb-reset") {
		t.Error("the USB port of a modem that has none is reset")
	}
	h.answer("5551234")
	h.talk(h.phone, h.far)
}

func TestGarbageFromAModemHurtsNobodyElse(t *testing.T) {
	once(t)
	t.Parallel()
	h := newModemHouse(t, "v253", 0)
	h.modem.Break(emulator.Fault{Garbage: 8000})
	a := h.phone
	a.Event("off-hook")
	h.hears(a, "dial tone", chinaHz)
	<-time.After(5 * time.Second)
	if missed := a.Full(); missed > 0 {
		t.Errorf("the other board took %d blocks too few", missed)
	}
	a.Event("on-hook")
	h.lines("idle", 1)
	h.modem.Break(emulator.Fault{})
	if h.are(20*time.Second, "idle", 2) != nil {
		// Among so much noise there may have been that another telephone is off-hook
		// (<DLE>P), and a modem says but once when it is down. People pull it out.
		h.modem.Unplug()
		h.plug("")
		h.lines("idle", 2)
	}
	h.answer("5551234")
	h.talk(a, h.far)
}
