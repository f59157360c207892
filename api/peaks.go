package api

// Peaks are how loud each side of a recording is within a part of it, in points of
// equal length, for players to draw.
type Peaks struct {
	ID       string     `json:"id" doc:"The recording"`
	Duration Number     `json:"duration_s" doc:"Length of the whole recording in seconds"`
	From     Number     `json:"from_s" doc:"Where the part begins"`
	To       Number     `json:"to_s" doc:"Where it ends"`
	Points   int        `json:"points" doc:"Points of each side: as many as were asked for, or one for each 10 ms"`
	Sides    []PeakSide `json:"sides" nullable:"false" doc:"The sides"`
	Silence  []Stretch  `json:"silence" nullable:"false" doc:"Where nobody speaks on any side and nothing else is heard, for a second and more"`
	Final    bool       `json:"final" doc:"The recording is sealed: these values do not change any more"`
}

// PeakSide is one side of [Peaks].
type PeakSide struct {
	Side  string    `json:"side" doc:"mixed, network or local"`
	Data  []byte    `json:"data" doc:"Three signed bytes a point, base64: least sample, greatest, root mean square. A byte b stands for (b/127)·|b/127| of full scale"`
	Voice []Stretch `json:"voice" nullable:"false" doc:"Where somebody speaks; pauses that are shorter than a point are left out"`
}

// Stretch is a part of a recording: begin and end in seconds from its start.
type Stretch [2]Number

// Timeline is what happened during a recording and what people marked in it, in the
// order of time, in words.
type Timeline struct {
	ID       string   `json:"id" doc:"The recording"`
	Duration Number   `json:"duration_s" doc:"Length of the recording in seconds"`
	Items    []Moment `json:"items" nullable:"false" doc:"What happened, in the order of time"`
	More     bool     `json:"more,omitempty" doc:"There is more in the story than these"`
}

// Moment is one entry of a [Timeline].
type Moment struct {
	At     Number `json:"at_s" doc:"Seconds from the start of the recording; below 0: before it"`
	Length Number `json:"length_s,omitempty" doc:"Seconds it lasted; absent: a moment"`
	Track  string `json:"track" doc:"What sort it is: key, tone, fax, hold, masked, muted, gap, beep, call, mark or event"`
	Kind   string `json:"kind" doc:"Stable name, as of the story"`
	Code   string `json:"code,omitempty" doc:"What exactly: key, name of a tone, reason"`
	Side   string `json:"side,omitempty" doc:"Side that is meant"`
	Text   string `json:"text" doc:"The same in words, in the caller's language"`
	Actor  string `json:"actor,omitempty" doc:"Who did it"`
	Time   *Time  `json:"time,omitempty" doc:"When it was done, where that is not the moment itself: of marks"`
}
