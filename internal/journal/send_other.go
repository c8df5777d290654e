//go:build !linux

package journal

import "errors"

func toJournald(string, Entry) error { return errors.ErrUnsupported }

func toSyslog(string, Entry) error { return errors.ErrUnsupported }
