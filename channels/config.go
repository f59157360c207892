package channels

import (
	"log/slog"
	"time"

	"vaad/channels/analog"
	"vaad/driver"

	"github.com/prometheus/client_golang/prometheus"
)

// LineConfig says what one line is and what it is for.
type LineConfig struct {
	Number      int        // permanent, from 1
	Board       string     // BoardConfig.ID
	Port        int        // as printed on the card, from 1
	LocalPort   int        // second port of a digital tap: it hears the local side; 0 if none
	Use         driver.Use //
	Name        string     //
	ThresholdMV int        // off-hook below this many mV; 0 = learn it
	RingGapMS   int        // longest pause between bursts of one call, ms; 0 = learn it
	CountryGap  int        // ring pause of the country until it is learnt, ms; 0 = 4000
	Own         string     // the line's own number: it fills in for the other party
	Prefix      string     // dialled for an outside line; not part of the called number
	Country     string     // ISO 3166: whose tones are meant where those of several fit; "" = CN
	Learnt      Learnt     // what LineStatus.Learnt said before a restart, or what lines of its kind begin with; counts where nothing else is learnt
}

// Learnt is what a tap has learnt about its line. Keeping it over a restart is
// the caller's.
type Learnt = analog.Learnt

// A Plan gives the lines of a board their permanent numbers and uses. It is
// asked each time a board has been opened, before its first tick.
type Plan interface {
	Lines(board string, info driver.Info) ([]LineConfig, error)
}

// BoardConfig is one board that should run.
type BoardConfig struct {
	ID        string // in settings, metrics, messages
	Driver    driver.Driver
	Candidate driver.Candidate
	Config    driver.Config
}

// Config is what a System is made of. Boards and Plan are required.
type Config struct {
	Boards      []BoardConfig
	Plan        Plan
	BootID      string // marks the numbering of this feed; default: a new ULID
	Logger      *slog.Logger
	Registerer  prometheus.Registerer // nil: metrics are not registered
	RingSeconds int                   // default 60
	Now         func() time.Time      // the wall clock; default time.Now
}
