package main

import "time"

// machineTime is the machine's time zone, whatever the process's has become.
var machineTime = time.Local

// location is the site's time zone as settings have it now. Schedules, rules, quiet hours and
// the days of assurance go by it at once. time.Local, by which times are written into files
// and letters, is what it was at the start: a process cannot change that while it is read.
func (d siteDoc) location() *time.Location {
	if d.TimeZone == "" {
		return machineTime
	}
	if zone, err := time.LoadLocation(d.TimeZone); err == nil { // else settings were refused
		return zone
	}
	return machineTime
}

// location is the site's time zone now.
func (d *running) location() *time.Location { return d.sec.site.Get(d.doc).location() }

// useZone makes the site's time zone that of the process. It is done once, before anything is
// opened that asks for the time of day.
func (d *running) useZone() {
	site := d.sec.site.Get(d.doc)
	d.zone, time.Local = site.TimeZone, site.location()
}
