// Package sftp keeps backups in a folder of a server over SSH. The folder is used
// as package folder uses one of this machine: unfinished files aside, then a
// rename, names as they are.
//
// In: an address, a user, a key or password from a file, and the fingerprint of
// the server's key. Out: a target.Target. Caller: package kinds.
//
// One connection serves all calls; it is made when the first call needs it, kept
// alive, and made again when it broke. A call that waits for a silent server ends
// it. There is no way to go on without the right fingerprint: the error of a wrong
// or missing one shows the server's.
//
// # Caveats
//
// A server without fsync@openssh.com may lose what it confirmed when its power
// fails; one without posix-rename@openssh.com has a moment without the old and the
// new file when a file is replaced. OpenSSH has both.
package sftp
