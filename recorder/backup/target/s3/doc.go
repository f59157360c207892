// Package s3 keeps backups in a bucket of an object store that speaks S3: MinIO,
// Ceph, Garage, a provider's. A file is one object under its own name, behind a
// prefix of the owner's choice.
//
//	small file ──▶ one PUT with MD5 and SHA-256
//	large file ──▶ parts, each with both ──▶ complete; parts that are there already
//	               and have the right MD5 are not sent again
//
// In: an endpoint, a bucket and keys from files. Out: a target.Target. Caller:
// package kinds.
//
// Every byte that is sent is checked by the store against its checksums before the
// object appears. Where the bucket keeps versions, Remove removes all of them, and
// says so when an object lock forbids it.
//
// # Caveats
//
// A store that encrypts with keys of its own gives no MD5 of parts: interrupted
// large files are then sent again from the start. There is no way to ask how much
// room there is.
package s3
