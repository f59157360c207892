// Package crypt is the format of an encrypted file: a header, and chunks of
// 64 KiB that are each encrypted and authenticated, so that any place is read by
// decrypting one chunk, and nothing can be changed, moved, left out or exchanged
// between files without notice. docs/formats/encrypted.md is its page.
//
//	a file's bytes, a Key ──▶ Encrypt ──▶ header, chunks
//	header, chunks, a Key ──▶ Open ──▶ io.ReaderAt of the file's bytes
//
// In: bytes and keys; where keys come from is for others to know (package
// vault). Out: bytes, or an error, never bytes that were not encrypted so. What
// is read is hostile: sizes are checked before anything is made of them.
// Callers: recorder/archive seals and reads with it.
package crypt
