package callerid

import "testing"

func TestTextIsEncodedInGBK(t *testing.T) {
	for text, want := range map[string]string{
		"":       "",
		"Zoe":    "Zoe",
		"张三":     "\xd5\xc5\xc8\xfd",
		"a李b":    "a\xc0\xeeb",
		"中文":     "\xd6\xd0\xce\xc4",
		"\u00e6": "?",
		"\ufffd": "?",
		"\xff":   "?",
		"丂":      "\x81\x40",
		"亊":      "\x81\x7e",
		"亐":      "\x81\x80", // 0x7F is left out
	} {
		if got := string(EncodeGBK(text)); got != want {
			t.Errorf("%q: %x, want %x", text, got, want)
		}
	}
}

func TestEveryCharacterOfGBKComesBack(t *testing.T) {
	for i := range gbk {
		for _, r := range gbk[i] {
			if r == 0xFFFD {
				continue
			}
			b := EncodeGBK(string(r))
			if back, ok := gbkRune(b); !ok || back != r {
				t.Fatalf("%c: %x, back %c", r, b, back)
			}
		}
	}
}
