package sessions

import (
	"bytes"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// ran takes when a process last ran from the scheduler, by the clock of the process's
// processor. Each processor has a clock of its own, which leaves out what interrupts and a
// hypervisor took (update_rq_clock_task in kernel/sched/core.c; docs/decisions, 8).
//
// A process that has ended meanwhile, or waits to run on another processor, ran just now.
func (p *procfs) ran(pid int) time.Duration {
	began, known := p.began(p.path(pid, "sched"))
	stat, err := readSmall(p.path(pid, "stat"))
	if err != nil || known && began == 0 {
		return monotonic()
	}
	processor, ok := processorOf(stat)
	if !ok || !known {
		return 0
	}
	of, asked := p.clocks[processor]
	if !asked {
		of = p.measure(processor)
		p.clocks[processor] = of // also if it is unknown: nobody waits for it twice
	}
	if !of.known {
		return 0
	}
	return began - of.ahead
}

// clock is a processor's, as the scheduler has it.
type clock struct {
	ahead time.Duration // of CLOCK_MONOTONIC
	known bool
}

// processorOf returns the number of the processor that a process ran on, the 39th field of
// /proc/PID/stat.
func processorOf(stat []byte) (int, bool) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) <= 39-3 {
		return 0, false
	}
	processor, err := strconv.Atoi(string(fields[39-3]))
	return processor, err == nil
}

// clockTime is how long a processor may take to run a thread. After that its clock stays
// unknown: real-time programs may have it for themselves.
const clockTime = time.Second / 2

// measure returns by how much a processor's clock is ahead of CLOCK_MONOTONIC, to a tick: a
// thread that has just moved there began to run now.
func (p *procfs) measure(processor int) clock {
	measured := make(chan clock, 1)
	go func() {
		defer close(measured)
		runtime.LockOSThread() // for good: the thread ends here, and so does its affinity
		var only unix.CPUSet
		only.Set(processor)
		if !only.IsSet(processor) || unix.SchedSetaffinity(0, &only) != nil {
			return
		}
		now := monotonic()
		if began, known := p.began(p.dir + "/thread-self/sched"); known && began != 0 && now != 0 {
			measured <- clock{began - now, true}
		}
	}()
	select {
	case of := <-measured:
		return of
	case <-time.After(clockTime):
		return clock{}
	}
}

// began reads se.exec_start: milliseconds of the processor's clock, with six decimals. A kernel
// may be built without the file (CONFIG_SCHED_DEBUG). The time is 0 for a moment when a process
// moves to another processor.
func (p *procfs) began(sched string) (time.Duration, bool) {
	data, err := readSmall(sched)
	if err != nil {
		return 0, false
	}
	_, number, _ := bytes.Cut(line(data, "\nse.exec_start"), []byte(":"))
	ms, decimals, _ := bytes.Cut(bytes.TrimSpace(number), []byte("."))
	ns, err := strconv.ParseInt(string(ms)+string(decimals), 10, 64)
	return time.Duration(ns), err == nil && len(decimals) == 6
}

// monotonic returns the time of CLOCK_MONOTONIC; 0 where there is none.
func monotonic() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}
