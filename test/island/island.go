//go:build linux

// Package island runs a program on an island: in namespaces with terminals, processes,
// accounts, a utmp and a /run of their own, so that it can have thousands of terminals and
// break what it likes, and no message reaches anybody on the real machine.
//
// It is for what needs no second host, no sshd and no logind; those are in package lab. It
// takes root.
package island

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// stageEnv tells a program that Main has started again which part it plays: stageInit is
// process 1 of the island, stageInside its child.
const (
	stageEnv    = "MSG_ISLAND_STAGE"
	stageInit   = "init"
	stageInside = "inside"
)

// Main calls inside on an island of its own and ends the process with what it returns. It
// has to be called before anything else is done: the program is started again for it.
func Main(inside func() int) {
	stage := os.Getenv(stageEnv)
	os.Unsetenv(stageEnv)
	code, err := 1, error(nil)
	switch stage {
	case stageInit:
		code, err = runInit()
	case stageInside:
		code = inside()
	default:
		code, err = runOuter()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "island: %v\n", err)
	}
	os.Exit(code)
}

// runOuter starts the island and waits for its end. The end of this process, however it
// comes, is the island's.
func runOuter() (int, error) {
	if os.Geteuid() != 0 {
		return 1, errors.New("this takes root")
	}
	restore, err := allowTerminals(mostTerminals)
	if err != nil {
		return 1, err
	}
	defer restore()
	runtime.LockOSThread() // the kernel sends Pdeathsig when the thread that forked ends
	cmd, err := again(stageInit)
	if err != nil {
		return 1, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC,
		Pdeathsig:  unix.SIGKILL,
		Setsid:     true, // without the terminal that it is started from
	}
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("entering new namespaces: %w", err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	go func() {
		<-stop
		_ = cmd.Process.Kill()
	}()
	forwardQuit(cmd.Process.Pid)
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 1, err
	}
	if !cmd.ProcessState.Exited() {
		return 1, fmt.Errorf("ended with %v", cmd.ProcessState)
	}
	return cmd.ProcessState.ExitCode(), nil
}

// forwardQuit passes SIGQUIT on, by which `go test` asks for the stacks of what takes too
// long.
func forwardQuit(pid int) {
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, unix.SIGQUIT)
	go func() {
		for range quit {
			_ = unix.Kill(pid, unix.SIGQUIT)
		}
	}()
}

// again is this program with the same arguments, to play another part.
func again(stage string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), stageEnv+"="+stage)
	return cmd, nil
}

// mostTerminals is how many pseudo-terminals an island may have.
const mostTerminals = 5000

// allowTerminals lets the kernel have that many pseudo-terminals outside its reserve, which
// is for the first mount namespace alone (kernel.pty in sysctl(8)), as long as it takes.
func allowTerminals(most int) (restore func(), err error) {
	const file = "/proc/sys/kernel/pty/max"
	limit, err := number(file)
	if err != nil {
		return nil, err
	}
	reserve, err := number("/proc/sys/kernel/pty/reserve")
	if err != nil {
		return nil, err
	}
	set := func(n int) error { return os.WriteFile(file, []byte(strconv.Itoa(n)), 0) }
	if limit >= most+reserve {
		return func() {}, nil
	}
	if err := set(most + reserve); err != nil {
		return nil, fmt.Errorf("allowing %d terminals: %w", most, err)
	}
	return func() { _ = set(limit) }, nil
}

func number(file string) (int, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(data)))
}

// runInit is process 1 of the island: it furnishes it, has the rest run as a child, and reaps
// orphans, whose parent it becomes.
func runInit() (int, error) {
	if err := furnish(); err != nil {
		return 1, err
	}
	cmd, err := again(stageInside)
	if err != nil {
		return 1, err
	}
	pid, err := syscall.ForkExec(cmd.Path, cmd.Args, &syscall.ProcAttr{
		Env: append(cmd.Env, "TMPDIR="+tempDir), Files: []uintptr{0, 1, 2},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 1, err
	}
	forwardQuit(pid)
	for {
		var status unix.WaitStatus
		switch done, err := unix.Wait4(-1, &status, 0, nil); {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 1, err
		case done == pid && status.Signaled():
			return 1, fmt.Errorf("ended by %v", status.Signal())
		case done == pid:
			return status.ExitStatus(), nil
		}
	}
}

const (
	workDir = "/run/island"
	tempDir = workDir + "/tmp"
)

// furnish gives the island its own /proc, /run, terminals and files in /etc, /usr/local and
// /var/lib.
func furnish() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	unix.Umask(0o022)
	for _, m := range []struct{ kind, dir, options string }{
		{"proc", "/proc", ""},
		{"tmpfs", "/run", "mode=755"},
		{"tmpfs", "/usr/local", "mode=755"},
		{"devpts", "/dev/pts", "newinstance,ptmxmode=666,mode=620,gid=5"},
	} {
		if err := unix.Mount(m.kind, m.dir, m.kind, 0, m.options); err != nil {
			return fmt.Errorf("mounting %s on %s: %w", m.kind, m.dir, err)
		}
	}
	if err := os.MkdirAll(tempDir, 0o755); err != nil {
		return err
	}
	for _, dir := range []string{"/etc", "/var/lib"} {
		if err := cover(dir); err != nil {
			return err
		}
	}
	return errors.Join(
		os.Chmod(tempDir, 0o777|os.ModeSticky),
		os.RemoveAll("/etc/msg"), os.RemoveAll("/var/lib/msg"),
		os.WriteFile(UtmpFile, nil, 0o644),
	)
}

// cover has what is changed in a directory of the real machine stay on the island.
func cover(dir string) error {
	upper, work := workDir+"/upper"+dir, workDir+"/work"+dir
	if err := errors.Join(os.MkdirAll(upper, 0o755), os.MkdirAll(work, 0o755)); err != nil {
		return err
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", dir, upper, work)
	if err := unix.Mount("overlay", dir, "overlay", 0, layers); err != nil {
		return fmt.Errorf("mounting an overlay on %s: %w", dir, err)
	}
	return nil
}

// Install puts msg and msgd where `make install` has them, from the project's directory,
// root. It makes msgd's account and directories, too. Start has msgd listen.
func Install(root string) error {
	const lib = "/usr/local/lib"
	for _, argv := range [][]string{
		{"install", "-D", "-m", "755", filepath.Join(root, "bin/msg"), Msg},
		{"install", "-D", "-m", "755", filepath.Join(root, "bin/msgd"), Msgd},
		{"install", "-D", "-m", "644", filepath.Join(root, "packaging/sysusers.conf"), lib + "/sysusers.d/msg.conf"},
		{"install", "-D", "-m", "644", filepath.Join(root, "packaging/tmpfiles.conf"), lib + "/tmpfiles.d/msg.conf"},
		{filepath.Join(root, "packaging/make-run"), lib},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w: %s", argv, err, out)
		}
	}
	return nil
}

// Where Install puts them.
const (
	Msg  = "/usr/local/bin/msg"
	Msgd = "/usr/local/sbin/msgd"
)
