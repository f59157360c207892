package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"filippo.io/age"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

// Journals is where the lines come from: *[archive.Archive] beside the daemon,
// *[archive.Reader] elsewhere.
type Journals interface {
	Days() ([]archive.Day, error)
	RawLines(ctx context.Context, d archive.Day, from archive.Place, f func(*archive.RawLine) error) error
}

// Config says what is backed up from where, for one target.
type Config struct {
	Name      string // of the target, as in the settings: its state is ROOT/backup/NAME.state
	Root      string // of the appliance
	Appliance string // its ID, see [ApplianceID]
	Version   string // of vaad, for the state bundle

	Journals Journals
	Disk     archive.Disk // the folder of the recordings

	// State is the folder ROOT/backup; nil = the file system.
	State archive.Disk

	// Open opens the target; each run, drill or adoption opens it once and closes it.
	Open func(context.Context) (target.Target, error)
	// Options is asked at the beginning of each run.
	Options func() Options
	// HotCopy makes a consistent copy of state.db and says where; nil = bundles are
	// without.
	HotCopy func() (string, error)
	// Identities are what the box can decrypt its own backup with; nil = nothing.
	Identities func() []age.Identity
	// Keys open recordings that are encrypted at rest, for drills; nil = these are
	// compared and not opened.
	Keys archive.Keys

	Pool    archive.Pool     // hashing takes a slot of it; nil = waits for nobody
	Logger  *slog.Logger     // nil = nothing is logged
	Metrics *Metrics         // nil = not measured
	Now     func() time.Time // nil = time.Now
}

// Verify says how much of what was sent is read back.
type Verify string

// Ways of verifying.
const (
	VerifyFull   Verify = "full"   // every file
	VerifySample Verify = "sample" // one file in eight, and every journal
	VerifyNone   Verify = "none"   // nothing but sizes
)

// Options are what may change from run to run. The zero value is usable: all
// recordings, plain, verified in full, no state bundle as nobody could open it.
type Options struct {
	Verify     Verify
	Encrypt    bool     // every file, to Recipients
	Recipients []string // age public keys, age1…; whoever has one of their secret keys can restore
	Parallel   int      // recordings at once, 1 to 8; 0 = 2
	Rate       int64    // bytes per second; 0 = as fast as it goes

	// Include says which recordings are copied; nil = all. Scope is a short text
	// that changes whenever Include does: all days are looked at anew then.
	Include func(*archive.Seal) bool
	Scope   string

	KeepBundles int      // newest state bundles that are kept, besides one per month; 0 = 14
	Extra       []string // files and folders below Root that the state bundle has too
	DrillSize   int      // recordings that a drill restores; 0 = 20
}

const maxParallel = 8

// Check says what is wrong with options.
func (o *Options) Check() error {
	var errs []error
	switch o.Verify {
	case "", VerifyFull, VerifySample, VerifyNone:
	default:
		errs = append(errs, fmt.Errorf("verify %q: full, sample or none is wanted", o.Verify))
	}
	if o.Parallel < 0 || o.Parallel > maxParallel {
		errs = append(errs, fmt.Errorf("parallel %d: 1 to %d is wanted", o.Parallel, maxParallel))
	}
	if o.Rate < 0 || o.KeepBundles < 0 || o.DrillSize < 0 {
		errs = append(errs, errors.New("rate, bundles to keep and recordings of a drill cannot be negative"))
	}
	if _, err := recipients(o.Recipients); err != nil {
		errs = append(errs, err)
	}
	if o.Encrypt && len(o.Recipients) == 0 {
		errs = append(errs, ErrNoRecipients)
	}
	return errors.Join(errs...)
}

// recipients parses public keys.
func recipients(keys []string) ([]age.Recipient, error) {
	var rs []age.Recipient
	for _, k := range keys {
		r, err := age.ParseX25519Recipient(strings.TrimSpace(k))
		if err != nil {
			return nil, fmt.Errorf("%q is no age public key: %w", k[:min(len(k), 80)], err)
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// NewKey makes a key pair for backups: the public key stands in the settings, the
// secret one is kept by people, away from the box.
func NewKey() (public, secret string, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", err
	}
	return id.Recipient().String(), id.String(), nil
}

// ParseIdentities reads secret keys, one per line, as age-keygen writes them.
func ParseIdentities(text string) ([]age.Identity, error) {
	return age.ParseIdentities(strings.NewReader(text))
}
