package backup

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

// Names on a target; see docs/formats/backup.md.
const (
	recordingsDir = "recordings"
	stateDir      = "state"
	formerDir     = "former"
	journalName   = "day.jsonl"
	evidenceDir   = "evidence"
	notesName     = "checkpoints"
	extAge        = ".age"

	bundleTime = "20060102T150405Z"
)

// dirOf is the folder of a day on the target, and with "recordings/" cut off in
// the archive.
func dirOf(d archive.Day) string { return recordingsDir + "/" + local(d, "") }

// local is a file of a day in the folder of recordings; name "" = the folder.
func local(d archive.Day, name string) string {
	dir := strings.ReplaceAll(string(d), "-", "/")
	if name == "" {
		return dir
	}
	return dir + "/" + name
}

// remote is a file of a day on the target, without ".age".
func remote(d archive.Day, name string) string { return dirOf(d) + "/" + name }

// dayOf is the day of a name on the target, and the file's name there; "" for
// what is of no day.
func dayOf(name string) (archive.Day, string) {
	parts := strings.Split(name, "/")
	if len(parts) != 5 || parts[0] != recordingsDir {
		return "", ""
	}
	d := archive.Day(parts[1] + "-" + parts[2] + "-" + parts[3])
	if len(d) != 10 || !d.Valid() {
		return "", ""
	}
	return d, parts[4]
}

// checkFile says whether a seal's file name is one of the recording's: what
// comes from a journal may not lead anywhere else.
func checkFile(id, name string) error {
	if err := target.CheckName(name); err != nil {
		return err
	}
	if strings.Contains(name, "/") || !strings.HasPrefix(name, id+".") || name == journalName {
		return fmt.Errorf("%q is no name of a file of recording %s", name, id)
	}
	return nil
}

// idOf is the recording that a file of a day folder belongs to, "" for none.
func idOf(name string) string {
	id, _, ok := strings.Cut(name, ".")
	if !ok || len(id) != 26 {
		return ""
	}
	return id
}

// bundleName names a state bundle.
func bundleName(t time.Time) string {
	return stateDir + "/" + t.UTC().Format(bundleTime) + extAge
}

// bundleOf is the time in a bundle's name.
func bundleOf(name string) (time.Time, error) {
	s, ok := strings.CutPrefix(name, stateDir+"/")
	s, aged := strings.CutSuffix(s, extAge)
	if !ok || !aged {
		return time.Time{}, errors.New("it is no state bundle")
	}
	return time.Parse(bundleTime, s)
}

// idTime is the time that an ID was made at; false for what is no ID.
func idTime(id string) (time.Time, bool) {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's base 32
	if len(id) != 26 || strings.Trim(id, digits) != "" || id[0] > '7' {
		return time.Time{}, false
	}
	var ms int64
	for _, c := range []byte(id[:10]) {
		ms = ms<<5 | int64(strings.IndexByte(digits, c))
	}
	return time.UnixMilli(ms).UTC(), true
}
