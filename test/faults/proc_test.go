//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"msg/test/island"
)

// apart starts a program with mounts of its own, changed like that.
func apart(change func() error) func(*exec.Cmd) error {
	return func(cmd *exec.Cmd) error {
		started := make(chan error)
		go func() {
			runtime.LockOSThread() // it ends with this goroutine: nothing else may run there
			err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS)
			if err == nil {
				err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
			}
			if err == nil {
				err = change()
			}
			if err == nil {
				err = cmd.Start()
			}
			started <- err
		}()
		return <-started
	}
}

// changed has msgd run with such mounts, too, until the end of the test, and returns apart.
func changed(t *testing.T, change func() error) func(*exec.Cmd) error {
	t.Helper()
	start := apart(change)
	restart(t, start)
	t.Cleanup(func() { restart(t, (*exec.Cmd).Start) })
	return start
}

// mounted is such a change.
func mounted(kind, dir, options string) func() error {
	return func() error { return unix.Mount(kind, dir, kind, 0, options) }
}

// TestProc: where /proc tells nothing of others, everybody who has a terminal has the message.
// Without any process in /proc, msgd starts no conversation, and says so.
func TestProc(t *testing.T) {
	const none = "no /proc"
	for name, change := range map[string]func() error{
		none:                    mounted("tmpfs", "/proc", ""),
		"/proc with hidepid=1":  mounted("proc", "/proc", "hidepid=1"),
		"/proc with hidepid=2":  mounted("proc", "/proc", "hidepid=2"),
		"/proc with subset=pid": mounted("proc", "/proc", "subset=pid"),
		none + ", but a file in the place of process 1": func() error {
			return errors.Join(mounted("tmpfs", "/proc", "")(), os.WriteFile("/proc/1", nil, 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			senders(t, func(t *testing.T, by *island.Person) {
				c := fault(t, name+" ("+whose(by)+")")
				start := changed(t, change)
				terminals := opened(t, island.Open, 2, 10)
				for _, one := range terminals {
					if err := one.Lead(); err != nil {
						t.Fatal(err)
					}
				}
				for range 20 {
					o, err := sending{by: by, targets: "*", start: start}.send()
					if by != nil && strings.HasPrefix(name, none) {
						c.tried(refused(err, "msgd cannot start a conversation; its log says why", terminals))
						continue
					}
					if err == nil {
						err = o.only(terminals...)
					}
					if err == nil {
						_, err = o.each(terminals)
					}
					c.tried(err)
				}
				c.tried(inspected(by, start, func(out string) error {
					if n := strings.Count(out, `"terminal":"pts/`); n != len(terminals) {
						return fmt.Errorf("%d terminals, want %d: %s", n, len(terminals), out)
					}
					return nil
				}))
			})
		})
	}
}

// refused holds that a message failed with these words, and that no terminal shows anything.
func refused(err error, words string, terminals []*island.Terminal) error {
	if err == nil || !strings.Contains(err.Error(), words) {
		return fmt.Errorf("%w, want %q", err, words)
	}
	for _, one := range terminals {
		if err := one.Settle(patience); err != nil {
			return err
		}
		if seen, _ := one.Take(); len(seen) > 0 {
			return fmt.Errorf("%s shows %q", one.Name, seen)
		}
	}
	return nil
}

// inspected has msg sessions and msg doctor run to their end; what the first shows is judged.
func inspected(by *island.Person, start func(*exec.Cmd) error, judge func(string) error) error {
	var out, errs strings.Builder
	cmd := program(by, island.Msg, "sessions", "--json")
	doctor := program(by, island.Msg, "doctor")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(""), &out, &errs // there may be no /dev/null
	doctor.Stdin, doctor.Stdout, doctor.Stderr = strings.NewReader(""), io.Discard, &errs
	if err := errors.Join(start(cmd), within(cmd, margin), start(doctor), within(doctor, margin)); err != nil {
		return fmt.Errorf("%w: %s", err, &errs)
	}
	if status := cmd.ProcessState.ExitCode(); status != 0 {
		return fmt.Errorf("exit status %d: %s", status, &errs)
	}
	return judge(out.String())
}

// TestNoTerminals: where there are none, nobody is there, and that is no failure.
func TestNoTerminals(t *testing.T) {
	for name, change := range map[string]func() error{
		"an empty /dev/pts": mounted("tmpfs", "/dev/pts", ""),
		"no /dev/pts": func() error { // msgd needs the null device
			return errors.Join(mounted("tmpfs", "/dev", "")(), unix.Mknod("/dev/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			senders(t, func(t *testing.T, by *island.Person) {
				c := fault(t, name+" ("+whose(by)+")")
				start := changed(t, change)
				one := opened(t, island.Open, 2, 1)[0]
				if err := one.Lead(); err != nil {
					t.Fatal(err)
				}
				writeUtmp(t, one.Record().Bytes())
				t.Cleanup(func() { writeUtmp(t, nil) })
				for range 20 {
					for target, reason := range map[string]string{"*": "", one.Name: "unknown", one.Person.Name: "not-logged-in"} {
						o, err := sending{by: by, targets: target, start: start}.send()
						if r := o.results[target]; err == nil && (r.Reason != reason || reason == "" && len(o.results) > 0) {
							err = fmt.Errorf("%s: %+v, want %q", target, o.results, reason)
						}
						c.tried(err)
					}
				}
				if seen, _ := one.Take(); len(seen) > 0 {
					t.Errorf("it shows %q", seen)
				}
				c.tried(inspected(by, start, func(out string) error {
					if strings.TrimSpace(out) != "[]" {
						return fmt.Errorf("it shows %s", out)
					}
					return nil
				}))
			})
		})
	}
}

// TestOddTerminals: what lies in /dev/pts and is no terminal, or none that can be opened, is
// not written to.
func TestOddTerminals(t *testing.T) {
	const precious = "untouched"
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, []byte(precious), 0o666); err != nil {
		t.Fatal(err)
	}
	change := func() error {
		device := func(name string, mode uint32, major, minor uint32) error {
			path := "/dev/pts/" + name
			return errors.Join(unix.Mknod(path, unix.S_IFCHR|mode, int(unix.Mkdev(major, minor))), os.Chmod(path, os.FileMode(mode)))
		}
		return errors.Join(
			mounted("tmpfs", "/dev/pts", "")(),
			os.WriteFile("/dev/pts/10", []byte(precious), 0o666), os.Symlink(file, "/dev/pts/11"),
			unix.Mkfifo("/dev/pts/12", 0o666), os.Mkdir("/dev/pts/13", 0o777),
			device("14", 0o666, 1, 3),     // null
			device("15", 0o666, 136, 9),   // no terminal of a devpts
			device("16", 0o666, 240, 9),   // of no driver
			device("17", 0o666, 5, 0),     // the sender's own, by another name; there is none
			device("18", 0o600, 136, 9),   // and with messages off
			device("19", 0o666, 4, 63999), // of no console
		)
	}
	senders(t, func(t *testing.T, by *island.Person) {
		c := fault(t, "what is no terminal in /dev/pts ("+whose(by)+")")
		start := changed(t, change)
		want := map[string][]string{
			"pts/10": {"unknown"}, "pts/11": {"unknown"}, "pts/12": {"unknown"}, "pts/13": {"unknown"},
			"pts/14": {"not-a-terminal", "gone"}, "pts/15": {"gone"}, "pts/16": {"gone"}, "pts/17": {"gone"},
			"pts/18": {"gone", "messages-off"}, "pts/19": {"gone", "not-a-terminal"},
		}
		var targets []string
		for name := range want {
			targets = append(targets, name)
		}
		for range 20 {
			o, err := sending{by: by, targets: strings.Join(targets, ","), start: start}.send()
			for name, reasons := range want {
				r := o.results[name]
				if err == nil && (r.Event != "failed" || !strings.Contains(strings.Join(reasons, " "), r.Reason)) {
					err = fmt.Errorf("%+v, want %q", r, reasons)
				}
			}
			if content, readErr := os.ReadFile(file); err == nil && (readErr != nil || string(content) != precious) {
				err = fmt.Errorf("the file holds %q, %v", content, readErr)
			}
			c.tried(err)
		}
	})
}
