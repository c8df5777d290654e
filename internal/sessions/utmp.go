package sessions

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"time"
)

// Record is one login in utmp(5). Its strings are what a program wrote there: not always a
// terminal, not always a name.
type Record struct {
	User, Line, Host string
	Time             time.Time
}

// Layout is how utmp's records lie in the file. All begin alike (glibc bits/utmp.h).
type Layout struct{ Size int } // in bytes

// The layouts: x86-64 and others keep 32-bit times for their 32-bit programs.
var Layout384, Layout400 = Layout{384}, Layout{400}

// NativeLayout is the layout of this machine's utmp.
func NativeLayout() Layout {
	if runtime.GOARCH == "arm64" {
		return Layout400
	}
	return Layout384
}

const (
	userProcess = 7 // ut_type of a login
	nameSize    = 32

	typeAt, lineAt, userAt, hostAt = 0, 8, 44, 76
	lineSize, hostSize             = 32, 256
)

// ParseUtmp returns the logins of a utmp file, without half a record at its end, which a writer
// may just have left.
func ParseUtmp(data []byte, layout Layout) []Record {
	var records []Record
	for ; len(data) >= layout.Size; data = data[layout.Size:] {
		if binary.NativeEndian.Uint16(data[typeAt:]) != userProcess {
			continue
		}
		records = append(records, Record{
			User: field(data[userAt:], nameSize),
			Line: field(data[lineAt:], lineSize),
			Host: field(data[hostAt:], hostSize),
			Time: layout.seconds(data),
		})
	}
	return records
}

// field reads a string that ends with NUL only where there is room for one.
func field(data []byte, size int) string {
	s, _, _ := bytes.Cut(data[:size], []byte{0})
	return string(s)
}

// seconds reads ut_tv, behind ut_session.
func (l Layout) seconds(record []byte) time.Time {
	if l == Layout400 {
		return time.Unix(int64(binary.NativeEndian.Uint64(record[344:])), 0)
	}
	return time.Unix(int64(binary.NativeEndian.Uint32(record[340:])), 0)
}

// names reports whether the record is that user's. A name that fills its field may be cut off.
func (r Record) names(user string) bool {
	if len(r.User) == nameSize && len(user) > nameSize {
		user = user[:nameSize]
	}
	return user != "" && r.User == user
}
