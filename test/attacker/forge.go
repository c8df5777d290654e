//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"msg/test/attacker/plan"

	"golang.org/x/sys/unix"
)

// forge carries out a plan, catches each getent that the helper starts, which is a
// process of the attacker's own, and has it answer as the second value on standard
// input says: answers by key.
func forge() error {
	runtime.LockOSThread()
	var order struct {
		Plan    plan.Plan
		Answers map[string]string
		Tries   int
	}
	if err := json.NewDecoder(os.Stdin).Decode(&order); err != nil {
		return err
	}
	var result struct {
		Outcome plan.Outcome
		Caught  []string
	}
	for range order.Tries { // getent does not take long, and may get away
		result.Outcome, result.Caught = ambush(order.Plan, order.Answers)
		if len(result.Caught) > 0 {
			break
		}
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func ambush(p plan.Plan, answers map[string]string) (o plan.Outcome, caught []string) {
	done, helper := make(chan plan.Outcome), make(chan int, 1)
	onStart = func(pid int) { helper <- pid }
	go func() { done <- carryOut(p) }()
	seen := map[int]bool{}
	tasks := fmt.Sprintf("/proc/%d/task", <-helper)
	for {
		select {
		case o := <-done:
			return o, caught
		default:
		}
		for _, pid := range getents(tasks) {
			if seen[pid] {
				continue
			}
			key, err := answer(pid, answers)
			// In the middle of its exec, it is not the attacker's yet.
			seen[pid] = !errors.Is(err, unix.EPERM)
			if err == nil {
				caught = append(caught, key)
			}
		}
	}
}

// getents are the processes of that name that the helper has started.
func getents(tasks string) []int {
	threads, _ := os.ReadDir(tasks)
	var pids []int
	for _, thread := range threads {
		data, _ := os.ReadFile(tasks + "/" + thread.Name() + "/children")
		for _, field := range strings.Fields(string(data)) {
			pid, _ := strconv.Atoi(field)
			if name, _ := os.ReadFile("/proc/" + field + "/comm"); string(name) == "getent\n" {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// answer stops getent, writes to the pipe in its place, and has it say that it has
// found what it was asked for.
func answer(pid int, answers map[string]string) (string, error) {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(pid), 0, unix.PTRACE_O_TRACESYSGOOD, 0, 0)
	if errno != 0 {
		return "", errno
	}
	// Once it has stopped, its exec is over, and it has its arguments.
	if err := errors.Join(unix.PtraceInterrupt(pid), wait(pid)); err != nil {
		return "", err
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return "", err
	}
	words := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	key := words[len(words)-1]
	text, ok := answers[key]
	if !ok {
		return "", errors.Join(errors.New("not this one"), unix.PtraceDetach(pid))
	}
	pipe, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/1", pid), os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}
	_, err = pipe.WriteString(text + "\n")
	_ = pipe.Close()
	return key, errors.Join(err, succeed(pid))
}

func wait(pid int) error {
	var status unix.WaitStatus
	_, err := unix.Wait4(pid, &status, unix.WALL, nil)
	return err
}

// succeed lets the process go on, and changes the status that it exits with.
func succeed(pid int) error {
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if err := unix.PtraceSyscall(pid, 0); err != nil {
			return err
		}
		var status unix.WaitStatus
		if _, err := unix.Wait4(pid, &status, unix.WALL, nil); err != nil || status.Exited() || status.Signaled() {
			return err
		}
		if err := exitWithZero(pid); err != nil {
			return err
		}
	}
	return errors.New("it does not end")
}
