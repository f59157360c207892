package console

import (
	"net/http"

	"vaad/access"
)

// systemRoutes are the routes about how the box looks after itself.
func systemRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{"alarm-routes", get, "/alarm-routes", access.AlarmRead, "Alarms", "By which ways people are told of alarms, and what became of it", with((*Server).alarmRoutes)},
		{"alarm-route-test", post, "/alarm-routes/{route}/test", access.SettingsWrite, "Alarms", "Send a message of no alarm, and wait for what becomes of it", with((*Server).testRoute)},
		{"alarm-route-secret", post, "/alarm-routes/{route}/secret", access.SettingsWrite, "Alarms", "Make a new secret that signs a route's webhooks", with((*Server).newRouteSecret)},

		{"audit", get, "/audit", access.AuditRead, "Audit", "Who did what, newest first", with((*Server).audit)},
		{"audit-csv", get, "/audit.csv", access.AuditRead, "Audit", "The audit log as a table, newest first", withStream((*Server).auditCSV, "text/csv")},
		{"audit-verify", get, "/audit/verification", access.AuditRead, "Audit", "Verify every row of the audit log, and what was signed of it", with((*Server).verifyAudit)},

		{"logs", get, "/logs", access.Maintain, "System", "The last lines of the daemon's log, newest first", with((*Server).logLines)},
		{"logs-live", get, "/logs/live", access.Maintain, "System", "Live: server-sent events log, one for each new line", withStream((*Server).liveLog, "text/event-stream")},
		{"metrics-history", get, "/metrics/history", access.Status, "System", "Chosen metrics of the last 30 days", with((*Server).metricsHistory)},
		{"system", get, "/system", access.Status, "System", "The machine and the daemon", with((*Server).system)},
		{"restart", post, "/system/restart", access.Maintain, "System", "End the daemon, to be started again: recordings are sealed, and lines are not recorded for some seconds", with((*Server).restart)},
		{"support", get, "/support", access.Maintain, "System", "What a support bundle would hold", with((*Server).support)},
		{"support-bundle", get, "/support/bundle", access.Maintain, "System", "A support bundle, without secrets and telephone numbers", withStream((*Server).supportBundle, "application/gzip")},
		{"verification", get, "/verification", access.AuditRead, "Recordings", "What verifying all recordings has found, or how far it is; it is the job verify", with((*Server).wholeVerification)},
	}
}
