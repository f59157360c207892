// Command vaad-usb brings USB telephony boards up, and is the only program of vaad
// that is linked with C (libusb). In: requests of vaad and vaactl, as JSON lines on
// standard input (package firmware/wire), which under systemd is a connection to
// its socket; or one command, as udev's unit gives it. Out: answers on standard
// output, its log on standard error, or with fields in systemd's journal where that
// is what standard error goes to, and how loads failed in a small file, so that each
// of its processes knows. Callers: systemd, udev, cmd/vaad and cmd/vaactl by
// firmware/wire, and people.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"vaad/firmware"
	"vaad/systemd/journald"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"
)

// version is set by the linker.
var version = "unknown"

const (
	defaultConfig = "/etc/vaad/vaad.toml"
	defaultImages = "/etc/vaad/firmware"
)

// common is what all commands need to know.
type common struct {
	Config   string     `help:"Configuration file of vaad; only its table [firmware] is read." placeholder:"FILE" default:"/etc/vaad/vaad.toml"`
	Images   string     `help:"Folder of firmware images and their manifest; default: images of [firmware], else /etc/vaad/firmware." placeholder:"DIR"`
	State    string     `help:"Where it is kept how loads failed; locks are beside it." placeholder:"FILE" default:"/run/vaad-usb/state.json"`
	LogLevel slog.Level `help:"debug, info, warn or error." default:"info"`
}

var cli struct {
	common
	Serve   serveCmd         `cmd:"" help:"Answer requests (JSON lines) on standard input until it ends."`
	Load    loadCmd          `cmd:"" help:"Load firmware into the devices that need it."`
	List    listCmd          `cmd:"" help:"List the telephony devices that are plugged in."`
	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	k := kong.Parse(&cli, kong.Name("vaad-usb"), kong.Vars{"version": version},
		kong.Description("Loads firmware into USB telephony boards."), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // who asked may be gone before the answer
	log, last := newLog(cli.LogLevel, journald.StderrIsIt(), os.Stderr)
	loader, err := cli.loader(log)
	if err == nil {
		k.BindTo(ctx, (*context.Context)(nil))
		err = k.Run(loader)
	}
	if last(err); err != nil {
		os.Exit(1)
	}
}

// newLog makes the log: in the journal with fields, else as text. last is for how the
// command ended.
func newLog(level slog.Level, journal bool, text io.Writer) (log *slog.Logger, last func(error)) {
	if journal {
		to := journald.New(journald.Config{Identifier: "vaad-usb", Prefix: "VAAD_", Level: level})
		log = slog.New(to)
		return log, func(err error) {
			if err != nil {
				log.Error("vaad-usb failed", "error", err)
			}
			to.Close(time.Second)
		}
	}
	log = slog.New(slog.NewTextHandler(text, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime}))
	return log, func(err error) {
		if err != nil {
			_, _ = fmt.Fprintf(text, "vaad-usb: %v\n", err) // the status says it too
		}
	}
}

func (c *common) loader(log *slog.Logger) (*firmware.Loader, error) {
	images := c.Images
	if images == "" {
		named, err := configured(c.Config)
		if err != nil {
			return nil, err
		}
		images = cmp.Or(named, defaultImages)
	}
	return &firmware.Loader{
		Bus:    &firmware.System{},
		Images: images,
		State:  firmware.NewState(c.State),
		Log:    log,
	}, nil
}

// withoutTime: whoever reads standard error (vaad, systemd) has its own clock.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.Attr{}
	}
	return a
}

// configured reads which folder of images the configuration names, "" for none. The
// default file need not be there.
func configured(file string) (string, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && file == defaultConfig {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var c struct {
		Firmware struct {
			Images string `toml:"images"`
		} `toml:"firmware"`
	}
	if err := toml.Unmarshal(b, &c); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return c.Firmware.Images, nil
}
