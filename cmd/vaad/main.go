package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "unknown"

// place says which folder and file a command works on.
type place struct {
	Root   string `help:"Folder of state, recordings and sockets; without it the configuration file says." type:"path"`
	Config string `help:"Configuration file (TOML). Default with --root: DIR/vaad.toml if it exists; otherwise /etc/vaad/vaad.toml." type:"path"`
}

var cli struct {
	Run     runCmd           `cmd:"" help:"Run the daemon."`
	Check   checkCmd         `cmd:"" help:"Check configuration and settings, and print the effective whole."`
	Reindex reindexCmd       `cmd:"" help:"Rebuild the index from the day journals (the daemon must be stopped)."`
	Dahdi   dahdiCmd         `cmd:"" help:"Set up DAHDI, the kernel's drivers of telephony cards."`
	Upgrade upgradeCmd       `cmd:"" hidden:"" help:"What vaad-update asks of a version."`
	Version kong.VersionFlag `help:"Print the version."`
}

type runCmd struct {
	place
	LogLevel slog.Level `help:"debug, info, warn or error." default:"info"`
	Web      string     `help:"Serve the console's pages from this folder instead of those that are built in: for developing them." placeholder:"DIR" type:"existingdir"`
}

type checkCmd struct{ place }

type reindexCmd struct{ place }

func main() {
	k := kong.Parse(&cli, kong.Name("vaad"), kong.Vars{"version": version},
		kong.Description("Multi-line call recorder and call centre on telephony cards."), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "vaad: %v\n", err)
		os.Exit(1)
	}
}
