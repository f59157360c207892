package analog

import (
	"encoding/json"
	"testing"

	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/progress"
)

// last returns the last event of a kind.
func last(t *testing.T, out []Event, k EventKind) Event {
	t.Helper()
	for i := len(out) - 1; i >= 0; i-- {
		if out[i].Kind == k {
			return out[i]
		}
	}
	t.Fatalf("no %v was told", k)
	return Event{}
}

// dial picks up at pos, dials in keys, and puts down again.
func dial(tap *Tap, pos int64, digits string) (out []Event, end int64) {
	pos = hold(tap, &out, pos, -48000, 100, 3000)
	pos = hold(tap, &out, pos, -8000, 100, 1000)
	for i := range len(digits) {
		out = tap.Press(out, Press{Key: digits[i], At: pos - 600, Length: 560, Sure: 100, By: InKeys}, pos)
		pos = hold(tap, &out, pos, -8000, 100, 300)
	}
	pos = hold(tap, &out, pos, -8000, 100, 8000)
	return out, hold(tap, &out, pos, -48000, 100, 3000)
}

func TestOutsidePrefixIsNoPartOfTheNumber(t *testing.T) {
	for _, c := range []struct{ prefix, dialled, called string }{
		{"9", "902131234567", "02131234567"}, {"9", "9", "9"}, {"", "912", "912"}, {"0", "112", "112"}, {"91", "91110", "110"},
	} {
		tap := New(Config{Prefix: c.prefix, Own: "64000001"}, Learnt{})
		out, _ := dial(tap, 0, c.dialled)
		end := last(t, out, CallEnd).Call
		if end.Called != c.called || end.Dialled != c.dialled || end.Caller != "64000001" || end.CallerBy != OwnNumber {
			t.Errorf("prefix %q, dialled %q: %+v", c.prefix, c.dialled, end)
		}
	}
}

func TestOwnNumberIsTheOtherParty(t *testing.T) {
	tap := New(Config{Own: "64000001"}, Learnt{})
	var out []Event
	pos := hold(tap, &out, 0, -48000, 100, 3000)
	pos = ringOnce(tap, &out, pos, 1000, 1000)
	out = tap.Message(out, message(callerid.Bell, "5551234"), pos)
	begin, known := last(t, out, CallBegin).Call, last(t, out, Numbers)
	if begin.Called != "64000001" || begin.CalledBy != OwnNumber || begin.Caller != "" {
		t.Errorf("at the first ring: %+v", begin)
	}
	if known.Call.Caller != "5551234" || known.Call.Called != "64000001" || known.By != "bell202" {
		t.Errorf("after the message: %+v", known)
	}
}

func TestDialToneAfterAFlashEndsNoCall(t *testing.T) {
	for _, flash := range []bool{true, false} {
		tap := New(Config{}, Learnt{})
		var out []Event
		pos := hold(tap, &out, 0, -48000, 20, 3000)
		pos = ringOnce(tap, &out, pos, 1000, 500)
		pos = hold(tap, &out, pos, -8000, 20, 5000)
		if flash {
			pos = hold(tap, &out, pos, -48000, 20, 400)
		}
		pos = hold(tap, &out, pos, -8000, 20, 3000)
		tap.Tone(nil, Tone{Name: progress.Dial, At: pos - 16000}, true, pos)
		if _, up := tap.Call(); !up {
			t.Errorf("flash %v: ended by a dial tone of 2 s", flash)
		}
		tap.Tick(nil, pos+16000)
		if _, up := tap.Call(); up != flash {
			t.Errorf("flash %v: call is up %v", flash, up)
		}
	}
}

func TestUsualCodingIsTakenWhereTwoMessagesCome(t *testing.T) {
	for _, c := range []struct {
		country string
		usual   Format
		want    string
	}{{"", NoFormat, "1111111"}, {"CN", NoFormat, "1111111"}, {"GB", NoFormat, "2222222"}, {"XX", NoFormat, "1111111"},
		{"GB", BellBefore, "1111111"}, {"", V23After, "2222222"}} {
		tap := New(Config{Country: c.country}, Learnt{CallerID: c.usual})
		var out []Event
		pos := hold(tap, &out, 0, -48000, 100, 3000)
		first, second := message(callerid.Bell, "1111111"), message(callerid.V23, "2222222")
		first.End, second.End = pos, pos
		tap.Message(nil, first, pos)
		tap.Message(nil, second, pos)
		ringOnce(tap, &out, pos, 1000, 500)
		if got := last(t, out, CallBegin).Call.Caller; got != c.want {
			t.Errorf("a line of %q that usually has %q: %s", c.country, c.usual, got)
		}
	}
}

func TestFormatIsLearntAtOnceAndChangedSlowly(t *testing.T) {
	tap := New(Config{}, Learnt{})
	pos := int64(0)
	var out []Event
	pos = hold(tap, &out, pos, -48000, 100, 3000)
	for i, c := range []struct {
		coding callerid.Coding
		want   Format
	}{{callerid.Bell, BellBefore}, {callerid.V23, BellBefore}, {callerid.Bell, BellBefore}, {callerid.V23, BellBefore}, {callerid.V23, V23Before}} {
		m := message(c.coding, "1111111")
		m.End = pos
		tap.Message(nil, m, pos)
		pos = ringOnce(tap, &out, pos, 1000, 0)
		pos = hold(tap, &out, pos, -48000, 100, 20000)
		if got := tap.Learnt().CallerID; got != c.want {
			t.Errorf("call %d: %v, want %v", i, got, c.want)
		}
	}
}

func TestWhatWasLearntSurvives(t *testing.T) {
	want := Learnt{IdleMV: 48000, OffHookMV: 8000, RingGapMS: 4000, CallerID: KeysBefore, DialHz: 500, BusyHz: 600, BusyOnMS: 200, BusyOffMS: 300}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var read Learnt
	if err := json.Unmarshal(b, &read); err != nil || read != want {
		t.Fatalf("%s: %+v %v", b, read, err)
	}
	if got := New(Config{}, read).Learnt(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := New(Config{}, Learnt{CallerID: 99, DialHz: -4, BusyHz: 600}).Learnt(); got != (Learnt{}) {
		t.Errorf("values that cannot be were taken: %+v", got)
	}
	var odd Format
	if err := odd.UnmarshalText([]byte("semaphore")); err != nil || odd != NoFormat {
		t.Errorf("%v %v", odd, err)
	}
}

func TestNumberHasAnEnd(t *testing.T) {
	tap := New(Config{}, Learnt{})
	long := make([]byte, 300)
	for i := range long {
		long[i] = '7'
	}
	out, _ := dial(tap, 0, string(long))
	if got := len(last(t, out, CallEnd).Call.Dialled); got != maxDialled {
		t.Errorf("%d digits", got)
	}
}

func TestListeningToATapAllocatesNothing(t *testing.T) {
	tap := New(Config{}, Learnt{})
	out := make([]Event, 0, 64)
	var got []Event
	pos := hold(tap, &got, 0, -48000, 100, 3000)
	pos = hold(tap, &got, pos, -8000, 100, 1000)
	if n := testing.AllocsPerRun(1000, func() {
		pos += driver.Block
		out = tap.Voice(out[:0], true, pos, pos)
		out = tap.Press(out[:0], Press{Key: '1', At: pos, Sure: 100, By: InKeys}, pos)
		out = tap.Tone(out[:0], Tone{Name: progress.Regular, At: pos, Hz: 400, On: 1, Off: 1}, true, pos)
		out = tap.Tick(out[:0], pos)
	}); n > 0.01 {
		t.Errorf("%v allocations per block", n)
	}
}

func TestProfileFillsOnlyWhatIsNotLearnt(t *testing.T) {
	tap := New(Config{}, Learnt{IdleMV: 48000, OffHookMV: 8000})
	tap.Suppose(Learnt{IdleMV: 24000, OffHookMV: 5000, RingGapMS: 3000, CallerID: V23After, BusyHz: 600, BusyOnMS: 200, BusyOffMS: 300})
	want := Learnt{IdleMV: 48000, OffHookMV: 8000, RingGapMS: 3000, CallerID: V23After, BusyHz: 600, BusyOnMS: 200, BusyOffMS: 300}
	if got := tap.Learnt(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	tap.Suppose(Learnt{RingGapMS: 5000, CallerID: BellAfter, DialHz: 500})
	want.DialHz = 500
	if got := tap.Learnt(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The pause that ends a number lasts from the end of a digit to the beginning of the next,
// however late the digits are known.
func TestAPauseIsMeasuredBetweenDigits(t *testing.T) {
	press := func(tap *Tap, out []Event, p Press, known int64) []Event {
		known = (p.At + p.Length + known*driver.MS + driver.Block) / driver.Block * driver.Block
		return tap.Press(tap.Tick(out, known-driver.Block), p, known)
	}
	for _, c := range []struct {
		by           string
		first, later int64 // lengths, ms
		known        int64 // ms after the digit ended
	}{{InKeys, 100, 100, 20}, {InKeys, 100, 180, 40}, {InPulses, 60, 960, 300}} {
		for _, pause := range []int64{3000, 4000, 4500, 4900, 4990, 5010, 5100, 6000} {
			tap := New(Config{}, Learnt{})
			var out []Event
			pos := hold(tap, &out, 0, -48000, 100, 3000)
			pos = hold(tap, &out, pos, -8000, 100, 1000)
			out = press(tap, out, Press{Key: '1', At: pos, Length: c.first * driver.MS, Sure: 95, By: c.by}, c.known)
			pos += (c.first + pause) * driver.MS
			out = press(tap, out, Press{Key: '0', At: pos, Length: c.later * driver.MS, Sure: 95, By: c.by}, c.known)
			n := 0
			for _, e := range out {
				if e.Kind == Digit {
					n++
				}
			}
			if (n == 2) != (pause <= 5000) {
				t.Errorf("%+v: %d digits with a pause of %d ms", c, n, pause)
			}
		}
	}
}

func TestALongNumberIsNotCut(t *testing.T) {
	tap := New(Config{}, Learnt{})
	var out []Event
	pos := hold(tap, &out, 0, -48000, 100, 3000)
	pos = hold(tap, &out, pos, -8000, 100, 1000)
	for range 70 {
		pos += 300 * driver.MS
		out = tap.Press(out, Press{Key: '1', At: pos - 100*driver.MS, Length: 50 * driver.MS, Sure: 100, By: InKeys}, pos)
	}
	if last := tap.number.last; last != pos-100*driver.MS {
		t.Errorf("the last digit was at %d, not %d", last, pos-100*driver.MS)
	}
	out = tap.Tick(out, pos+10*driver.Rate)
	if n := len(last(t, out, Numbers).Call.Dialled); n != 64 {
		t.Errorf("%d digits", n)
	}
}

// The prefix of an outside line ends by no pause and no dial tone.
func TestAnOutsideLineMayComeLate(t *testing.T) {
	for _, wait := range []int64{1, 6, 12, 20} { // s until its dial tone
		tap := New(Config{Prefix: "9"}, Learnt{})
		var out []Event
		pos := hold(tap, &out, 0, -48000, 100, 3000)
		pos = hold(tap, &out, pos, -8000, 100, 1000)
		out = tap.Press(out, Press{Key: '9', At: pos - 800, Length: 560, Sure: 100, By: InKeys}, pos)
		pos += wait * driver.Rate
		out = tap.Tone(tap.Tick(out, pos), Tone{Name: progress.Dial, At: pos - 4000}, true, pos)
		pos += 6 * driver.Rate
		out = tap.Tone(tap.Tick(out, pos), Tone{Name: progress.Dial, At: pos}, false, pos)
		for range 5 {
			pos += 1600
			out = tap.Press(out, Press{Key: '5', At: pos - 800, Length: 560, Sure: 100, By: InKeys}, pos)
		}
		hold(tap, &out, pos+driver.Rate, -48000, 100, 2000)
		if c := calls(out); len(c) != 1 || c[0].Dialled != "955555" || c[0].Called != "55555" {
			t.Errorf("dial tone after %d s: %+v", wait, c)
		}
	}
}
