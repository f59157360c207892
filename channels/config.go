package channels

import (
	"log/slog"
	"time"

	"vaad/channels/analog"
	"vaad/channels/numbering"
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
	MaskKeys    string     // which tones of keys are kept out of the rings: MaskOff, MaskPaused, MaskTalking, MaskAlways; "" = MaskPaused
	Active      Active     // of a trunk or station
	GainDB      int        // by how much what is received is made louder for detectors, levels and mixes; rings hold it as it came
	Learnt      Learnt     // what LineStatus.Learnt said before a restart, or what lines of its kind begin with; counts where nothing else is learnt
}

// Learnt is what a tap has learnt about its line. Keeping it over a restart is
// the caller's.
type Learnt = analog.Learnt

// Active is how a trunk or station behaves. Its zero value is usable.
type Active struct {
	// Trunks (FXO).
	Pulse     bool // dial in pulses, where the card can
	FlashMS   int  // 0: 500; a station: the longest flash, 0: 1000
	Report    bool // the release ladder only reports
	SilenceMS int  // silence that ends a call; 0: never
	MaxMS     int  // longest call; 0: 12 h
	GainDB    int  // of stations too: by how much what is sent is made louder
	EchoMS    int  // of stations too: tail of the echo canceller, 8…128; 0: 32; -1: off, the card's as well

	// Stations (FXS).
	Extension string          // its number
	Sends     string          // how it is told who calls: "bell202", "v23", "dtmf", "none"; "": as usual in the country
	Numbers   *numbering.Plan // nil: every number is whole after a pause
	FirstMS   int             // dial tone without a digit; 0: 15 s
	DigitMS   int             // pause that ends a number; 0: 4 s
}

// SpanConfig is how a digital span with a D-channel of our own behaves.
type SpanConfig struct {
	Number  int             // Span.Number
	Side    string          // "network" or "user"
	Switch  string          // "euroisdn", "qsig", "ni2", "dms100", "5ess", "4ess"
	Overlap bool            // digits may come and go one by one
	Logical bool            // the far end counts its channels 1…30
	Down    bool            // from the highest channel downwards
	Numbers *numbering.Plan // of what the far end dials one by one; nil: any number, whole after a pause
}

// A Plan gives the lines of a board their permanent numbers and uses. It is
// asked each time a board has been opened, before its first tick.
type Plan interface {
	Lines(board string, info driver.Info) ([]LineConfig, error)
	// Spans says how spans with a D-channel of our own behave; those it leaves out
	// are the user's side of EuroISDN. Any goroutine may ask.
	Spans(board string, info driver.Info) []SpanConfig
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
