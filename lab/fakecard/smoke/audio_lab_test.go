//go:build lab

package smoke_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"vaad/driver/dahdi/labtest"
)

// gap says how many samples the pattern in heard jumps, and how often.
func gaps(t *testing.T, heard []byte) (all []int64) {
	t.Helper()
	s := labtest.Stretches(heard)
	if len(s) == 0 {
		t.Fatalf("no pattern in % x", heard[:32])
	}
	for i := 1; i < len(s); i++ {
		all = append(all, s[i].Sample-s[i-1].Sample-int64(s[i-1].Len)-int64(s[i].At-s[i-1].At-s[i-1].Len))
	}
	return all
}

func TestEverySampleIsNumbered(t *testing.T) {
	c := port(t, fxo, 1, 1, labtest.FXSKewl)
	tell(t, "pattern 1:1 seq")
	if err := c.Buffers(32, labtest.BlockSize, false); err != nil {
		t.Fatal(err)
	}
	ms := number(t, "card 1", "ms")
	heard := more(t, c, 16000)
	s := labtest.Stretches(heard)
	if len(s) != 1 || s[0].Len != len(heard) {
		t.Fatalf("%v in %d samples", s, len(heard))
	}
	if first := s[0].Sample / 8; first < int64(ms) || first > int64(ms)+2 {
		t.Errorf("the first sample was of %d ms, the clock said %d", first, ms)
	}
	misses := number(t, "card 1", "irqmisses")
	tell(t, "at +100 stall 1 50", "at +300 slip 1 3", "at +500 slip 1 -2")
	if g := fmt.Sprint(gaps(t, more(t, c, 8000))); g != "[400 24 -16]" {
		t.Errorf("the pattern jumped by %s samples", g)
	}
	if n := number(t, "card 1", "irqmisses") - misses; n != 50 || !strings.Contains(proc(t, fxo, 1), "IRQ misses: 50") {
		t.Errorf("%d missed interrupts: %s", n, proc(t, fxo, 1))
	}
	if n := number(t, "span 1:1", "slips"); n != 5 {
		t.Errorf("%d slips", n)
	}
	at := number(t, "card 1", "ms") + 200
	tell(t, fmt.Sprintf("at %d silence 1:1", at))
	heard = more(t, c, 3200)
	s = labtest.Stretches(heard)
	if end := s[len(s)-1].Sample + int64(s[len(s)-1].Len) - 8; end != int64(at)*8 { // one chunk further: it slipped by 3 − 2
		t.Errorf("a line for %d ms acted at sample %d", at, end)
	}
	tell(t, "slip 1 -1", "count 1:1 slips 0 irqmisses 0")
}

func TestAPortPlaysWhatItIsGiven(t *testing.T) {
	c := port(t, fxo, 1, 1, labtest.FXSKewl)
	var want []byte
	for i := range 20000 {
		want = append(want, byte(i*7)|1)
	}
	if err := labtest.Load("1:1", want); err != nil {
		t.Fatal(err)
	}
	tell(t, "at +50 play 1:1 once")
	heard := bytes.Trim(hear(t, c, 24000), "\xff")
	if !bytes.Equal(heard, bytes.Trim(want, "\xff")) {
		t.Errorf("heard %d samples, not the %d given", len(heard), len(want))
	}
	if s := state(t, "port 1:1", "played"); s != "20000" {
		t.Errorf("played %s", s)
	}
	tell(t, "silence 1:1")
}

// speak writes numbered blocks to a channel while another is read.
func speak(t *testing.T, from, to *labtest.Channel, blocks int) []byte {
	t.Helper()
	talk, err := labtest.Talk([]*labtest.Channel{from}, 8, 1, uint32(blocks), labtest.Patterns(1))
	if err != nil {
		t.Fatal(err)
	}
	heard := hear(t, to, (blocks+20)*labtest.BlockSize)
	if _, err := talk.Wait(); err != nil {
		t.Fatal(err)
	}
	return heard
}

func TestLinkedPortsHearEachOther(t *testing.T) {
	a, b := port(t, near, 1, 2, labtest.Clear), port(t, far, 1, 31, labtest.Clear)
	tell(t, "link 3:2 4:31")
	for _, pair := range [][2]*labtest.Channel{{a, b}, {b, a}} {
		runs := labtest.Runs(speak(t, pair[0], pair[1], 100))
		if len(runs) != 1 || runs[0].Blocks() < 99 { // the first block may be sent before reading begins
			t.Errorf("from channel %d: %v", pair[0].Number, runs)
		}
	}
	if n := number(t, "port 3:2", "over") + number(t, "port 3:2", "under") + number(t, "port 4:31", "over") + number(t, "port 4:31", "under"); n != 0 {
		t.Errorf("%d slips between equal clocks", n)
	}
	if number(t, "port 3:2", "talk") == 0 || number(t, "port 3:3", "talk") != 0 {
		t.Error("talk does not tell who spoke")
	}
}

func TestATapHearsAndIsNotHeard(t *testing.T) {
	a, b := port(t, near, 1, 2, labtest.Clear), port(t, far, 1, 2, labtest.Clear)
	tap := port(t, near, 2, 2, labtest.Clear)
	tell(t, "linkspan 3:1 4:1", "tapspan 3:2 4:1")
	if runs := labtest.Runs(speak(t, b, tap, 100)); len(runs) != 1 || runs[0].Blocks() < 99 {
		t.Errorf("the tap heard %v", runs)
	}
	if runs := labtest.Runs(speak(t, tap, b, 20)); len(runs) != 0 {
		t.Errorf("the tap was heard: %v", runs)
	}
	if runs := labtest.Runs(speak(t, b, a, 20)); len(runs) != 1 || runs[0].Blocks() < 19 {
		t.Errorf("the tapped line carries %v", runs)
	}
	tell(t, "silence 3:*", "silence 4:*")
}

func TestATapOnTheWiresHearsBothDirections(t *testing.T) {
	q, r := port(t, fxs, 1, 1, labtest.FXOKewl), port(t, fxo, 1, 1, labtest.FXSKewl)
	tapped := port(t, fxo, 1, 4, labtest.FXSKewl)
	tell(t, "link 2:1 1:1", "tap 1:4 2:1 both")
	for _, from := range []*labtest.Channel{q, r} {
		if runs := labtest.Runs(speak(t, from, tapped, 50)); len(runs) != 1 || runs[0].Blocks() < 49 {
			t.Errorf("channel %d speaks, the tap hears %v", from.Number, runs)
		}
	}
	talk, err := labtest.Talk([]*labtest.Channel{q, r}, 8, 1, 50, func(_ int, n uint32, dst []byte) { copy(dst, noise(n)) })
	if err != nil {
		t.Fatal(err)
	}
	heard := hear(t, tapped, 70*labtest.BlockSize)
	if _, err := talk.Wait(); err != nil {
		t.Fatal(err)
	}
	if e := energy(heard[20*labtest.BlockSize:40*labtest.BlockSize]) / energy(noise(1)); e < 1.5 || e > 2.5 {
		t.Errorf("two voices have %.2f times the energy of one", e)
	}
	tell(t, "silence 1:*", "silence 2:*")
}

// energy of µ-law codes.
func energy(codes []byte) (sum float64) {
	for _, c := range codes {
		c = ^c
		v := float64((int(c&15)<<3+132)<<(c>>4&7) - 132)
		sum += v * v
	}
	return sum / float64(len(codes))
}

func TestTheHybridEchoesAndDAHDICancelsIt(t *testing.T) {
	c := port(t, fxo, 1, 1, labtest.FXSKewl)
	tell(t, "silence 1:1", "echo 1:1 12 40")
	loud := energy(noise(1))
	measure := func(taps int) float64 {
		if err := c.Int(0x4004da21, taps); err != nil {
			t.Fatal(err)
		}
		talk, err := labtest.Talk([]*labtest.Channel{c}, 8, 1, 200, func(_ int, n uint32, dst []byte) { copy(dst, noise(n)) })
		if err != nil {
			t.Fatal(err)
		}
		heard := hear(t, c, 210*labtest.BlockSize)
		if _, err := talk.Wait(); err != nil {
			t.Fatal(err)
		}
		return energy(heard[120*labtest.BlockSize : 180*labtest.BlockSize])
	}
	if r := measure(0) / loud; r < 1./32 || r > 1./8 { // a factor 4 in amplitude
		t.Errorf("the echo has %.4f of the energy sent, want about 1/16", r)
	}
	if r := measure(128) / loud; r > 1./160 {
		t.Errorf("with the canceller the echo has %.5f of the energy sent", r)
	}
	tell(t, "echo 1:1 off")
}

// noise is a block of noise in µ-law codes, the same for the same n.
func noise(n uint32) []byte {
	b := make([]byte, labtest.BlockSize)
	x := uint64(n)<<1 | 1<<40
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = 0x20 + byte(x>>20)&0x9f // about −20 dBm0
	}
	return b
}

func TestClocksApartSlip(t *testing.T) {
	tell(t, "link 3:7 4:7", "ppm 4 1000", "wait 3 +4000")
	ms := [2]int{number(t, "card 3", "ms"), number(t, "card 4", "ms")}
	over, under := number(t, "port 4:7", "over"), number(t, "port 3:7", "under")
	tell(t, "wait 3 +20000")
	d3, d4 := number(t, "card 3", "ms")-ms[0], number(t, "card 4", "ms")-ms[1]
	if d := d3 - d4; d < 19 || d > 21 {
		t.Errorf("card 4 ticked %d times less than card 3 in 20 s, want 20", d)
	}
	// card 4 is slower: its fifo overflows, card 3's runs dry, once a second
	over, under = number(t, "port 4:7", "over")-over, number(t, "port 3:7", "under")-under
	if over < 19 || over > 21 || under < 19 || under > 21 {
		t.Errorf("%d overflows and %d underflows in 20 s, want 20", over, under)
	}
	if s := proc(t, far, 1); !strings.Contains(s, "Timing slips") {
		t.Error(s)
	}
	tell(t, "ppm 4 0", "silence 3:7", "count 3 slips 0", "count 4 slips 0")
}

func TestAClockIsExact(t *testing.T) {
	began, ms := time.Now(), number(t, "card 1", "ms")
	tell(t, "wait 1 +10000")
	d := number(t, "card 1", "ms") - ms
	if off := time.Since(began) - time.Duration(d)*time.Millisecond; off < -2*time.Millisecond || off > 4*time.Millisecond {
		t.Errorf("%d ticks in %v", d, time.Since(began))
	}
}

func TestADChannelCarriesFrames(t *testing.T) {
	a, b := port(t, near, 1, 16, labtest.HardHDLC), port(t, far, 1, 16, labtest.HardHDLC)
	for _, c := range []*labtest.Channel{a, b} {
		if err := c.Buffers(32, 1024, false); err != nil {
			t.Fatal(err)
		}
	}
	tell(t, "link 3:16 4:16")
	read := func(c *labtest.Channel) []byte {
		t.Helper()
		f := make([]byte, 1024)
		if re, err := c.Ready(unix.POLLIN, time.Second); err != nil || re&unix.POLLIN == 0 {
			t.Fatalf("no frame: %v", err)
		}
		n, err := c.Read(f, nil)
		if err != nil {
			t.Fatal(err)
		}
		return f[:n]
	}
	for i := range 20 {
		frame := bytes.Repeat([]byte{byte(i)}, 4+13*i)
		if _, err := a.Write(append(bytes.Clone(frame), 0, 0), nil); err != nil {
			t.Fatal(err)
		}
		if got := read(b); len(got) != len(frame)+2 || !bytes.Equal(got[:len(frame)], frame) {
			t.Fatalf("sent % x, got % x", frame, got)
		}
	}
	// the check sequence is the real one: X.25 of "123456789" is 0x906E
	tell(t, "hdlc 3:16 frame 313233343536373839")
	if got := read(a); !bytes.Equal(got, []byte("123456789\x6e\x90")) {
		t.Errorf("got % x", got)
	}
	for word, event := range map[string]int{"abort": 6, "overrun": 7, "badfcs": 8} {
		tell(t, "hdlc 3:16 "+word)
		await(t, a, event, time.Second)
	}
	tell(t, "hdlc 4:16 lose 1")
	for _, s := range []string{"lost\x00\x00", "kept\x00\x00"} {
		if _, err := a.Write([]byte(s), nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(b); !bytes.HasPrefix(got, []byte("kept")) {
		t.Errorf("got %q", got)
	}
	for _, odd := range [][]byte{{1}, {1, 2}} { // nothing between flags
		if _, err := a.Write(odd, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Write(append(make([]byte, 1000), 0, 0), nil); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if got := read(b); len(got) != 1002 || time.Since(began) < 110*time.Millisecond {
		t.Errorf("%d octets after %v: 1000 need 125 ms", len(got), time.Since(began))
	}
	s, err := labtest.CardSpan(near, 1)
	if err != nil {
		t.Fatal(err)
	}
	if s.Configure(15, 15, labtest.HardHDLC, labtest.ALaw) == nil {
		t.Error("hardhdlc on a timeslot without controller was accepted")
	}
	tell(t, "silence 3:16")
}

func TestACardIsPulledOutAndComesBack(t *testing.T) {
	c, idle := port(t, fxo, 1, 4, labtest.FXSKewl), port(t, fxo, 1, 3, labtest.FXSKewl)
	for range 3 {
		held := port(t, fxo, 1, 2, labtest.FXSKewl)
		held.Close()
		defer hold(t, held.Number)() // under epoll all the while, closed when the card is another
		tell(t, "at +100 remove 1", "at +3000 return 1")
		await(t, c, evRemoved, 2*time.Second)
		tell(t, "wait 1 +1500")
		if p := state(t, "card 1", "present"); p != "0" {
			t.Fatalf("present=%s", p)
		}
		if _, err := c.Read(make([]byte, 160), nil); err != unix.ENODEV {
			t.Errorf("read from a card that is gone: %v", err)
		}
		if _, err := os.Stat("/sys/bus/dahdi_devices/devices/fakecard:1"); err == nil {
			t.Error("the device is still there")
		}
		tell(t, "wait 1 +1600")
		if p := state(t, "card 1", "present"); p != "1" {
			t.Fatalf("present=%s", p)
		}
		c.Close()
		idle.Close()
		c, idle = port(t, fxo, 1, 4, labtest.FXSKewl), port(t, fxo, 1, 3, labtest.FXSKewl)
		tell(t, "pattern 1:4 seq")
		if g := gaps(t, hear(t, c, 1600)); len(g) != 0 {
			t.Errorf("after it came back the pattern jumps: %v", g)
		}
	}
	id, err := os.ReadFile("/sys/bus/dahdi_devices/devices/fakecard:1/hardware_id")
	place, err2 := os.ReadFile("/sys/bus/dahdi_devices/devices/fakecard:1/location")
	if got := string(id) + string(place); err != nil || err2 != nil || got != "fakecard-1\nfakecard/1\n" {
		t.Errorf("it says it is %q", got)
	}
}

// hold opens a channel and waits for its events with epoll. The function that
// it returns ends that.
func hold(t *testing.T, channel int) func() {
	t.Helper()
	ep, err := unix.EpollCreate1(0)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open("/dev/dahdi/channel", unix.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := int32(channel)
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), reqSpecify, uintptr(unsafe.Pointer(&n))); e != 0 {
		t.Fatal(e)
	}
	if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLPRI}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := unix.EpollWait(ep, make([]unix.EpollEvent, 1), 0); err != nil {
			t.Error(err)
		}
		unix.Close(fd)
		unix.Close(ep)
	}
}

func TestAStalledMasterLetsTheOthersRun(t *testing.T) {
	c := port(t, fxs, 1, 2, labtest.FXOKewl)
	tell(t, "pattern 2:2 seq", "stall 1 3000")
	if g := gaps(t, hear(t, c, 16000)); len(g) != 0 {
		t.Errorf("another card's audio jumps: %v", g)
	}
	tell(t, "wait 1 +1500", "count 1:1 irqmisses 0")
}
