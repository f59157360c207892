package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vaad/alarm"
	"vaad/recorder/archive"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
	"vaad/recorder/schedule"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func someTarget() targetDoc {
	t := targetDoc{Config: target.Defaults(target.KindFolder), Schedule: "daily 01:30", Night: "20:00-06:00", Verify: "full", KeepStates: 14, Parallel: 2}
	t.Folder.Path = "/mnt/nas/vaad"
	return t
}

func TestATargetThatCannotBeIsRefusedByItsKey(t *testing.T) {
	if err := someTarget().validate("nas-2"); err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(*targetDoc){
		"kind: it must be given first":      func(d *targetDoc) { d.Kind = "" },
		"folder.path: ":                     func(d *targetDoc) { d.Folder.Path = "nas" },
		"schedule: ":                        func(d *targetDoc) { d.Schedule = "sometimes" },
		"day_kbps: -1":                      func(d *targetDoc) { d.DayKBps = -1 },
		"night: ":                           func(d *targetDoc) { d.Night = "20:00" },
		"verify: \"a bit\"":                 func(d *targetDoc) { d.Verify = "a bit" },
		"keep_states: 0":                    func(d *targetDoc) { d.KeepStates = 0 },
		"parallel: 9":                       func(d *targetDoc) { d.Parallel = 9 },
		"late_hours: -1":                    func(d *targetDoc) { d.LateHours = -1 },
		"sftp.user: ":                       func(d *targetDoc) { d.Kind = target.KindSFTP },
		"s3.secret_key: must say where the": func(d *targetDoc) { d.Kind = target.KindS3; d.S3.SecretKey = "wJalrXUtnFEMI" },
	} {
		d := someTarget()
		change(&d)
		if err := d.validate("nas"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, must say %q", err, says)
		} else if strings.Contains(err.Error(), "wJalr") {
			t.Errorf("a secret is repeated: %v", err)
		}
	}
	for _, name := range []string{"", "NAS", "a b", "../x", "-x", strings.Repeat("x", 33)} {
		if err := someTarget().validate(name); err == nil {
			t.Errorf("%q is taken as a name", name)
		}
	}
}

func TestKeysOfBackupsAreRefusedWhereTheyAreNone(t *testing.T) {
	public, secret, err := backup.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	fine := backupDoc{Recipients: []string{public}, LateHours: 24, DrillSize: 20, Drill: "weekly sun 04:30", Identity: "credential:backup"}
	if err := fine.validate(); err != nil {
		t.Error(err)
	}
	for says, change := range map[string]func(*backupDoc){
		"recipients: this is a secret key":  func(d *backupDoc) { d.Recipients = []string{secret} },
		"recipients: ":                      func(d *backupDoc) { d.Recipients = []string{"age1nonsense"} },
		"identity: say where the key stand": func(d *backupDoc) { d.Identity = target.Secret(secret) },
		"late_hours: 0":                     func(d *backupDoc) { d.LateHours = 0 },
		"drill_size: 0":                     func(d *backupDoc) { d.DrillSize = 0 },
		"drill_schedule: ":                  func(d *backupDoc) { d.Drill = "*" },
	} {
		d := fine
		change(&d)
		if err := d.validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, must say %q", err, says)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("the secret key is repeated: %v", err)
		}
	}
}

func TestNightHasItsOwnSpeed(t *testing.T) {
	d := someTarget()
	d.DayKBps, d.NightKBps = 100, 0
	for _, c := range []struct {
		night, at string
		rate      int64
	}{
		{"20:00-06:00", "19:59", 100_000}, {"20:00-06:00", "20:00", 0}, {"20:00-06:00", "00:00", 0}, {"20:00-06:00", "05:59", 0}, {"20:00-06:00", "06:00", 100_000},
		{"01:00-05:00", "00:59", 100_000}, {"01:00-05:00", "01:00", 0}, {"01:00-05:00", "05:00", 100_000},
	} {
		d.Night = c.night
		now, err := time.Parse("15:04", c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.rate(now); got != c.rate {
			t.Errorf("night %s, at %s: %d bytes a second, must be %d", c.night, c.at, got, c.rate)
		}
	}
}

func TestGroupsAndClassesSayWhatIsBackedUp(t *testing.T) {
	lines := map[string][]int{"front": {1, 2}, "back": {3}}
	seal := func(line int, class string) *archive.Seal {
		return &archive.Seal{Start: archive.Start{Line: line, Class: class}}
	}
	d := someTarget()
	if include, scope := d.included(lines, "standard"); include != nil || scope != "" {
		t.Error("a target without groups and classes leaves something out")
	}
	d.Groups, d.Classes = []string{"front"}, []string{"standard", "long"}
	include, scope := d.included(lines, "standard")
	for _, c := range []struct {
		seal *archive.Seal
		want bool
	}{{seal(1, ""), true}, {seal(2, "long"), true}, {seal(1, "short"), false}, {seal(3, "long"), false}} {
		if include(c.seal) != c.want {
			t.Errorf("line %d, class %q: %v", c.seal.Line, c.seal.Class, !c.want)
		}
	}
	d.Classes = []string{"long", "standard"}
	if _, same := d.included(lines, "standard"); same != scope {
		t.Error("the order of classes is taken for a change")
	}
	for name, other := range map[string]func() string{
		"a line more":     func() string { _, s := d.included(map[string][]int{"front": {1, 2, 4}}, "standard"); return s },
		"another default": func() string { _, s := d.included(lines, "long"); return s },
		"a class less":    func() string { d.Classes = d.Classes[:1]; _, s := d.included(lines, "standard"); return s },
	} {
		if other() == scope {
			t.Errorf("%s changes nothing", name)
		}
	}
}

// As when settings are rolled back while the run of a target is being ended.
func TestATargetThatIsThereAgainGoesOnBeingMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := stateDB(t)
		alarms, err := alarm.New(alarm.Config{DB: db})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = alarms.Close() }()
		jobs, err := schedule.New(schedule.Config{Memory: jobMemory{db}})
		if err != nil {
			t.Fatal(err)
		}
		gauge := func(name string) *prometheus.GaugeVec {
			return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name}, []string{"target"})
		}
		b := &backups{d: &running{state: state{db: db, alarms: alarms}, jobs: jobs}, metrics: backup.NewMetrics(nil), targets: map[string]*backupTarget{},
			running: gauge("running"), drilled: gauge("drilled")}
		root := t.TempDir()
		add := func() {
			e, err := backup.New(backup.Config{Name: "nas", Root: root, Metrics: b.metrics})
			if err != nil {
				t.Fatal(err)
			}
			b.targets["nas"] = &backupTarget{name: "nas", engine: e}
			b.running.WithLabelValues("nas").Set(0)
		}
		add()
		old, release, err := b.use("nas") // its run
		if err != nil {
			t.Fatal(err)
		}
		b.mu.Lock()
		b.drop(old)
		add()
		b.mu.Unlock()
		release()
		synctest.Wait()
		if n := testutil.CollectAndCount(b.running); n != 1 {
			t.Errorf("%d targets are measured", n)
		}
		b.mu.Lock()
		b.drop(b.targets["nas"])
		b.mu.Unlock()
		synctest.Wait()
		if n := testutil.CollectAndCount(b.running); n != 0 {
			t.Errorf("%d targets are measured, and there is none", n)
		}
	})
}
