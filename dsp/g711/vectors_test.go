package g711

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// TestSweepsOfTheSoftwareToolLibrary runs the sweep over all 65536 samples of
// ITU-T G.191's G.711 tool, which is not part of this project, from the folder
// g711 below VAAD_VECTORS. µ-law's −0 decodes to −1 here, as the package
// comment says.
func TestSweepsOfTheSoftwareToolLibrary(t *testing.T) {
	dir := os.Getenv("VAAD_VECTORS")
	if dir == "" {
		t.Skip("VAAD_VECTORS names no folder")
	}
	read := func(name string) []int16 {
		b, err := os.ReadFile(filepath.Join(dir, "g711", name))
		if err != nil {
			t.Fatal(err)
		}
		x := make([]int16, len(b)/2)
		for i := range x {
			x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		return x
	}
	src := read("sweep.src")
	for law, name := range map[Law]string{ALaw: "a", MuLaw: "u"} {
		code, back := make([]byte, len(src)), make([]int16, len(src))
		Encode(code, src, law)
		Decode(back, code, law)
		codes, samples := read("sweep-r."+name), read("sweep-r."+name+"-"+name)
		for i, c := range code {
			if int16(c) != codes[i] {
				t.Fatalf("%v-law: %d is coded %#x, want %#x", name, src[i], c, codes[i])
			}
			if back[i] != samples[i] && !(law == MuLaw && c == 0x7F && back[i] == -1) {
				t.Fatalf("%v-law: %#x is %d, want %d", name, c, back[i], samples[i])
			}
		}
	}
}
