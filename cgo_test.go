package vaad_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The daemon and its command line are built without C, so that no crash of a C
// library takes calls down; libusb is in vaad-usb alone, a process of its own.
func TestOnlyTheUSBHelperIsLinkedWithC(t *testing.T) {
	t.Parallel()
	list := func(cgo string, args ...string) []string {
		t.Helper()
		c := exec.Command("go", append([]string{"list"}, args...)...)
		c.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
		out, err := c.Output()
		if err != nil {
			t.Fatalf("go list %v: %v", args, err)
		}
		return strings.Fields(string(out))
	}
	commands := list("1", "./cmd/...")
	if !slices.Contains(commands, "vaad/cmd/vaad") || !slices.Contains(commands, "vaad/cmd/vaactl") || !slices.Contains(commands, "vaad/cmd/vaad-usb") {
		t.Fatal(commands)
	}
	for _, command := range commands {
		// With C to be had, so that nothing is left out that a careless build would link.
		linked := list("1", "-deps", "-f", `{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}`, command)
		want := []string(nil)
		if command == "vaad/cmd/vaad-usb" {
			want = []string{"github.com/google/gousb"}
		}
		if !slices.Equal(linked, want) {
			t.Errorf("%s is linked with C by %v, want %v", command, linked, want)
		}
	}
	if out := list("0", "-deps", "-f", `{{if eq .ImportPath "github.com/google/gousb"}}{{.ImportPath}}{{end}}`, "./cmd/..."); len(out) != 0 {
		t.Errorf("without C there is still %v", out)
	}
}
