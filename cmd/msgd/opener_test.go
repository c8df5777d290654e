//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"msg/internal/tty"
)

// betweenTest returns a judge's opener, and the monitor's end.
func betweenTest(t *testing.T) (o *opener, monitor int) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Close(pair[0])
		_ = unix.Close(pair[1])
	})
	return &opener{between: pair[0]}, pair[1]
}

// TestOpenerReplies: what is no reply opens nothing, and leaves no descriptor behind.
func TestOpenerReplies(t *testing.T) {
	form := func(r reply) []byte {
		record, err := binary.Append(nil, binary.NativeEndian, r)
		if err != nil {
			t.Fatal(err)
		}
		return record
	}
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	one, two := unix.UnixRights(int(null.Fd())), unix.UnixRights(int(null.Fd()), int(null.Fd()))
	for name, c := range map[string]struct {
		record, rights []byte
		want           error
	}{
		"opened":               {form(reply{Code: opened, Number: 1}), one, nil},
		"without a descriptor": {form(reply{Code: opened, Number: 1}), nil, errNoMonitor},
		"with two":             {form(reply{Code: opened, Number: 1}), two, errNoMonitor},
		"failed":               {form(reply{Number: 1, Code: failed, Errno: uint32(unix.EIO)}), nil, unix.EIO},
		"messages off":         {form(reply{Code: replyMessagesOff, Number: 1}), nil, reasons[replyMessagesOff]},
		"stuck":                {form(reply{Code: replyStuck, Number: 1}), nil, reasons[replyStuck]},
		"stuck, with one":      {form(reply{Code: replyStuck, Number: 1}), one, errNoMonitor},
		"an unknown code":      {form(reply{Code: 77, Number: 1}), nil, errNoMonitor},
		"the highest code":     {form(reply{Number: 1, Code: 1<<32 - 1, Errno: 1<<32 - 1}), nil, errNoMonitor},
		"too short":            {form(reply{})[:7], one, errNoMonitor},
		"too long":             {append(form(reply{}), 0), one, errNoMonitor},
		"empty":                {nil, nil, errNoMonitor},
		"of another question":  {form(reply{Code: opened, Number: 2}), one, errNoMonitor},
	} {
		before := len(descriptors(t, os.Getpid()))
		o, monitor := betweenTest(t)
		if err := unix.Sendmsg(monitor, c.record, c.rights, nil, 0); err != nil {
			t.Fatal(err)
		}
		fd, err := o.Open(tty.Want{})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
		if err == nil {
			_ = unix.Close(fd)
		}
		if after := len(descriptors(t, os.Getpid())); after > before+2 {
			t.Errorf("%s: %d descriptors are left: %q", name, after-before-2, descriptors(t, os.Getpid()))
		}
	}
}

// TestOpenerOrder: replies come in any order, and each goes to who has asked.
func TestOpenerOrder(t *testing.T) {
	o, monitor := betweenTest(t)
	const all = 20
	got := make(chan error, all)
	for i := range all {
		go func() {
			_, err := o.Open(tty.Want{Device: uint64(i)})
			if !errors.Is(err, unix.Errno(100+i)) {
				err = fmt.Errorf("question %d: %w", i, err)
			} else {
				err = nil
			}
			got <- err
		}()
	}
	questions := make([]question, all)
	for i := range questions {
		record := make([]byte, binary.Size(questions[i]))
		if _, err := unix.Read(monitor, record); err != nil {
			t.Fatal(err)
		}
		if _, err := binary.Decode(record, binary.NativeEndian, &questions[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range slices.Backward(questions) {
		record, err := binary.Append(nil, binary.NativeEndian, reply{Code: failed, Errno: uint32(100 + q.Device), Number: q.Number})
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Sendto(monitor, record, 0, nil); err != nil {
			t.Fatal(err)
		}
	}
	for range all {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
}

// FuzzDescriptorsIn: what comes with a record is one set of descriptors, or nothing.
func FuzzDescriptorsIn(f *testing.F) {
	f.Add([]byte{})
	f.Add(unix.UnixRights(0, 1, 2))
	f.Add(append(unix.UnixRights(0), unix.UnixRights(1)...))
	f.Add([]byte("\x13\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00000")) // a part of one
	f.Fuzz(func(t *testing.T, control []byte) {
		if all, err := descriptorsIn(control); err == nil && 4*len(all) > len(control) {
			t.Errorf("%x holds %v", control, all)
		}
	})
}
