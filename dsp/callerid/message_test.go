package callerid

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/dtmf"
	"vaad/dsp/tone"
)

// of makes a message of bytes from type to checksum.
func of(t *testing.T, raw []byte) *Message {
	t.Helper()
	n := int(raw[1])
	if Checksum(raw) != 0 || len(raw) != n+3 || !plausible(raw[0], raw[2:2+n]) {
		t.Fatalf("% X is no message", raw)
	}
	m := &Message{Coding: Bell, Type: raw[0], length: n}
	copy(m.data[:], raw[2:2+n])
	return m
}

func TestMessagesOfChina(t *testing.T) {
	// The widely printed sample of YDN 069: its checksum is right. The single
	// data message printed with the same checksum is not.
	m := of(t, []byte("\x80\x16\x01\x0803171656\x02\x0A2156430144\xBA"))
	if n, absent := m.Caller(); n != "2156430144" || absent != 0 {
		t.Errorf("number %q, absent %q", n, absent)
	}
	if mo, d, h, mi, ok := m.Date(); mo != 3 || d != 17 || h != 16 || mi != 56 || !ok {
		t.Errorf("%d-%d %d:%d %v", mo, d, h, mi, ok)
	}
	single, err := Build(CallSetupSingle, Field{Raw: []byte("03171656")}, Field{Raw: []byte("2156430144")})
	if err != nil || single[len(single)-1] != 0x4F {
		t.Errorf("% X %v", single, err)
	}
	if n, _ := of(t, single).Caller(); n != "2156430144" {
		t.Errorf("number %q", n)
	}
}

func TestFieldsKeepWhatIsNotKnown(t *testing.T) {
	raw, err := Build(CallSetup,
		Field{Type: DateTime, Raw: []byte("12312359")},
		Field{Type: NumberAbsent, Raw: []byte("P")},
		Field{Type: Name, Raw: []byte("B\xFCro")},
		Field{Type: CallType, Raw: []byte{0x81}},
		Field{Type: Messages, Raw: []byte{3}},
		Field{Type: Redirecting, Raw: []byte("0301234")},
		Field{Type: 0x99, Raw: []byte{0, 0xAB}},
		Field{Type: 0x98},
	)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range of(t, raw).Fields(nil) {
		got = append(got, fmt.Sprintf("%02X %s=%s", f.Type, f.Name, f.Text()))
	}
	want := "01 date-time=12312359|04 number-absent=P|07 name=42FC726F|11 call-type=129|13 messages=3|1A redirecting=0301234|99 =00AB|98 ="
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	m := of(t, raw)
	if n, absent := m.Caller(); n != "" || absent != Private {
		t.Errorf("number %q, absent %q", n, absent)
	}
	if name, c := m.CallerName(); name != "Büro" || c != Latin1 {
		t.Errorf("name %q in %v", name, c)
	}
	if !strings.HasPrefix(m.Hex(), "80") || len(m.Hex()) != 2*(len(raw)-1) {
		t.Errorf("hex %s", m.Hex())
	}
}

func TestMessagesThatOnlyTheChecksumLikesAreRefused(t *testing.T) {
	for _, raw := range [][]byte{
		{0x80, 0}, {0x04, 0}, {0x82, 0}, {0x06, 0}, {0x89, 0}, {0x00, 0}, {0x80, 1, 1},
		[]byte("\x80\x04\x02\x0312"), []byte("\x80\x04\x99\x0212"), []byte("\x04\x090317165x9"), []byte("\x04\x0803171656"),
	} {
		if plausible(raw[0], raw[2:]) {
			t.Errorf("% X was taken for a message", raw)
		}
	}
	if _, err := Build(CallSetup, Field{Type: Name, Raw: make([]byte, 300)}); err == nil {
		t.Error("a parameter of 300 bytes was built")
	}
	if _, err := Build(CallSetup, Field{Type: Name, Raw: make([]byte, 200)}, Field{Type: Name, Raw: make([]byte, 52)}); err == nil {
		t.Error("a message of 256 bytes was built")
	}
	// Lengths above 0x7F are lengths, not signs.
	raw, err := Build(CallSetup, Field{Type: Display, Raw: bytes.Repeat([]byte("x"), 200)}, Field{Type: Number, Raw: []byte("1")})
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := of(t, raw).Caller(); n != "1" {
		t.Errorf("number %q", n)
	}
}

func TestNamesAreDecoded(t *testing.T) {
	for _, c := range []struct {
		raw, text string
		charset   Charset
	}{
		{"SMITH J", "SMITH J", ASCII},
		{"", "", ASCII},
		{"a\x00b\x7F", "a b ", ASCII},
		{"\xD5\xC5\xC8\xFD", "张三", GBK},
		{"\xC9\xCF\xBA\xA3 Tel. 1", "上海 Tel. 1", GBK},
		{"\xD6\xEC\xE9\x46\xBB\xF9", "朱镕基", GBK},
		{"张三", "张三", UTF8},
		{"Müller", "Müller", UTF8},
		{"M\xFCller", "Müller", Latin1},
		{"Fran\xE7ois", "François", Latin1},
		{"\xC3", "Ã", Latin1},
		{"\xA0\xFF", "\u00a0ÿ", Latin1},
	} {
		text, charset := DecodeText([]byte(c.raw))
		if text != c.text || charset != c.charset {
			t.Errorf("% X: %q in %v, want %q in %v", c.raw, text, charset, c.text, c.charset)
		}
	}
}

func decodeGBK(s string) string {
	r, _ := gbkRune([]byte(s))
	return string(r)
}

func TestTableOfGBK(t *testing.T) {
	n := 0
	for i, row := range gbk {
		if c := []rune(row); len(c) != 190 {
			t.Errorf("row %02X has %d characters", 0x81+i, len(c))
		}
		n += 190 - strings.Count(row, "\uFFFD")
	}
	if n != 21791 { // what CP936, and so Python's gbk, has in two bytes
		t.Errorf("%d characters", n)
	}
	for s, want := range map[string]string{"\x81\x40": "丂", "\xB0\xA1": "啊", "\xF7\xFE": "齄", "\xA1\xA1": "\u3000", "\xD7\xF7": "作"} {
		if got := decodeGBK(s); got != want {
			t.Errorf("% X is %q, want %q", s, got, want)
		}
	}
}

func TestCallersSentAsKeys(t *testing.T) {
	for _, c := range []struct {
		keys, number string
		absent       byte
		redirecting  string
	}{
		{"A4712345678C", "4712345678", 0, ""},
		{"A021234567D0987654C", "021234567", 0, "0987654"},
		{"AD0987654B00C", "", OutOfArea, "0987654"},
		{"B00C", "", OutOfArea, ""},
		{"B10C", "", Private, ""},
		{"D1#", "", Private, ""},
		{"D2#", "", OutOfArea, ""},
		{"D0223456789C", "0223456789", 0, ""},
		{"A12345678#", "12345678", 0, ""},
		{"12345678#", "12345678", 0, ""},
		{"D13812345678B", "13812345678", 0, ""},
		{"B02112345678D", "02112345678", 0, ""},
		{"*5551234*", "5551234", 0, ""},
		{"A5551234", "5551234", 0, ""},
		{"5551234", "", 0, "none"},
		{"12#", "", 0, "none"},
		{"AC", "", 0, "none"},
		{"#", "", 0, "none"},
		{strings.Repeat("1", 300) + "C", "", 0, "none"},
	} {
		cad, err := tone.DTMF(c.keys, -12, 70, 70)
		if err != nil {
			t.Fatal(err)
		}
		s := tone.New(cad)
		d := dtmf.New()
		var k Keys
		var events []dtmf.Event
		var got []Message
		block := make([]int16, 160)
		for quiet := 0; quiet < 50; {
			if n := s.Fill(block); n < len(block) {
				clear(block[n:])
				quiet++
			}
			events = d.Process(events[:0], block)
			for _, e := range events {
				got = k.Key(got, e)
			}
			got = k.Tick(got, d.Position())
		}
		if c.redirecting == "none" {
			if len(got) != 0 {
				t.Errorf("%q was taken for %q", c.keys, got[0].Hex())
			}
			continue
		}
		if len(got) != 1 {
			t.Errorf("%q: %d messages", c.keys, len(got))
			continue
		}
		m := got[0]
		number, absent := m.Caller()
		f, _ := m.Field(Redirecting)
		if number != c.number || absent != c.absent || string(f.Raw) != c.redirecting || m.Hex() != c.keys || m.Coding != DTMF {
			t.Errorf("%q: number %q, absent %q, redirecting %q", c.keys, number, absent, f.Raw)
		}
		if len(c.keys) > 2 && (m.At > 5*dsp.MS || m.End <= m.At) {
			t.Errorf("%q: at %d to %d", c.keys, m.At, m.End)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte("\x80\x16\x01\x0803171656\x02\x0A2156430144\xBA"), byte(1))
	f.Add([]byte("A123D456B00C"), byte(3))
	f.Fuzz(func(t *testing.T, raw []byte, coding byte) {
		m := Message{Coding: Coding(coding % 4)}
		if len(raw) > 0 {
			m.Type = raw[0]
			m.length = copy(m.data[:], raw[1:])
		}
		total := 0
		for _, f := range m.Fields(nil) {
			total += len(f.Raw)
			f.Text()
		}
		if total > len(m.Data()) {
			t.Fatalf("fields of %d bytes in %d", total, len(m.Data()))
		}
		m.Caller()
		m.CallerName()
		m.Date()
		DecodeText(raw)
		plausible(m.Type, m.Data())
	})
}
