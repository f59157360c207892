package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vaad/api"
)

// networks makes so many networks of their own, each with a card eth0 on one cable (a veth), and returns
// the commands that programs are started in them by. It skips where that cannot be had.
func networks(t *testing.T, addresses [2]string) (in [2][]string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root makes networks for it")
	}
	for _, tool := range []string{"ip", "unshare", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%v: networks are made by it (Debian: iproute2, util-linux)", err)
		}
	}
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Skip(err)
	}
	var pids [2]string
	for i := range in {
		holder := exec.Command("unshare", "--net", "sleep", "infinity") // it goes with the process
		holder.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := holder.Start(); err != nil {
			t.Skip(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- holder.Wait() }()
		t.Cleanup(func() { _ = holder.Process.Kill() })
		pids[i] = fmt.Sprint(holder.Process.Pid)
		if err := Until(within(t, time.Minute), "a network of its own", func() (bool, error) {
			select {
			case err := <-ended:
				t.Skipf("this machine makes no networks: unshare: %v", err)
			default:
			}
			at, err := os.Readlink("/proc/" + pids[i] + "/ns/net")
			return err == nil && at != own, nil
		}); err != nil {
			t.Fatal(err)
		}
		in[i] = []string{"nsenter", "--net=/proc/" + pids[i] + "/ns/net"}
	}
	ip := func(in []string, args ...string) {
		t.Helper()
		all := append(append(slices.Clone(in), "ip"), args...)
		if out, err := exec.Command(all[0], all[1:]...).CombinedOutput(); err != nil {
			t.Skipf("this machine makes no networks: %s: %v: %s", strings.Join(all, " "), err, out)
		}
	}
	ip(in[0], "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", pids[1])
	for i := range in {
		ip(in[i], "address", "add", addresses[i], "dev", "eth0")
		ip(in[i], "link", "set", "lo", "up")
	}
	for i := range in {
		ip(in[i], "link", "set", "eth0", "up")
	}
	return in
}

// TestTwoBoxesThatStartAtOnceAndWantOneNameHaveTwo: two daemons with the same settings, each in a network
// of its own, joined by a cable.
func TestTwoBoxesThatStartAtOnceAndWantOneNameHaveTwo(t *testing.T) {
	atLeastReduced(t)
	in := networks(t, [2]string{"192.168.77.1/24", "192.168.77.2/24"})
	var boxes [2]Binaries
	roots := [2]string{scratch(t), scratch(t)}
	for i := range boxes {
		boxes[i] = bin
		boxes[i].Vaad = filepath.Join(scratch(t), "vaad")
		script := fmt.Sprintf("#!/bin/sh\nexec %s %s \"$@\"\n", strings.Join(in[i], " "), bin.Vaad)
		if err := os.WriteFile(boxes[i].Vaad, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ctx := within(t, 5*time.Minute)
	config := "listen = \"127.0.0.1:0\"\n[settings.network]\nmdns_name = \"vaad\"\nenabled = true\n" + board("sim", "real", 1, "")
	began := time.Now()
	var daemons [2]*Daemon
	var errs [2]error
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() { daemons[i], errs[i] = Start(ctx, boxes[i], roots[i], config) })
	}
	wg.Wait()
	for i, d := range daemons {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		t.Cleanup(d.Kill)
	}
	named := func(ctx context.Context, d *Daemon) (n api.Network, name api.Door) {
		t.Helper()
		if err := Until(ctx, "the box answers to a name", func() (bool, error) {
			out, err := d.Ctl(ctx, "network", "--json")
			if err != nil {
				return false, err
			}
			if err := json.Unmarshal([]byte(out), &n); err != nil {
				return false, err
			}
			i := slices.IndexFunc(n.Doors, func(d api.Door) bool { return d.Kind == "name" })
			if i >= 0 {
				name = n.Doors[i]
			}
			return name.Open, nil
		}); err != nil {
			t.Fatalf("%v: %+v\n%s", err, name, d.Log())
		}
		return n, name
	}
	var names []string
	second := 0
	if err := Until(ctx, "two names", func() (bool, error) { // where the machine stands still between question and answer they notice later
		names = nil
		for i, d := range daemons {
			_, name := named(ctx, d)
			names = append(names, name.Address)
			if name.Address != "vaad.local" {
				second = i
			}
			if (name.Fault == "renamed") != (name.Address != "vaad.local") {
				return false, fmt.Errorf("%+v", name)
			}
		}
		return names[0] != names[1], nil
	}); err != nil {
		t.Fatalf("%v: they are called %v\n%s\n%s", err, names, daemons[0].Log(), daemons[1].Log())
	}
	t.Logf("%v, %.1f s after both were started", names, time.Since(began).Seconds())
	if has := slices.Sorted(slices.Values(names)); !slices.Equal(has, []string{"vaad-2.local", "vaad.local"}) {
		t.Fatalf("they are called %v\n%s\n%s", names, daemons[0].Log(), daemons[1].Log())
	}
	// Its certificate is good for the name that it has, and nobody is sent to the other box.
	if err := Until(within(t, 2*time.Minute), "the certificate of its name", func() (bool, error) {
		n, _ := named(ctx, daemons[second])
		return n.Certificate != nil && slices.Contains(n.Certificate.Names, "vaad-2.local"), nil
	}); err != nil {
		t.Error(err)
	}
	n, _ := named(ctx, daemons[second])
	for _, d := range n.Doors {
		if d.Kind == "network" && (!slices.ContainsFunc(d.URLs, func(u string) bool { return strings.HasPrefix(u, "https://vaad-2.local:") }) ||
			slices.ContainsFunc(d.URLs, func(u string) bool { return strings.HasPrefix(u, "https://vaad.local:") })) {
			t.Errorf("it is reached as %v", d.URLs)
		}
	}
	// People keep a name: it stays also while the other box is away.
	for _, d := range daemons {
		stop(t, d)
	}
	again, err := Start(ctx, boxes[second], roots[second], "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Kill)
	if _, name := named(ctx, again); name.Address != "vaad-2.local" {
		t.Errorf("after the next start it is called %s", name.Address)
	}
}
