package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"vaad/firmware"
	"vaad/firmware/wire"
)

type listCmd struct {
	JSON bool `help:"Print JSON." name:"json"`
}

// result is what load and list print as JSON.
type result struct {
	Devices []wire.Device `json:"devices"`
	Error   *wire.Error   `json:"error,omitempty"`
}

func (c *listCmd) Run(l *firmware.Loader) error {
	devices, err := l.List()
	if err != nil {
		return err
	}
	return show(os.Stdout, c.JSON, devices, nil)
}

type loadCmd struct {
	Device string `help:"Only this device: its ID, its port (1-1.2) or its serial number." placeholder:"ID"`
	JSON   bool   `help:"Print JSON." name:"json"`
}

// Run ends well too if another process is loading the device: udev tells of each
// re-enumeration, and one load follows them all.
func (c *loadCmd) Run(ctx context.Context, l *firmware.Loader) error {
	devices, err := l.Load(ctx, c.Device, nil)
	var failed *wire.Error
	if errors.As(err, &failed) {
		if failed.Loading {
			l.Log.Info("nothing to do", "device", failed.Device, "detail", failed.Detail)
			failed, err = nil, nil
		}
		now, listing := l.List()
		if listing != nil {
			return cmp.Or(err, listing)
		}
		devices = now
	}
	if shown := show(os.Stdout, c.JSON, devices, failed); shown != nil {
		return shown
	}
	return err
}

func show(w io.Writer, asJSON bool, devices []wire.Device, failed *wire.Error) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(result{append([]wire.Device{}, devices...), failed})
	}
	if len(devices) == 0 {
		_, err := fmt.Fprintln(w, "No USB telephony device is plugged in.")
		return err
	}
	rows := "ID\tPORT\tUSB\tMODEL\tSTATE\tDETAIL\n"
	for _, d := range devices {
		rows += fmt.Sprintf("%s\t%s\t%04x:%04x\t%s\t%s\t%s\n", d.ID, d.Port, d.Vendor, d.Product, d.Model, cmp.Or(d.Reason, string(d.State)), cmp.Or(d.Detail, d.TTY, d.Driver))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(t, rows); err != nil {
		return err
	}
	return t.Flush()
}
