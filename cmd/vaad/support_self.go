package main

import (
	"context"
	"os"
)

// openSelf opens what the box looks after itself with: who is told of alarms, the history of
// metrics, jobs that verify.
func (d *running) openSelf(opened *undo) error {
	d.bundling, d.again = make(chan struct{}, 1), make(chan string, 1)
	d.updates = d.openUpdates()
	d.openHistory(opened)
	d.openLimits()
	if err := d.openProving(); err != nil {
		return err
	}
	return d.openRoutes(opened)
}

// keepSelf runs it.
func (d *running) keepSelf(ctx context.Context, g *group, fail chan<- error) {
	g.run(ctx, fail, "alarm routes", d.notifier.run)
	g.run(ctx, fail, "banner", func(ctx context.Context) error { d.keepBanner(ctx); return nil })
	g.run(ctx, fail, "updates", func(ctx context.Context) error { d.updates.run(ctx, d.log); return nil })
	g.run(ctx, fail, "history", func(ctx context.Context) error { d.keepHistory(ctx); return nil })
	g.run(ctx, fail, "name", func(ctx context.Context) error {
		bell := make(chan struct{}, 1)
		defer d.sec.network.Subscribe(d.doc, func(networkDoc) { ring(bell) })()
		d.clients.called.run(ctx, bell)
		return nil
	})
	g.run(ctx, fail, "limits", func(ctx context.Context) error { d.limits.run(ctx); return nil })
	g.run(ctx, fail, "logs", func(ctx context.Context) error { d.keepLogs(ctx); return nil })
}

// restarts is how the daemon is started again: it ends as when it is told to, and systemd, whose
// unit says Restart=always, starts it. Nil where nobody would.
func (d *running) restarts() func(actor string) {
	if os.Getenv("INVOCATION_ID") == "" || os.Getenv("NOTIFY_SOCKET") == "" {
		return nil
	}
	return func(actor string) {
		select {
		case d.again <- actor:
		default: // it is ending already
		}
	}
}
