package callerid

import (
	"bytes"
	"testing"

	"vaad/dsp/fsk"
)

// What an independent sender makes of the number 0312345678 (type 2), its plan
// 0x40 and the dialled 5678, of "P" alone, and of a number of 14 digits, where
// the length is a DLE.
var sentByOthers = [][]byte{
	[]byte("\x90\x81\x87\x90\x82\xC0\x95\x21\x81\xC0\x82\x0A\x30\x33\xB1\xB2\x33\xB4\x35\x36\xB7\xB8\x09\x84\x35\x36\xB7\xB8\x90\x03\xB9\x62"),
	[]byte("\x90\x81\x87\x90\x82\xC0\x03\x84\x81\x50\x90\x03\x1E\xEE"),
	[]byte("\x90\x81\x87\x90\x82\xC0\x90\x90\x82\x8E\x30\x33\xB1\xB2\x33\xB4\x35\x36\xB7\xB8\x39\x30\xB1\xB2\x90\x03\x54\x68"),
}

func takeAll(n *ntt, raw []byte) (ok bool) {
	for i, v := range raw {
		e := fsk.Event{Kind: fsk.Character, At: int64(i), Value: v, Quality: 1}
		if i == 0 {
			e.Idle = 70
		}
		ok = n.take(e)
	}
	return ok
}

func TestMessagesOfNTTAreAsOthersSendThem(t *testing.T) {
	for i, fields := range [][]Field{
		{{Type: nttNumberPlan, Raw: []byte{0x40}}, {Type: NTTNumber, Raw: []byte("0312345678")}, {Type: NTTDialled, Raw: []byte("5678")}},
		{{Type: NTTAbsent, Raw: []byte("P")}},
		{{Type: NTTNumber, Raw: []byte("03123456789012")}},
	} {
		raw, err := BuildNTT(fields...)
		if err != nil || !bytes.Equal(raw, sentByOthers[i]) {
			t.Errorf("% X, want % X: %v", raw, sentByOthers[i], err)
		}
		var n ntt
		if !takeAll(&n, raw) {
			t.Fatalf("message %d was not understood", i)
		}
		got := n.m.Fields(nil)
		for k, f := range fields {
			if got[k].Type != f.Type || got[k].Name == "" || !bytes.Equal(got[k].Raw, f.Raw) {
				t.Errorf("message %d: %v, want %v", i, got, fields)
			}
		}
		number, absent := n.m.Caller()
		if want := []string{"0312345678", "", "03123456789012"}[i]; number != want || i == 1 && absent != Private {
			t.Errorf("message %d: %q %q", i, number, absent)
		}
	}
	if _, err := BuildNTT(Field{Type: NTTNumber, Raw: []byte{0x80}}); err == nil {
		t.Error("eight bits were sent in seven")
	}
	if _, err := BuildNTT(Field{Type: NTTNumber, Raw: make([]byte, 127)}); err == nil {
		t.Error("a message that is too long was made")
	}
}

func TestNoByteOfAMessageOfNTTMayBeWrong(t *testing.T) {
	for _, raw := range sentByOthers {
		for i := range raw {
			for bit := range 8 {
				for second := range 9 {
					bad := bytes.Clone(raw)
					bad[i] ^= 1 << bit
					if second < 8 && second != bit {
						bad[i] ^= 1 << second
					}
					var n ntt
					if takeAll(&n, bad) {
						t.Fatalf("% X was understood", bad)
					}
				}
			}
		}
	}
}

func TestMessagesOfNTTAreReceived(t *testing.T) {
	n := 50
	if *full {
		n = 1000
	}
	for _, dB := range []float64{25, 9, 8, 6} {
		l := newLine(*seed)
		l.silence(100)
		for range n {
			number := make([]byte, 9+l.rnd.IntN(3))
			for i := range number {
				number[i] = '0' + byte(l.rnd.IntN(10))
			}
			raw, err := BuildNTT(Field{Type: nttNumberPlan, Raw: []byte{0x40}}, Field{Type: NTTNumber, Raw: number})
			if err != nil {
				t.Fatal(err)
			}
			l.send(NTT, raw, OffHook(), conditions{level: -15})
			l.silence(l.between(150, 300))
		}
		l.noise(0, -15-dB)
		ok := 0
		for _, m := range receive(l.samples()) {
			if m.Coding == NTT && m.Type == CallSetupNTT {
				ok++
			}
		}
		t.Logf("S/N %v dB: %d of %d", dB, ok, n)
		if dB >= 8 && ok < n*97/100 {
			t.Error("less than 97 %")
		}
	}
}
