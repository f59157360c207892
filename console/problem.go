package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"vaad/api"
	"vaad/api/text"

	"github.com/danielgtaylor/huma/v2"
)

// statuses is every problem code that the API answers with, and its HTTP status.
// Each has words in the catalogue: problem.CODE and problem.CODE.remedy.
func statuses() map[string]int {
	all := map[string]int{
		"bad-request":          http.StatusBadRequest,
		"invalid":              http.StatusUnprocessableEntity,
		"cursor":               http.StatusUnprocessableEntity,
		"not-entered":          http.StatusUnauthorized,
		"wrong-token":          http.StatusForbidden,
		"forbidden":            http.StatusForbidden,
		"forbidden-origin":     http.StatusForbidden,
		"wrong-host":           http.StatusMisdirectedRequest,
		"not-found":            http.StatusNotFound,
		"method-not-allowed":   http.StatusMethodNotAllowed,
		"too-large":            http.StatusRequestEntityTooLarge,
		"timeout":              http.StatusGatewayTimeout,
		"too-many":             http.StatusServiceUnavailable,
		"overloaded":           http.StatusServiceUnavailable,
		"no-line":              http.StatusNotFound,
		"no-board":             http.StatusNotFound,
		"no-dchannel":          http.StatusNotFound,
		"no-recording":         http.StatusNotFound,
		"no-audio":             http.StatusNotFound,
		"erased":               http.StatusGone,
		"key-missing":          http.StatusServiceUnavailable,
		"key-erased":           http.StatusGone,
		"audio-changed":        http.StatusInternalServerError,
		"held":                 http.StatusConflict,
		"protected":            http.StatusConflict,
		"not-in-trash":         http.StatusConflict,
		"being-recorded":       http.StatusConflict,
		"no-undo":              http.StatusNotFound,
		"no-request":           http.StatusNotFound,
		"no-proof":             http.StatusNotFound,
		"same-actor":           http.StatusConflict,
		"not-asker":            http.StatusConflict,
		"decided":              http.StatusConflict,
		"bulk-too-large":       http.StatusUnprocessableEntity,
		"in-trash":             http.StatusConflict,
		"empty-audio":          http.StatusConflict,
		"mono-only":            http.StatusUnprocessableEntity,
		"original-sides":       http.StatusUnprocessableEntity,
		"whole-only":           http.StatusUnprocessableEntity,
		"no-program":           http.StatusNotImplemented,
		"bad-template":         http.StatusUnprocessableEntity,
		"no-export":            http.StatusNotFound,
		"export-not-done":      http.StatusConflict,
		"exports-full":         http.StatusTooManyRequests,
		"nothing-found":        http.StatusNotFound,
		"too-many-rows":        http.StatusUnprocessableEntity,
		"too-many-recordings":  http.StatusUnprocessableEntity,
		"no-search":            http.StatusNotFound,
		"search-exists":        http.StatusConflict,
		"searches-full":        http.StatusConflict,
		"share-off":            http.StatusForbidden,
		"no-share":             http.StatusNotFound,
		"share-tries":          http.StatusTooManyRequests,
		"shares-full":          http.StatusConflict,
		"no-call":              http.StatusNotFound,
		"no-caller-id":         http.StatusNotFound,
		"doctor-failed":        http.StatusInternalServerError,
		"no-setting":           http.StatusNotFound,
		"no-version":           http.StatusNotFound,
		"no-alarm":             http.StatusNotFound,
		"settings-invalid":     http.StatusUnprocessableEntity,
		"setting-fixed":        http.StatusConflict,
		"settings-conflict":    http.StatusConflict,
		"mail-failed":          http.StatusBadGateway,
		"not-recording":        http.StatusConflict,
		"recording-off":        http.StatusConflict,
		"not-paused":           http.StatusConflict,
		"pause-not-kept":       http.StatusInternalServerError,
		"starting":             http.StatusServiceUnavailable,
		"line-unused":          http.StatusConflict,
		"line-gone":            http.StatusServiceUnavailable,
		"busy":                 http.StatusServiceUnavailable,
		"disk-full":            http.StatusInsufficientStorage,
		"read-only":            http.StatusInsufficientStorage,
		"disk-error":           http.StatusInternalServerError,
		"no-flight":            http.StatusConflict,
		"no-leg":               http.StatusNotFound,
		"no-bridge":            http.StatusNotFound,
		"no-group":             http.StatusNotFound,
		"no-prompt":            http.StatusUnprocessableEntity,
		"bad-prompt":           http.StatusUnprocessableEntity,
		"no-trunk":             http.StatusServiceUnavailable,
		"not-switched":         http.StatusConflict,
		"line-in-use":          http.StatusConflict,
		"line-refused":         http.StatusConflict,
		"bad-number":           http.StatusUnprocessableEntity,
		"unknown-number":       http.StatusUnprocessableEntity,
		"wrong-state":          http.StatusConflict,
		"not-bridged":          http.StatusConflict,
		"conference-full":      http.StatusConflict,
		"no-reaction":          http.StatusGatewayTimeout,
		"leg-ended":            http.StatusConflict,
		"not-answered":         http.StatusConflict,
		"learn-tap":            http.StatusConflict,
		"learn-no-trunk":       http.StatusConflict,
		"learning":             http.StatusConflict,
		"not-learnt":           http.StatusNotFound,
		"no-backup-target":     http.StatusNotFound,
		"no-restore":           http.StatusNotFound,
		"not-in-backup":        http.StatusNotFound,
		"not-removable":        http.StatusConflict,
		"restoring":            http.StatusConflict,
		"restore-not-empty":    http.StatusConflict,
		"backup-foreign":       http.StatusConflict,
		"backup-other-way":     http.StatusConflict,
		"backup-newer":         http.StatusConflict,
		"backup-not-set-up":    http.StatusConflict,
		"backup-no-key":        http.StatusConflict,
		"backup-no-recipients": http.StatusConflict,
		"backup-gone":          http.StatusServiceUnavailable,
		"backup-denied":        http.StatusServiceUnavailable,
		"backup-full":          http.StatusInsufficientStorage,
		"backup-read-only":     http.StatusInsufficientStorage,
		"no-job":               http.StatusNotFound,
		"no-report":            http.StatusNotFound,
		"job-running":          http.StatusConflict,
		"job-idle":             http.StatusConflict,
		"no-route":             http.StatusNotFound,
		"not-delivered":        http.StatusBadGateway,
		"no-series":            http.StatusNotFound,
		"no-service":           http.StatusConflict,
		"wrong-name":           http.StatusMisdirectedRequest,
		"needs-tls":            http.StatusForbidden,
		"certificate-refused":  http.StatusUnprocessableEntity,
		"no-authority":         http.StatusNotFound,
		"no-trial":             http.StatusConflict,
		"already-set-up":       http.StatusConflict,
		"closing-door":         http.StatusConflict,
		"not-available":        http.StatusNotImplemented,
		"not-websocket":        http.StatusUpgradeRequired,
		"range":                http.StatusRequestedRangeNotSatisfiable,
		"wrong-login":          http.StatusForbidden,
		"code-needed":          http.StatusForbidden,
		"wrong-code":           http.StatusForbidden,
		"used-code":            http.StatusForbidden,
		"locked-out":           http.StatusTooManyRequests,
		"confirm-needed":       http.StatusForbidden,
		"must-change-password": http.StatusForbidden,
		"must-enrol":           http.StatusForbidden,
		"beyond-rights":        http.StatusForbidden,
		"local-only":           http.StatusForbidden,
		"no-account":           http.StatusConflict,
		"no-session":           http.StatusNotFound,
		"no-user":              http.StatusNotFound,
		"no-token":             http.StatusNotFound,
		"name-taken":           http.StatusConflict,
		"bad-name":             http.StatusUnprocessableEntity,
		"bad-grants":           http.StatusUnprocessableEntity,
		"bad-expiry":           http.StatusUnprocessableEntity,
		"weak-password":        http.StatusUnprocessableEntity,
		"last-administrator":   http.StatusConflict,
		"accounts-full":        http.StatusConflict,
		"no-enrolment":         http.StatusConflict,
		"enrolled":             http.StatusConflict,
		"closing":              http.StatusServiceUnavailable,
		"firmware-loading":     http.StatusConflict,
		"audit-failed":         http.StatusInternalServerError,
		"internal":             http.StatusInternalServerError,
	}
	for code, status := range firmwareStatuses() {
		all[api.FirmwareProblem(code)] = status
	}
	return all
}

// maxEcho is how much of a wrong value is told back, maxFaults how many faults.
const (
	maxEcho   = 200
	maxFaults = 20
)

// echo is as much of what was sent as is told back.
func echo(s string) string {
	if len(s) <= maxEcho {
		return s
	}
	return strings.ToValidUTF8(s[:maxEcho], "") + "…"
}

// fail makes a problem; its title and remedy are filled in for the reader's
// language when it is written.
func fail(code, detail string) *api.Problem {
	return &api.Problem{Code: code, Status: statuses()[code], Detail: detail}
}

// failLine is fail about one line.
func failLine(code string, line int, detail string) *api.Problem {
	p := fail(code, detail)
	p.Line = line
	return p
}

// finish fills in what follows from the code, in a language.
func finish(p *api.Problem, lang string) {
	p.Type = "urn:vaad:problem:" + p.Code
	if p.Status = statuses()[p.Code]; p.Status == 0 {
		p.Status = http.StatusInternalServerError
	}
	p.Title = text.Text(lang, "problem."+p.Code, nil)
	if p.Remedy == "" {
		p.Remedy = text.Text(lang, "problem."+p.Code+".remedy", nil)
	}
}

// language is what the sender of a request reads.
func language(r *http.Request) string { return text.Match(r.Header.Get("Accept-Language")) }

// languageKey is where a request's context has the language.
type languageKey struct{}

// languageOf is what the sender of a request reads, for its handler.
func languageOf(ctx context.Context) string {
	lang, _ := ctx.Value(languageKey{}).(string)
	return lang
}

// writeProblem answers a request that no handler of the API sees.
func writeProblem(w http.ResponseWriter, r *http.Request, p *api.Problem) {
	finish(p, language(r))
	w.Header().Set("Content-Type", api.ProblemType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the sender may be gone: nobody is left to be told
}

// writeErr is writeProblem for an error that Server.problem made.
func writeErr(w http.ResponseWriter, r *http.Request, err error) {
	var p *api.Problem
	if !errors.As(err, &p) {
		p = fail("internal", err.Error())
	}
	writeProblem(w, r, p)
}

// codeOfStatus is the code for errors that the framework finds by itself.
func codeOfStatus(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusNotAcceptable, http.StatusUnsupportedMediaType:
		return "bad-request"
	case http.StatusUnprocessableEntity:
		return "invalid"
	case http.StatusRequestEntityTooLarge:
		return "too-large"
	case http.StatusRequestTimeout:
		return "timeout"
	default:
		return "internal"
	}
}

// transform turns the framework's errors into problems of ours and finishes
// all of them. It runs before any body is written.
func transform(ctx huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*api.Problem)
	if !ok {
		m, isModel := v.(*huma.ErrorModel)
		if !isModel {
			return v, nil
		}
		p = &api.Problem{Code: codeOfStatus(m.Status), Detail: m.Detail}
		status := m.Status
		if body, _ := ctx.Context().Value(sentBodyKey{}).(*sentBody); m.Status == http.StatusInternalServerError && body.code() != "" {
			p.Code = body.code()
			status = statuses()[p.Code]
		}
		if len(m.Errors) > 0 && m.Detail == "validation failed" { // so says the title
			p.Detail = ""
		}
		for _, e := range m.Errors {
			if e == nil || p.Code == "internal" { // inner errors are for the log
				continue
			}
			if len(p.Errors) == maxFaults {
				break
			}
			switch v := e.Value.(type) {
			case string:
				e.Value = echo(v)
			case []any, map[string]any, []string: // of any size
				e.Value = nil
			}
			if v, ok := e.Value.(float64); ok { // JSON has no NaN and no infinity
				e.Value = strconv.FormatFloat(v, 'g', -1, 64)
			}
			message := translate(text.Match(ctx.Header("Accept-Language")), e.Message)
			p.Errors = append(p.Errors, api.ProblemError{Location: echo(e.Location), Message: echo(message), Value: e.Value})
		}
		defer func() { p.Status = status }() // it is sent with that one
	}
	finish(p, text.Match(ctx.Header("Accept-Language")))
	return p, nil
}
