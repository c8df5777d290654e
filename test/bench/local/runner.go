//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A runner starts what is measured. It is a process of its own, which stays small: the kernel
// counts what the process had in memory that a program was started from (vfork(2)) as that
// program's.
type runner struct {
	orders  *json.Encoder
	answers *json.Decoder
}

// runnerEnv tells this program that it is a runner.
const runnerEnv = "MSG_BENCH_RUNNER"

// order is what to run; as whom, where UID is not 0.
type order struct {
	Argv []string
	UID  int
}

// ran is what came of it.
type ran struct {
	Started time.Time
	Took    time.Duration
	CPU     time.Duration
	Memory  int64 // the most that was resident, in bytes
	Status  int
	Stderr  string
	Err     string
}

func newRunner() (*runner, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), runnerEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &runner{json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))}, cmd.Start()
}

func (r *runner) run(o order) (ran, error) {
	var came ran
	if err := errors.Join(r.orders.Encode(o), r.answers.Decode(&came)); err != nil {
		return came, err
	}
	if came.Err != "" {
		return came, errors.New(came.Err)
	}
	return came, nil
}

// obey is what a runner does until nobody has orders any more.
func obey() error {
	orders, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var o order
		switch err := orders.Decode(&o); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := answers.Encode(o.run()); err != nil {
			return err
		}
	}
}

func (o order) run() ran {
	cmd := exec.Command(o.Argv[0], o.Argv[1:]...)
	if o.UID != 0 {
		id := uint32(o.UID)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	came := ran{Started: time.Now()}
	err := cmd.Run()
	came.Took = time.Since(came.Started)
	came.Stderr = stderr.String()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		came.Err = err.Error()
		return came
	}
	came.Status = cmd.ProcessState.ExitCode()
	came.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	came.Memory = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	return came
}
