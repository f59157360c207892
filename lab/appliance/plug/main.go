// Command plug plugs an emulated Astribank into the machine that it runs on, for the
// appliance's proofs: vhci_hcd has to be loaded, and it wants root.
//
//	plug [-serial WORD] [-pull N] SOCKET FAMILY   plug 0 1140
//	plug images DIR FAMILY…                       writes images that it takes, and their manifest
//	plug tone FILE HZ SECONDS                     writes a WAV file with a tone
//	plug heard FILE HZ                            tells how far a WAV file is a tone, by channel
//
// It says "plugged in", and what becomes of the board and its lines until it is ended,
// which pulls the plug; with -pull the plug is pulled at that transfer, and it ends.
// What stands on its standard input happens on its lines: "3 call talk=5000", as of
// emulated.Astribank.Do.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"vaad/firmware/emulated"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "plug:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 2 && args[0] == "images" {
		var all []uint16
		for _, word := range args[2:] {
			f, err := family(word)
			if err != nil {
				return err
			}
			all = append(all, f)
		}
		return emulated.WriteSamples(args[1], all...)
	}
	if len(args) > 0 && args[0] == "tone" {
		return writeTone(args[1:])
	}
	if len(args) > 0 && args[0] == "heard" {
		return heard(args[1:])
	}
	flags := flag.NewFlagSet("plug", flag.ContinueOnError)
	serial := flags.String("serial", "X1000001", "")
	pull := flags.Int("pull", -1, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	number, err := strconv.Atoi(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("no number of a socket: %w", err)
	}
	f, err := family(flags.Arg(1))
	if err != nil {
		return err
	}
	a := emulated.Sample(f)
	a.Serial = *serial
	pulled := make(chan struct{}, 1)
	a.Forget(func(n int, _ emulated.Transfer) emulated.Fate {
		if n != *pull {
			return emulated.Works
		}
		pulled <- struct{}{}
		return emulated.Unplugs
	})
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	socket, err := emulated.Plug(number, a)
	if err != nil {
		return err
	}
	fmt.Println("plugged in as", product(a))
	a.Tell(func(line int, what string) { fmt.Println("line", line, what) })
	go func() {
		for words := bufio.NewScanner(os.Stdin); words.Scan(); {
			if err := a.Do(words.Text()); err != nil {
				fmt.Println("not done:", err)
			}
		}
	}()
	last := a.Product()
	for {
		select {
		case <-ended:
			fmt.Println("unplugged after", len(a.Seen()), "transfers, as", product(a))
			return socket.Unplug()
		case <-pulled:
			fmt.Println("pulled out at transfer", *pull)
			return socket.Unplug()
		case <-time.After(100 * time.Millisecond):
			if now := a.Product(); now != last {
				fmt.Println("it is", product(a), "after", len(a.Seen()), "transfers")
				last = now
			}
		}
	}
}

func family(word string) (uint16, error) {
	n, err := strconv.ParseUint(word, 16, 16)
	if err != nil {
		return 0, fmt.Errorf("no family, as 1140: %w", err)
	}
	return uint16(n), nil
}

func product(a *emulated.Astribank) string { return fmt.Sprintf("e4e4:%04x", a.Product()) }
