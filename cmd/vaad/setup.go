package main

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // machines that record calls may have no list of time zones

	"vaad/api"
	"vaad/console"
	"vaad/dsp/tone"
	"vaad/recorder"
	"vaad/store"

	"github.com/boombuler/barcode/qr"
	"golang.org/x/sys/unix"
)

// firstRun is what the first run knows: how far it is, in state.db (docs/formats/state.md),
// what the machine shows, and the link that it begins with.
type firstRun struct {
	d  *running
	mu sync.Mutex

	token string // of the link; "" before it was made
	told  string // what was printed last
}

func progressRow() store.Bucket[console.Progress] {
	return store.NewBucket[console.Progress]("setup")
}

// Progress is how far it is.
func (f *firstRun) Progress() (p console.Progress, err error) {
	err = f.d.db.View(func(tx *store.Tx) error {
		p, _, err = progressRow().Get(tx, "progress")
		return err
	})
	return p, err
}

// Mark changes that.
func (f *firstRun) Mark(change func(*console.Progress)) (p console.Progress, err error) {
	err = f.d.db.Update(func(tx *store.Tx) error {
		if p, _, err = progressRow().Get(tx, "progress"); err != nil {
			return err
		}
		if p.Steps == nil {
			p.Steps = map[string]string{}
		}
		change(&p)
		return progressRow().Put(tx, "progress", p)
	})
	return p, err
}

// Found is what the machine shows.
func (f *firstRun) Found() api.Setup {
	return api.Setup{Zone: machineZone(), Restart: f.d.sec.site.Get(f.d.doc).TimeZone != f.d.zone, Zones: zones(), Countries: tone.Countries(), Synchronised: recorder.ClockSynced(),
		Folder: filepath.Join(f.d.cfg.Root, "recordings")}
}

// What a test of the disk writes: as much as a few minutes of many lines.
const (
	diskTestBlocks = 16
	diskTestBlock  = 1 << 20
)

// TestDisk writes beside the recordings, syncs as recordings are synced, and
// takes away what it wrote.
func (f *firstRun) TestDisk(ctx context.Context) (t console.DiskTest) {
	file, err := os.CreateTemp(filepath.Join(f.d.cfg.Root, "recordings"), ".test-*")
	if err != nil {
		t.Err = err
		return t
	}
	defer func() { t.Err = errors.Join(t.Err, file.Close(), os.Remove(file.Name())) }()
	block := make([]byte, diskTestBlock)
	for i := range block {
		block[i] = byte(i * 7)
	}
	began := time.Now()
	for range diskTestBlocks {
		if t.Err = ctx.Err(); t.Err != nil {
			return t
		}
		n, err := file.Write(block)
		t.Bytes += int64(n)
		if t.Err = err; err != nil {
			return t
		}
		at := time.Now()
		if t.Err = file.Sync(); t.Err != nil {
			return t
		}
		t.Syncs = append(t.Syncs, time.Since(at))
	}
	t.Took = time.Since(began)
	return t
}

// Link is where the first run begins: an address that other machines reach first.
// Without an open door there is none.
func (f *firstRun) Link() api.SetupLink {
	out := api.SetupLink{Open: !f.d.access.HasAdministrator(), URLs: []string{}}
	query := ""
	if out.Open {
		f.mu.Lock()
		if f.token == "" {
			f.token = f.d.access.NewToken()
		}
		query = "?token=" + f.token
		f.mu.Unlock()
	}
	for _, kind := range []console.DoorKind{console.NetworkDoor, console.LoopbackDoor} {
		for _, door := range f.d.clients.State().Doors {
			if door.Kind == string(kind) && door.Open {
				for _, u := range door.URLs {
					out.URLs = append(out.URLs, u+"/"+query)
				}
			}
		}
	}
	if len(out.URLs) > 0 && out.Open {
		out.QR = drawn(out.URLs[0])
	}
	return out
}

// announceConsole says where the page is: with a link that sets vaad up, as long as there is no
// administrator; afterwards people sign in. It says so again when the doors change, until then.
func (d *running) announceConsole() {
	f := d.first
	link := f.Link()
	file := "" // what stands on this machine itself
	for _, u := range link.URLs {
		if file == "" || strings.HasPrefix(u, "http://") {
			file = u
		}
	}
	f.mu.Lock()
	if file != "" {
		if err := renewFile(filepath.Join(d.cfg.Run, "console"), []byte(file+"\n"), 0o600); err != nil {
			d.log.Error("the console's address cannot be written", "error", err)
		}
	}
	again := f.told == strings.Join(link.URLs, " ")
	f.told = strings.Join(link.URLs, " ")
	f.mu.Unlock()
	if again || len(link.URLs) == 0 {
		return
	}
	if file != "" {
		fmt.Printf("Console: %s\n", file)
	}
	for _, u := range link.URLs {
		if u != file {
			fmt.Printf("         %s\n", u)
		}
	}
	if link.Open && strings.HasPrefix(link.URLs[0], "http://") {
		fmt.Println("         Only from this machine. For the network: vaactl network on")
	}
	if terminal(os.Stdout) && link.QR != "" && strings.HasPrefix(link.URLs[0], "https://") {
		fmt.Print(link.QR)
	}
}

// terminal says whether somebody looks at a file as it is written.
func terminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// drawn is a text as a QR code: two rows of modules to a line of half blocks. What is
// light is drawn, as terminals are dark; the margin of four modules belongs to it.
func drawn(text string) string {
	code, err := qr.Encode(text, qr.L, qr.Auto)
	if err != nil {
		return ""
	}
	n := code.Bounds().Dx()
	light := func(x, y int) bool {
		if x < 0 || y < 0 || x >= n || y >= n {
			return true
		}
		return code.At(x, y) == color.White
	}
	var b strings.Builder
	for y := -4; y < n+4; y += 2 {
		for x := -4; x < n+4; x++ {
			switch top, low := light(x, y), light(x, y+1) && y+1 < n+4; {
			case top && low:
				b.WriteRune('█')
			case top:
				b.WriteRune('▀')
			case low:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// machineZone is the time zone of this machine, "" if it does not say which.
func machineZone() string {
	if z := os.Getenv("TZ"); goodZone(z) {
		return z
	}
	if b, err := os.ReadFile("/etc/timezone"); err == nil {
		if z := strings.TrimSpace(string(b)); goodZone(z) {
			return z
		}
	}
	if to, err := os.Readlink("/etc/localtime"); err == nil {
		if _, z, ok := strings.Cut(to, "zoneinfo/"); ok && goodZone(z) {
			return z
		}
	}
	return ""
}

func goodZone(z string) bool {
	if z == "" || z == "Local" || len(z) > 64 {
		return false
	}
	_, err := time.LoadLocation(z)
	return err == nil
}

// zones are those that most people live in; every other name of the IANA's list
// may be set as well.
func zones() []string {
	all := []string{"Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Macau", "Asia/Urumqi", "Asia/Singapore", "Asia/Kuala_Lumpur", "Asia/Bangkok",
		"Asia/Jakarta", "Asia/Manila", "Asia/Ho_Chi_Minh", "Asia/Tokyo", "Asia/Seoul", "Asia/Kolkata", "Asia/Dhaka", "Asia/Karachi", "Asia/Dubai", "Asia/Riyadh",
		"Asia/Tehran", "Asia/Jerusalem", "Asia/Almaty", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Paris", "Europe/Berlin", "Europe/Madrid",
		"Europe/Rome", "Europe/Vienna", "Europe/Zurich", "Europe/Amsterdam", "Europe/Brussels", "Europe/Copenhagen", "Europe/Stockholm", "Europe/Oslo",
		"Europe/Helsinki", "Europe/Warsaw", "Europe/Prague", "Europe/Budapest", "Europe/Athens", "Europe/Bucharest", "Europe/Kyiv", "Europe/Istanbul", "Europe/Moscow",
		"Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix",
		"America/Los_Angeles", "America/Anchorage", "America/Toronto", "America/Vancouver", "America/Mexico_City", "America/Bogota", "America/Lima",
		"America/Santiago", "America/Sao_Paulo", "America/Argentina/Buenos_Aires", "Australia/Sydney", "Australia/Brisbane", "Australia/Adelaide",
		"Australia/Perth", "Pacific/Auckland", "Pacific/Honolulu", "UTC"}
	if z := machineZone(); z != "" && !slices.Contains(all, z) {
		all = append([]string{z}, all...)
	}
	return slices.DeleteFunc(all, func(z string) bool { return !goodZone(z) })
}
