package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vaad/access"
	"vaad/console"

	"github.com/prometheus/client_golang/prometheus"
)

// fineLines are lines of which all is well.
type fineLines struct{ anyLines }

type anyLines = console.Lines // whose name is that of a method of theirs too

func (fineLines) Healthy() error { return nil }
func (fineLines) BootID() string { return "boot" }

// serving makes doors with a console behind them, which answers /healthz. loopback is the
// listener of the address of vaad.toml, as it was opened at the start.
func serving(t *testing.T) (d *doors, loopback net.Listener) {
	t.Helper()
	d, _ = doorsForTest(t, stateDB(t))
	d.tell = func() {}
	d.metrics = newDoorMetrics(prometheus.NewRegistry())
	loopback = elsewhere(t)
	d.first, d.local = loopback, loopback.Addr().String()
	type (
		feed     struct{ console.Feed }
		recorder struct{ console.Recorder }
		index    struct{ console.Index }
		archive  struct{ console.Archive }
		calls    struct{ console.Calls }
		audit    struct{ console.Audit }
		alarms   struct{ console.Alarms }
	)
	var err error
	if d.server, err = console.New(console.Config{Logger: d.log, Lines: fineLines{}, Feed: feed{}, Recorder: recorder{}, Index: index{}, Archive: archive{},
		Calls: calls{}, Settings: d.doc, Access: &access.Control{}, Audit: audit{}, Alarms: alarms{}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.server.Shutdown(context.Background()) })
	return d, loopback
}

// elsewhere listens at a loopback address that nobody else uses, so that its port stays free
// when it is closed.
func elsewhere(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.83.7.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// answers asks an address for its health.
func answers(t *testing.T, address string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "127.0.0.1"
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "ok\n" {
		return fmt.Errorf("%s %q %w", resp.Status, b, err)
	}
	return nil
}

// lose ends a door as a fault of its listener does.
func (d *doors) lose(t *testing.T, p doorPlan, l net.Listener) {
	t.Helper()
	e := d.open[p]
	if e == nil || e.opened == nil {
		t.Fatalf("%s is not open: %+v", p.name(), e)
	}
	if d.shut() {
		t.Errorf("%s is open, and is said not to be", p.name())
	}
	_ = l.Close()
	<-e.opened.Done()
	if !d.shut() {
		t.Error("nobody notices that it is gone")
	}
	if answers(t, p.address) == nil {
		t.Fatal("it still answers")
	}
}

func TestTheAddressOfTheFileIsOpenedAgainWhenItHasEnded(t *testing.T) {
	d, loopback := serving(t)
	d.move()
	p := doorPlan{kind: console.LoopbackDoor, address: d.local}
	d.lose(t, p, loopback)
	if d.move(); d.shut() {
		t.Error("it stays shut")
	}
	if err := answers(t, d.local); err != nil {
		t.Error(err)
	}
}

// While nobody can come in over the network, the address of vaad.toml is open although
// settings do not want it; also when it has ended meanwhile.
func TestTheEmergencyAddressIsOpenedAgainWhenItHasEnded(t *testing.T) {
	d, loopback := serving(t)
	taken := elsewhere(t)
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range map[string]string{"network.addresses": `["127.83.7.1"]`, "network.port": port, "network.plain_loopback": "false", "network.enabled": "true"} {
		if _, err := d.doc.Set("ann", "", path, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	told := 0
	d.tell = func() { told++ }
	d.move()
	emergency := doorPlan{kind: console.LoopbackDoor, address: d.local}
	if e := d.open[emergency]; e == nil || e.opened == nil {
		t.Fatalf("the emergency address is not open: %v", d.open)
	}
	_ = loopback.Close()
	<-d.open[emergency].opened.Done()
	if answers(t, d.local) == nil {
		t.Fatal("it still answers")
	}
	before := told
	d.move()
	if err := answers(t, d.local); err != nil || told == before {
		t.Errorf("it was not opened again: %v; told %d times, before that %d", err, told, before)
	}
	for range 3 { // as every five seconds, while the network's door stays shut
		d.move()
	}
	if err := answers(t, d.local); err != nil || told != before+1 {
		t.Errorf("it was opened once more, or is shut: %v, told %d times", err, told-before)
	}
	alarms := d.alarms.(*raised)
	if !slices.ContainsFunc(alarms.up, func(s string) bool { return strings.HasPrefix(s, "listen-failed network") }) {
		t.Error("no alarm of the network's door:", alarms.up)
	}

	_ = taken.Close() // who had the network's port is gone
	d.move()
	if err := answers(t, d.local); err == nil || d.open[emergency] != nil || len(alarms.up) > 0 {
		t.Errorf("the emergency is over, and its address is open (%v), or an alarm is up: %v", err, alarms.up)
	}
	if d.shut() {
		t.Error("the network's door is not open")
	}
}
