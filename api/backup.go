package api

import (
	"context"
	"net/http"
	"net/url"
)

// A Backup is one target of backups and how far it is.
type Backup struct {
	Name      string   `json:"name" doc:"Its name in the settings"`
	Kind      string   `json:"kind" enum:"folder,removable,optical,sftp,s3" doc:"What sort of place it is"`
	Place     string   `json:"place" doc:"Where it is, for people"`
	Off       bool     `json:"off" doc:"Nothing is sent there"`
	Schedule  string   `json:"schedule" doc:"When it runs by itself"`
	Next      *Time    `json:"next,omitempty" doc:"When it is due next"`
	Encrypted bool     `json:"encrypted" doc:"Every file is encrypted; the state always is"`
	Running   bool     `json:"running" doc:"A run is under way"`
	Waiting   bool     `json:"waiting" doc:"A run waits for another job to end"`
	Stage     string   `json:"stage,omitempty" doc:"Of the run under way: plan, copy, evidence, state"`
	Done      Workload `json:"done" doc:"Of the run under way, or of the last one"`
	Total     Workload `json:"total" doc:"What that run had to do"`
	Rate      float64  `json:"rate" doc:"Bytes a second of the run under way"`
	LastRun   *Time    `json:"last_run,omitempty" doc:"When the last run ended"`
	LastOK    *Time    `json:"last_ok,omitempty" doc:"When a run last did everything"`
	Error     string   `json:"error,omitempty" doc:"Why the last run did not (English)"`
	Oldest    *Time    `json:"oldest_unbacked,omitempty" doc:"Of what is not on the target, what was recorded first; absent: everything is there"`
	Unsafe    int      `json:"unsafe" doc:"Recordings that cannot be copied: their files here are damaged or missing"`
	Unremoved int      `json:"unremoved" doc:"Files of erased recordings that the target still has"`

	Faults []BackupFault `json:"faults,omitempty" nullable:"false" doc:"What was wrong in the last run, at most 1000"`
	Faulty int           `json:"faulty" doc:"How many there were"`
	Drill  *Drill        `json:"drill,omitempty" doc:"The last drill"`
}

// A Workload is how much a run of a backup has to copy, or has copied.
type Workload struct {
	Recordings int   `json:"recordings" doc:"Recordings"`
	Files      int64 `json:"files" doc:"Files"`
	Bytes      int64 `json:"bytes" doc:"Bytes"`
	Oldest     *Time `json:"oldest,omitempty" doc:"What of it was recorded first"`
}

// A BackupFault is one thing that is wrong.
type BackupFault struct {
	Kind   string `json:"kind" doc:"Stable name of what is wrong, as target-damaged"`
	Text   string `json:"text" doc:"The same in the caller's language"`
	Day    string `json:"day,omitempty" doc:"Day of the recording, UTC"`
	ID     string `json:"id,omitempty" doc:"The recording"`
	File   string `json:"file,omitempty" doc:"The file"`
	Detail string `json:"detail,omitempty" doc:"What happened (English)"`
}

// A Drill is what restoring random recordings to a temporary folder has shown.
type Drill struct {
	Target     string        `json:"target" doc:"From which target"`
	Time       Time          `json:"time" doc:"When"`
	Seconds    float64       `json:"seconds" doc:"How long it took"`
	OK         bool          `json:"ok" doc:"Everything could be restored and was right"`
	Recordings int           `json:"recordings" doc:"Recordings that were restored"`
	Files      int           `json:"files" doc:"Files of theirs"`
	Bytes      int64         `json:"bytes" doc:"Bytes of these"`
	Opened     int           `json:"opened" doc:"Audio files that were read to their end"`
	Days       int           `json:"days" doc:"Day journals that were compared"`
	Oldest     string        `json:"oldest,omitempty" doc:"The oldest day of these"`
	State      string        `json:"state" enum:"ok,none,no-identity,bad" doc:"Of the backup of settings and state: it opens, there is none, the box has no key, it does not open"`
	Sealed     bool          `json:"sealed" doc:"Files are encrypted and the box has no key: only sizes were compared"`
	Faults     []BackupFault `json:"faults,omitempty" nullable:"false" doc:"What was wrong"`
}

// A BackupCheck is whether a target can be used.
type BackupCheck struct {
	OK        bool   `json:"ok" doc:"It can"`
	Error     string `json:"error,omitempty" doc:"Why not (English)"`
	Class     string `json:"class,omitempty" doc:"Stable name of that, as gone, auth, no_marker"`
	Remedy    string `json:"remedy,omitempty" doc:"What to do, in the caller's language"`
	Appliance string `json:"appliance,omitempty" doc:"ID of the box whose backup it holds"`
	Created   *Time  `json:"created,omitempty" doc:"Since when"`
	Encrypted bool   `json:"encrypted" doc:"Its files are encrypted"`
	Free      int64  `json:"free" doc:"Free bytes; -1: it does not say"`
	Total     int64  `json:"total" doc:"Bytes in all; -1: it does not say"`
	Medium    string `json:"medium,omitempty" enum:"absent,present,mounted,released" doc:"Of a medium that can be taken away"`
}

// Ejected says that a medium may be taken away, or that a disc was made.
type Ejected struct {
	Medium string `json:"medium,omitempty" enum:"absent,present,mounted,released" doc:"What one may do with it: released may be removed"`
	Volume string `json:"volume,omitempty" doc:"ID of the disc that was made"`
	Image  string `json:"image,omitempty" doc:"Its image file"`
	Burnt  bool   `json:"burnt" doc:"It was burnt and read back"`
	Files  int    `json:"files" doc:"Files on it"`
	Bytes  int64  `json:"bytes" doc:"Bytes of these"`
}

// A NewRestore says what to restore from a backup.
type NewRestore struct {
	Target string   `json:"target" minLength:"1" maxLength:"64" doc:"From which target"`
	IDs    []string `json:"ids,omitempty" maxItems:"1000" doc:"Recordings; absent: all of the days"`
	From   string   `json:"from,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$" doc:"First day, UTC; absent: from the first"`
	To     string   `json:"to,omitempty" pattern:"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$" doc:"Last day, UTC; absent: to the last"`
	Folder string   `json:"folder,omitempty" pattern:"^[A-Za-z0-9_-]{0,64}$" doc:"Name of a folder below ROOT/restored; absent: back into the archive, what is lost or damaged there"`
}

// A Restore is one that was asked for.
type Restore struct {
	ID         string        `json:"id" doc:"Its name until the daemon ends"`
	Target     string        `json:"target" doc:"From which target"`
	Folder     string        `json:"folder,omitempty" doc:"Into which folder; absent: into the archive"`
	By         string        `json:"by" doc:"Who asked"`
	Began      Time          `json:"began" doc:"When"`
	Ended      *Time         `json:"ended,omitempty" doc:"When it ended"`
	State      string        `json:"state" enum:"running,ok,incomplete,failed,cancelled" doc:"What it is at"`
	Error      string        `json:"error,omitempty" doc:"Why it failed (English)"`
	Recordings int           `json:"recordings" doc:"Recordings restored"`
	Files      int64         `json:"files" doc:"Files restored"`
	Bytes      int64         `json:"bytes" doc:"Bytes of these"`
	Kept       int64         `json:"kept" doc:"Files that were there and right already"`
	Erased     int           `json:"erased" doc:"Recordings that were erased: they are not brought back"`
	Missing    int           `json:"missing" doc:"Files that the target has not"`
	Damaged    int           `json:"damaged" doc:"Files that are not what they were"`
	Faults     []BackupFault `json:"faults,omitempty" nullable:"false" doc:"What was wrong, at most 1000"`
}

func backupPath(name, rest string) string { return "/backups/" + url.PathEscape(name) + rest }

// Backups lists the targets of backups.
func (c *Client) Backups(ctx context.Context) ([]Backup, error) {
	p, err := ask[Page[Backup]](ctx, c, http.MethodGet, "/backups", nil, nil)
	return p.Items, err
}

// Backup is one of them, with all that was wrong.
func (c *Client) Backup(ctx context.Context, name string) (Backup, error) {
	return ask[Backup](ctx, c, http.MethodGet, backupPath(name, ""), nil, nil)
}

// PlanBackup says what a run would copy.
func (c *Client) PlanBackup(ctx context.Context, name string) (Workload, error) {
	return ask[Workload](ctx, c, http.MethodGet, backupPath(name, "/plan"), nil, nil)
}

// CheckBackup says whether a target can be used.
func (c *Client) CheckBackup(ctx context.Context, name string) (BackupCheck, error) {
	return ask[BackupCheck](ctx, c, http.MethodPost, backupPath(name, "/check"), nil, nil)
}

// SetUpBackup makes an empty place a target, or takes over one of another box.
func (c *Client) SetUpBackup(ctx context.Context, name string) (BackupCheck, error) {
	return ask[BackupCheck](ctx, c, http.MethodPost, backupPath(name, "/setup"), nil, nil)
}

// EjectBackup releases a medium, or makes a disc of what was collected.
func (c *Client) EjectBackup(ctx context.Context, name string) (Ejected, error) {
	return ask[Ejected](ctx, c, http.MethodPost, backupPath(name, "/eject"), nil, nil)
}

// RunBackup has a backup run now. It does not wait for its end.
func (c *Client) RunBackup(ctx context.Context, name string) (Job, error) {
	return ask[Job](ctx, c, http.MethodPost, backupPath(name, "/run"), nil, nil)
}

// CancelBackup stops a run.
func (c *Client) CancelBackup(ctx context.Context, name string) (Job, error) {
	return ask[Job](ctx, c, http.MethodPost, backupPath(name, "/cancel"), nil, nil)
}

// Drills are the last drills, by target.
func (c *Client) Drills(ctx context.Context) ([]Drill, error) {
	p, err := ask[Page[Drill]](ctx, c, http.MethodGet, "/drills", nil, nil)
	return p.Items, err
}

// Restore begins a restore. It does not wait for its end.
func (c *Client) Restore(ctx context.Context, n NewRestore) (Restore, error) {
	return ask[Restore](ctx, c, http.MethodPost, "/restores", nil, n)
}

// Restores lists those of this run of the daemon, newest first.
func (c *Client) Restores(ctx context.Context) ([]Restore, error) {
	p, err := ask[Page[Restore]](ctx, c, http.MethodGet, "/restores", nil, nil)
	return p.Items, err
}

// RestoreBy is one of them.
func (c *Client) RestoreBy(ctx context.Context, id string) (Restore, error) {
	return ask[Restore](ctx, c, http.MethodGet, "/restores/"+url.PathEscape(id), nil, nil)
}

// CancelRestore stops one.
func (c *Client) CancelRestore(ctx context.Context, id string) (Restore, error) {
	return ask[Restore](ctx, c, http.MethodPost, "/restores/"+url.PathEscape(id)+"/cancel", nil, nil)
}
