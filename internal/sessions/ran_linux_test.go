package sessions

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestRan has two programs answer in turns, each on a processor of its own, whose clocks
// may be far apart: the one that answered last ran last.
func TestRan(t *testing.T) {
	p, err := readProc("/proc")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := p.began("/proc/self/sched"); !ok {
		// Built without CONFIG_SCHED_DEBUG, the kernel does not tell: nor does this.
		if at := p.ran(os.Getpid()); at != 0 {
			t.Errorf("this process ran at %v, by no file", at)
		}
		return
	}
	first, last := usable(t)
	one, other := answerOn(t, first), answerOn(t, last)
	for i := range 10 {
		one.answer(t, p)
		time.Sleep(20 * time.Millisecond) // more than a tick
		other.answer(t, p)
		// Both ways: a clock that is ahead is wrong in one of them.
		if earlier, later := p.ran(one.pid), p.ran(other.pid); earlier == 0 || earlier >= later {
			t.Errorf("turn %d: on processor %d it ran at %v, on %d at %v, which was later", i, one.processor, earlier, other.processor, later)
		}
		one, other = other, one
		clear(p.clocks)
		time.Sleep(20 * time.Millisecond)
	}
	if ago := monotonic() - p.ran(one.pid); ago < 0 || ago > time.Minute {
		t.Errorf("it ran %v ago", ago)
	}
	if runtime.NumCPU() > 1 && first == last {
		t.Errorf("of %d processors, only number %d is used", runtime.NumCPU(), first)
	}
	if before, at := monotonic(), p.ran(1<<30); at < before || at > monotonic() {
		t.Errorf("what has ended ran at %v, want after %v", at, before)
	}
}

// usable returns the first and the last of the processors that this process may use.
func usable(t *testing.T) (first, last int) {
	t.Helper()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	first = -1
	for i := range len(all) * 64 {
		if all.IsSet(i) {
			if last = i; first < 0 {
				first = i
			}
		}
	}
	return first, last
}

// An answerer is a cat that is bound to a processor.
type answerer struct {
	pid, processor int
	in             io.Writer
	out            *bufio.Reader
}

func answerOn(t *testing.T, processor int) answerer {
	t.Helper()
	cmd := exec.Command("taskset", "-c", strconv.Itoa(processor), "cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	return answerer{cmd.Process.Pid, processor, in, bufio.NewReader(out)}
}

// answer returns when the program has answered, and waits again.
func (a answerer) answer(t *testing.T, p *procfs) {
	t.Helper()
	if _, err := io.WriteString(a.in, "hi\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	for state := byte(0); state != 'S'; time.Sleep(time.Millisecond) {
		delete(p.known, a.pid)
		now, ok := p.process(a.pid)
		if !ok {
			t.Fatal("it has ended")
		}
		state = now.state
	}
}
