// Package firmware brings USB telephony boards up. In: what the kernel shows of
// the USB (sysfs), and a folder of images (package image). Out: an inventory of
// telephony devices with IDs that stay, and boards that run: an Astribank without
// firmware is loaded (its Cypress FX2 by vendor requests, its FPGA and modules
// through its own protocols) and followed through each re-enumeration until the
// kernel's DAHDI can have it. Only cmd/vaad-usb calls it, in a process of its own,
// so that libusb, and what it is linked with, can crash or hang without calls
// taking notice.
//
// libusb is in one file, behind Bus. Every wait is bounded; whatever fails, the
// outcome has a Code of package wire, and a device that was pulled out half-way is
// loaded anew when it is plugged in again, since its memory is empty then.
//
//	e4e4:1130 ──fx2──▶ e4e4:1131 ──fpga, pic──▶ e4e4:1132 ──▶ kernel's xpp_usb
package firmware
