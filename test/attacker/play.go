//go:build linux

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"msg/test/attacker/plan"

	"golang.org/x/sys/unix"
)

const helper = "/usr/local/libexec/msg-helper"

// usualPatience is more than the helper may take for anything at all.
const usualPatience = 25 * time.Second

// talk is the helper as it runs, seen from its client.
type talk struct {
	plan   plan.Plan
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	stderr bytes.Buffer

	mu    sync.Mutex
	lines []string
	hello chan struct{} // closed when the first line has come, or none can
	ended chan struct{} // closed when the last line has come
}

// onStart is told of each helper.
var onStart = func(pid int) {}

func carryOut(p plan.Plan) plan.Outcome {
	if p.Trace { // who starts it is its tracer, and has to go on as the same thread
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	begun := time.Now()
	t, err := start(p)
	if err != nil {
		return plan.Outcome{Failed: err.Error()}
	}
	onStart(t.cmd.Process.Pid)
	go t.listen()
	go t.speak()
	go t.signal(p.Signals, begun)
	o := t.await()
	o.Took = time.Since(begun)
	return o
}

// signal sends them one after the other: where the start took long all of them are due,
// and a SIGCONT that came before its SIGSTOP would leave the helper stopped.
func (t *talk) signal(signals []plan.Signal, begun time.Time) {
	signals = slices.Clone(signals)
	slices.SortStableFunc(signals, func(a, b plan.Signal) int { return cmp.Compare(a.After, b.After) })
	for _, s := range signals {
		time.Sleep(s.After - time.Since(begun))
		_ = t.cmd.Process.Signal(s.Number)
	}
}

func start(p plan.Plan) (*talk, error) {
	t := &talk{plan: p, hello: make(chan struct{}), ended: make(chan struct{})}
	p.Input = nil // too much for an argument
	spec, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	t.cmd = exec.Command("/proc/self/exe", "stage", string(spec))
	t.cmd.Stderr = &t.stderr
	t.cmd.WaitDelay = time.Second
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: p.Setsid}
	if p.UserNamespace {
		me := func(id int) []syscall.SysProcIDMap {
			return []syscall.SysProcIDMap{{ContainerID: id, HostID: id, Size: 1}}
		}
		t.cmd.SysProcAttr.Cloneflags = unix.CLONE_NEWUSER
		t.cmd.SysProcAttr.UidMappings, t.cmd.SysProcAttr.GidMappings = me(os.Getuid()), me(os.Getgid())
	}
	var inErr, outErr error
	t.in, inErr = t.cmd.StdinPipe()
	t.out, outErr = t.cmd.StdoutPipe()
	return t, errors.Join(inErr, outErr, t.cmd.Start())
}

// listen reads the answers, or does not, as the plan has it.
func (t *talk) listen() {
	defer close(t.ended)
	first := sync.OnceFunc(func() { close(t.hello) })
	defer first()
	switch t.plan.Output {
	case "closed":
		_ = t.out.Close()
		return
	case "unread":
		return
	}
	data := make([]byte, 0, 1<<16)
	buffer := make([]byte, 1<<16)
	for {
		n, err := t.out.Read(buffer)
		data = append(data, buffer[:n]...)
		t.mu.Lock()
		t.lines = strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
		t.mu.Unlock()
		if bytes.IndexByte(data, '\n') >= 0 {
			first()
		}
		if err != nil || isEnd(data) {
			return
		}
	}
}

func isEnd(data []byte) bool {
	for _, event := range []string{"end", "refused", "error"} {
		if bytes.Contains(data, []byte(`{"event":"`+event+`"`)) && bytes.HasSuffix(data, []byte("\n")) {
			return true
		}
	}
	return false
}

func (t *talk) speak() {
	if !t.plan.Early {
		<-t.hello
	}
	for _, piece := range t.plan.Input {
		for n := 0; n < max(1, piece.Times) || piece.Times < 0; n++ {
			if _, err := t.in.Write(piece.Data); err != nil {
				return // it has gone
			}
			time.Sleep(piece.Pause)
		}
	}
	if t.plan.HangUp {
		_ = t.in.Close()
	}
}

// await waits until the helper has ended.
func (t *talk) await() plan.Outcome {
	patience := usualPatience
	if t.plan.Patience > 0 {
		patience = t.plan.Patience
	}
	var o plan.Outcome
	kill := time.AfterFunc(patience, func() {
		t.mu.Lock()
		o.Stayed = true
		t.mu.Unlock()
		_ = t.cmd.Process.Kill()
	})
	defer kill.Stop()
	if t.plan.Trace {
		goOn(t.cmd.Process.Pid)
	}
	if t.plan.Output == "" {
		<-t.ended
		if !t.plan.StayAfter {
			_ = t.in.Close()
		}
	}
	state, _ := t.cmd.Process.Wait()
	if t.plan.Output == "" {
		_ = t.cmd.Wait() // for what it has on standard error
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	o.Lines, o.Stderr = t.lines, t.stderr.String()
	if state != nil {
		o.Exit = state.ExitCode()
		if ws := state.Sys().(syscall.WaitStatus); ws.Signaled() {
			o.Signal = ws.Signal().String()
		}
	}
	if strings.HasPrefix(o.Stderr, "attacker: ") {
		o.Failed = o.Stderr
	}
	return o
}

// goOn is the debugger that lets its process go on, whatever stops it, until it
// has ended.
func goOn(pid int) {
	for {
		var info unix.Siginfo
		if unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WSTOPPED|unix.WNOWAIT, nil) != nil || info.Code != 4 { // CLD_TRAPPED
			return
		}
		var status unix.WaitStatus
		if _, err := unix.Wait4(pid, &status, 0, nil); err != nil {
			return
		}
		signal := 0
		if status.Stopped() && status.StopSignal() != unix.SIGTRAP {
			signal = int(status.StopSignal())
		}
		_ = unix.PtraceCont(pid, signal)
	}
}
