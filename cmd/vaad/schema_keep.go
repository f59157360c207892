package main

import (
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
	"vaad/recorder/keep"
	"vaad/settings"
)

func keepHints() map[string]settings.Hint {
	return map[string]settings.Hint{
		"retention_classes.*.days":       when(bounded("d", 0, keep.MaxDays), "forever=false"),
		"retention_classes.*.count":      when(bounded("", 0, 1e12), "forever=false"),
		"retention_classes.*.action":     oneOf(string(keep.ToTrash), string(keep.ToErase)),
		"retention_classes.*.trash_days": bounded("d", 0, keep.MaxDays),
		"retention.default":              {Refs: "retention_classes", Choices: []string{standardClass}},
		"retention.schedule":             formed(formSchedule),
		"retention.eta_days":             bounded("d", 0, keep.MaxDays),
	}
}

// proofHints are of evidence and encryption.
func proofHints() map[string]settings.Hint {
	return map[string]settings.Hint{
		"evidence.checkpoint_minutes": bounded("min", 1, 24*60),
		"evidence.anchor":             optional(formed(formPath)),
		"evidence.mail_to.*":          formed(formAddress),
		"evidence.mail_hours":         bounded("h", 1, 31*24),
		"evidence.tsa":                optional(formed(formURL)),
		"evidence.tsa_roots":          optional(formed(formPath)),
		"evidence.tsa_hours":          bounded("h", 1, 31*24),
		"encryption.stories":          when(settings.Hint{}, "enabled=true"),
		"encryption.master":           optional(formed(formSecret)),
	}
}

func backupHints() map[string]settings.Hint {
	kinds := make([]string, 0, 5)
	for _, k := range target.Kinds() {
		kinds = append(kinds, string(k))
	}
	const of = "backup_targets.*."
	all := map[string]settings.Hint{
		"backup.recipients.*":   formed(formAge),
		"backup.identity":       optional(formed(formSecret)),
		"backup.late_hours":     bounded("h", 1, 24*365),
		"backup.drill_schedule": formed(formSchedule),
		"backup.drill_size":     bounded("", 1, 10_000),

		of + "kind":        worded("target-kind", oneOf(kinds...)),
		of + "stall_s":     bounded("s", 1, 3600),
		of + "schedule":    formed(formSchedule),
		of + "day_kbps":    bounded("kB/s", 0, 10_000_000),
		of + "night_kbps":  bounded("kB/s", 0, 10_000_000),
		of + "night":       formed(formPeriod),
		of + "verify":      oneOf(string(backup.VerifyFull), string(backup.VerifySample), string(backup.VerifyNone)),
		of + "keep_states": bounded("", 1, 1000),
		of + "parallel":    bounded("", 1, 8),
		of + "late_hours":  bounded("h", 0, 24*365),
		of + "groups.*":    {Refs: "groups"},
		of + "classes.*":   {Refs: "retention_classes", Choices: []string{standardClass}},

		of + "folder.path":      formed(formPath),
		of + "folder.mount":     optional(formed(formPath)),
		of + "removable.mounts": oneOf("never", "udisks", "systemd", "mount"),
		of + "removable.at":     when(optional(formed(formPath)), "mounts=systemd,mount"),
		of + "optical.staging":  formed(formPath),
		of + "optical.bytes":    bounded("B", 1<<20, 200_000_000_000),
		of + "optical.device":   optional(formed(formPath)),
		of + "optical.keep":     bounded("", 0, 10_000),
		of + "optical.burn_s":   bounded("s", 60, 86_400),
		of + "sftp.address":     formed(formHost),
		of + "sftp.key":         optional(formed(formSecret)),
		of + "sftp.passphrase":  optional(formed(formSecret)),
		of + "sftp.password":    optional(formed(formSecret)),
		of + "sftp.keepalive_s": bounded("s", 1, 600),
		of + "s3.endpoint":      formed(formHost),
		of + "s3.access_key":    formed(formSecret),
		of + "s3.secret_key":    formed(formSecret),
		of + "s3.ca_file":       optional(formed(formPath)),
		of + "s3.part_mb":       bounded("MiB", 5, 512),
	}
	for _, k := range kinds { // only the part of its kind counts
		all[of+k] = when(settings.Hint{}, "kind="+k)
	}
	return all
}
