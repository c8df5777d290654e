//go:build linux

package clock_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// inside is what process 1 of the machine does.
func inside() {
	err := machine()
	if err != nil {
		fmt.Println("msg-clock:", err)
	}
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	select {}
}

func machine() error {
	for _, mount := range [][3]string{
		{"proc", "/proc", "proc"}, {"dev", "/dev", "devtmpfs"}, {"run", "/run", "tmpfs"},
	} {
		if err := unix.Mount(mount[0], mount[1], mount[2], 0, ""); err != nil && !errors.Is(err, unix.EBUSY) { // the kernel's own
			return fmt.Errorf("mount %s: %w", mount[1], err)
		}
	}
	if err := os.MkdirAll("/dev/pts", 0o755); err != nil {
		return err
	}
	if err := unix.Mount("devpts", "/dev/pts", "devpts", 0, "mode=620,gid=5,ptmxmode=666"); err != nil {
		return fmt.Errorf("mount /dev/pts: %w", err)
	}
	orders, err := os.ReadFile(os.Getenv("MSG_ORDERS"))
	if err != nil {
		return err
	}
	var all todo
	if err := json.Unmarshal(orders, &all); err != nil {
		return err
	}
	for _, one := range all.Scenarios {
		answer, err := json.Marshal(one.play(all.Msg))
		if err != nil {
			return err
		}
		fmt.Println(string(answer))
	}
	return nil
}

// play counts down at a terminal of its own.
func (c scenario) play(msg string) told {
	out := told{Name: c.Name}
	person := exec.Command("/bin/sleep", "infinity") // somebody who sits there
	screen, err := pty.Start(person)
	if err != nil {
		out.Error = err.Error()
		return out
	}
	seen := make(chan string)
	go func() {
		var all strings.Builder
		buffer := make([]byte, 4096)
		for {
			n, err := screen.Read(buffer)
			all.Write(buffer[:n])
			if err != nil {
				seen <- all.String()
				return
			}
		}
	}()
	until := "+" + c.Until.String()
	if !c.Plus {
		until = time.Now().Add(c.Until).Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	cmd := exec.Command(msg, "countdown", "--until", until, "--at", c.At, "--no-notice", "*", "Reboot.")
	begun := time.Now()
	if err = cmd.Start(); err == nil {
		c.steps(begun)
		err = cmd.Wait()
	}
	out.Took = time.Since(begun)
	if err != nil {
		out.Error = err.Error()
	}
	_ = person.Process.Kill() // with which the terminal ends
	_ = person.Wait()
	for _, m := range regexp.MustCompile(`\| (in [^,]*|now|was due)`).FindAllStringSubmatch(<-seen, -1) {
		out.Words = append(out.Words, strings.TrimSpace(m[1]))
	}
	return out
}

func (c scenario) steps(begun time.Time) {
	for _, step := range c.Steps {
		time.Sleep(step.After - time.Since(begun)) // by the monotonic clock, which nobody sets
		if err := step.take(); err != nil {
			fmt.Println("msg-clock:", err)
		}
	}
}

func (s step) take() error {
	var now unix.Timeval
	if err := unix.Gettimeofday(&now); err != nil {
		return err
	}
	now.Sec += int64(s.Set / time.Second)
	return unix.Settimeofday(&now)
}
