//go:build !linux

package journal

import "errors"

func send(string, []byte) error { return errors.ErrUnsupported }
