package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// written opens a log, writes an entry and returns the log.
func written(t testing.TB, log Log, e Entry) *Writer {
	t.Helper()
	w := open(t, log)
	if err := w.Write(e); err != nil {
		t.Fatal(err)
	}
	return w
}

func open(t testing.TB, log Log) *Writer {
	t.Helper()
	w, err := log.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// listen is a socket in a log's place.
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
	path, conn := listen(t)
	entry := Entry{Message: "carol to bob", Fields: []Field{
		{"MSG_TARGETS", "bob"}, {"MSG_TEXT", "one\nPRIORITY=0\ntwo"},
	}}
	written(t, Log{Journald: path}, entry)
	want := append([]Field{{"MESSAGE", "carol to bob"}, entry.Fields[0], entry.Fields[1]}, ours...)
	if got := receivedFields(t, conn); !slices.Equal(got, sorted(want)) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestSyslog: a line feed in a value does not begin an entry of its own.
func TestSyslog(t *testing.T) {
	path, conn := listen(t)
	entry := Entry{Message: "carol to bob", Fields: []Field{{"MSG_TEXT", "one\n<0>two \"x\""}}}
	written(t, Log{Journald: path + ".missing", Syslog: path}, entry)
	got := strings.TrimSuffix(received(t, conn), "\n") // its end
	if !strings.HasPrefix(got, "<86>") || strings.Contains(got, "\n") ||
		!strings.HasSuffix(got, `]: carol to bob MSG_TEXT="one\n<0>two \"x\""`) {
		t.Errorf("%q", got)
	}
}

// TestNoLog: there is an error where there is no log.
func TestNoLog(t *testing.T) {
	if err := open(t, Log{Journald: "/nowhere/a", Syslog: "/nowhere/b"}).Write(Entry{Message: "x"}); !errors.Is(err, ErrNone) {
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
	path, _ := listen(t)
	fill(t, path)
	for name, log := range map[string]Log{
		"journald": {Journald: path, Syslog: path}, "syslog": {Journald: path + ".missing", Syslog: path},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, log)
			begun, worked := time.Now(), processor(t)
			err := w.Write(Entry{Message: "x"})
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
	path, conn := listen(t)
	for name, log := range map[string]Log{"journald": {Journald: path}, "syslog": {Journald: path + ".missing", Syslog: path}} {
		t.Run(name, func(t *testing.T) {
			fill(t, path)
			w, done := open(t, log), make(chan error, 1)
			go func() { done <- w.Write(Entry{Message: "carol to bob"}) }()
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

// TestNobodyReads: several entries at once for a log that takes nothing cost each a second.
func TestNobodyReads(t *testing.T) {
	path, _ := listen(t)
	fill(t, path)
	w, begun := open(t, Log{Journald: path, Syslog: path}), time.Now()
	errs := make(chan error, 5)
	for range cap(errs) {
		go func() { errs <- w.Write(Entry{Message: "carol to bob"}) }()
	}
	for range cap(errs) {
		if err := <-errs; !errors.Is(err, ErrNone) {
			t.Error(err)
		}
	}
	if took := time.Since(begun); took > 3*timeout/2 {
		t.Errorf("after %v", took)
	}
}

// TestNoDescriptors: a log that is open needs no more files, for journald and for syslog. A process
// that may open none has no log, and that is no fault of the log's.
func TestNoDescriptors(t *testing.T) {
	path, conn := listen(t)
	journald, syslog := open(t, Log{Journald: path}), open(t, Log{Journald: path + ".missing", Syslog: path})
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := unix.Rlimit{Cur: 0, Max: limit.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	errs := []error{
		journald.Write(Entry{Message: "carol to bob"}),
		journald.Write(Entry{Message: "carol to bob", Fields: []Field{{"MSG_TEXT", strings.Repeat("x\n", mostValue)}}}),
		syslog.Write(Entry{Message: "carol to bob"}),
	}
	_, openErr := Local().Open()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	for i, err := range errs {
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if got := received(t, conn); !strings.Contains(got, "carol to bob") {
			t.Errorf("%q", got)
		}
	}
	if !errors.Is(openErr, unix.EMFILE) || errors.Is(openErr, ErrNone) {
		t.Errorf("opening the log without a free descriptor: %v", openErr)
	}
}

// TestGone: only what is the log's own fault counts as no log.
func TestGone(t *testing.T) {
	path, _ := listen(t)
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, there := range []string{file, file + "/below", "/nowhere"} {
		if err := open(t, Log{Journald: there, Syslog: there}).Write(Entry{Message: "x"}); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", there, err)
		}
	}
	w, err := (Log{Journald: path, Syslog: path}).Open()
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := w.Write(Entry{Message: "x"}); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("a log that this process has closed: %v", err)
	}
}

// TestSettle: Settle waits until the log has read everything that was sent before. It gives up at
// its limit.
func TestSettle(t *testing.T) {
	path, conn := listen(t)
	w := written(t, Log{Journald: path}, Entry{Message: "carol to bob"})
	begun := time.Now()
	if w.Settle(timeout / 5); time.Since(begun) < timeout/5 {
		t.Fatalf("it settled after %v, and nothing was read", time.Since(begun))
	}
	settled := make(chan bool)
	go func() {
		w.Settle(time.Hour)
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
	open(t, Log{Journald: path}).Settle(time.Hour) // nothing was written
	fill(t, path)
	begun = time.Now()
	if w.Settle(timeout / 5); time.Since(begun) > timeout {
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
	path, conn := listen(t)
	long := strings.Repeat("é", 1<<20)
	entry := Entry{Message: "x", Fields: []Field{{"MSG_RESULTS", long}, {"MSG_TEXT", "x" + long}}}
	written(t, Log{Journald: path}, entry)
	if got := received(t, conn); len(got) < 2*mostValue || len(got) > 3*mostValue || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

// TestSmallDatagrams: a system that has only small datagrams gets the entry shortened.
func TestSmallDatagrams(t *testing.T) {
	path, conn := listen(t)
	w := open(t, Log{Journald: path})
	if err := unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 8<<10); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("é", 1<<20)
	if err := w.Write(Entry{Message: "carol to bob", Fields: []Field{{"MSG_RESULTS", long}, {"MSG_UID", "1003"}}}); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range receivedFields(t, conn) {
		got[f.Name] = f.Value
	}
	if got["MESSAGE"] != "carol to bob" || got["MSG_UID"] != "1003" || len(got["MSG_RESULTS"]) < leastValue {
		t.Errorf("%.200q", got)
	}
}

// FuzzEntry holds that the log's reader finds the fields that were written, whatever is in them,
// and no others; and that syslog gets one line.
func FuzzEntry(f *testing.F) {
	path, conn := listen(f)
	f.Add("carol to bob", "one\nPRIORITY=0\ntwo", "bob")
	f.Add("\n", "=\n\x00\x00\x00\x00\x00\x00\x00\x01", "\xff\n<0>")
	w := open(f, Log{Journald: path})
	f.Fuzz(func(t *testing.T, message, body, targets string) {
		e := Entry{Message: message, Fields: []Field{{"MSG_TEXT", body}, {"MSG_TARGETS", targets}}}
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
		want := append([]Field{{"MESSAGE", message}}, e.Fields...)
		for i, one := range want {
			want[i].Value = Cut(one.Value, mostValue)
		}
		if got := receivedFields(t, conn); !slices.Equal(got, sorted(append(want, ours...))) {
			t.Errorf("%q; want %q", got, want)
		}
		line, whole := strings.CutSuffix(string(e.line(time.Now())), "\n")
		if !whole || strings.Contains(line, "\n") || len(line) > mostLine+100 {
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
