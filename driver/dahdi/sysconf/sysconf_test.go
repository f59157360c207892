package sysconf

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// What dahdi_cfg 3.1 took and refused when it was tried with these lines.
func TestParseTakesWhatDahdiCfgTakes(t *testing.T) {
	for _, good := range []string{
		"FXSKS = 1 , 3-5", "fxsks=1 # c", "  fxsks=1", "cas=1-3:1101", "cas=1 :1101", "user=1:1101", "dacs=1: 5", "\tfxsks=2", "# x\n\nfxsks=1", "alaw=1-4", "dacs=1-2:5", "dacsrbs=1-2:5",
		"dynamic=loc,1:0,31,0", "nethdlc=1-3:hdlc0", "nethdlc=1-3", "e&m=1\ne&me1=2\nmtp2=3\nhardhdlc=4", "bchan=1,", "indclear=4",
		"span=200,1,0,ccs,hdb3", "span=1,20,0,ccs,hdb3", "span=1,1,0,CCS,HDB3", "span=1,1,0,ccs,ami,term,te\nbchan=1,2\nhardhdlc=3",
		"span= 1, 1, 0, ccs, hdb3, crc4", "span=1,1,0,d4,ami,crc4,crc4,crc4,crc4", "span=1,0,0,esf,b8zs,yellow\nspan=1,0,0,esf,b8zs",
		"channels=1\nrxgain=3\ntx=100\nctcss=100,1,200", "mulaw=1\nalaw=1", "echocanceller=mg2,1-4", "echocanceller = mg2 , 1-2",
		"loadzone=cn\ndefaultzone=cn", "clear=1-3\ndchan=4-5\nfcshdlc=6\nrawhdlc=7-8", "fxsks=01", "unused=1", "",
		"dcsrx=1\nbursttime=1\nexttone=y\ninvertcor=y\ncorthresh=3125\ndeemp=1\npreemp=1\nrxdcs=1\ntxgain=1\ndebouncetime=1",
	} {
		if _, errs := Parse([]byte(good)); len(errs) > 0 {
			t.Errorf("%q: %v", good, errs)
		}
	}
	for bad, want := range map[string]string{
		"fxsks=1-0": `"0" is no channel`, "garbage": "KEYWORD=VALUE", "[channels]": "KEYWORD=VALUE", "fxsks=": "KEYWORD=VALUE", "=3": "KEYWORD=VALUE",
		"cas=1-15": "idle bits", "cas=1-3:110": "idle bits", "cas=1-3:11x1": "idle bits", "cas=1: 1101": "idle bits", " # x": "blanks", "fxsks=1\n\r\n": "blanks", "span=1,1,0,ccs": "5 to 9",
		"span=x,1,0,ccs,hdb3": "number of the span", "span=0,1,0,ccs,hdb3": "number of the span", "span=1,-1,0,ccs,hdb3": "timing source",
		"span=1,1,9,ccs,hdb3": "build-out", "span=1,1,0,ccs,hdb3,foo": "not known here", "span=1,1,0,ccs,hdb3,,crc4": "not known here",
		"span=1,1,0,ccs,hdb3,crc4,yellow,term,nt,te": "5 to 9", "span=1,1,0,e1,hdb3": "framing", "span=1,1,0,ccs,hdb4": "coding",
		"span=1 ,1, 0 , ccs,hdb3 , crc4": "blank", "bchan=1\nfxsks=1": "used already, for bchan in line 1", "unused=1\nfxsks=1": "used already",
		"unknown=3": "not known", "inclear=3": "not known", "sf=5": "not known", "fxsks=1024": "1 to 1023", "fxsks=0": "1 to 1023",
		"dynamic=loc,1:0,x,0": "number of channels", "dynamic=loc,1:0,0,0": "number of channels", "dynamic=loc,1:0,31": "4 values", "fxsks==3": "is no channel",
		"bchan=1,,2": "is no channel", "fxsks=1-3-5": "is no channel", "fxsks=1-": "is no channel", "fxsks=5-1": "ends before", "dacs=1-2": "connect to",
		"dynamic=loc,1:0,31,x": "timing",
		// dahdi_cfg takes these and leaves part of them out without a word
		"fxsks=1;comment": "is no channel", "fxsks=1 2": "is no channel", "bchan=1;2": "is no channel", "fxsks=1-3:1101": "colon",
		"loadzone=us,cn": "no zone", "echocanceller=mg2": "no channels", "echocanceller=,1": "echo canceller",
	} {
		_, errs := Parse([]byte(bad))
		if len(errs) != 1 || !strings.Contains(errs[0].Reason, want) {
			t.Errorf("%q: %v, want %q", bad, errs, want)
		}
	}
}

func TestEveryErrorNamesItsLine(t *testing.T) {
	c, errs := Parse([]byte("# head\nfxsks=1\n\nnonsense # here\nspan=1,1,0,ccs,hdb3\r\nfxoks=1\n"))
	if len(errs) != 2 || errs[0].Line != 4 || errs[0].Text != "nonsense" || errs[1].Line != 6 {
		t.Errorf("%+v", errs)
	}
	if len(c.Statements) != 2 || c.Statements[1].Line != 5 || c.Statements[1].Span.Coding != "hdb3" {
		t.Errorf("%+v", c)
	}
	if got := c.Assigned()[1]; got != (Assignment{"fxsks", 2}) {
		t.Errorf("%+v", got)
	}
}

// bare is a configuration without what the file does not carry.
func bare(c Config) Config {
	var out Config
	for _, s := range c.Statements {
		if s.Line, s.Note = 0, ""; s.Keyword != "" {
			out.Statements = append(out.Statements, s)
		}
	}
	return out
}

// machine makes any hardware.
func machine(r *rand.Rand) []Span {
	kinds := []Kind{Analog, E1, T1, J1, BRI, Dynamic, Unknown}
	size := map[Kind]int{E1: 31, T1: 24, J1: 24, BRI: 3}
	ports := []Port{FXO, FXS, Empty, NotKnown}
	uses := []string{"", "fxsks", "fxoks", "bchan", "dchan", "cas", "e&m", "hardhdlc", "rawhdlc", "dacs", "nethdlc"}
	next := 1
	var all []Span
	for n := range r.IntN(6) {
		s := Span{Number: n + 1, Name: fmt.Sprintf("CARD/%d", n), Description: "a \"card\"\x01", Kind: kinds[r.IntN(len(kinds))]}
		s.LineConfig = []string{"", "CCS/HDB3", "CCS/HDB3/CRC4"}[r.IntN(3)]
		s.Side = map[bool]string{true: []string{"", "nt", "te"}[r.IntN(3)]}[s.Kind == BRI]
		count := size[s.Kind]
		if count == 0 {
			count = r.IntN(32)
		}
		if s.Kind == Dynamic {
			s.Name = fmt.Sprintf("DYN/loc/%d:0", n)
		}
		for range count {
			s.Channels = append(s.Channels, Channel{Number: next, Port: ports[r.IntN(4)], HardHDLC: r.IntN(9) == 0, Signalling: uses[r.IntN(len(uses))]})
			next++
		}
		all = append(all, s)
	}
	return all
}

func TestWhatIsGeneratedParsesBackToTheSame(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		spans := machine(r)
		o := Options{Country: []string{"cn", "us", "de"}[r.IntN(3)], Echo: []string{"", "mg2"}[r.IntN(2)]}
		for _, s := range spans {
			if r.IntN(3) == 0 {
				o.Tap = append(o.Tap, s.Number)
			}
		}
		made, err := Generate(spans, o)
		if err != nil {
			t.Fatal(err)
		}
		read, errs := Parse(made.Bytes())
		if len(errs) > 0 {
			t.Fatalf("seed %d: %v\n%s", seed, errs, made.Bytes())
		}
		if a, b := bare(made), bare(read); !reflect.DeepEqual(a, b) {
			t.Fatalf("seed %d:\n%+v\n%+v", seed, a, b)
		}
		assigned := read.Assigned()
		for _, s := range spans {
			for _, c := range s.Channels {
				use := assigned[c.Number].Keyword
				want := map[Port]string{FXO: "fxsks", FXS: "fxoks"}[c.Port]
				if s.Kind == Analog && use != want || s.Kind.Digital() && use == "" {
					t.Fatalf("seed %d: channel %d is %q", seed, c.Number, use)
				}
			}
			conf, ok := read.Span(s.Number)
			if tapped := slices.Contains(o.Tap, s.Number); s.Kind.Digital() && (!ok || tapped && conf.Span.Timing < 1) {
				t.Fatalf("seed %d: span %d: %+v", seed, s.Number, conf)
			}
		}
	}
}

func TestATapOfNoSpanIsRefused(t *testing.T) {
	if _, err := Generate([]Span{{Number: 1}}, Options{Tap: []int{1, 3}}); err == nil || !strings.Contains(err.Error(), "span 3") {
		t.Error(err)
	}
}

func row(kind Kind, number, first, count int) Span {
	s := Span{Number: number, Kind: kind, Name: "CARD/" + fmt.Sprint(number), Description: "Card"}
	for i := range count {
		s.Channels = append(s.Channels, Channel{Number: first + i})
	}
	return s
}

func TestGoldenFiles(t *testing.T) {
	analog := row(Analog, 1, 1, 8)
	analog.Name, analog.Description = "WCTDM/0", "Wildcard TDM800P"
	for i, p := range []Port{FXO, FXO, FXO, FXO, FXS, FXS, Empty, Empty} {
		analog.Channels[i].Port = p
	}
	crc := row(E1, 2, 32, 31)
	crc.LineConfig = "CCS/HDB3/CRC4"
	nt, te := row(BRI, 1, 1, 3), row(BRI, 2, 4, 3)
	nt.Side, te.Side = "nt", "te"
	for name, m := range map[string]struct {
		spans []Span
		o     Options
	}{
		"analog-cn":   {[]Span{analog}, Options{Country: "cn", Echo: "mg2"}},
		"e1-tap-cn":   {[]Span{row(E1, 1, 1, 31), crc}, Options{Country: "cn", Tap: []int{1, 2}, Echo: "mg2"}},
		"e1-trunk-cn": {[]Span{row(E1, 1, 1, 31)}, Options{Country: "cn", Echo: "mg2"}},
		"t1-us":       {[]Span{row(T1, 1, 1, 24)}, Options{Country: "us"}},
		"bri-de":      {[]Span{nt, te}, Options{Country: "de"}},
		"nothing":     {nil, Options{Country: "cn"}},
	} {
		c, err := Generate(m.spans, m.o)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".conf")
		if *update {
			if err := os.WriteFile(file, c.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := Diff(file, "generated", want, c.Bytes()); d != "" {
			t.Errorf("%s", d)
		}
	}
}

func TestZonesAreThoseThatDAHDIHas(t *testing.T) {
	for country, want := range map[string]string{"CN": "cn true", "gb": "uk true", "us": "us true", "ie": "us false"} {
		if name, known := zone(country); fmt.Sprint(name, " ", known) != want {
			t.Errorf("%s: %s %v, want %s", country, name, known, want)
		}
	}
}

func TestModulesAreLoadedForTheCountry(t *testing.T) {
	got := string(Modprobe(ModuleOptions([]string{"wctdm24xxp", "xpd_fxo", "wctdm", "wcte43x"}, "cn")))
	want := "options dahdi auto_assign_spans=0\noptions wctdm alawoverride=1 opermode=CHINA\noptions wctdm24xxp companding=alaw opermode=CHINA\n" +
		"options wcte43x default_linemode=e1\noptions xpd_fxo caller_id_style=3\n"
	if got != want {
		t.Errorf("got\n%s", got)
	}
	if got := string(Modprobe(ModuleOptions([]string{"wctdm"}, "us"))); got != "options dahdi auto_assign_spans=1\noptions wctdm opermode=FCC\n" {
		t.Errorf("got\n%s", got)
	}
}

func TestDiffIsUnified(t *testing.T) {
	number := func(from, to int) string {
		var b strings.Builder
		for i := from; i <= to; i++ {
			fmt.Fprintf(&b, "%d\n", i)
		}
		return b.String()
	}
	if d := Diff("a", "b", []byte(number(1, 9)), []byte(number(1, 9))); d != "" {
		t.Errorf("the same differs: %s", d)
	}
	got := Diff("a", "b", []byte(number(1, 20)), []byte(strings.Replace(number(1, 20), "10\n", "ten\nTEN\n", 1)+"21"))
	want := "--- a\n+++ b\n@@ -7,7 +7,8 @@\n 7\n 8\n 9\n-10\n+ten\n+TEN\n 11\n 12\n 13\n@@ -18,3 +19,4 @@\n 18\n 19\n 20\n+21\n\\ No newline at end of file\n"
	if got != want {
		t.Errorf("got\n%s", got)
	}
	if got := Diff("a", "b", nil, []byte("1\n")); got != "--- a\n+++ b\n@@ -0,0 +1 @@\n+1\n" {
		t.Errorf("got\n%s", got)
	}
}

// patch does what a diff says, so that the diff is known to be whole.
func patch(from []byte, diff string) string {
	old, at := lines(from), 0
	var out strings.Builder
	body := strings.SplitAfter(diff, "\n")
	for i := 2; i < len(body); i++ {
		line := body[i]
		if strings.HasPrefix(line, "@@") {
			var start, n int
			if _, err := fmt.Sscanf(line, "@@ -%d,%d", &start, &n); err != nil {
				_, _ = fmt.Sscanf(line, "@@ -%d", &start)
				n = 1
			}
			if n > 0 {
				start--
			}
			for ; at < start; at++ {
				out.WriteString(old[at])
			}
			continue
		}
		if line == "" || line[0] == '\\' {
			continue
		}
		text := line[1:]
		if i+1 < len(body) && strings.HasPrefix(body[i+1], "\\") {
			text = strings.TrimSuffix(text, "\n")
		}
		if line[0] != '+' {
			at++
		}
		if line[0] != '-' {
			out.WriteString(text)
		}
	}
	for ; at < len(old); at++ {
		out.WriteString(old[at])
	}
	return out.String()
}

func TestADiffSaysEverythingThatChanges(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 2))
		text := func() []byte {
			var b bytes.Buffer
			for range r.IntN(40) {
				fmt.Fprintf(&b, "%d\n", r.IntN(6))
			}
			if r.IntN(4) == 0 {
				b.WriteString("end")
			}
			return b.Bytes()
		}
		a, b := text(), text()
		if d := Diff("a", "b", a, b); d != "" && patch(a, d) != string(b) || d == "" && !bytes.Equal(a, b) {
			t.Fatalf("seed %d\n%s", seed, d)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("cas=1-15,17-31:1101\ndynamic=eth,eth0/00:02:b3:35:43:9c,24,0\ndacs=1:9\nctcss=1318,1,1318\nnethdlc=30-33:h0\nspan=9,2,1,d4,ami,yellow"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, errs := Parse(text)
		for _, e := range errs {
			if e.Line < 1 || e.Line > bytes.Count(text, []byte("\n"))+1 || e.Reason == "" {
				t.Fatalf("%+v", e)
			}
		}
		again, errs := Parse(c.Bytes())
		if len(errs) > 0 || !reflect.DeepEqual(bare(c), bare(again)) {
			t.Fatalf("%v\n%q\n%q", errs, text, c.Bytes())
		}
	})
}
