package api

import (
	"context"
	"io"
	"net/http"
)

// System is the machine and the daemon on it.
type System struct {
	Version   string   `json:"version" doc:"Of the daemon"`
	Go        string   `json:"go" doc:"What it was built with"`
	Revision  string   `json:"revision,omitempty" doc:"What it was built from"`
	Built     *Time    `json:"built,omitempty" doc:"When that was made"`
	Package   Package  `json:"package" doc:"The system's package of vaad"`
	Host      Host     `json:"host" doc:"The machine"`
	Process   Process  `json:"process" doc:"The daemon"`
	Disks     []Volume `json:"disks" nullable:"false" doc:"Where the daemon writes"`
	Heat      []Heat   `json:"temperatures" nullable:"false" doc:"What sensors say that can be read"`
	Clock     Clock    `json:"clock" doc:"Where times come from"`
	Healthy   bool     `json:"healthy" doc:"Every board loop ticks or is declared gone"`
	Boards    int      `json:"boards" doc:"Boards that are set up"`
	BoardsUp  int      `json:"boards_up" doc:"Boards that run"`
	Restart   bool     `json:"restart" doc:"The daemon is run by a service manager that starts it again: POST /system/restart is offered"`
	Changelog []News   `json:"changelog" nullable:"false" doc:"What is new, the newest version first"`
}

// Package is what the system's package manager says of vaad.
type Package struct {
	Manager   string `json:"manager,omitempty" doc:"apt; absent: there is none that is known"`
	Installed string `json:"installed,omitempty" doc:"Version; absent: vaad was not installed as a package"`
	Available string `json:"available,omitempty" doc:"The version that it would install, by its lists of packages as they are now"`

	Kept   string  `json:"kept,omitempty" doc:"The version before, which vaad-update back goes back to; absent: none is kept"`
	Update *Update `json:"update,omitempty" doc:"The last upgrade; absent: there was none"`
}

// Update is an upgrade from one version to another, or what became of it.
type Update struct {
	From    string `json:"from" doc:"Version that ran before"`
	To      string `json:"to" doc:"Version that was installed"`
	Started *Time  `json:"started,omitempty" doc:"When it began"`
	Ended   *Time  `json:"ended,omitempty" doc:"When it ended; absent while it goes on"`
	Result  string `json:"result" enum:"ok,rolled-back,refused,reverted,untested,interrupted,pending" doc:"ok: it runs and has proven well. rolled-back: it did not, and the version before runs with its state. refused: it could not read the state, nothing was changed. reverted: somebody went back by hand. untested: nothing ran that could be asked. interrupted: dpkg --configure -a goes on. pending: it goes on"`
	Reason  string `json:"reason,omitempty" doc:"Why it is not ok (English)"`
}

// Host is the machine.
type Host struct {
	Name       string  `json:"name" doc:"Its name"`
	System     string  `json:"system,omitempty" doc:"Operating system"`
	Kernel     string  `json:"kernel" doc:"Version"`
	Uptime     Number  `json:"uptime_s" doc:"Seconds since it was switched on"`
	Cores      int     `json:"cores" doc:"Processors that the daemon may use"`
	Load       float64 `json:"load" doc:"Mean of what wanted to run in the last minute"`
	Memory     int64   `json:"memory_bytes" doc:"It has"`
	MemoryFree int64   `json:"memory_available_bytes" doc:"That programs can still get"`
	SwapUsed   int64   `json:"swap_used_bytes" doc:"Swapped out: a recorder should have none"`
	Arch       string  `json:"architecture" doc:"Of the processor"`
}

// Process is the daemon.
type Process struct {
	PID         int    `json:"pid" doc:"Number of its process"`
	Started     Time   `json:"started" doc:"When this run began"`
	Boot        string `json:"boot" doc:"ID of this run"`
	User        string `json:"user" doc:"Whom it runs as"`
	Memory      int64  `json:"memory_bytes" doc:"It takes"`
	Heap        int64  `json:"heap_bytes" doc:"Of this, in use by its own objects"`
	Goroutines  int    `json:"goroutines" doc:"Its threads of work"`
	Descriptors int    `json:"descriptors" doc:"Open files and connections"`
	MaxFiles    int64  `json:"descriptors_max" doc:"It may have so many"`
}

// Volume is one disk.
type Volume struct {
	What  string `json:"what" enum:"recordings,state" doc:"What is on it"`
	Path  string `json:"path" doc:"Folder"`
	Type  string `json:"type,omitempty" doc:"File system"`
	Total int64  `json:"total_bytes" doc:"It has"`
	Free  int64  `json:"free_bytes" doc:"That the daemon can still write"`
}

// Heat is one temperature.
type Heat struct {
	Name    string  `json:"name" doc:"Of the sensor, as the kernel says"`
	Celsius float64 `json:"celsius" doc:"Degrees"`
}

// Clock says how right the machine's clock is.
type Clock struct {
	Now          Time    `json:"now" doc:"By it"`
	Zone         string  `json:"zone" doc:"Time zone of the machine"`
	Synchronised bool    `json:"synchronised" doc:"The kernel says that a time source disciplines it"`
	Service      string  `json:"service,omitempty" doc:"Which program does: chrony, systemd-timesyncd, ntpd; absent: it is not known"`
	Source       string  `json:"source,omitempty" doc:"Where that has its time from"`
	Stratum      int     `json:"stratum,omitempty" doc:"How far that is from a clock of its own"`
	Offset       float64 `json:"offset_s" doc:"Seconds that the kernel still has to correct"`
	MaxError     float64 `json:"max_error_s" doc:"Seconds that it may be off at most, by the kernel's estimate"`
	Frequency    float64 `json:"frequency_ppm" doc:"How fast the machine's own clock would run away"`
	Jumps        int     `json:"jumps" doc:"Times that it was set while the daemon ran, as far as the alarms' history goes"`
	LastJump     *Time   `json:"last_jump,omitempty" doc:"When that was last"`
	LastJumpMS   string  `json:"last_jump_ms,omitempty" doc:"By how many milliseconds"`
}

// News is something new.
type News struct {
	Version string `json:"version" doc:"Since which; unreleased: in none yet"`
	Name    string `json:"name" doc:"What it is about"`
	Text    string `json:"text" doc:"What it is (English)"`
}

// SupportContents is what a support bundle made now would hold.
type SupportContents struct {
	Files   []SupportFile `json:"files" nullable:"false" doc:"What is in it"`
	LeftOut []SupportGap  `json:"left_out" nullable:"false" doc:"What is not, and why"`
	Masked  int           `json:"masked" doc:"Secrets and telephone numbers that were taken out"`
	Notice  string        `json:"notice" doc:"What is left in it of people (English)"`
}

// SupportFile is one file of a support bundle.
type SupportFile struct {
	Name   string `json:"name" doc:"In the bundle"`
	Bytes  int    `json:"bytes" doc:"Its length"`
	Masked int    `json:"masked,omitempty" doc:"Secrets and telephone numbers that were taken out of it"`
}

// SupportGap is what is not in a support bundle.
type SupportGap struct {
	Name   string `json:"name" doc:"What"`
	Reason string `json:"reason" doc:"Why (English)"`
}

// WholeVerification is what verifying all recordings has found.
type WholeVerification struct {
	Running  bool           `json:"running" doc:"It goes on: all below is so far"`
	Began    *Time          `json:"began,omitempty" doc:"When; absent: none was made since the daemon began"`
	Ended    *Time          `json:"ended,omitempty" doc:"When it ended"`
	By       string         `json:"by,omitempty" doc:"Who asked"`
	Files    int            `json:"files" doc:"Files that were compared with their hash"`
	Bad      int            `json:"bad" doc:"Of these, those that are not what was sealed"`
	Expected int64          `json:"expected_files" doc:"About so many there are"`
	Day      string         `json:"day,omitempty" doc:"Where it is"`
	Log      bool           `json:"log" doc:"There is an evidence log"`
	Lines    int            `json:"lines" doc:"Journal lines"`
	Covered  int            `json:"covered" doc:"Of these, those that are as they were logged"`
	Signed   int64          `json:"signed" doc:"Leaves that the newest checkpoint covers"`
	Leaves   int64          `json:"leaves" doc:"Leaves there are"`
	Found    int            `json:"found" doc:"Things that are not as they were logged, and files that are bad"`
	Error    string         `json:"error,omitempty" doc:"Why it did not come to its end (English)"`
	Findings []WholeFinding `json:"findings" nullable:"false" doc:"The first 200 of them"`
	Key      string         `json:"key,omitempty" doc:"Public key that verifies checkpoints"`
	LastSign *Time          `json:"checkpoint,omitempty" doc:"When the newest checkpoint was signed"`
	Anchored []Anchored     `json:"anchored" nullable:"false" doc:"Where checkpoints are kept outside this box"`
}

// WholeFinding is one thing that is not as it was.
type WholeFinding struct {
	Kind string `json:"kind" doc:"What it is"`
	Day  string `json:"day,omitempty" doc:"Of the recording"`
	ID   string `json:"id,omitempty" doc:"The recording"`
	File string `json:"file,omitempty" doc:"The file"`
	Text string `json:"text" doc:"What was found (English)"`
}

// Anchored is how far one way of keeping checkpoints outside has come.
type Anchored struct {
	Way  string `json:"way" doc:"mail, tsa or folder"`
	Last *Time  `json:"last,omitempty" doc:"When a checkpoint arrived last"`
}

// System asks how the machine and the daemon are.
func (c *Client) System(ctx context.Context) (System, error) {
	return ask[System](ctx, c, http.MethodGet, "/system", nil, nil)
}

// Restart has the daemon end and be started again.
func (c *Client) Restart(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/system/restart", nil, nil, nil)
}

// SupportContents asks what a support bundle would hold.
func (c *Client) SupportContents(ctx context.Context) (SupportContents, error) {
	return ask[SupportContents](ctx, c.patient(), http.MethodGet, "/support", nil, nil)
}

// SupportBundle writes a support bundle, a .tar.gz, to w.
func (c *Client) SupportBundle(ctx context.Context, w io.Writer) (int64, error) {
	return c.patient().copy(ctx, "/support/bundle", nil, w)
}

// WholeVerification asks what verifying all recordings has found, or how far it is.
func (c *Client) WholeVerification(ctx context.Context) (WholeVerification, error) {
	return ask[WholeVerification](ctx, c, http.MethodGet, "/verification", nil, nil)
}
