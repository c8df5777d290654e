package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
	_ "unsafe" // for linkname

	_ "github.com/coreos/go-systemd/v22/journal"
	"golang.org/x/sys/unix"
)

// journalSocket is where go-systemd sends entries.
//
//go:linkname journalSocket github.com/coreos/go-systemd/v22/journal.journalSocket
var journalSocket string

// journald is a socket in journald's place.
func journald(t testing.TB) (path string, conn *net.UnixConn) {
	t.Helper()
	path, conn = listen(t)
	before := journalSocket
	journalSocket = path
	t.Cleanup(func() { journalSocket = before })
	return path, conn
}

func listen(t testing.TB) (path string, conn *net.UnixConn) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "socket")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return path, conn
}

func received(t testing.TB, conn *net.UnixConn) string {
	t.Helper()
	buffer := make([]byte, 1<<20)
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

// ours are the fields of each entry.
var ours = []Field{{"PRIORITY", "6"}, {"SYSLOG_FACILITY", "10"}, {"SYSLOG_IDENTIFIER", "msg"}}

func TestJournald(t *testing.T) {
	path, conn := journald(t)
	entry := Entry{Message: "carol to bob", Fields: []Field{
		{"MSG_TARGETS", "bob"}, {"MSG_TEXT", "one\nPRIORITY=0\ntwo"},
	}}
	if err := (Log{Journald: path}).Write(entry); err != nil {
		t.Fatal(err)
	}
	want := append([]Field{{"MESSAGE", "carol to bob"}, entry.Fields[0], entry.Fields[1]}, ours...)
	if got := receivedFields(t, conn); !slices.Equal(got, sorted(want)) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestPath: Local's path is the one that go-systemd sends to.
func TestPath(t *testing.T) {
	if got := Local().Journald; got != journalSocket {
		t.Errorf("%q, want %q", got, journalSocket)
	}
}

// TestSyslog: a line feed in a value does not begin an entry of its own.
func TestSyslog(t *testing.T) {
	path, conn := listen(t)
	entry := Entry{Message: "carol to bob", Fields: []Field{{"MSG_TEXT", "one\n<0>two \"x\""}}}
	if err := (Log{Journald: path + ".missing", Syslog: path}).Write(entry); err != nil {
		t.Fatal(err)
	}
	got := strings.TrimSuffix(received(t, conn), "\n") // its end
	if !strings.HasPrefix(got, "<86>") || strings.Contains(got, "\n") ||
		!strings.HasSuffix(got, `]: carol to bob MSG_TEXT="one\n<0>two \"x\""`) {
		t.Errorf("%q", got)
	}
}

// TestNoLog: there is an error where there is no log.
func TestNoLog(t *testing.T) {
	if err := (Log{Journald: "/nowhere/a", Syslog: "/nowhere/b"}).Write(Entry{Message: "x"}); !errors.Is(err, ErrNone) {
		t.Errorf("without a log: %v", err)
	}
}

// fill sends to a socket until it takes no more.
func fill(t *testing.T, path string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for err == nil {
		err = unix.Sendto(fd, []byte("MESSAGE=full\n"), 0, &unix.SockaddrUnix{Name: path})
	}
	if !errors.Is(err, unix.EAGAIN) {
		t.Fatal(err)
	}
}

// TestFull: a log that takes nothing costs its second, once, and little work.
func TestFull(t *testing.T) {
	path, _ := journald(t)
	fill(t, path)
	for name, log := range map[string]Log{
		"journald": {Journald: path, Syslog: path}, "syslog": {Journald: path + ".missing", Syslog: path},
	} {
		t.Run(name, func(t *testing.T) {
			begun, worked := time.Now(), processor(t)
			err := log.Write(Entry{Message: "x"})
			if took := time.Since(begun); !errors.Is(err, ErrNone) || took < timeout/2 || took > 3*timeout/2 {
				t.Errorf("%v after %v", err, took)
			}
			if worked = processor(t) - worked; worked > timeout/5 {
				t.Errorf("it worked for %v", worked)
			}
		})
	}
}

// TestFullForAMoment: an entry waits for its place in a log that reads again.
func TestFullForAMoment(t *testing.T) {
	path, conn := journald(t)
	for name, log := range map[string]Log{"journald": {Journald: path}, "syslog": {Journald: path + ".missing", Syslog: path}} {
		t.Run(name, func(t *testing.T) {
			fill(t, path)
			done := make(chan error, 1)
			go func() { done <- log.Write(Entry{Message: "carol to bob"}) }()
			select {
			case err := <-done:
				t.Fatalf("a full log took it: %v", err)
			case <-time.After(timeout / 5):
			}
			for !strings.Contains(received(t, conn), "carol to bob") {
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNobodyReads: where a log is full only once the entry is on its way, the second holds, too.
func TestNobodyReads(t *testing.T) {
	there, _ := listen(t)
	full, conn := journald(t)
	fill(t, full)
	begun := time.Now()
	err := (Log{Journald: there, Syslog: there}).Write(Entry{Message: "carol to bob"})
	if took := time.Since(begun); !errors.Is(err, ErrNone) || took > 3*timeout/2 {
		t.Errorf("%v after %v", err, took)
	}
	for !strings.Contains(received(t, conn), "carol to bob") { // it is taken later, and hangs no more
	}
}

// TestSettle: Settle waits until the log has read everything that was sent before. It gives up at
// its limit.
func TestSettle(t *testing.T) {
	path, conn := journald(t)
	log := Log{Journald: path}
	if err := log.Write(Entry{Message: "carol to bob"}); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if log.Settle(timeout / 5); time.Since(begun) < timeout/5 {
		t.Fatalf("it settled after %v, and nothing was read", time.Since(begun))
	}
	settled := make(chan bool)
	go func() {
		log.Settle(time.Hour)
		close(settled)
	}()
	for _, want := range []string{"carol to bob", "", ""} { // one for each Settle
		select {
		case <-settled:
			t.Fatal("it settled before all was read")
		case <-time.After(timeout / 5):
		}
		if got := received(t, conn); !strings.Contains(got, want) || want == "" && got != "" {
			t.Fatalf("%q, want %q", got, want)
		}
	}
	<-settled
	Log{Journald: path + ".missing"}.Settle(time.Hour)
	fill(t, path)
	begun = time.Now()
	if log.Settle(timeout / 5); time.Since(begun) > timeout {
		t.Errorf("a full log held it for %v", time.Since(begun))
	}
}

// processor is how long this process has worked.
func processor(t *testing.T) time.Duration {
	t.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// TestLong: the largest entry there can be goes through as one datagram.
func TestLong(t *testing.T) {
	path, conn := journald(t)
	long := strings.Repeat("é", 1<<20)
	entry := Entry{Message: "x", Fields: []Field{{"MSG_RESULTS", long}, {"MSG_TEXT", "x" + long}}}
	if err := (Log{Journald: path}).Write(entry); err != nil {
		t.Fatal(err)
	}
	if got := received(t, conn); len(got) < 2*mostValue || len(got) > 3*mostValue || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

// FuzzEntry holds that the log's reader finds the fields that were written, whatever is in them,
// and no others; and that syslog gets one line.
func FuzzEntry(f *testing.F) {
	path, conn := journald(f)
	f.Add("carol to bob", "one\nPRIORITY=0\ntwo", "bob")
	f.Add("\n", "=\n\x00\x00\x00\x00\x00\x00\x00\x01", "\xff\n<0>")
	f.Fuzz(func(t *testing.T, message, body, targets string) {
		e := Entry{Message: message, Fields: []Field{{"MSG_TEXT", body}, {"MSG_TARGETS", targets}}}
		if err := (Log{Journald: path}).Write(e); err != nil {
			t.Fatal(err)
		}
		want := append([]Field{{"MESSAGE", message}}, e.Fields...)
		for i, one := range want {
			want[i].Value = Cut(one.Value, mostValue)
		}
		if got := receivedFields(t, conn); !slices.Equal(got, sorted(append(want, ours...))) {
			t.Errorf("%q; want %q", got, want)
		}
		if line := e.line(); strings.Contains(line, "\n") || len(line) > mostLine+len("…") {
			t.Errorf("%q", line)
		}
		if short := Cut(body, len(targets)); short != body && (len(short) > len(targets)+len("…") || !strings.HasPrefix(body, strings.TrimSuffix(short, "…"))) {
			t.Errorf("%q is cut to %q", body, short)
		}
	})
}

// sorted sorts fields by name: journald's form has them in any order.
func sorted(fields []Field) []Field {
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

func receivedFields(t *testing.T, conn *net.UnixConn) []Field {
	t.Helper()
	got, err := readNative([]byte(received(t, conn)))
	if err != nil {
		t.Fatal(err)
	}
	return sorted(got)
}

// readNative reads fields as systemd.io/JOURNAL_NATIVE_PROTOCOL has them.
func readNative(data []byte) (fields []Field, err error) {
	for len(data) > 0 {
		line, rest, ok := bytes.Cut(data, []byte{'\n'})
		name, value, isText := bytes.Cut(line, []byte{'='})
		if !isText {
			if len(rest) < 8 || uint64(len(rest)-8) <= binary.LittleEndian.Uint64(rest) {
				return fields, errors.New("cut off")
			}
			n := 8 + binary.LittleEndian.Uint64(rest)
			value, ok, rest = rest[8:n], rest[n] == '\n', rest[n+1:]
		}
		if !ok {
			return fields, errors.New("a field without an end")
		}
		fields, data = append(fields, Field{string(name), string(value)}), rest
	}
	return fields, nil
}
