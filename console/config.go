package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"strconv"
	"time"

	"vaad/access"
	"vaad/alarm"
	"vaad/api"
	"vaad/calls"
	"vaad/channels"
	"vaad/console/history"
	"vaad/console/logs"
	"vaad/recorder"
	"vaad/recorder/archive"
	"vaad/recorder/export"
	"vaad/recorder/index"
	"vaad/settings"

	"github.com/prometheus/client_golang/prometheus"
)

// A Site is what the settings say of the whole installation.
type Site struct {
	Name     string
	Language string // "en" or "zh": of texts for callers who ask for none
	Zone     string // time zone that times are shown in (IANA); "" = not known
}

// Lines is what the console needs of the lines: [channels.System].
type Lines interface {
	Lines() []channels.LineStatus
	Boards() []channels.BoardStatus
	BootID() string
	Healthy() error
}

// Feed is a lossy reader of the feed of call events: [channels.Reader].
type Feed interface {
	Wake() <-chan struct{}
	Drain(dst []channels.Event) (events []channels.Event, lost bool)
}

// Recorder starts and stops recordings and lets lines be heard: [recorder.Recorder].
type Recorder interface {
	Start(line int, actor string) (id string, err error)
	Stop(line int, actor string) error
	Active() []recorder.Active
	Pause(line int, w recorder.PauseWish) (recorder.Pause, error)
	Resume(line int, actor string) (recorder.Pause, error)
	Paused() []recorder.Pause
	Listen(ctx context.Context, line int) (io.Reader, error)
}

// Index finds recordings: [index.Index].
type Index interface {
	Query(context.Context, index.Filter) (index.Page, error)
	Get(id string) (index.Row, bool, error)
	Refresh(context.Context) error
	Daily(context.Context, index.Filter) ([]index.DayTotal, error)
}

// Archive opens recordings and takes what is done to them: [archive.Archive].
type Archive interface {
	Audio(day archive.Day, id, side string) (*archive.Audio, error)
	Story(day archive.Day, id string) (archive.Story, error)
	Act(context.Context, archive.Act) (archive.JournalLine, error)
	HasEncrypted(day archive.Day, id string, sides []string) bool
	Space() (archive.Space, error)
}

// Calls finds calls: [calls.Journal].
type Calls interface {
	Query(context.Context, calls.Filter) (calls.Page, error)
	Get(id string) (calls.Row, bool, error)
}

// Alarms lists what is wrong: [alarm.Manager].
type Alarms interface {
	Active() []alarm.Alarm
	History(before uint64, limit int) ([]alarm.Alarm, error)
	Ack(id uint64, actor, comment string) error
	Subscribe() (changes <-chan struct{}, cancel func())
}

// Audit keeps who did what: [access.Audit].
type Audit interface {
	Append(access.Entry) (access.Entry, error)
	Query(access.AuditFilter) ([]access.Entry, error)
}

// Profile is what the settings say about a line and the line itself does not.
type Profile struct {
	Trigger string // off, manual, voltage, voice, key, call or continuous
	Note    string // code of what to know about that trigger on this line; "" = nothing
	Group   string
}

// A Judge says what rules make of a call that is over.
type Judge func(*calls.Row) recorder.Foresight

// Config is what a Server needs. All fields are required unless said otherwise.
type Config struct {
	Web fs.FS // the pages; nil: those that are built in

	Lines      Lines
	Feed       Feed
	Recorder   Recorder
	Index      Index
	Archive    Archive
	Calls      Calls
	Settings   *settings.Document
	Access     *access.Control
	Audit      Audit
	Alarms     Alarms
	Profile    func(line int) Profile
	Rules      func(sections json.RawMessage) (Judge, error) // of past calls: by the rules in force, or by sections of settings; nil: not offered
	Site       func() Site                                   // nil: it has no name, and speaks English
	Jobs       Jobs                                          // nil: not offered
	Backups    Backups                                       // nil: not offered
	Assurance  Assurance                                     // nil: not offered
	Evidence   func() *api.Evidence                          // nil, or answers nil: there is no evidence log
	Encryption Encryption                                    // nil: recordings are never encrypted
	Searches   Searches                                      // nil: searches are not saved
	Maker      *export.Maker                                 // of audio in other formats; nil: recordings are not exported
	Exports    *export.Jobs                                  // of many recordings; nil: not offered
	Spare      func() string                                 // code of the alarm why nothing is taken on that can wait, "" if there is none; nil: there is never one
	Prover     Prover                                        // nil: recordings are verified by vaactl only
	Sharing    *Sharing                                      // nil: recordings are not shared by links
	Peaks      Peaks                                         // nil: players get no picture
	Keep       Keep                                          // nil: not offered
	Undos      Undos                                         // nil: acts on many recordings cannot be undone

	Network Network // nil: the box is reached on this machine only
	SetUp   SetUp   // nil: there is no first run

	// Flight writes the last seconds of a line, or of its whole board, as a frame
	// log to w. nil: not offered.
	Flight func(ctx context.Context, line, seconds int, whole bool, w io.Writer) error

	// Technics is what technicians do to lines. nil: not offered.
	Technics Technics

	// Live is a line's audio as it comes. nil: not offered.
	Live func(line int) (Audio, bool)

	// Address is where browsers reach the page: http://127.0.0.1:8470. nil, or "": nowhere.
	Address func() string

	// Pcap writes what comes on a span's D-channel to w as a capture file, until ctx
	// ends or all that is kept is written. nil: not offered.
	Pcap func(ctx context.Context, of PcapWish, w io.Writer) error

	DChannels DChannels  // nil: what was said on D-channels is not kept
	Redecode  Redecoding // nil: not offered

	// Doctor looks at the machine. nil: not offered.
	Doctor func(context.Context, DoctorView) ([]DoctorFinding, error)

	// Switch carries calls. nil: there are none but those that others make.
	Switch Switch

	// Route says where a number leads that is dialled here, the first choice first;
	// nothing: nowhere. TrunkGroup lists the lines of a group. nil: there is no dial plan.
	Route      func(number string) []Target
	TrunkGroup func(name string) (lines []int, ok bool)

	// Sounds makes audio of prompts and of what is to be said. Prompts are the
	// prompts. nil: not offered.
	Sounds  func(lang string, items []string) ([]channels.Audio, error)
	Prompts Prompts

	// TestMail sends a mail by the server of the settings. nil: not offered.
	TestMail func(ctx context.Context, lang, to string) error

	// Learner learns lines by calls. nil: not offered.
	Learner Learner

	USB USB // USB devices and their firmware; nil: not offered

	// Of how the box looks after itself; each nil: not offered.
	Notifier     Notifier           // tells people of alarms
	AuditCheck   AuditCheck         // verifies the audit log
	Logs         *logs.Book         // the last lines of the log
	History      *history.Keeper    // of metrics
	System       func() api.System  // the machine and the daemon
	Support      Support            // support bundles
	Verification WholeVerifier      // of all recordings
	Restart      func(actor string) // ends the daemon, to be started again by who runs it

	Version    string                // of the daemon
	Started    time.Time             // of this run; zero: now
	Gatherer   prometheus.Gatherer   // what /metrics shows; nil: no /metrics
	Registerer prometheus.Registerer // nil: metrics are not registered
	Logger     *slog.Logger          // nil: slog.Default
	Now        func() time.Time      // nil: time.Now
}

func (c *Config) defaults() error {
	if c.Site == nil {
		c.Site = func() Site { return Site{} }
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Started.IsZero() {
		c.Started = c.Now()
	}
	if c.Profile == nil {
		c.Profile = func(int) Profile { return Profile{} }
	}
	var missing []error
	for name, v := range map[string]bool{"Lines": c.Lines == nil, "Feed": c.Feed == nil, "Recorder": c.Recorder == nil,
		"Index": c.Index == nil, "Archive": c.Archive == nil, "Calls": c.Calls == nil, "Settings": c.Settings == nil,
		"Access": c.Access == nil, "Audit": c.Audit == nil, "Alarms": c.Alarms == nil} {
		if v {
			missing = append(missing, fmt.Errorf("console: Config.%s is missing", name))
		}
	}
	return errors.Join(missing...)
}

// ErrNetwork is why only loopback addresses are served without TLS.
var ErrNetwork = errors.New("access over the network needs TLS, which this address has not; " +
	"use 127.0.0.1 here, and turn the network on with: vaactl network on")

// ValidateListen says what is wrong with an address for the page. Empty and
// "off" mean that there is none.
func ValidateListen(addr string) error {
	if addr == "" || addr == "off" {
		return nil
	}
	host, port, err := net.SplitHostPort(addr)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return fmt.Errorf("%q is no address: write it as 127.0.0.1:8470, or off", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q: %w", addr, ErrNetwork)
	}
	return nil
}
