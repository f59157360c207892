package e2e

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/api"
)

// A linkCall is the truth of one call, as testdata/pri/link.c prints it.
type linkCall struct {
	Line      int // timeslot
	Direction string
	Caller    string
	Called    string
	Name      string
	Withheld  bool
	Answered  bool
	Cause     int
	By        string
	OK        bool
}

// buildLink builds both ends of a link of libpri; without compiler or library it skips.
func buildLink(t *testing.T) string {
	t.Helper()
	prog := filepath.Join(scratch(t), "link")
	out, err := exec.Command("gcc", "-std=gnu99", "-O2", "-o", prog, "testdata/pri/link.c", "-lpri").CombinedOutput()
	if err != nil {
		if *full || *reduced {
			t.Fatalf("the link does not build; install gcc and libpri-dev (.ci/need libpri): %v\n%s", err, out)
		}
		t.Skip("needs gcc and libpri-dev")
	}
	return prog
}

// A tapped link tells every call as both ends of it, which are libpri's, know
// it; and where a part of what is tapped is lost, no call stays up for ever.
func TestCallsOnATappedLinkAreToldAsItsEndsKnowThem(t *testing.T) {
	prog := buildLink(t)
	for _, c := range []linkRun{
		{"WholeTap", counts(60, 200, 3000), "0", "euroisdn"},
		{"LossyTap", counts(0, 150, 2000), "0.03", "euroisdn"},
		{"QSIG", counts(0, 40, 1000), "0", "qsig"},
		{"NI2", counts(0, 40, 1000), "0", "ni2"},
		{"DMS100", counts(0, 40, 1000), "0", "dms100"},
		{"5ESS", counts(0, 40, 1000), "0", "5ess"},
		{"4ESS", counts(0, 40, 1000), "0", "4ess"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.calls == 0 {
				t.Skip("runs in .ci/run and in the proofs")
			}
			t.Parallel() // they wait for the calls' timers most of the time
			truth, told, d := c.run(t, prog)
			ends := map[string]linkCall{}
			for _, x := range truth {
				if !x.OK {
					t.Fatalf("the link itself did not end a call: %+v", x)
				}
				ends[x.Called] = x
			}
			var wrong []string
			open, seen := 0, 0
			for _, got := range told {
				if got.End == nil {
					open++
				}
				want, ok := ends[got.Called]
				if !ok {
					continue
				}
				seen++
				if s := compareLink(c, want, got); s != "" {
					wrong = append(wrong, s)
				}
			}
			t.Logf("%d calls, %d told, %d of them by number, %d wrong, %d still up", len(truth), len(told), seen, len(wrong), open)
			if c.loss == "0" {
				if len(told) != len(truth) || seen != len(truth) || len(wrong) > 0 || open > 0 {
					t.Errorf("wrong: %s", strings.Join(wrong[:min(len(wrong), 10)], "\n"))
				}
				if c.name == "WholeTap" {
					capture(t, d, prog)
				}
				return
			}
			// A lost CONNECT or DISCONNECT is lost; RELEASE and RELEASE COMPLETE still end the
			// call. Of a call that loses all three the next in its timeslot does.
			if seen < len(truth)*85/100 || len(wrong) > len(truth)*20/100 || open > 4 {
				t.Errorf("too many: %s", strings.Join(wrong[:min(len(wrong), 10)], "\n"))
			}
		})
	}
}

// A linkRun is so many calls of which a part is lost to the tap.
type linkRun struct {
	name  string
	calls int
	loss  string
	kind  string // of switch
}

const linkBoard = quietly + `
[[board]]
driver = "sim"
id = "e1"
clock = "real"
count = %d
kind = "bchan"
use = "tap"
spans = [{channels = %[2]d, tap = true}, {channels = %[2]d, tap = true}]
`

// t1 reports whether the link has 24 timeslots.
func (c linkRun) t1() bool { return c.kind != "euroisdn" && c.kind != "qsig" }

// run lets the link make its calls beside a daemon that taps it.
func (c linkRun) run(t *testing.T, prog string) (truth []linkCall, told []api.Call, d *Daemon) {
	t.Helper()
	slots := 31
	if c.t1() {
		slots = 24
	}
	d = start(t, scratch(t), fmt.Sprintf(linkBoard, 2*(slots-1), slots))
	dir := sockets(d, "e1")
	out, err := exec.CommandContext(within(t, 20*time.Minute), prog, filepath.Join(dir, "span-01.dch.sock"), filepath.Join(dir, "span-02.dch.sock"),
		fmt.Sprint(c.calls), fmt.Sprint(*seed), c.loss, c.kind).Output()
	if err != nil {
		t.Fatalf("link: %v\n%s", err, d.Log())
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var x linkCall
		if err := dec.Decode(&x); err != nil {
			t.Fatal(err)
		}
		truth = append(truth, x)
	}
	// What was said last must have come through: the last call's end.
	patience := time.Minute
	if c.loss != "0" { // some of it may never come
		patience = 10 * time.Second
	}
	until := time.Now().Add(patience)
	for poll := time.NewTicker(100 * time.Millisecond); ; <-poll.C {
		told, err = Rows[api.Call](within(t, time.Minute), d, "calls", "--limit", "0")
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, x := range told {
			if x.End == nil {
				open++
			}
		}
		if open == 0 && len(told) >= len(truth) || time.Now().After(until) {
			return truth, told, d
		}
	}
}

// capture takes a capture file while calls are made, which must hold frames of
// both directions.
func capture(t *testing.T, d *Daemon, prog string) {
	t.Helper()
	file := filepath.Join(scratch(t), "d.pcap")
	done := make(chan error, 1)
	go func() {
		_, err := d.Ctl(within(t, time.Minute), "pcap", "e1/1", "-o", file, "--seconds", "4")
		done <- err
	}()
	dir := sockets(d, "e1")
	out, err := exec.CommandContext(within(t, time.Minute), prog, filepath.Join(dir, "span-01.dch.sock"), filepath.Join(dir, "span-02.dch.sock"), "10", "7", "0", "euroisdn").CombinedOutput()
	if err != nil {
		t.Fatalf("link: %v: %s", err, out)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil || len(b) < 24 || binary.LittleEndian.Uint32(b) != 0xA1B23C4D || binary.LittleEndian.Uint32(b[20:]) != 177 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	ways := map[uint16]int{}
	for b = b[24:]; len(b) >= 32; {
		n := int(binary.LittleEndian.Uint32(b[8:]))
		ways[binary.BigEndian.Uint16(b[16:])]++
		b = b[16+n:]
	}
	if len(b) != 0 || ways[0] < 10 || ways[4] < 10 {
		t.Errorf("frames by direction: %v, %d bytes left", ways, len(b))
	}
	t.Logf("captured %d frames of the network's side and %d of the user's", ways[0], ways[4])
	if wireshark, err := exec.LookPath("tshark"); err == nil { // an independent reader has no complaint
		cmd := exec.Command(wireshark, "-n", "-r", file, "-Y", "_ws.malformed || _ws.expert.severity >= 0x00800000")
		cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(file))
		if out, err := cmd.Output(); err != nil || len(out) > 0 {
			t.Errorf("tshark: %v\n%s", err, out)
		}
	}
}

// compareLink says what is told otherwise than it was.
func compareLink(c linkRun, want linkCall, got api.Call) string {
	var wrong []string
	is := func(what string, got, want any) {
		if got != want {
			wrong = append(wrong, fmt.Sprintf("%s %v, want %v", what, got, want))
		}
	}
	line := want.Line // the D-channel's timeslot has no line
	if !c.t1() && line > 16 {
		line--
	}
	caller, name, withheld := want.Caller, want.Name, ""
	if want.Withheld {
		caller, name, withheld = "", "", "private"
	}
	is("line", got.Line, line)
	is("direction", got.Direction, want.Direction)
	is("caller", got.Caller, caller)
	is("name", got.Name, name)
	is("withheld", got.Withheld, withheld)
	is("answered", got.Answered != nil, want.Answered)
	is("cause", got.Cause, want.Cause)
	is("ended by", got.EndedBy, "cleared-"+want.By)
	is("missed", got.Missed, want.Direction == "in" && !want.Answered)
	if len(wrong) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s", want.Called, strings.Join(wrong, "; "))
}
