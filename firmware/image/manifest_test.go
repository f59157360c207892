package image

import (
	"strings"
	"testing"
)

const sum0 = "0000000000000000000000000000000000000000000000000000000000000000"

func entry(lines ...string) string {
	keys := map[string]string{"file": `"a.hex"`, "version": `"1"`, "sha256": `"` + sum0 + `"`, "licence": `"ours"`, "kind": `"fx2"`, "devices": `["e4e4:1130"]`}
	for _, l := range lines {
		k, v, _ := strings.Cut(l, "=")
		keys[k] = v
	}
	s := "[[image]]\n"
	for _, k := range []string{"file", "version", "sha256", "licence", "kind", "devices", "releases", "card", "colour"} {
		if keys[k] != "" {
			s += k + " = " + keys[k] + "\n"
		}
	}
	return s
}

func TestAFaultOfAManifestSaysLineAndWhat(t *testing.T) {
	for what, c := range map[string]struct{ file, want string }{
		"no TOML":            {"version = 1\n[[image]\n", "line 2: "},
		"nothing":            {"", "line 1: version = 0"},
		"a later version":    {"\nversion = 2\n", "line 2: version = 2: this program knows version 1"},
		"an unknown key":     {"version = 1\n" + entry("colour=1"), `line 9: the key "image.colour" is unknown`},
		"a wrong type":       {"version = 1\n" + entry("devices=3"), "line 8: "},
		"a path":             {"version = 1\n" + entry(`file="../a.hex"`), `line 3: file: "../a.hex" is no name`},
		"a hidden file":      {"version = 1\n" + entry(`file=".a"`), "line 3: file: "},
		"itself":             {"version = 1\n" + entry(`file="manifest.toml"`), "line 3: file: "},
		"no version":         {"version = 1\n" + entry(`version=""`), "line 4: version: "},
		"a short sum":        {"version = 1\n" + entry(`sha256="00"`), "line 5: sha256: "},
		"no licence":         {"version = 1\n" + entry(`licence=""`), "line 6: licence: "},
		"two lines":          {"version = 1\n" + entry(`licence="a\nb"`), "line 6: licence: "},
		"an unknown kind":    {"version = 1\n" + entry(`kind="rom"`), "line 7: kind: "},
		"no device":          {"version = 1\n" + entry(`devices=[]`), "line 8: devices: "},
		"half a device":      {"version = 1\n" + entry(`devices=["e4e4"]`), "line 8: devices: "},
		"a wrong release":    {"version = 1\n" + entry(`releases=["1.01"]`), "line 9: releases: "},
		"a card for the FX2": {"version = 1\n" + entry(`card=3`), "line 9: card: "},
		"a PIC without":      {"version = 1\n" + entry(`kind="pic"`), "line 2: card: "},
		"a file twice":       {"version = 1\n" + entry() + entry(`devices=["e4e4:1140"]`), `line 10: file = "a.hex": line 2 names it too`},
		"two for one device": {"version = 1\n" + entry() + entry(`file="b.hex"`, `releases=["0101"]`), "line 15: fx2 of e4e4:1130: line 2 has an image"},
		"the second entry":   {"version = 1\n" + entry() + entry(`file="b.hex"`, `devices=["x"]`), "line 15: devices: "},
	} {
		if _, err := ParseManifest([]byte(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
	}
}

func TestImagesForDifferentReleasesOfADeviceAreKeptApart(t *testing.T) {
	entries, err := ParseManifest([]byte("version = 1\n" + entry(`releases=["0101"]`, `kind="fpga"`) + entry(`file="b.hex"`, `kind="fpga"`, `releases=["0201","0202"]`) +
		entry(`file="c.hex"`, `kind="pic"`, `card=1`) + entry(`file="d.hex"`, `kind="pic"`, `card=2`)))
	if err != nil || len(entries) != 4 {
		t.Fatal(entries, err)
	}
	if got := entries[1].Loads(); got != "fpga e4e4:1130 (release 0201 0202)" {
		t.Error(got)
	}
	id := USBID{0xe4e4, 0x1130}
	if entries[0].serves(FPGA, id, 0x0202) || !entries[1].serves(FPGA, id, 0x0202) || entries[1].serves(FX2, id, 0x0202) {
		t.Error("release 0202 is served by the second, as an FPGA image")
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte("version = 1\n" + entry()))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ParseManifest(data)
		for _, e := range entries {
			if err == nil && (strings.ContainsAny(e.File, "/\\\x00") || strings.HasPrefix(e.File, ".")) {
				t.Fatal(e)
			}
		}
	})
}
