package calls

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRowsBecomeATable(t *testing.T) {
	var b bytes.Buffer
	w := NewCSV(&b, CSVOptions{BOM: true, Location: time.FixedZone("", 8*3600)})
	r := Row{ID: "01A", Line: 3, Board: "e1", Start: at(0), Answered: at(5), End: at(65), EndedBy: "on-hook", Direction: "in", Caller: "+8613800138000",
		Name: `=HYPERLINK("x")`, Called: "8001", By: "amy, \"boss\"", Group: "city", Conversation: "01A", Recordings: []string{"r1", "r2"}, Why: []string{"call"}}
	if err := errors.Join(w.Write(r), w.Write(Row{ID: "01B", Start: at(1)}), w.Flush()); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "\ufeffid,conversation,line,") || strings.Count(b.String(), "\r\n") != 3 {
		t.Errorf("%q", b.String())
	}
	want := `01A,01A,3,e1,city,in,2026-01-02 20:00:00,2026-01-02 20:00:05,2026-01-02 20:01:05,65.000,60.000,'+8613800138000,"'=HYPERLINK(""x"")",,8001,,,,,,,on-hook,,false,,"amy, ""boss""",,,r1 r2,call` + "\r\n"
	if !strings.Contains(b.String(), want) {
		t.Errorf("%q\nwant\n%q", b.String(), want)
	}
}

func TestATableOfNothingHasItsNames(t *testing.T) {
	var b bytes.Buffer
	if err := NewCSV(&b, CSVOptions{}).Flush(); err != nil || strings.Count(b.String(), ",") != len(csvColumns)-1 {
		t.Errorf("%q %v", b.String(), err)
	}
}

// Whatever comes in by telephone stays text, and in its cell.
func TestNoCellIsAFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		var b bytes.Buffer
		w := NewCSV(&b, CSVOptions{})
		if err := errors.Join(w.Write(Row{ID: "=A", Name: name, Keys: "@", Caller: "-1", Called: "\t1"}), w.Flush()); err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(all) != 2 {
			t.Fatalf("%d lines, %v", len(all), err)
		}
		for _, cell := range all[1] {
			if cell != "" && strings.Contains("=+-@\t\r", cell[:1]) {
				t.Errorf("%q", cell)
			}
		}
	})
}
