// Package web holds the console's pages as they were built: static files that
// need nothing from elsewhere.
//
// In: console/web/dist, made by `make web` from the sources beside it (Svelte,
// TypeScript, Vite). Out: a file system. Caller: console serves it. The built
// files are kept in the repository, so that a machine without Node builds and
// runs the daemon; CI builds them again and compares.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files are the built pages: index.html, and what it loads.
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is a constant: a defect of the program
	}
	return sub
}
