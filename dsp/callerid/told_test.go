package callerid

import (
	"testing"

	"pgregory.net/rapid"
)

func TestMessageOfHardwareSurvivesTheWayAsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, err := Build(CallSetup, Field{Type: Number, Raw: rapid.SliceOfN(rapid.Byte(), 1, 30).Draw(t, "number")}, Field{Type: Name, Raw: rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "name")})
		if err != nil {
			t.Fatal(err)
		}
		m, ok := Parse(b)
		if !ok || m.Coding.String() != "board" {
			t.Fatalf("%x is no message", b)
		}
		back, ok := FromText(m.AppendText(nil))
		if !ok || back != m {
			t.Fatalf("%q is another message", m.AppendText(nil))
		}
		b[len(b)-1]++
		if _, ok := Parse(b); ok {
			t.Fatal("the checksum is not looked at")
		}
	})
}

func FuzzFromText(f *testing.F) {
	f.Add([]byte("caller-id 8003020133"))
	f.Add([]byte("busy tone"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if m, ok := FromText(text); ok {
			if back, again := FromText(m.AppendText(nil)); !again || back != m {
				t.Errorf("%q", text)
			}
		}
	})
}
