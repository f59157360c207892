package main

import (
	"io"

	"vaad/api"
)

// tables is how what is found is saved as a table.
type tables struct {
	CSV     string   `name:"csv" type:"path" placeholder:"FILE"`
	XLSX    string   `name:"xlsx" type:"path" placeholder:"FILE"`
	Columns []string `placeholder:"NAME"`
	Codes   bool
	NoBOM   bool   `name:"no-bom"`
	Why     string `name:"reason" placeholder:"WORDS"`
}

// save saves the tables that are asked for; done says that there are any.
func (c *tables) save(s *session, f *recordingFilter) (done bool, err error) {
	if c.CSV == "" && c.XLSX == "" {
		if len(c.Columns) > 0 || c.Codes || c.NoBOM || c.Why != "" {
			return true, s.usage("tables")
		}
		return false, nil
	}
	if f.Limit != nil {
		return true, s.usage("tables-limit")
	}
	af, err := f.wanted(s)
	if err != nil {
		return true, err
	}
	t := api.Table{Columns: c.Columns, Codes: c.Codes, NoBOM: c.NoBOM, Reason: c.Why}
	for _, one := range []struct{ kind, file string }{{"csv", c.CSV}, {"xlsx", c.XLSX}} {
		if one.file == "" {
			continue
		}
		err := s.save(one.file, false, func(w io.Writer) error {
			_, err := s.client.RecordingsTable(s.ctx, one.kind, f.with(af), t, w)
			return err
		})
		if err != nil {
			return true, err
		}
	}
	return true, nil
}
