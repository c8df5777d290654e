//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// pane is a terminal of bob's that shows what it is sent only when it is told to, as
// a network that comes and goes has it. It writes its name, and for each line that it
// reads what has come by then.
func pane(columns string) error {
	width, err := strconv.Atoi(columns)
	if err != nil {
		return err
	}
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	number, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	name := "pts/" + strconv.Itoa(number)
	slave, err := openSlave(master, "/dev/"+name)
	if err != nil {
		return err
	}
	if err := unix.Fchmod(slave, 0o620); err != nil { // bob takes messages here
		return err
	}
	if err := unix.IoctlSetWinsize(slave, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(width)}); err != nil {
		return err
	}
	fmt.Println(name)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := json.NewEncoder(os.Stdout).Encode(drain(master)); err != nil {
			return err
		}
	}
	return nil
}

// drain reads until nothing more has come for a while.
func drain(master int) string {
	var all strings.Builder
	buffer := make([]byte, 1<<16)
	for last := time.Now(); time.Since(last) < 200*time.Millisecond; time.Sleep(time.Millisecond) {
		for {
			n, err := unix.Read(master, buffer)
			if err != nil || n <= 0 {
				break
			}
			all.Write(buffer[:n])
			last = time.Now()
		}
	}
	return all.String()
}
