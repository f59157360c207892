package tone

import (
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vaad/dsp"
)

func TestTableIsWellFormed(t *testing.T) {
	const part = `[1-9]\d+(\*\d+|(\+\d+)*)(@-\d+)?(/\d+,\d+(,\d+,\d+)*)?`
	row := regexp.MustCompile(`^[A-Z]{2} [A-Z][a-zA-Z ]+\|[12zrnq]+\|(ring \d+,\d+(,\d+,\d+)*; )?([a-z-]+ (sit|` + part + `( then ` + part + `)*)(; |$))+$`)
	names := []string{"dial", "ringback", "busy", "congestion", "waiting", "vacant", "special-dial", "notice", "record", "howler", "sit"}
	all := Plans()
	if len(all) < 150 || all[0].Country != "CN" || !slices.IsSortedFunc(all[1:], func(a, b Plan) int { return strings.Compare(a.Country, b.Country) }) {
		t.Errorf("%d countries, or not in order", len(all))
	}
	for i, p := range all {
		if !row.MatchString(countries[i]) {
			t.Errorf("%s", countries[i])
		}
		if p.parts("ringback") == nil || p.parts("busy") == nil {
			t.Errorf("%s has no ringback or no busy tone", p.Country)
		}
		cycle := 0
		for _, ms := range p.Ring {
			cycle += ms
		}
		if n := len(p.Ring); n == 0 || n%2 != 0 || n > 4 || slices.Min(p.Ring) < 200 || cycle < 2000 || cycle > 11000 {
			t.Errorf("%s rings %v", p.Country, p.Ring)
		}
		for _, planned := range p.Tones {
			p.check(t, planned, names)
		}
	}
}

// check asks whether a tone is one that a telephone network may have.
func (p Plan) check(t *testing.T, planned Planned, names []string) {
	if !slices.Contains(names, planned.Name) {
		t.Errorf("%s: there is no tone %q", p.Country, planned.Name)
	}
	cycle := 0
	for _, part := range planned.Parts {
		for _, hz := range part.Hz {
			if hz < 300 || hz > 2000 && planned.Name != "howler" {
				t.Errorf("%s %s: %v Hz", p.Country, planned.Name, hz)
			}
		}
		steady := part.On == Forever && part.Off == 0 && len(planned.Parts) == 1
		if !steady && (part.On < 20 || part.On > 6000 || part.Off > 60000) || part.Swing > 50 || part.DBm0 > -10 || part.DBm0 < -30 {
			t.Errorf("%s %s: %+v", p.Country, planned.Name, part)
		}
		cycle += part.On + part.Off
	}
	if limit := map[string]int{"ringback": 11000, "busy": 5000, "congestion": 5000}[planned.Name]; limit != 0 && (cycle < 240 || cycle > limit) {
		t.Errorf("%s %s repeats after %d ms", p.Country, planned.Name, cycle)
	}
}

// Every letter that says that a source agrees is checked, where the source is
// copied below, and no agreement is kept quiet.
func TestSourcesAgreeAsTheTableSays(t *testing.T) {
	sources := map[string]map[string][]string{"r": ringbacks(), "1": pairs(itu1994), "z": pairs(zones)}
	single := 0
	for _, p := range Plans() {
		if len(p.Sources) == 1 {
			single++
		}
		for letter, source := range sources {
			figures, ok := source[p.Country]
			if !ok {
				if letter != "1" && strings.Contains(p.Sources, letter) {
					t.Errorf("%s: source %s does not have it", p.Country, letter)
				}
				continue
			}
			agrees := near(p.parts("ringback"), figures[0]) && (len(figures) == 1 || near(p.parts("busy"), figures[1]))
			if agrees != strings.Contains(p.Sources, letter) {
				t.Errorf("%s: source %s agrees: %v; %v", p.Country, letter, agrees, figures)
			}
		}
	}
	t.Logf("%d countries, %d of them with a single source", len(Plans()), single)
}

// near says whether parts are one of some figures, within 15 % and 25 Hz.
func near(parts []Part, figures string) bool {
	for one := range strings.SplitSeq(figures, "|") {
		want := parseParts(one)
		ok := len(want) == len(parts)
		for i := 0; ok && i < len(want); i++ {
			a, b := parts[i], want[i]
			ok = within(a.On, b.On) && within(a.Off, b.Off) && math.Abs(mean(a.Hz)-mean(b.Hz)) <= 25
		}
		if ok {
			return true
		}
	}
	return false
}

func within(a, b int) bool { return math.Abs(float64(a-b)) <= 0.15*float64(b) }

func mean(hz []float64) (m float64) {
	for _, v := range hz {
		m += v / float64(len(hz))
	}
	return m
}

// pairs reads "CC ringback busy" lines.
func pairs(text string) map[string][]string {
	m := map[string][]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		m[f[0]] = f[1:]
	}
	return m
}

// ringbacks reads "ringback CC CC …" lines.
func ringbacks() map[string][]string {
	m := map[string][]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(ringbackList), "\n") {
		f := strings.Fields(line)
		for _, code := range f[1:] {
			m[code] = f[:1]
		}
	}
	return m
}

// ringbackList is source r, by ringback tone. What has no frequency there is left out.
const ringbackList = `
425/1000,4000 AL AR AW BR BA CZ DE DK EE ES ET FI FO GM GR HR ID IR IS IT KW KY LA LB LR LT LU LV MD MK MO MT MU MW MX NO PL PY RS SD SE SI SK SL SM UY VU YE ZM CH
425/1500,3500 BG DJ DZ MR
425/1500,3000 AD CY ML
425/1700,3300 BI CF CI
425/800,3200 BY KG RU
425/1000,4500 CO
425/1000,3000 BE
425/1200,4650 EC PA TN
425/1200,4600 SA SV
425/1250,3750 HU
425/1750,3250 GY
425/2000,2000 MA
425/1100,3100 NP
425/1000,1000 SR
425/400,200,400,2000 BH BW FJ KH KI LK OM PG SC SG
425/375,250,375,2000 LC
425/670,3000,1500,5000 KE
425/1000,3000,1000,5000 MY
425/1000,1000,1000,5000 PT
425/1000,500,1000,10000 TV
425+480/1000,4000 PH
420/1000,5000 AT
445/1000,4000 GL
450/1000,4000 BD CN ZW
450/1200,4900 CR
450/1500,4500 RO
450/2000,4000 CG TR
400/1000,4000 GH LI LS TH
400/1000,3000 CL IL
400/1000,2000 PK
400/1000,5000 MZ ST
400/1700,3300 SN
400/2000,4000 MM NG
400/400,200,400,2000 IN MV NA NR TZ ZA
400/400,200,400,2200 DO
400/400,200,400,4000 SZ
400/400,200,400,2600 BT
440/1000,4000 HN
440/1500,3500 FR GP MQ PM VE YT
440/1700,3300 BJ CM GA GF MC MG NE NL RW TD
400+425+450/400,200,400,2000 AU
400+450/400,200,400,2000 AE CU GB GI IE JE NZ QA VC
440+480/2000,4000 AG AI BB BM CA DM GD JM KN MS TC TT US VG
440+480/1000,2000 KR
440+480/400,200,400,3000 HK
480/2000,4000 BF BS
`

// itu1994 is source 1 for the countries whose rows were not made from it:
// ringback and busy tone, or several.
const itu1994 = `
AE 400+450/400,200,400,2000|425/400,200,400,2000 400/375,375|425/375,375
AO 400/1000,5000 400/500,500
AR 425/1000,4000 425/300,200
AT 420/1000,5000|450/1000,5000 420/400,400|450/300,300
AU 383+417/400,200,400,2000 400/375,375
BE 425/1000,3000 425/500,500
BG 425/1000,4000|425/1000,9000|425/1830,3000 425/500,500|425/250,250|425/200,500
BR 425/1000,4000 425/250,250
CA 440+480/2000,4000|440+480/1000,3000 480+620/500,500
CH 425/1000,4000 425/500,500|425/250,250
CL 400/1000,3000 400/500,500
CN 450/1000,4000 450/350,350
CR 425/1200,4600 425/300,300
CZ 425/1000,4000 425/333,333|425/167,167
DE 425/1000,5000|450/1000,9000 425/480,480
DK 425/1000,4000 425/250,250
EE 425/1000,4000 425/300,300
EG 375+475/2000,1000 375+475/1000,4000
ES 425/1500,3000 425/200,200
FI 425/1000,4000 425/300,300
FR 440/1500,3500 440/500,500
GB 400+450/400,200,400,2000 400/375,375
GR 425/1000,4000 425/300,300
HK 440+480/400,200,400,3000 480+620/500,500
HU 425/1200,3700 425/300,300
ID 425/1000,4000 425/500,500
IE 400+450/400,200,400,2000 425/500,500
IL 400/1000,3000|425/1000,3000|440/1000,3000 400/500,500|425/500,500
IN 375+425/400,200,400,2600|375+425/400,200,400,2000 400/750,750|400/600,600
IR 425/1000,4000 425/500,500
IT 425/1000,4000 425/200,200
JP 384+416/1000,2000 400/500,500
KE 425/1000,4000,1000,2000,1000,5000,400,200 425/500,500,400,200
KR 440+480/1000,2000 480+620/500,500
LT 425/800,3200 425/400,400
MO 425/1000,4000 425/500,500
MX 425/1000,4000 425/250,250
MY 425/400,200,400,2000 425/500,500
NL 425/1000,4000 425/500,500|425/250,250
NO 425/1000,4000|400/1000,3000 425/500,500|400/200,400
NZ 400+450/400,200,400,2000 400/500,500
PA 425/1200,4650 425/320,4650
PH 450/1000,10000|425+480/1000,4000 480+720/500,500|425/500,500|450/400,200
PK 450/1000,4000|383+417/400,200,400,2000 400/750,750
PL 425/1000,4000 425/500,500
PT 425/1000,5000 425/500,500
RO 384+416/2000,4000|425+475/2000,4000 450/150,200
RU 425/800,3200 425/400,400
SE 425/1000,5000|400/1000,9000 425/250,250
SG 401+449/400,200,400,2000 425/750,750
TH 400/1000,4000 400/500,500|450/333,333
TR 450/2000,4000 450/500,500
TZ 400/1000,2000 400/750,750|400/375,375
UG 400/250,500,250,2000 400/750,750|400/375,375
US 440+480/2000,4000 480+620/500,500
ZA 367+433/400,200,400,2000 400/500,500
`

// zones is source z: ringback and busy tone of DAHDI's list and Asterisk's.
const zones = `
AE 400+425/400,200,400,2000 400/375,375
AR 425/1000,4500 425/300,300
AT 420/1000,5000 420/400,400
AU 413+438/400,200,400,2000 425/375,375
BE 425/1000,3000 425/500,500
BG 425/1000,4000 425/500,500
BR 425/1000,4000 425/250,250
CA 440+480/2000,4000 480+620/500,500
CH 425/1000,4000 425/500,500
CL 400/1000,3000 400/500,500
CN 450/1000,4000 450/350,350
CR 450/1203,4900 450/330,330
CZ 425/1000,4000 425/330,330
DE 425/1000,4000 425/480,480
DK 425/1000,4000 425/500,500
EE 425/1000,4000 425/300,300
ES 425/1500,3000 425/200,200
FI 425/1000,4000 425/300,300
FR 440/1500,3500 440/500,500
GB 400+450/400,200,400,2000 400/375,375
GR 425/1000,4000 425/300,300
HU 425/1250,3750 425/300,300
ID 425/1000,4000 425/500,500
IL 414/1000,3000 414/500,500
IN 400/400,200,400,2000 400/750,750
IT 425/1000,4000 425/500,500
JP 400/1000,2000 400/500,500
LT 425/1000,4000 425/350,350
MO 425/1000,4000 425/500,500
MX 425/1000,4000 425/250,250
MY 425/400,200,400,2000 425/500,500
NL 425/1000,4000 425/500,500
NO 425/1000,4000 425/500,500
NZ 400+450/400,200,400,2000 400/500,500
PA 425/1200,4650 425/320,320
PH 425+480/1000,4000 480+620/500,500
PL 425/1000,4000 425/500,500
PT 425/1000,5000 425/500,500
RU 425/1000,4000 425/350,350
SE 425/1000,5000 425/250,250
SG 425/400,200,400,2000 425/750,750
TH 420/1000,5000|400/1000,4000 400/500,500
TR 450/2000,4000 450/500,500
TW 440+480/1000,2000 480+620/500,500
US 440+480/2000,4000 480+620/500,500
VE 425/1000,4000 425/500,500
ZA 400/400,200,400,2000 400/500,500
`

func TestCountryGivesWhatCanBePlayed(t *testing.T) {
	if codes := Countries(); len(codes) != len(countries) || !slices.IsSorted(codes) {
		t.Errorf("%d countries of %d: %v", len(codes), len(countries), codes)
	}
	for _, code := range Countries() {
		c, ok := Country(code)
		if !ok || !Known(code) || c.Ringback.Empty() || c.Busy.Empty() || len(c.Ring) == 0 {
			t.Errorf("%s: %+v", code, c)
		}
		for _, x := range []Cadence{c.Dial, c.Ringback, c.Busy, c.Congestion, c.CallWaiting, c.Vacant, c.Howler} {
			if x.Empty() {
				continue
			}
			l := dsp.Measure(play(x, dsp.Rate/5, 160))
			if l.Clipped > 0 || l.DBm0() > -3 || l.DBm0() < -30 {
				t.Errorf("%s: a tone of %.1f dBm0 with %d clipped samples", code, l.DBm0(), l.Clipped)
			}
		}
	}
	for _, code := range []string{"XX", "cn", "C", "", "CN China", "UK"} {
		if _, ok := Country(code); ok || Known(code) {
			t.Errorf("%q is known", code)
		}
	}
}

func TestChinaIsAsGBT3380HasIt(t *testing.T) {
	cn, _ := Country("CN")
	want := map[string][2]int{"ringback": {1000, 4000}, "busy": {350, 350}, "congestion": {700, 700}, "waiting": {400, 4000}}
	for name, c := range map[string]Cadence{"ringback": cn.Ringback, "busy": cn.Busy, "congestion": cn.Congestion, "waiting": cn.CallWaiting} {
		if b := c.Bursts[0]; len(c.Bursts) != 1 || b.Sines[0] != (Sine{450, -10}) || [2]int{b.On, b.Off} != want[name] {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if b := cn.Howler.Bursts; len(b) != 5 || b[0].Sines[0] != (Sine{950, -20}) || b[4].Sines[0] != (Sine{950, 0}) {
		t.Errorf("howler: %+v", cn.Howler)
	}
	if b := cn.Dial.Bursts; len(b) != 1 || b[0].On != Forever {
		t.Errorf("dial: %+v", cn.Dial)
	}
}

var update = flag.Bool("update", false, "write docs/countries.md")

func TestPageOfCountriesIsUpToDate(t *testing.T) {
	const path = "../../docs/countries.md"
	var b strings.Builder
	b.WriteString(`# Countries

What ` + "`site.country`" + ` and the country of a profile may be, and what vaad expects of the exchanges there. The detector names
the tones, the simulated board plays them and rings like that. Hz, then ms on, off, on, off …; ` + "`400*25`" + ` is 400 Hz whose
amplitude swings 25 times a second; – is not published.

Sources: **1** ITU-T E.180 supplement 2 (1994), **2** the list that followed it (annex to ITU Operational Bulletin 781, 2003),
**z** the tone zones of public telephony software, **r** a public list of ringback tones only, **n** the network's own standard,
**q** what equipment is commonly set to. One letter is one source: compare what ` + "`vaactl analyse`" + ` hears there with the row.
Every exchange differs: what a line has learnt counts for more (` + "`vaactl lines --learnt`" + `).

Made by ` + "`go test ./dsp/tone -run TestPage -update`" + ` from the table in ` + "`dsp/tone/countries.go`" + `, which has more tones.

| | country | dial | ringback | busy | congestion | rings | sources |
|---|---|---|---|---|---|---|---|
`)
	for i, p := range Plans() {
		figures := map[string]string{"dial": "–", "ringback": "–", "busy": "–", "congestion": "–"}
		for item := range strings.SplitSeq(strings.SplitN(countries[i], "|", 3)[2], "; ") {
			name, text, _ := strings.Cut(item, " ")
			if figures[name] == "–" {
				figures[name] = strings.ReplaceAll(text, "*", `\*`)
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", p.Country, p.Name, figures["dial"], figures["ringback"], figures["busy"], figures["congestion"],
			strings.ReplaceAll(strings.Trim(fmt.Sprint(p.Ring), "[]"), " ", ","), p.Sources)
	}
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if page, err := os.ReadFile(path); err != nil || string(page) != b.String() {
		t.Errorf("%s is not what the table says (%v); run go test ./dsp/tone -run TestPage -update", path, err)
	}
}
