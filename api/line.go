package api

import "time"

// A Line is one telephone line as it is now.
type Line struct {
	Line         int           `json:"line" doc:"Permanent number of the line, from 1"`
	Board        string        `json:"board" doc:"ID of the board that carries it"`
	Port         int           `json:"port" doc:"Port as printed on the card, from 1"`
	LocalPort    int           `json:"local_port,omitempty" doc:"Second port of a digital tap, carrying the local side"`
	Name         string        `json:"name" doc:"Name given by the operator"`
	Group        string        `json:"group,omitempty" doc:"Line group, for rights"`
	Kind         string        `json:"kind" doc:"fxo, fxs or bchan"`
	Use          string        `json:"use" doc:"unused, tap, trunk or station"`
	State        string        `json:"state" doc:"idle, pre-ring, ringing, off-hook-in, off-hook-out, dialling, talking, abandoned, no-battery, unknown, gone or unused; of trunks and stations also seizing, proceeding, alerting, releasing and locked"`
	Since        *Time         `json:"since" doc:"When it came into this state"`
	Volts        *Number       `json:"volts" doc:"Voltage between tip and ring; null where the card does not measure it"`
	VoltsReached *VoltsReached `json:"volts_reached,omitempty" doc:"The least and the largest voltage since they were forgotten last"`

	LevelDBm0 *Number `json:"level_dbm0" doc:"Level of the louder side in dBm0; null in silence or without signal"`

	Levels map[string]Number `json:"levels_dbm0,omitempty" doc:"Level of each side in dBm0"`
	Sides  []string          `json:"sides" nullable:"false" doc:"mixed, or network and local"`
	Caps   []string          `json:"caps,omitempty" nullable:"false" doc:"What the line can do"`

	GainDB     int `json:"gain_db,omitempty" doc:"By how much what is received is made louder for levels, detectors and calls; recordings hold it as it came"`
	SentGainDB int `json:"sent_gain_db,omitempty" doc:"By how much what is sent is made louder"`

	Recording      bool   `json:"recording" doc:"Whether it is being recorded now"`
	RecordingID    string `json:"recording_id,omitempty" doc:"The recording being made"`
	RecordingSince *Time  `json:"recording_since,omitempty" doc:"When that recording began"`
	Paused         *Pause `json:"paused,omitempty" doc:"The pause that its recording is under; absent where there is none"`
	Trigger        string `json:"trigger" doc:"What starts a recording: off, manual, voltage, voice, key, call or continuous"`
	TriggerNote    string `json:"trigger_note,omitempty" doc:"What to know about that trigger on this line: either-party, both parties are one signal, and either may key the sequence"`

	Call       string  `json:"call,omitempty" doc:"ID of the call that is up"`
	Direction  string  `json:"direction,omitempty" doc:"in or out"`
	Caller     string  `json:"caller,omitempty" doc:"Number of the calling party, where known"`
	Called     string  `json:"called,omitempty" doc:"Number of the called party, where known"`
	CallerName string  `json:"caller_name,omitempty" doc:"Name of the calling party, where known"`
	Learnt     *Learnt `json:"learnt,omitempty" doc:"What was learnt about the line by listening; absent where nothing is yet"`
	Reason     string  `json:"reason,omitempty" doc:"Why the line is gone or unusable (English)"`

	Fault *Fault   `json:"fault,omitempty" doc:"Why it does not work although its board runs"`
	Notes []Remark `json:"notes,omitempty" nullable:"false" doc:"What its port cannot do, and what follows from that"`
}

// VoltsReached are the extremes of a line's voltage, with their sign.
type VoltsReached struct {
	Min   Number `json:"min" doc:"The least"`
	Max   Number `json:"max" doc:"The largest"`
	Since Time   `json:"since" doc:"When they were forgotten last, or the first voltage was seen"`
}

// A Fault says why something does not work. In the live feed it has no words:
// readers of any language share it, and the catalogue has them under fault.CODE.
type Fault struct {
	Code   string `json:"code" doc:"Stable code, as of the entries in docs/troubleshooting.md"`
	Text   string `json:"text,omitempty" doc:"What is the matter, in the caller's language; not in the live feed"`
	Remedy string `json:"remedy,omitempty" doc:"What to do, in the caller's language; not in the live feed"`
	Detail string `json:"detail,omitempty" doc:"What the driver says (English)"`
}

// A Remark is something to know. In the live feed it has no words: the catalogue
// has them under line-note.CODE.
type Remark struct {
	Code   string `json:"code" doc:"Stable code: no-volts, no-on-hook-audio"`
	Text   string `json:"text,omitempty" doc:"It in words, in the caller's language; not in the live feed"`
	Remedy string `json:"remedy,omitempty" doc:"What can be done, in the caller's language; not in the live feed"`
}

// Learnt is what a tap has learnt about its line. 0 and empty mean not yet.
type Learnt struct {
	IdleVolts    Number `json:"idle_volts,omitempty" doc:"Voltage on-hook, without sign"`
	OffHookVolts Number `json:"off_hook_volts,omitempty" doc:"Voltage off-hook"`
	RingGapMS    int    `json:"ring_gap_ms,omitempty" doc:"Longest pause between two bursts of ringing"`
	CallerID     string `json:"caller_id,omitempty" doc:"How its exchange says who calls: bell202, v23 or dtmf, then -before-ring or -after-ring"`
	DialHz       int    `json:"dial_hz,omitempty" doc:"A dial tone of its own"`
	BusyHz       int    `json:"busy_hz,omitempty" doc:"A tone of its own after the far end has hung up"`
	BusyOnMS     int    `json:"busy_on_ms,omitempty" doc:"Its burst"`
	BusyOffMS    int    `json:"busy_off_ms,omitempty" doc:"Its pause"`
}

// Number is a measured value with one decimal.
type Number = float64

// Time is a moment in UTC.
type Time = time.Time

// A Board is one piece of line hardware, working or not.
type Board struct {
	ID        string `json:"id" doc:"Name of the board in settings, metrics and messages"`
	Driver    string `json:"driver" doc:"Driver that serves it"`
	Model     string `json:"model,omitempty" doc:"Model, where the hardware says it"`
	Serial    string `json:"serial,omitempty" doc:"Serial number, where the hardware has one"`
	Location  string `json:"location,omitempty" doc:"Slot, bus address or folder"`
	State     string `json:"state" doc:"opening, running, gone or failed"`
	Code      string `json:"code,omitempty" doc:"Stable code of why it does not run: open-failed, open-slow, plan-failed, gone, hung, bad-frames, stopped, or one of its driver's, as dahdi-busy"`
	Text      string `json:"text,omitempty" doc:"Why it does not run, in the caller's language"`
	Remedy    string `json:"remedy,omitempty" doc:"What to do, in the caller's language"`
	Reason    string `json:"reason,omitempty" doc:"What the driver says about it (English)"`
	Virtual   bool   `json:"virtual" doc:"Its clock may wait for the readers of its audio"`
	Simulated bool   `json:"simulated" doc:"It is no hardware: its recordings are marked and are not evidence"`
	Lines     int    `json:"lines" doc:"Lines of the board"`
	Since     *Time  `json:"since,omitempty" doc:"When it came into this state"`
	Ticks     uint64 `json:"ticks" doc:"Blocks of 20 ms exchanged since the daemon started"`
	Late      uint64 `json:"late" doc:"Blocks that came late after a stall"`
	Lost      uint64 `json:"lost_samples" doc:"Samples of all its lines that were lost"`
	Slips     uint64 `json:"slips" doc:"Blocks dropped because they came too late"`
	Missed    uint64 `json:"missed" doc:"Blocks that never came; the lines heard silence"`
	Underrun  uint64 `json:"underrun_samples" doc:"Samples of silence that were sent because nothing else was there"`
	DriftPPM  Number `json:"drift_ppm" doc:"How fast its clock runs against the machine's, in parts per million"`
	Priority  string `json:"priority,omitempty" doc:"Scheduling of its thread"`

	Spans []Span `json:"spans,omitempty" nullable:"false" doc:"Its digital spans"`
}

// A Span is one digital span of a board as it is now.
type Span struct {
	Span       int      `json:"span" doc:"Number as on the card"`
	Channels   int      `json:"channels" doc:"Timeslots"`
	DChannel   int      `json:"dchannel,omitempty" doc:"Timeslot of the D-channel"`
	DChannelUp bool     `json:"dchannel_up" doc:"The D-channel has said something within the last 30 s"`
	Tap        bool     `json:"tap,omitempty" doc:"Receive only"`
	LinkDown   bool     `json:"link_down,omitempty" doc:"Its signalling is ours, and the data link to the far end has not been established for 10 s although the span has no alarm"`
	Silent     bool     `json:"silent,omitempty" doc:"A tap whose D-channel has said nothing for 90 s although the span has no alarm"`
	Swapped    bool     `json:"swapped,omitempty" doc:"A tap that should hear the network's side and hears the user's"`
	Alarms     []string `json:"alarms" nullable:"false" doc:"Alarms that stand: red, yellow, blue, loopback"`
	Text       string   `json:"text,omitempty" doc:"The alarms, and what is wrong with a tap, in words, in the caller's language"`
	Remedy     string   `json:"remedy,omitempty" doc:"What to do, in the caller's language"`
	SyncSource int      `json:"sync_source,omitempty" doc:"Number of the span that it takes its clock from, as on the machine"`
}

// Started answers a request to record a line.
type Started struct {
	Line      int    `json:"line" doc:"The line"`
	Recording string `json:"recording" doc:"ID of the recording that is being made, or was"`
}
