package index

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/recorder/archive"
)

// An alikeness has the same recordings in segments and as loose rows.
type alikeness struct {
	rng              *rand.Rand
	folded, loose    *Index
	numbers, names   []string
	notes            []string
	folding, resting *journals
}

// some is up to n letters of an alphabet.
func (a *alikeness) some(alphabet string, n int) string {
	all := []rune(alphabet)
	s := make([]rune, a.rng.IntN(n))
	for i := range s {
		s[i] = all[a.rng.IntN(len(all))]
	}
	return string(s)
}

func (a *alikeness) name() string {
	return a.some("0123456789012345*#+-( )abA Zß退款客户一二ＡＢ１２　\u00a0éİſK.\t", 8)
}

func (a *alikeness) number() string {
	if a.rng.IntN(3) > 0 {
		return a.some("0123", 9)
	}
	return a.some("0123456789*#+-( １２", 9)
}

// part is a piece of one of some strings.
func (a *alikeness) part(of []string) string {
	r := []rune(of[a.rng.IntN(len(of))])
	if len(r) == 0 {
		return ""
	}
	from := a.rng.IntN(len(r))
	return string(r[from : from+1+a.rng.IntN(len(r)-from)])
}

// pattern is a part with asterisks.
func (a *alikeness) pattern(of []string) string {
	r := []rune(a.part(of))
	for range a.rng.IntN(3) {
		r = slices.Insert(r, a.rng.IntN(len(r)+1), '*')
	}
	return string(r)
}

func (a *alikeness) fill(t *testing.T, n int) {
	var lines []archive.JournalLine
	for i := range n {
		caller, called, name, party, note := a.number(), a.number(), a.name(), a.name(), a.name()
		a.numbers, a.names, a.notes = append(a.numbers, caller, called), append(a.names, name, party), append(a.notes, note)
		act, of := []string{archive.ActNote, archive.ActMark, archive.ActProtect, archive.ActTrash, archive.ActUndelete}[a.rng.IntN(5)], a.rng.IntN(i+1)
		acts := a.rng.IntN(2) == 0
		for _, j := range []*journals{a.folding, a.resting} {
			l := j.recording(time.Duration(i)*time.Minute, 1+i%3, func(s *archive.Seal) {
				s.Caller, s.Called, s.LineName, s.CallerName = caller, called, name, party
			})
			if j == a.folding {
				lines = append(lines, l)
			}
			if acts {
				j.act(lines[of], act, note)
			}
		}
		if a.rng.IntN(10) == 0 || i == n-1 {
			if err := a.folded.flush(); err != nil {
				t.Fatal(err)
			}
			if err := a.folded.fold(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (a *alikeness) ask() (f Filter) {
	switch a.rng.IntN(7) {
	case 0:
		f.Number = a.pattern(a.numbers)
	case 1:
		f.Caller = a.pattern(a.numbers)
	case 2:
		f.Called = "*" + a.part(a.numbers) + "*"
	case 3:
		f.Name = a.pattern(a.names)
	case 4:
		f.Text = a.part(a.notes)
	case 5:
		f.Text = a.part(a.numbers)
	case 6:
		f.Text = a.part(a.names)
	}
	f.Limit = maxLimit
	return f
}

func TestWhateverIsWrittenIsFoundTheSameInSegmentsAndLoose(t *testing.T) {
	seeds := uint64(2)
	if *full {
		seeds = 100
	}
	for seed := range seeds {
		a := &alikeness{rng: rand.New(rand.NewPCG(seed, 1)), folding: newJournals(), resting: newJournals()}
		open := func(j *journals, sz sizes) *Index {
			ix, err := Open(Config{Path: ramDir(t) + "/index.db", Journals: j, Subscribe: j.Subscribe, sizes: sz, countTime: allCounted})
			if err != nil {
				t.Fatal(err)
			}
			if err := ix.catchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			return ix
		}
		a.folded, a.loose = open(a.folding, sizes{small: 4, large: 16, over: 2}), open(a.resting, sizes{small: 4096, large: maxRows, over: 4096})
		a.fill(t, 120)
		if s := a.folded.Status(); s.Segments == 0 {
			t.Fatal("no segment has been made")
		}
		for range 400 {
			f := a.ask()
			got, want := query(t, a.folded, f), query(t, a.loose, f)
			if !slices.Equal(ids(got.Rows), ids(want.Rows)) || got.Count != want.Count {
				t.Fatalf("seed %d: number %q caller %q called %q name %q text %q: segments find %d, loose rows %d", seed, f.Number, f.Caller, f.Called,
					f.Name, f.Text, len(got.Rows), len(want.Rows))
			}
		}
		for _, ix := range []*Index{a.folded, a.loose} {
			if err := ix.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A name may be a number, which is found however it is written.
func TestACallersNameThatIsANumberIsFoundByItsDigits(t *testing.T) {
	j := newJournals()
	ix, err := Open(Config{Path: ramDir(t) + "/index.db", Journals: j, Subscribe: j.Subscribe, sizes: tiny, countTime: allCounted})
	if err != nil {
		t.Fatal(err)
	}
	if err := ix.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 16 {
		j.recording(time.Duration(i)*time.Minute, 1, func(s *archive.Seal) { s.CallerName = "139-" + strings.Repeat(" ", 1+i%2) + "8" })
	}
	for _, when := range []string{"as loose rows", "in a segment"} {
		if n := query(t, ix, Filter{Text: "98"}).Count; n != 16 {
			t.Errorf("%s %d of 16 are found", when, n)
		}
		if err := ix.fold(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := ix.Close(); err != nil {
		t.Error(err)
	}
}
