package api

import (
	"context"
	"net/http"
)

// LearnLine is the body of a request to learn a line by calls that a technician is guided through.
type LearnLine struct {
	Busy     string `json:"busy,omitempty" maxLength:"40" doc:"A number that is busy when this line calls it: its own"`
	Call     string `json:"call,omitempty" maxLength:"40" doc:"Number of a telephone that the technician answers and then puts down"`
	WaitCall bool   `json:"wait_call,omitempty" doc:"The technician calls the line"`
}

// Learning is a run that learns a line, as it is now or as it ended.
type Learning struct {
	ID       string      `json:"id" doc:"Name of the run"`
	Line     int         `json:"line" doc:"Permanent number of the line"`
	By       string      `json:"by" doc:"Who began it"`
	Begun    Time        `json:"begun" doc:"When it began"`
	Ended    *Time       `json:"ended,omitempty" doc:"When it ended; absent while it goes on"`
	State    string      `json:"state" doc:"The step where it stands, or done, failed or cancelled"`
	Why      string      `json:"why,omitempty" doc:"Code of what made it fail; words in the catalogue under learn-why.CODE"`
	Steps    []LearnStep `json:"steps" nullable:"false" doc:"The steps so far, the present one last"`
	Measured []LearnItem `json:"measured" nullable:"false" doc:"What was measured so far; once it has ended also what was not, and why"`

	Profile LearnProfile `json:"profile" doc:"What it proposes; nothing of it is set"`
}

// A LearnStep is one step of a run.
type LearnStep struct {
	Code  string `json:"code" doc:"listen, seize, dial, call, ringback, answer, hang-up, release-tone, release, await-call, ring, leave, done, failed or cancelled; what the technician is to do stands in the catalogue under learn-step.CODE"`
	Begin Time   `json:"begin" doc:"When it began"`
	End   *Time  `json:"end,omitempty" doc:"When it ended; absent while it goes on"`
	Limit Number `json:"limit,omitempty" doc:"Seconds that it lasts at most"`
	Of    string `json:"of,omitempty" doc:"The number that is called"`
}

// A LearnItem is one thing that was measured, or was not.
type LearnItem struct {
	Code  string      `json:"code" doc:"volts-idle, noise-idle, dial-delay, dial-tone, volts-off-hook, noise-off-hook, busy-tone, ring-delay, ringback, answer, release-sign, release-tone, ring, ring-reversal or caller-id"`
	Why   string      `json:"why,omitempty" doc:"Not empty: it was not measured. not-asked, card, not-reached, nothing-heard, tone-goes-on, it-rings, busy, nobody-answered or no-call"`
	Sure  int         `json:"sure,omitempty" doc:"How sure the figures are, percent"`
	Value *Number     `json:"value,omitempty" doc:"volts: V; delays, release-sign (after the first sign) and ring-reversal (before the ring): s; ring: bursts"`
	Text  string      `json:"text,omitempty" doc:"A code: the tone as vaad hears it, how the answer is known, the sign of a release, the format of caller IDs"`
	Tone  *LearnTone  `json:"tone,omitempty" doc:"Of a tone"`
	Noise *LearnNoise `json:"noise,omitempty" doc:"Of silence"`
	Parts []LearnPart `json:"parts,omitempty" nullable:"false" doc:"How it rings"`
	Fit   *LearnFit   `json:"fit,omitempty" doc:"How a tone compares with what exchanges are to play"`
}

// LearnTone is what was measured of a tone.
type LearnTone struct {
	Hz     []Number    `json:"hz" nullable:"false" doc:"What sounds together, the lowest first, exact to 1 Hz"`
	Levels []Number    `json:"levels_dbm0" nullable:"false" doc:"Level of each"`
	DBm0   Number      `json:"dbm0" doc:"Level of all together while it is on"`
	Steady bool        `json:"steady,omitempty" doc:"It has no pauses"`
	Parts  []LearnPart `json:"parts,omitempty" nullable:"false" doc:"Of a cycle; absent where none was seen"`
	Cycles int         `json:"cycles,omitempty" doc:"How often its cycle was heard, in full"`
	SNR    Number      `json:"snr_db" doc:"The tone against everything else while it is on"`
}

// A LearnPart is one burst of a cycle and the silence after it.
type LearnPart struct {
	OnMS      Number `json:"on_ms" doc:"Length of the burst"`
	OffMS     Number `json:"off_ms" doc:"Length of the silence"`
	OnSpread  Number `json:"on_spread_ms" doc:"The largest difference of one burst from that"`
	OffSpread Number `json:"off_spread_ms" doc:"The same of the silence"`
}

// LearnNoise is what was measured of a silent line.
type LearnNoise struct {
	DBm0     Number   `json:"dbm0" doc:"All of it, without the offset"`
	DBm0p    Number   `json:"dbm0p" doc:"Weighted as the ear hears it (ITU-T O.41)"`
	DC       Number   `json:"dc" doc:"Offset, in steps of 16 bits"`
	MainsHz  Number   `json:"mains_hz,omitempty" doc:"Frequency of the hum; absent: there is none"`
	HumDBm0  *Number  `json:"hum_dbm0,omitempty" doc:"The mains and its multiples together"`
	HumLines []Number `json:"hum_lines_dbm0,omitempty" nullable:"false" doc:"The mains, twice the mains, …; −99: nothing"`
	Seconds  Number   `json:"seconds" doc:"How long was listened"`
}

// A LearnFit says how a tone compares with a country's plan.
type LearnFit struct {
	Country string   `json:"country" doc:"Whose plan: ISO 3166 code"`
	Tone    string   `json:"tone,omitempty" doc:"The tone of that plan that it is; absent: none of what was expected"`
	HzOff   Number   `json:"hz_off,omitempty" doc:"By how much it is higher than planned"`
	DBOff   Number   `json:"db_off,omitempty" doc:"By how much it is stronger than planned"`
	Others  []string `json:"others,omitempty" nullable:"false" doc:"Countries that have such a tone, where that one has none"`
}

// LearnProfile is what a run proposes, with the keys of profiles in the settings.
type LearnProfile struct {
	Country      string `json:"country,omitempty" doc:"ISO 3166 code"`
	RingGapMS    int    `json:"ring_gap_ms,omitempty" doc:"Longest pause between bursts of ringing"`
	IdleMV       int    `json:"idle_mv,omitempty" doc:"Voltage on-hook"`
	OffHookMV    int    `json:"off_hook_mv,omitempty" doc:"Voltage off-hook"`
	CallerID     string `json:"caller_id,omitempty" doc:"How the exchange says who calls"`
	DialHz       int    `json:"dial_hz,omitempty" doc:"Its dial tone"`
	BusyHz       int    `json:"busy_hz,omitempty" doc:"Its tone after the far end has hung up"`
	BusyOnMS     int    `json:"busy_on_ms,omitempty" doc:"Its burst"`
	BusyOffMS    int    `json:"busy_off_ms,omitempty" doc:"Its pause"`
	AnswerSignal string `json:"answer_signal,omitempty" doc:"How the exchange tells the answer: reversal"`
	ReleaseSigns string `json:"release_signs,omitempty" doc:"How it tells that the far end has hung up, separated by commas: reversal, loop-break, busy-tone, …"`
}

// Learn begins to learn a line.
func (c *Client) Learn(ctx context.Context, line int, how LearnLine) (Learning, error) {
	return ask[Learning](ctx, c, http.MethodPost, linePath(line, "/learn"), nil, how)
}

// Learning is the run that goes on on a line, or the last one.
func (c *Client) Learning(ctx context.Context, line int) (Learning, error) {
	return ask[Learning](ctx, c, http.MethodGet, linePath(line, "/learn"), nil, nil)
}

// CancelLearn ends the run that goes on on a line.
func (c *Client) CancelLearn(ctx context.Context, line int) error {
	return c.call(ctx, http.MethodDelete, linePath(line, "/learn"), nil, nil, nil)
}
