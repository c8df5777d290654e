package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

const (
	sayHello  = `echo '{"event":"hello","protocol":[1,3],"version":"1"}'; `
	sayAlive  = `while :; do echo '{"event":"alive"}'; sleep 0.2; done`
	notLetIn  = `case "$*" in *BatchMode*) echo "bob@h: Permission denied (password)." >&2; exit 255;; esac; `
	delivered = `read -r request; echo '{"event":"delivered","host":"h","user":"bob","terminal":"pts/1"}'; echo '{"event":"end","results":1}'`

	// heldTime is longer than any host may take: 30 s, 5 s for its terminals, and 5 s to come
	// to its end. A machine that is busy takes longer.
	heldTime = 75 * time.Second
)

// TestHeldHost has a host do what it can to hold up a sender at a terminal. It gets the time
// that the manual names. While ssh asks a person, that time stands still.
func TestHeldHost(t *testing.T) {
	var all sync.WaitGroup // at once: each waits most of the time
	for name, c := range map[string]struct {
		ssh       string
		says      string
		atLeast   time.Duration
		exit      int
		arguments []string
		during    func(*os.Process)
	}{
		"alive":                    {sayHello + "read -r request; " + sayAlive, "msg does not answer", 0, 1, nil, nil},
		"alive before the request": {sayHello + sayAlive, "msg does not answer", 0, 1, nil, nil},
		"waits":                    {sayHello + `read -r request; while :; do echo '{"event":"waiting","host":"h","user":"bob","terminal":"pts/1"}'; sleep 0.2; done`, "msg does not answer", 0, 1, nil, nil},
		"fails on and on": {
			sayHello + `read -r request; while :; do echo '{"event":"failed","host":"h","target":"bob","reason":"unknown","detail":"x"}'; sleep 0.2; done`,
			"msg does not answer", 0, 1, nil, nil,
		},
		"lets in, asks nothing, says nothing": {notLetIn + "exec sleep 1000", "msg does not answer", 0, 1, nil, nil},
		"lets in, asks nothing, greets":       {notLetIn + "while :; do echo Welcome; sleep 0.2; done", "msg does not answer", 0, 1, nil, nil},
		"lets in, asks nothing, is alive":     {notLetIn + sayHello + "read -r request; " + sayAlive, "msg does not answer", 0, 1, nil, nil},
		"asks, then is alive": {
			notLetIn + "exec 3</dev/tty; sleep 5; exec 3<&-; " + sayHello + "read -r request; " + sayAlive, "msg does not answer", 5 * time.Second, 1, nil, nil,
		},
		"never ends what waits": {
			sayHello + `read -r request; echo '{"event":"open","host":"h"}'; ` + sayAlive, "msg does not answer", 0, 1, []string{"--wait", "-t", "1"}, nil,
		},
		"a slow person": {notLetIn + "exec 3</dev/tty; sleep 45; exec 3<&-; " + sayHello + delivered, "delivered to bob on pts/1", 45 * time.Second, 0, nil, nil},
		"a person who stops it and goes on": {
			notLetIn + "exec 3</dev/tty; sleep 1; exec 3<&-; sleep 50; " + sayHello + delivered, "delivered to bob on pts/1", 48 * time.Second, 0, nil, stopped,
		},
	} {
		all.Go(func() {
			begun := time.Now()
			said, exit := atTerminal(t, c.ssh, c.during, append(c.arguments, "bob@h", "hi")...)
			took := time.Since(begun)
			if took < c.atLeast || took > heldTime+c.atLeast {
				t.Errorf("%s: it took %v", name, took)
			}
			if exit != c.exit || !strings.Contains(said, c.says) {
				t.Errorf("%s: exit status %d, and it says %q, want %q", name, exit, said, c.says)
			}
			t.Logf("%s: %v", name, took.Round(time.Second))
		})
	}
	all.Wait()
}

// stopped stops msg, as Ctrl-Z does, for longer than a host may take.
func stopped(msg *os.Process) {
	time.Sleep(3 * time.Second)
	_ = msg.Signal(syscall.SIGSTOP)
	time.Sleep(45 * time.Second)
	_ = msg.Signal(syscall.SIGCONT)
}

// atTerminal runs msg at a terminal of its own, with a script in ssh's place, and during,
// unless that is nil. It returns what is on the screen, and the exit status.
func atTerminal(t *testing.T, ssh string, during func(*os.Process), arguments ...string) (string, int) {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\ncase \"$*\" in *-G*) exit 0;; esac\n" + ssh + "\n"
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(script), 0o755); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "msg", arguments...)
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "TERM=xterm", "HOME=" + dir}
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Error(err)
		return "", -1
	}
	defer terminal.Close()
	if during != nil {
		go during(cmd.Process)
	}
	read := make(chan string, 1)
	go func() {
		var screen bytes.Buffer
		_, _ = io.Copy(&screen, terminal) // fails when the last program has left the terminal
		read <- screen.String()
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
	select {
	case said := <-read:
		return said, cmd.ProcessState.ExitCode()
	case <-time.After(20 * time.Second):
		t.Error("a program is left at the terminal")
		return "", -1
	}
}
