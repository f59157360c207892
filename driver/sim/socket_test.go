package sim

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
	"vaad/dsp/g711"
)

func TestLineCompandsLikeACard(t *testing.T) {
	for _, law := range []driver.Law{driver.ALaw, driver.MuLaw, driver.Linear} {
		r := newRig(t, fmt.Sprintf(`{"lines":[{"law":%q}]}`, law))
		p := r.line(1)
		r.tick()
		for n := range uint64(5) {
			sent := noise(n)
			p.audio(sent)
			r.tick()
			wantPCM, wantCode := slices.Clone(sent), make([]byte, driver.Block)
			if law != driver.Linear {
				g711.Encode(wantCode, sent, g711.Law(law))
				g711.Decode(wantPCM, wantCode, g711.Law(law))
				if !bytes.Equal(r.rx.LineCode(0), wantCode) {
					t.Errorf("%s block %d: codes differ", law, n)
				}
			}
			if !slices.Equal(r.rx.LinePCM(0), wantPCM) {
				t.Errorf("%s block %d: samples differ", law, n)
			}
		}
	}
}

func TestPeerHearsWhatASeizedLineSends(t *testing.T) {
	r := newRig(t, `{"lines":[{"kind":"fxo","use":"trunk"}]}`)
	p := r.line(1)
	copy(r.tx.LinePCM(0), noise(1))
	r.tick()
	if m := p.receive(); m != string(audioMessage(make([]int16, driver.Block))) {
		t.Error("an on-hook line sent audio")
	}
	r.tx.Command(driver.GoOffHook, 0, 7, 0, nil)
	copy(r.tx.LinePCM(0), noise(2))
	want(t, without(r.tick(), "volts"), "1:off-hook@7")
	if m := p.receive(); m != "Coff-hook @7" {
		t.Errorf("command %q", m)
	}
	if m := p.receive(); m != string(audioMessage(noise(2))) {
		t.Error("what the line sent did not arrive as it was")
	}
	r.tx.Command(driver.GoOnHook, 0, 0, 0, nil)
	r.tick()
	if c := p.commands(); !slices.Equal(c, []string{"on-hook"}) {
		t.Errorf("commands %q", c)
	}
}

func TestEventTakesEffectAtItsBlock(t *testing.T) {
	r := newRig(t, `{"lines":[{"kind":"fxo"}]}`)
	p := r.line(1)
	r.tick()
	p.event("ring @17")
	p.audio(noise(1))
	p.event("ring-end @3")
	want(t, without(r.tick(), "volts"), "1:ring-begin@17")
	p.audio(noise(2))
	want(t, without(r.tick(), "volts"), "1:ring-end@3")

	p.event("ring")
	want(t, without(r.tick(), "volts", "missed"), "1:ring-begin@0") // no block waits: at once
	p.audio(noise(3))
	p.event("ring-end")
	want(t, without(r.tick(), "volts"))
	want(t, without(r.tick(), "volts", "missed"), "1:ring-end@0") // its block never came

	for i := range 3 {
		p.event(fmt.Sprintf("volts -%d @%d", 40+i, 50*i))
		p.audio(noise(uint64(i)))
	}
	for i := range 3 {
		ev := r.tick()
		if s := fmt.Sprintf("1:volts@%d=-%d000", 50*i, 40+i); !slices.Contains(ev, s) {
			t.Errorf("tick %d: %q has no %s", i, ev, s)
		}
	}
}

func TestEventsOfOneBlockHappenInOrderOfTheirOffsets(t *testing.T) {
	r := newRig(t, `{"lines":[{"kind":"fxo"}]}`)
	p := r.line(1)
	r.tick()
	p.event("ring-end @100")
	p.event("ring @20")
	p.event("reversal @60")
	p.audio(noise(1))
	want(t, without(r.tick(), "volts"), "1:ring-begin@20", "1:polarity@60=1", "1:ring-end@100")
}

func TestBlocksThatComeTooLateAreDroppedAndCounted(t *testing.T) {
	r := newRig(t, `{"count":1}`)
	p := r.line(1)
	r.tick()
	for n := range uint64(5) {
		p.audio(noise(n))
	}
	want(t, without(r.tick(), "volts"), "1:slip@0=2")
	heard := func(n uint64) bool {
		code := make([]byte, driver.Block)
		g711.Encode(code, noise(n), g711.ALaw)
		return bytes.Equal(r.rx.LineCode(0), code)
	}
	if !heard(2) {
		t.Error("the oldest of the three newest blocks was not the one heard")
	}
	want(t, without(r.tick(), "volts"))
	want(t, without(r.tick(), "volts"))
	if !heard(4) {
		t.Error("the newest block was not heard last")
	}
	var missed []string
	for range 120 {
		missed = append(missed, without(r.tick(), "volts")...)
	}
	// The slip was reported at sample 160: one report a second after that.
	want(t, missed, "1:missed@0=48", "1:missed@0=50")
}

func TestStalledBoardLosesNothingThatWaitedInItsSockets(t *testing.T) {
	r := newRig(t, `{"count":1}`)
	p := r.line(1)
	r.tick()
	const n = 50
	for i := range uint64(n) {
		p.audio(noise(i))
	}
	r.clock.stall(n * driver.Tick) // n ticks are due now, the next one is not
	code := make([]byte, driver.Block)
	for i := range uint64(n) {
		want(t, without(r.tick(), "volts"))
		g711.Encode(code, noise(i), g711.ALaw)
		if !bytes.Equal(r.rx.LineCode(0), code) {
			t.Fatalf("block %d was not heard at its tick", i)
		}
		if late := i < n-1; r.rx.Late != late {
			t.Errorf("frame %d: late %v", i, r.rx.Late)
		}
	}
}

func TestStalledBoardLosesNothingOfPeersThatAnswerEachBlock(t *testing.T) {
	r := newRig(t, `{"count":2}`)
	const n = 300
	for line := range 2 {
		p := r.line(line + 1)
		go func() {
			buf := make([]byte, maxMessage)
			for k := range uint64(n) { // answers each block with the next of its own
				c, _, err := unix.Recvfrom(p.fd, buf, 0)
				for err == unix.EINTR {
					c, _, err = unix.Recvfrom(p.fd, buf, 0)
				}
				if err != nil || c != audioBytes {
					return
				}
				_ = send(p.fd, audioMessage(noise(k)))
			}
		}()
	}
	r.b.catchUp = time.Minute   // on a busy machine they may need more than half a tick
	r.clock.sleeping = func() { // a tick leaves the peers time enough
		for i := range r.b.lines {
			waitReadable(time.Minute, r.b.lines[i].port.fd, -1)
		}
	}
	r.tick()
	code := make([]byte, driver.Block)
	next := [2]uint64{1, 1} // after the first tick
	late := 0
	for k := 0; next[0] < n/2 || next[1] < n/2; k++ {
		if k%50 == 20 {
			r.clock.stall(200 * time.Millisecond)
		}
		for _, e := range without(r.tick(), "volts", "missed", "state") {
			t.Fatalf("tick %d: %s", k, e)
		}
		if r.rx.Late {
			late++
		}
		for i := range next {
			g711.Encode(code, noise(next[i]), g711.ALaw)
			if bytes.Equal(r.rx.LineCode(i), code) {
				next[i]++
			} else if r.rx.Late {
				t.Errorf("line %d: block %d was not heard in a late frame", i+1, next[i])
			}
		}
	}
	if late < 10 {
		t.Errorf("%d late frames", late)
	}
}

func TestAnswerToALateFrameIsDropped(t *testing.T) {
	r := newRig(t, `{"lines":[{"kind":"bchan"}]}`)
	p := r.line(1)
	r.tick()
	r.clock.stall(2 * driver.Tick)
	var heard []bool
	for range 4 {
		copy(r.tx.LinePCM(0), noise(1))
		r.tick()
	}
	for m := p.receive(); m != ""; m = p.receive() {
		heard = append(heard, m == string(audioMessage(noise(1))))
	}
	if w := []bool{false, true, false, true, true}; !slices.Equal(heard, w) {
		t.Errorf("blocks with what was sent: %v, want %v", heard, w)
	}
}

func TestGarbageClosesItsPeerAndNothingElse(t *testing.T) {
	long := strings.Repeat("x", maxMessage+1)
	fxo := []string{"", "A", "A" + long, "A" + strings.Repeat("x", 319), "A" + strings.Repeat("x", 321), "B", "Cring", "\x00",
		"E", "E ", "Eoff-hook", "Ering ring", "Ering @160", "Ering @-1", "Ering @", "Ering @1 @2", "Ering 5", "Evolts", "Evolts @3",
		"Evolts x", "Evolts NaN", "Evolts 1e3", "Evolts -", "Evolts 201", "Evolts 99999999999", "Evolts 0x10", "Eloop-break 0",
		"Eloop-break 60001", "Ering\x00", "E\xff\xfe", "E" + long, "ERING", strings.Repeat("E", 100)}
	cases := map[string][]string{
		"fxo":   fxo,
		"fxs":   {"Ering", "Evolts -48", "Eflash 0", "Eflash x", "Eoff-hook 1"},
		"bchan": {"Ering", "Eoff-hook", "E"},
	}
	for kind, messages := range cases {
		r := newRig(t, fmt.Sprintf(`{"lines":[{"kind":%q},{"kind":%q}]}`, kind, kind))
		other := r.line(2)
		r.tick()
		for i, m := range messages {
			p := r.line(1)
			r.tick()
			p.audio(noise(1))
			p.send([]byte(m))
			other.audio(noise(uint64(i)))
			r.tick()
			code := make([]byte, driver.Block)
			if g711.Encode(code, noise(1), g711.ALaw); !bytes.Equal(r.rx.LineCode(0), code) {
				t.Errorf("%s %.30q: the block before it was lost", kind, m)
			}
			if g711.Encode(code, noise(uint64(i)), g711.ALaw); !bytes.Equal(r.rx.LineCode(1), code) {
				t.Errorf("%s %.30q: disturbed the other line", kind, m)
			}
			if !p.closed() {
				t.Errorf("%s %.30q: was not closed", kind, m)
			}
			r.tick()
			p.close()
		}
		if other.closed() {
			t.Errorf("%s: the other peer was closed", kind)
		}
		_ = r.b.Close()
		if n := strings.Count(r.log.String(), `msg="peer closed"`); n < len(messages)-1 { // "" is like leaving
			t.Errorf("%s: %d of %d closings were logged:\n%s", kind, n, len(messages), r.log)
		}
	}
}

func TestEventsWithoutEndCloseThePeer(t *testing.T) {
	r := newRig(t, `{"count":1}`)
	p := r.line(1)
	r.tick()
	for range maxEvents + 1 {
		p.event("reversal")
	}
	r.tick()
	if !p.closed() {
		t.Error("it was not closed")
	}
}

func TestSecondPeerIsAcceptedAndClosed(t *testing.T) {
	r := newRig(t, `{"count":1,"spans":[{"channels":3}]}`)
	for _, path := range []string{lineSocket(r.dir, 1), spanSocket(r.dir, 1)} {
		first := r.connect(path)
		r.tick()
		second := r.connect(path)
		r.tick()
		if !second.closed() || first.closed() {
			t.Errorf("%s: not the second peer alone was closed", path)
		}
		first.close()
		third := r.connect(path)
		r.tick()
		r.tick()
		if third.closed() {
			t.Errorf("%s: a peer that came after the first had left was closed", path)
		}
	}
}

func TestLineIsIdleAgainWhenItsPeerLeaves(t *testing.T) {
	r := newRig(t, `{"lines":[{"kind":"fxo"},{"kind":"fxs"}]}`)
	exchange, telephone := r.line(1), r.line(2)
	r.tick()
	exchange.event("ring")
	exchange.event("reversal")
	exchange.event("volts 6")
	exchange.audio(noise(1))
	telephone.event("off-hook")
	telephone.audio(noise(1))
	r.tick()
	exchange.audio(noise(2))
	exchange.close()
	telephone.close()
	want(t, r.tick(), "2:hook-edge@0", "2:on-hook@0")
	want(t, r.tick(), "1:ring-end@0", "1:polarity@0", "1:volts@0=-48000")
	if r.rx.LineCode(0)[0] != driver.ALaw.Silence() {
		t.Error("the line is not silent")
	}
	again := r.line(1)
	again.audio(noise(3))
	want(t, without(r.tick(), "volts"))
}

func TestFolderIsClosedToOthersAndSocketsComeAndGo(t *testing.T) {
	dir := filepath.Join(shortDir(t), "sub")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	stale, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"line-001.sock", "line-099.sock", "span-07.dch.sock"} {
		if err := unix.Bind(stale, &unix.SockaddrUnix{Name: filepath.Join(dir, name)}); err != nil {
			t.Fatal(err)
		}
		_ = unix.Close(stale)
		stale, _ = unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET, 0)
	}
	_ = unix.Close(stale)
	if err := os.WriteFile(filepath.Join(dir, "line-notes.sock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := openWith(dir, `{"count":2,"spans":[{},{"dchannel":0}],"lines":[]}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openWith(dir, `{}`); err == nil || !strings.Contains(err.Error(), "own dir") {
		t.Errorf("a second board in the same folder: %v", err)
	}
	st, _ := os.Stat(dir)
	if st.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %o", st.Mode().Perm())
	}
	names := func() (n []string) {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			n = append(n, e.Name())
		}
		return n
	}
	if got := names(); !slices.Contains(got, "line-002.sock") || !slices.Contains(got, "span-01.dch.sock") ||
		slices.Contains(got, "span-02.dch.sock") || slices.Contains(got, "line-099.sock") || len(got) != 2+30+31+1+1 {
		t.Errorf("in the folder: %q", got)
	}
	_ = b.Close()
	if got := names(); !slices.Equal(got, []string{"line-notes.sock"}) {
		t.Errorf("after Close: %q", got)
	}
	if _, err := openWith(os.TempDir(), `{}`); err == nil || !strings.Contains(err.Error(), "give dir") {
		t.Errorf("in everybody's folder: %v", err)
	}
}

func TestPeersClockWaitsForEveryPeer(t *testing.T) {
	r := newRig(t, `{"clock":"peers","count":2}`)
	a, b := r.line(1), r.line(2)
	began := r.clock.Now()
	for n := range uint64(2000) { // 40 s of line
		done := make(chan struct{})
		go func() {
			defer close(done)
			if n%2 == 0 {
				a.event("reversal @5")
			}
			a.audio(noise(n))
			b.audio(noise(1000 + n))
			if n == 50 { // what is sent ahead waits
				for k := range uint64(10) {
					b.audio(noise(1000 + n + 1 + k))
				}
			}
		}()
		if n > 50 && n <= 60 {
			<-done // b is ahead by one more
		}
		ev := without(r.tick(), "volts", "state")
		<-done
		if n%2 == 0 != (len(ev) == 1) {
			t.Fatalf("tick %d: events %q", n, ev)
		}
		for i, seed := range []uint64{n, 1000 + n} {
			if n > 50 && i == 1 {
				continue
			}
			code := make([]byte, driver.Block)
			g711.Encode(code, noise(seed), g711.ALaw)
			if !bytes.Equal(r.rx.LineCode(i), code) {
				t.Fatalf("tick %d line %d: not its block", n, i+1)
			}
		}
	}
	if r.clock.Now() != began {
		t.Error("the board looked at the time")
	}
}

func TestSilentPeerIsDroppedByThePeersClock(t *testing.T) {
	r := newRig(t, `{"clock":"peers","count":2}`, WithPatience(50*time.Millisecond))
	dumb, talker := r.line(1), r.line(2)
	talker.audio(noise(1))
	r.tick()
	if !dumb.closed() || talker.closed() {
		t.Error("not the silent peer alone was dropped")
	}
	talker.audio(noise(2))
	r.tick()
	_ = r.b.Close()
	if !strings.Contains(r.log.String(), "peers clock waits") {
		t.Errorf("the log does not say why:\n%s", r.log)
	}
}

func TestTimeInWhichTheMachineStoodStillIsNotAPeersSilence(t *testing.T) {
	r := newRig(t, `{"clock":"peers","count":1}`)
	r.line(1)
	now := System().Now()
	r.b.looked, r.b.until = now-time.Hour, now-time.Hour+time.Minute
	for range 2 { // which must not make it longer for ever
		if left := r.b.left(); left < 30*time.Second || left > time.Minute {
			t.Errorf("of a minute %v are left after an hour in which nobody ran", left)
		}
	}
	r.b.looked, r.b.until = now, now
	if left := r.b.left(); left > 0 {
		t.Errorf("a silent peer is waited for for %v more", left)
	}
}

func TestCloseEndsAnExchangeThatWaitsForAPeer(t *testing.T) {
	r := newRig(t, `{"clock":"peers","count":1}`)
	r.line(1)
	ended := make(chan error)
	go func() { ended <- r.b.Exchange(r.tx, r.rx) }()
	for r.b.gate.state.Load() != gateBusy {
		runtime.Gosched()
	}
	from := time.Now()
	_ = r.b.Close()
	if err := <-ended; err != driver.ErrGone || time.Since(from) > testPatience/2 {
		t.Errorf("%v after %v", err, time.Since(from))
	}
	if err := r.b.Exchange(r.tx, r.rx); err != driver.ErrGone {
		t.Errorf("Exchange after Close: %v", err)
	}
}

func TestDChannelCarriesFramesBothWays(t *testing.T) {
	r := newRig(t, `{"clock":"peers","spans":[{},{"tap":true}]}`)
	p := r.connect(spanSocket(r.dir, 1))
	began := r.clock.Now()
	p.send([]byte("\x02\x01\x7f"))
	p.send([]byte("hello"))
	r.tx.Command(driver.SendDChannel, 0, 0, 0, []byte("\x00\x01\x73"))
	r.tx.Command(driver.SendDChannel, 1, 0, 0, []byte("no"))
	r.tx.Command(driver.SendDChannel, 7, 0, 0, []byte("no"))
	want(t, without(r.tick(), "volts", "state"), "2:refused@0=14("+driver.ErrTap.Error()+")",
		"1:d-channel@0(\x02\x01\x7f)", "1:d-channel@0(hello)")
	if m := p.receive(); m != "\x00\x01\x73" {
		t.Errorf("the peer received %q", m)
	}
	if r.clock.Now() != began+driver.Tick {
		t.Error("with a peer on a D-channel the board does not tick in real time")
	}
	big := bytes.Repeat([]byte{1}, 264)
	for range 3 {
		p.send(big)
	}
	for i := range 3 {
		if ev := without(r.tick(), "volts"); len(ev) != 1 {
			t.Errorf("tick %d carried %d frames of 264 octets", i, len(ev))
		}
	}
	p.send(bytes.Repeat([]byte{1}, maxMessage+1))
	r.tick()
	if !p.closed() {
		t.Error("a message that was cut off did not close its peer")
	}
}

func TestExchangeAllocatesNothing(t *testing.T) {
	for _, clock := range []string{"real", "peers"} {
		r := newRig(t, fmt.Sprintf(`{"clock":%q,"lines":[{"kind":"fxo","use":"trunk"},{"kind":"fxs"},{"kind":"bchan"}]}`, clock))
		var plugs []*plug
		for i := range 3 {
			plugs = append(plugs, r.line(i+1))
		}
		span := r.connect(spanSocket(r.dir, 1))
		msg := audioMessage(noise(1))
		in := newInbox()
		texts := [][]byte{[]byte("Ereversal @3"), []byte("Eflash")}
		n := testing.AllocsPerRun(100, func() {
			for i, p := range plugs {
				_, _ = in.receive(p.fd, batch)
				if i < 2 {
					_ = send(p.fd, texts[i])
				}
				_ = send(p.fd, msg)
			}
			_ = send(span.fd, msg[:20])
			r.tx.Reset()
			r.tx.Command(driver.GoOffHook, 0, 0, 0, nil)
			r.tx.Command(driver.RingBurst, 1, 0, 100, nil)
			_ = r.b.Exchange(r.tx, r.rx)
		})
		if n != 0 {
			t.Errorf("clock %s: %v allocations", clock, n)
		}
	}
}
