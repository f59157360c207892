package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"vaad/driver"
	"vaad/dsp/tone"
	"vaad/recorder"
	"vaad/recorder/keep"
	"vaad/settings"
)

// siteDoc is about the whole box.
type siteDoc struct {
	Name     string `json:"name"`      // shown on the page
	Language string `json:"language"`  // of texts where nobody's own is known: "en" or "zh"
	Country  string `json:"country"`   // ISO 3166 code; tones and caller ID follow it
	TimeZone string `json:"time_zone"` // IANA name; "" = the machine's
}

// lineDoc is one line. Its key in the document is its permanent number.
type lineDoc struct {
	Name          string `json:"name"`
	Board         string `json:"board"`          // ID of the board it is on
	Port          int    `json:"port"`           // as printed on the card, from 1
	LocalPort     int    `json:"local_port"`     // digital tap: the port that hears the local side, 0 = none
	Use           string `json:"use"`            // tap, trunk, station, unused; "" = as the board's configuration says
	Group         string `json:"group"`          // line group, for rights
	Class         string `json:"class"`          // retention class of its recordings, where no rule names one; "" = the group's, or the default one
	Trigger       string `json:"trigger"`        // off, manual, voltage, voice, key, call, continuous; auto = call of trunks, stations and where a tapped D-channel tells of calls, voltage where the line has volts, else manual
	PrerollMS     int    `json:"preroll_ms"`     // kept from before the trigger
	MinMS         int    `json:"min_ms"`         // shorter recordings are thrown away
	MaxMS         int    `json:"max_ms"`         // longer ones go on in a linked segment
	Sides         string `json:"sides"`          // separate or mixed
	Codec         string `json:"codec"`          // g711 (bit for bit), pcm16, ima or gsm
	VoiceDBm0     int    `json:"voice_dbm0"`     // voice: what is quieter, hum left out, begins none
	HangoverMS    int    `json:"hangover_ms"`    // voice, where nothing tells of calls: ends so long after the last word
	KeyStart      string `json:"key_start"`      // key: the sequence that begins a recording, * or # and more
	KeyStop       string `json:"key_stop"`       // key: the one that ends it
	KeyFrom       string `json:"key_from"`       // key: call (from the call's beginning, at most 60 s back) or key
	KeyMute       bool   `json:"key_mute"`       // key: the sequences are silence in the recording
	OnModem       string `json:"on_modem"`       // fax or modem heard: lossless (goes on in g711), skip or keep
	Profile       string `json:"profile"`        // what it has in common with others of its kind; "" = nothing
	OwnNumber     string `json:"own_number"`     // the line's own: it fills in for the other party
	OutsidePrefix string `json:"outside_prefix"` // dialled for an outside line, no part of the number; "" = the profile's
	ThresholdMV   int    `json:"threshold_mv"`   // off-hook below this; 0 = the profile's, or learn it
	RingGapMS     int    `json:"ring_gap_ms"`    // longest pause between rings of one call; 0 = the profile's, or learn it
	GainDB        int    `json:"gain_db"`        // what is received is so much louder for levels, detectors and calls; recordings hold it as it came
	SentGainDB    int    `json:"sent_gain_db"`   // trunks and stations: what is sent is so much louder
	callDoc
	maskDoc
}

// groupDoc is a group of lines that rights can be given on.
type groupDoc struct {
	Name  string `json:"name"`
	Lines []int  `json:"lines"`
	Class string `json:"class"` // retention class of recordings of lines that name this group, and no class of their own
	quotaDoc
}

// diskDoc is how the recorder treats the disk.
type diskDoc struct {
	ReserveMB     int64  `json:"disk_reserve_mb"`     // kept free
	ReserveInodes int64  `json:"disk_reserve_inodes"` // kept free
	Full          string `json:"disk_full"`           // below the reserve: stop (no new recordings), delete-oldest (the trash, then the oldest), warn (go on)
	FullUnbacked  bool   `json:"disk_full_unbacked"`  // delete-oldest takes also what is not backed up
	Legs          string `json:"legs"`                // of calls that are connected with each other here: trunk or station, which recording is kept, or both
	BeepIntervalS int    `json:"beep_interval_s"`     // where a rule lets a line beep: so often
	BeepDBm0      int    `json:"beep_dbm0"`           // … and so loud
}

// sections are the parts of the settings document.
type sections struct {
	site     settings.Section[siteDoc]
	lines    settings.Section[map[string]lineDoc]
	groups   settings.Section[map[string]groupDoc]
	profiles settings.Section[map[string]profileDoc]
	spans    settings.Section[map[string]spanDoc]
	trunks   settings.Section[map[string]trunkGroupDoc]
	dialplan settings.Section[dialplanDoc]
	recorder settings.Section[diskDoc]
	evidenceSections
	encryptionSections
	mailSections
	alarmSections
	securitySections
	assureSections
	networkSections
	rulesSections
	keepSections
	playerSections
	backupSections
}

func newSections() sections {
	return sections{
		site:     settings.NewSection("site", siteDoc{Name: "vaad", Language: "zh", Country: "CN"}, siteDoc.validate),
		lines:    settings.NewMap("lines", func(string) lineDoc { return defaultLine() }, func(key string, l lineDoc) error { return l.validate(key) }),
		groups:   settings.NewMap("groups", func(string) groupDoc { return groupDoc{} }, func(key string, g groupDoc) error { return g.validate(key) }),
		profiles: settings.NewMap("profiles", func(string) profileDoc { return profileDoc{} }, func(key string, p profileDoc) error { return p.validate(key) }),
		spans:    settings.NewMap("spans", func(string) spanDoc { return defaultSpan() }, func(key string, d spanDoc) error { return d.validate(key) }),
		trunks: settings.NewMap("trunk_groups", func(string) trunkGroupDoc { return trunkGroupDoc{Order: "first"} },
			func(key string, g trunkGroupDoc) error { return g.validate(key) }),
		dialplan: settings.NewSection("dialplan", dialplanDoc{Outside: []outsideDoc{}, Incoming: []incomingDoc{}}, dialplanDoc.validate),
		recorder: settings.NewSection("recorder", diskDoc{ReserveMB: 512, ReserveInodes: 10_000, Full: "stop", Legs: "trunk", BeepIntervalS: 15, BeepDBm0: -18}, diskDoc.validate),

		evidenceSections: newEvidenceSections(),

		encryptionSections: newEncryptionSections(),
		mailSections:       newMailSections(),
		alarmSections:      newAlarmSections(),
		securitySections:   newSecuritySections(),
		assureSections:     newAssureSections(),
		networkSections:    newNetworkSections(),

		rulesSections: newRulesSections(),
		keepSections:  newKeepSections(),

		playerSections: newPlayerSections(),

		backupSections: newBackupSections(),
	}
}

func (s sections) parts() []settings.Part {
	return []settings.Part{s.site, s.groups, s.profiles, s.lines, s.spans, s.trunks, s.dialplan, s.recorder, s.network, s.mail, s.alarmRoutes, s.security, s.assurance, s.evidence, s.encryption, s.calendars, s.numbers, s.rules, s.classes, s.retention, s.backup, s.targets, s.player, s.sharing}
}

// check looks across sections: one board and port is one line.
func (s sections) check(v settings.View) error {
	seen := map[string]string{}
	var errs []error
	lines := s.lines.In(v)
	groups, profiles := s.groups.In(v), s.profiles.In(v)
	inOrder := slices.SortedFunc(maps.Keys(lines), func(a, b string) int { return number(a) - number(b) })
	for _, n := range inOrder { // of two lines on one port the later one is at fault
		l := lines[n]
		for _, port := range []int{l.Port, l.LocalPort} {
			if port == 0 {
				continue
			}
			at := fmt.Sprintf("%s/%d", l.Board, port)
			if other, ok := seen[at]; ok {
				errs = append(errs, twice("lines."+n+".port", at, "lines."+other, fmt.Sprintf("%s is line %s already", at, other)))
			}
			seen[at] = n
		}
		if _, ok := groups[l.Group]; l.Group != "" && !ok {
			errs = append(errs, fmt.Errorf("lines.%s.group: there is no group %q", n, l.Group))
		}
		if _, ok := profiles[l.Profile]; l.Profile != "" && !ok {
			errs = append(errs, fmt.Errorf("lines.%s.profile: there is no profile %q", n, l.Profile))
		}
	}
	if _, err := s.rulesIn(v); err != nil {
		errs = append(errs, err)
	}
	if len(s.evidence.In(v).MailTo) > 0 && s.mail.In(v).Server == "" {
		errs = append(errs, &settings.Coded{Key: "evidence.mail_to", Text: "there is no mail server yet: set mail.server first", Code: "no-mail"})
	}
	errs = append(errs, s.checkClasses(v)...)
	errs = append(errs, s.checkBackups(v)...)
	errs = append(errs, s.checkAlarmRoutes(v)...)
	return errors.Join(append(errs, checkNumbers(inOrder, lines, s.trunks.In(v), s.dialplan.In(v))...)...)
}

// twice is the fault of a value that may stand in one place only.
func twice(key, value, other, words string) error {
	return &settings.Coded{Key: key, Text: words, Code: "twice", Args: map[string]string{"value": value, "other": other}}
}

func defaultLine() lineDoc {
	return lineDoc{Trigger: "auto", PrerollMS: 2000, MaxMS: 4 * 3600 * 1000, Sides: "separate", Codec: "g711",
		VoiceDBm0: -45, HangoverMS: 10_000, KeyStart: "*1", KeyStop: "#1", KeyFrom: "call", OnModem: "lossless",
		callDoc: callDoc{Dial: "keys", Release: "act", Ring: []string{}}, maskDoc: defaultMask()}
}

func (d siteDoc) validate() error {
	var errs []error
	if !slices.Contains([]string{"en", "zh"}, d.Language) {
		errs = append(errs, fmt.Errorf("language: %q is not known; use en or zh", d.Language))
	}
	if err := badCountry(d.Country); err != nil {
		errs = append(errs, fmt.Errorf("country: %w", err))
	}
	if d.TimeZone != "" && !goodZone(d.TimeZone) {
		errs = append(errs, fmt.Errorf("time_zone: %q is no time zone; write it as Asia/Shanghai", d.TimeZone))
	}
	return errors.Join(errs...)
}

// badCountry is what is wrong with a country: its tones must be known.
func badCountry(code string) error {
	if tone.Known(code) {
		return nil
	}
	return fmt.Errorf("%q: its tones are not known; use one of %s", code, strings.Join(tone.Countries(), " "))
}

func (l lineDoc) validate(key string) error {
	var errs []error
	bad := func(k, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", k, fmt.Sprintf(format, args...)))
	}
	if n, err := strconv.Atoi(key); err != nil || n < 1 || n > 9999 || strconv.Itoa(n) != key {
		bad("", "%q is not a line number: use 1…9999", key)
	}
	if l.Use != "" {
		var u driver.Use
		if err := u.UnmarshalText([]byte(l.Use)); err != nil {
			bad("use", "%v", err)
		}
	}
	oneOf := func(k, v string, ok ...string) {
		if !slices.Contains(ok, v) {
			bad(k, "%q is not known; use one of %q", v, ok)
		}
	}
	within := func(k string, v, lo, hi int) {
		if v < lo || v > hi {
			bad(k, "%d: must be %d…%d", v, lo, hi)
		}
	}
	oneOf("trigger", l.Trigger, "auto", "off", "manual", "voltage", "voice", "key", "call", "continuous")
	oneOf("sides", l.Sides, "separate", "mixed")
	oneOf("codec", l.Codec, "g711", "pcm16", "ima", "gsm")
	if err := badMask(l.MaskKeys); err != nil {
		bad("mask_keys", "%v", err)
	}
	if l.PauseMaxS == 0 {
		bad("pause_max_s", "0: must be 1…3600")
	}
	if err := l.into(recorder.LineConfig{Trigger: keyed(l.Trigger), VoiceDBm0: l.VoiceDBm0, HangoverMS: l.HangoverMS, KeyStart: l.KeyStart, KeyStop: l.KeyStop, KeyFrom: l.KeyFrom,
		OnModem: l.OnModem}).Validate(); err != nil {
		errs = append(errs, err) // names its keys
	}
	within("preroll_ms", l.PrerollMS, 0, 30_000)
	within("min_ms", l.MinMS, 0, 600_000)
	within("max_ms", l.MaxMS, 5_000, 4*3600*1000)
	within("port", l.Port, 0, 512)
	within("local_port", l.LocalPort, 0, 512)
	if len(l.OwnNumber) > 40 || strings.Trim(l.OwnNumber, "0123456789+*#") != "" {
		bad("own_number", "%q: use at most 40 of the keys 0…9, +, * and #", l.OwnNumber)
	}
	if err := badPrefix(l.OutsidePrefix); err != nil {
		bad("outside_prefix", "%v", err)
	}
	within("gain_db", l.GainDB, -24, 24)
	within("sent_gain_db", l.SentGainDB, -24, 24)
	if l.ThresholdMV != 0 {
		within("threshold_mv", l.ThresholdMV, 3_000, 60_000)
	}
	if l.RingGapMS != 0 {
		within("ring_gap_ms", l.RingGapMS, 500, 15_000)
	}
	if l.MinMS > l.MaxMS {
		errs = append(errs, &settings.Coded{Key: "min_ms", Text: fmt.Sprintf("%d is more than max_ms %d", l.MinMS, l.MaxMS), Code: "contradicts"})
	}
	return errors.Join(append(errs, l.callDoc.validate())...)
}

func (g groupDoc) validate(key string) error {
	if key == "" || strings.ContainsAny(key, ". /") {
		return fmt.Errorf("a group's key is a short word without dots and spaces")
	}
	return g.quotaDoc.validate()
}

func (d diskDoc) validate() error {
	var errs []error
	if d.ReserveMB < 0 {
		errs = append(errs, errors.New("disk_reserve_mb: must not be negative"))
	}
	if d.ReserveInodes < 0 {
		errs = append(errs, errors.New("disk_reserve_inodes: must not be negative"))
	}
	if !slices.Contains([]string{string(keep.FullStop), string(keep.FullDelete), string(keep.FullWarn)}, d.Full) {
		errs = append(errs, fmt.Errorf("disk_full: %q is not known; use stop, delete-oldest or warn", d.Full))
	}
	if !slices.Contains([]string{"trunk", "station", "both"}, d.Legs) {
		errs = append(errs, fmt.Errorf("legs: %q is not known; use trunk, station or both", d.Legs))
	}
	errs = append(errs, d.badBeep()...)
	return errors.Join(errs...)
}
