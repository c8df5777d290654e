//go:build !linux

package ask

import (
	"context"
	"errors"

	"msg/internal/answers"
)

// Send fails: nothing waits here.
func Send(context.Context, string, string, answers.Answer) (answers.Message, error) {
	return answers.Message{}, errors.ErrUnsupported
}

// Read fails: nothing waits here.
func Read(context.Context, string, string, *uint32) (answers.Message, error) {
	return answers.Message{}, errors.ErrUnsupported
}

// Waiting fails: nothing waits here.
func Waiting(context.Context, string, *uint32) ([]answers.Message, error) {
	return nil, errors.ErrUnsupported
}
