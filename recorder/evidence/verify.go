package evidence

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"vaad/recorder/archive"
)

// Options say what is verified, and against what.
type Options struct {
	Reader  *archive.Reader
	Disk    archive.Disk // the same folder
	Keys    []string     // public keys that are trusted; none: signatures prove nothing
	Anchors [][]byte     // checkpoints kept elsewhere: files of notes
	From    archive.Day  // "" = from the first day
	To      archive.Day  // "" = to the last, which is included
	ID      string       // only this recording; the tree is checked all the same
	Now     time.Time    // lines younger than a minute need not be in the log yet

	Found func(Finding)
	File  func(day archive.Day, id string, check archive.Check) // told of each file that was compared
}

// A Summary is what verification has looked at.
type Summary struct {
	Log         bool // there is a log
	Leaves      int64
	Signed      int64 // of these, by the newest checkpoint
	Checkpoints int
	Last        time.Time // of the newest checkpoint
	Days        int
	Lines       int // of journals, all kinds
	Covered     int // lines that are as they were logged
	Simulated   int // lines that the log leaves out
	Fresh       int // lines that were just written and are not in the log yet
	Recordings  int // whose files were compared
	Erased      int // recordings that were erased, lawfully
	Redacted    int // lines of them that say nothing of people any more
	Findings    int
}

// fresh is how long a line may be on its way into the log.
const fresh = time.Minute

// Verify compares files with journals, journals with the tree and the tree with
// what was signed. It only reads; the daemon may run. An error is one of
// reading; what is wrong with the recordings is told to Found and File.
func Verify(ctx context.Context, o Options) (Summary, error) {
	v := &verifier{o: o}
	err := v.run(ctx)
	return v.sum, err
}

type verifier struct {
	o     Options
	sum   Summary
	tree  *tree
	in    *inspection
	short bool // lines cannot be told from leaves that are gone
}

func (v *verifier) found(f Finding) {
	v.sum.Findings++
	v.o.Found(f)
}

func (v *verifier) run(ctx context.Context) error {
	file, err := readFile(v.o.Disk, notesFile, maxNotes)
	if err != nil {
		return err
	}
	v.tree, err = openTree(v.o.Disk, os.O_RDONLY)
	missing := errors.Is(err, errNoLog)
	if err != nil && !missing {
		return err
	}
	v.in = &inspection{records: true}
	if v.sum.Log = !missing || len(file) > 0; v.sum.Log || len(v.o.Keys) > 0 || len(v.o.Anchors) > 0 {
		if missing {
			v.found(Finding{Kind: LogMissing})
			v.short = true
		}
		if err := v.log(ctx, file); err != nil {
			return err
		}
	}
	if v.tree != nil {
		defer func() { _ = v.tree.close() }() // read only
	}
	return v.days(ctx)
}

// log checks checkpoints and tree.
func (v *verifier) log(ctx context.Context, file []byte) error {
	c := readChecks(file, v.o.Anchors, v.o.Keys, v.found)
	signed := c.signed()
	v.sum.Checkpoints = len(c.notes)
	if n := len(c.notes); n > 0 {
		v.sum.Last = c.notes[n-1].Time
	}
	if v.tree == nil {
		return nil
	}
	least := int64(0)
	if len(signed) > 0 {
		least = signed[len(signed)-1].Size
	}
	v.tree.settle(least)
	var err error
	if v.in, err = inspect(ctx, v.tree, signed, v.found); err != nil {
		return err
	}
	v.short = v.in.short
	v.sum.Leaves = v.tree.n
	v.sum.Signed = min(least, v.tree.n)
	if len(signed) == 0 && v.tree.n > 0 && len(c.notes) == 0 {
		v.found(Finding{Kind: NothingSigned})
	}
	return nil
}

// days checks all journals that there are or were.
func (v *verifier) days(ctx context.Context) error {
	days, err := v.o.Reader.Days()
	if err != nil {
		return err
	}
	for d := range v.in.days {
		days = append(days, d)
	}
	slices.Sort(days)
	for _, d := range slices.Compact(days) {
		if v.o.From != "" && d < v.o.From || v.o.To != "" && d > v.o.To {
			continue
		}
		if err := v.day(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// sealed is a recording whose files are compared.
type sealed struct {
	id   string
	seal *archive.Seal
}

func (v *verifier) day(ctx context.Context, d archive.Day) error {
	names, err := v.o.Reader.Names(d)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, v.o.Reader.Sealing) // before the journal is read: the others have their line by then
	var order []sealed
	gone := map[string]bool{}
	known := map[string]bool{} // names of files
	var damaged []Finding
	c, err := compare(ctx, v.o.Reader, v.tree, d, v.in.days[d], v.in.distrusted(), v.fresh, func(raw *archive.RawLine) error {
		l, err := raw.Parse()
		switch {
		case err != nil:
			damaged = append(damaged, Finding{Kind: Damaged, Day: d, Line: raw.Number, Detail: err.Error()})
		case l.Seal != nil:
			order = append(order, sealed{l.ID, l.Seal})
			for _, f := range append(slices.Clone(l.Seal.Files), l.Seal.Story) {
				known[f.Name] = true
			}
		case l.Kind == archive.ActErase:
			gone[l.ID] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.lines(c, damaged)
	if v.sum.Log && !v.short { // an erase line that the log does not have erases nothing
		maps.DeleteFunc(gone, func(id string, _ bool) bool { return c.erased[id] == 0 && !c.simulated[id] })
	}
	for _, s := range order {
		if !v.wanted(s.id) {
			continue
		}
		if gone[s.id] {
			v.sum.Erased++
			continue
		}
		v.sum.Recordings++
		checks, err := v.o.Reader.VerifySeal(ctx, d, s.seal)
		for _, check := range checks {
			v.o.File(d, s.id, check)
		}
		if err != nil {
			return err
		}
	}
	return v.strangers(c, names, known, gone)
}

// strangers tells of files that no journal line names, and of those of recordings
// that are erased.
func (v *verifier) strangers(c *comparison, names []string, known, gone map[string]bool) error {
	var still []string // nil: not looked yet
	lost := c.lost()
	for _, name := range names {
		id, _, _ := strings.Cut(name, ".")
		if lost[id] || c.gone() || v.o.ID != "" || known[name] && !gone[id] {
			continue
		}
		if gone[id] { // it may have been erased since the names were read
			if still == nil {
				var err error
				if still, err = v.o.Reader.Names(c.day); err != nil {
					return err
				}
			}
			if !slices.Contains(still, name) {
				continue
			}
		}
		v.found(Finding{Kind: FileAdded, Day: c.day, File: name})
	}
	return nil
}

// fresh says of a line that it may be on its way into the log.
func (v *verifier) fresh(l *line) bool { return !l.damaged && v.o.Now.Sub(l.time) < fresh }

func (v *verifier) wanted(id string) bool { return v.o.ID == "" || v.o.ID == id }

// lines tells what is wrong with a day's journal.
func (v *verifier) lines(c *comparison, damaged []Finding) {
	v.sum.Days++
	v.sum.Lines += c.lineCount
	v.sum.Simulated += c.lineCount - len(c.lines) - c.proven
	v.sum.Covered += c.proven
	v.sum.Redacted += c.redacted
	told := map[int]bool{}
	c.findings(func(f Finding) {
		told[f.Line] = true
		if v.wanted(f.ID) || f.Kind == DayGone {
			v.found(f)
		}
	})
	for i := range c.lines {
		if c.lines[i].leaf >= 0 {
			v.sum.Covered++
		}
	}
	for _, i := range c.pending {
		l := &c.lines[i]
		switch {
		case !v.sum.Log || v.short:
		case v.fresh(l):
			v.sum.Fresh++
		case v.wanted(l.id):
			told[l.number] = true
			v.found(Finding{Kind: Uncovered, Day: c.day, Line: l.number, ID: l.id, What: l.kind})
		}
	}
	for _, f := range damaged {
		if !told[f.Line] && v.o.ID == "" {
			v.found(f)
		}
	}
}
