//go:build !cgo

package firmware

import "fmt"

// openLibUSB stands for the one in libusb.go where there is no C.
func openLibUSB(Found, func()) (Handle, error) {
	return nil, fmt.Errorf("%w: this program was built without it", ErrLibUSB)
}
