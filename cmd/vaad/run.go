package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"vaad/access"
	"vaad/calls"
	"vaad/calls/learn"
	"vaad/channels"
	"vaad/console"
	"vaad/console/history"
	"vaad/console/logs"
	"vaad/driver"
	"vaad/driver/framelog"
	"vaad/recorder"
	"vaad/recorder/archive"
	"vaad/recorder/backup"
	"vaad/recorder/evidence"
	"vaad/recorder/export"
	"vaad/recorder/index"
	"vaad/recorder/peaks"
	"vaad/recorder/schedule"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Run is `vaad run`: everything is opened, wired and kept going until ctx ends.
func (r *runCmd) Run(ctx context.Context) (err error) {
	log, book, end := newLog(r.LogLevel)
	defer end()
	short, inOrder := beginLife(ctx, os.Getenv("STATE_DIRECTORY"), log) // which systemd sets
	defer func() {
		if err == nil {
			inOrder()
		}
	}()
	if ctx.Err() != nil {
		return nil
	}
	c, err := r.load()
	if err != nil {
		return err
	}
	complaints := make(chan complaint, 64) // more at once say nothing new
	boards, err := c.boards(log, func(of complaint) {
		select {
		case complaints <- of:
		default:
		}
	})
	if err != nil {
		return c.at(err)
	}
	runtime.GOMAXPROCS(procs(len(boards)))
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(liveHeap)), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	d := &running{cfg: c, web: r.Web, log: log, book: book, pool: newPool(runtime.NumCPU()), reg: reg, complaints: complaints, short: short}
	return d.run(ctx, boards)
}

// running is one life of the daemon. Its fields are in the order of opening;
// they are closed in the reverse.
type running struct {
	cfg  Config
	web  string // folder of the console's pages; "" = built in
	log  *slog.Logger
	pool *pool
	reg  *prometheus.Registry

	complaints <-chan complaint // of boards about what outside programs sent

	state
	keys    *encryption
	archive *archive.Archive
	tree    *evidence.Log // nil if it could not be opened
	index   *index.Index
	journal *calls.Journal
	plan    *plan
	sys     *channels.System
	calls   *calls.Switch
	learner *learn.Learner
	sounds  *sounds
	talks   *conversations
	ruler   *ruler
	jobs    *schedule.Runner
	backups *backups
	assurer *assurer
	keep    *keeper
	rec     *recorder.Recorder
	told    atomic.Pointer[recorder.Recorder] // rec, for the archive's own goroutine
	access  *access.Control
	exports *export.Jobs
	peaks   *peaks.Cache
	server  *console.Server
	clients *doors
	first   *firstRun
	zone    string // of the site, when this run began; "" = the machine's
	lately  lately // what the feed has told

	book     *logs.Book // the last lines of the log
	notifier *notifier
	history  *history.Keeper // nil if it could not be opened
	proving  proving
	times    timeSource
	packaged packaging
	updates  *updates
	bundling chan struct{} // full while a support bundle is made
	again    chan string   // who wants the daemon to be started again
	short    int           // lives in a row that ended soon before this one
	limits   *limits

	refused sync.Map // line → error: what its board did not take of its settings

	usb       *usb          // USB devices and their firmware
	dchannels *dchannels    // what was lately said on D-channels
	looking   chan struct{} // full while the doctor looks
}

// undo collects what closes things, last opened first.
type undo []func() error

func (u *undo) add(f func() error) { *u = append(*u, f) }

func (u undo) close() error {
	var errs []error
	for i := len(u) - 1; i >= 0; i-- {
		errs = append(errs, u[i]())
	}
	return errors.Join(errs...)
}

func (d *running) run(ctx context.Context, boards []channels.BoardConfig) (err error) {
	var opened undo
	defer func() { err = errors.Join(err, opened.close()) }()
	if cut, err := backup.Interrupted(d.cfg.Root); err == nil && cut {
		return fmt.Errorf("a restore into %s was interrupted: finish it first, with the same vaactl restore all --root %s", d.cfg.Root, d.cfg.Root)
	}
	if d.state, err = d.cfg.openState(d.log, d.reg); err != nil {
		return err
	}
	opened.add(d.state.close)
	d.useZone()
	if err := d.openRecordings(&opened); err != nil {
		return err
	}
	if err := d.openJobs(); err != nil {
		return err
	}
	if err := d.openAssurance(); err != nil {
		return err
	}
	if err := d.openLines(&opened, boards); err != nil {
		return err
	}
	if err := d.openBackups(&opened); err != nil {
		return err
	}
	if err := d.openKeep(); err != nil {
		return err
	}
	if err := d.openSelf(&opened); err != nil {
		return err
	}
	d.openUSB()
	d.openSwitch()
	d.openLearner()
	if err := d.openConsole(&opened); err != nil {
		return err
	}
	// Goroutines end in two waves: first what takes wishes, then what records,
	// so that everything that was asked for is sealed and answered.
	outer, stopOuter := context.WithCancel(ctx)
	inner, stopInner := context.WithCancel(context.WithoutCancel(ctx))
	var wishes, keepers group
	fail := make(chan error, 16)
	keepers.run(inner, fail, "index", d.index.Run)
	feed, switching := d.sys.Subscribe("calls", true), d.sys.Subscribe("switch", true) // now, so that they miss nothing
	keepers.run(inner, fail, "calls", func(ctx context.Context) error { return d.journal.Run(ctx, feed) })
	keepers.run(inner, fail, "recorder", d.rec.Run)
	if d.tree != nil {
		keepers.run(inner, fail, "evidence", d.tree.Run)
	}
	// The boards end last, when opened is undone: their rings hold what the
	// recorder has still to write.
	if err := d.sys.Start(context.WithoutCancel(ctx)); err != nil {
		stopOuter()
		stopInner()
		return errors.Join(err, keepers.wait())
	}
	talks := d.calls.Watch() // now, so that it misses nothing
	wishes.run(outer, fail, "conversations", func(ctx context.Context) error { d.talks.follow(ctx, talks, d.calls); return nil })
	wishes.run(outer, fail, "switch", func(ctx context.Context) error { return d.calls.Run(ctx, switching) })
	wishes.run(outer, fail, "music", func(ctx context.Context) error { d.sounds.keepMusic(ctx); return nil })
	wishes.run(outer, fail, "learner", d.learner.Run)
	wishes.run(outer, fail, "console", d.server.Run)
	wishes.run(outer, fail, "exports", d.exports.Run)
	keepers.run(inner, fail, "access", d.access.Run)
	wishes.run(outer, fail, "peaks", d.peaks.Run)
	wishes.run(outer, fail, "watch", func(ctx context.Context) error {
		(&watch{sys: d.sys, alarms: d.alarms, unfit: d.unfit, synced: recorder.ClockSynced, complaints: d.complaints}).run(ctx, d.sys.Subscribe("watch", false))
		return nil
	})
	wishes.run(outer, fail, "copies", func(ctx context.Context) error { d.copyHourly(ctx, d.log); return nil })
	wishes.run(outer, fail, "settings", func(ctx context.Context) error { d.apply(ctx); return nil })
	failed := d.sys.Subscribe("caller-id", false)
	wishes.run(outer, fail, "caller-id", func(ctx context.Context) error { follow(ctx, failed, d.unread().told); return nil })
	wishes.run(outer, fail, "dchannels", func(ctx context.Context) error { d.dchannels.keep(ctx); return nil })
	wishes.run(outer, fail, "usb", func(ctx context.Context) error { d.usb.run(ctx); return nil })
	facts := d.sys.Subscribe("flight", false)
	wishes.run(outer, fail, "flight", func(ctx context.Context) error { follow(ctx, facts, d.lately.told); return nil })
	wishes.run(outer, fail, "learnt", func(ctx context.Context) error { d.keepLearnt(ctx); return nil })
	if d.tree != nil {
		wishes.run(outer, fail, "anchors", d.anchors)
	}
	wishes.run(outer, fail, "keep", func(ctx context.Context) error { d.keep.keepLooking(ctx); return nil })
	wishes.run(outer, fail, "jobs", d.runJobs)
	wishes.run(outer, fail, "backups", func(ctx context.Context) error { d.backups.keepUp(ctx); return nil })
	wishes.run(outer, fail, "keys", func(ctx context.Context) error { d.watchKeys(ctx); return nil })
	d.keepSelf(outer, &wishes, fail)
	wishes.run(outer, fail, "lives", d.tellShortLives)
	d.clients.serve(d.server, fail)
	wishes.run(outer, fail, "doors", func(ctx context.Context) error { d.clients.run(ctx); return nil })
	d.announce()
	wishes.run(outer, fail, "watchdog", func(ctx context.Context) error { d.watchdog(ctx); return nil })
	select {
	case <-ctx.Done():
		d.log.Info("ending: recordings are being sealed")
	case by := <-d.again:
		d.log.Info("ending, to be started again: recordings are being sealed", "by", by)
	case err = <-fail:
		d.log.Error("ending because a part failed", "error", err)
	}
	daemon.SdNotify(false, daemon.SdNotifyStopping)
	stopOuter()
	soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = errors.Join(err, d.server.Shutdown(soon), wishes.wait())
	hangUp(context.WithoutCancel(ctx), d.sys)
	stopInner()
	return errors.Join(err, keepers.wait())
}

// openRecordings opens archive and index.
func (d *running) openRecordings(opened *undo) (err error) {
	root := filepath.Join(d.cfg.Root, "recordings")
	d.openKeys(opened)
	d.archive, err = archive.Open(archive.Config{Root: root, Pool: d.pool, Registerer: d.reg, Keys: d.keys.keyring(), Encryption: d.keys.wanted, Fault: d.sealFault})
	if err != nil {
		return fmt.Errorf("open recordings: %w", err)
	}
	opened.add(d.archive.Close)
	d.index, err = index.Open(index.Config{Path: filepath.Join(d.cfg.Root, "index.db"), Journals: d.archive, Subscribe: d.archive.Subscribe,
		Acts: d.archive.Acts, Pool: d.pool, Alarms: d.alarms, Logger: d.log, Registerer: d.reg})
	if err != nil {
		return fmt.Errorf("open index.db in %s: %w", d.cfg.Root, err)
	}
	opened.add(d.index.Close)
	d.openEvidence(opened)
	return d.openPeaks(opened)
}

// openLines makes the call journal, the boards and the recorder.
func (d *running) openLines(opened *undo, boards []channels.BoardConfig) (err error) {
	d.plan = newPlan(d.doc, d.sec, d.state.learnt)
	d.plan.inOrder(boards)
	for _, b := range boards {
		if err := os.MkdirAll(b.Config.Dir, 0o700); err != nil {
			return fmt.Errorf("make the sockets' folder of board %s: %w", b.ID, err)
		}
	}
	d.sys, err = channels.New(channels.Config{Boards: boards, Plan: d.plan, Logger: d.log, Registerer: d.reg})
	if err != nil {
		return err
	}
	opened.add(func() error { d.sys.Close(); return nil })
	d.journal, err = calls.New(calls.Config{DB: d.db, Lines: d.sys.Lines, Registerer: d.reg, Logger: d.log,
		OnWrite: d.written})
	if err != nil {
		return fmt.Errorf("open the call journal: %w", err)
	}
	d.ruler = newRuler(d.doc, d.sec, d.plan)
	opened.add(d.ruler.follow())
	d.dchannels, d.looking = newDChannels(d), make(chan struct{}, 1)
	d.talks = newConversations(func() string { return d.sec.recorder.Get(d.doc).Legs }, func(line int) bool {
		return d.ruler.rules().Empty() && wholly(d.plan.recordConfig(line)) // what a rule may yet deny is no substitute for another
	})
	d.rec, err = recorder.New(recorder.Config{System: d.sys, Archive: d.archive, Settings: d.plan.recordConfig, Index: d.index,
		Reserve: d.reserve, Class: func(line int) string { return d.sec.classOf(d.doc.View(), line) },
		Calls: d.journal, Legs: d.talks, Rules: d.ruler.rules, Groups: d.ruler.groups, Alarms: d.alarms, Registerer: d.reg, Logger: d.log,
		Pauses: pauses{d.db}, Partners: d.talks.partners, Signalling: d.dchannels.signalling, Beep: d.beeping, Announcer: announcer{d}})
	if err != nil {
		return err
	}
	d.talks.connected = d.rec.Connected
	d.told.Store(d.rec)
	return nil
}

// openConsole makes access, API and page, and opens their sockets.
func (d *running) openConsole(opened *undo) (err error) {
	if err := d.openAccess(opened); err != nil {
		return err
	}
	maker, exports, err := d.openExports(opened)
	if err != nil {
		return err
	}
	d.exports = exports
	var pages fs.FS
	if d.web != "" {
		pages = os.DirFS(d.web)
	}
	if d.clients, err = d.cfg.openDoors(d.log, d.state, d.reg); err != nil {
		return err
	}
	d.first = &firstRun{d: d}
	d.clients.tell = d.announceConsole
	d.clients.called = d.nameService()
	d.server, err = console.New(console.Config{
		Network:  d.clients,
		USB:      d.usb,
		SetUp:    d.first,
		Web:      pages,
		Searches: savedSearches{d.db}, Maker: maker, Exports: exports,
		Lines: d.sys, Feed: d.sys.Subscribe("console", false), Recorder: d.rec, Index: d.index, Archive: d.archive, Calls: d.journal,
		Settings: d.doc, Assurance: d.assurer, Access: d.access, Address: d.pageAddress, Audit: access.NewAudit(d.db, nil), Alarms: d.alarms, Jobs: d.jobs, Backups: d.backups,
		Notifier: d.notifier, AuditCheck: d.auditCheck, Logs: d.book, History: d.history, System: d.system, Support: d.support, Verification: d.verification, Restart: d.restarts(), Spare: d.limits.Spare,
		Keep: d.keep, Undos: undos{d.db}, Peaks: d.peaks, Prover: d, Sharing: d.sharing(),
		Profile: d.profile, Rules: d.ruler.judge, Site: d.site, Evidence: d.proven, Encryption: d.keys, Flight: d.flight, Live: d.live, Technics: technics{d}, Pcap: d.pcap, DChannels: d.dchannels, Redecode: redecoding{d}, Doctor: d.doctor,
		TestMail: d.testMail, Learner: d.learner, Switch: d.calls, Route: d.plan.route, TrunkGroup: d.plan.trunkGroup, Sounds: d.sounds.make, Prompts: d.sounds, Version: version, Gatherer: d.reg, Registerer: d.reg, Logger: d.log,
	})
	if err != nil {
		return err
	}
	return nil
}

// lineGroups joins the groups' own lists with the lines that name a group.
func (d *running) lineGroups(groups map[string]groupDoc) map[string][]int {
	return linesOfGroups(groups, d.sec.lines.Get(d.doc))
}

func linesOfGroups(groups map[string]groupDoc, lines map[string]lineDoc) map[string][]int {
	out := map[string][]int{}
	for name, g := range groups {
		out[name] = append(out[name], g.Lines...)
	}
	for n, l := range lines {
		if l.Group != "" {
			out[l.Group] = append(out[l.Group], number(n))
		}
	}
	return out
}

func (d *running) site() console.Site {
	s := d.sec.site.Get(d.doc)
	return console.Site{Name: s.Name, Language: s.Language, Zone: cmp.Or(s.TimeZone, machineZone())}
}

func (d *running) profile(line int) console.Profile {
	c, note := d.plan.recordConfig(line), ""
	if l, ok := d.sys.Line(line); ok {
		note = recorder.TriggerNote(c, l.Status())
	}
	return console.Profile{Trigger: c.Trigger, Note: note, Group: d.sec.lines.Get(d.doc)[key(line)].Group}
}

// flight writes what just happened on a line, or on its whole board, as a frame log.
func (d *running) flight(ctx context.Context, line, seconds int, whole bool, w io.Writer) error {
	var log *toldLog
	open := func(in driver.Info, at time.Time) (channels.FrameWriter, error) {
		to, err := framelog.NewWriter(w, in, at)
		if err != nil {
			return nil, err
		}
		log = &toldLog{Writer: to, info: in}
		return log, nil
	}
	var err error
	of, ok := d.sys.Line(line)
	if ok && whole {
		err = d.sys.SaveBoardFlight(ctx, of.Board(), seconds, open)
	} else {
		err = d.sys.SaveFlight(ctx, line, seconds, open)
	}
	if log != nil {
		if err == nil {
			err = d.lately.add(log, of.Board(), d.sys.Lines(), func(n int) channels.LineConfig {
				return d.plan.config(key(n), d.sec.lines.Get(d.doc)[key(n)])
			})
		}
		err = errors.Join(err, log.Close())
	}
	return err
}

// announce says where the daemon can be reached.
func (d *running) announce() {
	d.log.Info("running", "version", version, "root", d.cfg.Root, "socket", d.clients.socket)
	d.announceConsole()
	if d.cfg.simulates {
		fmt.Printf("Simulated board: no configuration was given. Lines, sockets and recordings are under %s.\n", d.cfg.Root)
	}
}

// A group waits for goroutines that have names.
type group struct{ wg sync.WaitGroup }

func (g *group) run(ctx context.Context, fail chan<- error, name string, f func(context.Context) error) {
	g.wg.Go(func() {
		if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
			select {
			case fail <- fmt.Errorf("%s: %w", name, err):
			default:
			}
		}
	})
}

func (g *group) wait() error { g.wg.Wait(); return nil }
