//go:build linux

package faults_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/test/island"
)

const busSocket = "/run/dbus/system_bus_socket"

// TestBus: a system bus that hangs, or lies, costs its second, and nothing else.
func TestBus(t *testing.T) {
	terminals := opened(t, island.Open, 2, 5)
	for _, one := range terminals {
		if err := one.Lead(); err != nil {
			t.Fatal(err)
		}
	}
	noise := garbage(1 << 20)
	for name, answer := range map[string]func(net.Conn) error{
		"accepts and never answers": func(net.Conn) error { return nil },
		"closes at once":            func(c net.Conn) error { return c.Close() },
		"answers garbage":           func(c net.Conn) error { _, err := c.Write(noise); return err },
		"lets nobody in":            letNobodyIn,
		"answers without end":       endless,
		"answers a byte each 50 ms": trickle,
		"lets in, and is silent":    func(c net.Conn) error { return letIn(c, nil) },
		"lets in, and closes":       func(c net.Conn) error { return errors.Join(letIn(c, nil), c.Close()) },
		"lets in, and garbage":      func(c net.Conn) error { return letIn(c, noise[:1<<16]) },
		"answers half":              func(c net.Conn) error { return letIn(c, hello()[:40]) },
		"answers half, and closes":  func(c net.Conn) error { return errors.Join(letIn(c, hello()[:40]), c.Close()) },
		"answers once":              func(c net.Conn) error { return letIn(c, hello()) },
		"says that much is to come": func(c net.Conn) error { return letIn(c, long()) },
	} {
		t.Run(name, func(t *testing.T) {
			listener := listen(t, busSocket)
			var conns sync.WaitGroup
			done := make(chan bool)
			conns.Go(func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					conns.Go(func() {
						defer conn.Close()
						_ = answer(conn) // until msg has had enough
						<-done
					})
				}
			})
			asked(t, "a system bus that "+name, terminals)
			listener.Close()
			close(done)
			conns.Wait()
		})
	}
	t.Run("takes no connection", func(t *testing.T) {
		fill := fullBacklog(t, busSocket)
		defer fill()
		asked(t, "a system bus that takes no connection", terminals)
	})
	t.Run("is a file", func(t *testing.T) {
		if err := os.WriteFile(busSocket, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(busSocket)
		asked(t, "a system bus that is a file", terminals)
	})
}

func listen(t *testing.T, path string) *net.UnixListener {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err == nil {
		err = os.Chmod(path, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// asked has messages go out and sessions be listed, several at once, by root and a user, to
// whom logind has something to say: everyone, and one.
func asked(t *testing.T, name string, terminals []*island.Terminal) {
	t.Helper()
	var all sync.WaitGroup
	for _, by := range []*island.Person{nil, &people[0]} {
		c := fault(t, name+" ("+whose(by)+")")
		for range 4 {
			all.Go(func() { c.tried(atOnce(by, "*", terminals)) })
			all.Go(func() { c.tried(atOnce(by, terminals[0].Person.Name, terminals[:1])) })
			all.Go(func() { c.tried(listed(by, terminals...)) })
		}
	}
	all.Wait()
	for _, one := range terminals {
		one.Take()
	}
}

// atOnce sends to these terminals, which others send to at the same time.
func atOnce(by *island.Person, targets string, terminals []*island.Terminal) error {
	o, err := sending{by: by, targets: targets}.send()
	if err == nil {
		err = o.only(terminals...)
	}
	if err != nil {
		return err
	}
	for _, one := range terminals {
		if r := o.results[one.Name]; r.Event != "delivered" {
			return fmt.Errorf("%+v", r)
		}
		if err := one.Await(o.text, patience); err != nil {
			return err
		}
		if n := one.Shows(o.text); n != 1 {
			return fmt.Errorf("%s has %q %d times", one.Name, o.text, n)
		}
	}
	return nil
}

func letNobodyIn(c net.Conn) error {
	in := bufio.NewReader(c)
	for {
		if _, err := in.ReadString('\n'); err != nil {
			return err
		}
		if _, err := io.WriteString(c, "REJECTED EXTERNAL\r\n"); err != nil {
			return err
		}
	}
}

func endless(c net.Conn) error {
	for {
		if _, err := c.Write(make([]byte, 1<<16)); err != nil {
			return err
		}
	}
}

func trickle(c net.Conn) error {
	for {
		if _, err := io.WriteString(c, "O"); err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// letIn is a bus's part of the conversation until the client is let in (D-Bus specification,
// Authentication Protocol), and until its first call. This is the answer to that.
func letIn(c net.Conn, answer []byte) error {
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		switch words := strings.Fields(strings.TrimLeft(line, "\x00")); {
		case len(words) > 1 && words[0] == "AUTH":
			_, err = io.WriteString(c, "DATA\r\n")
		case len(words) > 0 && words[0] == "DATA":
			_, err = io.WriteString(c, "OK 0123456789abcdef0123456789abcdef\r\n")
		case len(words) > 0 && words[0] == "BEGIN":
			if _, err := in.ReadByte(); err != nil {
				return err
			}
			_, err := c.Write(answer)
			return err
		default:
			_, err = io.WriteString(c, "REJECTED EXTERNAL\r\n")
		}
		if err != nil {
			return err
		}
	}
}

// hello is the answer to the first call: the client's name on the bus.
func hello() []byte { return busString(":1.1") }

// long is one of which little comes: it is said to have 100 MB.
func long() []byte {
	data := busString(":1.1")
	binary.LittleEndian.PutUint32(data[4:], 100<<20)
	return data
}

// message is a method's return (D-Bus specification, Message Format), to call 1, with a
// string.
func busString(s string) []byte {
	body := binary.LittleEndian.AppendUint32(nil, uint32(len(s)))
	body = append(append(body, s...), 0)
	fields := []byte{
		5, 1, 'u', 0, 1, 0, 0, 0, // REPLY_SERIAL
		8, 1, 'g', 0, 1, 's', 0, // SIGNATURE
	}
	data := []byte{'l', 2, 1, 1}
	data = binary.LittleEndian.AppendUint32(data, uint32(len(body)))
	data = binary.LittleEndian.AppendUint32(data, 1) // serial
	data = binary.LittleEndian.AppendUint32(data, uint32(len(fields)))
	data = append(data, fields...)
	for len(data)%8 > 0 {
		data = append(data, 0)
	}
	return append(data, body...)
}

// fullBacklog is a socket whose queue has room for no connection more.
func fullBacklog(t *testing.T, path string) (end func()) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, 0), os.Chmod(path, 0o666))
	}
	if err != nil {
		t.Fatal(err)
	}
	all := []int{fd}
	for {
		one, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
		err = unix.Connect(one, &unix.SockaddrUnix{Name: path})
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for _, one := range all {
			unix.Close(one)
		}
		os.Remove(path)
	}
}

// TestLog: a log that takes nothing costs its second, and no terminal its message.
func TestLog(t *testing.T) {
	const journald = "/run/systemd/journal/socket"
	terminals := opened(t, island.Open, 2, 5)
	for _, one := range terminals {
		if err := one.Lead(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(journald), 0o755); err != nil {
		t.Fatal(err)
	}
	log, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: journald, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(journald)
	defer log.Close()
	if err := os.Chmod(journald, 0o666); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for {
		err := unix.Sendto(fd, []byte("MESSAGE=full\n"), 0, &unix.SockaddrUnix{Name: journald})
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	asked(t, "a log that takes nothing", terminals)
	t.Run("a file", func(t *testing.T) {
		if err := errors.Join(os.Remove(journald), os.WriteFile(journald, nil, 0o666)); err != nil {
			t.Fatal(err)
		}
		asked(t, "a log that is a file", terminals)
	})
}
