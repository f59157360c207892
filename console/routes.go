package console

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"vaad/access"
	"vaad/api"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// anyone is the verb of a route that every signed-in caller may use.
const anyone access.Verb = ""

// anybody is the verb of a route that nobody need be signed in for: what it takes is a
// secret of its own.
const anybody access.Verb = "-"

// A route is one operation of the API: where it is, and what its caller must
// be allowed to do.
type route struct {
	ID      string // operationId
	Method  string
	Path    string // below api.Prefix
	Verb    access.Verb
	Tag     string
	Summary string
	add     func(*Server, route)
}

// routes is the whole API. Rights are checked from here, before anything else.
func routes() []route {
	const get, post, put, remove = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return append([]route{
		{"session", get, "/session", anyone, "Status", "Who the caller is and what they may do", with((*Server).session)},
		{"status", get, "/status", access.Status, "Status", "The daemon at a glance", with((*Server).status)},
		{"boards", get, "/boards", access.ViewLines, "Lines", "All boards, working or not", with((*Server).boards)},

		{"lines", get, "/lines", access.ViewLines, "Lines", "All lines as they are now", with((*Server).lines)},
		{"line", get, "/lines/{line}", access.ViewLines, "Lines", "One line as it is now", with((*Server).line)},
		{"start", post, "/lines/{line}/start", access.StartStop, "Lines", "Begin a recording by hand", with((*Server).start)},
		{"stop", post, "/lines/{line}/stop", access.StartStop, "Lines", "End the line's recording", with((*Server).stop)},
		{"pause", post, "/lines/{line}/pause", access.Pause, "Lines", "Leave out of recordings, flight recorder and listening what is said from now on", with((*Server).pause)},
		{"resume", post, "/lines/{line}/resume", access.Pause, "Lines", "End that", with((*Server).resume)},
		{"listen", get, "/lines/{line}/listen", access.Listen, "Lines", "Hear the line: a WAV without end", withStream((*Server).listen, "audio/wav")},
		{"live", get, "/lines/{line}/live", access.Listen, "Lines", "Hear the sides of a line apart: a WebSocket of binary frames", withStream((*Server).live, "application/octet-stream")},
		{"flight", get, "/lines/{line}/flight", access.SaveFlight, "Lines", "What just happened on the line, as a frame log", withStream((*Server).flight, "application/octet-stream")},
		{"pcap", get, "/boards/{board}/spans/{span}/dchannel.pcap", access.SaveFlight, "Lines", "What comes on a span's D-channel from now on, as a capture file that Wireshark opens", withStream((*Server).pcap, "application/vnd.tcpdump.pcap")},
		{"learn", post, "/lines/{line}/learn", access.SettingsWrite, "Lines", "Learn the line by calls that a technician is guided through", with((*Server).learn)},
		{"learning", get, "/lines/{line}/learn", access.SettingsRead, "Lines", "How far that is, what was measured, and what it proposes", with((*Server).learning)},
		{"learn-cancel", remove, "/lines/{line}/learn", access.SettingsWrite, "Lines", "Give it up", with((*Server).cancelLearn)},
		{"events", get, "/events", access.ViewLines, "Lines", "Live: server-sent events snapshot, event, lines, alarms, usb, resync", withStream((*Server).events, "text/event-stream")},

		{"recordings", get, "/recordings", access.SearchRecords, "Recordings", "Search recordings, newest first", with((*Server).recordings)},
		{"recording", get, "/recordings/{id}", access.SearchRecords, "Recordings", "One recording", with((*Server).recording)},
		{"story", get, "/recordings/{id}/story", access.SearchRecords, "Recordings", "What happened during a recording", with((*Server).story)},
		{"audio", get, "/recordings/{id}/audio", access.Play, "Recordings", "One side of a recording as WAV; Range is understood", withStream((*Server).audio, "audio/wav")},
		{"export", get, "/recordings/{id}/export", access.Export, "Recordings", "The recording as one WAV file", withStream((*Server).export, "audio/wav")},
		{"note", post, "/recordings/{id}/notes", access.Note, "Recordings", "Write a note on a recording", with((*Server).note)},
		{"mark", post, "/recordings/{id}/marks", access.Note, "Recordings", "Mark a moment of a recording", with((*Server).mark)},

		{"recording-pause", post, "/recordings/{id}/pause", access.Pause, "Recordings", "Pause the line of a recording that is being made", with((*Server).pauseRecording)},
		{"recording-resume", post, "/recordings/{id}/resume", access.Pause, "Recordings", "End that", with((*Server).resumeRecording)},

		{"calls", get, "/calls", access.Calls, "Calls", "Search the call journal, newest first", with((*Server).calls)},
		{"call", get, "/calls/{id}", access.Calls, "Calls", "One call", with((*Server).call)},
		{"calls-csv", get, "/calls.csv", access.Calls, "Calls", "The call journal as a table, newest first", withStream((*Server).callsCSV, "text/csv")},
		{"why", get, "/calls/{id}/why", access.Calls, "Calls", "How everything about a call is known, and why it is recorded or is not", with((*Server).why)},

		{"new-call", post, "/calls", access.Call, "Legs", "Call somebody", with((*Server).newCall)},
		{"legs", get, "/legs", access.ViewLines, "Legs", "The calls that are up on trunks and stations", with((*Server).legs)},
		{"leg", get, "/legs/{leg}", access.ViewLines, "Legs", "One of them", with((*Server).leg)},
		{"answer", post, "/legs/{leg}/answer", access.Call, "Legs", "Answer a leg that rings", with((*Server).answer)},
		{"hangup", post, "/legs/{leg}/hangup", access.Call, "Legs", "End a leg, or refuse it", with((*Server).hangup)},
		{"hold", post, "/legs/{leg}/hold", access.Call, "Legs", "Let a leg wait with music", with((*Server).hold)},
		{"unhold", post, "/legs/{leg}/unhold", access.Call, "Legs", "Bring a held leg back", with((*Server).unhold)},
		{"unbridge", post, "/legs/{leg}/unbridge", access.Call, "Legs", "Take a leg out of its bridge; it stays up", with((*Server).unbridge)},
		{"transfer", post, "/legs/{leg}/transfer", access.Call, "Legs", "Pass a leg on to a number or to another leg", with((*Server).transfer)},
		{"role", post, "/legs/{leg}/role", access.Supervise, "Legs", "Change what a leg does in its bridge", with((*Server).role)},
		{"supervise", post, "/legs/{leg}/supervise", access.Supervise, "Legs", "Let somebody into the call of a leg: to listen, to whisper, to barge in", with((*Server).supervise)},
		{"play", post, "/legs/{leg}/play", access.Call, "Legs", "Let a leg hear something", with((*Server).playTo)},
		{"stop-play", post, "/legs/{leg}/stop-play", access.Call, "Legs", "Stop what plays at a leg", with((*Server).stopPlay)},
		{"keys", post, "/legs/{leg}/keys", access.Call, "Legs", "Send keys in a call", with((*Server).sendKeys)},
		{"leg-pause", post, "/legs/{leg}/pause", access.Pause, "Legs", "Pause recording of the line of a leg", with((*Server).pauseLeg)},
		{"leg-resume", post, "/legs/{leg}/resume", access.Pause, "Legs", "End that", with((*Server).resumeLeg)},
		{"bridges", get, "/bridges", access.ViewLines, "Legs", "Legs that hear each other", with((*Server).bridges)},
		{"bridge", post, "/bridges", access.Call, "Legs", "Put legs together, out of the bridges they are in", with((*Server).bridge)},
		{"bridge-add", post, "/bridges/{bridge}/legs", access.Call, "Legs", "Take legs into a bridge", with((*Server).bridgeAdd)},
		{"bridge-play", post, "/bridges/{bridge}/play", access.Call, "Legs", "Let all of a bridge hear something", with((*Server).bridgePlay)},
		{"bridge-stop-play", post, "/bridges/{bridge}/stop-play", access.Call, "Legs", "Stop what all of a bridge hear", with((*Server).bridgeStopPlay)},

		{"prompts", get, "/prompts", access.ViewLines, "Prompts", "What vaad can say or play", with((*Server).prompts)},
		{"prompt-audio", get, "/prompts/audio", access.ViewLines, "Prompts", "A prompt as it is played", withStream((*Server).promptAudio, "audio/wav")},
		{"prompt-put", put, "/prompts/audio", access.SettingsWrite, "Prompts", "Replace a prompt by a recording of one's own, a WAV file", with((*Server).promptPut)},
		{"prompt-remove", remove, "/prompts/audio", access.SettingsWrite, "Prompts", "Remove one's own recording: the installed one is played again", with((*Server).promptRemove)},

		{"settings", get, "/settings", access.SettingsRead, "Settings", "The whole effective document", with((*Server).settings)},
		{"setting", get, "/settings/value", access.SettingsRead, "Settings", "One value by path", with((*Server).setting)},
		{"settings-history", get, "/settings/history", access.SettingsRead, "Settings", "Versions, newest first", with((*Server).history)},
		{"settings-export", get, "/settings/export", access.SettingsRead, "Settings", "The settings as one readable file", withStream((*Server).exportSettings, "application/json")},
		{"set", put, "/settings/value", access.SettingsWrite, "Settings", "Change one value", with((*Server).set)},
		{"settings-rollback", post, "/settings/rollback", access.SettingsWrite, "Settings", "Bring an earlier version back as a new one", with((*Server).rollback)},
		{"settings-import", post, "/settings/import", access.SettingsWrite, "Settings", "Replace the settings by an exported file", with((*Server).importSettings)},

		{"rules-preview", post, "/rules/preview", access.Calls, "Calls", "What rules would have made of past calls", with((*Server).rulesPreview)},

		{"index-refresh", post, "/index/refresh", access.Maintain, "Recordings", "Make the index anew from the day journals", with((*Server).refresh)},

		{"alarms", get, "/alarms", access.AlarmRead, "Alarms", "What is wrong, and what to do", with((*Server).alarms)},
		{"alarm-ack", post, "/alarms/{id}/ack", access.AlarmAck, "Alarms", "Acknowledge an alarm", with((*Server).ack)},
	}, slices.Concat(lineRoutes(), systemRoutes(), keepRoutes(), settingsRoutes(), mailRoutes(), jobRoutes(), backupRoutes(), assureRoutes(), findRoutes(), playerRoutes(), accountRoutes(), verifyRoutes(), shareRoutes(), encryptionRoutes(), networkRoutes(), setupRoutes(), replayRoutes(), firmwareRoutes())...)
}

// acts are the verbs whose refusal is worth a line in the audit log: they
// change something or let somebody hear something.
func acts(v access.Verb) bool {
	switch v {
	case access.Listen, access.Play, access.Export, access.Share, access.Note, access.StartStop, access.Pause, access.SaveFlight, access.Call, access.Supervise,
		access.SettingsWrite, access.AlarmAck, access.Maintain, access.Users, access.Protect, access.Hold, access.Delete, access.Erase, access.Keep:
		return true
	}
	return false
}

// operation is what the framework must know of a route.
func (s *Server) operation(rt route) huma.Operation {
	op := huma.Operation{
		OperationID: rt.ID, Method: rt.Method, Path: rt.Path, Summary: rt.Summary, Tags: []string{rt.Tag},
		MaxBodyBytes: maxBody, BodyReadTimeout: 10 * time.Second,
		Middlewares: huma.Middlewares{s.allow(rt)},
		Responses: map[string]*huma.Response{"default": {
			Description: "Problem: what failed, where, and what to do",
			Content: map[string]*huma.MediaType{api.ProblemType: {
				Schema: huma.SchemaFromType(s.api.OpenAPI().Components.Schemas, reflect.TypeFor[api.Problem]()),
			}},
		}},
	}
	switch rt.Verb {
	case anyone:
		op.Description = "Every signed-in caller may do this."
	case anybody:
		op.Description = "Nobody need be signed in for this."
	default:
		op.Description = "Needs the right " + strconv.Quote(string(rt.Verb)) + "."
	}
	if rt.ID == "rules-preview" || rt.ID == "settings-change" || rt.ID == "settings-try" {
		op.MaxBodyBytes = maxSettingsBody
	}
	if rt.ID == "network-certificate" {
		op.MaxBodyBytes = maxCertificateBody
	}
	if rt.ID == "settings-import" {
		op.MaxBodyBytes = maxSettingsBody
		op.SkipValidateBody = true // settings say themselves what is wrong with a file
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemaOf("application/json")}}}
	}
	if rt.ID == "prompt-put" {
		op.MaxBodyBytes = maxPrompt
		op.SkipValidateBody = true // the store says itself what is wrong with a recording
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"audio/wav": {Schema: schemaOf("audio/wav")}}}
	}
	return op
}

// allow lets callers pass who hold the route's verb.
func (s *Server) allow(rt route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		c := who(r.Context())
		switch {
		case rt.Verb == anybody:
			next(huma.WithValue(ctx, languageKey{}, language(r)))
		case c == nil:
			writeProblem(w, r, fail("not-entered", ""))
		case rt.Verb != anyone && !c.scope.May(rt.Verb):
			d := &access.Denied{Actor: c.Name, Verb: rt.Verb}
			s.denied(r.Context(), rt.Verb, r.URL.Path, 0)
			writeProblem(w, r, fail("forbidden", d.Error()))
		case s.admitted(c, rt) != nil:
			writeProblem(w, r, s.admitted(c, rt))
		default:
			if rt.Verb == access.Maintain || rt.ID == "redecode" || rt.ID == "caller-id-redecode" || rt.Tag == keeping || rt.Tag == backing || rt.ID == "test-mail" {
				unhurried(w)
			}
			next(huma.WithValue(ctx, languageKey{}, language(r)))
		}
	}
}

// with makes a route of a handler that takes and gives structures.
func with[I, O any](h func(*Server, context.Context, *I) (*O, error)) func(*Server, route) {
	return func(s *Server, rt route) {
		huma.Register(s.api, s.operation(rt), func(ctx context.Context, in *I) (*O, error) {
			out, err := h(s, ctx, in)
			if err != nil {
				return nil, s.problem(ctx, rt.ID, err)
			}
			return out, nil
		})
	}
}

// A stream writes an answer by itself. An error before it began is answered as
// a problem.
type stream func(http.ResponseWriter, *http.Request)

// withStream makes a route of a handler whose answer is no JSON structure.
func withStream[I any](h func(*Server, context.Context, *I) (stream, error), contentType string) func(*Server, route) {
	return func(s *Server, rt route) {
		op := s.operation(rt)
		op.Responses["200"] = &huma.Response{Description: rt.Summary, Content: map[string]*huma.MediaType{contentType: {Schema: schemaOf(contentType)}}}
		huma.Register(s.api, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
			out, err := h(s, ctx, in)
			if err != nil {
				return nil, s.problem(ctx, rt.ID, err)
			}
			return &huma.StreamResponse{Body: func(hc huma.Context) {
				r, w := humago.Unwrap(hc)
				out(w, r)
			}}, nil
		})
	}
}

func schemaOf(contentType string) *huma.Schema {
	switch contentType {
	case "application/json":
		return &huma.Schema{Type: huma.TypeObject}
	case "text/event-stream", "text/csv":
		return &huma.Schema{Type: huma.TypeString}
	default:
		return &huma.Schema{Type: huma.TypeString, Format: "binary"}
	}
}

// body is an answer with nothing but a JSON body.
type body[T any] struct{ Body T }

// empty is the input of a route that takes nothing.
type empty struct{}

// done is the answer of an act that has nothing to tell.
type done struct{}
