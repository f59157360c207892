package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"vaad/access"
	notify "vaad/alarm/route"
	"vaad/api"
	"vaad/console/history"
	"vaad/console/logs"
)

// selfFixture is what a fixture looks after itself with.
type selfFixture struct {
	notifier  *fakeNotifier
	book      *logs.Book
	restarted []string
}

// fakeNotifier has one route, night.
type fakeNotifier struct{ err error }

func (n *fakeNotifier) States() []notify.State {
	return []notify.State{{Route: "night", Kind: "webhook", Waiting: 2, Error: "refused", Failed: begun}}
}

func (n *fakeNotifier) Test(_ context.Context, name string) error {
	if name != "night" {
		return notify.ErrNone
	}
	return n.err
}

func (n *fakeNotifier) Signed(name string) bool { return name == "night" }

func (n *fakeNotifier) NewSecret(name string) (string, error) {
	if name != "night" {
		return "", notify.ErrNone
	}
	return "0123", nil
}

// self gives a server what the box looks after itself with.
func (f *fixture) self(c Config) Config {
	t := f.t
	t.Helper()
	f.notifier = &fakeNotifier{}
	f.book = logs.New(func(_, s string) string { return s })
	slog.New(f.book.Handler(slog.NewTextHandler(io.Discard, nil))).Info("begun", "board", "sim")
	v := 1.0
	k, err := history.Open(history.Config{Dir: filepath.Join(t.TempDir(), "history"), Gatherer: f.reg, Now: func() time.Time { return begun.Add(time.Hour) },
		Series: []history.Series{{Name: "cpu", Unit: "ratio", Read: history.Func(func() (float64, bool) { return v, true })}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { k.Run(ctx); close(done) }()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	c.Notifier, c.Logs, c.History = f.notifier, f.book, k
	c.AuditCheck = func(ctx context.Context) (access.AuditCheck, error) { return f.audit.Verify(ctx, nil) }
	c.System = func() api.System {
		return api.System{Disks: []api.Volume{}, Heat: []api.Heat{}, Changelog: []api.News{}, Clock: api.Clock{Synchronised: true}}
	}
	c.Support = func(_ context.Context, known DoctorView, w io.Writer) (api.SupportContents, error) {
		_, err := io.WriteString(w, "bundle")
		if len(known.Boards) == 0 {
			err = errors.Join(err, errors.New("nothing is known"))
		}
		return api.SupportContents{Files: []api.SupportFile{{Name: "manifest.json", Bytes: 6}}, LeftOut: []api.SupportGap{}}, err
	}
	c.Verification = func() api.WholeVerification {
		return api.WholeVerification{Files: 3, Findings: []api.WholeFinding{}, Anchored: []api.Anchored{}}
	}
	c.Restart = func(actor string) { f.restarted = append(f.restarted, actor) }
	return c
}
