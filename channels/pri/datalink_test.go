package pri

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A bench is the user's end of a link whose far end is the test. Frames are
// written as their kind, N(S), N(R), c or r for command or response where both
// are possible, and P/F: "I 0 0", "RR 1 r F", "SABME P".
type bench struct {
	t   *testing.T
	d   *DataLink
	out LinkOut
	now int64
}

func newBench(t *testing.T) *bench {
	return &bench{t: t, d: NewDataLink(LinkConfig{Side: User, N200: 2, K: 2, N201: 20})}
}

// frameOf makes the frame that is written, as a side sends it.
func frameOf(t *testing.T, from Side, s string) []byte {
	t.Helper()
	word := strings.Fields(s)
	pf := byte(0)
	if last := word[len(word)-1]; last == "P" || last == "F" {
		pf, word = 1, word[:len(word)-1]
	}
	number := func(i int) byte {
		n, err := strconv.Atoi(word[i])
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		return byte(n)
	}
	k := FrameKind(slices.Index(frameNames[:], word[0]))
	command, known := k.command()
	var b []byte
	switch k {
	case I:
		b = append(b, number(1)<<1, number(2)<<1|pf)
		b = append(b, strings.Join(word[3:], " ")...)
	case RR, RNR, REJ:
		b = append(b, linkControl[k], number(1)<<1|pf)
		command = word[2] == "c"
	case UI:
		b = append(b, 0x03|pf<<4, 'u')
	case FRMR:
		b = append(b, 0x87|pf<<4, 0, 0, 0, 0, 0)
	default:
		if !known {
			t.Fatalf("%q is no frame", s)
		}
		b = append(b, linkControl[k]|pf<<4)
	}
	address := []byte{0, 1}
	if command == (from == Network) {
		address[0] = 2
	}
	return append(address, b...)
}

// writeFrame is the reverse.
func writeFrame(t *testing.T, from Side, b []byte) string {
	t.Helper()
	f, err := ParseFrame(b)
	if err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	if is, known := f.Sender(); known && is != from {
		t.Errorf("%v has the other side's C/R bit: %x", f.Kind, b)
	}
	s := f.Kind.String()
	switch f.Kind {
	case I:
		s = fmt.Sprint(s, " ", f.NS, " ", f.NR, " ", string(f.Info))
	case RR, RNR, REJ:
		s = fmt.Sprint(s, " ", f.NR, " ", map[bool]string{true: "c", false: "r"}[f.CR == (from == Network)])
	}
	if f.PF {
		s += " " + map[bool]string{true: "P", false: "F"}[f.CR == (from == Network)]
	}
	return s
}

// does carries out one step and returns all that comes of it.
func (b *bench) does(step string) string {
	b.t.Helper()
	b.out.Reset()
	var err error
	switch {
	case step == "start":
		b.d.Start(&b.out, b.now)
	case step == "stop":
		b.d.Stop(&b.out, b.now)
	case step == "busy", step == "ready":
		b.d.SetBusy(&b.out, step == "busy", b.now)
	case strings.HasPrefix(step, "send "):
		err = b.d.Send(&b.out, []byte(step[5:]), b.now)
	case strings.HasPrefix(step, "wait "): // so many milliseconds
		ms, _ := strconv.Atoi(step[5:])
		b.now += int64(ms) * rate / 1000
		b.d.Tick(&b.out, b.now)
	case step == "time": // until the next timer
		if b.now = b.d.Next(); b.now == linkNever {
			b.t.Fatal("no timer runs")
		}
		b.d.Tick(&b.out, b.now)
	case strings.HasPrefix(step, "hex "):
		b.d.Frame(&b.out, bytesOf(b.t, step[4:]), b.now)
	default:
		b.d.Frame(&b.out, frameOf(b.t, Network, step), b.now)
	}
	var all []string
	for _, f := range b.out.Frames {
		all = append(all, writeFrame(b.t, User, f))
	}
	if err != nil {
		all = append(all, "refused")
	}
	if b.out.Up {
		all = append(all, "up")
	}
	if b.out.Down {
		all = append(all, "down")
	}
	for _, m := range b.out.Messages {
		all = append(all, "message "+string(m))
	}
	for _, m := range b.out.UI {
		all = append(all, "UI "+string(m))
	}
	for _, e := range b.out.Errors {
		all = append(all, "error "+string(rune(e)))
	}
	return strings.Join(all, ", ")
}

// How each state of Annex B is reached.
var linkBefore = map[string]string{
	"4":        "",
	"4 wanted": "start; DM F",
	"5":        "start",
	"5 anew":   "start; UA F; FRMR",
	"5 unsure": "start; UA F; send a; FRMR", // a message may have been lost
	"5 ending": "start; stop",
	"6":        "start; UA F; stop",
	"7":        "start; UA F",
	"7 sent":   "start; UA F; send a; send b; send c",
	"7 waits":  "start; UA F; RNR 0 r; send a",
	"7 gap":    "start; UA F; I 1 0 x",
	"7 busy":   "start; UA F; busy",
	"8":        "start; UA F; time",
	"8 sent":   "start; UA F; send a; send b; send c; time",
	"8 busy":   "start; UA F; busy; time",
}

// What Annex B does in each state on each event: what is sent and told.
var linkCases = []struct{ before, on, out, to string }{
	// State 4: TEI assigned
	{"4", "start", "SABME P", "5"},
	{"4", "stop", "down", "4"},
	{"4", "send a", "refused", "4"},
	{"4", "SABME P", "DM F", "4"},
	{"4", "DISC P", "DM F", "4"},
	{"4", "DISC", "DM", "4"},
	{"4", "UA F", "error C", "4"},
	{"4", "UA", "error D", "4"},
	{"4", "DM", "", "4"},
	{"4", "DM F", "", "4"},
	{"4", "UI", "UI u", "4"},
	{"4", "I 0 0 x", "", "4"},
	{"4", "RR 0 c P", "", "4"},
	{"4", "hex 02 01 77", "error L", "4"},
	{"4 wanted", "SABME P", "UA F, up", "7"},
	{"4 wanted", "SABME", "UA, up", "7"},
	{"4 wanted", "DM", "SABME P", "5"},
	{"4 wanted", "time", "SABME P", "5"},
	{"4 wanted", "start", "SABME P", "5"},
	{"4 wanted", "stop", "down", "4"},

	// State 5: awaiting establishment
	{"5", "start", "", "5"},
	{"5", "stop", "", "5"},
	{"5", "send a", "refused", "5"},
	{"5", "SABME P", "UA F", "5"},
	{"5", "DISC P", "DM F", "5"},
	{"5", "UA F", "up", "7"},
	{"5", "UA", "error D", "5"},
	{"5", "DM F", "", "4"},
	{"5", "DM", "", "5"},
	{"5", "FRMR", "", "5"},
	{"5", "I 0 0 x", "", "5"},
	{"5", "UI", "UI u", "5"},
	{"5", "time", "SABME P", "5"},
	{"5", "time; time; time", "SABME P; SABME P; error G", "4"},
	{"5", "hex 02 01 01 00 00", "error M", "5"},
	{"5 anew", "send a; UA F", "; I 0 0 a", "7"},
	{"5 anew", "start; UA F", "; up", "7"},
	{"5 anew", "send a; start; UA F", "; ; up", "7"},
	{"5 anew", "DM F", "down", "4"},
	{"5 anew", "time; time; time", "SABME P; SABME P; down, error G", "4"},
	{"5 unsure", "UA F", "up", "7"},
	{"5 unsure", "send b; UA F", "; up", "7"},
	{"5 ending", "UA F; UA F", "DISC P; down", "4"},
	{"5 ending", "DM F", "down", "4"},
	{"5 ending", "send a", "refused", "5"},
	{"5 ending", "start; UA F", "; up", "7"},
	{"5 ending", "time; time; time", "SABME P; SABME P; down, error G", "4"},

	// State 6: awaiting release
	{"6", "UA F", "down", "4"},
	{"6", "UA", "error D", "6"},
	{"6", "DM F", "down", "4"},
	{"6", "DM", "", "6"},
	{"6", "SABME P", "DM F", "6"},
	{"6", "DISC P", "UA F", "6"},
	{"6", "send a", "refused", "6"},
	{"6", "I 0 0 x", "", "6"},
	{"6", "UI", "UI u", "6"},
	{"6", "hex 02 01 77", "error L", "6"},
	{"6", "time; time; time", "DISC P; DISC P; down, error H", "4"},
	{"6", "start; UA F; time", "; down; SABME P", "5"},

	// State 7: multiple frame established
	{"7", "start", "SABME P", "5"},
	{"7", "stop", "DISC P", "6"},
	{"7", "send a", "I 0 0 a", "7"},
	{"7", "send a; send b; send c; RR 1 r", "I 0 0 a; I 1 0 b; ; I 2 0 c", "7"},
	{"7", "send 123456789012345678901", "refused", "7"},
	{"7", "time", "RR 0 c P", "8"},
	{"7", "SABME P", "UA F, error F", "7"},
	{"7", "DISC P; time", "UA F, down; SABME P", "5"},
	{"7", "UA F", "error C", "7"},
	{"7", "UA", "error D", "7"},
	{"7", "DM F", "error B", "7"},
	{"7", "DM", "SABME P, error E", "5"},
	{"7", "FRMR", "SABME P, error K", "5"},
	{"7", "UI", "UI u", "7"},
	{"7", "busy; busy; ready", "RNR 0 r; ; RR 0 r", "7"},
	{"7", "I 0 0 x", "RR 1 r, message x", "7"},
	{"7", "I 0 0 x P", "RR 1 r F, message x", "7"},
	{"7", "I 0 0", "RR 1 r, message ", "7"},
	{"7", "I 0 0 x; I 0 0 x", "RR 1 r, message x; REJ 1 r", "7"},
	{"7", "I 0 0 x; SABME P; I 0 0 y", "RR 1 r, message x; UA F, error F; RR 1 r, message y", "7"},
	{"7", "I 1 0 x", "REJ 0 r", "7"},
	{"7", "I 1 0 x P", "REJ 0 r F", "7"},
	{"7", "I 0 1 x", "SABME P, message x, error J", "5"},
	{"7", "RR 0 c P", "RR 0 r F", "7"},
	{"7", "RNR 0 c P", "RR 0 r F", "7"},
	{"7", "REJ 0 c P", "RR 0 r F", "7"},
	{"7", "RR 0 r F", "error A", "7"},
	{"7", "RNR 0 r F", "error A", "7"},
	{"7", "REJ 0 r F", "error A", "7"},
	{"7", "RR 1 r", "SABME P, error J", "5"},
	{"7", "RR 1 c P", "RR 0 r F, SABME P, error J", "5"},
	{"7", "hex 02 01 77", "SABME P, error L", "5"},
	{"7", "hex 00 01 01 00 00", "SABME P, error M", "5"},
	{"7", "hex 00 01 73 00", "SABME P, error M", "5"},
	{"7", "hex 00 01 87 00", "SABME P, error N", "5"},
	{"7", "I 0 0 123456789012345678901", "SABME P, error O", "5"},
	{"7 sent", "RR 0 r", "", "7"},
	{"7 sent", "RR 2 r; time", "I 2 0 c; RR 0 c P", "8"},
	{"7 sent", "RR 2 r; RR 3 r; wait 9999; wait 1", "I 2 0 c; ; ; RR 0 c P", "8"},
	{"7 sent", "wait 600; RR 1 r; wait 600; wait 400", "; I 2 0 c; ; RR 0 c P", "8"},
	{"7 sent", "wait 600; RR 0 r; wait 400", "; ; RR 0 c P", "8"},
	{"7 sent", "I 0 1 x", "I 2 1 c, message x", "7"},
	{"7 sent", "REJ 0 r", "I 0 0 a, I 1 0 b", "7"},
	{"7 sent", "REJ 1 c P", "RR 0 r F, I 1 0 b, I 2 0 c", "7"},
	{"7 sent", "REJ 1 r F", "I 1 0 b, I 2 0 c, error A", "7"},
	{"7 sent", "RR 3 r", "SABME P, error J", "5"},
	{"7 sent", "RNR 1 r; RR 1 r", "; I 2 0 c", "7"},
	{"7 sent", "RNR 2 r; I 0 2 x", "; RR 1 r, message x", "7"},
	{"7 sent", "time", "RR 0 c P", "8"},
	{"7 sent", "SABME P; send d", "UA F, up, error F; I 0 0 d", "7"},
	{"7 sent", "stop", "DISC P", "6"},
	{"7 waits", "RR 0 r", "I 0 0 a", "7"},
	{"7 waits", "time; RNR 0 r F; time", "RR 0 c P; ; RR 0 c P", "8"},
	{"7 waits", "SABME P", "UA F, I 0 0 a, error F", "7"},
	{"7 gap", "I 1 0 x", "", "7"},
	{"7 gap", "SABME P; I 1 0 x", "UA F, error F; REJ 0 r", "7"},
	{"7 gap", "I 2 0 x P", "RR 0 r F", "7"},
	{"7 gap", "I 0 0 x; I 2 0 x", "RR 1 r, message x; REJ 1 r", "7"},
	{"7 busy", "I 0 0 x", "", "7"},
	{"7 busy", "I 0 0 x P", "RNR 0 r F", "7"},
	{"7 busy", "RR 0 c P", "RNR 0 r F", "7"},
	{"7 busy", "SABME P", "UA F, RNR 0 r, error F", "7"},
	{"7 busy", "ready; I 0 0 x", "RR 0 r; RR 1 r, message x", "7"},

	// State 8: timer recovery
	{"8", "start", "SABME P", "5"},
	{"8", "stop", "DISC P", "6"},
	{"8", "send a; RR 0 r F", "; I 0 0 a", "7"},
	{"8", "time; time; time", "RR 0 c P; RR 0 c P; SABME P, error I", "5"},
	{"8", "SABME P", "UA F, error F", "7"},
	{"8", "DISC P", "UA F, down", "4"},
	{"8", "UA F", "error C", "8"},
	{"8", "UA", "error D", "8"},
	{"8", "DM F", "error B", "8"},
	{"8", "DM", "SABME P, error E", "5"},
	{"8", "FRMR", "SABME P, error K", "5"},
	{"8", "UI", "UI u", "8"},
	{"8", "busy; ready", "RNR 0 r; RR 0 r", "8"},
	{"8", "I 0 0 x", "RR 1 r, message x", "8"},
	{"8", "I 1 0 x", "REJ 0 r", "8"},
	{"8", "I 0 1 x", "SABME P, message x, error J", "5"},
	{"8", "RR 0 c P", "RR 0 r F", "8"},
	{"8", "RR 0 r", "", "8"},
	{"8", "RR 0 r F", "", "7"},
	{"8", "RR 1 r F", "SABME P, error J", "5"},
	{"8", "hex 02 01 77", "SABME P, error L", "5"},
	{"8 sent", "time; time", "RR 0 c P; SABME P, error I", "5"},
	{"8 sent", "RR 1 r F", "I 1 0 b, I 2 0 c", "7"},
	{"8 sent", "RR 2 r; RR 2 r F", "; I 2 0 c", "7"},
	{"8 sent", "REJ 1 r", "", "8"},
	{"8 sent", "REJ 1 r F", "I 1 0 b, I 2 0 c", "7"},
	{"8 sent", "RNR 1 c P", "RR 0 r F", "8"},
	{"8 sent", "RNR 1 r F; RR 1 r", "; I 1 0 b, I 2 0 c", "7"},
	{"8 sent", "I 0 2 x; RR 2 r F", "RR 1 r, message x; I 2 1 c", "7"},
	{"8 sent", "SABME P", "UA F, up, error F", "7"},
	{"8 busy", "RR 0 c P", "RNR 0 r F", "8"},
	{"8 busy", "time", "RNR 0 c P", "8"},
}

func TestDataLinkDoesWhatQ921AnnexBHas(t *testing.T) {
	for _, c := range linkCases {
		t.Run(c.before+": "+c.on, func(t *testing.T) {
			b := newBench(t)
			for step := range strings.SplitSeq(linkBefore[c.before], "; ") {
				if step != "" {
					b.does(step)
				}
			}
			if got := fmt.Sprint(int(b.d.State())); got != c.before[:1] {
				t.Fatalf("it begins in state %s", got)
			}
			var out []string
			for step := range strings.SplitSeq(c.on, "; ") {
				out = append(out, b.does(step))
			}
			if got := strings.Join(out, "; "); got != c.out {
				t.Errorf("told %q, want %q", got, c.out)
			}
			if got := fmt.Sprint(int(b.d.State())); got != c.to {
				t.Errorf("it ends in state %s, want %s", got, c.to)
			}
		})
	}
}

// The cases together take every row in every state, so no row is only on paper.
func TestCasesTakeEveryRowOfTheDataLink(t *testing.T) {
	var taken [nLinkState][nLinkInput]bool
	kept := linkTable
	defer func() { linkTable = kept }()
	for s := range linkTable {
		for in := range linkTable[s] {
			if r := &linkTable[s][in]; r.do != nil {
				r.do = append([]linkAction{func(*DataLink) { taken[s][in] = true }}, r.do...)
			}
		}
	}
	for _, c := range linkCases {
		b := newBench(t)
		for step := range strings.SplitSeq(linkBefore[c.before]+"; "+c.on, "; ") {
			if step != "" {
				b.does(step)
			}
		}
	}
	for s := range kept {
		for in := range kept[s] {
			if kept[s][in].do != nil && !taken[s][in] {
				t.Errorf("no case takes the row from %v on %v", TEIAssigned+LinkState(s), LinkInput(in))
			}
		}
	}
}

func TestFramesOfOthersAreCountedAndChangeNothing(t *testing.T) {
	b := newBench(t)
	b.does("start")
	b.does("UA F")
	for _, s := range []string{
		"hex 02 03 7f", "hex fe ff 03 00", "hex 02 01 af", // another TEI, TEI management, XID
		"hex", "hex 02", "hex 02 01", "hex 02 01 01", "hex 03 01 7f", "hex 02 00 7f 00", // no frames
		"hex 00 01 7f", "hex 02 01 73", "hex 00 01 00 00 08", // SABME, UA and I as our own side has them
	} {
		if got := b.does(s + " "); got != "" {
			t.Errorf("%s: %s", s, got)
		}
	}
	c := b.d.Counts()
	if c.Ignored != 3 || c.Invalid != 6 || c.Reversed != 3 || b.d.State() != Established {
		t.Errorf("%+v in %v", c, b.d.State())
	}
	b.does("stop")
	b.does("I 0 0 x")
	if c := b.d.Counts(); c.Unexpected != 1 {
		t.Errorf("%+v", c)
	}
}

func TestSendIsBounded(t *testing.T) {
	b := newBench(t)
	b.does("start")
	b.does("UA F")
	n := 0
	for b.d.Send(&b.out, []byte("x"), 0) == nil {
		n++
	}
	if err := b.d.Send(&b.out, []byte("x"), 0); n != queueLength || err != ErrLinkBusy {
		t.Errorf("%d messages, then %v", n, err)
	}
	if err := b.d.Send(&b.out, make([]byte, 21), 0); err != ErrLong {
		t.Error(err)
	}
	b.does("DISC P")
	if err := b.d.Send(&b.out, []byte("x"), 0); err != ErrLinkDown {
		t.Error(err)
	}
}

func TestTimersAndWindowAreThoseOfAPrimaryRateLink(t *testing.T) {
	d := NewDataLink(LinkConfig{})
	var o LinkOut
	if d.Next() != linkNever {
		t.Error("a link that nobody wants waits for something")
	}
	d.Start(&o, 100)
	if d.Next() != 100+8000 {
		t.Errorf("T200 expires at %d", d.Next())
	}
	d.Frame(&o, frameOf(t, User, "UA F"), 200)
	if d.Next() != 200+80000 {
		t.Errorf("T203 expires at %d", d.Next())
	}
	o.Reset()
	for range 9 {
		if err := d.Send(&o, make([]byte, 260), 300); err != nil {
			t.Fatal(err)
		}
	}
	if len(o.Frames) != 7 {
		t.Errorf("%d frames go out unacknowledged", len(o.Frames))
	}
}

func TestErrorsHaveTheWordsOfQ921(t *testing.T) {
	for e := LinkError('A'); e <= 'O'; e++ {
		if s := e.String(); !strings.HasPrefix(s, string(rune(e))+": ") {
			t.Error(s)
		}
	}
	if s := LinkError('P').String(); s != "MDL-ERROR P" {
		t.Error(s)
	}
}
