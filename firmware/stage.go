package firmware

import (
	"context"
	"errors"
	"time"

	"vaad/firmware/image"
	"vaad/firmware/wire"
)

// A stage is one visit to a device between two re-enumerations.
type stage struct {
	*Loader
	unit     unit
	progress func(wire.Progress)
	number   int // of the part that is loaded, as wire.Progress counts
	image    string
	size     int
}

func (s *stage) step(step wire.Step, done, total int) {
	s.progress(wire.Progress{Device: s.unit.device.ID, Stage: s.number, Image: s.image, Step: step, Done: done, Total: total})
}

// begin says that an image is checked, and returns what tells how far it is: 50
// times, and when it is all sent.
func (s *stage) begin(number int, img *image.Image) func(done int) {
	s.number, s.image, s.size = number, img.File, img.Size
	s.step(wire.Checking, 0, img.Size)
	told := -1
	return func(done int) {
		if part := done * 50 / img.Size; part > told {
			told = part
			s.step(wire.Sending, done, img.Size)
		}
	}
}

func (s *stage) id() image.USBID {
	return image.USBID{Vendor: s.unit.found.Vendor, Product: s.unit.found.Product}
}

// fx2 loads the USB controller. left: the device was told to leave the bus.
func (s *stage) fx2(ctx context.Context) (left bool, err error) {
	folder, err := image.Open(s.Images)
	if err != nil {
		return false, err
	}
	img, err := folder.For(image.FX2, s.id(), s.unit.found.Release)
	if err != nil {
		return false, err
	}
	// What comes next is looked at before anything is sent: half a load helps nobody.
	next := s.id()
	next.Product = next.Product&^0xf | 1
	var told *wire.Error
	if _, err := folder.For(image.FPGA, next, s.unit.found.Release); errors.As(err, &told) && told.Code != wire.NoImage {
		return false, err
	}
	sent := s.begin(1, img)
	h, err := s.open(ctx)
	if err != nil {
		return false, err
	}
	defer h.Close()
	return loadFX2(h, img, sent)
}

// openWait is how long udev may take to give a device that has just come to us.
const openWait = 5 * time.Second

// open opens the device. The kernel shows it before udev has made its node and has
// set whose it is.
func (s *stage) open(ctx context.Context) (Handle, error) {
	for deadline := time.Now().Add(openWait); ; {
		h, err := s.Bus.Open(s.unit.found)
		switch gone := errors.Is(err, ErrGone); {
		case err == nil:
			return h, nil
		case !gone && !errors.Is(err, ErrDenied), time.Now().After(deadline), gone && !s.there(s.unit.device.ID, s.unit.found):
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// fpga loads the FPGA and, where the manifest has images for them, the modules.
func (s *stage) fpga(ctx context.Context) (left bool, err error) {
	folder, err := image.Open(s.Images)
	if err != nil {
		return false, err
	}
	img, err := folder.For(image.FPGA, s.id(), s.unit.found.Release)
	if err != nil {
		return false, err
	}
	modules, err := folder.All(image.PIC, s.id(), s.unit.found.Release)
	if err != nil {
		return false, err
	}
	sent := s.begin(2, img)
	h, err := s.open(ctx)
	if err != nil {
		return false, err
	}
	defer h.Close()
	m, err := openMPP(ctx, h)
	if err != nil {
		return false, err
	}
	if err := m.loadFPGA(ctx, img, sent); err != nil {
		return false, err
	}
	if len(modules) > 0 {
		if err := s.pics(ctx, h, modules); err != nil {
			return false, err
		}
	}
	return true, m.renew(ctx)
}

func (s *stage) pics(ctx context.Context, h Handle, modules []*image.Image) error {
	p, err := openPICs(ctx, h)
	if err != nil {
		return err
	}
	for i, img := range modules {
		if err := p.load(ctx, img, s.begin(3+i, img)); err != nil {
			return err
		}
	}
	return p.end(ctx)
}
