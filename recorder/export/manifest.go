package export

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"vaad/recorder/index"
)

// manifestVersion is that of manifest.json; docs/formats/export.md.
const manifestVersion = 1

// A Manifest tells what lies in an export, and of what is missing in it.
type Manifest struct {
	V        int       `json:"v"`
	Export   string    `json:"export"` // ID of the job
	Box      string    `json:"box"`    // name of the installation
	Program  string    `json:"program"`
	By       string    `json:"exported_by"`
	ByKind   string    `json:"exported_by_kind"`
	At       time.Time `json:"exported_at"`
	Reason   string    `json:"reason"`
	Search   string    `json:"search,omitempty"`
	Format   string    `json:"format"`
	Layout   Layout    `json:"layout"`
	Proof    bool      `json:"proof"`
	Complete bool      `json:"complete"` // every recording that was asked for is in it
	Items    []Entry   `json:"items"`
}

// An Entry is one file, or one recording that could not be given.
type Entry struct {
	File      string            `json:"file,omitempty"`
	Result    string            `json:"result"`
	Detail    string            `json:"detail,omitempty"`
	Recording string            `json:"recording"`
	Side      string            `json:"side,omitempty"`
	Line      int               `json:"line,omitempty"`
	LineName  string            `json:"line_name,omitempty"`
	Start     time.Time         `json:"start,omitzero"`
	End       time.Time         `json:"end,omitzero"`
	Seconds   float64           `json:"duration_s"`
	Direction string            `json:"direction,omitempty"`
	Caller    string            `json:"caller,omitempty"`
	Called    string            `json:"called,omitempty"`
	Call      string            `json:"call,omitempty"`
	State     string            `json:"state,omitempty"` // open: it was being made, and goes on
	Channels  int               `json:"channels,omitempty"`
	Bytes     int64             `json:"bytes,omitempty"`
	SHA256    string            `json:"sha256,omitempty"`        // of the file here
	Source    map[string]string `json:"source_sha256,omitempty"` // of the stored files, by side
	Proof     string            `json:"proof,omitempty"`
	ProofFile string            `json:"proof_file,omitempty"`
}

// entryOf begins an entry with what is known of a recording.
func entryOf(id string, r *index.Row) Entry {
	return Entry{Recording: id, Result: ResultOK, Line: r.Line, LineName: r.LineName, Start: r.Start, End: r.End, Direction: r.Direction,
		Caller: r.Caller, Called: r.Called, Call: r.Call, State: r.State, Source: r.SHA256}
}

// writeJSON writes manifest.json.
func (m *Manifest) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(m)
}

// writeCSV writes manifest.csv: UTF-8 with a mark that says so, RFC 4180.
func (m *Manifest) writeCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	t := csv.NewWriter(w)
	t.UseCRLF = true
	if err := t.Write([]string{"file", "result", "recording", "side", "line", "line_name", "start", "end", "duration_s", "direction", "caller", "called",
		"call", "state", "bytes", "sha256", "source_sha256", "proof", "exported_by", "exported_at", "reason", "box"}); err != nil {
		return err
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	for i := range m.Items {
		e := &m.Items[i]
		var source []string
		for _, side := range []string{"mixed", "network", "local"} {
			if sum := e.Source[side]; sum != "" {
				source = append(source, side+":"+sum)
			}
		}
		cells := []string{e.File, e.Result, e.Recording, e.Side, strconv.Itoa(e.Line), e.LineName, at(e.Start), at(e.End), strconv.FormatFloat(e.Seconds, 'f', 3, 64),
			e.Direction, e.Caller, e.Called, e.Call, e.State, strconv.FormatInt(e.Bytes, 10), e.SHA256, strings.Join(source, " "), e.Proof, m.By, at(m.At), m.Reason, m.Box}
		for k := range cells {
			cells[k] = Harmless(cells[k])
		}
		if err := t.Write(cells); err != nil {
			return err
		}
	}
	t.Flush()
	return t.Error()
}

// Harmless keeps spreadsheets from taking a text for a formula: a caller's name is
// chosen by the caller. Numbers stay as they are.
func Harmless(cell string) string {
	if cell == "" || !strings.ContainsAny(cell[:1], "=+-@\t\r") || strings.Trim(cell, "+0123456789*#") == "" {
		return cell
	}
	return "'" + cell
}
