package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
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
	Device string `help:"Only this device: its ID, its port (1-1.2) or its serial number." placeholder:"ID" xor:"device"`
	Came   string `help:"For udev: only the device that came at this port with this number on its bus; it is waited for while another process loads it." placeholder:"PORT:NUMBER" xor:"device"`
	JSON   bool   `help:"Print JSON." name:"json"`
}

// Run ends well too if another process is loading the device: one load follows it
// through each re-enumeration.
func (c *loadCmd) Run(ctx context.Context, l *firmware.Loader) error {
	devices, err := c.load(ctx, l)
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

func (c *loadCmd) load(ctx context.Context, l *firmware.Loader) ([]wire.Device, error) {
	if c.Came == "" {
		return l.Load(ctx, c.Device, nil)
	}
	port, number, _ := strings.Cut(c.Came, ":")
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil, &wire.Error{Code: wire.BadRequest, Detail: fmt.Sprintf("--came %.80q is not PORT:NUMBER, as 1-1.2:7", c.Came)}
	}
	return l.Came(ctx, port, n)
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
