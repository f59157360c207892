package emulator

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/tone"
)

// desk is a core with somebody at both sides.
type desk struct {
	*modem
	heard []int16 // by the line
	told  []string
}

func at(chip string) *desk {
	c, err := ByName(chip)
	if err != nil {
		panic(err)
	}
	return &desk{modem: newModem(c)}
}

// say types and returns what is answered at once.
func (d *desk) say(s string) string {
	d.take(nil)
	d.host([]byte(s))
	return string(d.take(nil))
}

// ask types a command line and returns the answer without line ends.
func (d *desk) ask(s string) string {
	return strings.Join(strings.Fields(d.say("AT"+s+"\r")), " ")
}

// hear lets the line bring samples, then nothing for the rest, with events first.
func (d *desk) hear(pcm []int16, blocks int, events ...string) string {
	var said []byte
	for range blocks {
		var rx, tx [driver.Block]int16
		n := copy(rx[:], pcm)
		pcm = pcm[n:]
		var h []happening
		for _, e := range events {
			x, err := parse(e)
			if err != nil {
				panic(err)
			}
			h = append(h, x)
		}
		events = nil
		d.tick(rx[:], tx[:], h)
		d.heard = append(d.heard, tx[:]...)
		d.told = append(d.told, d.wish...)
		d.wish = nil
		said = append(said, d.take(nil)...)
	}
	return string(said)
}

func quietDesk(chip string) *desk {
	d := at(chip)
	d.ask("E0")
	return d
}

func TestCommandLinesAreReadAsV250Says(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"AT\r", "\r\nOK\r\n"},
		{"at\r", "\r\nOK\r\n"},
		{"ATS7=3S7?\r", "\r\n003\r\n\r\nOK\r\n"},
		{"AT S7 = 31; +FCLASS? ; S7?\r", "\r\n0\r\n\r\n031\r\n\r\nOK\r\n"},
		{"ATX9\r", "\r\nERROR\r\n"},
		{"AT+FCLASS=7;S7?\r", "\r\nERROR\r\n"}, // nothing after an error is done
		{"ATV0\rATV1\r", "0\r\r\nOK\r\n"},
		{"ATV0;@\r", "\r\nERROR\r\n"},
		{"ATQ1\rAT\rATQ0\r", "\r\nOK\r\n"},
		{"ATX\bI9\r", "\r\nV.253 reference\r\n\r\nOK\r\n"},
		{"noise ATI9\rA/", "\r\nV.253 reference\r\n\r\nOK\r\n\r\nV.253 reference\r\n\r\nOK\r\n"},
		{"hello\r", ""},
		{"AT" + strings.Repeat("0", 300) + "\r", "\r\nERROR\r\n"},
		{"ATS3=42\rAT*", "*\nOK*\n*\nOK*\n"},
	} {
		if got := quietDesk("v253").say(c.typed); got != c.want {
			t.Errorf("%q is answered by %q, want %q", c.typed, got, c.want)
		}
	}
	if got := at("v253").say("ATI9\r"); got != "ATI9\r\r\nV.253 reference\r\n\r\nOK\r\n" {
		t.Errorf("with echo: %q", got)
	}
}

func TestEachChipAnswersInItsOwnWay(t *testing.T) {
	for _, c := range []struct{ chip, asked, want string }{
		{"cx93001", "I3", "CX93001-EIS_V0.2013-V92 OK"},
		{"cx93001", "+FCLASS=8;+VTR=?", "ERROR"},
		{"cx93001", "+VSM=?", `1,"UNSIGNED PCM",8,0,8000,0,0 129,"IMA ADPCM",4,0,8000,0,0 130,"UNSIGNED PCM",8,0,8000,0,0 OK`},
		{"cx93001", "+VTR", "ERROR"}, // not in class 8
		{"cx93001", "+FCLASS=8;+VLS=1;+VTR", "CONNECT"},
		{"cx93001", "+FCLASS=8;+VLS=3", "ERROR"},
		{"usr5637", "+FCLASS=8;+VTR=?", "OK"},
		{"usr5637", "+FCLASS=8;+VSM=129,7200;+VSM?", "129,7200,0,0 OK"},
		{"usr5637", "+FCLASS=8;+VSM=130,7200", "ERROR"},
		{"softmodem", "+FCLASS=8;+VSM=131;+VSM?", "131,8000,0,0 OK"},
		{"softmodem", "+VRA=50", "ERROR"},
		{"halfduplex", "+FCLASS=8;+VLS=1;+VTR", "ERROR"},
		{"halfduplex", "+FCLASS=8;+VLS=1;+VRX", "CONNECT"},
		{"v253", "+VGR?;+VGR=?", "128 (0-255) OK"},
		{"v253", "+VSD=129,70;+VSD?", "129,70 OK"},
		{"v253", "+VSD=,9;+VSD?", "128,9 OK"},
		{"v253", "+VSD=256", "ERROR"},
		{"v253", "+GCI=B5;+GCI?", "181 OK"},
	} {
		if got := quietDesk(c.chip).ask(c.asked); got != c.want {
			t.Errorf("%s: AT%s is answered by %q, want %q", c.chip, c.asked, got, c.want)
		}
	}
}

func TestRingingIsToldOncePerBurstWithItsCadence(t *testing.T) {
	for _, chip := range []string{"cx93001", "v253"} {
		d := quietDesk(chip)
		d.ask("+VDR=1,1")
		said := d.hear(nil, 50, "ring")
		said += d.hear(nil, 150, "ring-end")
		said += d.hear(nil, 50, "ring")
		said += d.hear(nil, 50, "ring-end")
		if n := strings.Count(said, "RING"); n != 2 {
			t.Errorf("%s: RING %d times: %q", chip, n, said)
		}
		if strings.Count(said, "DRON=10") != 2 || strings.Count(said, "DROF=30") != 1 {
			t.Errorf("%s: the cadence is told as %q", chip, said)
		}
	}
	if said := quietDesk("v253").hear(nil, 4, "ring", "ring-end"); said != "" {
		t.Errorf("a blow of the bell is told as %q", said)
	}
}

func TestCallersAreDecodedFromTheLine(t *testing.T) {
	b, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.DateTime, Raw: []byte("11222205")},
		callerid.Field{Type: callerid.Number, Raw: []byte("5551234")}, callerid.Field{Type: callerid.Name, Raw: []byte("MILL")})
	if err != nil {
		t.Fatal(err)
	}
	fsk := make([]int16, 2*driver.Rate)
	callerid.NewSource(callerid.Bell, b, callerid.OnHook(), -14).Fill(fsk[driver.Rate/2:])
	for chip, want := range map[string]string{"usr5637": "DATE = 1122 TIME = 2205 NMBR = 5551234 NAME = MILL", "softmodem": "DATE=1122 TIME=2205 NMBR=5551234 NAME=MILL"} {
		d := quietDesk(chip)
		if said := d.hear(fsk, 100); said != "" {
			t.Errorf("%s tells unasked %q", chip, said)
		}
		d.ask("+VCID=1")
		if got := strings.Join(strings.Fields(d.hear(fsk, 100)), " "); got != want {
			t.Errorf("%s tells %q", chip, got)
		}
	}
	k, err := tone.DTMF("D5559876C", -10, 70, 70)
	if err != nil {
		t.Fatal(err)
	}
	keyed := make([]int16, 2*driver.Rate)
	tone.New(k).Fill(keyed)
	d := quietDesk("cx93001")
	d.ask("+VCID=1")
	if got := d.hear(keyed, 200); !strings.Contains(got, "NMBR = 5559876\r\n") {
		t.Errorf("keys are told as %q", got)
	}
}

func TestDialledCallsEndAsTheExchangeSays(t *testing.T) {
	tones, _ := tone.Country("CN")
	sound := func(c tone.Cadence, s int) []int16 {
		pcm := make([]int16, s*driver.Rate)
		tone.New(c).Fill(pcm)
		return pcm
	}
	for _, c := range []struct {
		asked, want string
		first, then []int16
	}{
		{"DT555", "NO DIALTONE", nil, nil},
		{"DT555", "BUSY", sound(tones.Dial, 4), sound(tones.Busy, 20)},
		{"DT555", "VCON", sound(tones.Dial, 4), sound(tones.Ringback, 7)},
		{"X3DT555", "VCON", nil, nil},
		{"S7=12X3DT555", "NO ANSWER", nil, sound(tones.Ringback, 60)},
		{"X3DT555;", "OK", nil, nil},
	} {
		d := quietDesk("cx93001")
		d.ask("+FCLASS=8")
		d.say("AT" + c.asked + "\r")
		got := d.hear(c.first, 200) + d.hear(c.then, 1500)
		got = strings.Trim(strings.Map(func(r rune) rune {
			if r == dle {
				return -1
			}
			return r
		}, got), "drbw\r\n")
		if got != c.want {
			t.Errorf("AT%s ends by %q, want %q", c.asked, got, c.want)
		}
		if released := c.want != "VCON" && c.want != "OK"; released != (d.told[len(d.told)-1] == "on-hook") {
			t.Errorf("AT%s, %s: the exchange is told %q", c.asked, c.want, d.told)
		}
	}
}

func TestAnyCharacterGivesDiallingUp(t *testing.T) {
	d := quietDesk("v253")
	d.ask("+FCLASS=8")
	d.say("ATX3DT5551234\r")
	d.hear(nil, 100)
	d.say("\r")
	if got := d.hear(nil, 2); got != "\r\nNO CARRIER\r\n" || d.hook {
		t.Errorf("it says %q, off-hook: %v", got, d.hook)
	}
}

// unshield takes what a modem sent apart.
func unshield(b []byte) (data []byte, events string) {
	for i := 0; i < len(b); i++ {
		if b[i] != dle || i+1 == len(b) {
			data = append(data, b[i])
			continue
		}
		i++
		switch b[i] {
		case dle:
			data = append(data, dle)
		case sub:
			data = append(data, dle, dle)
		default:
			events += string(b[i])
		}
	}
	return data, events
}

func TestWhatTheLineSaysArrivesAndComesBackExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chip := rapid.SampledFrom(Chips()).Draw(t, "chip")
		f := rapid.IntRange(0, len(chip.formats)-1).Draw(t, "format")
		if !chip.duplex || chip.formats[f].coding == ima4 || chip.echo > 0 {
			t.Skip("it changes what it carries")
		}
		line := make([]int16, 5*driver.Block)
		seed := rapid.Int64().Draw(t, "seed")
		for i := range line {
			seed = seed*6364136223846793005 + 1442695040888963407
			line[i] = int16(seed >> 48)
		}
		d := quietDesk(chip.Name)
		d.ask("+FCLASS=8;+VSD=128,0;+VLS=1;+VSM=" + strings.Split(chip.formats[f].text, ",")[0])
		d.ask("+VTR")
		data, events := unshield([]byte(d.hear(line, 5)))
		if events != "" {
			t.Fatalf("events %q", events)
		}
		first := newCore(t, chip, f).decode(nil, data)
		for i, s := range first {
			if worst := math.Max(300, 0.07*math.Abs(float64(line[i]))); math.Abs(float64(s)-float64(line[i])) > worst {
				t.Fatalf("sample %d: %d became %d", i, line[i], s)
			}
		}
		// What came is sent back: the line hears exactly what the format can say.
		var b []byte
		for _, c := range data {
			if b = append(b, c); c == dle {
				b = append(b, dle)
			}
		}
		d.heard = nil
		for len(b) > 0 || len(d.heard) < len(first) {
			b = b[d.host(b):]
			d.hear(nil, 1)
		}
		if !slices.Equal(d.heard[:len(first)], first) {
			t.Fatal("what was sent back has changed")
		}
	})
}

func newCore(t *rapid.T, c Chip, f int) *coder {
	k, err := newCoder(c.formats[f].coding, c.formats[f].rates[0])
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestADPCMAndOtherRatesCarrySpeechBand(t *testing.T) {
	line := make([]int16, driver.Rate)
	for i := range line {
		line[i] = int16(8000 * math.Sin(2*math.Pi*700*float64(i)/driver.Rate))
	}
	for _, c := range []struct {
		coding coding
		rate   int
		dB     float64
	}{{ima4, 8000, 24}, {linear16, 7200, 40}, {linear16, 11025, 40}, {unsigned8, 11025, 30}} {
		k, err := newCoder(c.coding, c.rate)
		if err != nil {
			t.Fatal(err)
		}
		data := k.encode(nil, line)
		if want := c.rate * k.width() / map[bool]int{true: 2, false: 1}[c.coding == ima4]; len(data) < want*95/100 || len(data) > want {
			t.Errorf("%d Hz: %d bytes a second, want %d", c.rate, len(data), want)
		}
		back := k.decode(nil, data)
		signal, noise := 0.0, 0.0
		for i := 400; i < len(back); i++ {
			signal += float64(line[i]) * float64(line[i])
			noise += math.Pow(float64(line[i])-float64(back[i]), 2)
		}
		if got := 10 * math.Log10(signal/noise); got < c.dB {
			t.Errorf("coding %d at %d Hz: S/N %.1f dB", c.coding, c.rate, got)
		}
	}
}

func TestUnderrunsAndOverrunsAreToldOnceEach(t *testing.T) {
	d := quietDesk("v253")
	d.ask("+FCLASS=8;+VSD=128,0;+VLS=1;+VTR")
	d.host(bytes.Repeat([]byte{0x80}, 3*driver.Block))
	if _, e := unshield([]byte(d.hear(nil, 10))); e != "u" {
		t.Errorf("after the data ended it tells %q", e)
	}
	// Nobody reads: what does not fit is lost, and told when there is room again.
	for range 100 {
		var rx, tx [driver.Block]int16
		d.tick(rx[:], tx[:], nil)
	}
	if len(d.out) > d.chip.rxRoom || d.Counters.Overruns == 0 {
		t.Errorf("%d bytes wait, %d were lost", len(d.out), d.Counters.Overruns)
	}
	if _, e := unshield([]byte(d.hear(nil, 10))); e != "o" {
		t.Errorf("after the overrun it tells %q", e)
	}
	// It stops a host that sends too fast, unless that is switched off.
	if n := d.host(bytes.Repeat([]byte{0x80}, 99999)); n != d.chip.txRoom {
		t.Errorf("it took %d bytes at once", n)
	}
}

func TestEventsOfTheLineAreShielded(t *testing.T) {
	d := quietDesk("v253")
	d.ask("+FCLASS=8;+VSD=128,0;+VLS=1;+VTR")
	said := d.hear(nil, 2, "loop-break 300") + d.hear(nil, 30, "reversal")
	k, err := tone.DTMF("7", -10, 200, 100)
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]int16, driver.Rate/2)
	tone.New(k).Fill(pcm)
	said += d.hear(pcm, 30)
	if _, e := unshield([]byte(said)); e != "lL/777~" && e != "lL/77~" {
		t.Errorf("it tells %q", e)
	}
	if _, e := unshield([]byte(d.hear(nil, 5, "volts -7") + d.hear(nil, 5, "volts -4") + d.hear(nil, 5, "volts -7"))); e != "" && e != "Pp" {
		t.Errorf("another telephone is told as %q", e)
	}
}

func TestALineInUseIsNotDialled(t *testing.T) {
	d := quietDesk("cx93001")
	d.ask("+FCLASS=8")
	if _, e := unshield([]byte(d.hear(nil, 50) + d.hear(nil, 5, "volts -8"))); e != "P" {
		t.Errorf("it tells %q", e)
	}
	if got := d.ask("DT5"); got != "LINE IN USE" || d.hook {
		t.Errorf("dialling ends by %q", got)
	}
}

func TestAHungModemComesBackAsItsFaultSays(t *testing.T) {
	d := quietDesk("v253")
	d.fault = Fault{Hang: true, Until: "reset"}
	if got := d.ask(""); got != "" {
		t.Errorf("a hung modem says %q", got)
	}
	if got := d.say("ATZ\r"); !strings.Contains(got, "OK") {
		t.Errorf("after ATZ it says %q", got)
	}
	d.fault = Fault{Hang: true}
	if got := d.ask("Z"); got != "" || d.ask("") != "" {
		t.Errorf("it says %q", got)
	}
}

func FuzzTheCoreLivesWithAnything(f *testing.F) {
	f.Add("AT+FCLASS=8;+VLS=1;+VTR\r\x10\x10abc\x10^ATD5;\r", "ring", uint8(0))
	f.Add("AT+FCLASS=8;+VSM=129;+VLS=1;+VTX\rxyz\x10\x03AT+VTS=[440,,20],{5,9},!\r", "volts -8", uint8(1))
	f.Add("AT+VTS=[,]{}\rATDP1W,@!\rA/", "loop-break 3 @7", uint8(4))
	f.Fuzz(func(t *testing.T, typed, event string, chip uint8) {
		if len(typed) > 4096 {
			return
		}
		d := at(Chips()[int(chip)%len(Chips())].Name)
		var h []happening
		if x, err := parse(event); err == nil {
			h = append(h, x)
		}
		b := []byte(typed)
		for range 40 {
			b = b[d.host(b):]
			var rx, tx [driver.Block]int16
			d.tick(rx[:], tx[:], h)
			if len(d.out) > 1<<20 {
				t.Fatalf("%d bytes wait for the host", len(d.out))
			}
		}
	})
}
