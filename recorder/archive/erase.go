package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Done is what became of one act of several. With an error and a line the line is
// durable and what it says is not done yet: the next start, or Reconcile, does it.
type Done struct {
	Line JournalLine
	Err  error
}

// An ErasedLeaf proves that a journal line of kind erase stands in the evidence log.
type ErasedLeaf struct {
	ID     string   `json:"-"`
	Index  int64    `json:"index"`  // in the tree, from 0
	Record string   `json:"record"` // of the file of leaves, without its line feed
	Proof  [][]byte `json:"proof"`  // from the leaf upwards, RFC 6962 section 2.1.1
}

const (
	actBatch  = 256 // so many acts go to the committer at once,
	eraseDays = 16  // erasing ones of so many days: each has its own folder and file of keys
)

// ActAll does several acts in few batches, each with its own outcome, in their
// order. Recordings that still run are refused, and erasing is: see EraseAll.
//
// check, if not nil, is asked for each from the committer's goroutine when all
// lines before are durable and told, directly before the line is written: its
// error refuses the act. It must not call the archive. With check and Act.Day the
// recording's files need not be there: check knows whether there is such a recording.
func (a *Archive) ActAll(ctx context.Context, acts []Act, check func(Act) error) []Done {
	return a.inBatches(ctx, acts, actBatch, func(acts []Act) []Done {
		out := make([]Done, len(acts))
		for i := range acts {
			if acts[i].Kind == ActErase {
				out[i].Err = errors.New("erasing is no act like others")
			} else {
				acts[i].Forget = false
			}
		}
		a.lines(ctx, acts, check, out)
		return out
	})
}

// EraseAll erases recordings: the lines first, durable, then the files, audio and
// story. What a crash leaves of it the next start finishes. With Act.Forget the
// recording's other lines in the journal are replaced too, by lines that say
// nothing of people; then a recording that was erased before may be named again,
// if Act.Day is given. Kind is not looked at. check as in ActAll.
func (a *Archive) EraseAll(ctx context.Context, acts []Act, check func(Act) error) []Done {
	// By day, as a journal that is redacted is written anew as a whole.
	order, sorted := make([]int, len(acts)), make([]Act, len(acts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(acts[i].Day, acts[j].Day) })
	for k, i := range order {
		sorted[k] = acts[i]
	}
	out := make([]Done, len(acts))
	for k, d := range a.eraseAll(ctx, sorted, check) {
		out[order[k]] = d
	}
	return out
}

func (a *Archive) eraseAll(ctx context.Context, acts []Act, check func(Act) error) []Done {
	return a.inBatches(ctx, acts, eraseDays, func(acts []Act) []Done {
		out := make([]Done, len(acts))
		for i := range acts {
			acts[i].Kind, acts[i].At = ActErase, 0
			if acts[i].Day == "" {
				acts[i].Day, out[i].Err = a.Find(acts[i].ID)
			}
			if out[i].Err == nil {
				out[i].Err = a.canErase(&acts[i])
			}
		}
		if err := a.eraseSome(ctx, acts, check, out); err != nil {
			for i := range out {
				if out[i].Err == nil && out[i].Line.Seq == 0 {
					out[i].Err = &Error{Op: "erase", ID: acts[i].ID, Err: err}
				}
			}
		}
		return out
	})
}

// inBatches calls f with copies of the acts, few enough at once, and of few days
// that follow each other.
func (a *Archive) inBatches(ctx context.Context, acts []Act, days int, f func([]Act) []Done) []Done {
	out := make([]Done, 0, len(acts))
	for len(acts) > 0 {
		n := 1
		for left := days; n < min(actBatch, len(acts)); n++ {
			if acts[n].Day != acts[n-1].Day {
				if left--; left == 0 {
					break
				}
			}
		}
		some := slices.Clone(acts[:n])
		acts = acts[n:]
		if err := ctx.Err(); err != nil {
			for range some {
				out = append(out, Done{Err: err})
			}
			continue
		}
		out = append(out, f(some)...)
	}
	return out
}

// eraseSome writes down what it is about to erase, has it erased, and strikes
// that out when it is durably gone.
func (a *Archive) eraseSome(ctx context.Context, acts []Act, check func(Act) error, out []Done) error {
	in := intent{}
	for i, act := range acts {
		if out[i].Err == nil && validID(act.ID) == nil && act.Day.Valid() {
			in.add(act.Day, act.ID)
		}
	}
	if len(in.Days) == 0 {
		a.lines(ctx, acts, check, out) // says what is wrong with them
		return nil
	}
	name := a.erasing.begin(a.NewID(a.now()))
	over := true
	defer func() {
		if over {
			a.erasing.end(name)
		}
	}()
	if err := in.write(a.disk, name); err != nil {
		return errors.Join(err, removeName(a.disk, name))
	}
	a.lines(ctx, acts, check, out)
	if ctx.Err() != nil {
		over = false // some may be under way still: the next start looks
		return nil
	}
	for i := range out {
		if out[i].Line.Seq > 0 && out[i].Err != nil {
			return nil // it stays written down
		}
	}
	if _, err := a.sync.sync(); err != nil { // that the files are gone
		return a.errs.wrap("sync", "", err)
	}
	return removeName(a.disk, name)
}

// lines journals acts on sealed recordings. Those that have an outcome already
// are passed over.
func (a *Archive) lines(ctx context.Context, acts []Act, check func(Act) error, out []Done) {
	type result struct {
		at   int
		line JournalLine
		err  error
	}
	ch := make(chan result, len(acts))
	wait := 0
	for i := range acts {
		act := acts[i]
		if out[i].Err != nil {
			continue
		}
		if err := a.checkLater(&act, check != nil); err != nil {
			out[i].Err = &Error{Op: "act", ID: act.ID, Err: err}
			continue
		}
		j := &lineJob{day: act.Day, line: JournalLine{V: journalVersion, Kind: act.Kind, ID: act.ID, Time: act.Time, Actor: act.Actor,
			At: act.At, Value: act.Value, Forget: act.Forget}, done: func(l JournalLine, err error) { ch <- result{i, l, err} }}
		if check != nil {
			j.check = func() error { return check(act) }
		}
		if err := a.c.line(j); err != nil {
			out[i].Err = &Error{Op: "act", ID: act.ID, Err: err}
			continue
		}
		wait++
	}
	for ; wait > 0; wait-- {
		select {
		case r := <-ch:
			out[r.at] = Done{r.line, r.err}
			if r.err != nil {
				out[r.at].Err = &Error{Op: "act", ID: acts[r.at].ID, Err: r.err}
			}
		case <-ctx.Done():
			for i := range out {
				if out[i].Err == nil && out[i].Line.Seq == 0 {
					out[i].Err = ctx.Err()
				}
			}
			return
		}
	}
}

// checkLater is what act checks, for recordings that are sealed. Where the day is
// given and somebody knows the recording, its files need not be there: they may
// have been removed by hand, or erased before.
func (a *Archive) checkLater(act *Act, known bool) error {
	if err := validID(act.ID); err != nil {
		return err
	}
	if !isAct(act.Kind) {
		return fmt.Errorf("%q is not an act on a recording", act.Kind)
	}
	if len(act.Value) > maxText || len(act.Actor) > 1024 {
		return fmt.Errorf("text is limited to %d bytes", maxText)
	}
	if act.Time.IsZero() {
		act.Time = a.now()
	}
	if err := checkTime("act", act.Time); err != nil {
		return err
	}
	act.Time = act.Time.UTC().Round(0)
	if w := a.live.get(act.ID); w != nil && w.runs() {
		return errors.New("it is still being recorded")
	}
	if (act.Forget || known) && act.Day.Valid() {
		return nil
	}
	day, err := a.locate(act.Day, act.ID)
	if err == nil && day == "" {
		err = errors.New("it is waiting for recovery")
	}
	act.Day = day
	return err
}

// lineOrder keeps lines apart that must not be in one batch: what is checked, and
// what erases, is alone with its recording.
type lineOrder struct{ taken, alone map[string]bool }

func newLineOrder() *lineOrder { return &lineOrder{map[string]bool{}, map[string]bool{}} }

// take reports whether a line may be in the batch.
func (o *lineOrder) take(j *lineJob) bool {
	id, alone := j.line.ID, j.check != nil || j.line.Kind == ActErase
	if o.alone[id] || alone && o.taken[id] {
		return false
	}
	o.taken[id] = true
	o.alone[id] = o.alone[id] || alone
	return true
}

// drop takes a line that was refused out again.
func (o *lineOrder) drop(j *lineJob) { delete(o.taken, j.line.ID); delete(o.alone, j.line.ID) }

// eraseFiles does what durable erase lines say. Nobody else writes lines
// meanwhile, so nothing comes between a line and the end of the files. To redact
// journals takes long, so that comes later.
func (c *committer) eraseFiles(jobs []*lineJob) {
	gone, forgot := map[Day]map[string]bool{}, map[Day]map[string]bool{}
	for _, j := range jobs {
		if j.line.Kind != ActErase {
			continue
		}
		note(gone, j.day, j.line.ID)
		if j.line.Forget {
			note(forgot, j.day, j.line.ID)
		}
	}
	for d, ids := range gone {
		err := eraseKeys(c.keys, c.disk, d, ids)
		if err == nil { // else the files stay, and it is tried again
			err = removeFiles(c.disk, d, ids)
		}
		err = c.errs.wrap("erase", "", err)
		for _, j := range jobs {
			if j.day == d && j.line.Kind == ActErase {
				j.late = err
			}
		}
	}
	for d, ids := range forgot {
		c.redactLater(d, ids, jobs)
	}
}

// redactLater has what the journal of a day says of recordings taken away in a
// turn of its own, and those who have asked told then.
func (c *committer) redactLater(d Day, ids map[string]bool, jobs []*lineJob) {
	var tell []func(error)
	for _, j := range jobs {
		if j.day == d && j.line.Kind == ActErase && j.line.Forget && j.done != nil {
			done := j.done
			j.done = nil
			tell = append(tell, func(err error) { done(j.line, errors.Join(j.late, err)) })
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.redactions = append(c.redactions, redaction{d, ids, func(err error) {
		err = c.errs.wrap("erase", "", err)
		for _, f := range tell {
			f(err)
		}
	}})
}

func note(m map[Day]map[string]bool, d Day, id string) {
	if m[d] == nil {
		m[d] = map[string]bool{}
	}
	m[d][id] = true
}

// removeFiles removes all files of some recordings of a day.
func removeFiles(d Disk, day Day, ids map[string]bool) error {
	names, err := filesOf(d, day, ids)
	for _, name := range names {
		err = errors.Join(err, removeName(d, name))
	}
	return err
}

// filesOf names all files of some recordings of a day: those in its folder, and
// what recovery or a restore has put aside in damaged/.
func filesOf(d Disk, day Day, ids map[string]bool) (names []string, err error) {
	for _, dir := range []string{day.dir(), damagedDir} {
		es, err := d.ReadDir(dir)
		if err != nil && (dir != damagedDir || !errors.Is(err, fs.ErrNotExist)) {
			return nil, err
		}
		for _, e := range es {
			if id, _, ok := strings.Cut(e.Name(), "."); ok && ids[id] {
				names = append(names, dir+"/"+e.Name())
			}
		}
	}
	return names, nil
}
