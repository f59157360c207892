package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/evidence"
	"vaad/recorder/index"
	"vaad/recorder/schedule"

	"github.com/prometheus/client_golang/prometheus"
)

// maxWhole is how many findings of a verification are kept for people to look at.
const maxWhole = 200

// proving is the job that compares all recordings with their journals and the evidence log.
type proving struct {
	mu   sync.Mutex
	last api.WholeVerification

	audited prometheus.Gauge
}

// openProving adds the jobs that verify. They read all that there is: the first runs only when
// somebody asks, the second once a night.
func (d *running) openProving() error {
	d.proving.audited = prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_audit_verified_timestamp_seconds",
		Help: "When the whole audit log was last verified and found to be what was written."})
	d.reg.MustRegister(d.proving.audited)
	return errors.Join(
		d.jobs.Set(schedule.Job{Name: "verify", Schedule: func() string { return "" }, Class: classWalk, Run: d.verifyAll}),
		d.jobs.Set(schedule.Job{Name: "audit-check", Schedule: func() string { return "daily 04:40" }, Run: d.auditJob}))
}

// auditCheck verifies the audit log against what checkpoints say of it.
func (d *running) auditCheck(ctx context.Context) (access.AuditCheck, error) {
	if err := d.pool.Acquire(ctx); err != nil {
		return access.AuditCheck{}, err
	}
	defer d.pool.Release()
	heads, err := evidence.AuditHeads(filepath.Join(d.cfg.Root, "recordings"), filepath.Join(d.cfg.Root, "evidence"))
	if err != nil {
		return access.AuditCheck{}, fmt.Errorf("what was signed of the audit log: %w", err)
	}
	var signed []access.SignedHead
	for _, h := range heads {
		rows, hash, ok := strings.Cut(h.Audit, " ")
		if n, err := strconv.ParseUint(rows, 10, 64); ok && err == nil {
			signed = append(signed, access.SignedHead{Head: access.Head{Seq: n, Hash: hash}, Time: h.Time})
		}
	}
	c, err := access.NewAudit(d.db, nil).Verify(ctx, signed)
	if err != nil {
		return c, err
	}
	if len(c.Findings) == 0 {
		d.proving.audited.SetToCurrentTime()
		d.alarms.Clear("audit-broken", "state.db")
		return c, nil
	}
	f := c.Findings[0]
	d.log.Error("the audit log is not what was written: vaactl audit --verify says where", "findings", len(c.Findings), "kind", f.Kind, "from", f.From, "to", f.To)
	d.alarms.Raise("audit-broken", "state.db", map[string]string{"reason": fmt.Sprintf("%s %d-%d", f.Kind, f.From, f.To), "count": strconv.Itoa(len(c.Findings))})
	return c, nil
}

func (d *running) auditJob(ctx context.Context, _ schedule.Trigger) (schedule.Report, error) {
	c, err := d.auditCheck(ctx)
	return counted("audit-check", map[string]int{"rows": int(c.Rows), "found": len(c.Findings)}), err
}

// auditHead is what checkpoints sign of the audit log.
func (d *running) auditHead() (string, error) {
	h, err := access.NewAudit(d.db, nil).Head()
	if err != nil || h.Seq == 0 {
		return "", err
	}
	return strconv.FormatUint(h.Seq, 10) + " " + h.Hash, nil
}

// verifyAll compares every file that there is, a slot of the pool long at a time: recording never
// waits for it.
func (d *running) verifyAll(ctx context.Context, t schedule.Trigger) (schedule.Report, error) {
	p := &d.proving
	began := time.Now().UTC()
	fresh := api.WholeVerification{Running: true, Began: &began, By: t.By, Findings: []api.WholeFinding{}}
	if page, err := d.index.Query(ctx, index.Filter{States: []string{index.StateSealed, index.StateRecovered, index.StateTrash}, Limit: 1}); err == nil {
		fresh.Expected = int64(page.Count)
	}
	p.mu.Lock()
	p.last = fresh
	p.mu.Unlock()
	change := func(f func(*api.WholeVerification)) {
		p.mu.Lock()
		defer p.mu.Unlock()
		f(&p.last)
	}
	sum, err := d.wholeProof(ctx, change)
	ended := time.Now().UTC()
	change(func(v *api.WholeVerification) {
		v.Running, v.Ended = false, &ended
		v.Log, v.Lines, v.Covered, v.Signed, v.Leaves = sum.Log, sum.Lines, sum.Covered, sum.Signed, sum.Leaves
		if err != nil {
			v.Error = err.Error()
		}
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	return counted("verify", map[string]int{"files": p.last.Files, "bad": p.last.Bad, "found": p.last.Found}), err
}

func (d *running) wholeProof(ctx context.Context, change func(func(*api.WholeVerification))) (sum evidence.Summary, err error) {
	keys, err := evidence.PublicKeys(filepath.Join(d.cfg.Root, "evidence"))
	if err != nil {
		return sum, fmt.Errorf("the keys of the evidence log: %w", err)
	}
	anchor, err := evidence.LastAnchor(filepath.Join(d.cfg.Root, "evidence"))
	if err != nil {
		return sum, fmt.Errorf("the last checkpoint: %w", err)
	}
	disk, err := archive.OSDisk(filepath.Join(d.cfg.Root, "recordings"))
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	add := func(v *api.WholeVerification, f api.WholeFinding) {
		if v.Found++; len(v.Findings) < maxWhole {
			v.Findings = append(v.Findings, f)
		}
	}
	slot, err := d.pool.turn(ctx)
	if err != nil {
		return sum, err
	}
	defer slot.end()
	last := time.Now()
	o := evidence.Options{Reader: &d.archive.Reader, Disk: disk, Keys: keys, Now: time.Now(), Found: func(f evidence.Finding) {
		change(func(v *api.WholeVerification) {
			add(v, api.WholeFinding{Kind: string(f.Kind), Day: string(f.Day), ID: f.ID, File: f.File, Text: f.String()})
		})
	}, File: func(day archive.Day, id string, c archive.Check) {
		change(func(v *api.WholeVerification) {
			v.Files++
			v.Day = string(day)
			if !c.OK {
				v.Bad++
				what := "it is not what was sealed"
				if c.Err != nil {
					what = c.Err.Error()
				}
				add(v, api.WholeFinding{Kind: "file", Day: string(day), ID: id, File: c.Name, Text: what})
			}
		})
		slot.rest(ctx, time.Since(last)) // as long as it read: recording, listening and signing in never wait for it
		last = time.Now()
	}}
	if anchor != nil {
		o.Anchors = [][]byte{anchor}
	}
	return evidence.Verify(ctx, o)
}

// verification is how far that is, and what is known of proofs beside it.
func (d *running) verification() api.WholeVerification {
	d.proving.mu.Lock()
	v := d.proving.last
	v.Findings = slices.Clone(v.Findings)
	d.proving.mu.Unlock()
	if v.Findings == nil {
		v.Findings = []api.WholeFinding{}
	}
	v.Anchored = d.anchored()
	if d.tree != nil {
		s := d.tree.State()
		v.Key = s.Key
		if !s.Last.IsZero() {
			v.LastSign = &s.Last
		}
		if !v.Running {
			v.Signed, v.Leaves, v.Log = s.Signed, s.Leaves, true
		}
	}
	return v
}

// anchored is how far checkpoints were given away: docs/formats/evidence.md.
func (d *running) anchored() []api.Anchored {
	out := []api.Anchored{}
	var state struct {
		Ways map[string]struct {
			Time time.Time `json:"time"`
		} `json:"ways"`
	}
	if b, err := os.ReadFile(filepath.Join(d.cfg.Root, "evidence", "anchored")); err == nil {
		_ = json.Unmarshal(b, &state) // what cannot be read is not known
	}
	e := d.sec.evidence.Get(d.doc)
	add := func(way string, on bool) {
		if on {
			a := api.Anchored{Way: way}
			if w, ok := state.Ways[way]; ok && !w.Time.IsZero() {
				a.Last = &w.Time
			}
			out = append(out, a)
		}
	}
	add("mail", len(e.MailTo) > 0)
	add("tsa", e.TSA != "")
	if e.Anchor != "" {
		a := api.Anchored{Way: "folder"}
		if d.tree != nil {
			if t := d.tree.State().Last; !t.IsZero() {
				a.Last = &t
			}
		}
		out = append(out, a)
	}
	return out
}
