package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/api"
	"vaad/firmware/image"
	"vaad/firmware/wire"
)

type firmwareCmd struct {
	List   firmwareListCmd   `cmd:"" default:"withargs"`
	Load   firmwareLoadCmd   `cmd:""`
	Verify firmwareVerifyCmd `cmd:""`
	Reset  firmwareResetCmd  `cmd:""`
}

type firmwareListCmd struct{}

// Run lists the USB telephony devices and how far each has come.
func (firmwareListCmd) Run(s *session) error {
	all, err := s.client.USBDevices(s.ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.usbDevices(&all), s.unknownUSB(&all))
}

// usbDevices prints the devices, and what is to be done about each.
func (s *session) usbDevices(all *api.USBDevices) error {
	if s.cli.JSON {
		return s.object(all)
	}
	if len(all.Items) == 0 {
		if all.Fault != nil {
			return nil
		}
		return s.say("%s", s.t("cli.usb-none"))
	}
	t := s.table("device", "model", "port", "usb", "state", "tty")
	for i := range all.Items {
		d := &all.Items[i]
		t.row(printable(d.ID), printable(d.Model), printable(d.Port), d.USB, s.usbState(d), printable(d.TTY))
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	for i := range all.Items {
		d := &all.Items[i]
		what, detail := d.Text, ""
		if d.Fault != nil {
			what, detail = orElse(d.Fault.Text, d.Fault.Code), d.Fault.Detail
		}
		if d.Remedy == "" {
			continue
		}
		if err := s.trouble(printable(d.Model+" "+d.ID), what, detail, d.Remedy); err != nil {
			return err
		}
	}
	return nil
}

// unknownUSB is that the list is not of now; nil where it is.
func (s *session) unknownUSB(all *api.USBDevices) error {
	if all.Fault == nil {
		return nil
	}
	why := printable(strings.TrimSuffix(orElse(all.Fault.Text, all.Fault.Code)+": "+all.Fault.Detail, ": "))
	return errors.New(s.t("cli.usb-unknown", "reason", why) + "\n" + printable(all.Fault.Remedy))
}

// usbState is the state of a device, with how far a load of it is.
func (s *session) usbState(d *api.USBDevice) string {
	if p := d.Progress; p != nil {
		return s.usbProgress(p)
	}
	return s.code("usb-state", d.State)
}

func (s *session) usbProgress(p *api.USBProgress) string {
	words := s.usbStep(p)
	if p.Step == string(wire.Sending) && p.Total > 0 {
		words += " " + strconv.Itoa(percent(p)) + " %"
	}
	return words
}

// usbStep is what is done with which image.
func (s *session) usbStep(p *api.USBProgress) string {
	words := s.code("firmware-step", p.Step)
	if p.Image != "" && p.Step != string(wire.ReEnumerating) {
		words += " " + printable(p.Image)
	}
	return words
}

func percent(p *api.USBProgress) int {
	return min(100, max(0, int(100*int64(p.Done)/int64(max(1, p.Total)))))
}

type firmwareLoadCmd struct {
	Device []string `arg:"" optional:""`
}

// Run loads firmware into devices, or into all that need it, and waits until that has ended.
func (c firmwareLoadCmd) Run(s *session) error {
	all, err := s.client.USBDevices(s.ctx)
	if err != nil {
		return err
	}
	ids, err := s.devices(&all, c.Device)
	if err != nil {
		return err
	}
	if len(c.Device) == 0 {
		for i := range all.Items {
			if d := &all.Items[i]; d.Loadable || d.State == string(wire.Loading) {
				ids = append(ids, d.ID)
			}
		}
		if len(ids) == 0 {
			if all.Fault != nil {
				return s.unknownUSB(&all)
			}
			return errors.Join(s.usbDevices(&all), s.nothingToLoad(&all))
		}
	}
	var failed []error
	for _, id := range ids { // one after the other: they share a bus, and people read along
		d, err := s.loadDevice(id)
		if err != nil {
			failed = append(failed, err)
			if s.ctx.Err() != nil {
				break
			}
			continue
		}
		if s.cli.JSON {
			err = s.object(d)
		} else {
			err = s.say("%s", s.t("cli.firmware-loaded", "device", printable(d.Model+" "+d.ID), "state", s.code("usb-state", d.State)))
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// nothingToLoad says that no device needs firmware; of none at all the list has told.
func (s *session) nothingToLoad(all *api.USBDevices) error {
	if len(all.Items) == 0 || s.cli.JSON {
		return nil
	}
	return s.say("\n%s", s.t("cli.firmware-nothing"))
}

// devices finds the IDs of devices that are named by ID or by port.
func (s *session) devices(all *api.USBDevices, names []string) ([]string, error) {
	var ids []string
	for _, name := range names {
		i := slices.IndexFunc(all.Items, func(d api.USBDevice) bool { return d.ID == name })
		if i < 0 {
			i = slices.IndexFunc(all.Items, func(d api.USBDevice) bool { return d.Port == name })
		}
		switch {
		case i >= 0:
			ids = append(ids, all.Items[i].ID)
		case all.Fault != nil:
			return nil, s.unknownUSB(all)
		default:
			return nil, s.refusal("usb-no-device", "device", strconv.Quote(name))
		}
	}
	return ids, nil
}

// loadDevice loads firmware into one device and waits for its end. It goes on without us.
func (s *session) loadDevice(id string) (api.USBDevice, error) {
	d, err := s.client.LoadFirmware(s.ctx, id)
	var p *api.Problem
	if errors.As(err, &p) && p.Code == "firmware-loading" { // somebody was faster: their load is as good
		d, err = s.deviceNow(id)
	}
	show := newShownLoad(s)
	defer show.end()
	for wait := 50 * time.Millisecond; err == nil && d.State == string(wire.Loading); wait = min(2*wait, 500*time.Millisecond) {
		show.at(&d)
		select {
		case <-s.ctx.Done():
			show.end()
			tell(s.err, "vaactl:", s.t("cli.firmware-goes-on", "device", printable(id)))
			return d, context.Cause(s.ctx)
		case <-time.After(wait):
		}
		d, err = s.deviceNow(id)
	}
	if err != nil {
		return d, err
	}
	show.end()
	if d.State != string(wire.Ready) {
		why := d.Text
		if d.Fault != nil {
			why = strings.TrimSuffix(orElse(d.Fault.Text, d.Fault.Code)+": "+d.Fault.Detail, ": ")
		}
		return d, errors.New(s.t("cli.firmware-failed", "device", printable(d.Model+" "+d.ID), "reason", printable(why)) + "\n" + printable(d.Remedy))
	}
	return d, nil
}

// deviceNow is a device as it is now.
func (s *session) deviceNow(id string) (api.USBDevice, error) {
	all, err := s.client.USBDevices(s.ctx)
	if err != nil {
		return api.USBDevice{}, err
	}
	i := slices.IndexFunc(all.Items, func(d api.USBDevice) bool { return d.ID == id })
	if i < 0 {
		return api.USBDevice{}, s.refusal("usb-unplugged", "device", printable(id))
	}
	return all.Items[i], nil
}

// shownLoad shows how far a load is: a bar that moves where people watch, else a line
// for each step.
type shownLoad struct {
	s    *session
	live bool
	last string
	bar  bool // one stands on the line
}

func newShownLoad(s *session) *shownLoad {
	f, isFile := s.err.(*os.File)
	return &shownLoad{s: s, live: isFile && terminal(f)}
}

const loadWidth = 24

func (l *shownLoad) at(d *api.USBDevice) {
	p := d.Progress
	if p == nil || l.s.cli.JSON {
		return
	}
	if l.live {
		n := 0
		if p.Total > 0 {
			n = percent(p) * loadWidth / 100
		}
		_, _ = fmt.Fprintf(l.s.err, "\r\x1b[K%d [%s%s] %s", p.Stage, strings.Repeat("#", n), strings.Repeat(" ", loadWidth-n), l.s.usbProgress(p)) // nobody is told that the terminal has gone
		l.bar = true
		return
	}
	if at := fmt.Sprint(p.Stage, p.Image, p.Step); at != l.last {
		l.last = at
		tell(l.s.err, printable(d.ID)+": "+l.s.usbStep(p))
	}
}

func (l *shownLoad) end() {
	if l.bar {
		l.bar = false
		tell(l.s.err)
	}
}

type firmwareVerifyCmd struct {
	Dir string `arg:"" optional:"" type:"path"`
}

// Run compares images with their manifest: the daemon's folder, or any one without a daemon.
func (c firmwareVerifyCmd) Run(s *session) error {
	if c.Dir == "" {
		f, err := s.client.Firmware(s.ctx)
		if err != nil {
			return err
		}
		return s.images(&f)
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	f := api.Firmware{Folder: dir, Items: []api.FirmwareImage{}}
	all, err := image.Verify(dir)
	var we *wire.Error
	switch {
	case errors.As(err, &we):
		f.Fault = s.firmwareFault(we.Code, we.Detail)
	case err != nil:
		return err
	}
	for _, i := range all {
		f.Items = append(f.Items, api.FirmwareImage{File: i.File, Version: i.Version, Licence: i.Licence, SHA256: i.SHA256, Loads: i.Loads,
			OK: i.Fault == "", Fault: s.firmwareFault(i.Fault, i.Detail)})
	}
	return s.images(&f)
}

// firmwareFault is a code in words, as the daemon says it.
func (s *session) firmwareFault(code, detail string) *api.Fault {
	if code == "" {
		return nil
	}
	code = api.FirmwareProblem(code)
	return &api.Fault{Code: code, Detail: detail, Text: s.t("problem." + code), Remedy: s.t("problem." + code + ".remedy")}
}

// images prints the images of a folder. An image that would not be loaded is an error,
// but not a file that nobody asks for.
func (s *session) images(f *api.Firmware) error {
	bad := 0
	for i := range f.Items {
		if of := f.Items[i].Fault; of != nil && of.Code != api.FirmwareProblem(wire.ImageUnlisted) {
			bad++
		}
	}
	var failure error
	switch {
	case f.Fault != nil:
		failure = errors.New(printable(f.Folder+": "+orElse(f.Fault.Text, f.Fault.Code)) + "\n" + f.Fault.Detail + "\n" + printable(f.Fault.Remedy))
	case bad > 0:
		failure = s.refusal("firmware-bad", "count", strconv.Itoa(bad), "folder", printable(f.Folder))
	}
	if s.cli.JSON {
		return errors.Join(s.object(f), failure)
	}
	if f.Fault != nil {
		return failure
	}
	if len(f.Items) == 0 {
		return s.say("%s", s.t("cli.firmware-none", "folder", printable(f.Folder)))
	}
	t := s.table("file", "version", "loads", "result", "licence")
	for i := range f.Items {
		m := &f.Items[i]
		result := s.t("cli.firmware-good")
		if m.Fault != nil {
			result = printable(strings.TrimPrefix(m.Fault.Code, "firmware-"))
		}
		t.row(printable(m.File), printable(m.Version), printable(m.Loads), result, printable(m.Licence))
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	for i := range f.Items {
		if m := &f.Items[i]; m.Fault != nil {
			if err := s.trouble(printable(m.File), orElse(m.Fault.Text, m.Fault.Code), m.Fault.Detail, m.Fault.Remedy); err != nil {
				return err
			}
		}
	}
	if failure == nil {
		return s.say("\n%s", s.t("cli.firmware-folder-good", "folder", printable(f.Folder)))
	}
	return failure
}

type firmwareResetCmd struct {
	Device string `arg:""`
}

// Run makes a device be found anew, as if it were unplugged and plugged in.
func (c firmwareResetCmd) Run(s *session) error {
	all, err := s.client.USBDevices(s.ctx)
	if err != nil {
		return err
	}
	ids, err := s.devices(&all, []string{c.Device})
	if err != nil {
		return err
	}
	if all, err = s.client.ResetUSB(s.ctx, ids[0]); err != nil {
		return err
	}
	return s.usbDevices(&all)
}
