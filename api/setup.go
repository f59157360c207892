package api

import (
	"context"
	"net/http"
)

// Setup is how far the first run is, and what was found on this box.
type Setup struct {
	Open          bool        `json:"open" doc:"There is no administrator yet"`
	Finished      *Time       `json:"finished,omitempty" doc:"When somebody said that all is done; absent: not yet"`
	Steps         []SetupStep `json:"steps" nullable:"false" doc:"In order; each can be left out and come back to"`
	Zone          string      `json:"zone" doc:"Time zone of this machine (IANA); empty: it does not say"`
	Restart       bool        `json:"restart" doc:"Another time zone was set: schedules and rules follow it at once, times in files and mails from the next start"`
	Zones         []string    `json:"zones" nullable:"false" doc:"Time zones to choose from"`
	Countries     []string    `json:"countries" nullable:"false" doc:"Countries whose tones are known (ISO 3166)"`
	Synchronised  bool        `json:"synchronised" doc:"The clock is set by a time server"`
	Now           Time        `json:"now" doc:"The clock of this machine"`
	Folder        string      `json:"folder" doc:"Where recordings are kept"`
	Free          int64       `json:"free_bytes" doc:"Bytes left there"`
	Total         int64       `json:"total_bytes" doc:"Bytes of the disk"`
	BackupTargets int         `json:"backup_targets" doc:"Targets of backups that are set up"`
}

// A SetupStep is one page of the first run.
type SetupStep struct {
	ID    string `json:"id" enum:"administrator,site,network,lines,storage,backup,report" doc:"Which one"`
	State string `json:"state" enum:"todo,done,skipped" doc:"What became of it"`
}

// MarkStep says what became of a step.
type MarkStep struct {
	State string `json:"state" enum:"todo,done,skipped" doc:"What became of it"`
}

// NewAdministrator is the first account.
type NewAdministrator struct {
	Name     string `json:"name" minLength:"1" maxLength:"64" doc:"What is entered at log-in: letters, digits, and . _ - @"`
	Display  string `json:"display,omitempty" maxLength:"200" doc:"Name for people"`
	Language string `json:"language,omitempty" enum:",en,zh" doc:"What they read"`
	Password string `json:"password" minLength:"1" maxLength:"256" doc:"Their password"`
}

// A LineTest is what a line shows just now.
type LineTest struct {
	Line      int     `json:"line" doc:"Number"`
	Name      string  `json:"name" doc:"Name"`
	Board     string  `json:"board" doc:"Its board"`
	Port      int     `json:"port" doc:"Its port, as printed on the card"`
	State     string  `json:"state" doc:"What it is doing"`
	Verdict   string  `json:"verdict" enum:"ok,unused,board,gone,fault,unfit,no-battery,no-sync,silent,link-down,no-audio,waiting" doc:"How it looks"`
	Text      string  `json:"text" doc:"The same in the caller's language, with what to do"`
	Good      bool    `json:"good" doc:"Nothing has to be done"`
	HasVolts  bool    `json:"has_volts" doc:"It has a voltage"`
	Millivolt int     `json:"millivolt,omitempty" doc:"The last voltage"`
	Low       int     `json:"low_millivolt,omitempty" doc:"The lowest seen"`
	High      int     `json:"high_millivolt,omitempty" doc:"The highest seen"`
	Level     *Number `json:"level_dbm0,omitempty" doc:"What is heard, over the last 100 ms; absent: nothing"`
	Rang      *Time   `json:"rang,omitempty" doc:"When it rang last"`
}

// DiskTest is what writing to the disk of recordings has shown.
type DiskTest struct {
	OK      bool   `json:"ok" doc:"It can be written and is fast enough"`
	Verdict string `json:"verdict" enum:"ok,slow,failed" doc:"How it went"`
	Text    string `json:"text" doc:"The same in the caller's language"`
	Detail  string `json:"detail,omitempty" doc:"Why it failed (English)"`
	Folder  string `json:"folder" doc:"Where"`
	Bytes   int64  `json:"bytes" doc:"Bytes written"`
	Rate    Number `json:"bytes_per_s" doc:"How fast that was, syncs counted in"`
	Syncs   int    `json:"syncs" doc:"How often what was written was made to last"`
	Median  Number `json:"sync_ms" doc:"How long that took, the middle one"`
	Worst   Number `json:"worst_sync_ms" doc:"… and the longest"`
}

// SetupLink is where the first run begins.
type SetupLink struct {
	Open bool     `json:"open" doc:"There is no administrator: the links work"`
	URLs []string `json:"urls" nullable:"false" doc:"Links, the one to be used from other machines first"`
	QR   string   `json:"qr,omitempty" doc:"The first one as a QR code, drawn with half blocks"`
}

// Setup says how far the first run is.
func (c *Client) Setup(ctx context.Context) (Setup, error) {
	return ask[Setup](ctx, c, http.MethodGet, "/setup", nil, nil)
}

// SetupLink is where the first run begins; through the local socket only.
func (c *Client) SetupLink(ctx context.Context) (SetupLink, error) {
	return ask[SetupLink](ctx, c, http.MethodGet, "/setup/link", nil, nil)
}

// TestDisk writes to the disk of recordings.
func (c *Client) TestDisk(ctx context.Context) (DiskTest, error) {
	return ask[DiskTest](ctx, c, http.MethodPost, "/setup/disk", nil, nil)
}
