package upgrade

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// Notes is the folder where vaad-update writes down what it does.
const Notes = "/var/lib/vaad-update"

// What came of an upgrade.
const (
	OK          = "ok"          // the new version runs and has proven well
	RolledBack  = "rolled-back" // it did not: the version before runs, with its state
	Refused     = "refused"     // it could not have read the state; nothing was changed
	Reverted    = "reverted"    // somebody went back by hand
	Untested    = "untested"    // nothing ran that could have been asked
	Interrupted = "interrupted" // before anything was changed; the package manager has to go on
	Pending     = "pending"     // it goes on
)

// A Record is the last upgrade.
type Record struct {
	From, To       string // versions
	Started, Ended time.Time
	Result         string
	Reason         string // why it was not ok, English
	Step           string // where it is, or ended
	Backup         string // folder of the state from before
}

const (
	recordFormat = "1"
	recordMost   = 16 << 10 // bytes
)

// Read gives the last upgrade: the one that goes on, else what came of the newest. ok says whether
// there was any. The file is documented in docs/formats/update.md.
func Read(dir string) (r Record, ok bool, err error) {
	for _, name := range []string{"pending", "record"} {
		f, err := os.Open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return r, false, err
		}
		r, err = parse(io.LimitReader(f, recordMost))
		_ = f.Close() // only read
		if name == "pending" {
			r.Result = Pending
		}
		if err != nil {
			return Record{}, false, fmt.Errorf("%s: %w", name, err)
		}
		return r, true, nil
	}
	return r, false, nil
}

// parse reads lines of key=value. Keys that are not known are passed over.
func parse(in io.Reader) (r Record, err error) {
	format := ""
	s := bufio.NewScanner(in)
	for s.Scan() {
		k, v, ok := strings.Cut(s.Text(), "=")
		if !ok {
			continue
		}
		v = clean(v)
		switch k {
		case "format":
			format = v
		case "from":
			r.From = v
		case "to":
			r.To = v
		case "started":
			r.Started, _ = time.Parse(time.RFC3339, v) // zero where it is no time
		case "ended":
			r.Ended, _ = time.Parse(time.RFC3339, v)
		case "result":
			r.Result = v
		case "reason":
			r.Reason = v
		case "step":
			r.Step = v
		case "backup":
			r.Backup = v
		}
	}
	if s.Err() != nil {
		return Record{}, s.Err()
	}
	if format != recordFormat {
		return Record{}, fmt.Errorf("its format is %q, and %s is known", format, recordFormat)
	}
	return r, nil
}

// clean keeps a value printable and short: what a shell has cut may end within a letter.
func clean(v string) string {
	var b strings.Builder
	for _, c := range v {
		if c == utf8.RuneError || c < ' ' || c == 0x7f {
			c = ' '
		}
		if b.Len() > 500 {
			break
		}
		b.WriteRune(c)
	}
	return strings.TrimSpace(b.String())
}
