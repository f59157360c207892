package upgrade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vaad/api"
)

const (
	stable   = 10 * time.Second // it has to be well for so long without a break
	askEvery = 500 * time.Millisecond
	askMost  = 5 * time.Second // one look may take so long
	crashes  = 3               // times that it may be started again before it is given up
)

// A Daemon is asked how it is. Errors say what does not work, in English.
type Daemon interface {
	Status(ctx context.Context) (api.Status, error)
	Health(ctx context.Context) error   // /healthz
	Index(ctx context.Context) error    // a search
	Settings(ctx context.Context) error // state.db, opened and brought up to date
	Restarts(ctx context.Context) int   // times that the service manager started it again; negative where that is not known
}

// A Baseline is how the version before was.
type Baseline struct {
	Version string   `json:"version"`
	Boards  []string `json:"boards"` // that ran
}

// Look asks how the daemon is.
func Look(ctx context.Context, d Daemon) (b Baseline, err error) {
	ctx, cancel := context.WithTimeout(ctx, askMost)
	defer cancel()
	st, err := d.Status(ctx)
	if err != nil {
		return b, err
	}
	b = Baseline{Version: st.Version, Boards: []string{}}
	for _, x := range st.Boards {
		if x.State == "running" {
			b.Boards = append(b.Boards, x.ID)
		}
	}
	return b, nil
}

// Gate waits until the daemon is of the version that is expected and well without a break for ten
// seconds: healthy, its index and settings answer, the boards that ran before run. It gives up when
// ctx ends, or when the daemon crashes again and again, and says what was last not well.
func Gate(ctx context.Context, d Daemon, before Baseline, expect string) error {
	var since time.Time
	boot, began := "", d.Restarts(ctx)
	last := errors.New("it did not answer")
	for {
		now, err := look(ctx, d, before, expect)
		switch {
		case err != nil && ctx.Err() != nil: // the look was cut off
		case err != nil:
			last, since = err, time.Time{}
		case since.IsZero() || now != boot:
			since, boot = time.Now(), now
		case time.Since(since) >= stable:
			return nil
		default:
			last = errors.New("it was well, but not for long enough")
		}
		n := d.Restarts(ctx)
		if began < 0 || n >= 0 && n < began { // the service manager may have counted anew since
			began = n
		}
		if n -= began; n >= crashes {
			return fmt.Errorf("it ended %d times by itself; before: %w", n, last)
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(askEvery):
		}
	}
}

// look is one look; it returns which run of the daemon it was.
func look(ctx context.Context, d Daemon, before Baseline, expect string) (boot string, err error) {
	ctx, cancel := context.WithTimeout(ctx, askMost)
	defer cancel()
	st, err := d.Status(ctx)
	if err != nil {
		return "", fmt.Errorf("it does not answer: %w", err)
	}
	if expect != "" && st.Version != expect {
		return "", fmt.Errorf("version %s runs, not %s", st.Version, expect)
	}
	if err := d.Health(ctx); err != nil {
		return "", fmt.Errorf("it is not healthy: %w", err)
	}
	if err := d.Settings(ctx); err != nil {
		return "", fmt.Errorf("its settings do not answer: %w", err)
	}
	if err := d.Index(ctx); err != nil {
		return "", fmt.Errorf("its index does not answer: %w", err)
	}
	var gone []string
	for _, id := range before.Boards {
		i := slices.IndexFunc(st.Boards, func(b api.Board) bool { return b.ID == id })
		switch {
		case i < 0:
			gone = append(gone, id+" (is not there)")
		case st.Boards[i].State != "running":
			gone = append(gone, strings.TrimSpace(id+" ("+st.Boards[i].State+") "+st.Boards[i].Reason))
		}
	}
	if len(gone) > 0 {
		return "", fmt.Errorf("boards that ran before do not: %s", strings.Join(gone, ", "))
	}
	return st.Boot, nil
}
