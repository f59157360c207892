package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
)

// Totals is how many recordings, and what they take.
type Totals struct {
	Count int   `json:"count" doc:"Recordings"`
	Bytes int64 `json:"bytes" doc:"Bytes of all their files"`
}

// Storage is what recordings take, and when there will be no room left. What counts
// recordings counts those that the caller may see.
type Storage struct {
	Free        int64  `json:"free_bytes" doc:"Bytes left for recordings"`
	Total       int64  `json:"total_bytes" doc:"Bytes of the disk"`
	FreeInodes  int64  `json:"free_inodes" doc:"Files left for recordings; 0 of 0: as many as there is room for"`
	TotalInodes int64  `json:"total_inodes" doc:"Files that the disk can have"`
	Reserve     int64  `json:"reserve_bytes" doc:"Bytes that are kept free"`
	WhenFull    string `json:"when_full" doc:"What happens when only the reserve is left: stop, delete-oldest or warn"`
	Fullness    string `json:"fullness" doc:"ok, near or reserve"`

	PerDay    int64   `json:"bytes_per_day" doc:"Bytes that a usual day brings, from the last 28"`
	ByWeekday []int64 `json:"bytes_by_weekday" nullable:"false" doc:"The same for each day of the week, from Sunday (UTC)"`
	Known     int     `json:"known_days" doc:"Days of the last 28 that have recordings: with few the forecast is a guess"`
	FullIn    *int    `json:"full_in_days" doc:"Days until only the reserve is left, what retention deletes counted in; null: not within ten years"`
	FullAt    *Time   `json:"full_at,omitempty" doc:"When that will be"`
	Gross     *int    `json:"full_in_days_without_retention" doc:"Days until then if nothing were deleted; null: not within ten years"`

	Recordings Totals     `json:"recordings" doc:"All but the trash"`
	Trash      Totals     `json:"trash" doc:"In the trash: their files are still there"`
	Protected  Totals     `json:"protected" doc:"Of all, protected ones"`
	Held       Totals     `json:"held" doc:"Of all, those on legal hold"`
	Classes    []ClassUse `json:"classes" nullable:"false" doc:"By retention class"`
	Groups     []GroupUse `json:"groups" nullable:"false" doc:"By line group"`

	Soon     []Going `json:"soon" nullable:"false" doc:"What retention will do within the next 7 days"`
	Unsaved  Totals  `json:"unsaved" doc:"Of this, what will be deleted before it is backed up"`
	Awaiting Totals  `json:"awaiting_backup" doc:"What will be due within 7 days and is kept until it is backed up, as its class says"`

	OldestUnsaved *Time `json:"oldest_not_backed_up,omitempty" doc:"Begin of the oldest recording that is not backed up; absent: all are, or there is no backup"`
}

// ClassUse is what recordings of one retention class take.
type ClassUse struct {
	Class string `json:"class" doc:"Its name"`
	Totals
	Days      int    `json:"days,omitempty" doc:"How long its recordings are kept"`
	Keep      int    `json:"keep,omitempty" doc:"How many of the newest are kept"`
	Forever   bool   `json:"forever,omitempty" doc:"Nothing ends them"`
	Action    string `json:"action,omitempty" doc:"What follows: trash or erase"`
	TrashDays int    `json:"trash_days,omitempty" doc:"Days in the trash"`
	Unknown   bool   `json:"unknown,omitempty" doc:"There is no such class: its recordings are kept until there is"`
	Oldest    string `json:"oldest,omitempty" doc:"Day of the oldest (UTC)"`
}

// GroupUse is what recordings of one line group take.
type GroupUse struct {
	Group string `json:"group" doc:"Its key"`
	Totals
	QuotaDays int   `json:"quota_days,omitempty" doc:"What is older goes"`
	Quota     int64 `json:"quota_bytes,omitempty" doc:"What is over it goes, oldest first"`
	QuotaKeep int   `json:"quota_recordings,omitempty" doc:"What is over it goes, oldest first"`
}

// Going is what goes for one reason.
type Going struct {
	Reason string `json:"reason" doc:"class: its days are over; count: enough newer ones; quota: its line group has no room; trash: its time there is over; disk-full"`
	Name   string `json:"name,omitempty" doc:"The class, or the line group"`
	Action string `json:"action" doc:"trash or erase"`
	Totals
	Waiting int `json:"waiting,omitempty" doc:"Due as well, and kept until they are backed up"`
}

// PreviewRetention asks what retention would delete.
type PreviewRetention struct {
	Settings json.RawMessage `json:"settings,omitempty" doc:"Sections retention, retention_classes, groups and recorder as in the settings; of what is absent those in force count"`
	AsOf     *Time           `json:"as_of,omitempty" doc:"At this moment instead of now; it may lie ahead"`
	Limit    int             `json:"limit,omitempty" minimum:"0" maximum:"1000" doc:"How many recordings are listed beside the numbers"`
}

// RetentionPlan is what retention would do at a moment.
type RetentionPlan struct {
	At      Time        `json:"at" doc:"That moment"`
	HeldOff string      `json:"held_off,omitempty" doc:"Why nothing of it would be done: clock-back, clock-ahead, index or state-unread"`
	Trash   Totals      `json:"trash" doc:"Would go into the trash"`
	Erase   Totals      `json:"erase" doc:"Would go for good"`
	Unsaved Totals      `json:"unsaved" doc:"Of all listed, those that are not backed up"`
	Parts   []Going     `json:"parts" nullable:"false" doc:"By reason"`
	Items   []GoingItem `json:"items" nullable:"false" doc:"The first of them, as many as were asked for"`
	Unknown Totals      `json:"unknown_class" doc:"Kept, as their class is in no setting"`
	Same    bool        `json:"settings_in_force" doc:"By the settings in force"`
}

// GoingItem is one recording that would go.
type GoingItem struct {
	ID     string `json:"id" doc:"The recording"`
	Line   int    `json:"line" doc:"Its line"`
	Start  Time   `json:"start" doc:"When it began"`
	Bytes  int64  `json:"bytes" doc:"What it takes"`
	Class  string `json:"class" doc:"Its class"`
	Action string `json:"action" doc:"trash or erase"`
	Reason string `json:"reason" doc:"As of the parts"`
	Backed bool   `json:"backed_up" doc:"It is on a verified backup"`
}

// RunRetention asks for a run now.
type RunRetention struct {
	AsOf *Time `json:"as_of,omitempty" doc:"Do what would be due at this moment, but only what goes into the trash, at most 1000 recordings; absent: all that is due now"`
}

// RetentionRun is what a run did.
type RetentionRun struct {
	Begin   Time   `json:"begin" doc:"When it began"`
	End     Time   `json:"end" doc:"When it ended"`
	HeldOff string `json:"held_off,omitempty" doc:"Why nothing was done: clock-back, clock-ahead, index or state-unread"`
	Trashed Totals `json:"trashed" doc:"Put into the trash"`
	Erased  Totals `json:"erased" doc:"Erased"`
	Waiting int    `json:"waiting" doc:"Due, and kept until they are backed up"`
	Failed  int    `json:"failed" doc:"Could not be done: tried again at the next run"`
	Error   string `json:"error,omitempty" doc:"Why (English)"`
	Undo    string `json:"undo,omitempty" doc:"Of a run as of a moment: with this it is undone"`
}

// Retention is how retention is.
type Retention struct {
	Schedule string        `json:"schedule" doc:"When it runs"`
	Next     *Time         `json:"next,omitempty" doc:"When it runs next"`
	LastGood *Time         `json:"last_good,omitempty" doc:"When a run last did what was due"`
	Last     *RetentionRun `json:"last,omitempty" doc:"What the last run did"`
	HeldOff  string        `json:"held_off,omitempty" doc:"Why nothing is deleted just now: clock-back, clock-ahead, index or state-unread"`
}

// Tidied is what tidying up found and did.
type Tidied struct {
	Begin    Time           `json:"begin" doc:"When it began"`
	End      Time           `json:"end" doc:"When it ended"`
	Found    map[string]int `json:"found" doc:"What was found, by kind; each thing is told once while the daemon runs"`
	Repaired int            `json:"repaired" doc:"Of all, what is in order now: adopted, recovered, erasures finished that were cut off"`
	Left     int            `json:"left" doc:"Of all, what a person must look at"`
	Items    []TidyFinding  `json:"items" nullable:"false" doc:"The first of them, at most 100"`
}

// TidyFinding is one thing that tidying up found.
type TidyFinding struct {
	Kind  string `json:"kind" doc:"What it is"`
	Day   string `json:"day,omitempty" doc:"In the folder of this day"`
	ID    string `json:"id,omitempty" doc:"The recording"`
	File  string `json:"file,omitempty" doc:"The file"`
	Error string `json:"error,omitempty" doc:"Why it could not be repaired (English)"`
}

// Storage asks what recordings take.
func (c *Client) Storage(ctx context.Context) (Storage, error) {
	return ask[Storage](ctx, c.patient(), http.MethodGet, "/storage", nil, nil)
}

// Retention asks how retention is.
func (c *Client) Retention(ctx context.Context) (Retention, error) {
	return ask[Retention](ctx, c, http.MethodGet, "/retention", nil, nil)
}

// PreviewRetention asks what retention would delete.
func (c *Client) PreviewRetention(ctx context.Context, p PreviewRetention) (RetentionPlan, error) {
	return ask[RetentionPlan](ctx, c.patient(), http.MethodPost, "/retention/preview", nil, p)
}

// RunRetention asks for a run now, and waits for it.
func (c *Client) RunRetention(ctx context.Context, r RunRetention) (RetentionRun, error) {
	return ask[RetentionRun](ctx, c.patient(), http.MethodPost, "/retention/run", nil, r)
}

// TrustClock says that the clock was looked at and is right.
func (c *Client) TrustClock(ctx context.Context) (Retention, error) {
	return ask[Retention](ctx, c, http.MethodPost, "/retention/trust-clock", nil, nil)
}

// Tidy walks through all folders, and waits for it.
func (c *Client) Tidy(ctx context.Context) (Tidied, error) {
	return ask[Tidied](ctx, c.patient(), http.MethodPost, "/tidy", nil, nil)
}

// Approvals lists requests of what cannot be undone, newest first.
func (c *Client) Approvals(ctx context.Context) (Page[Approval], error) {
	return ask[Page[Approval]](ctx, c, http.MethodGet, "/approvals", nil, nil)
}

// Decide approves, refuses or withdraws a request.
func (c *Client) Decide(ctx context.Context, id, decision, why string) (Approval, error) {
	return ask[Approval](ctx, c.patient(), http.MethodPost, "/approvals/"+url.PathEscape(id)+"/"+url.PathEscape(decision), nil, Decision{Reason: why})
}

// Erasures lists requests to erase a person's data, newest first.
func (c *Client) Erasures(ctx context.Context) (Page[Approval], error) {
	return ask[Page[Approval]](ctx, c, http.MethodGet, "/erasures", nil, nil)
}

// AskErasure asks that a person's data be erased, or only what that would be.
func (c *Client) AskErasure(ctx context.Context, e NewErasure) (Erasure, error) {
	return ask[Erasure](ctx, c.patient(), http.MethodPost, "/erasures", nil, e)
}

// ErasureProof writes the proof of an erasure to w.
func (c *Client) ErasureProof(ctx context.Context, id string, w io.Writer) (int64, error) {
	return c.copy(ctx, "/erasures/"+url.PathEscape(id)+"/proof", nil, w)
}
