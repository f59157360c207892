package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// limitRig is a watch whose process is what the test says.
type limitRig struct {
	*limits
	u        usage
	up       bells
	now      time.Time
	relieved int
	goal     int64
	profiles []string
	restarts int
}

func newLimitRig() *limitRig {
	r := &limitRig{up: bells{}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	r.u = usage{memory: 100 << 20, memoryMost: 1000 << 20, beside: 60 << 20, files: 40, filesMost: 1000, sockets: 5, goroutines: 90}
	r.limits = &limits{log: slog.New(slog.DiscardHandler), alarms: r.up, read: func() usage { return r.u }, boards: func() int { return 2 },
		relieve: func() { r.relieved++ }, goal: func(n int64) { r.goal = n }, profile: func(of string) error { r.profiles = append(r.profiles, of); return nil },
		again: func(string) { r.restarts++ }, metrics: newLimitMetrics(prometheus.NewRegistry()), began: r.now, last: map[string]int{}}
	r.limits.up = map[string]bool{}
	return r
}

// pass looks so often, 15 s apart.
func (r *limitRig) pass(d time.Duration) {
	for end := r.now.Add(d); r.now.Before(end); r.now = r.now.Add(limitsEvery) {
		r.look(r.now)
	}
}

func (r *limitRig) stands(code string) bool { _, is := r.up[[2]string{code, ""}]; return is }

func TestMemoryThatRunsShortIsToldRelievedAndSpared(t *testing.T) {
	r := newLimitRig()
	r.pass(time.Minute)
	if r.stands(alarmMemory) || r.Spare() != "" || r.relieved > 0 {
		t.Fatalf("at a tenth: %v", r.up)
	}
	if want := int64(900<<20) - 60<<20; r.goal != want {
		t.Errorf("Go may take %d MiB, want %d", r.goal>>20, want>>20)
	}
	r.relieve = func() { r.relieved++; r.u.memory = 500 << 20 } // it was garbage
	r.u.memory = 850 << 20
	r.pass(time.Minute)
	if r.relieved != 1 || r.stands(alarmMemory) || r.Spare() != "" {
		t.Fatalf("garbage: given back %d times, %v", r.relieved, r.up)
	}
	r.relieve = func() { r.relieved++ } // nothing can be given back
	r.u.memory = 850 << 20
	r.pass(10 * time.Minute)
	if !r.stands(alarmMemory) || r.Spare() != alarmMemory || len(r.profiles) != 1 {
		t.Fatalf("at 85 %%: %v, spared for %q, profiles %v", r.up, r.Spare(), r.profiles)
	}
	if r.relieved > 12 {
		t.Errorf("given back %d times in ten minutes: that costs more than it gives", r.relieved)
	}
	r.u.memory = 750 << 20
	r.pass(time.Minute)
	if !r.stands(alarmMemory) {
		t.Error("the alarm flutters between its bounds")
	}
	r.u.memory = 650 << 20
	r.pass(time.Minute)
	if r.stands(alarmMemory) || r.Spare() != "" || r.restarts > 0 {
		t.Errorf("afterwards: %v, %q, %d restarts", r.up, r.Spare(), r.restarts)
	}
}

func TestTheLastResortIsAnOrderedRestartAndNotAtOnce(t *testing.T) {
	r := newLimitRig()
	r.u.memory = 970 << 20
	r.pass(young - time.Minute)
	if r.restarts > 0 {
		t.Fatal("a process that filled up within an hour is not helped by another start")
	}
	r.u.memory = 100 << 20
	r.pass(2 * time.Minute)
	r.u.memory = 970 << 20
	r.pass(2 * limitsEvery)
	r.u.memory = 900 << 20
	r.pass(limitsEvery)
	r.u.memory = 970 << 20
	r.pass(3 * limitsEvery)
	if r.restarts > 0 {
		t.Fatal("started again for moments")
	}
	r.pass(2 * limitsEvery)
	if _, is := r.up[[2]string{alarmRestart, alarmMemory}]; !is || r.restarts != 1 {
		t.Errorf("%d restarts, %v", r.restarts, r.up)
	}
	r = newLimitRig()
	r.again = nil // nobody would start it again
	r.u.files = 980
	r.pass(2 * time.Hour)
	if _, is := r.up[[2]string{alarmRestart, alarmDescriptors}]; is || !r.stands(alarmDescriptors) {
		t.Errorf("without systemd: %v", r.up)
	}
}

func TestDescriptorsThatRunShortAreToldAndSpared(t *testing.T) {
	r := newLimitRig()
	r.u.files = 820
	r.pass(time.Minute)
	if !r.stands(alarmDescriptors) || r.Spare() != alarmDescriptors || r.up[[2]string{alarmDescriptors, ""}]["limit"] != "1000" {
		t.Errorf("%v", r.up)
	}
	r.u.files = 300
	r.pass(time.Minute)
	if r.stands(alarmDescriptors) || r.Spare() != "" {
		t.Errorf("afterwards: %v", r.up)
	}
}

func TestGoroutinesThatNothingExplainsAreALeak(t *testing.T) {
	r := newLimitRig()
	r.pass(3 * time.Hour)
	for range 4 { // busy hours: many connections and what serves them, for moments jobs too
		r.u.sockets, r.u.goroutines = 405, 90+400*perSocket
		r.pass(30 * time.Minute)
		r.u.goroutines += 1000
		r.pass(29 * time.Minute)
		r.u.sockets, r.u.goroutines = 5, 90
		r.pass(time.Minute)
	}
	if r.stands(alarmGoroutines) {
		t.Fatalf("a busy day is no leak: %v", r.up)
	}
	for range 12 {
		r.u.goroutines += 30
		r.pass(time.Hour)
	}
	if !r.stands(alarmGoroutines) || len(r.profiles) != 1 || r.up[[2]string{alarmGoroutines, ""}]["count"] == "" || r.restarts > 0 {
		t.Fatalf("30 an hour for half a day: %v", r.up)
	}
	r.u.goroutines = 95
	r.pass(2 * time.Hour)
	if r.stands(alarmGoroutines) {
		t.Error("it stands although they are gone")
	}
	r.u.goroutines = 30_000
	r.pass(limitsEvery)
	if !r.stands(alarmGoroutines) {
		t.Error("30,000 at once wait for the hour to end")
	}
}

func TestTheMemoryLimitIsTheLeastOfAllThatHold(t *testing.T) {
	machine := fstest.MapFS{"proc/meminfo": {Data: []byte("MemTotal:        1000000 kB\nMemFree: 5 kB\n")}}
	with := func(more map[string]string) fstest.MapFS {
		m := fstest.MapFS{}
		for k, v := range machine {
			m[k] = v
		}
		for k, v := range more {
			m[k] = &fstest.MapFile{Data: []byte(v)}
		}
		return m
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no groups":              {nil, 1_000_000 << 10},
		"no limit":               {map[string]string{"proc/self/cgroup": "0::/system.slice/vaad.service\n", "sys/fs/cgroup/system.slice/vaad.service/memory.max": "max\n"}, 1_000_000 << 10},
		"high is below max":      {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "500000000\n", "sys/fs/cgroup/a/b/memory.high": "400000000\n"}, 400_000_000},
		"a group above is lower": {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "500000000\n", "sys/fs/cgroup/a/memory.max": "300000000\n"}, 300_000_000},
		"version 1":              {map[string]string{"proc/self/cgroup": "4:memory:/x\n0::/\n", "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "200000000\n"}, 200_000_000},
		"no limit in version 1":  {map[string]string{"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 1_000_000 << 10},
		"nonsense":               {map[string]string{"proc/self/cgroup": ":\n::\n0::/../../..\nx\n", "sys/fs/cgroup/memory.max": "-3\n"}, 1_000_000 << 10},
	} {
		if got := memoryBound(with(c.files)); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	u := readUsage(os.DirFS("/"))
	if u.memory < 1<<20 || u.memoryMost < u.memory || u.files < 3 || u.filesMost < u.files || u.goroutines < 1 {
		t.Errorf("of this process: %+v", u)
	}
}

func TestProfilesAreFewSmallAndInTheBundle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		p := profiles{dir, func() time.Time { return now }}
		hold := make(chan struct{})
		defer close(hold)
		for range 50 {
			go func() { <-hold }()
		}
		synctest.Wait() // until all of them wait
		for range 10 {
			if err := p.write(alarmMemory); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Minute)
		}
		all := p.files()
		if len(all) != profilesKept || !strings.Contains(filepath.Base(all[len(all)-1]), "T031305Z-memory-high") {
			t.Fatalf("%v", all)
		}
		docs := p.documents()
		var read struct {
			Goroutines, Memory []struct {
				Count int
				Stack []string
			}
		}
		if len(docs) != 2 || docs[1].Err != nil || len(docs[1].Data) > 1<<20 {
			t.Fatalf("%d documents", len(docs))
		}
		if err := json.Unmarshal(docs[1].Data, &read); err != nil || len(read.Memory) > profileStacks {
			t.Fatalf("%v", err)
		}
		if g := read.Goroutines[0]; g.Count < 50 || !strings.Contains(fmt.Sprint(g.Stack), "TestProfilesAreFewSmallAndInTheBundle") {
			t.Errorf("what most goroutines wait in: %+v", g)
		}
	})
}
