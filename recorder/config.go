package recorder

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"vaad/channels"
	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/recorder/rules"

	"github.com/prometheus/client_golang/prometheus"
)

// Triggers: what makes a recording of a line begin.
const (
	Off        = "off" // never, not even on request
	Manual     = "manual"
	Voltage    = "voltage"
	Continuous = "continuous"
	Voice      = "voice" // somebody speaks
	Key        = "key"   // a sequence of keys
	Call       = "call"  // the whole call, from its first ring on
)

// Values of LineConfig.OnModem: what becomes of a recording in which a fax or a
// modem is heard.
const (
	ModemLossless = "lossless" // it goes on in G.711, in a linked segment if it was in another codec
	ModemSkip     = "skip"     // it ends, and nothing more of the call is recorded
	ModemKeep     = "keep"     // nothing
)

// Values of LineConfig.KeyFrom.
const (
	FromCall = "call" // a recording by Key begins where the call began, as far as the ring has it
	FromKey  = "key"  // where the sequence was keyed
)

// Values of LineConfig.Sides and LineConfig.Codec.
const (
	Separate = "separate" // one file per side
	Mixed    = "mixed"    // both sides in one file, 6 dB lower each

	G711 = "g711"  // the line's own bytes
	PCM  = "pcm16" // 16-bit linear
	IMA  = "ima"   // IMA ADPCM, half of G.711
	GSM  = "gsm"   // GSM 06.10 (WAV49), a fifth of G.711
)

const (
	maxPreroll = 30 * time.Second // half a ring: the rest is for a disk that stalls
	longest    = 4 * time.Hour    // so that a segment's time base stays true to wall time, and files stay handy
	shortest   = time.Second

	leastHangover = time.Second
	mostHangover  = 10 * time.Minute
)

// LineConfig says how one line is recorded. Zero fields but PrerollMS, MinMS and
// KeyMute mean their defaults.
type LineConfig struct {
	Trigger    string // Off, Manual, Voltage, Continuous, Voice, Key, Call; default Off
	PrerollMS  int    // kept from before the trigger, 0…30000
	MinMS      int    // recordings by Voltage, Voice and Call that are shorter, pre-roll and hang-over aside, are thrown away
	MaxMS      int    // longer ones go on in a linked segment; default and most 4 h
	Sides      string // Separate (default) or Mixed
	VoiceDBm0  int    // of Voice: what is quieter, hum left out, begins none, −60…−20; default −45
	HangoverMS int    // of Voice, and on lines without volts of Key and Call, where nothing tells of calls: a recording ends so long after the last word; default 10000

	KeyStart string // of Key: the sequence that begins a recording, * or # and more; default *1
	KeyStop  string // the one that ends it; default #1
	KeyFrom  string // FromCall (default) or FromKey
	KeyMute  bool   // the sequences are silence in the recording, which is written 5 s late

	PauseKey    string // the sequence that pauses what is recorded; "": none
	ResumeKey   string // the one that ends a pause; "": none
	PauseMaxS   int    // a pause ends by itself after so long, 1…3600; default 300
	PauseAlarmS int    // an alarm is raised for one that lasts so long; 0: none
	PauseBackMS int    // a pause leaves out what was said so long before, 0…5000; recordings are written so much later

	OnModem string // ModemLossless (default), ModemSkip or ModemKeep
	Codec   string // G711 (default), PCM, IMA or GSM
}

// Defaults are what a line is recorded with when nothing was said.
func Defaults() LineConfig {
	return LineConfig{Trigger: Manual, PrerollMS: 2000, MaxMS: int(longest.Milliseconds()), Sides: Separate, Codec: G711}.filled()
}

// Validate says everything that is wrong, naming the settings' keys.
func (c LineConfig) Validate() error {
	var errs []error
	oneOf := func(key, v string, ok ...string) {
		for _, o := range ok {
			if v == o {
				return
			}
		}
		errs = append(errs, fmt.Errorf("%s: %q is not known; use one of %q", key, v, ok))
	}
	within := func(key string, v int, lo, hi time.Duration) {
		if d := time.Duration(v) * time.Millisecond; d < lo || d > hi {
			errs = append(errs, fmt.Errorf("%s: %d ms: must be %d…%d", key, v, lo.Milliseconds(), hi.Milliseconds()))
		}
	}
	c = c.filled()
	oneOf("trigger", c.Trigger, Off, Manual, Voltage, Continuous, Voice, Key, Call)
	oneOf("sides", c.Sides, Separate, Mixed)
	oneOf("codec", c.Codec, G711, PCM, IMA, GSM)
	oneOf("on_modem", c.OnModem, ModemLossless, ModemSkip, ModemKeep)
	oneOf("key_from", c.KeyFrom, FromCall, FromKey)
	for _, s := range []struct{ key, v string }{{"key_start", c.KeyStart}, {"key_stop", c.KeyStop}} {
		if bad := goodSequence(s.v); bad != "" {
			errs = append(errs, fmt.Errorf("%s: %q: %s", s.key, s.v, bad))
		}
	}
	if strings.HasPrefix(c.KeyStop, c.KeyStart) || strings.HasPrefix(c.KeyStart, c.KeyStop) {
		errs = append(errs, fmt.Errorf("key_stop: %q and key_start %q: neither may be the other's beginning", c.KeyStop, c.KeyStart))
	}
	errs = append(errs, c.badPause()...)
	if c.VoiceDBm0 < -60 || c.VoiceDBm0 > -20 {
		errs = append(errs, fmt.Errorf("voice_dbm0: %d: must be −60…−20", c.VoiceDBm0))
	}
	within("hangover_ms", c.HangoverMS, leastHangover, mostHangover)
	within("preroll_ms", c.PrerollMS, 0, maxPreroll)
	within("min_ms", c.MinMS, 0, longest)
	within("max_ms", c.MaxMS, shortest, longest)
	return errors.Join(errs...)
}

func (c LineConfig) filled() LineConfig {
	or := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	or(&c.Trigger, Off)
	or(&c.Sides, Separate)
	or(&c.Codec, G711)
	or(&c.OnModem, ModemLossless)
	or(&c.KeyFrom, FromCall)
	or(&c.KeyStart, "*1")
	or(&c.KeyStop, "#1")
	if c.VoiceDBm0 == 0 {
		c.VoiceDBm0 = -45
	}
	if c.HangoverMS == 0 {
		c.HangoverMS = 10_000
	}
	if c.PauseMaxS == 0 {
		c.PauseMaxS = 300
	}
	if c.MaxMS == 0 {
		c.MaxMS = int(longest.Milliseconds())
	}
	return c
}

// samples turns milliseconds into samples.
func samples(ms int) int64 { return int64(ms) * (rate / 1000) }

const rate = 8000 // samples per second of every line

// Reserve is what is kept free on the disk of recordings. Below it no new
// recording begins; those that run go on. Zero fields keep nothing.
type Reserve struct {
	Bytes  int64
	Inodes int64
}

// Calls is the call journal: it is told which recordings a call has, and why it
// has none. It must not wait for a disk.
type Calls interface {
	Attach(call, recording, why string)
	Detach(call, recording, why string) // it was thrown away, or goes on under another ID
	Continues(call, before string)      // both are one call, cut by a restart
}

// Legs knows which calls are connected with each other here. It must answer at once.
type Legs interface {
	Elsewhere(call string) bool      // all that the parties of an ended call have said to each other stands in the recording of another
	Conversation(call string) string // ID that it shares with the others; "": it was connected with none
}

// Alarms is told what the operator must know. It must not wait for a disk.
type Alarms interface {
	Raise(code, subject string, args map[string]string)
	Clear(code, subject string)
}

// Config is what a Recorder is made of. System, Archive and Settings are required.
type Config struct {
	System    *channels.System
	Archive   *archive.Archive
	Settings  func(line int) LineConfig // asked when a line is first seen, and when its board opens
	Index     *index.Index              // nil: a clean restart does not link recordings
	Reserve   func() Reserve            // nil: nothing is kept free
	Calls     Calls                     // nil: nobody is told
	Alarms    Alarms                    // nil: nobody is told
	Legs      Legs                      // nil: every call is a conversation of its own
	Rules     func() *rules.Set         // asked when a call begins; nil: the settings of its line decide
	Groups    func(line int) []string   // of lines, for rules; nil: none
	Class     func(line int) string     // retention class of recordings where no rule names one; asked when one begins; nil: the default one
	Pauses    Pauses                    // nil: a restart ends pauses
	Beep      func() channels.Beeping   // as rules let lines beep; nil: every 15 s at −18 dBm0
	Announcer Announcer                 // nil: nothing can be announced
	Partners  func(line int) []int      // lines whose parties hear that line's now; nil: none

	// Signalling is what a D-channel said of a line's call that was up within a time:
	// story lines whose At is a position. It must not wait. nil: nothing.
	Signalling  func(line int, from, to time.Time) []archive.Entry
	ClockSynced func() bool           // nil: the kernel is asked
	Registerer  prometheus.Registerer // nil: metrics are not registered
	Logger      *slog.Logger          // nil: silent
	Now         func() time.Time      // wall clock; nil = time.Now
}

// noOne stands for Calls, Alarms and Legs that were not given.
type noOne struct{}

func (noOne) Attach(string, string, string)           {}
func (noOne) Detach(string, string, string)           {}
func (noOne) Continues(string, string)                {}
func (noOne) Raise(string, string, map[string]string) {}
func (noOne) Clear(string, string)                    {}
func (noOne) Elsewhere(string) bool                   { return false }
func (noOne) Conversation(string) string              { return "" }

func (c *Config) fill() error {
	if c.System == nil || c.Archive == nil || c.Settings == nil {
		return errors.New("make recorder: System, Archive and Settings are required")
	}
	if c.Reserve == nil {
		c.Reserve = func() Reserve { return Reserve{} }
	}
	if c.Calls == nil {
		c.Calls = noOne{}
	}
	if c.Alarms == nil {
		c.Alarms = noOne{}
	}
	if c.Legs == nil {
		c.Legs = noOne{}
	}
	if c.Rules == nil {
		c.Rules = func() *rules.Set { return nil }
	}
	if c.Groups == nil {
		c.Groups = func(int) []string { return nil }
	}
	if c.Class == nil {
		c.Class = func(int) string { return "" }
	}
	if c.Beep == nil {
		c.Beep = func() channels.Beeping { return channels.Beeping{Every: 15 * rate, DBm0: -18} }
	}
	if c.Partners == nil {
		c.Partners = func(int) []int { return nil }
	}
	if c.ClockSynced == nil {
		c.ClockSynced = ClockSynced
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}
