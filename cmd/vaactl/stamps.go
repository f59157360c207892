package main

import (
	"strconv"

	"vaad/recorder/evidence/stamp"
)

// wrongStamp is what verify says about a stamp that is not right.
type wrongStamp struct {
	OK bool `json:"ok"`
	stamp.Finding
	Error string `json:"error"`
}

// stamps holds the stamps of a time stamp authority against the checkpoints.
func (v *verifier) stamps(dir, rootsFile string) error {
	var roots stamp.Roots
	if rootsFile != "" {
		var err error
		if roots, err = stamp.ReadRoots(rootsFile); err != nil {
			return err
		}
	}
	return stamp.Verify(dir, roots, func(f stamp.Finding) {
		if f.Wrong == "" {
			if v.stamped++; f.Time.After(v.newest.Time) {
				v.newest = f
			}
			return
		}
		v.sum.Findings++
		said := v.s.t("evidence."+f.Wrong, "number", strconv.FormatInt(f.Number, 10), "file", f.File, "detail", f.Detail,
			"time", f.Time.UTC().Format("2006-01-02 15:04:05 UTC"), "signed", f.Signed.UTC().Format("2006-01-02 15:04:05 UTC"))
		if v.s.cli.JSON {
			_ = v.s.object(wrongStamp{Finding: f, Error: said}) // the verdict is also in the exit code
			return
		}
		tell(v.s.out, printable(said))
	})
}

// toldStamps says who has stamped, and whether it is sure that it was them.
func (v *verifier) toldStamps() string {
	key := "cli.verify-stamps-unsure"
	if v.newest.Trusted {
		key = "cli.verify-stamps"
	}
	return v.s.t(key, "count", strconv.Itoa(v.stamped), "time", v.newest.Time.UTC().Format("2006-01-02 15:04:05 UTC"), "signer", printable(v.newest.Signer))
}
