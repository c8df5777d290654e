package sessions

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"
)

// record writes a utmp record byte by byte as glibc lays it out, apart from the
// code's own offsets.
func record(layout Layout, kind int16, line, user, host string, at int64) []byte {
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.NativeEndian, v) }
	text := func(s string, size int) { b.Write(append([]byte(s), make([]byte, size)...)[:size]) }
	put(kind)
	put(int16(0))
	put(int32(4242)) // ut_pid
	text(line, 32)
	text("ts/2", 4) // ut_id
	text(user, 32)
	text(host, 256)
	put(int32(0)) // ut_exit
	if layout == Layout400 {
		put(int64(7)) // ut_session
		put(at)
		put(int64(0))
	} else {
		put(int32(7))
		put(int32(at))
		put(int32(0))
	}
	b.Write(make([]byte, 16+20)) // ut_addr_v6, unused
	for b.Len() < layout.Size {
		b.WriteByte(0)
	}
	return b.Bytes()
}

func TestParseUtmp(t *testing.T) {
	const at = 1_790_000_000
	long := strings.Repeat("x", 32)
	for _, layout := range []Layout{Layout384, Layout400} {
		data := slices.Concat(
			record(layout, 2, "~", "reboot", "6.1", at),
			record(layout, userProcess, "pts/2", "alice", "10.88.0.1", at),
			record(layout, 8, "pts/3", "", "", at), // ended
			record(layout, userProcess, long, long, strings.Repeat("h", 256), at),
			record(layout, userProcess, "../../etc/passwd", "alice", "", -1),
			record(layout, userProcess, "pts/9", "bob", "", at)[:layout.Size/2],
		)
		want := []Record{
			{User: "alice", Line: "pts/2", Host: "10.88.0.1", Time: time.Unix(at, 0)},
			{User: long, Line: long, Host: strings.Repeat("h", 256), Time: time.Unix(at, 0)},
			{User: "alice", Line: "../../etc/passwd"},
		}
		got := ParseUtmp(data, layout)
		for i := range got {
			if strings.HasPrefix(got[i].Line, "..") {
				got[i].Time = time.Time{} // a time before 1970 is any
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("layout of %d bytes:\n got %+v\nwant %+v", layout.Size, got, want)
		}
	}
}

func TestRecordNames(t *testing.T) {
	long := strings.Repeat("x", 32)
	for _, tt := range []struct {
		record, user string
		want         bool
	}{
		{"alice", "alice", true},
		{"alice", "alic", false},
		{"alice", "bob", false},
		{"", "", false},
		{long, long + "yz", true},
		{long[:31], long, false},
	} {
		if got := (Record{User: tt.record}).names(tt.user); got != tt.want {
			t.Errorf("entry of %q is %q's: %v", tt.record, tt.user, got)
		}
	}
}

func FuzzParseUtmp(f *testing.F) {
	f.Add(record(Layout384, userProcess, "pts/2", "alice", "host", 1))
	f.Add(record(Layout400, userProcess, "pts/2", "alice", "host", 1)[:399])
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, layout := range []Layout{Layout384, Layout400} {
			got := ParseUtmp(data, layout)
			if len(got) > len(data)/layout.Size {
				t.Fatalf("%d records in %d bytes", len(got), len(data))
			}
			for _, r := range got {
				if len(r.User) > 32 || len(r.Line) > 32 || len(r.Host) > 256 {
					t.Fatalf("%+v", r)
				}
			}
		}
	})
}

// FuzzRecord holds that of each login what a program has written there comes back, up to a
// NUL and to the end of its field, whatever stands before and behind it.
func FuzzRecord(f *testing.F) {
	f.Add("pts/2", "alice", "10.88.0.1", int64(1_790_000_000), []byte{})
	f.Add(strings.Repeat("x", 32), "a\x00b", strings.Repeat("h", 300), int64(-1), make([]byte, 383))
	f.Fuzz(func(t *testing.T, line, user, host string, at int64, behind []byte) {
		for _, layout := range []Layout{Layout384, Layout400} {
			want := Record{User: cut(user, 32), Line: cut(line, 32), Host: cut(host, 256), Time: time.Unix(int64(uint32(at)), 0)}
			if layout == Layout400 {
				want.Time = time.Unix(at, 0)
			}
			data := slices.Concat(record(layout, 8, line, user, host, at), record(layout, userProcess, line, user, host, at), behind)
			if got := ParseUtmp(data, layout); len(got) == 0 || got[0] != want {
				t.Errorf("layout of %d bytes: got %+v, want %+v", layout.Size, got, want)
			}
		}
	})
}

func cut(s string, most int) string {
	s, _, _ = strings.Cut(s[:min(len(s), most)], "\x00")
	return s
}
