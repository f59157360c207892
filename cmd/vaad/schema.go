package main

import (
	"maps"
	"strings"

	"vaad/calls"
	"vaad/channels"
	"vaad/dsp/tone"
	"vaad/recorder/keep"
	"vaad/settings"
)

// Forms of texts: what one looks like, for editors and for the words of what is wrong.
const (
	formKeys     = "keys"     // a number as keys dial it
	formSequence = "sequence" // * or # and more keys
	formSchedule = "schedule" // daily 02:30
	formPeriod   = "period"   // 08:30-12:00
	formDate     = "date"     // 2026-10-10
	formDates    = "dates"    // a date, a range of dates, a day of every year
	formZone     = "zone"     // Asia/Shanghai
	formPattern  = "pattern"  // of numbers: * and ?
	formTerm     = "term"     // a pattern, @LIST, with ! before it
	formName     = "name"     // a short word
	formPath     = "path"     // whole path of a file or folder
	formSecret   = "secret"   // where a secret stands
	formAddress  = "address"  // of e-mail
	formHost     = "host"     // name or address of a machine
	formLabel    = "label"    // a name without dots: a-z, 0-9 and hyphens
	formURL      = "url"
	formRings    = "rings" // an extension, or "line 3"
	formAge      = "age"   // public key
	formPrompt   = "prompt"
	formCountry  = "country"
	formClock    = "clock" // 22:00
)

// hints is what people and editors must know of keys beside their type. Parts that are
// set up elsewhere add theirs to it in files of their own.
func hints() map[string]settings.Hint {
	all := map[string]settings.Hint{}
	for _, part := range []map[string]settings.Hint{siteHints(), lineHints(), callHints(), numberHints(), ruleHints(), keepHints(), proofHints(), backupHints(), networkHints(), tellHints()} {
		maps.Copy(all, part)
	}
	return all
}

// bounded is a number with a unit between two bounds, or one of the others.
func bounded(unit string, low, high float64, also ...int64) settings.Hint {
	return settings.Hint{Unit: unit, Min: low, Max: high, Also: also}
}

// oneOf is a text of which there are few.
func oneOf(choices ...string) settings.Hint { return settings.Hint{Choices: choices} }

func formed(form string) settings.Hint { return settings.Hint{Form: form} }

func optional(h settings.Hint) settings.Hint {
	h.Optional = true
	return h
}

func worded(group string, h settings.Hint) settings.Hint {
	h.Words = group
	return h
}

// when limits a hint: "trigger=key,auto".
func when(h settings.Hint, conditions ...string) settings.Hint {
	for _, c := range conditions {
		key, values, _ := strings.Cut(c, "=")
		h.When = append(h.When, settings.When{Key: key, Is: strings.Split(values, ",")})
	}
	return h
}

func countries() settings.Hint {
	return settings.Hint{Form: formCountry, Choices: tone.Countries(), Words: "country"}
}

func siteHints() map[string]settings.Hint {
	return map[string]settings.Hint{
		"lines.*": formed("line"), "spans.*": formed("span"), "groups.*": formed(formName), "profiles.*": formed(formName), "trunk_groups.*": formed(formName),
		"calendars.*": formed(formName), "number_lists.*": formed(formName), "retention_classes.*": formed(formName), "backup_targets.*": formed(formName),

		"site.language":                oneOf("en", "zh"),
		"site.country":                 countries(),
		"site.time_zone":               optional(formed(formZone)),
		"groups.*.lines.*":             {Refs: "lines", Min: 1, Max: 9999},
		"groups.*.class":               {Refs: "retention_classes", Choices: []string{standardClass}, Optional: true},
		"groups.*.quota_days":          bounded("d", 0, keep.MaxDays),
		"groups.*.quota_gb":            bounded("GiB", 0, 1e6),
		"groups.*.quota_recordings":    bounded("", 0, 1e12),
		"recorder.disk_reserve_mb":     bounded("MiB", 0, 1e12),
		"recorder.disk_reserve_inodes": bounded("", 0, 1e12),
		"recorder.disk_full":           oneOf(string(keep.FullStop), string(keep.FullDelete), string(keep.FullWarn)),
		"recorder.disk_full_unbacked":  when(settings.Hint{}, "disk_full="+string(keep.FullDelete)),
		"recorder.legs":                oneOf("trunk", "station", "both"),
		"recorder.beep_interval_s":     bounded("s", 3, 300),
		"recorder.beep_dbm0":           bounded("dBm0", -30, -10),
		"mail.server":                  optional(formed(formHost)),
		"mail.port":                    bounded("", 1, 65535, 0),
		"mail.security":                oneOf("starttls", "tls", "none"),
		"mail.password_file":           optional(formed(formPath)),
		"mail.from":                    optional(formed(formAddress)),
		"assurance.schedule":           formed(formSchedule),
	}
}

func lineHints() map[string]settings.Hint {
	use := optional(worded("use", oneOf("tap", "trunk", "station", "unused")))
	return map[string]settings.Hint{
		"lines.*.port":           bounded("", 0, 512),
		"lines.*.local_port":     when(bounded("", 0, 512), "use=,tap"),
		"lines.*.use":            use,
		"lines.*.group":          {Refs: "groups", Optional: true},
		"lines.*.class":          {Refs: "retention_classes", Choices: []string{standardClass}, Optional: true},
		"lines.*.trigger":        worded("trigger", oneOf("auto", "off", "manual", "voltage", "voice", "key", "call", "continuous")),
		"lines.*.preroll_ms":     bounded("ms", 0, 30_000),
		"lines.*.min_ms":         bounded("ms", 0, 600_000),
		"lines.*.max_ms":         bounded("ms", 5_000, 4*3600*1000),
		"lines.*.sides":          oneOf("separate", "mixed"),
		"lines.*.codec":          oneOf("g711", "pcm16", "ima", "gsm"),
		"lines.*.voice_dbm0":     when(bounded("dBm0", -60, -20, 0), "trigger=voice"),
		"lines.*.hangover_ms":    when(bounded("ms", 1_000, 600_000, 0), "trigger=voice"),
		"lines.*.key_start":      when(formed(formSequence), "trigger=key"),
		"lines.*.key_stop":       when(formed(formSequence), "trigger=key"),
		"lines.*.key_from":       when(oneOf("call", "key"), "trigger=key"),
		"lines.*.key_mute":       when(settings.Hint{}, "trigger=key"),
		"lines.*.on_modem":       oneOf("lossless", "skip", "keep"),
		"lines.*.profile":        {Refs: "profiles", Optional: true},
		"lines.*.own_number":     optional(formed(formKeys)),
		"lines.*.outside_prefix": optional(formed(formKeys)),
		"lines.*.threshold_mv":   bounded("mV", 3_000, 60_000, 0),
		"lines.*.ring_gap_ms":    bounded("ms", 500, 15_000, 0),
		"lines.*.pause_key":      optional(formed(formSequence)),
		"lines.*.resume_key":     optional(formed(formSequence)),
		"lines.*.pause_max_s":    bounded("s", 1, 3600),
		"lines.*.pause_alarm_s":  bounded("s", 0, 3600),
		"lines.*.pause_back_ms":  bounded("ms", 0, 5000),
		"lines.*.mask_keys":      optional(worded("setting.mask_keys.value", oneOf(channels.Masks()...))),

		"profiles.*.country":        optional(countries()),
		"profiles.*.outside_prefix": optional(formed(formKeys)),
		"profiles.*.threshold_mv":   bounded("mV", 3_000, 60_000, 0),
		"profiles.*.ring_gap_ms":    bounded("ms", 500, 15_000, 0),
		"profiles.*.mask_keys":      optional(worded("setting.mask_keys.value", oneOf(channels.Masks()...))),
		"profiles.*.idle_mv":        {Unit: "mV"},
		"profiles.*.off_hook_mv":    {Unit: "mV"},
		"profiles.*.caller_id":      optional(oneOf("bell202-before-ring", "bell202-after-ring", "v23-before-ring", "v23-after-ring", "dtmf-before-ring", "dtmf-after-ring")),
		"profiles.*.dial_hz":        bounded("Hz", 100, 1900, 0),
		"profiles.*.busy_hz":        bounded("Hz", 100, 1900, 0),
		"profiles.*.busy_on_ms":     {Unit: "ms"},
		"profiles.*.busy_off_ms":    {Unit: "ms"},
		"profiles.*.answer_signal":  optional(oneOf("reversal")),
		"profiles.*.release_signs":  optional(formed("signs")),
	}
}

// callHints are of lines that carry calls, and of spans.
func callHints() map[string]settings.Hint {
	const trunk, station, both = "use=trunk", "use=station", "use=trunk,station"
	return map[string]settings.Hint{
		"lines.*.extension":    when(optional(formed(formKeys)), station),
		"lines.*.dial":         when(oneOf("keys", "pulses"), trunk),
		"lines.*.flash_ms":     when(bounded("ms", 50, 1_500, 0), both),
		"lines.*.release":      when(oneOf("act", "report"), trunk),
		"lines.*.silence_ms":   when(bounded("ms", 120_000, 3_600_000, 0), trunk),
		"lines.*.longest_ms":   when(bounded("ms", 60_000, 7*24*3_600_000, 0), both),
		"lines.*.echo_ms":      when(bounded("ms", 8, 128, 0, -1), both),
		"lines.*.sends_caller": when(optional(oneOf("bell202", "v23", "dtmf", "none")), station),
		"lines.*.ring":         when(settings.Hint{}, trunk),
		"lines.*.ring.*":       formed(formRings),
		"lines.*.trunk_group":  when(optional(formed(formName)), trunk),

		"spans.*.side":      oneOf("user", "network"),
		"spans.*.switch":    oneOf("euroisdn", "qsig", "ni2", "dms100", "5ess", "4ess"),
		"spans.*.numbering": oneOf("timeslot", "logical"),
		"spans.*.order":     oneOf("up", "down"),
	}
}

// numberHints are of trunk groups and the dial plan.
func numberHints() map[string]settings.Hint {
	return map[string]settings.Hint{
		"trunk_groups.*.order":         oneOf(calls.TrunkOrders()...),
		"trunk_groups.*.prefix":        optional(formed(formKeys)),
		"trunk_groups.*.caller":        optional(formed(formKeys)),
		"dialplan.outside.*.prefix":    optional(formed(formKeys)),
		"dialplan.outside.*.groups.*":  formed(formName),
		"dialplan.outside.*.add":       optional(formed(formKeys)),
		"dialplan.outside.*.numbers.*": formed("plan"),
		"dialplan.incoming.*.groups.*": formed(formName),
		"dialplan.incoming.*.called":   optional(formed(formPattern)),
		"dialplan.incoming.*.ring.*":   formed(formRings),
		"dialplan.incoming.*.strip":    bounded("", 0, 20),
		"dialplan.ring_ms":             bounded("ms", 5_000, 600_000, 0),
		"dialplan.first_digit_ms":      bounded("ms", 2_000, 60_000, 0),
		"dialplan.digit_pause_ms":      bounded("ms", 1_000, 20_000, 0),
		"dialplan.caller_wait_ms":      bounded("ms", 500, 10_000, 0, -1),
		"number_lists.*.numbers.*":     formed(formPattern),
		"calendars.*.zone":             optional(formed(formZone)),
		"calendars.*.mon.*":            formed(formPeriod),
		"calendars.*.tue.*":            formed(formPeriod),
		"calendars.*.wed.*":            formed(formPeriod),
		"calendars.*.thu.*":            formed(formPeriod),
		"calendars.*.fri.*":            formed(formPeriod),
		"calendars.*.sat.*":            formed(formPeriod),
		"calendars.*.sun.*":            formed(formPeriod),
		"calendars.*.holidays.*":       formed(formDates),
		"calendars.*.holiday.*":        formed(formPeriod),
		"calendars.*.days.*.date":      formed(formDate),
		"calendars.*.days.*.periods.*": formed(formPeriod),
		"calendars.*.days.*.as":        optional(oneOf("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
	}
}

func ruleHints() map[string]settings.Hint {
	const records = "record=true"
	announced := func(h settings.Hint) settings.Hint { return when(h, records, "announce=*") }
	return map[string]settings.Hint{
		"rules.internal.*":           formed(formPattern),
		"rules.list.*.name":          formed(formName),
		"rules.list.*.lines.*":       {Refs: "lines", Min: 1, Max: 9999},
		"rules.list.*.groups.*":      {Refs: "groups"},
		"rules.list.*.uses.*":        worded("use", oneOf("tap", "trunk", "station")),
		"rules.list.*.direction":     optional(worded("rule-value", oneOf("in", "out"))),
		"rules.list.*.caller.*":      formed(formTerm),
		"rules.list.*.called.*":      formed(formTerm),
		"rules.list.*.party.*":       formed(formTerm),
		"rules.list.*.scope":         optional(worded("rule-value", oneOf("internal", "external"))),
		"rules.list.*.calendar":      {Refs: "calendars", Optional: true},
		"rules.list.*.outside":       when(settings.Hint{}, "calendar=*"),
		"rules.list.*.heard.*":       worded("rule-value", oneOf("fax", "modem", "text", "any")),
		"rules.list.*.blank":         when(settings.Hint{}, "record=false"),
		"rules.list.*.percent":       when(bounded("%", 0, 100), records),
		"rules.list.*.proof":         when(settings.Hint{}, records, "heard=*"),
		"rules.list.*.trigger":       when(optional(worded("trigger", oneOf("call", "voice", "key", "manual"))), records),
		"rules.list.*.codec":         when(optional(worded("setting.lines.codec.value", oneOf("g711", "pcm16", "ima", "gsm"))), records),
		"rules.list.*.sides":         when(optional(worded("setting.lines.sides.value", oneOf("separate", "mixed"))), records),
		"rules.list.*.class":         when(settings.Hint{Refs: "retention_classes", Choices: []string{standardClass}, Optional: true}, records),
		"rules.list.*.beep":          when(settings.Hint{}, records),
		"rules.list.*.announce":      when(optional(formed(formPrompt)), records),
		"rules.list.*.announce_to":   announced(optional(oneOf("network", "both"))),
		"rules.list.*.announce_over": announced(settings.Hint{}),
		"rules.list.*.announce_else": announced(optional(oneOf("record", "deny"))),
	}
}
