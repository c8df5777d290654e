package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Decode reads one line into a struct. It refuses what encoding/json lets pass: keys that
// the struct does not have, keys in other letters (TEXT for text), and keys that come twice.
func Decode(line []byte, into any) error {
	if isOwn(line, into) {
		return nil
	}
	if err := checkKeys(line); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if len(bytes.TrimSpace(line[d.InputOffset():])) > 0 {
		return errors.New("something behind the object")
	}
	return nil
}

// isOwn decodes a line that is what this program would have written. Nearly all are, and no key has to
// be looked at then.
func isOwn(line []byte, into any) bool {
	if err := json.Unmarshal(line, into); err != nil {
		return false
	}
	again, err := json.Marshal(into)
	return err == nil && bytes.Equal(again, line)
}

func checkKeys(line []byte) error {
	d := json.NewDecoder(bytes.NewReader(line))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return errors.New("not an object")
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key, isKey := token.(string)
		if !isKey || seen[key] || !isPlain(key) {
			return fmt.Errorf("key %.40q", key)
		}
		seen[key] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
	}
	return nil
}

func isPlain(key string) bool {
	return key != "" && strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_") == ""
}
