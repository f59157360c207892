package dahdi

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

func (f *fakeChan) measure(mv int32) {
	f.k.mu.Lock()
	defer f.k.mu.Unlock()
	f.volts = &[3]int32{mv, mv, mv}
}

// poll runs one poller for as long as d, by the fake's clock.
func (r *rig) poll(p poller, d time.Duration) {
	for end := r.k.now() + d; r.k.now() < end; {
		r.k.advance(int(p.step() / time.Millisecond))
	}
}

func TestVoltagesAreReadOfEveryLineThatHasThem(t *testing.T) {
	r := newRig(t, sigFXSKS, sigFXOKS, sigFXSKS, sigFXSLS)
	for n := range r.b.channels {
		r.k.chans[n+1].measure(-48_000 - int32(n)*1000)
	}
	v, every := findVolts(r.k, r.b.channels)
	if v == nil || len(v.lines) != 3 || every != 1600 {
		t.Fatalf("%+v every %d samples, want 3 lines every 200 ms", v, every)
	}
	r.poll(v, time.Second)
	readings := map[int]int{}
	for f, ok := v.mail.take(); ok; f, ok = v.mail.take() {
		readings[f.line]++
		if f.value != -48_000-int32(f.line)*1000 {
			t.Errorf("line %d has %d mV", f.line, f.value)
		}
	}
	if len(readings) != 3 || readings[1] != 0 || readings[0] < 5 || readings[2] < 5 || readings[3] < 5 {
		t.Errorf("readings by line %v in a second, want 5 or more of lines 0, 2 and 3", readings)
	}
}

func TestSlowCardIsAskedLessOften(t *testing.T) {
	r := newRig(t, slices8(sigFXSKS)...)
	for n := range 8 {
		r.k.chans[n+1].measure(50_000)
	}
	r.k.before = func(c *fakeCall) {
		if c.req == reqWctdmStats {
			for range 25 {
				r.k.tick()
			}
		}
	}
	v, every := findVolts(r.k, r.b.channels)
	if v == nil || every != 3200 {
		t.Fatalf("every %d samples, want 400 ms: 8 readings of 25 ms in half of the time", every)
	}
	before := len(r.k.calls)
	r.poll(v, 4*time.Second)
	if n := len(r.k.calls) - before; n < 75 || n > 85 {
		t.Errorf("%d readings in 4 s, want 80", n)
	}
}

func slices8(sig uint32) (s []uint32) {
	for range 8 {
		s = append(s, sig)
	}
	return s
}

func TestCardWithoutVoltagesHasNone(t *testing.T) {
	r := newRig(t, sigFXSKS, sigFXOKS)
	if v, every := findVolts(r.k, r.b.channels); v != nil || every != 0 {
		t.Errorf("found %+v every %d", v, every)
	}
}

func TestBusyLineIsTakenForOneOfItsKind(t *testing.T) {
	r := newRig(t, sigFXSKS, sigFXSKS)
	r.f.measure(48_000)
	r.b.channels[1].close()
	v, _ := findVolts(r.k, r.b.channels)
	if v == nil || len(v.lines) != 2 {
		t.Fatalf("found %+v", v)
	}
	r.poll(v, time.Second)
	c := r.b.channels[1]
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	c.meter.lend(c.fd)
	r.k.chans[2].measure(12_000)
	r.poll(v, time.Second)
	last := fact{}
	for f, ok := v.mail.take(); ok; f, ok = v.mail.take() {
		if f.line == 1 {
			last = f
		}
	}
	if last.value != 12_000 {
		t.Errorf("the line that joined was read as %d mV", last.value)
	}
}

func TestClosedChannelIsNotRead(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.f.measure(48_000)
	v, _ := findVolts(r.k, r.b.channels)
	r.c.close()
	r.k.calls = nil
	r.poll(v, time.Second)
	if len(r.k.calls) != 0 {
		t.Errorf("%d requests to a closed channel", len(r.k.calls))
	}
}

func TestReadingIsSaidWhereItWasTaken(t *testing.T) {
	r := newRig(t, sigFXSKS)
	p := &astribank{}
	r.b.watch.list = []poller{p}
	r.b.blockEnd = 10 * time.Second
	for _, ms := range []int{0, 1, 10, 19, 20, 500} {
		p.mail.put(fact{kind: driver.Volts, line: 0, value: int32(ms), when: 10*time.Second - time.Duration(ms)*time.Millisecond})
	}
	r.b.rx.Reset()
	r.b.rx.Late = true
	r.b.collect(r.b.rx)
	if len(r.b.rx.Events) != 0 {
		t.Error("a late frame got readings of now")
	}
	r.b.rx.Late = false
	r.b.collect(r.b.rx)
	var at []int
	for _, e := range r.b.rx.Events {
		at = append(at, e.At)
	}
	if fmt.Sprint(at) != "[159 152 80 8 0 0]" {
		t.Errorf("said at %v", at)
	}
}

func TestSignOfTheVoltageCorrectsThePolarity(t *testing.T) {
	for _, sign := range []int32{1, -1} { // as the wires are connected
		r := newRig(t, sigFXSKS)
		said := func(mv int32) (s []string) {
			r.b.rx.Reset()
			r.b.measured(r.c, 10, sign*mv)
			for _, e := range r.b.rx.Events {
				if e.Kind != driver.Volts {
					s = append(s, fmt.Sprintf("%v %d", e.Kind, e.Value))
				}
			}
			return s
		}
		steps := []struct {
			mv   int32
			want string
		}{
			{48_000, ""}, {48_000, ""},
			{-48_000, ""}, {48_000, ""}, {-48_000, ""}, // once each: might be noise
			{-48_000, "polarity 1"}, {-7_000, ""},
			{2_000, ""}, {2_000, ""}, // dead: no sign
			{7_000, ""}, {2_000, ""}, {7_000, ""}, {48_000, "polarity 0"},
		}
		for i, s := range steps {
			if got := strings.Join(said(s.mv), ","); got != s.want {
				t.Errorf("sign %d, reading %d of %d mV: said %q, want %q", sign, i, s.mv, got, s.want)
			}
		}
		r.f.happen(evPolarity, evRingBegin)
		r.step()
		if got := said(-48_000); got != nil {
			t.Errorf("said %q after the card's own event", got)
		}
		if a, b := said(48_000), said(48_000); a != nil || b != nil {
			t.Errorf("said %q, %q while it rings", a, b)
		}
	}
}

// fxoInfo is the file of an Astribank's FXO module with these voltages.
func fxoInfo(volts ...int) string {
	var b strings.Builder
	row := func(name string, f func(i int) string) {
		fmt.Fprintf(&b, "\t%-17s: ", name)
		for i := range volts {
			fmt.Fprintf(&b, "%4s ", f(i))
		}
		b.WriteString("\n")
	}
	row("Channel", func(i int) string { return fmt.Sprint(i % 10) })
	b.WriteString("Leds:\n")
	row("state", func(int) string { return "00" })
	b.WriteString("Battery-Data:\n")
	row("voltage", func(i int) string { return fmt.Sprint(volts[i]) })
	row("current", func(int) string { return "0" })
	b.WriteString("Battery:\n")
	row("on", func(int) string { return "+" })
	b.WriteString("Polarity-Reverse:\n")
	row("polarity", func(int) string { return "-" })
	return b.String()
}

func TestAstribanksVoltagesComeFromProc(t *testing.T) {
	r := newRig(t, sigFXOKS, sigFXSKS, sigFXSKS, sigFXSKS)
	put := func(text string) {
		r.k.tree["proc/xpp/XBUS-00/XPD-10/fxo_info"] = &fstest.MapFile{Data: []byte(text)}
	}
	put(fxoInfo(0, -52, 48, 127))
	spans := map[int]string{1: "XBUS-00/XPD-10"}
	a, every := findAstribank(r.k, r.b.channels, spans, map[int]int{1: 1, 2: 2, 3: 3, 4: 4})
	if a == nil || every != 4000 {
		t.Fatalf("found %+v every %d samples, want every 500 ms", a, every)
	}
	a.step()
	put("nonsense")
	a.step()
	delete(r.k.tree, "proc/xpp/XBUS-00/XPD-10/fxo_info")
	a.step()
	var got []string
	for f, ok := a.mail.take(); ok; f, ok = a.mail.take() {
		got = append(got, fmt.Sprintf("%d:%d", f.line, f.value))
	}
	if fmt.Sprint(got) != "[1:-52000 2:48000 3:127000]" {
		t.Errorf("read %v", got)
	}
}

func TestAstribankThatDoesNotMeasureHasNoVoltages(t *testing.T) {
	for _, row := range []struct {
		name, span, interval, text string
		every                      int
	}{
		{"as delivered", "XBUS-00/XPD-00", "500\n", fxoInfo(48), 4000},
		{"asked more often", "XBUS-00/XPD-00", "200\n", fxoInfo(48), 1600},
		{"never asked", "XBUS-00/XPD-00", "0\n", fxoInfo(48), 0},
		{"nonsense for a period", "XBUS-00/XPD-00", "x", fxoInfo(48), 0},
		{"an older driver without the parameter", "XBUS-00/XPD-00", "", fxoInfo(48), 4000},
		{"no row of voltages", "XBUS-00/XPD-00", "", "Battery-Data:\n", 0},
		{"no Astribank", "WCTDM/0", "", fxoInfo(48), 0},
		{"a name that leads elsewhere", "XBUS-00/XPD-00/../..", "", fxoInfo(48), 0},
	} {
		r := newRig(t, sigFXSKS)
		r.k.tree["proc/xpp/XBUS-00/XPD-00/fxo_info"] = &fstest.MapFile{Data: []byte(row.text)}
		if row.interval != "" {
			r.k.tree[pollInterval] = &fstest.MapFile{Data: []byte(row.interval)}
		}
		if _, every := findAstribank(r.k, r.b.channels, map[int]string{1: row.span}, map[int]int{1: 1}); every != row.every {
			t.Errorf("%s: every %d samples, want %d", row.name, every, row.every)
		}
	}
}

func FuzzFXOInfo(f *testing.F) {
	f.Add([]byte(fxoInfo(0, -52, 48, 127)))
	f.Add([]byte("Battery-Data:\n\tvoltage : 1 2 x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := parseFXOInfo(text, nil)
		if len(got) > portsOfModule {
			t.Fatalf("%d ports", len(got))
		}
		for _, mv := range got {
			if mv < -128_000 || mv > 127_000 {
				t.Fatalf("%d mV", mv)
			}
		}
	})
}

func TestFullMailboxThrowsAwayAndGoesOn(t *testing.T) {
	var m mailbox
	for i := range 600 {
		m.put(fact{value: int32(i)})
	}
	n := 0
	for f, ok := m.take(); ok; f, ok = m.take() {
		if f.value != int32(n) {
			t.Fatalf("fact %d came as number %d", f.value, n)
		}
		n++
	}
	m.put(fact{value: 7})
	if f, ok := m.take(); n != 512 || !ok || f.value != 7 {
		t.Errorf("%d facts, then %v %v", n, f, ok)
	}
}

func TestPollersEndWhenTheyAreTold(t *testing.T) {
	p := &counted{stepped: make(chan struct{}, 100)}
	w := watching{list: []poller{p}}
	w.start()
	for range 3 {
		<-p.stepped
	}
	w.stop()
	w.stop()
	if !p.finished {
		t.Error("finish was not called")
	}
}

type counted struct {
	mailbox
	stepped  chan struct{}
	finished bool
}

func (c *counted) box() *mailbox { return &c.mailbox }
func (c *counted) finish()       { c.finished = true }
func (c *counted) step() time.Duration {
	select {
	case c.stepped <- struct{}{}:
	default:
	}
	return time.Microsecond
}

func TestCollectingAllocatesNothing(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.f.measure(48_000)
	v, _ := findVolts(r.k, r.b.channels)
	r.b.watch.list = []poller{v}
	if n := testing.AllocsPerRun(100, func() {
		v.mail.put(fact{kind: driver.Volts, value: 48_000})
		r.b.rx.Reset()
		r.b.collect(r.b.rx)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestUnreadableCardSaysNothing(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.f.measure(48_000)
	v, _ := findVolts(r.k, r.b.channels)
	r.f.fails[reqWctdmStats] = unix.ENODEV
	r.poll(v, time.Second)
	if f, ok := v.mail.take(); ok {
		t.Errorf("said %+v", f)
	}
}
