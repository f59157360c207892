package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// SettingsSchema describes all settings, for editors and for people.
type SettingsSchema struct {
	Version  uint64       `json:"version" doc:"Version of the settings now"`
	Fixed    []string     `json:"fixed" nullable:"false" doc:"Paths that the configuration file fixes"`
	FixedBy  string       `json:"fixed_by,omitempty" doc:"That file"`
	Sections []SettingKey `json:"sections" nullable:"false" doc:"The parts of the settings, in their order"`
}

// A SettingKey describes one key, or all keys in the same place of a map or list.
type SettingKey struct {
	Path     string          `json:"path" doc:"Where; * stands for each key of a map and each item of a list: lines.*.trigger"`
	Kind     string          `json:"kind" enum:"text,whole,number,boolean,list,object,map" doc:"What its value is"`
	Title    string          `json:"title" doc:"Its name, in the caller's language"`
	Help     string          `json:"help,omitempty" doc:"What it is for"`
	Default  json.RawMessage `json:"default,omitempty" doc:"What counts while nothing is set"`
	Form     string          `json:"form,omitempty" doc:"What a text looks like, as schedule, period, path"`
	Unit     string          `json:"unit,omitempty" doc:"Of a number, as ms"`
	Min      *float64        `json:"min,omitempty" doc:"Least number"`
	Max      *float64        `json:"max,omitempty" doc:"Largest number"`
	Choices  []SettingChoice `json:"choices,omitempty" doc:"Texts that are possible; of a number, those beside its range"`
	Refs     string          `json:"refs,omitempty" doc:"It names an element of this section"`
	Optional bool            `json:"optional,omitempty" doc:"No text is possible too"`
	None     string          `json:"none,omitempty" doc:"What no text means"`
	Restart  bool            `json:"restart,omitempty" doc:"It counts only after the daemon was started anew; everything else counts at once"`
	Fixed    bool            `json:"fixed,omitempty" doc:"The configuration file fixes it"`
	When     []SettingWhen   `json:"when,omitempty" doc:"It counts only where all of these are so"`
	Fields   []SettingKey    `json:"fields,omitempty" doc:"Keys of an object"`
	Item     *SettingKey     `json:"item,omitempty" doc:"Of a list or map: what each element is"`
}

// A SettingChoice is one possible value.
type SettingChoice struct {
	Value string `json:"value" doc:"As it is set"`
	Text  string `json:"text" doc:"In words of the caller's language"`
}

// A SettingWhen is a condition on another key of the same object.
type SettingWhen struct {
	Key string   `json:"key" doc:"That key"`
	Is  []string `json:"is" nullable:"false" doc:"One of these values; * is any but none"`
}

// ChangeSettings is the body of a request to change several values in one version.
type ChangeSettings struct {
	Version *uint64 `json:"version,omitempty" doc:"Version on which the values were chosen: what others have changed since is not overwritten; absent: it is"`
	Why     string  `json:"why,omitempty" maxLength:"200" doc:"Why, for the history"`
	DryRun  bool    `json:"dry_run,omitempty" doc:"Only say what would change, and what is wrong"`
	Create  bool    `json:"create,omitempty" doc:"Set up lines before their board is seen; without it, lines that there are not are refused"`

	Changes []SetOne `json:"changes" minItems:"1" maxItems:"5000" nullable:"false" doc:"The values, each path once"`
}

// SetOne is one value of several to be set.
type SetOne struct {
	Path  string          `json:"path" minLength:"1" maxLength:"200" doc:"Where: lines.3.trigger"`
	Value json.RawMessage `json:"value,omitempty" doc:"The new value; null or absent takes it back to its default, and an element of a map away"`
}

// TrySettings is the body of a request to say what a rollback or an import would change.
type TrySettings struct {
	Version *uint64         `json:"version,omitempty" doc:"Going back to this version; one of version and file"`
	File    json.RawMessage `json:"file,omitempty" doc:"Importing this exported file"`
}

// ChangedSettings says what was changed, or would be.
type ChangedSettings struct {
	Version uint64   `json:"version" doc:"Version of the settings now"`
	DryRun  bool     `json:"dry_run,omitempty" doc:"Nothing was changed"`
	Changes []Change `json:"changes" nullable:"false" doc:"What changed, or would"`
}

// A SettingsDifference is a value that differs between two versions.
type SettingsDifference struct {
	Change
	Version uint64 `json:"version" doc:"The last version between them that changed it"`
	Time    Time   `json:"time" doc:"When that was"`
	Actor   string `json:"actor" doc:"Who did it"`
	Why     string `json:"why,omitempty" doc:"Why"`
}

// SettingsSchema describes all settings.
func (c *Client) SettingsSchema(ctx context.Context) (SettingsSchema, error) {
	return ask[SettingsSchema](ctx, c, http.MethodGet, "/settings/schema", nil, nil)
}

// ChangeSettings changes several values in one version, or says what that would change.
func (c *Client) ChangeSettings(ctx context.Context, change ChangeSettings) (ChangedSettings, error) {
	return ask[ChangedSettings](ctx, c, http.MethodPost, "/settings/change", nil, change)
}

// TrySettings says what a rollback or an import would change.
func (c *Client) TrySettings(ctx context.Context, t TrySettings) (ChangedSettings, error) {
	return ask[ChangedSettings](ctx, c, http.MethodPost, "/settings/try", nil, t)
}

// DiffSettings says what differs between two versions; to nil is the one in force.
func (c *Client) DiffSettings(ctx context.Context, from uint64, to *uint64) ([]SettingsDifference, error) {
	q := url.Values{"from": {strconv.FormatUint(from, 10)}}
	if to != nil {
		q.Set("to", strconv.FormatUint(*to, 10))
	}
	p, err := ask[Page[SettingsDifference]](ctx, c, http.MethodGet, "/settings/diff", q, nil)
	return p.Items, err
}
