package pri

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func iFrame(command bool, ns, nr uint8, info []byte) []byte {
	cr := byte(0)
	if command {
		cr = 2
	}
	return append([]byte{cr, 1, ns << 1, nr << 1}, info...)
}

// A call from the network to timeslot 3 as the frames of an exchange have it.
func traceCall(t *testing.T, tr *Trace, ref uint16, at time.Time) {
	t.Helper()
	setup := appendMessage(nil, ref, false, false, Setup)
	setup = appendBearer(setup, false, false)
	setup = appendChannel(setup, 3, true)
	setup = appendElement(setup, CallingNumber, append([]byte{0x21, 0x83}, "2131234567"...)...)
	setup = appendElement(setup, CalledNumber, append([]byte{0x81}, "801"...)...)
	n := tr.ways[Network].next
	u := tr.ways[User].next
	tr.Add(Network, at, 100, iFrame(true, n, u, setup))
	tr.Add(User, at.Add(time.Millisecond), 108, iFrame(false, u, n+1, appendChannel(appendMessage(nil, ref, true, false, CallProceeding), 3, true)))
	tr.Add(User, at.Add(time.Second), 8000, iFrame(false, u+1, n+1, appendCause(appendMessage(nil, ref, true, false, Disconnect), Cause{Value: 17})))
	tr.Add(Network, at.Add(2*time.Second), 16000, iFrame(true, n+1, u+2, appendMessage(nil, ref, false, false, Release)))
	tr.Add(User, at.Add(3*time.Second), 24000, iFrame(false, u+2, n+2, appendMessage(nil, ref, true, false, ReleaseComplete)))
}

func TestATraceKnowsWhichCallAMessageBelongsTo(t *testing.T) {
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	tr := NewTrace()
	tr.Add(Network, at, 0, bytesOf(t, "02 01 7F"))
	traceCall(t, tr, 5, at)
	traceCall(t, tr, 5, at.Add(time.Minute)) // the reference is used again
	calls := map[uint64]int{}
	frames := 0
	tr.After(0, func(x Traced) bool {
		frames++
		if x.Call == nil {
			return true
		}
		calls[x.Call.Seq]++
		if x.Call.Slot != 3 || x.Call.Caller != "2131234567" || x.Call.Called != "801" || x.Call.Origin != Network || x.Call.Ref != 5 {
			t.Errorf("frame %d belongs to %+v", x.Seq, *x.Call)
		}
		if x.Missing != 0 || x.Repeated {
			t.Errorf("frame %d: missing %d, repeated %v", x.Seq, x.Missing, x.Repeated)
		}
		return true
	})
	if frames != 11 || len(calls) != 2 || calls[1] != 5 || calls[2] != 5 {
		t.Errorf("%d frames, messages by call %v", frames, calls)
	}
	if len(tr.active) != 0 {
		t.Errorf("%d calls are taken for going on", len(tr.active))
	}
}

func TestWhatIsSentAgainAndWhatIsMissingIsSeen(t *testing.T) {
	tr := NewTrace()
	m := appendMessage(nil, 7, false, false, Setup)
	for _, ns := range []uint8{4, 4, 7} {
		tr.Add(Network, time.Now(), 0, iFrame(true, ns, 0, m))
	}
	var said []string
	tr.After(0, func(x Traced) bool {
		said = append(said, fmt.Sprint(x.Repeated, x.Missing))
		return true
	})
	if want := []string{"false 0", "true 0", "false 2"}; !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
}

func TestATraceIsBoundedAndKeepsItsOrder(t *testing.T) {
	tr := NewTrace()
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for i := range traceCalls {
		tr.Add(User, at, int64(i), bytesOf(t, "00 01 01 02")) // RR
		traceCall(t, tr, uint16(i)&0x7FFF, at.Add(time.Duration(i)*time.Minute))
	}
	n, since := tr.Kept()
	if n != traceCalls+traceFrames || since.Before(at) {
		t.Errorf("%d frames are kept since %v", n, since)
	}
	last := uint64(0)
	tr.After(0, func(x Traced) bool {
		if x.Seq <= last {
			t.Fatalf("frame %d comes behind %d", x.Seq, last)
		}
		last = x.Seq
		return true
	})
	if last != tr.Newest() {
		t.Errorf("the last is %d, the newest %d", last, tr.Newest())
	}
	tr.After(last, func(Traced) bool { t.Error("something lies behind the newest"); return false })
}

func TestElementsAreExplained(t *testing.T) {
	b := appendMessage(nil, 300, true, false, Disconnect)
	b = appendCause(b, Cause{Value: 17, Location: 2})
	b = appendElement(b, ProgressElement, 0x82, 0x88)
	b = append(b, 0x9E, 0x01, 0x01, 0xAA) // the next one is of codeset 6
	b = appendElement(b, DisplayElement, []byte("Bell")...)
	x := Explain(iFrame(true, 1, 2, b))
	var said []string
	for _, e := range x.Elements {
		s := e.IDText() + " " + e.Code
		for _, d := range e.Details {
			s += " " + strings.TrimSuffix(d.Key+"="+d.Value, "=")
		}
		said = append(said, strings.TrimSpace(s))
	}
	want := []string{"08 cause cause=17 location.public-local", "1e progress progress.inband location.public-local", "6:01", "28 display text=Bell"}
	if !slices.Equal(said, want) || x.Bad != "" || x.Message.Type != Disconnect {
		t.Errorf("%q %q\nwant %q", said, x.Bad, want)
	}
	if x := Explain(iFrame(true, 1, 2, b[:len(b)-2])); x.Bad == "" || len(x.Elements) != 3 {
		t.Errorf("one that is cut off: %d elements, %q", len(x.Elements), x.Bad)
	}
}

// Whatever a line brings, it is explained and remembered.
func FuzzExplain(f *testing.F) {
	for _, s := range []string{"", "02017F", "02010000080201058005a1040388", "0201000008020105057d027d"} {
		b, _ := hex.DecodeString(s)
		f.Add(b)
	}
	codes, details := map[string]bool{"": true}, map[string]bool{}
	for _, c := range ElementCodes() {
		codes[c] = true
	}
	for _, d := range DetailCodes() {
		details[d] = true
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x := Explain(b)
		for _, e := range x.Elements {
			if !codes[e.Code] {
				t.Errorf("element %q is in no list", e.Code)
			}
			for _, d := range e.Details {
				if !details[d.Key] {
					t.Errorf("detail %q is in no list", d.Key)
				}
			}
		}
		tr := NewTrace()
		tr.Add(User, time.Time{}, 0, b)
		tr.Add(Network, time.Time{}, 0, b)
		n := 0
		tr.After(0, func(Traced) bool { n++; return true })
		if n != 2 {
			t.Errorf("%d of 2 frames are kept", n)
		}
	})
}
