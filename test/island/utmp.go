//go:build linux

package island

import (
	"encoding/binary"
	"os"
	"time"

	"msg/internal/sessions"
)

// UtmpFile is the island's utmp.
const UtmpFile = "/run/utmp"

// A Record is a login in utmp(5).
type Record struct {
	User, Line, Host string
	PID              int
}

// Bytes is the record as glibc has it in the file (bits/utmp.h).
func (r Record) Bytes() []byte {
	const userProcess = 7
	b := make([]byte, sessions.NativeLayout().Size)
	binary.NativeEndian.PutUint16(b, userProcess)
	binary.NativeEndian.PutUint32(b[4:], uint32(r.PID))
	copy(b[8:40], r.Line)
	copy(b[44:76], r.User)
	copy(b[76:332], r.Host)
	now := time.Now().Unix()
	if len(b) == sessions.Layout400.Size {
		binary.NativeEndian.PutUint64(b[344:], uint64(now))
	} else {
		binary.NativeEndian.PutUint32(b[340:], uint32(now))
	}
	return b
}

// WriteUtmp replaces all that is in utmp.
func WriteUtmp(records []Record) error {
	return os.WriteFile(UtmpFile, Utmp(records), 0o644)
}

// Utmp is a file of these records.
func Utmp(records []Record) (all []byte) {
	for _, r := range records {
		all = append(all, r.Bytes()...)
	}
	return all
}
