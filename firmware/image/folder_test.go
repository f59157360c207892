package image

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vaad/firmware/wire"
)

var fxs = USBID{0xe4e4, 0x1130}

// folder writes a folder with one image whose hash is right.
func folder(t *testing.T, file string, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "a.hex", file)
	write(t, dir, ManifestName, "version = 1\n"+entry(append([]string{fmt.Sprintf("sha256=%q", fmt.Sprintf("%x", sha256.Sum256([]byte(file))))}, more...)...))
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func code(err error) string {
	if e := (*wire.Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

func load(t *testing.T, dir string) (*Image, error) {
	t.Helper()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f.For(FX2, fxs, 0x0101)
}

func TestAnImageIsGivenWithItsBytes(t *testing.T) {
	img, err := load(t, folder(t, line(0, 0, 1, 2, 3)+line(0, 0xE1FF, 9)+end))
	if err != nil || img.Size != 4 || len(img.Records) != 2 || img.Version != "1" {
		t.Fatal(img, err)
	}
}

func TestBytesThatAreNotTheManifestsAreNeverGiven(t *testing.T) {
	good := line(0, 0, 1, 2, 3) + end
	for what, c := range map[string]struct {
		do   func(dir, file string)
		want string
	}{
		"one bit changed":         {func(_, f string) { write(t, filepath.Dir(f), "a.hex", strings.Replace(good, "1", "0", 1)) }, wire.ImageChanged},
		"a byte appended":         {func(_, f string) { write(t, filepath.Dir(f), "a.hex", good+"\n") }, wire.ImageChanged},
		"emptied":                 {func(_, f string) { write(t, filepath.Dir(f), "a.hex", "") }, wire.ImageChanged},
		"removed":                 {func(_, f string) { os.Remove(f) }, wire.ImageMissing},
		"a link to the right one": {func(d, f string) { write(t, d, "b", good); os.Remove(f); _ = os.Symlink("b", f) }, wire.ImageMissing},
		"a folder":                {func(_, f string) { os.Remove(f); _ = os.Mkdir(f, 0o700) }, wire.ImageMissing},
		"a pipe":                  {func(_, f string) { os.Remove(f); _ = syscall.Mkfifo(f, 0o600) }, wire.ImageMissing},
		"too large":               {func(_, f string) { _ = os.Truncate(f, maxImage+1) }, wire.ImageMissing},
	} {
		dir := folder(t, good)
		c.do(dir, filepath.Join(dir, "a.hex"))
		if img, err := load(t, dir); img != nil || code(err) != c.want {
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
	}
}

func TestTheRightHashOfWrongContentsIsInvalid(t *testing.T) {
	for what, file := range map[string]string{
		"no hex file":        "hello\n",
		"outside the RAM":    line(0, 0x4000, 1) + end,
		"across its end":     line(0, 0x3fff, 1, 2) + end,
		"behind the scratch": line(0, 0xE1FF, 1, 2) + end,
		"the registers":      line(0, 0xE600, 0) + end,
	} {
		if img, err := load(t, folder(t, file)); img != nil || code(err) != wire.ImageInvalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := load(t, folder(t, line(0, 0, 1)+end, `kind="pic"`, `card=1`)); code(err) != wire.NoImage {
		t.Error(err)
	}
}

func TestVerifyTellsOfEveryFile(t *testing.T) {
	dir := folder(t, line(0, 0, 1, 2, 3)+end)
	write(t, dir, "stray.hex", end)
	write(t, dir, "LICENSE.firmware", "words")
	images, err := Verify(dir)
	if err != nil || len(images) != 2 || images[0].Fault != "" || images[1].File != "stray.hex" || images[1].Fault != wire.ImageUnlisted {
		t.Fatal(images, err)
	}
	write(t, dir, "a.hex", end)
	if images, err = Verify(dir); err != nil || images[0].Fault != wire.ImageChanged || images[0].Loads != "fx2 e4e4:1130" {
		t.Fatal(images, err)
	}
	write(t, dir, ManifestName, "version = 9")
	if _, err = Verify(dir); code(err) != wire.ManifestInvalid {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(dir, ManifestName))
	if _, err = Verify(dir); code(err) != wire.NoManifest {
		t.Fatal(err)
	}
}

// Manifests and folders that were ever written can be read for ever.
func TestCompat(t *testing.T) {
	images, err := Verify("testdata/compat/v1")
	if err != nil || len(images) != 3 {
		t.Fatal(images, err)
	}
	for _, i := range images {
		if i.Fault != "" {
			t.Error(i)
		}
	}
	if images[2].Loads != "pic 1 e4e4:1161 (release 0201 0202)" || images[0].Licence != "made by hand for tests, public domain" {
		t.Error(images)
	}
	f, err := Open("testdata/compat/v1")
	if err != nil {
		t.Fatal(err)
	}
	img, err := f.For(FPGA, USBID{0xe4e4, 0x1131}, 0x0101)
	if err != nil || img.Size != 300 || img.Records[len(img.Records)-1].Addr != 0x10000 {
		t.Fatal(img, err)
	}
}
