// Package image keeps vendors' firmware honest. In: a folder with a manifest
// (docs/formats/firmware-manifest.md) and the files it names. Out: the bytes of an
// image, only where their SHA-256 is the manifest's, parsed from Intel HEX; and
// the account of a whole folder. A file is read once, and what was hashed is what
// is given out. Callers: firmware, cmd/vaad-usb, and vaactl, offline. It is pure:
// no USB, no cgo.
package image
