package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/alecthomas/kong"
)

// word is one word that the user typed, byte for byte: the targets, or a part of the text. kong
// passes a string through JSON, which has no place for bytes that are not UTF-8.
type word string

// Decode takes the next word, whatever it begins with: kong hands over arguments only.
func (w *word) Decode(ctx *kong.DecodeContext) error {
	*w = word(fmt.Sprint(ctx.Scan.Pop().Value))
	return nil
}

// named is a value that names something: an empty one comes of a mistake, as a variable that is
// not set, and must not stand for none.
type named string

// Decode reads the word that follows the flag.
func (n *named) Decode(ctx *kong.DecodeContext) error {
	var word string
	if err := ctx.Scan.PopValueInto("name", &word); err != nil {
		return err
	}
	if *n = named(word); word == "" {
		return errors.New("it is empty; is a variable not set?")
	}
	return nil
}

// duration is a time.Duration in which a bare number means seconds.
type duration time.Duration

// Decode reads the word that follows the flag.
func (d *duration) Decode(ctx *kong.DecodeContext) error {
	var word string
	if err := ctx.Scan.PopValueInto("duration", &word); err != nil {
		return err
	}
	v, err := parseDuration(word)
	*d = duration(v)
	return err
}

func parseDuration(word string) (time.Duration, error) {
	v, err := time.ParseDuration(word)
	if seconds, numErr := strconv.ParseUint(word, 10, 31); numErr == nil {
		v, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || v <= 0 {
		return 0, fmt.Errorf("%q is no duration; 10, 10s and 2m are", word)
	}
	return v, nil
}
