package main

import (
	"cmp"
	"errors"
	"math"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/access/ca"
	"vaad/api"
	"vaad/console"

	"github.com/prometheus/client_golang/prometheus"
)

// When alarms say that a certificate ends. Of an authority everybody who trusts
// it must be told, which takes longer.
const (
	expiring          = 30 * 24 * time.Hour
	ending            = 7 * 24 * time.Hour
	authorityExpiring = 180 * 24 * time.Hour
)

// expire raises and clears the alarms about certificates. d.mu is held.
func (d *doors) expire(s ca.State, err error) {
	up := map[string]string{}
	say := func(subject, code string, ends time.Time, name string) {
		up[subject] = code
		d.alarms.Raise(code, subject, map[string]string{"name": name, "ends": ends.UTC().Format(time.DateOnly),
			"days": strconv.Itoa(int(math.Floor(ends.Sub(d.now()).Hours() / 24)))})
	}
	if !s.Leaf.Ends.IsZero() {
		switch left := s.Leaf.Ends.Sub(d.now()); {
		case left < ending:
			say("console", "certificate-ending", s.Leaf.Ends, s.Leaf.Subject)
		case left < expiring:
			say("console", "certificate-expiring", s.Leaf.Ends, s.Leaf.Subject)
		}
	}
	if s.Authority != nil && !s.Given {
		switch left := s.Authority.Ends.Sub(d.now()); {
		case left < ending:
			say("authority", "certificate-ending", s.Authority.Ends, s.Authority.Subject)
		case left < authorityExpiring:
			say("authority", "certificate-expiring", s.Authority.Ends, s.Authority.Subject)
		}
	}
	if err != nil {
		up["certificate"] = "certificate-refused"
		d.alarms.Raise("certificate-refused", "certificate", map[string]string{"reason": err.Error()})
	}
	for subject, code := range d.expiry {
		if up[subject] != code {
			d.alarms.Clear(code, subject)
		}
	}
	d.expiry = up
}

// State is how the box is reached now.
func (d *doors) State() api.Network {
	want := d.sec.network.Get(d.doc)
	s := d.keeper.State()
	addrs := boxAddresses(d.system)
	_, typed := d.namesOf(want)
	d.mu.Lock()
	defer d.mu.Unlock()
	out := api.Network{Enabled: want.Enabled, Hosts: slices.Clone(d.names), Given: s.Given, Outside: s.Outside, Uncovered: s.Uncovered,
		Certificate: d.certificate(s.Leaf), Uploaded: d.pointed(s.Uploaded), Authority: d.pointed(s.Authority),
		Doors: []api.Door{{ID: string(console.LocalDoor), Kind: string(console.LocalDoor), Address: d.socket, URLs: []string{}, Open: true}}}
	if out.Hosts == nil {
		out.Hosts = []string{}
	}
	if !s.Renews.IsZero() {
		t := s.Renews.UTC()
		out.Renews = &t
	}
	var fault *ca.Fault
	if errors.As(s.Err, &fault) {
		out.Fault, out.FaultDetail = fault.Code, fault.Detail
	} else if s.Err != nil {
		out.Fault, out.FaultDetail = "unreadable", s.Err.Error()
	}
	if d.trial != nil {
		out.Trial = &api.Trial{Until: d.trial.Until.UTC(), Seconds: api.Number(math.Max(0, math.Round(d.trial.Until.Sub(d.now()).Seconds()))), By: d.trial.By}
	}
	for p, e := range d.open {
		out.Doors = append(out.Doors, api.Door{ID: p.name(), Kind: string(p.kind), Address: p.address, TLS: p.tls != "", Open: e.opened != nil && !e.ended(),
			Fault: e.fault, Detail: e.detail, URLs: d.urls(p, addrs, typed)})
	}
	if d.called != nil {
		if door, ok := d.called.door(); ok {
			out.Doors = append(out.Doors, door)
		}
	}
	rank := []string{"local", "loopback", "network", nameKind, "redirect", "metrics"}
	slices.SortFunc(out.Doors, func(a, b api.Door) int {
		return cmp.Or(cmp.Compare(slices.Index(rank, a.Kind), slices.Index(rank, b.Kind)), cmp.Compare(a.Address, b.Address))
	})
	return out
}

// urls are what people type to come in by a door, what they would rather type first.
func (d *doors) urls(p doorPlan, addrs []netip.Addr, names []string) []string {
	out := []string{}
	scheme := "http"
	if p.tls != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(p.address)
	if err != nil || p.kind == console.MetricsDoor || p.kind == console.RedirectDoor {
		return out
	}
	add := func(h string) {
		u := scheme + "://" + net.JoinHostPort(h, port)
		if len(out) < 8 && !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	if p.kind == console.LoopbackDoor {
		add(host)
		return out
	}
	for _, n := range names { // those that somebody has chosen
		add(n)
	}
	if a, err := netip.ParseAddr(host); err == nil && !a.IsUnspecified() {
		add(host)
	} else {
		for _, a := range addrs {
			if !a.IsLoopback() && !a.IsLinkLocalUnicast() {
				add(a.String())
			}
		}
	}
	if h, err := os.Hostname(); err == nil && h != "localhost" {
		add(strings.ToLower(h))
	}
	return out
}

func (d *doors) pointed(i *ca.Info) *api.Certificate {
	if i == nil {
		return nil
	}
	return d.certificate(*i)
}

func (d *doors) certificate(i ca.Info) *api.Certificate {
	if i.SHA256 == "" {
		return nil
	}
	return &api.Certificate{Subject: i.Subject, Issuer: i.Issuer, Names: append([]string{}, i.Names...), Begins: i.Begins.UTC(), Ends: i.Ends.UTC(),
		Days: int(math.Floor(i.Ends.Sub(d.now()).Hours() / 24)), SHA256: i.SHA256}
}

// Give keeps a certificate.
func (d *doors) Give(cert, key []byte) error {
	_, err := d.keeper.Give(cert, key)
	return err
}

// NewAuthority makes another authority, also before the network is on.
func (d *doors) NewAuthority() error {
	d.mu.Lock()
	want := d.sec.network.Get(d.doc)
	all, _ := d.namesOf(want)
	d.names = boxNames(boxAddresses(d.system), all)
	names := d.names
	d.mu.Unlock()
	if d.keeper.AuthorityPEM() == nil {
		return d.keeper.Use(ca.Wish{Names: names})
	}
	return d.keeper.NewAuthority()
}

// AuthorityPEM is the authority's certificate.
func (d *doors) AuthorityPEM() []byte { return d.keeper.AuthorityPEM() }

// doorMetrics are how the box is reached, for who watches from outside.
type doorMetrics struct {
	doors *prometheus.GaugeVec
	ends  *prometheus.GaugeVec
}

func newDoorMetrics(reg prometheus.Registerer) doorMetrics {
	m := doorMetrics{
		doors: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_doors",
			Help: "Addresses that the console is served at, by state: open, shut."}, []string{"state"}),
		ends: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_certificate_ends_timestamp_seconds",
			Help: "When a certificate ends, by what it is: console, authority. Absent where there is none."}, []string{"certificate"}),
	}
	for _, state := range []string{"open", "shut"} {
		m.doors.WithLabelValues(state)
	}
	reg.MustRegister(m.doors, m.ends)
	return m
}

// measure tells metrics how it stands. d.mu is held.
func (d *doors) measure(s ca.State) {
	open := 0
	for _, e := range d.open {
		if e.opened != nil {
			open++
		}
	}
	d.metrics.doors.WithLabelValues("open").Set(float64(open))
	d.metrics.doors.WithLabelValues("shut").Set(float64(len(d.open) - open))
	d.metrics.ends.Reset()
	if !s.Leaf.Ends.IsZero() {
		d.metrics.ends.WithLabelValues("console").Set(float64(s.Leaf.Ends.Unix()))
	}
	if s.Authority != nil {
		d.metrics.ends.WithLabelValues("authority").Set(float64(s.Authority.Ends.Unix()))
	}
}
