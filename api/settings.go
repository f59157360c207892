package api

import "encoding/json"

// Settings is the whole of what can be changed while the daemon runs.
type Settings struct {
	Version  uint64          `json:"version" doc:"Version shown here"`
	Time     *Time           `json:"time,omitempty" doc:"When this version was made"`
	Actor    string          `json:"actor,omitempty" doc:"Who made it"`
	Settings json.RawMessage `json:"settings" doc:"The effective document: defaults, what was set, and what the configuration file fixes"`
	Fixed    []string        `json:"fixed" nullable:"false" doc:"Paths that the configuration file fixes; they cannot be changed here"`
	FixedBy  string          `json:"fixed_by,omitempty" doc:"That file"`
}

// A Setting is one value of the settings.
type Setting struct {
	Path    string          `json:"path" doc:"Where: lines.3.trigger"`
	Value   json.RawMessage `json:"value" doc:"The effective value"`
	Origin  string          `json:"origin" doc:"Where it comes from: default, set, or file: fixed by the configuration file"`
	Version uint64          `json:"version,omitempty" doc:"Version of the settings"`
}

// SetValue is the body of a request to change one value.
type SetValue struct {
	Path  string          `json:"path" minLength:"1" maxLength:"200" doc:"Where: lines.3.trigger"`
	Why   string          `json:"why,omitempty" maxLength:"200" doc:"Why, for the history"`
	Value json.RawMessage `json:"value" doc:"The new value; null takes it back to its default"`

	Create bool `json:"create,omitempty" doc:"Set up a line before its board is seen; without it, lines that there are not are refused"`
}

// A Version is one entry of the settings' history.
type Version struct {
	Version uint64   `json:"version" doc:"Number, rising"`
	Time    Time     `json:"time" doc:"When"`
	Actor   string   `json:"actor" doc:"Who"`
	Why     string   `json:"why,omitempty" doc:"Why, as the one who changed it said"`
	Changes []Change `json:"changes" nullable:"false" doc:"What changed against the version before"`
}

// A Change is one value that differs between two versions of the settings.
type Change struct {
	Path string          `json:"path" doc:"Where"`
	Old  json.RawMessage `json:"old,omitempty" doc:"Value before; absent where it was the default"`
	New  json.RawMessage `json:"new,omitempty" doc:"Value after; absent where it is the default again"`
}

// Rollback is the body of a request to go back to an earlier version.
type Rollback struct {
	Version uint64 `json:"version" minimum:"0" doc:"The version whose values come back, as a new version"`
	Why     string `json:"why,omitempty" maxLength:"200" doc:"Why, for the history"`
}
