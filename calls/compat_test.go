package calls

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// Rows that earlier versions wrote must be read, and nothing in them be lost:
// line 1 is of the first version, lines 2 to 4 have all that came later.
func TestRowsOfEveryVersionAreRead(t *testing.T) {
	f, err := os.Open("testdata/compat/rows.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		var r Row
		d := json.NewDecoder(bytes.NewReader(s.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var was, is map[string]any
		if json.Unmarshal(s.Bytes(), &was) != nil || json.Unmarshal(again, &is) != nil {
			t.Fatal("not JSON")
		}
		for k, v := range was {
			a, _ := json.Marshal(v)
			if b, _ := json.Marshal(is[k]); !bytes.Equal(a, b) {
				t.Errorf("line %d: %s was %s, is %s", n+1, k, a, b)
			}
		}
	}
	if n != 4 {
		t.Errorf("%d rows", n)
	}
}
