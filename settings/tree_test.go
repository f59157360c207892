package settings

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// trees draws JSON objects whose keys may hold dots and backslashes.
func trees(depth int) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		m := map[string]any{}
		for _, k := range rapid.SliceOfN(rapid.StringMatching(`[a-c.\\0-9]{1,3}`), 0, 4).Draw(t, "keys") {
			if depth > 0 && rapid.Bool().Draw(t, "object") {
				m[k] = trees(depth-1).Draw(t, k)
			} else {
				m[k] = rapid.SampledFrom([]any{"x", "y", true, []any{"l"}}).Draw(t, k)
			}
		}
		return m
	})
}

func TestDiffCanBeUndoneAndRedone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := trees(3).Draw(t, "a"), trees(3).Draw(t, "b")
		d := diff(a, b)
		if got, err := redo(a, d); err != nil || !reflect.DeepEqual(got, b) {
			t.Fatalf("redo: %v %v, want %v", got, err, b)
		}
		if got, err := undo(b, d); err != nil || !reflect.DeepEqual(got, a) {
			t.Fatalf("undo: %v %v, want %v", got, err, a)
		}
		if same(a, b) != (len(d) == 0) {
			t.Fatalf("diff %v", d)
		}
	})
}

func TestEncodeIsStableAndReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := trees(3).Draw(t, "a")
		b, err := parse(encode(a, nil))
		if err != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%v %v", b, err)
		}
		if string(encode(a, nil)) != string(encode(b, nil)) {
			t.Fatal("not stable")
		}
	})
}

func TestNumbersInKeysSortAsNumbers(t *testing.T) {
	in := []string{"10", "2", "1", "line 10", "line 9", "a", "02", "", "10a"}
	slices.SortFunc(in, natural)
	if want := []string{"", "1", "2", "02", "10", "10a", "a", "line 9", "line 10"}; !slices.Equal(in, want) {
		t.Errorf("%q", in)
	}
}

func FuzzJournalIsReadOrRefused(f *testing.F) {
	f.Add([]byte(`{"n":1,"diff":[{"path":"a.b","new":1}]}`), true)
	f.Add([]byte(`{"n":5,"document":{"a":1}}`), true)
	f.Add([]byte("noise\n"), false)
	f.Fuzz(func(t *testing.T, b []byte, good bool) {
		if good {
			b = seal(b)
		}
		path := t.TempDir() + "/j"
		if err := appendFile(path, b); err != nil {
			t.Fatal(err)
		}
		_, doc, _, _ := RestoreFromJournal(path)
		if _, err := parse(doc); err != nil {
			t.Errorf("document %q: %v", doc, err)
		}
	})
}
