package anchor

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"vaad/recorder/evidence/stamp"
)

// TSASettings say who stamps.
type TSASettings struct {
	Address string        // of the authority, http or https; "" = nobody
	Roots   string        // file of certificates that its own must lead to; "" = not checked now
	Every   time.Duration // at least so long between two stamps
}

// TSA has the newest checkpoint stamped by an authority.
type TSA struct {
	Recordings string // folder
	Settings   func() TSASettings
	Client     *http.Client
	Logger     *slog.Logger
	Now        func() time.Time
}

// Name is "tsa".
func (t *TSA) Name() string { return "tsa" }

// Every is how often it is due; 0 where no authority is set.
func (t *TSA) Every() time.Duration {
	if s := t.Settings(); s.Address != "" {
		return s.Every
	}
	return 0
}

// Keep has the newest note stamped: it covers those before it.
func (t *TSA) Keep(ctx context.Context, notes []Note) error {
	s := t.Settings()
	var roots stamp.Roots
	if s.Roots != "" {
		var err error
		if roots, err = stamp.ReadRoots(s.Roots); err != nil {
			return err
		}
	}
	n := notes[len(notes)-1]
	answer, got, err := stamp.Ask(ctx, t.Client, s.Address, n.Text, roots, t.Now())
	if errors.Is(err, stamp.ErrClock) { // kept all the same: it proves at least what the authority's clock says
		t.Logger.Warn("a time stamp is far from this box's time", "error", err)
		err = nil
	}
	if err != nil {
		return err
	}
	if err := stamp.Keep(t.Recordings, n.Number, answer); err != nil {
		return err
	}
	t.Logger.Info("a checkpoint was stamped", "number", n.Number, "time", got.Time, "by", got.Signer)
	return nil
}
