package main

import (
	"vaad/access"
	"vaad/alarm"
	"vaad/settings"
)

// tellHints are of alarm routes, and of who comes in.
func tellHints() map[string]settings.Hint {
	roles := make([]string, 0, 5)
	for _, r := range access.Roles() {
		roles = append(roles, string(r))
	}
	return map[string]settings.Hint{
		"alarm_routes.*":               formed(formName),
		"alarm_routes.*.severities.*":  worded("severity", oneOf(string(alarm.Warning), string(alarm.Critical))),
		"alarm_routes.*.codes.*":       formed("alarm"),
		"alarm_routes.*.groups.*":      {Refs: "groups"},
		"alarm_routes.*.mail_to.*":     formed(formAddress),
		"alarm_routes.*.webhook":       optional(formed(formURL)),
		"alarm_routes.*.webhook_roots": optional(formed(formPath)),
		"alarm_routes.*.delay_s":       bounded("s", 0, maxDelayS),
		"alarm_routes.*.repeat_min":    bounded("min", 0, maxRepeatMin),
		"alarm_routes.*.quiet_from":    optional(formed(formClock)),
		"alarm_routes.*.quiet_to":      optional(formed(formClock)),
		"alarm_routes.*.flood":         bounded("", 1, 1000),
		"alarm_routes.*.console":       optional(formed(formURL)),

		"security.session_idle_min":    bounded("min", 5, 7*24*60),
		"security.session_max_h":       bounded("h", 1, 90*24),
		"security.lock_after":          bounded("", 3, 50),
		"security.lock_within_min":     bounded("min", 1, 24*60),
		"security.password_min_length": bounded("", 8, 64),
		"security.totp_roles.*":        worded("role", oneOf(roles...)),
	}
}
