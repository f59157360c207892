// Package iso reads images of discs: ISO 9660 with Joliet names, as every program
// that makes images writes them. No mounting and no other program is needed.
//
// In: an image file or a drive. Out: the files in it, to be read anywhere. Caller:
// package optical, which checks images and gives files back from them.
//
// What is read may be damaged or hostile: sizes, depths and numbers are bounded,
// and what points outside is an error.
package iso
