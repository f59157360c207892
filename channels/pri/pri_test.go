package pri

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// bytesOf reads hexadecimal octets.
func bytesOf(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The control fields of Q.921 table 5, commands and responses of both sides.
func TestFramesAreReadAsQ921Table5HasThem(t *testing.T) {
	for _, c := range []struct {
		hex    string
		kind   FrameKind
		ns, nr uint8
		pf     bool
		sender string // "" where either side may have sent it
	}{
		{"02 01 00 01 08", I, 0, 0, true, "network"},
		{"00 01 06 0C 08", I, 3, 6, false, "user"},
		{"02 01 01 02", RR, 0, 1, false, ""},
		{"00 01 05 03", RNR, 0, 1, true, ""},
		{"00 01 09 FE", REJ, 0, 127, false, ""},
		{"00 01 7F", SABME, 0, 0, true, "user"},
		{"02 01 7F", SABME, 0, 0, true, "network"},
		{"02 01 73", UA, 0, 0, true, "user"},
		{"00 01 73", UA, 0, 0, true, "network"},
		{"02 01 1F", DM, 0, 0, true, "user"},
		{"00 01 0F", DM, 0, 0, false, "network"},
		{"00 01 53", DISC, 0, 0, true, "user"},
		{"02 01 03 08", UI, 0, 0, false, "network"},
		{"02 01 97 00", FRMR, 0, 0, true, "user"},
		{"00 01 AF", XID, 0, 0, false, ""},
	} {
		f, err := ParseFrame(bytesOf(t, c.hex))
		if err != nil || f.Kind != c.kind || f.NS != c.ns || f.NR != c.nr || f.PF != c.pf || f.TEI != 0 || f.SAPI != 0 {
			t.Errorf("%s: %+v, %v", c.hex, f, err)
		}
		s, known := f.Sender()
		if known != (c.sender != "") || known && s.String() != c.sender {
			t.Errorf("%s: sent by %v (%v), want %q", c.hex, s, known, c.sender)
		}
	}
	for _, bad := range []string{"", "02", "02 01", "03 01 7F", "02 00 7F", "02 01 FF", "02 01 00", "02 01 0D 00"} {
		if f, err := ParseFrame(bytesOf(t, bad)); err == nil {
			t.Errorf("%q was read as %+v", bad, f)
		}
	}
}

func TestCallReferencesAreReadWithTheirFlag(t *testing.T) {
	for _, c := range []struct {
		hex  string
		want string
	}{
		{"08 02 00 01 05", "SETUP 1 false"},
		{"08 02 80 01 02", "CALL PROCEEDING 1 true"},
		{"08 02 FF FF 45", "DISCONNECT 32767 true"},
		{"08 01 85 4D", "RELEASE 5 true"},
		{"08 02 00 00 46", "RESTART 0 false"},
	} {
		m, err := ParseMessage(bytesOf(t, c.hex))
		if got := fmt.Sprint(m.Type, " ", m.Ref, " ", m.ToOrigin); err != nil || got != c.want {
			t.Errorf("%s: %s, %v, want %s", c.hex, got, err, c.want)
		}
	}
	if m, err := ParseMessage(bytesOf(t, "08 00 62")); err != nil || !m.Dummy {
		t.Errorf("a dummy reference: %+v, %v", m, err)
	}
	for _, bad := range []string{"", "08", "08 02 00 01", "08 13 00 00 00 05", "08 03 00 00 00 05 00", "41 02 00 01 05"} {
		if m, err := ParseMessage(bytesOf(t, bad)); err == nil {
			t.Errorf("%q was read as %+v", bad, m)
		}
	}
}

// Elements of other codesets are gone over: clauses 4.5.3 and 4.5.4.
func TestElementsOfOtherCodesetsAreLeftOut(t *testing.T) {
	read := func(hex string) string {
		m, err := ParseMessage(bytesOf(t, "08 02 00 01 05"+hex))
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		m.Elements(func(e Element) { s = append(s, fmt.Sprintf("%02x:%x", uint8(e.ID), e.Data)) })
		return strings.Join(s, " ")
	}
	for in, want := range map[string]string{
		"":                              "",
		"04 03 80 90 A3 A1":             "04:8090a3 a1:",
		"9E 28 01 41 28 01 42":          "28:42",       // non-locking: one element of codeset 6
		"96 28 01 41 28 01 42":          "",            // locking: all that follow
		"28 01 42 96 28 01 41 90 A1":    "28:42 a1:",   // and back
		"28 05 41 42":                   "",            // cut off
		"28 00 70 02 80 31":             "28: 70:8031", // empty
		"1C 02 91 A1 70 04 81 31 32 33": "1c:91a1 70:81313233",
	} {
		if got := read(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestElementsAreReadAsQ931HasThem(t *testing.T) {
	for hex, want := range map[string]Number{
		"81 31 32 33":       {Digits: "123", Plan: 1},
		"91 38 36":          {Digits: "86", Type: 1, Plan: 1},
		"21 83 31 30":       {Digits: "10", Type: 2, Plan: 1, Screening: 3},
		"01 A0":             {Plan: 1, Presented: Restricted},
		"21 43 80":          {Type: 2, Plan: 1, Presented: NotAvailable, Screening: 3},
		"21 00 8F 35":       {Digits: "5", Type: 2, Plan: 1, Reason: 15},
		"80 2A 31 23 00 35": {Digits: "*1#"},
	} {
		if n, ok := ParseNumber(bytesOf(t, hex)); !ok || n != want {
			t.Errorf("number %s: %+v, %v, want %+v", hex, n, ok, want)
		}
	}
	for hex, want := range map[string]string{
		"A9 83 83":          "3 exclusive",
		"A1 83 9F":          "31 preferred",
		"E9 80 83 91":       "17 exclusive", // the interface is named
		"A9 93 00 01 00 00": "16 exclusive",
		"A9 93 00 00 00 02": "1 exclusive",
		"A9 93 80 00 00":    "24 exclusive",
		"89":                "1 exclusive",
		"8A":                "2 exclusive",
	} {
		c, ok := ParseChannelID(bytesOf(t, hex))
		got := fmt.Sprint(c.Slot(), map[bool]string{true: " exclusive", false: " preferred"}[c.Exclusive])
		if !ok || got != want {
			t.Errorf("channel %s: %s (%+v), %v, want %s", hex, got, c, ok, want)
		}
	}
	if c, ok := ParseChannelID([]byte{0xA3}); !ok || !c.Any {
		t.Errorf("any channel: %+v, %v", c, ok)
	}
	for hex, want := range map[string]Cause{"80 90": {Value: 16}, "82 91": {17, 2}, "02 80 A9": {41, 2}, "85 D8 18": {88, 5}} {
		if c, ok := ParseCause(bytesOf(t, hex)); !ok || c != want {
			t.Errorf("cause %s: %+v, %v, want %+v", hex, c, ok, want)
		}
	}
	for _, bad := range []string{"", "00", "80", "02 80"} {
		if c, ok := ParseCause(bytesOf(t, bad)); ok {
			t.Errorf("cause %q was read as %+v", bad, c)
		}
	}
	for hex, want := range map[string]string{
		"9F AA 06 80 01 00 82 01 00 8B 01 00 A1 0D 02 01 01 02 01 00 80 05 4C 69 20 33 30": "Li 30",
		"91 A1 0D 02 01 01 02 01 00 80 05 4C 69 20 33 30":                                  "Li 30",
		"9F A1 12 02 01 01 80 01 05 02 01 00 30 07 80 05 4C 69 20 33 30":                   "Li 30", // linked, in a sequence
		"9F A1 11 02 01 01 02 01 00 A1 09 04 02 4C 69 02 01 01":                            "",      // cut off
		"9F A1 0F 02 01 01 02 01 00 A1 07 04 02 4C 69 02 01 01":                            "Li",    // with its character set
		"9F A1 0D 02 01 01 02 01 00 82 05 4C 69 20 33 30":                                  "",      // restricted
		"9F A1 0D 02 01 01 02 01 01 80 05 4C 69 20 33 30":                                  "",      // the called one's
		"9F A1 FF": "", "9F": "", "": "",
	} {
		if got := callingName(bytesOf(t, hex)); got != want {
			t.Errorf("name %s: %q, want %q", hex, got, want)
		}
	}
	if s := text([]byte("\xB1Li Lei\x00")); s != "Li Lei" {
		t.Errorf("display: %q", s)
	}
}
