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
)

func listen(t *testing.T) (path string, conn *net.UnixConn) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "socket")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return path, conn
}

func received(t *testing.T, conn *net.UnixConn) string {
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

func TestJournald(t *testing.T) {
	path, conn := listen(t)
	entry := Entry{Message: "carol to bob", Fields: []Field{
		{"MSG_TARGETS", "bob"}, {"MSG_TEXT", "one\nPRIORITY=0\ntwo"},
	}}
	if err := (Log{Journald: path}).Write(entry); err != nil {
		t.Fatal(err)
	}
	want := "MESSAGE=carol to bob\nPRIORITY=6\nSYSLOG_FACILITY=10\nSYSLOG_IDENTIFIER=msg\nMSG_TARGETS=bob\n" +
		"MSG_TEXT\n\x12\x00\x00\x00\x00\x00\x00\x00one\nPRIORITY=0\ntwo\n"
	if got := received(t, conn); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestSyslog: a line feed in a value does not begin an entry of its own.
func TestSyslog(t *testing.T) {
	path, conn := listen(t)
	entry := Entry{Message: "carol to bob", Fields: []Field{{"MSG_TEXT", "one\n<0>two \"x\""}}}
	if err := (Log{Journald: path + ".missing", Syslog: path}).Write(entry); err != nil {
		t.Fatal(err)
	}
	got := received(t, conn)
	if !strings.HasPrefix(got, "<86>") || strings.Contains(got, "\n") ||
		!strings.HasSuffix(got, `]: carol to bob MSG_TEXT="one\n<0>two \"x\""`) {
		t.Errorf("%q", got)
	}
}

// TestNoLog: there is an error, and soon, where there is no log, and where one
// takes no more.
func TestNoLog(t *testing.T) {
	if err := (Log{Journald: "/nowhere/a", Syslog: "/nowhere/b"}).Write(Entry{Message: "x"}); !errors.Is(err, ErrNone) {
		t.Errorf("without a log: %v", err)
	}
	path, _ := listen(t)
	log := Log{Journald: path, Syslog: path}
	for begun := time.Now(); ; {
		if err := log.Write(Entry{Message: "x"}); errors.Is(err, ErrNone) {
			break
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatal("nobody reads, and it goes on")
		}
	}
}

// TestLong: the largest entry there can be goes through.
func TestLong(t *testing.T) {
	path, conn := listen(t)
	long := strings.Repeat("é", 1<<20)
	entry := Entry{Message: "x", Fields: []Field{{"MSG_RESULTS", long}, {"MSG_TEXT", "x" + long}}}
	if err := (Log{Journald: path}).Write(entry); err != nil {
		t.Fatal(err)
	}
	if got := received(t, conn); len(got) < 2*mostValue || len(got) > 3*mostValue || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

// FuzzEntry holds that who reads journald's form, as its protocol says, finds the fields that
// were written, whatever is in them, and no others; and that syslog gets one line.
func FuzzEntry(f *testing.F) {
	f.Add("carol to bob", "one\nPRIORITY=0\ntwo", "bob")
	f.Add("\n", "=\n\x00\x00\x00\x00\x00\x00\x00\x01", "\xff\n<0>")
	f.Fuzz(func(t *testing.T, message, body, targets string) {
		e := Entry{Message: message, Fields: []Field{{"MSG_TEXT", body}, {"MSG_TARGETS", targets}}}
		want := []Field{
			{"MESSAGE", message}, {"PRIORITY", "6"}, {"SYSLOG_FACILITY", "10"}, {"SYSLOG_IDENTIFIER", "msg"}, e.Fields[0], e.Fields[1],
		}
		if got, err := readNative(e.native()); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
		line := string(e.line(time.Unix(0, 0)))
		if strings.Contains(line, "\n") || !strings.HasPrefix(line, "<86>") || len(line) > mostLine+len("…") {
			t.Errorf("%q", line)
		}
		if short := Cut(body, len(targets)); short != body && (len(short) > len(targets)+len("…") || !strings.HasPrefix(body, strings.TrimSuffix(short, "…"))) {
			t.Errorf("%q is cut to %q", body, short)
		}
	})
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
