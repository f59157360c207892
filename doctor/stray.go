package doctor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Board is what settings may be for.
type Board struct {
	ID    string
	Runs  bool // its spans are known; one that does not run may yet have any
	Spans []int
}

// A Stray is settings that are for something which is not there.
type Stray struct {
	Settings []string // paths, as lines.7 and spans.card1/2
	Board    string
	There    bool   // the board is, and has no such span
	Spans    string // … but these
}

// Strays lists settings of lines and spans whose board is not among those of the
// configuration, or has no such span. settings is the whole document as JSON; one that
// cannot be read has none.
func Strays(settings []byte, boards []Board) []Stray {
	var doc struct {
		Lines map[string]struct {
			Board string `json:"board"`
		} `json:"lines"`
		Spans map[string]json.RawMessage `json:"spans"`
	}
	if json.Unmarshal(settings, &doc) != nil {
		return nil
	}
	without, spans := map[string][]string{}, []Stray{}
	find := func(id string) int { return slices.IndexFunc(boards, func(b Board) bool { return b.ID == id }) }
	for _, n := range slices.SortedFunc(maps.Keys(doc.Lines), byNumber) {
		if id := doc.Lines[n].Board; id != "" && find(id) < 0 {
			without[id] = append(without[id], "lines."+n)
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(doc.Spans), byNumber) {
		id, number, _ := strings.Cut(key, "/")
		n, _ := strconv.Atoi(number) // settings have validated it
		i := find(id)
		if i < 0 {
			without[id] = append(without[id], "spans."+key)
		} else if b := &boards[i]; b.Runs && !slices.Contains(b.Spans, n) {
			spans = append(spans, Stray{Settings: []string{"spans." + key}, Board: id, There: true, Spans: strings.Trim(fmt.Sprint(b.Spans), "[]")})
		}
	}
	var all []Stray
	for _, id := range slices.Sorted(maps.Keys(without)) {
		all = append(all, Stray{Settings: without[id], Board: id})
	}
	return append(all, spans...)
}

// byNumber puts 9 before 10, and a/9 before a/10.
func byNumber(a, b string) int {
	cut := func(s string) (string, int) {
		at := strings.LastIndexByte(s, '/') + 1
		n, _ := strconv.Atoi(s[at:])
		return s[:at], n
	}
	boardA, nA := cut(a)
	boardB, nB := cut(b)
	return cmp.Or(strings.Compare(boardA, boardB), cmp.Compare(nA, nB))
}

// maxNamed bounds how many settings a finding names.
const maxNamed = 8

// Named is the paths, of very many the first.
func (s *Stray) Named() string {
	if len(s.Settings) > maxNamed {
		return strings.Join(s.Settings[:maxNamed], ", ") + ", …"
	}
	return strings.Join(s.Settings, ", ")
}

func (c *checker) checkStrays() {
	for i := range c.Daemon.Strays {
		s := &c.Daemon.Strays[i]
		switch {
		case !s.There:
			c.add("setting-no-board", "settings", s.Named(), "board", s.Board, "first", s.Settings[0])
		case s.Spans == "":
			c.add("setting-no-spans", "setting", s.Settings[0], "board", s.Board)
		default:
			c.add("setting-no-span", "setting", s.Settings[0], "board", s.Board, "spans", s.Spans)
		}
	}
}
