package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"msg/internal/accounts"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/tty/mine"
	"msg/internal/tty/ttytest"
)

// at is the world of somebody who sits at the terminal.
func at(term *os.File) (w world, stdout *bytes.Buffer) {
	stdout = &bytes.Buffer{}
	return world{
		stdin: term, stdout: stdout, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" },
		here: delivery.Host{Accounts: &accounts.Directory{}},
	}, stdout
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	mode := info.Mode().Perm()
	if info.Mode()&os.ModeSticky != 0 {
		mode |= 0o1000
	}
	return mode
}

// TestMesg has the statuses and the modes that mesg(1) has.
func TestMesg(t *testing.T) {
	term := ttytest.Open(t)
	for _, step := range []struct {
		args   string
		status int
		out    string
		mode   os.FileMode
	}{
		{"mesg", 0, "is y\n", 0o620},
		{"mesg n", 1, "", 0o1600},
		{"mesg", 1, "is n\n", 0o1600},
		{"mesg no -v", 1, "messages to " + term.Name + " are off\n", 0o1600},
		{"mesg y", 0, "", 0o620},
		{"mesg -v", 0, "messages to " + term.Name + " are on\n", 0o620},
		{"mesg --json", 0, `{"terminal":"` + term.Name + `","messages":true}` + "\n", 0o620},
	} {
		w, stdout := at(term.Slave)
		status, err := run(context.Background(), strings.Fields(step.args), w)
		if err != nil || status != step.status || stdout.String() != step.out || mode(t, term.Path) != step.mode {
			t.Errorf("msg %s: status %d, %v, %q, mode %o; want %+v", step.args, status, err, stdout, mode(t, term.Path), step)
		}
	}
}

// TestMesgTakesWriteFromOthers: off is off for everyone.
func TestMesgTakesWriteFromOthers(t *testing.T) {
	term := ttytest.Open(t)
	if err := term.Slave.Chmod(0o622); err != nil {
		t.Fatal(err)
	}
	w, _ := at(term.Slave)
	if status, err := run(context.Background(), []string{"mesg", "n"}, w); status != 1 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	if got := mode(t, term.Path); got != 0o1600 {
		t.Errorf("mode %o", got)
	}
}

// TestMesgOfDevTTY: what /dev/tty stands for is changed, and /dev/tty is not.
func TestMesgOfDevTTY(t *testing.T) {
	if os.Getenv("MESG_AT") != "" {
		tty, err := os.Open("/dev/tty")
		if err != nil {
			t.Fatal(err)
		}
		w, stdout := at(tty)
		status, err := run(context.Background(), []string{"mesg", "--json", "n"}, w)
		var got struct{ Terminal string }
		if json.Unmarshal(stdout.Bytes(), &got) != nil || status != 1 || err != nil || got.Terminal != os.Getenv("MESG_AT") {
			t.Fatalf("status %d, %v, %q", status, err, stdout)
		}
		return
	}
	term, before := ttytest.Open(t), mode(t, "/dev/tty")
	cmd := exec.Command(os.Args[0], "-test.run=^TestMesgOfDevTTY$")
	cmd.Env = append(os.Environ(), "MESG_AT="+term.Name)
	cmd.Stdin = term.Slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, after := mode(t, term.Path), mode(t, "/dev/tty"); got != 0o1600 || after != before {
		t.Errorf("the terminal has mode %o, /dev/tty %o", got, after)
	}
}

// TestMesgOfAnother: the kernel lets nobody else change it, and it is said whose
// it is.
func TestMesgOfAnother(t *testing.T) {
	w, _ := at(nil)
	err := refused(context.Background(), w, &mine.Terminal{Name: "pts/2", Owner: 0}, &os.PathError{Op: "chmod", Path: "/dev/pts/2", Err: syscall.EPERM})
	var request *message.Refusal
	if !errors.As(err, &request) || request.Problem != "pts/2 belongs to root" || !strings.HasPrefix(request.Hint, "only root may ") {
		t.Errorf("%#v", err)
	}
}
