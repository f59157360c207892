package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vaad/api"
	"vaad/console"
	"vaad/console/logs"
	"vaad/doctor"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// support writes a support bundle: what the doctor finds, files of the machine, what the
// daemon says of itself, settings, the end of the log and of the system's. Nothing of it tells
// secrets or telephone numbers. One is made at a time.
func (d *running) support(ctx context.Context, known console.DoctorView, w io.Writer) (api.SupportContents, error) {
	select {
	case d.bundling <- struct{}{}:
		defer func() { <-d.bundling }()
	case <-ctx.Done():
		return api.SupportContents{}, ctx.Err()
	}
	view := d.view(known)
	m, err := doctor.Bundle(w, view, version, doctor.Check(view), d.documents(ctx, known), time.Now())
	out := api.SupportContents{Files: []api.SupportFile{}, LeftOut: []api.SupportGap{}, Masked: m.Masked, Notice: m.Notice}
	for _, f := range m.Files {
		out.Files = append(out.Files, api.SupportFile{Name: f.Name, Bytes: f.Bytes, Masked: f.Masked})
	}
	for _, l := range m.LeftOut {
		out.LeftOut = append(out.LeftOut, api.SupportGap{Name: l.Name, Reason: l.Reason})
	}
	return out, err
}

// documents are what the daemon knows and the machine's files do not say.
func (d *running) documents(ctx context.Context, known console.DoctorView) []doctor.Document {
	var all []doctor.Document
	add := func(name string, v any) {
		b, err := json.Marshal(v)
		all = append(all, doctor.Document{Name: "daemon/" + name + ".json", Data: b, Err: err})
	}
	add("system", d.system())
	add("boards", known.Boards)
	add("lines", known.Lines)
	add("alarms", known.Alarms)
	add("jobs", d.jobs.Jobs())
	add("alarm-routes", d.notifier.States())
	all = append(all, doctor.Document{Name: "daemon/settings.json", Data: d.doc.Export()})
	page := &pageOf{head: http.Header{}}
	promhttp.HandlerFor(d.reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(page, (&http.Request{Method: http.MethodGet, Header: http.Header{}}).WithContext(ctx))
	add("metrics", figures(page.String()))
	var log bytes.Buffer
	lines := d.book.Find(logs.Filter{Limit: logs.Ring, Level: -8})
	for i := len(lines) - 1; i >= 0; i-- {
		l := lines[i]
		fmt.Fprintf(&log, "%s %s %s", l.Time.Format(time.RFC3339), l.Level, l.Text)
		for _, a := range l.Attrs {
			fmt.Fprintf(&log, " %s=%q", a.Key, a.Value)
		}
		log.WriteByte('\n')
	}
	all = append(all, doctor.Document{Name: "log/daemon.txt", Data: log.Bytes()})
	all = append(all, profiles{dir: filepath.Join(d.cfg.Root, "log")}.documents()...)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if kernel := told(ctx, "journalctl", "-k", "-n", "3000", "--no-pager", "-o", "short-iso"); kernel != "" {
		all = append(all, doctor.Document{Name: "log/kernel.txt", Data: []byte(kernel)})
	} else {
		all = append(all, doctor.Document{Name: "log/kernel.txt", Err: fmt.Errorf("the daemon's user may not read the system's log: vaactl doctor --bundle as root takes it along")})
	}
	return all
}

// figures are the samples of a page of metrics by their names: as JSON, figures are not taken for
// telephone numbers.
func figures(page string) map[string]json.Number {
	out := map[string]json.Number{}
	for line := range strings.Lines(page) {
		name, v, ok := strings.Cut(strings.TrimSpace(line), "} ")
		if ok {
			name += "}"
		} else {
			name, v, ok = strings.Cut(name, " ")
		}
		if f, err := strconv.ParseFloat(v, 64); ok && err == nil && !strings.HasPrefix(name, "#") && !math.IsNaN(f) && !math.IsInf(f, 0) {
			out[name] = json.Number(strconv.FormatFloat(f, 'g', -1, 64))
		}
	}
	return out
}

// pageOf takes what a handler answers.
type pageOf struct {
	bytes.Buffer
	head http.Header
}

func (p *pageOf) Header() http.Header { return p.head }
func (p *pageOf) WriteHeader(int)     {}
