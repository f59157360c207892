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
